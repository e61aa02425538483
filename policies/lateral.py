"""Where in the lane: around what stands in the way, away from oncoming traffic, and back to the middle.

Answers with an offset from the route's line to drive at. It leaves the lane only within the pavement of our own direction:
never into an oncoming lane, never off the road, and only where nobody drives or comes from behind. Where no way round is
found the plan stays, and `following.py` stops the ego.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.types import BoolArray, FloatArray

from .longitudinal import Reason
from .parameters import DriverParameters
from .planning import lateral_plan, shift_length
from .route_kernels import narrowest, offset_at
from .surroundings import STANDING, Surroundings

SEEN_AHEAD_S = 5.0
"""Ways round are looked for this long before the obstacle, and at least `SEEN_AHEAD_M` before it."""

SEEN_AHEAD_M = 40.0
BEHIND_M = 3.0
"""The ego has passed when its rear is this far beyond."""


@dataclass(frozen=True, slots=True)
class Way:
    """An offset to drive at until the ego's rear has passed `until_s`, and why: `nudge` or `evade`."""

    offset_m: float
    until_s: float
    why: str
    track_id: int


class LateralPlanner:
    """Keeps the lateral plan (see `route_kernels.py`) and changes it when there is a reason; memory is plain data."""

    def __init__(self, p: DriverParameters, table: FloatArray, width_m: float) -> None:
        self.p = p
        self.table = table
        self.half_width = 0.5 * width_m
        self.plan: FloatArray = np.zeros(5)
        self.way: Way | None = None

    def begin(self, around: Surroundings, speed: float) -> None:
        """Start from where the ego is and lead it to the middle of the lane."""
        slope = math.tan(min(max(around.rig_turned, -0.5), 0.5))
        length = max(shift_length(speed, around.rig_d, self.p.shift_acceleration), 10.0)
        self.plan = lateral_plan(around.rig_s, length, around.rig_d, slope, 0.0)

    def update(self, around: Surroundings, clear: FloatArray, reasons: list[Reason], speed: float) -> None:
        """Look for a way round what is ahead, or back to the middle when it is behind."""
        oncoming = [reason for reason in reasons if reason.cause == "oncoming"]
        if oncoming:
            self._evade(around, oncoming[0], speed)
            return
        way = self._way_round(around, clear, speed)
        if way is not None:
            self._take(around, way, speed, self._room_before(around, way))
        elif self.way is not None and around.rear > self.way.until_s + BEHIND_M and self._free(around, 0.0, speed):
            self.way = None
            self._shift(around, 0.0, max(3.0 * speed, 15.0), speed, self.p.shift_acceleration)

    def save(self) -> dict[str, Any]:
        """Plain data."""
        way = self.way
        return {
            "plan": [float(value) for value in self.plan],
            "way": None if way is None else [way.offset_m, way.until_s, way.why, way.track_id],
        }

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.plan = np.array(memory["plan"], dtype=np.float64)
        self.way = None if memory["way"] is None else Way(*memory["way"])

    def _shift(self, around: Surroundings, offset: float, room: float, speed: float, acceleration: float) -> None:
        """Lead the plan from where it is now to `offset`, over `room` if it is long enough for `acceleration`."""
        d, slope = offset_at(self.plan, around.rig_s)
        length = max(shift_length(speed, offset - d, acceleration), min(room, 4.0 * speed + 10.0))
        self.plan = lateral_plan(around.rig_s, length, d, slope, offset)

    def _take(self, around: Surroundings, way: Way, speed: float, room: float) -> None:
        """Drive a way round, unless that is what the plan does already."""
        changed = self.way is None or abs(self.way.offset_m - way.offset_m) > 0.15
        self.way = way
        if changed:
            self._shift(around, way.offset_m, room, speed, self.p.shift_acceleration_urgent)

    def _room_before(self, around: Surroundings, way: Way) -> float:
        rows = np.flatnonzero(around.ids == way.track_id)
        gap = float(around.low[rows[0]]) - around.front if len(rows) else 0.0
        return max(gap - 2.0, 0.0)

    def _evade(self, around: Surroundings, meeting: Reason, speed: float) -> None:
        """Move to the right edge of the pavement, as fast as the meeting demands."""
        ahead = around.front + meeting.gap_m
        _, right, _, _ = narrowest(self.table, around.rear, ahead)
        offset = -max(right - self.half_width - self.p.edge_gap, 0.0)
        if self._blocked(around, offset, around.front, ahead, standing_only=True):
            return
        way = Way(offset, float(around.high[meeting.track]), "evade", int(around.ids[meeting.track]))
        self._take(around, way, speed, 0.5 * meeting.gap_m)

    def _way_round(self, around: Surroundings, clear: FloatArray, speed: float) -> Way | None:
        """The smallest change of offset that leads past the first thing standing in the plan's way, None if none does."""
        p = self.p
        horizon = max(SEEN_AHEAD_M, SEEN_AHEAD_S * speed)
        margin = np.where(around.vulnerable, p.vulnerable_margin, p.side_margin)
        blocking = (
            (clear < margin)
            & (around.speed < STANDING)
            & (around.low > around.front)
            & (around.low < around.front + horizon)
        )
        rows = np.flatnonzero(blocking)
        if not len(rows):
            return None
        first = int(rows[np.argmin(around.low[rows])])
        now, _ = offset_at(self.plan, float(around.low[first]))
        ways = [way for side in (1.0, -1.0) if (way := self._past(around, first, side, speed)) is not None]
        return min(ways, key=lambda way: (abs(way.offset_m - now), way.offset_m)) if ways else None

    def _past(self, around: Surroundings, first: int, side: float, speed: float) -> Way | None:
        """An offset that passes `first`, and whatever stands beside or behind it, on the left (1) or the right (-1)."""
        p = self.p
        near = (around.speed < STANDING) & (around.high > around.front) & (around.low < around.high[first] + 15.0)
        group = {first}
        for _ in range(6):
            rows = sorted(group)
            gap = p.pass_gap_vulnerable if around.vulnerable[rows].any() else p.pass_gap
            border = (
                max(float(around.left[row]) for row in rows)
                if side > 0
                else min(float(around.right[row]) for row in rows)
            )
            offset = border + side * (gap + self.half_width)
            low, high = min(float(around.low[row]) for row in rows), max(float(around.high[row]) for row in rows)
            left, right, _, _ = narrowest(self.table, low - 5.0, high + 5.0)
            if offset + self.half_width > left - p.edge_gap or -offset + self.half_width > right - p.edge_gap:
                return None
            touched = (
                near & (around.left > offset - self.half_width - 0.3) & (around.right < offset + self.half_width + 0.3)
            )
            more = {int(row) for row in np.flatnonzero(touched)} - group
            if not more:
                return Way(offset, high, "nudge", int(around.ids[first])) if self._free(around, offset, speed) else None
            group |= more
        return None

    def _free(self, around: Surroundings, offset: float, speed: float) -> bool:
        """Whether nobody who moves is, or soon comes, where the ego would be at `offset` but is not now."""
        d, _ = offset_at(self.plan, around.rig_s)
        low, high = min(d, offset) - self.half_width - 0.3, max(d, offset) + self.half_width + 0.3
        moving = around.speed >= STANDING
        beside = moving & (around.left > low) & (around.right < high)
        ego_band = (around.left > d - self.half_width) & (around.right < d + self.half_width)
        faster = np.maximum(around.along - speed, 0.0)
        from_behind = (
            beside
            & ~ego_band
            & (around.low < around.front + 2.0)
            & (around.high > around.rear - 2.0 - 2.5 * faster - 0.3 * np.maximum(around.along, 0.0))
        )
        against = beside & (around.along < -STANDING) & (around.low > around.front) & (around.low < around.front + 80.0)
        return not bool((from_behind | against).any())

    def _blocked(self, around: Surroundings, offset: float, low: float, high: float, standing_only: bool) -> bool:
        inside: BoolArray = (around.high > low) & (around.low < high)
        inside &= (around.left > offset - self.half_width - 0.2) & (around.right < offset + self.half_width + 0.2)
        return bool((inside & (around.speed < STANDING)).any()) if standing_only else bool(inside.any())
