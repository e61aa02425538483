"""Reasons to go no faster than so: one acceleration each, with what it comes from.

Every part of the driver puts its reasons on the table; `driving.py` acts on the smallest acceleration and can say which it was.
Kernels write a reason as a row of four numbers, `told` turns rows into values.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from alpasim.types import FloatArray

LEADER, CUT_IN, BESIDE, ONCOMING, CROSSING, NEAR_PERSON, STANDING_ROW = range(7)
"""Causes that are road users, as kernels write them."""

CAUSES = ("leader", "cut_in", "beside", "oncoming", "crossing", "vulnerable", "standing_row")
"""What they are called."""

ROAD_CAUSES = ("limit", "bend", "crest", "range")
"""Causes that the road gives, and how far it is seen, in the order of `route_kernels.LIMIT`, `BEND`, `CREST` and `RANGE`."""


class Reason(NamedTuple):
    """One reason for an acceleration [m/s^2]. `cause` is one of `set_speed`, `signal`, `stop_line`, `CAUSES` and
    `ROAD_CAUSES`; `track` is a row of the surroundings, -1 for what is no road user; `gap_m` is the way to it [m], inf where that
    says nothing.
    """

    cause: str
    acceleration: float
    track: int = -1
    gap_m: float = math.inf
    signal: int = -1
    """Row of the traffic light, where it is one."""


def told(rows: FloatArray) -> list[Reason]:
    """Reasons from rows (m, 4): code of the cause, acceleration, track, gap."""
    return [
        Reason(CAUSES[int(cause)], acceleration, int(track), gap) for cause, acceleration, track, gap in rows.tolist()
    ]
