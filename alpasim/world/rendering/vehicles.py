"""What cars, vans, trucks, buses and trains look like: bodies with windows, wheels, mirrors and lights.

Every function takes the box's length, width and height [m] and a paint, and answers with a mesh whose ground lies at z = 0 and
whose front looks along +x; `bodies.py` fits it into the actor's box.
"""

from __future__ import annotations

import numpy as np

from alpasim.world.rendering.mesh import (
    Colour,
    Mesh,
    both_sides,
    box,
    fan,
    frustum,
    glowing,
    merge,
    pane,
    prism,
    wheel,
)

GLASS: Colour = (34, 42, 52)
DARK: Colour = (32, 33, 36)
SHADE: Colour = (38, 39, 42)
HEADLIGHT: Colour = (255, 251, 228)
TAILLIGHT: Colour = (205, 26, 30)
INDICATOR: Colour = (240, 150, 40)
PLATE: Colour = (236, 236, 226)
PAINTS: tuple[Colour, ...] = (
    (222, 224, 226),
    (52, 66, 92),
    (150, 155, 160),
    (158, 38, 36),
    (74, 77, 82),
    (196, 186, 166),
    (64, 96, 82),
    (92, 128, 164),
)
"""Paints of cars and vans; an actor has its own by its row."""

VAN_PAINTS: tuple[Colour, ...] = ((232, 232, 228), (224, 182, 60), (84, 118, 152), (190, 194, 198), (150, 60, 48))
TRUCK_PAINTS: tuple[Colour, ...] = ((176, 44, 40), (40, 82, 140), (230, 230, 228), (54, 110, 78))
CARGO_PAINTS: tuple[Colour, ...] = ((228, 228, 224), (206, 212, 218), (222, 214, 196), (186, 198, 206))
BUS_PAINTS: tuple[Colour, ...] = ((204, 158, 60), (178, 52, 48), (70, 116, 156))
TRAIN_PAINT: Colour = (196, 60, 48)


def car(length: float, width: float, height: float, paint: Colour, far: bool = False) -> Mesh:
    """A car with bonnet, cabin and boot; taller ones have the cabin of an estate. A `far` one has less to it."""
    radius = min(0.225 * height, 0.085 * length)
    tall = height > 0.36 * length
    low, belt = 0.15 * height, 0.6 * height
    profile = [
        (-0.475 * length, low),
        (0.475 * length, low),
        (0.5 * length, 0.3 * height),
        (0.478 * length, 0.48 * height),
        (0.2 * length, belt + 0.02 * height),
        (-0.45 * length, belt + 0.04 * height),
        (-0.5 * length, 0.52 * height),
        (-0.5 * length, 0.28 * height),
    ]
    widths = [
        0.9 * width,
        0.86 * width,
        0.93 * width,
        0.9 * width,
        0.93 * width,
        0.9 * width,
        0.94 * width,
        0.95 * width,
    ]
    rear_roof = -0.41 if tall else -0.27
    cabin = _Cabin(length, width, height, belt, (-0.46 if tall else -0.42, 0.22), (rear_roof, 0.03))
    outline = [prism(profile, widths, paint), cabin.mesh(paint), _car_lamps(length, width, height)]
    if far:
        return merge([*outline, _far_wheels((0.305 * length, -0.3 * length), radius, width)])
    flank = 0.475 * width
    parts = [
        *outline,
        frustum(
            (0.0, 0.0, 0.4 * height), (0.93 * length, 0.955 * width, 0.3 * height), (0.9 * length, 0.93 * width), paint
        ),
        box((0.0, 0.0, low + 0.02 * height), (0.9 * length, 0.96 * width, 0.05 * height), DARK),
        _wheels((0.305 * length, -0.3 * length), radius, width),
        both_sides(box((0.17 * length, flank, 0.64 * height), (0.05 * length, 0.09 * width, 0.07 * height), paint)),
    ]
    return merge([*parts, _car_ends(length, width, height)])


def _car_lamps(length: float, width: float, height: float) -> Mesh:
    """Head and tail lights of a car."""
    lamp, tail = (0.035 * length, 0.19 * width, 0.075 * height), (0.03 * length, 0.18 * width, 0.09 * height)
    front = box((0.486 * length, 0.345 * width, 0.43 * height), lamp, HEADLIGHT)
    rear = box((-0.492 * length, 0.37 * width, 0.52 * height), tail, TAILLIGHT)
    return both_sides(glowing(merge([front, rear])))


