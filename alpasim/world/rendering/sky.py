"""Light and air by day, the same for both renderers: the sky's colours, the sun's share of brightness, and fog.

The sky is brighter towards the horizon. A surface shows AMBIENT of its colour plus DIFFUSE times the cosine between its
normal and the sun. Fog takes contrast by the extinction of `scenario/weather.py`. Other light is `light.py`'s matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alpasim.sensors.camera import CameraSpec
from alpasim.types import FloatArray
from alpasim.world.rendering.mesh import SUN

AMBIENT, DIFFUSE = 0.56, 0.5
HORIZON = np.array((206.0, 220.0, 232.0))
ZENITH = np.array((86.0, 138.0, 204.0))
FOG = np.array((196.0, 201.0, 205.0))
SUN_DIRECTION = SUN / np.linalg.norm(SUN)


def sky_picture(spec: CameraSpec, foggy: bool, upwards: FloatArray) -> NDArray[np.uint8]:
    """The sky alone as the camera sees it (height, width, 3); `upwards` (3,) is the world's z in the optical frame."""
    if foggy:
        return np.broadcast_to(FOG.astype(np.uint8), (spec.height, spec.width, 3)).copy()
    rays = spec.rays()
    height = (rays @ upwards) / np.linalg.norm(rays, axis=-1)
    share = np.sqrt(np.clip(height, 0.0, 1.0))[..., None]
    colours: NDArray[np.uint8] = np.rint(HORIZON + (ZENITH - HORIZON) * share).astype(np.uint8)
    return colours


def in_fog(rgb: NDArray[np.uint8], depth: NDArray[np.float32], spec: CameraSpec, per_metre: float) -> NDArray[np.uint8]:
    """A picture (height, width, 3) with fog in front of everything at its `depth` (height, width) [m]."""
    distance: FloatArray = depth * np.linalg.norm(spec.rays(), axis=-1)
    contrast = np.exp(-per_metre * distance)[..., None]
    mixed: NDArray[np.uint8] = np.rint(rgb * contrast + FOG * (1.0 - contrast)).astype(np.uint8)
    return mixed
