"""How far the road can be seen, and how fast that lets the ego drive: crests hide what lies behind them, perception has a range.

Assured clear distance: at every place the ego must be able to stop within what it sees of the road from there. Heights of the
road are known from the route, so what they hide is worked out once a rollout. What boxes hide is not asked here (`caution.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, Sight

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


def sight_speeds(
    p: DriverParameters, s: FloatArray, height: FloatArray, eye_m: float, nose_m: float, late_s: float = 0.0
) -> FloatArray:
    """(k,) speeds from which the ego comes to a stop before what it cannot see yet [m/s], inf where it sees far enough.

    `nose_m` is how far its front is ahead of the place that `s` means, `late_s` how late its senses are.
    """
    seen = seen_ahead(s, height, eye_m, p.sight_object_m, p.sight_farthest_m)
    room = np.maximum(seen - nose_m - p.standstill_gap_m, 1.0)
    lost = p.sight_deceleration * (p.reaction_s + late_s)
    speeds: FloatArray = np.sqrt(lost * lost + 2.0 * p.sight_deceleration * room) - lost
    return speeds


@dataclass(frozen=True, slots=True)
class Range:
    """How fast the range of perception lets the ego drive: `room_m` is the way before its front within which whatever stands in
    its lane is listed and a gap is left, inf where it sees far enough; `deceleration` what it counts on, felt `late_s` after."""

    room_m: float
    deceleration: float
    late_s: float

    def speed(self, grip: float) -> float:
        """Speed from which the ego stops in time on a road of which it feels so much `grip` [m/s]."""
        deceleration = min(self.deceleration, 9.81 * grip)
        lost = deceleration * self.late_s
        return math.sqrt(lost * lost + 2.0 * deceleration * self.room_m) - lost


def perception_range(p: DriverParameters, sight: Sight, length_m: float) -> Range:
    """The range of an ego of that length; perception's is from middle to middle. What comes into range just after a list was made
    is on the next one, its place off by up to two sigma."""
    if sight.range_m >= p.sight_farthest_m:
        return Range(math.inf, p.sight_deceleration, p.reaction_s)
    off = 2.0 * (sight.position_sigma_m + sight.position_sigma_per_m * sight.range_m)
    room = sight.range_m - off - 0.5 * length_m - p.sight_half_length_m - p.standstill_gap_m
    shortened = sight.range_m < sight.clear_range_m
    return Range(
        room_m=max(room, 1.0),
        deceleration=p.weather_deceleration if shortened else p.sight_deceleration,
        late_s=p.reaction_s + sight.delay_s + sight.period_s,
    )
