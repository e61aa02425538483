"""From "how fast, and where in the lane" to a Trajectory: speeds from one acceleration, poses along the lateral plan."""

from __future__ import annotations

import numpy as np

from alpasim.types import FloatArray, Trajectory

from .route_kernels import poses_ahead

HORIZON_S = 4.0
SPACING_S = 0.1
_TIMES = (np.arange(int(HORIZON_S / SPACING_S) + 1) * SPACING_S).astype(np.float64)
_TIMES_US = np.rint(_TIMES * 1e6).astype(np.int64)


def trajectory_ahead(
    table: FloatArray, plan: FloatArray, s: float, speed: float, acceleration: float, fastest: float, now_us: int
) -> Trajectory:
    """The rig's origin from arc length `s` on along the lateral plan, with one acceleration until it stands or is `fastest`."""
    poses = poses_ahead(table, plan, s, max(speed, 0.0), acceleration, fastest, _TIMES)
    return Trajectory(times_us=now_us + _TIMES_US, poses=poses, frame="world")


def lateral_plan(s: float, length_m: float, d: float, slope: float, end_d: float) -> FloatArray:
    """A lateral plan (5,): from offset `d` with `slope` at `s` to `end_d` over `length_m`."""
    return np.array([s, max(length_m, 1.0), d, slope, end_d], dtype=np.float64)


def shift_length(speed: float, step_d: float, acceleration: float, shortest: float = 6.0) -> float:
    """Length over which an offset changes by `step_d` with at most `acceleration` sideways [m].

    The cubic's sharpest bend is 6 |step| / length^2, so speed^2 times that is the lateral acceleration.
    """
    return max(speed * float(np.sqrt(6.0 * abs(step_d) / acceleration)), 3.0 * abs(step_d), shortest)
