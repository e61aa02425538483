"""What road users look like from above, as polygons in their own frame: x forward, y left, origin at the box centre [m].

Pure geometry; colours and drawing order are in `actors.py`. A body fills its box, so that touching boxes touch here too.
"""

from __future__ import annotations

import numpy as np

from alpasim.types import FloatArray


def rectangle(x0: float, x1: float, y0: float, y1: float) -> FloatArray:
    """Corners of an upright rectangle."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def moved(shape: FloatArray, x: float, y: float = 0.0) -> FloatArray:
    """`shape` (k, 2) shifted by (x, y)."""
    return np.asarray(shape + np.array([x, y]))


def rounded(length: float, width: float, front: float, rear: float) -> FloatArray:
    """A box with round corners: radius `front` at the nose and `rear` at the tail [m]."""
    corners = []
    for sign_x, sign_y, radius, start in (
        (1, 1, front, 0.0),
        (-1, 1, rear, 0.5 * np.pi),
        (-1, -1, rear, np.pi),
        (1, -1, front, 1.5 * np.pi),
    ):
        limit = min(radius, 0.5 * width, 0.5 * length)
        angles = start + np.linspace(0.0, 0.5 * np.pi, 7)
        centre = np.array([sign_x * (0.5 * length - limit), sign_y * (0.5 * width - limit)])
        corners.append(centre + limit * np.column_stack([np.cos(angles), np.sin(angles)]))
    return np.vstack(corners)


def ellipse(x: float, y: float, half_x: float, half_y: float, points: int = 20) -> FloatArray:
    """An ellipse about (x, y)."""
    angles = np.linspace(0.0, 2.0 * np.pi, points + 1)[:-1]
    return np.column_stack([x + half_x * np.cos(angles), y + half_y * np.sin(angles)])


def car_body(length: float, width: float) -> FloatArray:
    """Outline of a car: a narrower, rounder nose."""
    return rounded(length, width, 0.42 * width, 0.26 * width)


def car_glass(length: float, width: float, hood: float) -> tuple[FloatArray, FloatArray]:
    """The dark greenhouse of a car and the roof that lies on it; `hood` is the share of the length before the windscreen."""
    front, back = (0.5 - hood) * length, -0.40 * length
    side = 0.5 * width
    glass = np.array(
        [
            [front, -0.62 * side],
            [front + 0.035 * length, 0.0],
            [front, 0.62 * side],
            [front - 0.10 * length, 0.82 * side],
            [back + 0.06 * length, 0.80 * side],
            [back, 0.62 * side],
            [back, -0.62 * side],
            [back + 0.06 * length, -0.80 * side],
            [front - 0.10 * length, -0.82 * side],
        ]
    )
    middle = 0.5 * (front - 0.16 * length + back + 0.10 * length)
    roof = moved(rounded(front - back - 0.26 * length, 1.24 * side, 0.20 * width, 0.16 * width), middle)
    return glass, roof


def lights(length: float, width: float) -> tuple[list[FloatArray], list[FloatArray]]:
    """Headlights and tail lights."""
    nose, tail, side = 0.5 * length, -0.5 * length, 0.5 * width
    deep = min(0.07 * length, 0.35)
    front = [
        rectangle(nose - deep - 0.10, nose - 0.10, *sorted((s * 0.50 * side, s * 0.80 * side))) for s in (1.0, -1.0)
    ]
    rear = [
        rectangle(tail + 0.04, tail + 0.04 + 0.6 * deep, *sorted((s * 0.45 * side, s * 0.88 * side)))
        for s in (1.0, -1.0)
    ]
    return front, rear


def arrow_head(x: float, half: float) -> FloatArray:
    """A head pointing forward with its tip at `x`."""
    return np.array([[x, 0.0], [x - 1.8 * half, half], [x - 1.3 * half, 0.0], [x - 1.8 * half, -half]])


def burst(radius: float, points: int, inner: float, turn: float = 0.0) -> FloatArray:
    """A star with `points` tips."""
    angles = turn + np.arange(2 * points) * np.pi / points
    reach = np.where(np.arange(2 * points) % 2 == 0, radius, inner * radius)
    return np.column_stack([reach * np.cos(angles), reach * np.sin(angles)])


def crate(length: float, width: float) -> FloatArray:
    """Something that fell off a lorry: a box that is no longer quite one."""
    half_x, half_y = 0.5 * length, 0.5 * width
    shares = [
        (1.0, 0.55),
        (0.72, 1.0),
        (-0.35, 0.92),
        (-1.0, 0.62),
        (-0.86, -0.40),
        (-0.52, -1.0),
        (0.42, -0.86),
        (0.95, -0.48),
    ]
    return np.array([[x * half_x, y * half_y] for x, y in shares])
