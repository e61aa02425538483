"""What would have happened: many futures of one moment of a drive, each compared with the others.

Answers how the drive goes on from a moment, with other decisions, or with an actor removed, moved or driven otherwise. The
drive itself is never touched: a second Simulation repeats its decisions up to the moment, state for state, and there sets its
bodies to the stored numbers. Every branch starts from those, the factual one too, so that a difference between two branches
comes from what differs between them: the factual branch repeated differs by exactly 0, and none is compared with the log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import numpy as np

from alpasim.errors import InputError, RecordingError, did_you_mean
from alpasim.policy.protocol import PolicyFactory, load_memory, needs_of
from alpasim.recording.hashing import state_hash
from alpasim.recording.reader import Log
from alpasim.recording.rebuild import scenario_of
from alpasim.recording.snapshot import Snapshot
from alpasim.scenario.concrete import Scenario
from alpasim.simulation import REBASED, Simulation
from alpasim.traffic.changes import Change, options_text, own_options
from alpasim.types import EGO, Decision, EndReason, MetricValue, Observation, Step, WorldState, frozen
from alpasim.world.edits import anew, placed, without

Pose = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BranchResult:
    """How a branch went: `states` from the branch point on, `decisions` between them, `state_hash` over all of it, and the
    metrics of the drive as a whole, the part before the branch point included. `end_reason` is None where it did not end."""

    states: tuple[WorldState, ...]
    decisions: tuple[Decision, ...]
    state_hash: bytes
    end_reason: EndReason | None
    metrics: Mapping[str, MetricValue]


def branch_point(
    drive: Log | Scenario,
    step: int,
    *,
    decisions: Sequence[Decision] | None = None,
    policy: PolicyFactory | None = None,
    metrics: Sequence[str] | None = None,
) -> BranchPoint:
    """The moment after `step` control steps of a logged drive, or of a scenario driven with `decisions`.

    `policy` makes the driver that goes on in branches: it is asked at every step on the way, so that it remembers what a driver
    there remembers, but the given decisions drive. `metrics` chooses among the metrics. Close the point, or use it in a
    `with` block.

    Raises InputError for a step that the drive does not have, RecordingError where the repeat is not the log to the bit.
    """
    if isinstance(drive, Log):
        scenario, known = scenario_of(drive), drive.decisions if decisions is None else tuple(decisions)
    else:
        scenario, known = drive, tuple(decisions or ())
    if not 0 <= step <= len(known):
        raise InputError(f"branch point at step {step}: the drive has steps 0 to {len(known)}")
    log = drive if isinstance(drive, Log) and decisions is None else None
    simulation = Simulation(scenario, metrics=metrics)
    try:
        driver = None if policy is None else policy()
        if driver is not None:
            simulation.use_sensors(needs_of(driver))
        observation = simulation.reset()
        if driver is not None:
            driver.reset(simulation.brief)
        chain = _checked(log, 0, simulation.state, b"")
        for index, decision in enumerate(known[:step]):
            if simulation.end_reason is not None:
                raise InputError(f"branch point at step {step}: the drive ended at step {index}")
            if driver is not None:
                driver.decide(observation)
            if log is not None and REBASED in log.states[index + 1].events:
                simulation.snapshot()
            simulation.step(decision)
            chain = _checked(log, index + 1, simulation.state, chain)
            observation = simulation.observe()
        return BranchPoint(simulation, simulation.snapshot(driver), known[step:], policy)
    except BaseException:
        simulation.close()
        raise


def _checked(log: Log | None, step: int, state: WorldState, chain: bytes) -> bytes:
    """The chained hash of a repeated state, which has to be the log's."""
    if log is None:
        return b""
    found = state_hash(state, chain)
    if found != log.state_hashes[step]:
        raise RecordingError(
            f"{log.path}: the repeat differs from the log at step {step}; `alpasim replay --verify` says in what"
        )
    return found