def _car_ends(length: float, width: float, height: float) -> Mesh:
    """Grille, bumper and number plates of a car."""
    plate = (0.012 * length, 0.26 * width, 0.07 * height)
    return merge(
        [
            box((0.492 * length, 0.0, 0.29 * height), (0.022 * length, 0.6 * width, 0.12 * height), DARK),
            box((0.5 * length, 0.0, 0.25 * height), plate, PLATE),
            box((-0.495 * length, 0.0, 0.24 * height), (0.03 * length, 0.8 * width, 0.1 * height), DARK),
            box((-0.5 * length, 0.0, 0.42 * height), plate, PLATE),
        ]
    )


class _Cabin:
    """The upper half of a car: a trunk of a pyramid with panes in all four sides."""

    def __init__(
        self,
        length: float,
        width: float,
        height: float,
        belt: float,
        foot: tuple[float, float],
        roof: tuple[float, float],
    ) -> None:
        self.foot = (foot[0] * length, foot[1] * length)
        self.roof = (roof[0] * length, roof[1] * length)
        self.belt, self.height = belt, height
        self.foot_half, self.roof_half = 0.445 * width, 0.36 * width

    def mesh(self, paint: Colour) -> Mesh:
        """Body and panes."""
        (rear, front), (rear_up, front_up) = self.foot, self.roof
        low, high, y, y_up = self.belt, self.height, self.foot_half, self.roof_half
        size, top = (front - rear, 2.0 * y, high - low), (front_up - rear_up, 2.0 * y_up, 0.0)
        middle, shift = 0.5 * (front + rear), 0.5 * (front_up + rear_up) - 0.5 * (front + rear)
        body = frustum((middle, 0.0, 0.5 * (low + high)), size, top, paint, shift)
        windscreen = pane(
            [(front, -y, low), (front, y, low), (front_up, y_up, high), (front_up, -y_up, high)], GLASS, 0.1
        )
        window = pane([(rear, y, low), (rear, -y, low), (rear_up, -y_up, high), (rear_up, y_up, high)], GLASS, 0.16)
        pillar = 0.5 * (rear + front) - 0.03 * (front - rear)
        pillar_up = 0.5 * (rear_up + front_up)
        ahead = pane([(front, y, low), (pillar, y, low), (pillar_up, y_up, high), (front_up, y_up, high)], GLASS, 0.15)
        behind = pane([(pillar, y, low), (rear, y, low), (rear_up, y_up, high), (pillar_up, y_up, high)], GLASS, 0.15)
        return merge([body, windscreen, window, both_sides(ahead), both_sides(behind)])


def van(length: float, width: float, height: float, paint: Colour) -> Mesh:
    """A delivery van: short bonnet, steep windscreen, closed flanks."""
    profile = [
        (-0.5 * length, 0.13 * height),
        (0.48 * length, 0.13 * height),
        (0.5 * length, 0.2 * height),
        (0.485 * length, 0.4 * height),
        (0.36 * length, 0.5 * height),
        (0.22 * length, 0.96 * height),
        (0.12 * length, 1.0 * height),
        (-0.49 * length, 1.0 * height),
        (-0.5 * length, 0.95 * height),
    ]
    side = 0.475 * width
    widths = [2 * side] * 5 + [0.88 * width] * 4
    front = pane(
        [
            (0.36 * length, -side, 0.5 * height),
            (0.36 * length, side, 0.5 * height),
            (0.22 * length, 0.44 * width, 0.96 * height),
            (0.22 * length, -0.44 * width, 0.96 * height),
        ],
        GLASS,
        0.1,
    )
    door = pane(
        [
            (0.34 * length, side, 0.52 * height),
            (0.13 * length, side, 0.52 * height),
            (0.13 * length, 0.455 * width, 0.86 * height),
            (0.25 * length, 0.455 * width, 0.86 * height),
        ],
        GLASS,
        0.06,
        0.02,
    )
    rear = pane(
        [
            (-0.5 * length, 0.4 * width, 0.55 * height),
            (-0.5 * length, 0.02 * width, 0.55 * height),
            (-0.5 * length, 0.02 * width, 0.85 * height),
            (-0.5 * length, 0.4 * width, 0.85 * height),
        ],
        GLASS,
        0.05,
    )
    parts = [
        prism(profile, widths, paint),
        front,
        both_sides(door),
        both_sides(rear),
        box((0.0, 0.0, 0.16 * height), (0.97 * length, 0.97 * width, 0.035 * height), DARK),
        both_sides(
            box((0.33 * length, 0.48 * width, 0.56 * height), (0.03 * length, 0.04 * width, 0.1 * height), DARK)
        ),
        _wheels((0.32 * length, -0.31 * length), min(0.14 * height, 0.36), width),
    ]
    return merge([*parts, _box_ends(length, width, 0.3 * height, 0.09 * height)])


