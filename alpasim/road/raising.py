"""From what makes a road unlevel to the flat arrays that the kernels of `relief.py` read, once when a road is built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alpasim.road.index import ring_table
from alpasim.road.lanes import Lane, SurfacePatch
from alpasim.road.relief import LEVEL, Ground, Relief
from alpasim.road.unlevel import Part
from alpasim.types import frozen


def make_relief(parts: Sequence[Part], lanes: Sequence[Lane], bounds: tuple[float, float, float, float]) -> Relief:
    """The heights of a road with these lanes, whose points lie within `bounds` (xmin, ymin, xmax, ymax)."""
    return LEVEL


def make_ground(surfaces: Sequence[SurfacePatch], terrain: str) -> Ground:
    """What the ground of a road with these patches is made of."""
    ring, start = ring_table([patch.polygon for patch in surfaces])
    boxes = [(*patch.polygon.min(axis=0), *patch.polygon.max(axis=0)) for patch in surfaces]
    return Ground(
        not surfaces,
        0.5,
        0.06,
        0.01,
        ring,
        start,
        frozen(np.array(boxes, dtype=np.float64).reshape(-1, 4)),
        frozen(np.array([patch.friction for patch in surfaces], dtype=np.float64)),
        frozen(np.zeros(len(surfaces))),
        frozen(np.zeros(len(surfaces))),
    )
