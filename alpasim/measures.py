"""Distance, gap, time headway and time to collision of one road user against all others, as arrays.

Answers what triggers, sensors, metrics and drivers all ask, with one definition for everybody. It looks straight ahead
along a heading: gaps along a lane or a route need the road and are asked of whoever holds it. Everything happens in the
ground plane; heights are ignored.

All functions take the struct of arrays that a WorldState or Tracks holds: `position` (n, 2 or 3) box centres [m], `yaw`
(n,) [rad], `extent` (n, 2 or 3) length and width first [m], `velocity` (n, 2 or 3) [m/s], `present` (n,), and the
`row` that asks. The answer is (n,), inf where there is none: for an absent row, and for the asking row itself.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import box_distance
from alpasim.types import BoolArray, FloatArray


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
def _first_touch(
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
        time = _first_touch(
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
