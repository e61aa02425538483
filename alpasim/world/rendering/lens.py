"""What a camera can see from where it stands: its matrices, and which spheres lie in its view.

Answers for both renderers alike, so that they draw the same scene through the same lens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alpasim.sensors.camera import CameraSpec
from alpasim.types import BoolArray, FloatArray
from alpasim.vehicle.frames import Rig

NEAR_M, FAR_M = 0.15, 4000.0
_SMALLEST_PIXELS = 0.3
"""What would be smaller than this is left out [pixels of radius]."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera in place: `place` (3,) [m] and `rotation` (3, 3) from the optical to the world frame."""

    spec: CameraSpec
    place: FloatArray
    rotation: FloatArray

    @classmethod
    def at(cls, spec: CameraSpec, rig: Rig) -> Lens:
        """The lens of a camera on that rig."""
        return cls(spec, *spec.pose(rig))

    def view(self) -> FloatArray:
        """(4, 4) from the world to eye coordinates: x right, y up, z backwards."""
        rows = self.rotation.T * np.array([[1.0], [-1.0], [-1.0]])
        matrix = np.eye(4)
        matrix[:3, :3] = rows
        matrix[:3, 3] = -rows @ self.place
        return matrix

    def projection(self, shift: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
        """(4, 4) from eye to clip coordinates, the picture moved by `shift` (u, v) [pixels]."""
        spec = self.spec
        cx, cy = spec.cx + shift[0], spec.cy + shift[1]
        deep = FAR_M - NEAR_M
        return np.array(
            [
                [2.0 * spec.fx / spec.width, 0.0, 1.0 - 2.0 * cx / spec.width, 0.0],
                [0.0, 2.0 * spec.fy / spec.height, 2.0 * cy / spec.height - 1.0, 0.0],
                [0.0, 0.0, -(FAR_M + NEAR_M) / deep, -2.0 * FAR_M * NEAR_M / deep],
                [0.0, 0.0, -1.0, 0.0],
            ]
        )

    def sees(self, centres: FloatArray, radii: FloatArray) -> tuple[BoolArray, FloatArray]:
        """Which spheres (k, 3), (k,) [m] reach into the picture, in front of the camera and not too small, and how large each
        is there: its radius (k,) [pixels], beside the camera's plane as large as can be."""
        spec = self.spec
        x, y, z = ((centres - self.place) @ self.rotation).T
        pixels = radii * max(spec.fx, spec.fy) / np.maximum(z - radii, NEAR_M)
        inside = (z > NEAR_M - radii) & (pixels > _SMALLEST_PIXELS)
        for across, focal, edge in (
            (x, spec.fx, spec.cx),
            (-x, spec.fx, spec.width - spec.cx),
            (y, spec.fy, spec.cy),
            (-y, spec.fy, spec.height - spec.cy),
        ):
            inside &= focal * across + edge * z > -radii * np.hypot(focal, edge)
        return np.asarray(inside), pixels
