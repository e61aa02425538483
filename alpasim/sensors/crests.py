"""What the road itself hides: how much of an actor stands above the ground between it and an eye.

Answers for roads that rise; on others nothing lies between. Grades and cross-slopes count, kerbs and bumps do not.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief, rise_at
from alpasim.types import BoolArray, FloatArray

STEP_M = 1.0
"""Places where a line of sight is compared with the ground [m]: a crest of 100 m radius lies within 2 mm of them."""


@compiled
def above_crests(
    position: FloatArray, extent: FloatArray, eye: FloatArray, wanted: BoolArray, relief: Relief
) -> FloatArray:
    """Share of the height of each wanted box that an eye at `eye` (3,) sees over the ground between them (n,), 0 where not
    wanted. Taken along the line to the middle of the box, as far as its nearer side may be."""
    share = np.zeros(position.shape[0])
    for i in range(position.shape[0]):
        if not wanted[i]:
            continue
        dx, dy = position[i, 0] - eye[0], position[i, 1] - eye[1]
        away, height = math.hypot(dx, dy), extent[i, 2]
        steepest = -np.inf
        way = STEP_M
        while way < away - 0.5 * extent[i, 1]:
            ground, _, _ = rise_at(eye[0] + dx * way / away, eye[1] + dy * way / away, relief)
            steepest = max(steepest, (ground - eye[2]) / way)
            way += STEP_M
        hidden = eye[2] + steepest * away - (position[i, 2] - 0.5 * height)
        share[i] = min(max(1.0 - hidden / height, 0.0), 1.0)
    return share