def truck(length: float, width: float, height: float, paint: Colour, cargo: Colour) -> Mesh:
    """A truck with a cab over its engine and a box body; the box leaves a gap behind the cab."""
    cab = min(2.2, 0.28 * length)
    front = 0.5 * length
    cab_top = min(0.86 * height, 3.1)
    side = 0.49 * width
    windscreen = [
        (front, -side, 0.45 * cab_top),
        (front, side, 0.45 * cab_top),
        (front - 0.12, side, cab_top),
        (front - 0.12, -side, cab_top),
    ]
    door = [
        (front - 0.15, side, 0.48 * cab_top),
        (front - 0.75 * cab, side, 0.48 * cab_top),
        (front - 0.75 * cab, side, 0.82 * cab_top),
        (front - 0.2, side, 0.82 * cab_top),
    ]
    body = length - cab - 0.35
    floor = 0.27 * height
    profile = [(front - cab, 0.14 * height), (front, 0.14 * height), (front, 0.45 * cab_top), (front - 0.12, cab_top)]
    radius = min(0.5, 0.14 * height)
    axles = (front - 0.65 * cab, -0.5 * length + 0.16 * length, -0.5 * length + 0.16 * length + 2.6 * radius)
    middle = -0.5 * length + 0.5 * body
    parts = [
        prism([*profile, (front - cab, cab_top)], [2 * side] * 5, paint),
        pane(windscreen, GLASS, 0.1),
        both_sides(pane(door, GLASS)),
        box((middle, 0.0, 0.5 * (floor + height)), (body, width, height - floor), cargo),
        box((middle, 0.0, floor + 0.03 * height), (body + 0.01, width + 0.01, 0.03 * height), paint),
        box((0.0, 0.0, 0.21 * height), (0.96 * length, 0.35 * width, 0.1 * height), DARK),
        both_sides(box((front - 0.1, 0.49 * width, 0.62 * cab_top), (0.12, 0.1, 0.14 * height), DARK)),
        _wheels(axles, radius, width),
    ]
    return merge([*parts, _box_ends(length, width, 0.22 * height, 0.05 * height)])


def bus(length: float, width: float, height: float, paint: Colour) -> Mesh:
    """A city bus: a band of windows all around, doors on the right, a dark display in front."""
    parts = [
        box((0.0, 0.0, 0.54 * height), (length, 0.98 * width, 0.88 * height), paint),
        box((0.0, 0.0, 0.99 * height), (0.9 * length, 0.8 * width, 0.02 * height), (224, 224, 222)),
        both_sides(_window_row(length, 0.49 * width, height, max(int(length / 1.6), 2))),
        _end_pane(0.5 * length, width, (0.42 * height, 0.88 * height)),
        _end_pane(-0.5 * length, width, (0.55 * height, 0.86 * height)),
        box((0.5 * length, 0.0, 0.93 * height), (0.02, 0.6 * width, 0.06 * height), (250, 170, 50)),
        _wheels((0.31 * length, -0.26 * length), min(0.5, 0.155 * height), width),
        box((0.36 * length + 0.5, -0.492 * width, 0.48 * height), (1.1, 0.012, 0.74 * height), GLASS),
    ]
    return merge([*parts, _box_ends(length, width, 0.24 * height, 0.06 * height)])


