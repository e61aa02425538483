"""The values that travel between rooms: state, step, what the ego sees, what it decides.

Frames: the world is ENU metres (x east, y north, z up); the rig is x forward, y left, z up with its origin on the
ground under the rear axle; a pose without either word is a box centre in the world. Angles are radians,
counter-clockwise; everything inside is SI. Rotations are unit quaternions in x, y, z, w order. Every array that one
of these values holds is read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

EGO = 0
"""Row of the ego in every per-actor array."""

GROUND = -1
"""What stands for the ground or another fixed thing in a Contact."""


class ActorKind(IntEnum):
    """What an actor is; the words of the scenario language in lower case."""

    CAR = 0
    VAN = 1
    TRUCK = 2
    BUS = 3
    TRAIN = 4
    MOTORCYCLE = 5
    BICYCLE = 6
    PEDESTRIAN = 7
    ANIMAL = 8
    DEBRIS = 9
    CONE = 10
    BARRIER = 11
    UNKNOWN = 12


VULNERABLE = frozenset({ActorKind.MOTORCYCLE, ActorKind.BICYCLE, ActorKind.PEDESTRIAN, ActorKind.ANIMAL})
"""Kinds whose rider or body nothing protects."""


class SignalColour(IntEnum):
    """What a traffic light shows."""

    OFF = 0
    RED = 1
    RED_YELLOW = 2
    YELLOW = 3
    GREEN = 4


class EndReason(StrEnum):
    """How a drive ended; `terminated` says which of them are ends of the task rather than limits."""

    GOAL_REACHED = "goal_reached"
    COLLISION = "collision"
    OFF_ROAD = "off_road"
    TIME_LIMIT = "time_limit"
    POLICY_FAULT = "policy_fault"
    PHYSICS_DIVERGED = "physics_diverged"
    INFRASTRUCTURE = "infrastructure"

    @property
    def terminated(self) -> bool:
        """True where the task itself ended, False where a limit cut it off."""
        return self in (EndReason.GOAL_REACHED, EndReason.COLLISION, EndReason.OFF_ROAD)


@dataclass(frozen=True, slots=True)
class VehicleParameters:
    """A vehicle's measures and limits, read from `assets/vehicles/*.yaml`, where each figure has its source.

    Lengths in metres, masses in kilograms, forces in newtons. Axle positions count from the box centre, forward
    positive, so the rear axle is usually negative.
    """

    name: str
    kind: ActorKind
    length_m: float
    width_m: float
    height_m: float
    mass_kg: float
    yaw_inertia_kgm2: float
    pitch_inertia_kgm2: float
    roll_inertia_kgm2: float
    front_axle_x_m: float
    rear_axle_x_m: float
    track_width_m: float
    centre_of_mass_x_m: float
    centre_of_mass_height_m: float
    ground_clearance_m: float
    front_cornering_stiffness_per_rad: float
    """Axle's lateral force per slip angle and axle load at small slip [1/rad]."""
    rear_cornering_stiffness_per_rad: float
    max_steering_angle_rad: float
    max_steering_rate_radps: float
    max_drive_force_n: float
    max_power_w: float
    max_brake_force_n: float
    max_speed_mps: float
    driven_axle: Literal["front", "rear", "all"]
    drive_lag_s: float
    brake_lag_s: float
    steering_lag_s: float
    drag_area_m2: float
    """Drag coefficient times frontal area, C_d * A."""
    rolling_resistance: float
    suspension_frequency_hz: float
    suspension_damping_ratio: float
    roll_stiffness_front_share: float
    restitution: float
    body_friction: float
    wheel_radius_m: float = 0.32
    max_reverse_speed_mps: float = 10.0

    @property
    def wheelbase_m(self) -> float:
        """Distance between the axles."""
        return self.front_axle_x_m - self.rear_axle_x_m

    @property
    def extent(self) -> tuple[float, float, float]:
        """Length, width, height of the box [m]."""
        return (self.length_m, self.width_m, self.height_m)


@dataclass(frozen=True, slots=True)
class EgoState:
    """What only the ego has: its motion in the rig frame and where its actuators stand.

    `velocity_in_rig` and `acceleration_in_rig` are (3,) [m/s], [m/s^2]: the velocity of the rig's origin, and the mean
    acceleration of the box centre over the last control step. `wheel_load` is (4,) [N] and `wheel_slipping` (4,) says
    which tyres are at their grip limit, both in the order front left, front right, rear left, rear right. `pedal` is the
    share of the drive less that of the brake, whichever way the drive acts; `reverse` says that the gear engaged drives
    backwards.
    """

    velocity_in_rig: FloatArray
    acceleration_in_rig: FloatArray
    yaw_rate_radps: float
    steering_angle_rad: float
    pedal: float
    wheel_load: FloatArray
    wheel_slipping: BoolArray
    reverse: bool = False

    @property
    def speed_mps(self) -> float:
        """Forward speed, negative in reverse."""
        return float(self.velocity_in_rig[0])


