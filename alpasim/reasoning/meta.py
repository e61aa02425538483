"""Meta-actions: what a vehicle does in plain words, derived from how it moves and never from what its driver says.

Answers with one longitudinal and one lateral word for a moment of a drive or of a plan; the words are Alpamayo's, the
thresholds are this project's and stand here, because no one else has published theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from alpasim.geometry import wrap_angles
from alpasim.types import Trajectory, WorldState

STOP_SPEED_MPS = 0.5
"""Slower than this either way, the vehicle stands [m/s]."""
MAINTAIN_ACCELERATION_MPS2 = 0.5
"""Up to this much the speed counts as kept [m/s^2]."""
STRONG_ACCELERATION_MPS2 = 2.0
STRONG_DECELERATION_MPS2 = 3.0
"""Beyond these, speeding up and slowing down count as strong [m/s^2]."""
STEER_YAW_RATE_RADPS = 0.03
"""Beyond this the vehicle turns [rad/s]; a brisk motorway lane change peaks at about 0.05."""
SHARP_YAW_RATE_RADPS = 0.25
"""Beyond this it turns sharply [rad/s]; a junction at 5 m/s and 15 m radius is 0.33."""


class LongitudinalMeta(StrEnum):
    """What happens to the speed."""

    GENTLE_ACCELERATE = "gentle_accelerate"
    STRONG_ACCELERATE = "strong_accelerate"
    GENTLE_DECELERATE = "gentle_decelerate"
    STRONG_DECELERATE = "strong_decelerate"
    MAINTAIN_SPEED = "maintain_speed"
    STOP = "stop"
    REVERSE = "reverse"


class LateralMeta(StrEnum):
    """Where it turns."""

    STEER_LEFT = "steer_left"
    STEER_RIGHT = "steer_right"
    SHARP_STEER_LEFT = "sharp_steer_left"
    SHARP_STEER_RIGHT = "sharp_steer_right"
    REVERSE_LEFT = "reverse_left"
    REVERSE_RIGHT = "reverse_right"
    GO_STRAIGHT = "go_straight"


@dataclass(frozen=True, slots=True)
class MetaAction:
    """What a vehicle does at one moment."""

    longitudinal: LongitudinalMeta
    lateral: LateralMeta


def meta_action(speed_mps: float, acceleration_mps2: float, yaw_rate_radps: float) -> MetaAction:
    """The words for one moment: forward speed, acceleration along the vehicle, yaw rate (left positive).

    Bounds belong to the milder word. Standing is `stop` whatever the acceleration, and a standing vehicle goes straight.
    Backing to the left means that the rear goes left, which is a negative yaw rate.
    """
    return MetaAction(_longitudinal(speed_mps, acceleration_mps2), _lateral(speed_mps, yaw_rate_radps))


def _longitudinal(speed: float, acceleration: float) -> LongitudinalMeta:
    if abs(speed) < STOP_SPEED_MPS:
        return LongitudinalMeta.STOP
    if speed < 0.0:
        return LongitudinalMeta.REVERSE
    if abs(acceleration) <= MAINTAIN_ACCELERATION_MPS2:
        return LongitudinalMeta.MAINTAIN_SPEED
    if acceleration > 0.0:
        strong = acceleration > STRONG_ACCELERATION_MPS2
        return LongitudinalMeta.STRONG_ACCELERATE if strong else LongitudinalMeta.GENTLE_ACCELERATE
    strong = -acceleration > STRONG_DECELERATION_MPS2
    return LongitudinalMeta.STRONG_DECELERATE if strong else LongitudinalMeta.GENTLE_DECELERATE


def _lateral(speed: float, yaw_rate: float) -> LateralMeta:
    if abs(speed) < STOP_SPEED_MPS or abs(yaw_rate) <= STEER_YAW_RATE_RADPS:
        return LateralMeta.GO_STRAIGHT
    if speed < 0.0:
        return LateralMeta.REVERSE_LEFT if yaw_rate < 0.0 else LateralMeta.REVERSE_RIGHT
    if abs(yaw_rate) > SHARP_YAW_RATE_RADPS:
        return LateralMeta.SHARP_STEER_LEFT if yaw_rate > 0.0 else LateralMeta.SHARP_STEER_RIGHT
    return LateralMeta.STEER_LEFT if yaw_rate > 0.0 else LateralMeta.STEER_RIGHT


def meta_action_of_state(state: WorldState) -> MetaAction:
    """What the ego does in a state."""
    ego = state.ego
    return meta_action(ego.speed_mps, float(ego.acceleration_in_rig[0]), ego.yaw_rate_radps)


def meta_actions_of_plan(plan: Trajectory) -> tuple[MetaAction, ...]:
    """What a plan of k poses means between them (k - 1): speeds and turns from one pose to the next, accelerations from
    one interval's speed to the next one's; the first interval takes the second one's acceleration.

    Speed is the way along the mean heading of an interval, so that backing is negative and a plan that stands is `stop`
    whatever its headings do. A plan of one pose says nothing: ().
    """
    if len(plan.times_us) < 2:
        return ()
    times = np.asarray(plan.times_us, dtype=np.float64) * 1e-6
    dt = np.diff(times)
    way = np.diff(plan.poses[:, :2], axis=0)
    turn = wrap_angles(np.diff(plan.poses[:, 2]))
    heading = plan.poses[:-1, 2] + 0.5 * turn
    speed = (way[:, 0] * np.cos(heading) + way[:, 1] * np.sin(heading)) / dt
    middle = 0.5 * (times[:-1] + times[1:])
    acceleration = np.zeros(len(dt))
    if len(dt) > 1:
        acceleration[1:] = np.diff(speed) / np.diff(middle)
        acceleration[0] = acceleration[1]
    rows = zip(speed.tolist(), acceleration.tolist(), (turn / dt).tolist(), strict=True)
    return tuple(meta_action(v, a, rate) for v, a, rate in rows)
