"""What is true: the state of all actors at one control step, the contacts that led there, and what the world is handed
and hands back. What the ego knows of it is in `driving.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from alpasim.types.arrays import BoolArray, FloatArray, IntArray

EGO = 0
"""Row of the ego in every per-actor array."""

GROUND = -1
"""What stands for the ground or another fixed thing in a Contact."""

PARTS = ("front", "rear", "left", "right", "top", "under", "wheel")
"""Parts of a body that a Contact names."""


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


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies touching within one control step, as Bullet solved it; the lower row comes first.

    `impulse_ns` sums the normal impulse over the step's substeps [N s]; `point` (3,) [m] and `normal` (3,), which points
    from `second` to `first`, are those of the substep with the largest impulse; `closing_speed_mps` is how fast the two
    approached along the normal just before the first touch; `substep` is the first substep that touched.

    `first_part` and `second_part` are the PARTS of each body that met, where the impulse was largest. `first_delta_v` and
    `second_delta_v` (3,) are by how much the velocity of each one's centre of mass changed while the two pressed on each other
    [m/s], world frame, whatever else acted on it then: a body pinched between two gains little from either, and one that is
    hit from two sides at once has the same change in both contacts. Zero for what never moves.
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


@dataclass(slots=True)
class Motion:
    """Where behaviours want the other actors at the next step: filled row by row, ego's row unused, then read by the world.

    `position` (n, 3) and `yaw` (n,) are box centres at t+1, `velocity` (n, 3) and `yaw_rate` (n,) hold there, `present`
    (n,) says who is there. Behaviours leave heights to the world. The one mutable value of this room: a scratch pad that
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
