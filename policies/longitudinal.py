"""How fast, as far as the road says: set speed, bends, crests, lower limits, traffic lights and stop lines.

Reasons that come from other road users stand in `following.py`, `crossing.py` and `caution.py`.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray, IntArray, SignalColour

from .following import LOOK_AHEAD_M, STOPPED, follow
from .parameters import DriverParameters
from .reasons import ROAD_CAUSES, Reason
from .route_kernels import LIMIT, RANGE, braking_for_speeds

MUST_STOP = (int(SignalColour.RED), int(SignalColour.RED_YELLOW))
PAST_LINE_M = 1.0
"""With the front this far behind a stop line the ego is in the junction and leaves it."""


@compiled
def eased(need: float, planned: float, acceleration: float) -> float:
    """Acceleration allowed when meeting what is ahead takes `need` [m/s^2] of braking: free below 0.3 of `planned`, all of
    the need above 0.7, moving over smoothly in between, so that what is far ahead makes nobody brake, nor speed up to it.
    """
    share = need / planned
    if share >= 0.7:
        return -need
    if share <= 0.3:
        return acceleration
    weight = (share - 0.3) / 0.4
    return (1.0 - weight) * acceleration - weight * 0.7 * planned


def road_reasons(
    p: DriverParameters,
    table: FloatArray,
    s: float,
    speed: float,
    unposted: float,
    lateral: float,
    assured: float = math.inf,
) -> tuple[float, list[Reason]]:
    """The speed wanted here, and the reasons that the road gives: set speed, bends, crests, lower limits ahead. `assured` is the
    speed from which the ego stops within perception's range [m/s]."""
    horizon = min(30.0 + speed * speed / (0.6 * p.speed_deceleration), LOOK_AHEAD_M)
    wanted, because, *needs = braking_for_speeds(table, s, speed, lateral, p.limit_share, unposted, horizon)
    if assured < wanted:
        wanted, because = assured, RANGE
    if speed <= wanted:
        free = p.acceleration * (1.0 - (speed / max(wanted, 0.1)) ** 4)
    else:
        free = max(wanted - speed, -p.comfortable_deceleration)
    reasons = [Reason("set_speed", free) if because == LIMIT else Reason(ROAD_CAUSES[because], free, -1, 0.0)]
    for cause, (need, gap) in zip(ROAD_CAUSES[:RANGE], needs, strict=True):
        if need > 0.3 * p.speed_deceleration:
            allowed = max(eased(need, p.speed_deceleration, p.acceleration), -p.ordinary_deceleration)
            reasons.append(Reason(cause, allowed, -1, gap))
    return wanted, reasons


def stop_for_line(p: DriverParameters, speed: float, wanted: float, gap: float) -> float:
    """Acceleration that ends `stop_line_gap` before a line `gap` [m] ahead of the front, and holds the ego there."""
    room = gap - p.stop_line_gap
    if speed < STOPPED and room < 1.0:
        return -1.0
    need = speed * speed / (2.0 * max(room, 0.3))
    eager = follow(p, speed, wanted, room + p.standstill_gap_m, 0.0, 0.0)
    allowed = max(eager, -max(p.ordinary_deceleration, need))
    return max(min(allowed, -need if need > p.comfortable_deceleration else allowed), -p.emergency_deceleration)


def signal_reasons(
    p: DriverParameters,
    lines: tuple[tuple[float, int], ...],
    colours: IntArray,
    front: float,
    speed: float,
    wanted: float,
) -> list[Reason]:
    """Red lights ahead, and yellow ones before which the ego can still stop in comfort."""
    reasons = []
    for s, signal in lines:
        gap = s - front
        if signal < 0 or signal >= len(colours) or not -PAST_LINE_M < gap < LOOK_AHEAD_M:
            continue
        colour = int(colours[signal])
        need = speed * speed / (2.0 * max(gap, 0.3))
        late = need > p.emergency_deceleration
        if (colour in MUST_STOP and not late) or (
            colour == SignalColour.YELLOW and need < 0.75 * p.ordinary_deceleration
        ):
            reasons.append(Reason("signal", stop_for_line(p, speed, wanted, gap), -1, max(gap, 0.0), signal))
    return reasons


class StopSigns:
    """Stop lines without a light: stop, wait a moment, go when nobody crosses (`crossing.py` sees to that)."""

    def __init__(self, lines: tuple[tuple[float, int], ...]) -> None:
        self.lines = [s for s, signal in lines if signal < 0]
        self.done = [False] * len(self.lines)
        self.waited_s = 0.0

    def reasons(self, p: DriverParameters, front: float, speed: float, wanted: float, dt_s: float) -> list[Reason]:
        """The next stop line that still has to be stopped at, if it is near enough to matter."""
        for index, s in enumerate(self.lines):
            gap = s - front
            if self.done[index] or gap > LOOK_AHEAD_M:
                continue
            if gap < -PAST_LINE_M:
                self.done[index] = True
                continue
            if speed < STOPPED and gap < p.stop_line_gap + 1.5:
                self.waited_s += dt_s
                if self.waited_s >= p.stop_sign_wait_s:
                    self.done[index] = True
                    self.waited_s = 0.0
                    continue
            return [Reason("stop_line", stop_for_line(p, speed, wanted, gap), -1, max(gap, 0.0))]
        return []
