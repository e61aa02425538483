"""The reference driver's mind, shared by `idm.py` and `reasoner.py`: what it sees, why it slows, where it steers.

One call of `consider` a step: look around, put every reason for an acceleration on the table, choose the smallest, choose
a lateral plan, and return it all as a `Thought`. No randomness, no clock; everything remembered is plain data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alpasim.types import Control, Decision, FloatArray, IntArray, Observation, RolloutBrief, Trajectory

from .crossing import caution_reasons, crossing_reasons
from .following import following_reasons
from .lateral import LateralPlanner, Way
from .longitudinal import Reason, StopSigns, road_reasons, signal_reasons
from .parameters import DriverParameters
from .planning import trajectory_along, way_and_times
from .route_kernels import clearances, route_table
from .steadiness import SteadyLights, SteadyTracks
from .steering import steer_along
from .surroundings import NOISY_SMOOTHING, SMOOTHING, Surroundings, TrackMemory, look_around

FULL_BRAKE = -5.0
"""From this acceleration on the pedal is pressed at once, instead of planning a trajectory [m/s^2]."""


@dataclass(frozen=True, slots=True)
class Thought:
    """One step of the driver: the acceleration, the reason it comes from, all the others, the lateral plan and its way, and what
    was taken to be around and to be lit."""

    acceleration: float
    strongest: Reason
    reasons: tuple[Reason, ...]
    wanted: float
    plan: FloatArray
    way: Way | None
    around: Surroundings
    signals: IntArray


class Driver:
    """Drives one rollout along one route; made anew in a policy's `reset`."""

    def __init__(self, brief: RolloutBrief, parameters: DriverParameters | None = None) -> None:
        self.p = parameters or DriverParameters()
        self.vehicle = brief.vehicle
        self.table = route_table(brief.route)
        self.dt_s = brief.control_dt_us * 1e-6
        self.half_width = 0.5 * brief.vehicle.width_m
        self.lines = brief.route.stop_lines
        self.stop_signs = StopSigns(self.lines)
        self.memory = TrackMemory()
        self.steady = SteadyTracks()
        self.lights = SteadyLights()
        self.lateral = LateralPlanner(self.p, self.table, brief.vehicle.width_m, self.lines)
        self.unposted: float | None = None
        self.grip = 1.0
        self.last = 0.0

    def consider(self, observation: Observation) -> Thought:
        """See, weigh and choose."""
        p = self.p
        tracks = self.steady.update(observation.tracks, self.dt_s)
        self.memory.smoothing = NOISY_SMOOTHING if self.steady.noisy else SMOOTHING
        seen = observation if tracks is observation.tracks else replace(observation, tracks=tracks)
        around = look_around(self.table, seen, self.vehicle.length_m, self.memory, self.dt_s)
        speed = max(observation.ego.speed_mps, 0.0)
        if self.unposted is None:
            self.unposted = max(p.unposted_speed, speed)
            self.lateral.begin(around, speed)
        self._feel_grip(observation)
        wanted, reasons = road_reasons(
            p, self.table, around.rig_s, speed, self.unposted, p.lateral_acceleration * self.grip
        )
        clear, plan_d = clearances(
            self.lateral.plan, self.half_width, around.low, around.high, around.right, around.left
        )
        others = following_reasons(p, self.table, around, clear, plan_d, speed, wanted)
        self.lateral.update(around, clear, others, speed)
        if self.lateral.way is not None:
            clear, plan_d = clearances(
                self.lateral.plan, self.half_width, around.low, around.high, around.right, around.left
            )
            others = following_reasons(p, self.table, around, clear, plan_d, speed, wanted)
        reasons += others
        signals = self.lights.update(observation.signals, self.dt_s)
        reasons += signal_reasons(p, self.lines, signals, around.front, speed, wanted)
        reasons += self.stop_signs.reasons(p, around.front, speed, wanted, self.dt_s)
        free = min(reason.acceleration for reason in reasons)
        reasons += caution_reasons(p, self.table, around, clear, speed, self.unposted)
        reasons += crossing_reasons(p, self.table, self.lateral.plan, self.half_width, around, speed, wanted, free)
        strongest = min(reasons, key=lambda reason: reason.acceleration)
        self.last = self._smooth(strongest.acceleration, speed)
        return Thought(
            self.last, strongest, tuple(reasons), wanted, self.lateral.plan, self.lateral.way, around, signals
        )

    def act(self, thought: Thought, observation: Observation) -> Decision:
        """The trajectory of a thought; a full brake goes to the pedal at once."""
        speed = max(observation.ego.speed_mps, 0.0)
        s = thought.around.rig_s
        if thought.acceleration <= FULL_BRAKE:
            steer = steer_along(self.table, thought.plan, s, observation, self.vehicle)
            return Decision(control=Control(steer, -1.0))
        return Decision(trajectory=self.trajectory(thought, speed, observation.time_us))

    def trajectory(self, thought: Thought, speed: float, now_us: int) -> Trajectory:
        """Where the thought leads over the next seconds."""
        way, times_us = way_and_times(speed, thought.acceleration, max(thought.wanted, speed), now_us)
        return trajectory_along(self.table, thought.plan, thought.around.rig_s, way, times_us)

    def save(self) -> dict[str, Any]:
        """Everything remembered, as plain data."""
        return {
            "tracks": self.memory.save(),
            "steady": self.steady.save(),
            "lights": self.lights.save(),
            "lateral": self.lateral.save(),
            "stop_signs": {"done": list(self.stop_signs.done), "waited_s": self.stop_signs.waited_s},
            "unposted": self.unposted,
            "grip": self.grip,
            "last": self.last,
        }

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.memory.load(memory["tracks"])
        self.steady.load(memory["steady"])
        self.lights.load(memory["lights"])
        self.lateral.load(memory["lateral"])
        self.stop_signs.done = list(memory["stop_signs"]["done"])
        self.stop_signs.waited_s = memory["stop_signs"]["waited_s"]
        self.unposted = memory["unposted"]
        self.grip = memory["grip"]
        self.last = memory["last"]

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
        slipping = int(np.count_nonzero(observation.ego.wheel_slipping))
        across = float(observation.ego.acceleration_in_rig[1])
        along = float(observation.ego.acceleration_in_rig[0])
        if slipping >= 2:
            self.grip = min(self.grip, max(math.hypot(along, across) / 9.81, 0.1) * 0.6)
        else:
            self.grip = min(1.0, self.grip + 0.05 * self.dt_s)
