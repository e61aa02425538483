"""How far the road can be seen, and how fast that lets the ego drive: crests hide what lies behind them.

Assured clear distance: at every place the ego must be able to stop within what it sees of the road from there. Heights of the
road are known from the route, so this is worked out once a rollout. What boxes hide is not asked here (`caution.py`).
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray

from .parameters import DriverParameters


@compiled
def seen_ahead(s: FloatArray, height: FloatArray, eye_m: float, object_m: float, farthest_m: float) -> FloatArray:
    """(k,) how far from each place of a road an eye `eye_m` above it sees whatever is `object_m` tall [m], inf from `farthest_m` on
    and where the road ends in view. `s` (k,) are arc lengths, `height` (k,) the road's."""
    count = s.shape[0]
    seen = np.full(count, np.inf)
    for i in range(count):
        eye, steepest = height[i] + eye_m, -math.inf
        for j in range(i + 1, count):
            away = s[j] - s[i]
            if away > farthest_m:
                break
            if height[j] + object_m < eye + steepest * away:
                seen[i] = s[j - 1] - s[i]
                break
            steepest = max(steepest, (height[j] - eye) / away)
    return seen


def sight_speeds(p: DriverParameters, s: FloatArray, height: FloatArray, eye_m: float, nose_m: float) -> FloatArray:
    """(k,) speeds from which the ego comes to a stop before what it cannot see yet [m/s], inf where it sees far enough.

    `nose_m` is how far its front is ahead of the place that `s` means.
    """
    seen = seen_ahead(s, height, eye_m, p.sight_object_m, p.sight_farthest_m)
    room = np.maximum(seen - nose_m - p.standstill_gap_m, 1.0)
    lost = p.sight_deceleration * p.reaction_s
    speeds: FloatArray = np.sqrt(lost * lost + 2.0 * p.sight_deceleration * room) - lost
    return speeds
