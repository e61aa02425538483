"""Distance, gap, time headway, time to collision and visible share of all other road users, as arrays.

Answers what triggers, sensors, metrics and drivers all ask, with one definition for everybody. It looks straight ahead
along a heading: gaps along a lane or a route need the road and are asked of whoever holds it. Everything happens in the
ground plane, but for the visible share: heights are ignored elsewhere.

All functions take the struct of arrays that a WorldState or Tracks holds: `position` (n, 2 or 3) box centres [m], `yaw`
(n,) [rad], `extent` (n, 2 or 3) length and width first [m], `velocity` (n, 2 or 3) [m/s], `present` (n,), and the
`row` that asks. The answer is (n,), inf where there is none: for an absent row, and for the asking row itself.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import box_distance, wrap_angle
from alpasim.types import BoolArray, FloatArray, IntArray


@compiled
def distance(position: FloatArray, yaw: FloatArray, extent: FloatArray, present: BoolArray, row: int) -> FloatArray:
    """Exact distance between the boxes of `row` and every other row (n,), 0 where they overlap [m]."""
    count = position.shape[0]
    result = np.full(count, np.inf)
    if not present[row]:
        return result
    x, y, heading, length, width = position[row, 0], position[row, 1], yaw[row], extent[row, 0], extent[row, 1]
    for i in range(count):
        if i != row and present[i]:
            result[i] = box_distance(
                x, y, heading, length, width, position[i, 0], position[i, 1], yaw[i], extent[i, 0], extent[i, 1]
            )
    return result


@compiled
def gap(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    heading: float,
    margin: float,
    row: int,
) -> FloatArray:
    """Free way straight ahead of `row` along `heading` to every box that its own box would sweep into (n,) [m].

    A box counts where its shadow across the heading overlaps that of `row`, widened by `margin` on each side, and its
    centre lies ahead. The gap is from shadow to shadow along the heading, and 0 where they already overlap.
    """
    count = position.shape[0]
    result = np.full(count, np.inf)
    if not present[row]:
        return result
    cos, sin = math.cos(heading), math.sin(heading)
    for i in range(count):
        if i == row or not present[i]:
            continue
        dx, dy = position[i, 0] - position[row, 0], position[i, 1] - position[row, 1]
        along, across = dx * cos + dy * sin, dy * cos - dx * sin
        reach, breadth = 0.0, margin
        for j in (row, i):
            c, s = abs(math.cos(yaw[j] - heading)), abs(math.sin(yaw[j] - heading))
            reach += 0.5 * (extent[j, 0] * c + extent[j, 1] * s)
            breadth += 0.5 * (extent[j, 0] * s + extent[j, 1] * c)
        if along > 0.0 and abs(across) < breadth:
            result[i] = max(along - reach, 0.0)
    return result


def time_headway(gap_m: FloatArray, speed_mps: float) -> FloatArray:
    """Seconds until the follower reaches where the other's rear is now, gap / speed; inf where it does not move forward."""
    if speed_mps <= 0.0:
        return np.full(gap_m.shape, np.inf)
    return gap_m / speed_mps


@compiled
def _touch_interval(offset: float, speed: float, reach: float) -> tuple[float, float]:
    """When two shadows on one axis, `offset` apart and `reach` wide together, overlap: first and last moment [s]."""
    if speed == 0.0:
        if abs(offset) <= reach:
            return -np.inf, np.inf
        return np.inf, -np.inf
    first, last = (-reach - offset) / speed, (reach - offset) / speed
    if first > last:
        return last, first
    return first, last


@compiled
def first_touch(
    dx: float, dy: float, vx: float, vy: float, yaw1: float, yaw2: float, a1: float, b1: float, a2: float, b2: float
) -> float:
    """Seconds until box 2, at (dx, dy) from box 1 and moving at (vx, vy) against it, first touches it; inf if never.

    Swept separating axes: at constant velocities the shadows on each of the four axes overlap during one interval, and
    the boxes overlap while all four do. Half extents a (length) and b (width).
    """
    turn = yaw2 - yaw1
    along, across = abs(math.cos(turn)), abs(math.sin(turn))
    first, last = 0.0, np.inf
    for axis in range(4):
        yaw = yaw1 if axis < 2 else yaw2
        ux, uy = math.cos(yaw), math.sin(yaw)
        if axis % 2 == 1:
            ux, uy = -uy, ux
        if axis == 0:
            reach = a1 + a2 * along + b2 * across
        elif axis == 1:
            reach = b1 + a2 * across + b2 * along
        elif axis == 2:
            reach = a2 + a1 * along + b1 * across
        else:
            reach = b2 + a1 * across + b1 * along
        enter, leave = _touch_interval(dx * ux + dy * uy, vx * ux + vy * uy, reach)
        first, last = max(first, enter), min(last, leave)
        if first > last:
            return np.inf
    return first