class BranchPoint:
    """One moment, from which any number of branches start, one after the other. Made by `branch_point`.

    `snapshot` is the moment, `decisions` are those that followed it in the drive.
    """

    def __init__(
        self,
        simulation: Simulation,
        snapshot: Snapshot,
        decisions: Sequence[Decision],
        policy: PolicyFactory | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.decisions = tuple(decisions)
        self._simulation = simulation
        self._policy = policy
        self._latest: Branch | None = None

    @property
    def scenario(self) -> Scenario:
        """What was driven."""
        return self._simulation.scenario

    @property
    def step(self) -> int:
        """Control steps before the moment."""
        return self.snapshot.step

    def branch(self) -> Branch:
        """Back to the moment. The branch before this one is over: all share one Simulation."""
        if self._latest is not None:
            self._latest.over = True
        self._simulation.restore(self.snapshot)
        self._latest = Branch(self._simulation, self.snapshot, self.decisions, self._policy)
        return self._latest

    def close(self) -> None:
        """Give the physics client back; the branches are over."""
        if self._latest is not None:
            self._latest.over = True
        self._simulation.close()

    def __enter__(self) -> BranchPoint:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class Branch:
    """One future. Change actors first, if at all, then `run` it, or `step` through it."""

    def __init__(
        self,
        simulation: Simulation,
        snapshot: Snapshot,
        decisions: tuple[Decision, ...],
        policy: PolicyFactory | None,
    ) -> None:
        self.over = False
        self._simulation, self._snapshot = simulation, snapshot
        self._decisions, self._policy = decisions, policy

    @property
    def state(self) -> WorldState:
        """Where the branch has come to."""
        return self._running().state

    @property
    def end_reason(self) -> EndReason | None:
        """Why the drive is over, None while it goes on."""
        return self._running().end_reason

    def observe(self) -> Observation:
        """What the ego knows now."""
        return self._running().observe()

    def step(self, decision: Decision) -> Step:
        """One control step."""
        return self._running().step(decision)

    def remove(self, actor: str) -> None:
        """Take an actor out of the scene. InputError for one that is not there."""
        row = self._row(actor)
        self._simulation.alter(lambda state, world: (_gone(state, row), without(world, row)), Change(row))

    def move(self, actor: str, pose: Pose, speed_mps: float | None = None) -> None:
        """Put an actor at x, y, yaw, with its present speed or another, ahead; its behaviour begins anew there, with the
        options that it has. One that has been struck is put down free, upright, to slide on from there.

        InputError for an actor that is not there, or whose behaviour says itself where it is (a recording does).
        """
        row, state = self._row(actor), self.state
        speed = _speed(state, row) if speed_mps is None else float(speed_mps)
        if len(pose) != 3:
            raise InputError(f"move {actor!r}: found {pose}, expected x, y [m] and yaw [rad]")
        x, y, yaw = (float(value) for value in pose)
        if not all(math.isfinite(value) for value in (x, y, yaw, speed)):
            raise InputError(f"move {actor!r}: found {pose} at {speed_mps}, expected finite metres, radians and m/s")
        change = None if state.struck[row] else self._begun(row, (x, y, yaw), speed)
        height = 0.5 * float(state.extent[row, 2]) + float(
            self._simulation.scenario.road.rise(np.array([[x, y]]))[0, 0]
        )
        velocity = (speed * math.cos(yaw), speed * math.sin(yaw))
        self._simulation.alter(
            lambda now, world: (
                _put(now, row, (x, y, yaw), height, velocity),
                placed(world, row, (x, y, yaw), height, velocity),
            ),
            change,
        )

    def drive(self, actor: str, behaviour: str, options: Mapping[str, Any] | None = None) -> None:
        """Give an actor another behaviour from here on, with options as a scenario file has them. Events of the script no longer
        reach it.

        InputError for an actor that is not there or has been struck, PluginError for a behaviour that does not exist.
        """
        row, state = self._row(actor), self.state
        if state.struck[row]:
            raise InputError(f"{actor!r} has been struck and obeys physics alone: it can be moved or removed")
        x, y = state.position[row, :2].tolist()
        pose = (x, y, float(state.yaw[row]))
        change = Change(row, behaviour, options_text(options or {}), pose, _speed(state, row))
        self._simulation.alter(lambda now, world: (now, anew(world, row)), change)

    def run(
        self, by: Sequence[Decision] | PolicyFactory | None = None, *, seconds: float | None = None
    ) -> BranchResult:
        """Go on until the drive ends, or for `seconds`, or as far as decisions go.

        `by` are decisions, those that followed in the drive where nothing is given, or a driver: the one that the branch point was
        made with goes on with its memory, any other begins here.
        """
        simulation = self._running()
        states = [simulation.state]
        taken: list[Decision] = []
        chain = state_hash(simulation.state)
        steps = _steps(seconds, simulation.scenario.dt_us)
        decide = self._decider(self._decisions if by is None else by)
        while simulation.end_reason is None and len(taken) < steps:
            decision = decide(simulation)
            if decision is None:
                break
            simulation.step(decision)
            states.append(simulation.state)
            taken.append(decision)
            chain = state_hash(simulation.state, chain)
        return BranchResult(tuple(states), tuple(taken), chain, simulation.end_reason, simulation.metrics.results())

    def _decider(self, by: Sequence[Decision] | PolicyFactory) -> Callable[[Simulation], Decision | None]:
        """Who decides, as a question to the simulation; None is the end."""
        simulation = self._simulation
        if not callable(by):
            following = iter(by)
            return lambda _: next(following, None)
        policy = by()
        simulation.use_sensors(needs_of(policy))
        policy.reset(simulation.brief)
        saved = self._snapshot.memory["policy"]
        if by is self._policy and saved is not None:
            load_memory(policy, saved["memory"])
        return lambda now: policy.decide(now.observe())

    def _running(self) -> Simulation:
        if self.over:
            raise InputError(
                "this branch is over: another one was started from the same point, or the point was closed"
            )
        return self._simulation

    def _row(self, actor: str) -> int:
        """The row of an actor that may be changed now."""
        state = self._running().state
        if state.step != self._snapshot.step:
            raise InputError(f"{actor!r}: actors are changed before a branch's first step; set the branch point later")
        if actor not in state.ids:
            known = ", ".join(state.ids[1:]) or "none"
            raise InputError(f"no actor {actor!r}{did_you_mean(actor, state.ids[1:])}; there are: {known}")
        row = state.row(actor)
        if row == EGO:
            raise InputError("the ego cannot be changed in a branch: give it other decisions, or another driver")
        if not state.present[row]:
            raise InputError(f"{actor!r} is not there at {state.time_s:g} s")
        return row

    def _begun(self, row: int, pose: Pose, speed: float) -> Change:
        """An actor's own behaviour, beginning anew somewhere else."""
        traffic, spec = self._simulation.traffic, self._simulation.scenario.actors[row - 1]
        behaviour, options = traffic.behaviour_of(row)
        if options is None:
            options = own_options(spec) if behaviour == spec.behaviour else "{}"
        change = Change(row, behaviour, options, pose, speed)
        if not traffic.begins_where_put(change):
            raise InputError(
                f"{spec.name!r} is driven by {behaviour!r}, which says itself where it is: give it another behaviour first"
            )
        return change


def _steps(seconds: float | None, dt_us: int) -> float:
    """How many control steps a time allows."""
    if seconds is None:
        return math.inf
    if not 0.0 <= seconds < math.inf:
        raise InputError(f"run for {seconds} s: expected a time of 0 s or more")
    return float(round(seconds * 1e6 / dt_us))


def _speed(state: WorldState, row: int) -> float:
    """How fast an actor goes in the direction that it faces, at least 0."""
    yaw = float(state.yaw[row])
    return max(0.0, float(state.velocity[row, 0]) * math.cos(yaw) + float(state.velocity[row, 1]) * math.sin(yaw))


def _gone(state: WorldState, row: int) -> WorldState:
    """The state without an actor."""
    present, struck = state.present.copy(), state.struck.copy()
    present[row] = struck[row] = False
    return replace(state, present=frozen(present), struck=frozen(struck))


def _put(state: WorldState, row: int, pose: Pose, height_m: float, velocity: tuple[float, float]) -> WorldState:
    """The state with an actor somewhere else, upright."""
    changed = {
        "position": (pose[0], pose[1], height_m),
        "rotation": (0.0, 0.0, math.sin(0.5 * pose[2]), math.cos(0.5 * pose[2])),
        "yaw": math.atan2(math.sin(pose[2]), math.cos(pose[2])),
        "velocity": (*velocity, 0.0),
        "angular_velocity": (0.0, 0.0, 0.0),
    }
    arrays: dict[str, Any] = {}
    for name, value in changed.items():
        array = getattr(state, name).copy()
        array[row] = value
        arrays[name] = frozen(array)
    return replace(state, **arrays)
