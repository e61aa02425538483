"""The kernels of driving backwards: where a trajectory changes gear, and how a reversing vehicle answers its wheel.

A trajectory says by its headings which way it is driven: poses that move against their headings are driven in reverse.
`present_leg` cuts it where the direction changes, so that the tracker only ever sees a piece in one gear. In reverse the
rear axle leads, so its place is what follows the path, by the rolling of the wheels alone: reversing is slow, and slip
angles do not matter yet.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray, IntArray
from alpasim.vehicle.preview import STEPS

LEAST_LEG_M = 0.3
"""Way against the present direction from which a trajectory changes gear; less is jitter of its poses."""

BACKWARDS = -0.7
"""Cosine between heading and motion below which a pose moves backwards: within 45 degrees."""


@compiled
def moved_along(poses: FloatArray, k: int) -> float:
    """How far pose k of (n, 3) moved along the headings since the one before it, negative backwards; 0 sideways [m]."""
    dx, dy = poses[k, 0] - poses[k - 1, 0], poses[k, 1] - poses[k - 1, 1]
    ahead = 0.5 * dx * (math.cos(poses[k - 1, 2]) + math.cos(poses[k, 2]))
    ahead += 0.5 * dy * (math.sin(poses[k - 1, 2]) + math.sin(poses[k, 2]))
    return ahead if ahead > 0.0 or ahead < BACKWARDS * math.hypot(dx, dy) else 0.0


@compiled
def present_leg(
    times_us: IntArray, poses: FloatArray, now_us: int, from_us: int, until_us: int, yaw: float, backing: bool
) -> tuple[int, int, bool]:
    """First and last pose of the piece of a trajectory in one gear that now is in, and whether it is driven backwards.

    Only what lies between `from_us` and `until_us` decides, and all poses are one piece where nothing there moves
    backwards. `backing`: the vehicle rolls backwards, which settles the gear of what moves less than LEAST_LEG_M.
    Headings that point away from the vehicle's own, `yaw`, are not believed: the trajectory is driven forward.
    """
    n = poses.shape[0]
    begin = 0
    while begin + 1 < n and times_us[begin + 1] <= from_us:
        begin += 1
    start, gear, place = 0, 0, 0.0
    foremost, rearmost, foremost_k, rearmost_k = 0.0, 0.0, begin, begin
    for k in range(begin, n):
        if (k == begin or times_us[k] <= now_us) and math.cos(poses[k, 2] - yaw) < 0.0:
            return 0, n - 1, False
        if k == begin:
            continue
        if times_us[k - 1] > until_us:
            break
        place += moved_along(poses, k)
        if place > foremost:
            foremost, foremost_k = place, k
        if place < rearmost:
            rearmost, rearmost_k = place, k
        turn, end = 0, 0
        if gear <= 0 and place - rearmost > LEAST_LEG_M:
            turn, end = 1, rearmost_k if gear < 0 or backing else start
            foremost, foremost_k = place, k
        elif gear >= 0 and foremost - place > LEAST_LEG_M:
            turn, end = -1, foremost_k if gear > 0 or not backing else start
            rearmost, rearmost_k = place, k
        if turn != 0:
            if end > max(start, begin):
                if times_us[end] > now_us:
                    return start, end, turn > 0
                start = end
            gear = turn
    if gear < 0 or (gear == 0 and backing):
        return start, n - 1 if rearmost_k == n - 1 else max(rearmost_k, start + 1), True
    return start, n - 1, False


@compiled
def rolled_distance(
    speed: float,
    wheelbase: float,
    lag_s: float,
    tangent: float,
    command: float,
    step_s: float,
    places: FloatArray,
) -> None:
    """Write the sideways distance of the rear axle at 0, 1, ... steps into `places` (STEPS + 1,), left of the way it
    moves.

    Single-track model without slip at constant `speed` of travel: `tangent` of the angle by which the wheels bend the
    way of travel to the left, following a constant `command` with its lag.
    """
    fine = 10
    dt = step_s / fine
    keep = math.exp(-dt / lag_s) if lag_s > 0.0 else 0.0
    course, left = 0.0, 0.0
    places[0] = 0.0
    for k in range(STEPS):
        for _ in range(fine):
            left += dt * speed * course
            course += dt * speed * tangent / wheelbase
            tangent = command + (tangent - command) * keep
        places[k + 1] = left
