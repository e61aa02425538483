"""Which bodies may touch soon: kernels over the boxes of all actors that decide whom the engine has to watch.

Two questions: which pairs can reach each other within the rest of a control step (asked once, coarse), and which of
those are about to touch within the next two substeps (asked every substep). Both err on the side of "near"; whether two
bodies really touch, the engine says.

Rows are those of the state. A row is `FREE` (dynamic: the ego and whatever has been hit), `GUIDED` (follows its
behaviour), `FIXED` (never moves) or `ABSENT`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.types import BoolArray, FloatArray, IntArray

ABSENT, GUIDED, FREE, FIXED = 0, 1, 2, 3

HARD_MPS2, HARD_RADPS2 = 20.0, 20.0
"""Accelerations that no free body exceeds without a contact."""

MARGIN_M = 0.06
"""Distance at which the engine begins to see two boxes as touching (2 % of a car's half diagonal), and some more."""


PART_M, OVERLAP_SHARE, MOST_PARTS = 0.05, 0.8, 64
"""How far two boxes may close in a part of a substep, also as a share of how far they overlap sideways, and into how many parts a
substep is divided at most: once they are in each other deeper than that, the engine pushes them aside, the shorter way out."""


SLOW_M = 0.005
"""Boxes that close by less in a substep push each other aside as slowly as they meet."""


@compiled
def box_gaps(
    ax: float, ay: float, ayaw: float, bx: float, by: float, byaw: float, extent: FloatArray, a: int, b: int
) -> tuple[float, float, float, float]:
    """Separations of the boxes of rows a and b along the axes of a, then of b; negative where shadows overlap [m].
    `extent` (n, 3)."""
    cos_a, sin_a, cos_b, sin_b = math.cos(ayaw), math.sin(ayaw), math.cos(byaw), math.sin(byaw)
    dx, dy = bx - ax, by - ay
    along = abs(cos_a * cos_b + sin_a * sin_b)
    across = abs(cos_a * sin_b - sin_a * cos_b)
    la, wa, lb, wb = 0.5 * extent[a, 0], 0.5 * extent[a, 1], 0.5 * extent[b, 0], 0.5 * extent[b, 1]
    return (
        abs(dx * cos_a + dy * sin_a) - la - lb * along - wb * across,
        abs(dy * cos_a - dx * sin_a) - wa - lb * across - wb * along,
        abs(dx * cos_b + dy * sin_b) - lb - la * along - wa * across,
        abs(dy * cos_b - dx * sin_b) - wb - la * across - wa * along,
    )


@compiled
def box_gap(
    ax: float, ay: float, ayaw: float, bx: float, by: float, byaw: float, extent: FloatArray, a: int, b: int
) -> float:
    """Greatest separation of the boxes of rows a and b along their four axes: at most their distance, negative where
    they overlap [m]. `extent` (n, 3)."""
    gaps = box_gaps(ax, ay, ayaw, bx, by, byaw, extent, a, b)
    return float(max(max(gaps[0], gaps[1]), max(gaps[2], gaps[3])))


@compiled
def _parts(now: FloatArray, extent: FloatArray, i: int, j: int, substep_s: float) -> float:
    """Into how many parts two boxes ask a substep to be divided, as they close along the axis that parts them; 0 where they do not
    touch in it."""
    before = box_gaps(now[i, 0], now[i, 1], now[i, 2], now[j, 0], now[j, 1], now[j, 2], extent, i, j)
    after = box_gaps(
        now[i, 0] + now[i, 3] * substep_s,
        now[i, 1] + now[i, 4] * substep_s,
        now[i, 2] + now[i, 5] * substep_s,
        now[j, 0] + now[j, 3] * substep_s,
        now[j, 1] + now[j, 4] * substep_s,
        now[j, 2] + now[j, 5] * substep_s,
        extent,
        i,
        j,
    )
    if max(max(after[0], after[1]), max(after[2], after[3])) > MARGIN_M:
        return 0.0
    parting = 0
    for k in range(1, 4):
        if before[k] > before[parting]:
            parting = k
    closing = before[parting] - after[parting]
    if closing <= SLOW_M:
        return 1.0
    # Axes 0 and 1 are square to each other, and so are 2 and 3: what overlaps least, but for the axis most along the parting one.
    turn = abs(math.cos(now[i, 2] - now[j, 2]))
    along = (parting + 2) % 4 if turn > math.sqrt(0.5) else 3 - parting
    touches = min(max(before[parting] / closing, 0.0), 1.0)
    overlap = np.inf
    for k in range(4):
        if k not in (parting, along):
            overlap = min(overlap, -before[k] - touches * (after[k] - before[k]))
    part = PART_M
    if overlap > 0.0:
        part = min(part, OVERLAP_SHARE * overlap)
    return math.ceil(closing / part)


@compiled
def parts_of_substep(pairs: IntArray, now: FloatArray, extent: FloatArray, role: IntArray, substep_s: float) -> int:
    """Into how many parts to divide a substep so that no two boxes that meet in it close by more than PART_M in a part, or by more
    than they overlap sideways.

    `pairs` (m, 2) are those that `reachable` found; pairs of free rows, which it leaves to the engine, count too.
    """
    parts = 1.0
    for p in range(pairs.shape[0]):
        parts = max(parts, _parts(now, extent, pairs[p, 0], pairs[p, 1], substep_s))
    n = now.shape[0]
    for i in range(n):
        if role[i] != FREE:
            continue
        for j in range(i + 1, n):
            if role[j] == FREE:
                parts = max(parts, _parts(now, extent, i, j, substep_s))
    return int(min(parts, MOST_PARTS))


@compiled
def set_off(
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    yaw_rate: FloatArray,
    present: BoolArray,
    active: BoolArray,
    struck: BoolArray,
    fixed: BoolArray,
    fresh: BoolArray,
    overlapping: BoolArray,
    start: FloatArray,
    end: FloatArray,
    now: FloatArray,
    role: IntArray,
) -> bool:
    """Begin a control step: what was the end becomes the start, the behaviours' wishes the end, and every row gets its
    role. True where anybody is `fresh` (n,) or any pair `overlapping` (n, n).

    The first five are a Motion's arrays; `active` (n,) says who was there at the start. The yaw of `end` is brought to
    within half a turn of `start`. Rows of `now` that are guided or fixed are set to their start; row 0 is the ego.
    """
    through = False
    for i in range(present.shape[0]):
        through = through or fresh[i]
        for j in range(overlapping.shape[1]):
            through = through or overlapping[i, j]
        start[i] = end[i]
        role[i] = ABSENT
        if i == 0 or struck[i]:
            role[i] = FREE
            continue
        if not present[i]:
            continue
        end[i, 0], end[i, 1], end[i, 6] = position[i, 0], position[i, 1], position[i, 2]
        turn = wrap_angle(yaw[i] - start[i, 2])
        end[i, 2] = start[i, 2] + turn if active[i] else yaw[i]
        end[i, 3], end[i, 4], end[i, 7] = velocity[i, 0], velocity[i, 1], velocity[i, 2]
        end[i, 5] = yaw_rate[i]
        if not active[i]:
            start[i] = end[i]
            continue
        role[i] = FIXED if fixed[i] else GUIDED
        now[i] = start[i]
    return through


@compiled
def guided_rows(
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    yaw_rate: FloatArray,
    present: BoolArray,
    out_position: FloatArray,
    out_rotation: FloatArray,
    out_yaw: FloatArray,
    out_velocity: FloatArray,
    out_spin: FloatArray,
) -> None:
    """Write a Motion's arrays as a state has them into zeroed arrays; absent rows stay 0 with no rotation."""
    for i in range(present.shape[0]):
        out_rotation[i, 3] = 1.0
        if not present[i]:
            continue
        out_position[i] = position[i]
        out_velocity[i] = velocity[i]
        out_spin[i, 2] = yaw_rate[i]
        out_yaw[i] = wrap_angle(yaw[i])
        out_rotation[i, 2] = math.sin(0.5 * yaw[i])
        out_rotation[i, 3] = math.cos(0.5 * yaw[i])


@compiled
def interpolate(start: FloatArray, end: FloatArray, role: IntArray, share: float, now: FloatArray) -> None:
    """Write where guided rows stand a `share` of the control step after its start into `now`.

    `start`, `end`, `now` (n, 8): x, y, yaw, vx, vy, yaw rate, z, vz; the yaw of `end` is given within half a turn of
    `start`.
    """
    for i in range(now.shape[0]):
        if role[i] == GUIDED:
            for j in range(8):
                now[i, j] = start[i, j] + share * (end[i, j] - start[i, j])


@compiled
def reachable(
    now: FloatArray, end: FloatArray, extent: FloatArray, role: IntArray, ignored: BoolArray, left_s: float
) -> IntArray:
    """Pairs (m, 2) of rows, not both free nor both fixed, whose boxes may come to touch within `left_s` seconds.

    A guided row moves straight from `now` to `end`, a free one on at its velocity, give or take what grip can do to it;
    a contact can do more, so ask again after one. `ignored` (n, n) are pairs that do not count.
    """
    n = now.shape[0]
    pairs = np.empty((n * (n - 1) // 2, 2), dtype=np.int64)
    found = 0
    radius, slack, shift = np.empty(n), np.empty(n), np.zeros((n, 2))
    for i in range(n):
        radius[i] = 0.5 * math.hypot(extent[i, 0], extent[i, 1])
        slack[i] = 0.5 * MARGIN_M
        if role[i] == GUIDED:
            shift[i, 0], shift[i, 1] = end[i, 0] - now[i, 0], end[i, 1] - now[i, 1]
            slack[i] += radius[i] * abs(end[i, 2] - now[i, 2])
        elif role[i] == FREE:
            shift[i, 0], shift[i, 1] = now[i, 3] * left_s, now[i, 4] * left_s
            slack[i] += 0.5 * HARD_MPS2 * left_s**2 + radius[i] * (abs(now[i, 5]) * left_s + HARD_RADPS2 * left_s**2)
    for i in range(n):
        if role[i] == ABSENT:
            continue
        for j in range(i + 1, n):
            if role[j] == ABSENT or (role[i] == role[j] and role[i] != GUIDED) or ignored[i, j]:
                continue
            reach = math.hypot(shift[j, 0] - shift[i, 0], shift[j, 1] - shift[i, 1]) + slack[i] + slack[j]
            dx, dy = now[j, 0] - now[i, 0], now[j, 1] - now[i, 1]
            limit = reach + radius[i] + radius[j]
            if dx * dx + dy * dy > limit * limit:
                continue
            if box_gap(now[i, 0], now[i, 1], now[i, 2], now[j, 0], now[j, 1], now[j, 2], extent, i, j) <= reach:
                pairs[found, 0] = i
                pairs[found, 1] = j
                found += 1
    return pairs[:found].copy()


@compiled
def about_to_touch(pairs: IntArray, now: FloatArray, extent: FloatArray, ahead_s: float, close: BoolArray) -> bool:
    """Mark in `close` (n,) the rows of those pairs that may touch within `ahead_s` at present velocities; True if
    any."""
    close[:] = False
    any_close = False
    for p in range(pairs.shape[0]):
        i, j = pairs[p, 0], pairs[p, 1]
        gap = box_gap(now[i, 0], now[i, 1], now[i, 2], now[j, 0], now[j, 1], now[j, 2], extent, i, j)
        reach = math.hypot(now[j, 3] - now[i, 3], now[j, 4] - now[i, 4])
        reach += 0.5 * math.hypot(extent[i, 0], extent[i, 1]) * abs(now[i, 5])
        reach += 0.5 * math.hypot(extent[j, 0], extent[j, 1]) * abs(now[j, 5])
        if gap <= reach * ahead_s + HARD_MPS2 * ahead_s**2 + MARGIN_M:
            close[i] = True
            close[j] = True
            any_close = True
    return any_close


@compiled
def overlapping_pairs(
    now: FloatArray, extent: FloatArray, role: IntArray, fresh: BoolArray, ignored: BoolArray
) -> None:
    """Set `ignored` (n, n) for guided pairs that overlap at this moment and of which one is `fresh` (n,), just arrived;
    clear it for pairs that have come apart."""
    n = now.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            if role[i] != GUIDED or role[j] != GUIDED:
                ignored[i, j] = False
                continue
            if not (ignored[i, j] or fresh[i] or fresh[j]):
                continue
            limit = 0.5 * (extent[i, 0] + extent[i, 1] + extent[j, 0] + extent[j, 1])
            apart = abs(now[i, 0] - now[j, 0]) > limit or abs(now[i, 1] - now[j, 1]) > limit
            if not apart:
                gap = box_gap(now[i, 0], now[i, 1], now[i, 2], now[j, 0], now[j, 1], now[j, 2], extent, i, j)
                apart = gap > 0.0
            ignored[i, j] = not apart and (ignored[i, j] or fresh[i] or fresh[j])
