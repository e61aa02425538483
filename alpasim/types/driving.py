"""What a driver is told, sees and answers: the brief, the observation, the decision with its reasoning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from alpasim.types.arrays import FloatArray, IntArray
from alpasim.types.state import EgoState
from alpasim.types.vehicle import VehicleParameters


@dataclass(frozen=True, slots=True)
class Control:
    """Pedals and wheel, both in [-1, 1]: `steer` is the share of the largest road-wheel angle, left positive; `pedal`
    is the share of the largest drive force when positive and of the largest brake force when negative. With `reverse`
    the drive acts backwards; brakes do as they always do. A vehicle that rolls the other way faster than a walk brakes
    to a halt first, whatever the pedal says."""

    steer: float
    pedal: float
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Where the rig's origin should be and when: `times_us` (k,) absolute and rising, `poses` (k, 3) x, y, yaw.

    `frame` says whether the poses are in the world or in the rig as it stood at the observation.
    """

    times_us: IntArray
    poses: FloatArray
    frame: Literal["world", "rig"] = "world"


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason behind a decision: its category, the track it points at where it is an actor, and what is claimed."""

    category: str
    track_id: int | None = None
    claims: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the driver says it does and why, in the closed vocabulary of `alpasim.reasoning` beside free text."""

    longitudinal: str | None = None
    lateral: str | None = None
    direction: Literal["left", "right", "none"] = "none"
    factors: tuple[Factor, ...] = ()
    text: str = ""
    source: Literal["policy", "rule"] = "policy"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy answers: a Control or a Trajectory (exactly one), and its reasoning if it gives any."""

    control: Control | None = None
    trajectory: Trajectory | None = None
    reasoning: Reasoning | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way from start to goal as a corridor, sampled along the lane centres it follows.

    All arrays are (k,) but `centre`, which is (k, 2) [m], world frame. `s` is the arc length from the first point,
    `heading` [rad], `curvature` [1/m]. `lane_left` and `lane_right` are distances from the centre to the borders of the
    lane, `edge_left` and `edge_right` to where pavement for vehicles ends on that side, `oncoming_left` to where lanes of the
    other direction begin on the left (equal to `edge_left` where there are none), all >= 0 [m]. `speed_limit` is inf where
    none is posted [m/s]. `start_s` and `goal_s` are where the ego starts and where its goal lies; the route goes on
    behind the goal as far as the road allows. `stop_lines` are (s [m], signal row or -1) pairs. `height` is the road's z with
    its grades, and without bumps and holes [m]; None where it rises nowhere.
    """

    centre: FloatArray
    s: FloatArray
    heading: FloatArray
    curvature: FloatArray
    lane_left: FloatArray
    lane_right: FloatArray
    edge_left: FloatArray
    edge_right: FloatArray
    oncoming_left: FloatArray
    speed_limit: FloatArray
    start_s: float
    goal_s: float
    stop_lines: tuple[tuple[float, int], ...] = ()
    height: FloatArray | None = None

    @property
    def length_m(self) -> float:
        """Arc length of the whole route."""
        return float(self.s[-1])


@dataclass(frozen=True, slots=True)
class Tracks:
    """The other road users a driver perceives: opaque ids and arrays over k tracks, box centres in the world frame.

    `ids` (k,) stay with a track while it is perceived and say nothing of the actor behind it; `kinds` (k,) ActorKind
    codes, `position` (k, 3), `yaw` (k,), `velocity` (k, 3), `extent` (k, 3).
    """

    ids: IntArray
    kinds: IntArray
    position: FloatArray
    yaw: FloatArray
    velocity: FloatArray
    extent: FloatArray


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sensor measured: `time_us` is when, `arrays` by name as the sensor's own page describes them, all read-only."""

    time_us: int
    arrays: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Observation:
    """What the ego knows at one moment, and all that a policy sees.

    `rig_pose` is (4,) x, y, z, yaw of the rig in the world; `signals` (m,) SignalColour codes by signal row of the route;
    `route_s` and `route_d` are the box centre's place on the brief's route, d left positive [m]. `readings` holds the latest
    of each further sensor that was asked for, by its name; one slower than the control step keeps its older time.

    `taken_us` says when what it holds was taken [us], by sense: `objects` (where asked for), `signals`, and every reading. A sense
    of which there is nothing, because a frame was lost or has not come yet, is not in it: an empty list of tracks is an empty
    road only where `objects` is.
    """

    step: int
    time_us: int
    rig_pose: FloatArray
    ego: EgoState
    tracks: Tracks
    signals: IntArray
    route_s: float
    route_d: float
    readings: Mapping[str, Reading] = field(default_factory=dict)
    taken_us: Mapping[str, int] = field(default_factory=dict)

    def age_s(self, sense: str) -> float:
        """Seconds since what it holds of that sense was taken, by its own time stamp; nan where there is nothing."""
        return 1e-6 * (self.time_us - self.taken_us[sense]) if sense in self.taken_us else math.nan


@dataclass(frozen=True, slots=True)
class Sight:
    """What the ego's object perception can do in the present weather, as its data sheet says; what fails is not in it.

    Nobody whose box centre is farther from the ego's than `range_m` is listed [m], nor outside `field_of_view_rad`, half of which
    lies to each side of straight ahead [rad]. Lists come every `period_s`, and each shows what was there `delay_s` before [s].
    `clear_range_m` is the range in clear air by day [m]: what is missing of it the weather has taken. x and y of places are off by
    errors of `position_sigma_m` and `position_sigma_per_m` more with each metre of distance, those of velocities by
    `speed_sigma_mps`; 0 where they are true.
    """

    range_m: float = math.inf
    clear_range_m: float = math.inf
    position_sigma_m: float = 0.0
    position_sigma_per_m: float = 0.0
    speed_sigma_mps: float = 0.0
    field_of_view_rad: float = 2.0 * math.pi
    delay_s: float = 0.0
    period_s: float = 0.1


@dataclass(frozen=True, slots=True)
class RolloutBrief:
    """What a policy is told before the first step, and nothing of the script.

    `policy_seed` comes from a stream of its own; `reference_path` is the recorded drive, where the scenario has one; `sight` is
    what object perception can do.
    """

    vehicle: VehicleParameters
    route: Route
    control_dt_us: int
    time_limit_s: float
    sensors: tuple[str, ...] = ("objects",)
    policy_seed: int = 0
    reference_path: Trajectory | None = None
    sight: Sight = Sight()