PARTS = ("front", "rear", "left", "right", "top", "under", "wheel")
"""Parts of a body that a Contact names."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies touching within one control step, as Bullet solved it; the lower row comes first.

    `impulse_ns` sums the normal impulse over the step's substeps [N s]; `point` (3,) [m] and `normal` (3,), which points
    from `second` to `first`, are those of the substep with the largest impulse; `closing_speed_mps` is how fast the two
    approached along the normal just before the first touch; `substep` is the first substep that touched.

    `first_part` and `second_part` are the PARTS of each body that met, where the impulse was largest. `first_delta_v` and
    `second_delta_v` (3,) are by how much this contact alone changed the velocity of each one's centre of mass, friction
    between the two included [m/s], world frame; zero for what never moves.
    """

    first: int
    second: int
    impulse_ns: float
    point: FloatArray
    normal: FloatArray
    closing_speed_mps: float
    substep: int
    first_part: str
    second_part: str
    first_delta_v: FloatArray
    second_delta_v: FloatArray


@dataclass(frozen=True, slots=True)
class WorldState:
    """Everything that is true at one control step: a struct of arrays over n actors, the ego in row 0.

    n is fixed at reset; an actor that is not there yet, or no longer, is a row with `present` False whose pose means
    nothing. `position` (n, 3) is the box centre [m], `rotation` (n, 4) a quaternion, `yaw` (n,) the heading of that
    rotation [rad], `velocity` (n, 3) [m/s] and `angular_velocity` (n, 3) [rad/s] are in the world frame, `extent`
    (n, 3) is length, width, height [m]. `struck` (n,) says who has been hit and now obeys physics alone. `signals` (m,)
    holds SignalColour codes in the order of the road's signals. `contacts` and `events` belong to the step that led here.
    """

    step: int
    time_us: int
    ids: tuple[str, ...]
    kinds: IntArray
    extent: FloatArray
    present: BoolArray
    struck: BoolArray
    position: FloatArray
    rotation: FloatArray
    yaw: FloatArray
    velocity: FloatArray
    angular_velocity: FloatArray
    ego: EgoState
    signals: IntArray
    contacts: tuple[Contact, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def time_s(self) -> float:
        """Seconds since the start."""
        return self.time_us * 1e-6

    def row(self, actor_id: str) -> int:
        """Row of an actor by its id; KeyError when there is none."""
        try:
            return self.ids.index(actor_id)
        except ValueError:
            raise KeyError(actor_id) from None


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
    behind the goal as far as the road allows. `stop_lines` are (s [m], signal row or -1) pairs.
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


@dataclass(frozen=True, slots=True)
class RolloutBrief:
    """What a policy is told before the first step, and nothing of the script.

    `policy_seed` comes from a stream of its own; `reference_path` is the recorded drive, where the scenario has one.
    """

    vehicle: VehicleParameters
    route: Route
    control_dt_us: int
    time_limit_s: float
    sensors: tuple[str, ...] = ("objects",)
    policy_seed: int = 0
    reference_path: Trajectory | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One control step as metrics see it: the state before, what was decided and done, the state after.

    `control` is what reached the vehicle after tracking and clipping; `decide_wall_s` is how long the policy took.
    """

    before: WorldState
    decision: Decision
    control: Control
    after: WorldState
    dt_s: float
    decide_wall_s: float = 0.0

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """Contacts that happened in this step."""
        return self.after.contacts

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the scenario's events that fired in this step."""
        return self.after.events


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One measured value; `valid` is False where the question makes no sense (no lead vehicle: no time to collision)."""

    value: float
    valid: bool = True


@dataclass(slots=True)
class Motion:
    """Where behaviours want the other actors at the next step: filled row by row, ego's row unused, then read by the world.

    `position` (n, 3) and `yaw` (n,) are box centres at t+1, `velocity` (n, 3) and `yaw_rate` (n,) hold there, `present`
    (n,) says who is there. Behaviours leave heights to the world. The one mutable value of this module: a scratch pad that
    lives as long as its Simulation.
    """

    position: FloatArray
    yaw: FloatArray
    velocity: FloatArray
    yaw_rate: FloatArray
    present: BoolArray


@dataclass(frozen=True, slots=True)
class Bodies:
    """What the world hands back after a control step: arrays as in WorldState, the contacts met, and the ego's own state."""

    present: BoolArray
    struck: BoolArray
    position: FloatArray
    rotation: FloatArray
    yaw: FloatArray
    velocity: FloatArray
    angular_velocity: FloatArray
    ego: EgoState
    contacts: tuple[Contact, ...] = field(default=())


def frozen(array: np.ndarray) -> np.ndarray:
    """`array` itself, made read-only."""
    array.flags.writeable = False
    return array
