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

from alpasim.types import ActorKind, FloatArray

from .parameters import DriverParameters
from .planning import lateral_plan, shift_length
from .reasons import Reason
from .route_kernels import narrowest, offset_at
from .surroundings import STANDING, STOOD, VULNERABLE_KIND, Surroundings

BEHIND_M = 3.0
"""The ego has passed when its rear is this far beyond."""

EVADE_SPEED = 2.0
"""Slower than this there is no point in moving aside [m/s]."""

QUEUE_M = 40.0
QUEUE_LENGTH = 3
"""So many vehicles standing in one lane within this stretch are a queue, and queues are not passed."""

_THINGS = (ActorKind.DEBRIS, ActorKind.CONE, ActorKind.BARRIER)


@dataclass(frozen=True, slots=True)
class Way:
    """An offset to drive at until the ego's rear has passed `until_s`, and why: `nudge` or `evade`."""

    offset_m: float
    until_s: float
    why: str
    track_id: int


class LateralPlanner:
    """Keeps the lateral plan (see `route_kernels.py`) and changes it when there is a reason; memory is plain data."""

    def __init__(
        self, p: DriverParameters, table: FloatArray, width_m: float, lines: tuple[tuple[float, int], ...]
    ) -> None:
        self.p = p
        self.table = table
        self.half_width = 0.5 * width_m
        self.lines = [s for s, _ in lines]
        self.plan: FloatArray = np.zeros(5)
        self.way: Way | None = None

    def begin(self, around: Surroundings, speed: float) -> None:
        """Start from where the ego is and lead it to the middle of the lane."""
        slope = math.tan(min(max(around.rig_turned, -0.5), 0.5))
        length = max(shift_length(speed, around.rig_d, self.p.shift_acceleration), 10.0)
        self.plan = lateral_plan(around.rig_s, length, around.rig_d, slope, 0.0)

    def update(self, around: Surroundings, first: int, reasons: list[Reason], speed: float) -> None:
        """Look for a way round `first`, the track that blocks the plan, or back to the middle when it is behind."""
        oncoming = [reason for reason in reasons if reason.cause == "oncoming"]
        if oncoming and speed > EVADE_SPEED:
            self._evade(around, oncoming[0], speed)
            return
        if first >= 0:
            urgent = any(
                reason.track == first and reason.acceleration < -self.p.urgent_deceleration for reason in reasons
            )
            way = self._way_round(around, first, speed) if urgent or self._may_pass(around, first) else None
            if way is not None:
                self._take(around, way, speed, float(around.low[first]) - around.front - 2.0, urgent)
        elif self.way is not None and around.rear > self.way.until_s + BEHIND_M and self._free(around, 0.0, speed):
            room = max(3.0 * speed, 15.0)
            if not self._slower_ahead(around, room, speed):
                self.way = None
                self._shift(around, 0.0, room, speed, self.p.shift_acceleration)

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
        """Lead the plan from where it is now to `offset`, over `room` if that is longer than `acceleration` demands."""
        d, slope = offset_at(self.plan, around.rig_s)
        length = max(shift_length(speed, offset - d, acceleration), min(room, 4.0 * speed + 10.0))
        self.plan = lateral_plan(around.rig_s, length, d, slope, offset)

    def _take(self, around: Surroundings, way: Way, speed: float, room: float, urgent: bool) -> None:
        """Drive a way round, unless the plan does so already or there is no room to get there without a swerve."""
        if self.way is not None and abs(self.way.offset_m - way.offset_m) < 0.15:
            self.way = way
            return
        d, _ = offset_at(self.plan, around.rig_s)
        strongest = self.p.shift_acceleration_urgent if urgent else self.p.shift_acceleration
        if urgent or shift_length(speed, way.offset_m - d, strongest) <= room + 4.0:
            self.way = way
            self._shift(around, way.offset_m, room, speed, strongest)

    def _evade(self, around: Surroundings, meeting: Reason, speed: float) -> None:
        """Move to the right edge of the pavement, as fast as the meeting demands."""
        ahead = around.front + meeting.gap_m
        _, right, _, _ = narrowest(self.table, around.rear, ahead)
        offset = -max(right - self.half_width - self.p.edge_gap, 0.0)
        if not self._stands_at(around, offset, around.front, ahead):
            way = Way(offset, float(around.high[meeting.track]), "evade", int(around.ids[meeting.track]))
            self._take(around, way, speed, 0.5 * meeting.gap_m, urgent=True)

    def _may_pass(self, around: Surroundings, first: int) -> bool:
        """Whether what stands there is to be passed at all: not a queue, and no vehicle that has only just stopped."""
        p = self.p
        if int(around.kinds[first]) in _THINGS:
            return True
        if float(around.seen[first, STOOD]) < p.patience_s:
            return False
        front = float(around.high[first])
        if any(-1.0 < line - front < p.queue_before_line_m for line in self.lines):
            return False
        middle = 0.5 * (around.left + around.right)
        same_lane = around.standing & (around.seen[:, VULNERABLE_KIND] == 0.0) & (np.abs(middle - middle[first]) < 1.0)
        ahead = same_lane & (around.low > around.low[first]) & (around.low < front + QUEUE_M)
        return int(np.count_nonzero(ahead)) < QUEUE_LENGTH - 1

    def _way_round(self, around: Surroundings, first: int, speed: float) -> Way | None:
        """The smallest change of offset that leads past `first` at the best distance there is room for, None without one."""
        vulnerable = around.is_vulnerable(first)
        now, _ = offset_at(self.plan, float(around.low[first]))
        for gap in self.p.pass_gaps_vulnerable if vulnerable else self.p.pass_gaps:
            ways = [way for side in (1.0, -1.0) if (way := self._past(around, first, side, gap, speed)) is not None]
            if ways:
                return min(ways, key=lambda way: (abs(way.offset_m - now), way.offset_m))
        return None

    def _past(self, around: Surroundings, first: int, side: float, gap: float, speed: float) -> Way | None:
        """An offset that passes `first`, and whatever stands beside or behind it, at `gap` on the left (1) or right (-1)."""
        p = self.p
        near = (around.speed < STANDING) & (around.high > around.front) & (around.low < around.high[first] + 15.0)
        group = {first}
        for _ in range(6):
            rows = sorted(group)
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

    def _slower_ahead(self, around: Surroundings, room: float, speed: float) -> bool:
        """Whether anybody slower than the ego is in the middle of its lane within `room` of its front."""
        near = (around.along < speed) & (around.high > around.front) & (around.low < around.front + room)
        return bool((near & (around.left > -self.half_width) & (around.right < self.half_width)).any())

    def _stands_at(self, around: Surroundings, offset: float, low: float, high: float) -> bool:
        """Whether anything stands where the ego would drive at `offset` between two arc lengths."""
        inside = around.standing & (around.high > low) & (around.low < high)
        inside &= around.left > offset - self.half_width - 0.2
        inside &= around.right < offset + self.half_width + 0.2
        return bool(inside.any())
