"""Every track weighed in one pass: who is followed, met or let in, whom caution is due to, who blocks the way.

Answers with reasons and takes no decision. What a track means for the ego is asked of `following.py` and `caution.py`.
"""

from __future__ import annotations

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray

from .caution import be_cautious
from .following import follow_track, margin_to
from .parameters import DriverParameters
from .route_kernels import offset_at
from .surroundings import CLEAR, CROSSES, HIGH, LEFT, LOW, PLAN_D, RIGHT, STANDS

SEEN_AHEAD_S = 5.0
"""Ways round are looked for this long before the obstacle, and at least `SEEN_AHEAD_M` before it."""

SEEN_AHEAD_M = 40.0


@compiled
def weigh(
    p: DriverParameters,
    table: FloatArray,
    plan: FloatArray,
    half_width: float,
    seen: FloatArray,
    front: float,
    rear: float,
    speed: float,
    wanted: float,
    unposted: float,
) -> tuple[FloatArray, FloatArray, int, bool]:
    """Reasons (m, 4) from who drives along or stands in the way, reasons (c, 4) for caution, the first track that stands in the
    plan's way near enough to think of passing it (-1 without one), and whether anybody moves across.

    Fills in `CLEAR` and `PLAN_D` of `seen`, the surroundings' table.
    """
    rows, wary = np.empty((seen.shape[0], 4)), np.empty((seen.shape[0], 4))
    count, cautions, blocking, anybody_crosses = 0, 0, -1, False
    horizon = front + max(SEEN_AHEAD_M, SEEN_AHEAD_S * speed)
    for i in range(seen.shape[0]):
        track = seen[i]
        track[PLAN_D], _ = offset_at(plan, 0.5 * (track[LOW] + track[HIGH]))
        track[CLEAR] = max(track[RIGHT] - track[PLAN_D], track[PLAN_D] - track[LEFT]) - half_width
        in_way = track[STANDS] and front < track[LOW] < horizon and track[CLEAR] < margin_to(p, track)
        if in_way and (blocking < 0 or track[LOW] < seen[blocking, LOW]):
            blocking = i
        anybody_crosses = anybody_crosses or track[CROSSES] > 0.0
        cause, acceleration, gap = follow_track(p, table, track, front, speed, wanted)
        if cause >= 0:
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = cause, acceleration, i, gap
            count += 1
        cause, acceleration, gap = be_cautious(p, table, seen, i, front, rear, speed, unposted)
        if cause >= 0:
            wary[cautions, 0], wary[cautions, 1], wary[cautions, 2], wary[cautions, 3] = cause, acceleration, i, gap
            cautions += 1
    return rows[:count], wary[:cautions], blocking, anybody_crosses
