"""From "how fast, and where in the lane" to a Trajectory: speeds from one acceleration, poses along the lateral plan."""

from __future__ import annotations

import numpy as np

from alpasim.types import FloatArray, IntArray, Trajectory

from .route_kernels import poses_along

HORIZON_S = 4.0
SPACING_S = 0.1
_TIMES = np.arange(int(HORIZON_S / SPACING_S) + 1) * SPACING_S
_TIMES_US = np.rint(_TIMES * 1e6).astype(np.int64)


def way_and_times(speed: float, acceleration: float, fastest: float, now_us: int) -> tuple[FloatArray, IntArray]:
    """Distances (k,) [m] and absolute times (k,) [us] from now: one acceleration until standing or `fastest` is reached."""
    speed = max(speed, 0.0)
    if acceleration < 0.0:
        until = np.minimum(_TIMES, speed / -acceleration)
        way = speed * until + 0.5 * acceleration * until * until
    elif acceleration > 0.0 and fastest > speed:
        until = np.minimum(_TIMES, (fastest - speed) / acceleration)
        way = speed * until + 0.5 * acceleration * until * until + fastest * (_TIMES - until)
    else:
        way = speed * _TIMES
    return way, now_us + _TIMES_US


def trajectory_along(table: FloatArray, plan: FloatArray, s: float, way: FloatArray, times_us: IntArray) -> Trajectory:
    """The rig's origin from arc length `s` on, `way` (k,) further at `times_us` (k,), on the lateral plan."""
    return Trajectory(times_us=times_us, poses=poses_along(table, plan, s + way), frame="world")


def lateral_plan(s: float, length_m: float, d: float, slope: float, end_d: float) -> FloatArray:
    """A lateral plan (5,): from offset `d` with `slope` at `s` to `end_d` over `length_m`."""
    return np.array([s, max(length_m, 1.0), d, slope, end_d], dtype=np.float64)


def shift_length(speed: float, step_d: float, acceleration: float, shortest: float = 6.0) -> float:
    """Length over which an offset changes by `step_d` with at most `acceleration` sideways [m].

    The cubic's sharpest bend is 6 |step| / length^2, so speed^2 times that is the lateral acceleration.
    """
    return max(speed * float(np.sqrt(6.0 * abs(step_d) / acceleration)), 3.0 * abs(step_d), shortest)
