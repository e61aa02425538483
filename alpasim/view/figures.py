"""Every kind of road user as coloured parts in its own frame, so that it is known at a glance from above.

A figure fills its box (people and cones are never drawn smaller than they are), parts come in drawing order. Where and
how large they appear in a picture is decided in `actors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alpasim.types import ActorKind, FloatArray
from alpasim.view import palette, shapes
from alpasim.view.canvas import Colour

Part = tuple[FloatArray, Colour]
Tint = tuple[Colour, Colour]
"""Body and roof."""


def figure(kind: ActorKind, length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    """Parts (polygon (k, 2) [m], colour) of one road user; `line` is the width of an outline [m]."""
    if kind in _VEHICLES:
        return _VEHICLES[kind](length, width, tint, min(line, 0.1 * width))
    return _OTHERS[kind](length, width)


def car(
    length: float, width: float, tint: Tint, line: float, hood: float = 0.27, braking: bool = False
) -> Iterator[Part]:
    """Body, greenhouse and roof, lights; `hood` is the share of the length before the windscreen."""
    yield shapes.car_body(length, width), palette.OUTLINE
    yield shapes.car_body(length - 2.0 * line, width - 2.0 * line), tint[0]
    glass, roof = shapes.car_glass(length, width, hood)
    yield glass, palette.GLASS
    yield roof, tint[1]
    front, rear = shapes.lights(length, width)
    for shape in front:
        yield shape, palette.HEADLIGHT
    for shape in rear:
        yield shape, palette.BRAKE_LIGHT if braking else palette.TAILLIGHT


def _car(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    return car(length, width, tint, line)


def _van(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    return car(length, width, tint, line, hood=0.15)


def _truck(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    """A cab with its windscreen, and the load behind it."""
    nose = 0.5 * length
    cab = min(2.4, 0.32 * length)
    load = length - cab - 0.35
    middle = -nose + 0.5 * load
    yield shapes.rectangle(nose - cab - 0.5, nose - cab + 0.3, -0.35 * width, 0.35 * width), palette.OUTLINE
    yield shapes.moved(shapes.rounded(load, width, 0.12, 0.12), middle), palette.OUTLINE
    yield shapes.moved(shapes.rounded(load - 2.0 * line, width - 2.0 * line, 0.1, 0.1), middle), palette.TRAILER
    for share in (0.2, 0.4, 0.6, 0.8):
        x = -nose + share * load
        yield shapes.rectangle(x - 0.04, x + 0.04, -0.46 * width, 0.46 * width), palette.TRAILER_SEAM
    yield shapes.moved(shapes.rounded(cab, width, 0.45, 0.15), nose - 0.5 * cab), palette.OUTLINE
    inner = shapes.rounded(cab - 2.0 * line, width - 2.0 * line, 0.42, 0.12)
    yield shapes.moved(inner, nose - 0.5 * cab), tint[0]
    yield shapes.rectangle(nose - 0.8, nose - 0.28, -0.42 * width, 0.42 * width), palette.GLASS
    for shape in shapes.lights(length, width)[1]:
        yield shape, palette.TAILLIGHT


def _bus(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    """Windows all along, hatches on the roof."""
    nose = 0.5 * length
    yield shapes.rounded(length, width, 0.5, 0.3), palette.OUTLINE
    yield shapes.rounded(length - 2.0 * line, width - 2.0 * line, 0.48, 0.28), palette.BUS
    yield shapes.rectangle(nose - 0.8, nose - 0.22, -0.42 * width, 0.42 * width), palette.GLASS
    for side in (0.40, -0.48):
        yield shapes.rectangle(-nose + 0.6, nose - 1.2, side * width, (side + 0.08) * width), palette.GLASS
    for share in (0.25, 0.6):
        yield shapes.moved(shapes.rounded(1.4, 1.2, 0.2, 0.2), -nose + share * length), tint[1]
    for shape in shapes.lights(length, width)[1]:
        yield shape, palette.TAILLIGHT


def _train(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    nose = 0.5 * length
    yield shapes.rounded(length, width, 0.48 * width, 0.2), palette.OUTLINE
    yield shapes.rounded(length - 2.0 * line, width - 2.0 * line, 0.45 * width, 0.2), tint[0]
    yield shapes.rectangle(nose - 1.6, nose - 0.9, -0.36 * width, 0.36 * width), palette.GLASS


def _unknown(length: float, width: float, tint: Tint, line: float) -> Iterator[Part]:
    yield shapes.rounded(length, width, 0.1 * width, 0.1 * width), palette.OUTLINE
    yield shapes.rounded(length - 2.0 * line, width - 2.0 * line, 0.1 * width, 0.1 * width), tint[0]
    yield shapes.arrow_head(0.3 * length, 0.2 * width), palette.OUTLINE


def _two_wheeler(length: float, width: float, frame: Colour, stout: float) -> Iterator[Part]:
    """Wheels, handlebar, rider with shoulders and helmet."""
    wheel = 0.30 * length
    for x in (0.5 * (length - wheel), -0.5 * (length - wheel)):
        yield shapes.moved(shapes.rounded(wheel, stout, 0.5 * stout, 0.5 * stout), x), palette.WHEEL
    yield shapes.rounded(0.6 * length, 1.2 * stout, 0.5 * stout, 0.5 * stout), frame
    bar = max(width, 0.5)
    yield shapes.rectangle(0.20 * length, 0.20 * length + 0.07, -0.5 * bar, 0.5 * bar), palette.WHEEL
    shoulder = -0.08 * length
    yield shapes.ellipse(shoulder, 0.0, 0.19, 0.29), palette.OUTLINE
    yield shapes.ellipse(shoulder, 0.0, 0.16, 0.26), palette.RIDER
    yield shapes.ellipse(shoulder + 0.08, 0.0, 0.14, 0.13), palette.HEADLIGHT


def _motorcycle(length: float, width: float) -> Iterator[Part]:
    return _two_wheeler(length, width, palette.MOTORCYCLE, 0.24)


def _bicycle(length: float, width: float) -> Iterator[Part]:
    return _two_wheeler(length, width, palette.BICYCLE, 0.09)


def _person(length: float, width: float) -> Iterator[Part]:
    """Feet in stride, shoulders, head."""
    half = 0.5 * max(width, length, 0.3)
    for x, y in ((0.55 * half, 0.32 * half), (-0.50 * half, -0.32 * half)):
        yield shapes.ellipse(x, y, 0.38 * half, 0.2 * half), palette.WHEEL
    yield shapes.ellipse(0.0, 0.0, 0.56 * half, 1.08 * half), palette.OUTLINE
    yield shapes.ellipse(0.0, 0.0, 0.46 * half, 0.98 * half), palette.PEOPLE
    yield shapes.ellipse(0.06 * half, 0.0, 0.46 * half, 0.44 * half), palette.HAIR
    yield shapes.ellipse(0.26 * half, 0.0, 0.22 * half, 0.28 * half), palette.SKIN


def _animal(length: float, width: float) -> Iterator[Part]:
    """Legs, tail, body, head, ears."""
    for x in (0.22 * length, -0.28 * length):
        for y in (0.34 * width, -0.34 * width):
            yield shapes.ellipse(x, y, 0.10 * length, 0.14 * width), palette.ANIMAL_DARK
    yield shapes.rectangle(-0.5 * length, -0.35 * length, -0.05 * width, 0.05 * width), palette.ANIMAL_DARK
    yield shapes.ellipse(-0.08 * length, 0.0, 0.34 * length, 0.46 * width), palette.ANIMAL_DARK
    yield shapes.ellipse(-0.08 * length, 0.0, 0.31 * length, 0.40 * width), palette.ANIMAL
    yield shapes.ellipse(0.34 * length, 0.0, 0.16 * length, 0.22 * width), palette.ANIMAL
    for y in (0.24 * width, -0.24 * width):
        yield shapes.ellipse(0.27 * length, y, 0.06 * length, 0.10 * width), palette.ANIMAL_DARK


def _debris(length: float, width: float) -> Iterator[Part]:
    """A broken crate with its boards."""
    yield shapes.crate(length, width), palette.DEBRIS_DARK
    yield 0.84 * shapes.crate(length, width), palette.DEBRIS
    for y in (-0.22, 0.22):
        board = shapes.rectangle(-0.34 * length, 0.34 * length, (y - 0.04) * width, (y + 0.04) * width)
        yield board, palette.DEBRIS_DARK


def _cone(length: float, width: float) -> Iterator[Part]:
    half = 0.5 * min(length, width)
    yield shapes.rounded(length, width, 0.2 * half, 0.2 * half), palette.OUTLINE
    for share, colour in ((0.86, palette.CONE), (0.58, palette.CONE_RING), (0.40, palette.CONE)):
        yield shapes.ellipse(0.0, 0.0, share * half, share * half), colour


def _barrier(length: float, width: float) -> Iterator[Part]:
    """Red and white fields along the longer side."""
    fields = max(int(max(length, width) / 0.6), 2)
    for index in range(fields):
        low, high = -0.5 + index / fields, -0.5 + (index + 1) / fields
        if length >= width:
            field = shapes.rectangle(low * length, high * length, -0.5 * width, 0.5 * width)
        else:
            field = shapes.rectangle(-0.5 * length, 0.5 * length, low * width, high * width)
        yield field, palette.BARRIER[index % 2]


_VEHICLES: dict[ActorKind, Callable[[float, float, Tint, float], Iterator[Part]]] = {
    ActorKind.CAR: _car,
    ActorKind.VAN: _van,
    ActorKind.TRUCK: _truck,
    ActorKind.BUS: _bus,
    ActorKind.TRAIN: _train,
    ActorKind.UNKNOWN: _unknown,
}

_OTHERS: dict[ActorKind, Callable[[float, float], Iterator[Part]]] = {
    ActorKind.MOTORCYCLE: _motorcycle,
    ActorKind.BICYCLE: _bicycle,
    ActorKind.PEDESTRIAN: _person,
    ActorKind.ANIMAL: _animal,
    ActorKind.DEBRIS: _debris,
    ActorKind.CONE: _cone,
    ActorKind.BARRIER: _barrier,
}

VEHICLE_KINDS = frozenset(_VEHICLES)
"""Kinds that throw a shadow and have a body colour of their own."""
