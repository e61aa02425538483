"""The behaviour `follow`: drives along its lane, keeps its distance, minds bends, limits and lights.

Answers what its options and actions mean. An actor follows the lane it stands on and that lane's successors, at the lateral
place where it stands; one that faces against the lane's direction drives against it. It goes at `speed`; without one at the
speed it starts with; where that is 0, at the limit, and no faster than its kind goes. A lane that ends while a lane beside it
goes on (a merging lane) makes it stop before the end; where the road ends as a whole it drives off and is gone. It keeps
behind whoever is in its way, but it does not give way at crossings without lights, and it changes lanes only when told.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, get_args

import numpy as np
from pydantic import AfterValidator, BaseModel, Field

from alpasim.errors import InputError, RecordingError, did_you_mean
from alpasim.memory import Memory, finite, read
from alpasim.scenario.concrete import Action, ActorSpec, Scenario
from alpasim.scenario.values import WithSpeed
from alpasim.traffic import followers as f
from alpasim.traffic.car_following import DEFAULT_PRESET, PRESETS, preset
from alpasim.traffic.cross_section import cross_section
from alpasim.traffic.lane_paths import Grip, LanePath, Turn, join, lane_path
from alpasim.types import ActorKind, IntArray, Motion, WorldState

ORDINARY_SPEED_MPS: dict[ActorKind, float] = {
    ActorKind.TRUCK: 80.0 / 3.6,
    ActorKind.BUS: 80.0 / 3.6,
    ActorKind.BICYCLE: 5.0,
    ActorKind.PEDESTRIAN: 1.4,
    ActorKind.ANIMAL: 2.0,
}
"""How fast a kind goes where nothing slower is posted; all others go as their preset says."""
HARDEST_BRAKING_MPS2 = 8.0
"""No follower brakes harder, nor harder than the ground allows [m/s^2]."""
FASTEST_MPS = 60.0
"""Ways are laid out as far as this speed would lead within the time limit [m/s]."""


def _known_preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"found {name!r}, expected one of {', '.join(PRESETS)}{did_you_mean(name, PRESETS)}")
    return name


class FollowOptions(WithSpeed):
    """Words under `drive: {follow: …}`.

    `preset` names a parameter set of the Intelligent Driver Model, and the four figures after it replace single values of it.
    `turns` says where to go at the forks ahead, in order; then the straightest way. `ignores` lists what it does not care for.
    """

    preset: Annotated[str, AfterValidator(_known_preset)] = DEFAULT_PRESET
    headway_s: Annotated[float, Field(ge=0.0, le=20.0)] | None = None
    standstill_gap_m: Annotated[float, Field(ge=0.0, le=100.0)] | None = None
    acceleration_mps2: Annotated[float, Field(gt=0.0, le=20.0)] | None = None
    comfortable_braking_mps2: Annotated[float, Field(gt=0.0, le=20.0)] | None = None
    turns: tuple[Turn, ...] = ()
    ignores: tuple[Literal["lights", "others", "bends"], ...] = ()


class Follow:
    """Car following along lanes, for all its actors at once."""

    name: ClassVar[str] = "follow"
    Options: ClassVar[type[BaseModel]] = FollowOptions
    actions: ClassVar[frozenset[str]] = frozenset({"speed", "change_lane", "stop"})

    def __init__(self, scenario: Scenario, rows: IntArray, rng: np.random.Generator) -> None:  # noqa: ARG002 - nothing is drawn
        self._scenario = scenario
        self._grip = Grip.on(scenario.environment.friction)
        self._reach_m = 400.0 + scenario.time_limit_s * FASTEST_MPS
        self._paths: list[LanePath] = []
        self._path_index: dict[tuple[str, bool, tuple[Turn, ...]], int] = {}
        self._local = np.full(len(scenario.actors) + 1, -1, dtype=np.int64)
        self._local[rows] = np.arange(len(rows))
        self._rows = rows
        self._start = np.zeros((len(rows), f.MEMORY_COLUMNS))
        self._start_path = np.zeros(len(rows), dtype=np.int64)
        self._parameters = np.zeros((len(rows), f.PARAMETER_COLUMNS))
        self._turns: list[tuple[Turn, ...]] = []
        for i, row in enumerate(rows):
            self._enter(i, scenario.actors[row - 1])
        self._start_turns = list(self._turns)
        self._memory, self._path_of = self._start.copy(), self._start_path.copy()
        self._table = join(self._paths)

    def _enter(self, i: int, actor: ActorSpec) -> None:
        """Parameters and memory of one actor at time zero."""
        options = actor.options if isinstance(actor.options, FollowOptions) else FollowOptions()
        model = preset(options.preset)
        hardest = min(HARDEST_BRAKING_MPS2, 9.81 * self._scenario.environment.friction)
        given = (
            options.standstill_gap_m,
            options.headway_s,
            options.acceleration_mps2,
            options.comfortable_braking_mps2,
        )
        usual = (model.standstill_gap_m, model.headway_s, model.acceleration_mps2, model.comfortable_braking_mps2)
        own = self._parameters[i]
        own[: f.EXPONENT] = [b if a is None else a for a, b in zip(given, usual, strict=True)]
        own[f.EXPONENT], own[f.HARDEST] = model.exponent, hardest
        for column, word in ((f.IGNORES_LIGHTS, "lights"), (f.IGNORES_OTHERS, "others"), (f.IGNORES_BENDS, "bends")):
            own[column] = float(word in options.ignores)
        self._turns.append(options.turns)
        lane, against = self._lane_under(actor)
        self._start_path[i] = self._path(lane, against, options.turns)
        s, d = self._paths[self._start_path[i]].on_entry(actor.pose[0], actor.pose[1])
        memory = self._start[i]
        memory[f.S], memory[f.SPEED], memory[f.OFFSET] = s, actor.speed_mps, d
        wanted = options.speed if options.speed is not None else actor.speed_mps
        memory[f.LIMITED] = float(options.speed is None and actor.speed_mps <= 0.0)
        if memory[f.LIMITED]:
            wanted = ORDINARY_SPEED_MPS.get(actor.kind, model.speed_mps or FASTEST_MPS)
        memory[f.TARGET] = wanted

    def _lane_under(self, actor: ActorSpec) -> tuple[str, bool]:
        """The lane an actor starts on, and whether it faces against its direction."""
        road, (x, y, yaw) = self._scenario.road, actor.pose
        point = np.array([[x, y]])
        row = road.lane_index.get(actor.lane, -1) if actor.lane is not None else int(road.lanes_at(point, yaw)[0])
        if row < 0:
            where = f"lane {actor.lane!r} is not on the road" if actor.lane else f"no lane at ({x:.1f}, {y:.1f})"
            raise InputError(f"{self._scenario.source}: actors.{actor.name}: {where}; 'follow' needs a lane to follow")
        s, _ = road.project(row, point)
        return road.lanes[row].id, math.cos(road.lane_heading(row, float(s[0])) - yaw) < 0.0

    def _path(self, lane: str, against: bool, turns: tuple[Turn, ...]) -> int:
        """Index of the way from a lane on, laid out at the first need."""
        key = (lane, against, turns)
        if key not in self._path_index:
            self._path_index[key] = len(self._paths)
            self._paths.append(lane_path(self._scenario.road, lane, against, turns, self._reach_m, self._grip))
        return self._path_index[key]

    def place(self, rows: IntArray, motion: Motion) -> None:
        """They start where the scenario puts them."""

    def reset(self, state: WorldState) -> None:  # noqa: ARG002
        """As they start."""
        self._memory[:], self._path_of[:] = self._start, self._start_path
        self._turns = list(self._start_turns)

    def save(self) -> Memory:
        """Each actor's place and aims, the way that it is on, and the turns that it still has to take."""
        keys = list(self._path_index)
        ways = [keys[index] for index in self._path_of.tolist()]
        return {
            "memory": self._memory.copy(),
            "ways": [{"lane": lane, "against": against, "turns": list(turns)} for lane, against, turns in ways],
            "turns": [list(turns) for turns in self._turns],
        }

    def load(self, memory: Memory) -> None:
        """Go on as saved; ways that were not laid out yet are laid out again."""
        self._memory[...] = finite(memory, "memory", self._memory.shape)
        ways, turns = read(memory, "ways", list), read(memory, "turns", list)
        if not len(ways) == len(turns) == len(self._rows):
            raise RecordingError(f"snapshot: {len(ways)} ways for {len(self._rows)} followers")
        known = len(self._paths)
        for i, way in enumerate(ways):
            lane = read(way, "lane", str)
            if lane not in self._scenario.road.lane_index:
                raise RecordingError(f"snapshot: lane {lane!r} is not on the road")
            self._path_of[i] = self._path(lane, read(way, "against", bool), _turns(read(way, "turns", list)))
        self._turns = [_turns(one) for one in turns]
        if len(self._paths) > known:
            self._table = join(self._paths)

    def advance(self, state: WorldState, rows: IntArray, motion: Motion) -> None:
        """One control step of car following."""
        f.advance_followers(
            self._local[rows],
            rows,
            self._memory,
            self._parameters,
            self._path_of,
            self._table,
            state.position,
            state.yaw,
            state.velocity,
            state.extent,
            state.present,
            state.signals,
            self._scenario.dt_us * 1e-6,
            motion.position,
            motion.yaw,
            motion.velocity,
            motion.yaw_rate,
            motion.present,
        )

    def apply(self, row: int, action: Action, state: WorldState) -> bool:
        """`speed`, `stop` and `change_lane`; False where there is no such lane."""
        i = int(self._local[row])
        memory, options = self._memory[i], action.options
        if action.kind == "stop":
            memory[f.STOPPING] = options.decel_mps2
            return True
        if action.kind == "speed":
            change = options.target_mps - memory[f.SPEED]
            natural = self._parameters[i, f.ACCELERATION if change > 0.0 else f.BRAKING]
            memory[f.RATE] = abs(change) / options.over_s if options.over_s else options.rate_mps2 or natural
            memory[f.TARGET], memory[f.STOPPING], memory[f.LIMITED] = options.target_mps, 0.0, 0.0
            return True
        return action.kind == "change_lane" and self._change_lane(i, state, row, options.to, options.over_s)

    def _change_lane(self, i: int, state: WorldState, row: int, to: int | str, over_s: float) -> bool:
        """Put a follower onto the way of another lane, at its present place, to move to that lane's centre."""
        path = self._paths[self._path_of[i]]
        s = float(self._memory[i, f.S])
        section = cross_section(self._scenario.road, path.lane_at(s), path.against)
        target = section.target(self._scenario.road, to)
        if target is None:
            return False
        self._turns[i] = self._turns[i][int(np.sum(path.forks <= s)) :]
        known = len(self._paths)
        self._path_of[i] = self._path(*target, self._turns[i])
        if len(self._paths) > known:
            self._table = join(self._paths)
        memory = self._memory[i]
        memory[f.S], memory[f.FROM] = self._paths[self._path_of[i]].on_entry(*state.position[row, :2])
        memory[f.OFFSET], memory[f.ELAPSED], memory[f.OVER] = 0.0, 0.0, over_s
        return True


def _turns(saved: object) -> tuple[Turn, ...]:
    """Turns from a memory."""
    if not isinstance(saved, list) or any(turn not in get_args(Turn) for turn in saved):
        raise RecordingError(f"snapshot: turns {saved!r}, expected a list of {', '.join(get_args(Turn))}")
    return tuple(saved)