def train(length: float, width: float, height: float, paint: Colour) -> Mesh:
    """A tram: a long low body with slanting ends, windows all along and no wheels to be seen."""
    ends = 0.03 * length
    profile = [
        (-0.5 * length, 0.06 * height),
        (0.5 * length, 0.06 * height),
        (0.5 * length, 0.4 * height),
        (0.5 * length - ends, 0.95 * height),
        (-0.5 * length + ends, 0.95 * height),
        (-0.5 * length, 0.4 * height),
    ]
    parts = [
        prism(profile, [0.98 * width] * 6, paint),
        both_sides(_window_row(length, 0.49 * width, height, max(int(length / 2.0), 2))),
        box((0.0, 0.0, 0.975 * height), (0.8 * length, 0.5 * width, 0.05 * height), (150, 152, 154)),
        box((0.0, 0.0, 0.05 * height), (0.9 * length, width, 0.1 * height), DARK),
    ]
    for sign in (1.0, -1.0):
        foot, roof, y = sign * 0.5 * length, sign * (0.5 * length - ends), sign * 0.49 * width
        face = [(foot, -y, 0.4 * height), (foot, y, 0.4 * height), (roof, y, 0.95 * height), (roof, -y, 0.95 * height)]
        parts.append(pane(face, GLASS, 0.12))
    return merge([*parts, _box_ends(length, width, 0.25 * height, 0.05 * height)])


def _window_row(length: float, side: float, height: float, count: int) -> Mesh:
    """`count` panes along the left flank."""
    pitch = 0.96 * length / count
    panes = []
    for i in range(count):
        front = 0.48 * length - i * pitch - 0.04 * pitch
        back = front - 0.92 * pitch
        low, high = 0.46 * height, 0.84 * height
        panes.append(pane([(front, side, low), (back, side, low), (back, side, high), (front, side, high)], GLASS))
    return merge(panes)


def _end_pane(x: float, width: float, heights: tuple[float, float]) -> Mesh:
    """A pane across the front (x > 0) or the rear."""
    y = 0.45 * width if x > 0 else -0.45 * width
    low, high = heights
    return pane([(x, -y, low), (x, y, low), (x, y, high), (x, -y, high)], GLASS)


def _wheels(axles: tuple[float, ...], radius: float, width: float) -> Mesh:
    """Wheels on both sides of every axle under dark round arches, what is dark between them, and the shade on the ground."""
    tread = 0.13 * width
    side = 0.5 * width - 0.5 * tread
    inside = (2.0 * radius, width - 1.9 * tread, 1.7 * radius)
    parts = [box((x, 0.0, 1.05 * radius), inside, DARK) for x in axles]
    # A dark floor close to the ground stands for the shade that a body stands in.
    reach = max(axles) - min(axles) + 3.4 * radius
    parts.append(box((0.5 * (max(axles) + min(axles)), 0.0, 0.012), (reach, 0.94 * width, 0.012), SHADE))
    for x in axles:
        parts.append(
            both_sides(
                merge([_arch((x, 0.481 * width, radius), 1.16 * radius), wheel((x, side, radius), radius, tread)])
            )
        )
    return merge(parts)


def _arch(centre: tuple[float, float, float], radius: float) -> Mesh:
    """The dark opening about a wheel in the left flank, as far down as the body reaches."""
    angles = np.radians(np.linspace(-112.0, 112.0, 9))
    around = np.column_stack([np.sin(angles), np.zeros(len(angles)), np.cos(angles)])
    return fan(np.array(centre) + radius * around, DARK)


def _far_wheels(axles: tuple[float, ...], radius: float, width: float) -> Mesh:
    """Dark blocks for wheels, as seen from afar."""
    return merge([box((x, 0.0, 0.9 * radius), (1.8 * radius, 0.97 * width, 1.8 * radius), DARK) for x in axles])


def _box_ends(length: float, width: float, z: float, lamp_height: float) -> Mesh:
    """Lights and plates of vehicles with upright ends, at height z."""
    front, rear = 0.5 * length, -0.5 * length
    lamp = glowing(box((front - 0.02, 0.38 * width, z), (0.06, 0.16 * width, lamp_height), HEADLIGHT))
    tail = glowing(
        box((rear + 0.02, 0.43 * width, z + 0.3 * lamp_height), (0.06, 0.09 * width, 1.6 * lamp_height), TAILLIGHT)
    )
    blink = glowing(box((front - 0.02, 0.475 * width, z), (0.06, 0.03 * width, lamp_height), INDICATOR))
    plate = (0.03, 0.2 * width, 0.6 * lamp_height)
    return merge(
        [
            both_sides(lamp),
            both_sides(tail),
            both_sides(blink),
            box((front, 0.0, z - lamp_height), plate, PLATE),
            box((rear, 0.0, z), plate, PLATE),
        ]
    )