@compiled
def time_to_collision(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    horizon_s: float,
    row: int,
) -> FloatArray:
    """Exact seconds until the box of `row` first touches each other box if all keep velocity and heading (n,).

    0 where they touch now; inf where they do not within `horizon_s`. Source of the definition: nuPlan's two-dimensional
    time to collision (first overlap of constant-velocity oriented boxes), solved in closed form instead of in 0.1 s steps.
    """
    count = position.shape[0]
    result = np.full(count, np.inf)
    if not present[row]:
        return result
    for i in range(count):
        if i == row or not present[i]:
            continue
        time = first_touch(
            position[i, 0] - position[row, 0],
            position[i, 1] - position[row, 1],
            velocity[i, 0] - velocity[row, 0],
            velocity[i, 1] - velocity[row, 1],
            yaw[row],
            yaw[i],
            0.5 * extent[row, 0],
            0.5 * extent[row, 1],
            0.5 * extent[i, 0],
            0.5 * extent[i, 1],
        )
        if time <= horizon_s:
            result[i] = time
    return result


SILHOUETTE_COLUMNS = 16
"""Columns of rays that a silhouette is divided into across."""


@compiled
def _along_ray(
    x: float, y: float, cos: float, sin: float, ray_cos: float, ray_sin: float, a: float, b: float
) -> tuple[float, float]:
    """Where a level ray from the origin enters and leaves a box centred at (x, y), heading (cos, sin), half extents a, b
    [m]; (inf, -inf) where it passes by or the box lies behind."""
    at, aside = -(x * cos + y * sin), -(y * cos - x * sin)
    along, across = ray_cos * cos + ray_sin * sin, ray_sin * cos - ray_cos * sin
    enter, leave = 0.0, np.inf
    for place, speed, half in ((at, along, a), (aside, across, b)):
        if speed == 0.0:
            if abs(place) > half:
                return np.inf, -np.inf
        else:
            first, last = (-half - place) / speed, (half - place) / speed
            enter, leave = max(enter, min(first, last)), min(leave, max(first, last))
    if enter > leave:
        return np.inf, -np.inf
    return enter, leave


@compiled
def _rise(bottom: float, top: float, enter: float, leave: float) -> tuple[float, float]:
    """Lowest and highest slope under which a box is seen in one column, from heights above the eye and two distances."""
    near, far = max(enter, 1e-3), max(leave, 1e-3)
    return bottom / (near if bottom < 0.0 else far), top / (near if top > 0.0 else far)


@compiled
def _cut(low: FloatArray, high: FloatArray, count: int, bottom: float, top: float) -> int:
    """Take [bottom, top] out of `count` intervals [low, high] in place; how many are left."""
    kept = count
    for i in range(count - 1, -1, -1):
        if top <= low[i] or bottom >= high[i]:
            continue
        below, above = bottom > low[i], top < high[i]
        if below and above:
            low[kept], high[kept] = top, high[i]
            high[i] = bottom
            kept += 1
        elif below:
            high[i] = bottom
        elif above:
            low[i] = top
        else:
            kept -= 1
            low[i], high[i] = low[kept], high[kept]
    return kept


@compiled
def _silhouettes(
    position: FloatArray, yaw: FloatArray, extent: FloatArray, present: BoolArray, eye: FloatArray, row: int
) -> FloatArray:
    """What the eye sees each box under, nan rows where there is none (n, 8): direction of the centre [rad], offsets of the
    right and left edge from it [rad], least and greatest distance of the box [m], cos and sin of its heading, and 1 where
    the eye is inside its outline."""
    seen = np.full((position.shape[0], 8), np.nan)
    for i in range(position.shape[0]):
        if i == row or not present[i]:
            continue
        x, y, cos, sin = position[i, 0] - eye[0], position[i, 1] - eye[1], math.cos(yaw[i]), math.sin(yaw[i])
        a, b = 0.5 * extent[i, 0], 0.5 * extent[i, 1]
        middle, right, left = math.atan2(y, x), 0.0, 0.0
        for along, across in ((a, b), (-a, b), (-a, -b), (a, -b)):
            dx, dy = x + along * cos - across * sin, y + along * sin + across * cos
            turn = math.atan2(x * dy - y * dx, x * dx + y * dy)
            right, left = min(right, turn), max(left, turn)
        centre, half = math.hypot(x, y), math.hypot(a, b)
        inside = abs(x * cos + y * sin) <= a and abs(y * cos - x * sin) <= b
        seen[i, 0], seen[i, 1], seen[i, 2] = middle, right, left
        seen[i, 3], seen[i, 4], seen[i, 5], seen[i, 6] = max(centre - half, 0.0), centre + half, cos, sin
        seen[i, 7] = 1.0 if inside else 0.0
    return seen


