"""The behaviour `path`: goes through waypoints, by the clock or at given speeds, whatever happens around it.

Answers what its options and actions mean. It sets out at once; one that has to wait is `parked` and gets a `path` action. It
faces along its motion unless a waypoint gives `yaw_deg`. At the end it stays where it is, or is gone with `then: vanish`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from alpasim.errors import InputError, RecordingError
from alpasim.memory import Memory, array, fill, finite
from alpasim.scenario.concrete import Action, ActorSpec, Scenario
from alpasim.scenario.kinds import TURNING_RADIUS_M
from alpasim.scenario.triggers import PathAction, Waypoint
from alpasim.scenario.values import WithSpeed
from alpasim.traffic.waypaths import Stop, WayPath, advance_on_paths, plan
from alpasim.types import ActorKind, FloatArray, IntArray, Motion, WorldState

ORDINARY_SPEED_MPS: dict[ActorKind, float] = {
    ActorKind.PEDESTRIAN: 1.4,
    ActorKind.ANIMAL: 2.0,
    ActorKind.BICYCLE: 5.0,
}
"""How fast a kind sets out where nothing says so."""
ORDINARY_VEHICLE_MPS = 30.0 / 3.6
NATURAL_RATE_MPS2 = 1.5
"""How fast a `speed` action changes the speed where it does not say so [m/s^2]."""


class PathOptions(WithSpeed):
    """Words under `drive: {path: …}`; `speed` holds where a waypoint gives neither `t_s` nor a speed of its own."""

    waypoints: Annotated[tuple[Waypoint, ...], Field(min_length=1, max_length=10_000)]
    corner_radius_m: Annotated[float | None, Field(ge=0.0, le=1000.0)] = None
    then: Literal["stay", "vanish"] = "stay"


class Path:
    """Actors on timed paths."""

    name: ClassVar[str] = "path"
    Options: ClassVar[type[BaseModel]] = PathOptions
    actions: ClassVar[frozenset[str]] = frozenset({"path", "speed", "stop"})

    def __init__(self, scenario: Scenario, rows: IntArray, rng: np.random.Generator) -> None:  # noqa: ARG002
        self._scenario = scenario
        self._dt_s = scenario.dt_us * 1e-6
        self._local = np.full(len(scenario.actors) + 1, -1, dtype=np.int64)
        self._local[rows] = np.arange(len(rows))
        self._vanishes = np.zeros(len(rows), dtype=np.bool_)
        self._start: list[WayPath] = []
        for i, row in enumerate(rows):
            actor = scenario.actors[row - 1]
            if isinstance(actor.options, PathOptions) and actor.behaviour == self.name:
                self._vanishes[i] = actor.options.then == "vanish"
                self._start.append(self._plan(actor, actor.pose, actor.speed_mps, actor.options))
            else:
                here = [Stop(actor.pose[0], actor.pose[1])]
                self._start.append(plan(actor.pose, 0.0, here, 1.0, 0.0))
        for event in scenario.events:
            for action in event.actions:
                if action.kind == "path":
                    actor = scenario.actors[action.row - 1]
                    self._plan(actor, actor.pose, actor.speed_mps, action.options)
        self._begin()

    def _begin(self) -> None:
        self._paths = list(self._start)
        self._since_us = np.zeros(len(self._paths), dtype=np.int64)
        self._arrange()

    def _arrange(self) -> None:
        """Lay all paths into the kernel's arrays."""
        self._legs, self._first_leg = _stacked([path.legs for path in self._paths], 8)
        self._pieces, self._first_piece = _stacked([path.pieces for path in self._paths], 4)

    def _stops(self, actor: ActorSpec, waypoints: Sequence[Waypoint], speed: float | None) -> list[Stop]:
        """Waypoints with their places looked up on the road."""
        stops = []
        for point in waypoints:
            if point.x_m is not None and point.y_m is not None:
                x, y = point.x_m, point.y_m
            elif point.lane is not None and point.s_m is not None:
                x, y, _, _ = self._scenario.road.place(point.course, point.lane, point.s_m, point.d_m)
            else:
                raise InputError(f"{self._scenario.source}: actors.{actor.name}: a waypoint without a place")
            yaw = None if point.yaw_deg is None else math.radians(point.yaw_deg)
            stops.append(Stop(x, y, point.t_s, point.speed if point.speed is not None else speed, yaw))
        return stops

    def _plan(
        self, actor: ActorSpec, pose: tuple[float, float, float], speed_mps: float, options: PathOptions | PathAction
    ) -> WayPath:
        stops = self._stops(actor, options.waypoints, options.speed)
        ordinary = ORDINARY_SPEED_MPS.get(actor.kind, ORDINARY_VEHICLE_MPS)
        try:
            turning = TURNING_RADIUS_M.get(actor.kind, 0.0)
            return plan(pose, speed_mps, stops, ordinary, getattr(options, "corner_radius_m", None), turning)
        except InputError as fault:
            raise InputError(f"{self._scenario.source}: actors.{actor.name}: {fault}") from fault

    def place(self, rows: IntArray, motion: Motion) -> None:
        """They start where the scenario puts them."""

    def reset(self, state: WorldState) -> None:
        """Set out now."""
        self._begin()
        self._since_us[:] = state.time_us

    def save(self) -> Memory:
        """The paths as they are now, and since when."""
        return {
            "since_us": self._since_us.copy(),
            "legs": self._legs.copy(),
            "first_leg": self._first_leg.copy(),
            "pieces": self._pieces.copy(),
            "first_piece": self._first_piece.copy(),
        }

    def load(self, memory: Memory) -> None:
        """Go on along the saved paths."""
        fill(memory, "since_us", self._since_us)
        legs = _apart(memory, "legs", "first_leg", len(self._paths), 8)
        pieces = _apart(memory, "pieces", "first_piece", len(self._paths), 4)
        self._paths = [WayPath(*both) for both in zip(legs, pieces, strict=True)]
        self._arrange()

    def advance(self, state: WorldState, rows: IntArray, motion: Motion) -> None:
        """One control step along the paths."""
        who = self._local[rows]
        elapsed = (state.time_us + self._scenario.dt_us - self._since_us[who]).astype(np.float64) * 1e-6
        advance_on_paths(
            who,
            rows,
            elapsed,
            self._legs,
            self._first_leg,
            self._pieces,
            self._first_piece,
            self._vanishes,
            state.yaw,
            self._dt_s,
            motion.position,
            motion.yaw,
            motion.velocity,
            motion.yaw_rate,
            motion.present,
        )

    def apply(self, row: int, action: Action, state: WorldState) -> bool:
        """`path` sets out on a new one from here; `speed` and `stop` keep the way and give up its clock."""
        i = int(self._local[row])
        options = action.options
        if action.kind == "path":
            actor = self._scenario.actors[row - 1]
            pose = (float(state.position[row, 0]), float(state.position[row, 1]), float(state.yaw[row]))
            speed = math.hypot(float(state.velocity[row, 0]), float(state.velocity[row, 1]))
            self._paths[i] = self._plan(actor, pose, speed, options)
            self._since_us[i] = state.time_us
        elif action.kind in ("speed", "stop"):
            elapsed = (state.time_us - int(self._since_us[i])) * 1e-6
            _, speed = self._paths[i].at(elapsed)
            target, rate = 0.0, NATURAL_RATE_MPS2
            if action.kind == "stop":
                rate = min(options.decel_mps2, 9.81 * self._scenario.environment.friction)
            else:
                target = options.target_mps
                rate = abs(target - speed) / options.over_s if options.over_s else options.rate_mps2 or rate
            self._paths[i] = self._paths[i].with_speed(elapsed, target, max(rate, 1e-9))
        else:
            return False
        self._arrange()
        return True


def _stacked(parts: list[FloatArray], columns: int) -> tuple[FloatArray, IntArray]:
    """Arrays (k, columns) behind one another, and where each begins, with the end last."""
    first = np.concatenate(([0], np.cumsum([len(part) for part in parts]))).astype(np.int64)
    whole = np.concatenate(parts) if parts else np.empty((0, columns))
    return np.ascontiguousarray(whole, dtype=np.float64), first


def _apart(memory: Memory, name: str, firsts: str, count: int, columns: int) -> list[FloatArray]:
    """What `_stacked` was given, from a memory."""
    whole, first = finite(memory, name, (-1, columns)), array(memory, firsts, np.int64, (count + 1,))
    if first[0] != 0 or first[-1] != len(whole) or (np.diff(first) < 1).any():
        raise RecordingError(f"snapshot: {firsts!r} does not divide {name!r} into {count} parts")
    return [whole[begin:end] for begin, end in pairwise(first.tolist())]
