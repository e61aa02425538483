"""CommonRoad obstacle types and shapes → an actor's kind and the box that stands for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alpasim.importers.commonroad.values import SHAPES, Context, local_point, positive, rotated
from alpasim.importers.xml_tree import Element
from alpasim.types import ActorKind, FloatArray

KINDS = {
    "car": ActorKind.CAR,
    "taxi": ActorKind.CAR,
    "priorityVehicle": ActorKind.CAR,
    "parkedVehicle": ActorKind.CAR,
    "truck": ActorKind.TRUCK,
    "bus": ActorKind.BUS,
    "train": ActorKind.TRAIN,
    "motorcycle": ActorKind.MOTORCYCLE,
    "bicycle": ActorKind.BICYCLE,
    "pedestrian": ActorKind.PEDESTRIAN,
    "constructionZone": ActorKind.BARRIER,
    "roadBoundary": ActorKind.BARRIER,
    "building": ActorKind.BARRIER,
    "pillar": ActorKind.BARRIER,
    "median_strip": ActorKind.BARRIER,
    "unknown": ActorKind.UNKNOWN,
}
EXACT_KINDS = frozenset({"car", "truck", "bus", "train", "motorcycle", "bicycle", "pedestrian"})

HEIGHTS_M = {
    ActorKind.CAR: 1.5,
    ActorKind.VAN: 2.2,
    ActorKind.TRUCK: 3.5,
    ActorKind.BUS: 3.2,
    ActorKind.TRAIN: 4.0,
    ActorKind.MOTORCYCLE: 1.5,
    ActorKind.BICYCLE: 1.7,
    ActorKind.PEDESTRIAN: 1.75,
    ActorKind.BARRIER: 1.0,
    ActorKind.UNKNOWN: 1.5,
}
"""Height by kind [m]; the format has none."""
TALL_M = {"building": 6.0, "pillar": 3.0}
MIN_SIZE_M = 0.05
MAX_SIZE_M = 100.0


@dataclass(frozen=True, slots=True)
class Body:
    """What an obstacle is: its kind, its box, and how the box's centre lies from the obstacle's position: forward, left
    [m] and turned [rad] in the obstacle's own frame."""

    kind: ActorKind
    extent: tuple[float, float, float]
    forward_m: float
    left_m: float
    turn: float

    def box_pose(self, x: float, y: float, yaw: float) -> tuple[float, float, float]:
        """Box centre and heading of an obstacle whose position is x, y and whose heading is `yaw`."""
        cos, sin = math.cos(yaw), math.sin(yaw)
        return (
            x + cos * self.forward_m - sin * self.left_m,
            y + sin * self.forward_m + cos * self.left_m,
            yaw + self.turn,
        )


def read_body(obstacle: Element, context: Context) -> Body:
    """Kind and box of an obstacle's `<type>` and `<shape>`."""
    word_element = obstacle.required_child("type")
    word = word_element.word()
    if word not in KINDS:
        context.findings.unsupported(f"obstacle type {word!r}", word_element.line)
    kind = KINDS.get(word, ActorKind.UNKNOWN)
    if word not in EXACT_KINDS:
        name = kind.name.lower()
        context.findings.note(f"obstacle type {word} becomes kind {name}", word_element.line)
    length, width, forward, left, turn = _box(obstacle.required_child("shape"), context)
    height = TALL_M.get(word, HEIGHTS_M[kind])
    context.findings.note("heights of obstacles are typical ones of their kind: the format has none", obstacle.line)
    return Body(kind, (length, width, height), forward, left, turn)


def _box(shape: Element, context: Context) -> tuple[float, float, float, float, float]:
    """Length, width, forward, left, turn of the box around a shape in the obstacle's frame."""
    parts = shape.all(*SHAPES)
    if not parts:
        others = ", ".join(f"<{child.tag}>" for child in shape.children) or "nothing"
        raise shape.error(f"expected a rectangle, circle or polygon, found {others}")
    if len(parts) == 1 and parts[0].tag == "rectangle":
        return _rectangle(parts[0], context)
    if len(parts) > 1:
        context.findings.note("a shape of several parts becomes the box around them", shape.line)
    elif parts[0].tag == "circle":
        context.findings.note("a circle becomes the square box around it", shape.line)
    else:
        context.findings.note("a polygon becomes the box around it", shape.line)
    corners = np.concatenate([_corners(part, context) for part in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    length, width = (max(MIN_SIZE_M, float(size)) for size in high - low)
    return length, width, float(0.5 * (low[0] + high[0])), float(0.5 * (low[1] + high[1])), 0.0


def _rectangle(part: Element, context: Context) -> tuple[float, float, float, float, float]:
    forward, left = _centre(part, context)
    shift = part.child("originXShift")
    if shift is not None:
        forward -= shift.number()
    turn_element = part.child("orientation")
    turn = turn_element.number() if turn_element is not None else 0.0
    length, width = (positive(part.required_child(name)) for name in ("length", "width"))
    return max(MIN_SIZE_M, length), max(MIN_SIZE_M, width), forward, left, turn


def _centre(part: Element, context: Context) -> tuple[float, float]:
    element = part.child("center")
    return local_point(element, context.findings) if element is not None else (0.0, 0.0)


def _corners(part: Element, context: Context) -> FloatArray:
    """Extreme points of one part in the obstacle's frame, (k, 2)."""
    if part.tag == "polygon":
        found = [local_point(child, context.findings) for child in part.all("point")]
        if len(found) < 3:
            raise part.error(f"a polygon needs at least 3 points, found {len(found)}")
        return np.array(found, dtype=np.float64)
    if part.tag == "circle":
        x, y = _centre(part, context)
        radius = positive(part.required_child("radius"))
        return np.array([[x - radius, y - radius], [x + radius, y + radius]])
    length, width, x, y, turn = _rectangle(part, context)
    half = 0.5 * np.array([[length, width], [-length, width], [-length, -width], [length, -width]])
    return rotated(half, turn, (x, y))
