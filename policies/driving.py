"""The reference driver's mind, shared by `idm.py` and `reasoner.py`: what it sees, why it slows, where it steers.

One call of `consider` a step: look around, put every reason for an acceleration on the table, choose the smallest, choose
a lateral plan, and return it all as a `Thought`. No randomness, no clock; everything remembered is plain data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from alpasim.types import Control, Decision, FloatArray, IntArray, Observation, RolloutBrief, Trajectory

from .crossing import cross_ways
from .lateral import LateralPlanner, Way
from .longitudinal import StopSigns, road_reasons, signal_reasons
from .meetings import SURE_S, Meetings
from .parameters import DriverParameters
from .planning import trajectory_ahead
from .reasons import Reason, told
from .route_kernels import SIGHT_SPEED, route_table
from .sight import perception_range, sight_speeds
from .steadiness import SteadyLights, SteadyTracks
from .steering import steer_along
from .surroundings import NOISY_SMOOTHING, SMOOTHING, Surroundings, TrackMemory, look_around
from .weighing import weigh

_acceleration = attrgetter("acceleration")

FULL_BRAKE = -5.0
"""From this acceleration on the pedal is pressed at once, instead of planning a trajectory [m/s^2]."""

HILL_M, HILL_MPS = 0.3, 1.0
"""How far a plan may begin from the ego's place and speed on a hill: a tracker turns that into what a grade of 15 % takes."""


@dataclass(frozen=True, slots=True)
class Thought:
    """One step of the driver: the acceleration, the reason it comes from, all the others, the lateral plan and its way, and what
    was taken to be around and to be lit; `range_m` is how far perception sees."""

    acceleration: float
    strongest: Reason
    reasons: tuple[Reason, ...]
    wanted: float
    plan: FloatArray
    way: Way | None
    around: Surroundings
    signals: IntArray
    range_m: float


