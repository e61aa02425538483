"""Which part of the world a picture shows: from metres to pixels and back.

A camera looks straight down at (x, y), shows `span_m` from the left border to the right one, and is turned so that
heading `yaw` points to the right of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alpasim.types import EGO, FloatArray, WorldState

SPAN_M = 90.0
"""Width of what a picture shows when nothing else is asked for."""

NEAR_SPAN_M, SPAN_PER_SPEED = 50.0, 1.8
"""A camera that follows the ego shows the first at standstill, and so much more for each metre per second."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks down at (x, y) [m]; `span_m` fits the picture's width; heading `yaw` [rad] points right."""

    x: float
    y: float
    span_m: float = SPAN_M
    yaw: float = 0.0


def following(state: WorldState, span_m: float | None = None, ahead: float = 0.2, yaw: float | None = None) -> Camera:
    """The ego driving to the right, its place `ahead` of the span left of the middle; `span_m` grows with its speed."""
    if span_m is None:
        span_m = NEAR_SPAN_M + SPAN_PER_SPEED * float(np.hypot(state.velocity[EGO, 0], state.velocity[EGO, 1]))
    heading = float(state.yaw[EGO]) if yaw is None else yaw
    x, y = float(state.position[EGO, 0]), float(state.position[EGO, 1])
    shift = ahead * span_m
    return Camera(x + shift * math.cos(heading), y + shift * math.sin(heading), span_m, heading)


def fitting(points: Sequence[FloatArray], size: tuple[int, int], margin_m: float = 10.0, yaw: float = 0.0) -> Camera:
    """A camera that shows all points (each (k, 2) [m]) with a margin around them, turned by `yaw`."""
    every = np.concatenate([np.asarray(rows, dtype=np.float64).reshape(-1, 2) for rows in points])
    turned = _turned(every, -yaw)
    low, high = turned.min(axis=0), turned.max(axis=0)
    middle = _turned((0.5 * (low + high))[None, :], yaw)[0]
    wide, tall = high - low + 2.0 * margin_m
    return Camera(float(middle[0]), float(middle[1]), max(float(wide), float(tall) * size[0] / size[1]), yaw)


@dataclass(frozen=True, slots=True)
class Projection:
    """A camera together with a picture's size: where points of the world lie in it."""

    camera: Camera
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels in one metre."""
        return self.width / self.camera.span_m

    def pixels(self, points: FloatArray) -> FloatArray:
        """(k, 2) pixels, x right and y down, of points (k, 2) [m]."""
        from_middle = _turned(
            np.asarray(points, dtype=np.float64)[:, :2] - (self.camera.x, self.camera.y), -self.camera.yaw
        )
        return from_middle * (self.scale, -self.scale) + (0.5 * self.width, 0.5 * self.height)

    def sees(self, points: FloatArray, margin_px: float = 60.0) -> bool:
        """Whether the box around pixel coordinates (k, 2) touches the picture."""
        low, high = points.min(axis=0), points.max(axis=0)
        return bool(
            high[0] > -margin_px
            and high[1] > -margin_px
            and low[0] < self.width + margin_px
            and low[1] < self.height + margin_px
        )

    @property
    def reach_m(self) -> float:
        """Distance from the middle beyond which nothing is in the picture."""
        return 0.5 * math.hypot(self.width, self.height) / self.scale


def _turned(points: FloatArray, angle: float) -> FloatArray:
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = points[:, 0], points[:, 1]
    return np.column_stack((cosine * x - sine * y, sine * x + cosine * y))
