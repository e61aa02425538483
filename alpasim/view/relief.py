"""Draws what makes a road unlevel: chevrons that point uphill, arrows down a cross-slope, bumps, kerbs and holes, labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from alpasim.geometry import rotate
from alpasim.road.network import RoadNetwork
from alpasim.road.polyline import arc_length, pose_at
from alpasim.road.unlevel import Bump, CrossSlope, Grade, Raised
from alpasim.types import FloatArray
from alpasim.view import palette
from alpasim.view.canvas import Canvas, Sheet, text_width

CHEVRON_M, ARROW_M = 12.0, 10.0
"""How far apart the signs of a grade and of a cross-slope lie, at least [m]."""
STRIPE_M = 0.5
LABEL_SIZE = 12


def draw_relief(canvas: Canvas, road: RoadNetwork) -> None:
    """Grades and cross-slopes as signs on the pavement, then bumps, kerbs and holes as they lie."""
    for part in road.parts:
        if isinstance(part, Grade):
            _chevrons(canvas, part)
        elif isinstance(part, CrossSlope):
            _arrows(canvas, part)
    for part in road.parts:
        if isinstance(part, Raised):
            _raised(canvas, part)
        elif isinstance(part, Bump):
            _bump(canvas, part)


def relief_labels(sheet: Sheet, road: RoadNetwork) -> Iterator[tuple[str, float, float]]:
    """How steep each grade and cross-slope is in words, and where its middle lies on the sheet [px] that shows it."""
    for part in road.parts:
        if isinstance(part, Grade):
            words = f"{abs(part.grade):.1%} {'up' if part.grade > 0.0 else 'down'}"
        elif isinstance(part, CrossSlope):
            words = f"{abs(part.slope):.1%} down to the {'right' if part.slope > 0.0 else 'left'}"
        else:
            continue
        x, y, heading = _poses(part, np.array([0.5 * (part.begin + part.end)]))[0]
        left, top = sheet.place(x - 3.0 * math.sin(heading), y + 3.0 * math.cos(heading))
        if 0.0 < left < sheet.size[0] and 0.0 < top < sheet.size[1]:
            yield words, left, top


def write_relief(sheet: Sheet, road: RoadNetwork) -> None:
    """How steep grades and cross-slopes are, beside the middle of each that the picture shows."""
    for words, left, top in relief_labels(sheet, road):
        width = text_width(words, LABEL_SIZE) + 10
        sheet.box(left - 0.5 * width, top - LABEL_SIZE - 2, width, LABEL_SIZE + 6, palette.PANEL, radius=4)
        sheet.text(words, left, top - LABEL_SIZE, LABEL_SIZE, palette.INK, "middle")


def _poses(part: Grade | CrossSlope, s: FloatArray) -> FloatArray:
    line = np.ascontiguousarray(part.line)
    return pose_at(line, arc_length(line), s)


def _signs(canvas: Canvas, part: Grade | CrossSlope, apart: float) -> FloatArray:
    """Poses (k, 3) of the signs of a stretch, evenly laid and never closer than they can be told apart."""
    length = part.end - part.begin
    count = max(1, int(length / max(apart, canvas.metres(22.0))))
    return _poses(part, part.begin + length * (np.arange(count) + 0.5) / count)


def _placed(points: FloatArray, pose: FloatArray) -> FloatArray:
    return np.asarray(rotate(points, float(pose[2])) + pose[:2])


def _chevrons(canvas: Canvas, part: Grade) -> None:
    """The steeper, the wider the angle's arms reach back."""
    size = max(1.6, canvas.metres(6.0))
    back = size * (0.4 + 3.0 * abs(part.grade)) * (1.0 if part.grade > 0.0 else -1.0)
    for pose in _signs(canvas, part, CHEVRON_M):
        points = np.array([[-back, size], [0.0, 0.0], [-back, -size]])
        canvas.line(_placed(points, pose), max(0.25, canvas.metres(1.5)), palette.SLOPE)


def _arrows(canvas: Canvas, part: CrossSlope) -> None:
    """Arrows across the line, down the slope."""
    size, width = max(1.6, canvas.metres(6.0)), max(0.2, canvas.metres(1.3))
    side = -size if part.slope > 0.0 else size
    for pose in _signs(canvas, part, ARROW_M):
        canvas.line(_placed(np.array([[0.0, -side], [0.0, side]]), pose), width, palette.SLOPE)
        head = np.array([[-0.4 * size, 0.5 * side], [0.0, side], [0.4 * size, 0.5 * side]])
        canvas.line(_placed(head, pose), width, palette.SLOPE)


def _raised(canvas: Canvas, part: Raised) -> None:
    """A kerb pale with a dark foot, a hole dark with a darker floor."""
    if part.height >= 0.0:
        canvas.area(part.polygon, palette.KERB)
        canvas.line(part.polygon, max(0.06, canvas.metres(0.8)), palette.KERB_FOOT, closed=True)
        return
    canvas.area(part.polygon, palette.HOLE)
    middle = part.polygon.mean(axis=0)
    canvas.area(middle + 0.6 * (part.polygon - middle), palette.HOLE_FLOOR)
    canvas.line(part.polygon, max(0.06, canvas.metres(1.0)), palette.HOLE_RIM, closed=True)


def _bump(canvas: Canvas, part: Bump) -> None:
    """A bar in stripes of two colours, as such bars are painted."""
    pose, half = np.array([part.x, part.y, part.heading]), 0.5 * part.length
    count = max(2, round((part.left + part.right) / max(STRIPE_M, canvas.metres(4.0))))
    borders = np.linspace(-part.right, part.left, count + 1)
    for number, (right, left) in enumerate(pairwise(borders)):
        corners = np.array([[-half, right], [half, right], [half, left], [-half, left]])
        canvas.area(_placed(corners, pose), palette.BUMP[number % 2])