@compiled
def _free_slopes(
    i: int,
    angle: float,
    others: IntArray,
    seen: FloatArray,
    position: FloatArray,
    extent: FloatArray,
    eye: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[float, float]:
    """Slopes that box i fills in the column at `angle`, and those of them that none of the `others` covers; `low` and `high`
    are scratch."""
    c, s = math.cos(angle), math.sin(angle)
    enter, leave = _along_ray(
        position[i, 0] - eye[0],
        position[i, 1] - eye[1],
        seen[i, 5],
        seen[i, 6],
        c,
        s,
        0.5 * extent[i, 0],
        0.5 * extent[i, 1],
    )
    middle, half = position[i, 2] - eye[2], 0.5 * extent[i, 2]
    low[0], high[0] = _rise(middle - half, middle + half, enter, leave)
    full, pieces, free = high[0] - low[0], 1, 0.0
    for j in others:
        dx, dy = position[j, 0] - eye[0], position[j, 1] - eye[1]
        first, last = _along_ray(dx, dy, seen[j, 5], seen[j, 6], c, s, 0.5 * extent[j, 0], 0.5 * extent[j, 1])
        if first >= enter:
            continue
        middle, half = position[j, 2] - eye[2], 0.5 * extent[j, 2]
        bottom, top = _rise(middle - half, middle + half, first, last)
        pieces = _cut(low, high, pieces, bottom, top)
        if pieces == 0:
            break
    for k in range(pieces):
        free += high[k] - low[k]
    return full, free


@compiled
def visible_fraction(
    position: FloatArray,
    yaw: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    eye: FloatArray,
    facing: float,
    half_view: float,
    wanted: BoolArray,
    row: int,
) -> FloatArray:
    """Share of each wanted box's silhouette that an eye at `eye` (3,) sees past all other boxes (n,), 0 where not wanted.

    The silhouette is what a cylinder around the eye shows: SILHOUETTE_COLUMNS columns of equal angle across, in each of
    which the slopes between the box's lowest and highest visible edge count, and those that a nearer box covers are taken
    away exactly. Columns farther than `half_view` from the direction `facing` are not visible [rad]. Boxes are upright:
    pitch and roll do not count. `row` is whose eye it is; its own box hides nothing. A box around the eye hides all.
    """
    count = position.shape[0]
    share = np.zeros(count)
    seen = _silhouettes(position, yaw, extent, present, eye, row)
    near = np.empty(count, dtype=np.int64)
    low, high = np.empty(count + 1), np.empty(count + 1)
    for i in range(count):
        if not wanted[i] or math.isnan(seen[i, 0]):
            continue
        if seen[i, 7] == 1.0:
            share[i] = 1.0
            continue
        others = 0
        for j in range(count):
            if j == i or math.isnan(seen[j, 0]) or seen[j, 3] > seen[i, 4]:
                continue
            apart = wrap_angle(seen[j, 0] - seen[i, 0])
            if seen[j, 7] == 1.0 or (apart + seen[j, 1] < seen[i, 2] and apart + seen[j, 2] > seen[i, 1]):
                near[others] = j
                others += 1
        total, free = 0.0, 0.0
        for column in range(SILHOUETTE_COLUMNS):
            part = (column + 0.5) / SILHOUETTE_COLUMNS
            angle = seen[i, 0] + seen[i, 1] + part * (seen[i, 2] - seen[i, 1])
            full, clear = _free_slopes(i, angle, near[:others], seen, position, extent, eye, low, high)
            total += full
            if abs(wrap_angle(angle - facing)) <= half_view:
                free += clear
        if total > 0.0:
            share[i] = free / total
    return share