class Driver:
    """Drives one rollout along one route; made anew in a policy's `reset`."""

    def __init__(self, brief: RolloutBrief, parameters: DriverParameters | None = None) -> None:
        self.p = parameters or DriverParameters()
        self.vehicle = brief.vehicle
        self.table = route_table(brief.route)
        self.rising = brief.route.height is not None
        if brief.route.height is not None:
            nose_m = 0.5 * brief.vehicle.length_m - brief.vehicle.rear_axle_x_m
            eye_m = brief.vehicle.height_m
            self.table[:, SIGHT_SPEED] = sight_speeds(
                self.p, brief.route.s, brief.route.height, eye_m, nose_m, brief.sight.delay_s
            )
        self.range_m = brief.sight.range_m
        self.range = perception_range(self.p, brief.sight, brief.vehicle.length_m)
        self.dt_s = brief.control_dt_us * 1e-6
        self.half_width = 0.5 * brief.vehicle.width_m
        self.lines = brief.route.stop_lines
        self.stop_signs = StopSigns(self.lines)
        self.memory = TrackMemory()
        self.steady = SteadyTracks()
        self.lights = SteadyLights()
        self.lateral = LateralPlanner(self.p, self.table, brief.vehicle.width_m, self.lines)
        self.meetings = Meetings(0.0 if brief.sight.position_sigma_m == 0.0 else SURE_S)
        self.unposted: float | None = None
        self.grip = 1.0
        self.last = 0.0
        self.planned: tuple[float, float] | None = None

    def consider(self, observation: Observation) -> Thought:
        """See, weigh and choose."""
        p, table = self.p, self.table
        tracks = self.steady.update(observation.tracks, self.dt_s, "objects" in observation.taken_us)
        self.memory.smoothing = NOISY_SMOOTHING if self.steady.noisy else SMOOTHING
        around = look_around(table, observation, tracks, self.vehicle.length_m, self.memory, self.dt_s)
        speed, front = max(observation.ego.speed_mps, 0.0), around.front
        if self.unposted is None:
            self.unposted = max(p.unposted_speed, speed)
            self.lateral.begin(around, speed)
        self._feel_grip(observation)
        bends = p.lateral_acceleration * self.grip
        assured = self.range.speed(self.grip)
        wanted, reasons = road_reasons(p, table, around.rig_s, speed, self.unposted, bends, assured)
        others, caution, blocking, anybody_crosses = self._weigh(around, speed, wanted)
        self.meetings.look(others, around.ids, self.dt_s)
        self.lateral.update(around, blocking, self.meetings.sure(others, around.ids), speed)
        if self.lateral.way is not None:
            others, caution, _, _ = self._weigh(around, speed, wanted)
        reasons += self.meetings.heeded(others, around.ids, p.comfortable_deceleration)
        signals = self.lights.update(observation.signals, self.dt_s)
        reasons += signal_reasons(p, self.lines, signals, front, speed, wanted)
        reasons += self.stop_signs.reasons(p, front, speed, wanted, self.dt_s)
        free = min(reason.acceleration for reason in reasons)
        reasons += caution
        plan, half_width = self.lateral.plan, self.half_width
        if anybody_crosses:
            reasons += told(
                cross_ways(p, table, plan, half_width, around.seen, front, around.rear, speed, wanted, free)
            )
        strongest = min(reasons, key=_acceleration)
        self.last = self._smooth(strongest.acceleration, speed)
        return Thought(
            self.last, strongest, tuple(reasons), wanted, plan, self.lateral.way, around, signals, self.range_m
        )

    def _weigh(self, around: Surroundings, speed: float, wanted: float) -> tuple[list[Reason], list[Reason], int, bool]:
        """Reasons from who drives along or stands in the way of the present plan, reasons for caution, who blocks it, and
        whether anybody crosses."""
        assert self.unposted is not None  # set at the first look
        rows, wary, blocking, anybody_crosses = weigh(
            self.p,
            self.table,
            self.lateral.plan,
            self.half_width,
            around.seen,
            around.front,
            around.rear,
            speed,
            wanted,
            self.unposted,
        )
        return told(rows), told(wary), blocking, anybody_crosses

    def act(self, thought: Thought, observation: Observation) -> Decision:
        """The trajectory of a thought; a full brake goes to the pedal at once."""
        speed = max(observation.ego.speed_mps, 0.0)
        s = thought.around.rig_s
        if thought.acceleration <= FULL_BRAKE:
            steer = steer_along(self.table, thought.plan, s, observation, self.vehicle)
            self.planned = None
            return Decision(control=Control(steer, -1.0))
        return Decision(trajectory=self.trajectory(thought, speed, observation.time_us))

    def trajectory(self, thought: Thought, speed: float, now_us: int) -> Trajectory:
        """Where the thought leads over the next seconds."""
        s, speed = self._begin(thought.around.rig_s, speed)
        acceleration, fastest = thought.acceleration, max(thought.wanted, speed)
        then = min(max(speed + acceleration * self.dt_s, 0.0), fastest)
        self.planned = (s + 0.5 * (speed + then) * self.dt_s, then)
        return trajectory_ahead(self.table, thought.plan, s, speed, acceleration, fastest, now_us)

    def _begin(self, s: float, speed: float) -> tuple[float, float]:
        """Place and speed that a plan begins with: on roads that rise those of the last plan, as far as they are not far off.

        A plan that always began where the ego is would ask for the same whatever a hill has made of the last one: nobody could
        see from it that the ego rolls while it should stand.
        """
        if not self.rising or self.planned is None:
            return s, speed
        place, pace = self.planned
        return min(max(place, s - HILL_M), s + HILL_M), max(min(max(pace, speed - HILL_MPS), speed + HILL_MPS), 0.0)

    def save(self) -> dict[str, Any]:
        """Everything remembered, as plain data."""
        return {
            "tracks": self.memory.save(),
            "steady": self.steady.save(),
            "lights": self.lights.save(),
            "lateral": self.lateral.save(),
            "meetings": self.meetings.save(),
            "stop_signs": {"done": list(self.stop_signs.done), "waited_s": self.stop_signs.waited_s},
            "unposted": self.unposted,
            "grip": self.grip,
            "last": self.last,
            "planned": None if self.planned is None else list(self.planned),
        }

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.memory.load(memory["tracks"])
        self.steady.load(memory["steady"])
        self.lights.load(memory["lights"])
        self.lateral.load(memory["lateral"])
        self.meetings.load(memory["meetings"])
        self.stop_signs.done = list(memory["stop_signs"]["done"])
        self.stop_signs.waited_s = memory["stop_signs"]["waited_s"]
        self.unposted = memory["unposted"]
        self.grip = memory["grip"]
        self.last = memory["last"]
        self.planned = None if memory["planned"] is None else (memory["planned"][0], memory["planned"][1])

    def _smooth(self, wanted: float, speed: float) -> float:
        """The acceleration asked for after `wanted`: no jerk beyond comfort and no jolt at a stop, except in an emergency."""
        p = self.p
        if wanted < -p.ordinary_deceleration:
            return wanted
        if wanted < 0.0 and speed < p.gentle_stop_speed:
            wanted = max(wanted, -0.3 - speed)
        most = p.jerk * self.dt_s
        return min(max(wanted, self.last - most), self.last + most)

    def _feel_grip(self, observation: Observation) -> None:
        """Slipping wheels say that the road is slippery: drive bends more slowly until it has been dry for a while."""
        if sum(observation.ego.wheel_slipping.tolist()) >= 2:
            along, across, _ = observation.ego.acceleration_in_rig.tolist()
            self.grip = min(self.grip, max(math.hypot(along, across) / 9.81, 0.1) * 0.6)
        else:
            self.grip = min(1.0, self.grip + 0.05 * self.dt_s)
