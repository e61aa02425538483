"""Runs a log's drive again, from the log alone, and compares it step by step, to the last bit.

Answers "is this what happened", and if not, which quantity of which actor was the first to differ, with both values. The
logged decisions drive; with `with_policy` the policy is asked again beside them, and its first different decision named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from alpasim.errors import PhysicsDiverged, RecordingError
from alpasim.policy.checks import checked_decision
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy
from alpasim.policy.protocol import Policy
from alpasim.recording.codec import Header, decision_message, metrics_message, read_decision
from alpasim.recording.hashing import state_hash
from alpasim.recording.reader import Log
from alpasim.recording.rebuild import scenario_of
from alpasim.recording.versions import changed_since
from alpasim.simulation import REBASED, Simulation
from alpasim.types import Contact, Control, EgoState, Observation, Step, WorldState


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs: at which state, in which quantity (`position x of car_3`), and both values."""

    step: int
    time_s: float
    quantity: str
    logged: str
    repeated: str

    def __str__(self) -> str:
        place = f"step {self.step} ({self.time_s:.2f} s)"
        return f"{place}: {self.quantity}: the log has {self.logged}, the repeat {self.repeated}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a repeat over `steps` steps; `versions` lists what differs between then and now (name: then, now)."""

    steps: int
    complete: bool
    difference: Difference | None
    decision_difference: Difference | None
    asked_policy: bool
    versions: Mapping[str, tuple[str, str]]

    @property
    def identical(self) -> bool:
        """Whether nothing differed."""
        return self.difference is None and self.decision_difference is None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "identical": self.identical}


MakeSimulation = Callable[[Any], Any]


def verify(log: Log, *, with_policy: bool = False, make_simulation: MakeSimulation = Simulation) -> Verification:
    """Repeat the drive of `log` and compare; raises RecordingError where the log does not hold what that takes.

    A log that was cut is compared as far as it goes; one that was cut before its first step proves nothing and is refused.
    """
    if not log.complete and not log.decisions:
        raise RecordingError(f"{log.path}: cut short before its first step: there is nothing to compare")
    scenario = scenario_of(log)
    simulation = make_simulation(scenario)
    try:
        return _compare(log, simulation, _policy_of(log.header) if with_policy else None)
    finally:
        simulation.close()


def _policy_of(header: Header) -> Policy:
    """The log's policy, made anew."""
    if not header.policy:
        raise RecordingError("the log does not say which policy drove")
    return load_policy(header.policy)()


def _compare(log: Log, simulation: Any, policy: Policy | None) -> Verification:
    """Drive and compare until something differs."""
    observation = simulation.reset()
    if policy is not None:
        policy.reset(simulation.brief)
    chain = state_hash(simulation.state)
    found = _state_difference(log, 0, simulation.state, chain)
    asked: Difference | None = None
    steps = 0
    for index, decision in enumerate(log.decisions):
        if found is not None:
            break
        if policy is not None and asked is None:
            asked = _decision_difference(log, index, policy.decide(observation), observation)
        if REBASED in log.states[index + 1].events:
            simulation.snapshot()
        try:
            step = simulation.step(decision)
        except PhysicsDiverged as fault:
            found = _difference(log, index + 1, "whether the physics hold", "a state", str(fault))
            break
        steps += 1
        chain = state_hash(step.after, chain)
        found = _step_difference(log, index, step, chain, simulation.metrics.values_by_name())
        observation = simulation.observe()
    if found is None and log.result is not None:
        found = _end_difference(log, simulation) or _broken_difference(log, simulation)
    return Verification(
        steps, log.complete, found, asked, policy is not None, _version_changes(log.header, policy is not None)
    )


def _difference(log: Log, step: int, quantity: str, logged: object, repeated: object) -> Difference:
    """A difference at a step."""
    time_s = step * log.header.dt_us * 1e-6
    return Difference(step, time_s, quantity, _shown(logged), _shown(repeated))


def _shown(value: object) -> str:
    """A value with all its digits."""
    return repr(value.item()) if isinstance(value, np.generic) else value if isinstance(value, str) else repr(value)


def _decision_difference(log: Log, index: int, answered: object, observation: Observation) -> Difference | None:
    """What the policy answers now against what it answered then."""
    now = decision_message(checked_decision(answered, observation))
    then = decision_message(log.decisions[index])
    for quantity, before, after in _leaves("decision", then, now):
        if before != after:
            return _difference(log, index, quantity, before, after)
    return None


def _leaves(name: str, then: object, now: object) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of every entry of two plain values, as deep as they have the same shape."""
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        for key in then:
            yield from _leaves(f"{name}.{key}", then[key], now[key])
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from _leaves(f"{name}[{index}]", before, after)
    else:
        yield name, then, now


def _step_difference(log: Log, index: int, step: Step, chain: bytes, metrics: Mapping[str, Any]) -> Difference | None:
    """The first difference of one step: what was done, what came of it, what was measured."""
    logged: Control = log.controls[index]
    for name in ("steer", "pedal", "reverse"):
        then, now = getattr(logged, name), getattr(step.control, name)
        if not _same(then, now):
            return _difference(log, index, f"control, {name}", then, now)
    found = _state_difference(log, index + 1, step.after, chain)
    if found is not None:
        return found
    then_metrics, now_metrics = metrics_message(log.metrics[index]), metrics_message(metrics)
    for name in sorted({*then_metrics, *now_metrics}):
        then, now = then_metrics.get(name, "nothing"), now_metrics.get(name, "nothing")
        if then != now:
            return _difference(log, index + 1, f"metric {name}", then, now)
    return None


def _state_difference(log: Log, index: int, state: WorldState, chain: bytes) -> Difference | None:
    """The first quantity of a state that differs; None where the chained hashes are equal."""
    if log.state_hashes[index] == chain:
        return None
    for quantity, then, now in _quantities(log.states[index], state):
        if not _same(then, now):
            return _difference(log, index, quantity, then, now)
    return _difference(log, index, "state hash", log.state_hashes[index].hex(), chain.hex())


def _same(then: object, now: object) -> bool:
    """Equal to the last bit: nan equals nan, and 0.0 is not -0.0."""
    if isinstance(then, float) and isinstance(now, float):
        return float(then).hex() == float(now).hex()
    return bool(then == now)


def _quantities(then: WorldState, now: WorldState) -> Iterator[tuple[str, Any, Any]]:
    """Name and both values of everything in two states, the clock first, then actor by actor, the ego first."""
    for name in ("step", "time_us", "ids"):
        yield name, getattr(then, name), getattr(now, name)
    for field in fields(EgoState):
        yield from _elements(
            f"{field.name} of the ego's state", getattr(then.ego, field.name), getattr(now.ego, field.name)
        )
    arrays = ("present", "struck", "position", "rotation", "yaw", "velocity", "angular_velocity", "kinds", "extent")
    for row, actor in enumerate(then.ids):
        for name in arrays:
            yield from _elements(f"{name} of {actor}", getattr(then, name)[row], getattr(now, name)[row])
    yield from _elements("signals", then.signals, now.signals)
    yield "events", list(then.events), list(now.events)
    yield "number of contacts", len(then.contacts), len(now.contacts)
    for number, (first, second) in enumerate(zip(then.contacts, now.contacts, strict=False)):
        for field in fields(Contact):
            name = f"{field.name} of contact {number}"
            yield from _elements(name, getattr(first, field.name), getattr(second, field.name))


def _elements(name: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """One entry a number, so that a difference names the component."""
    first, second = np.asarray(then), np.asarray(now)
    if first.shape != second.shape:
        yield f"shape of {name}", first.shape, second.shape
        return
    axes = "xyzw" if first.shape in ((3,), (4,)) and "wheel" not in name else ""
    for index, (a, b) in enumerate(zip(first.reshape(-1).tolist(), second.reshape(-1).tolist(), strict=True)):
        mark = "" if first.ndim == 0 else f" {axes[index]}" if axes else f" [{index}]"
        yield f"{name}{mark}", a, b


def _end_difference(log: Log, simulation: Any) -> Difference | None:
    """How the drive ended, where it ended by itself."""
    assert log.result is not None
    now = str(simulation.end_reason or "none")
    if log.result.status == "completed" and log.result.end_reason != now:
        return _difference(log, len(log.decisions), "end reason", log.result.end_reason, now)
    return None


def _broken_difference(log: Log, simulation: Any) -> Difference | None:
    """Whether the step in which the physics broke breaks again, where the log holds one."""
    assert log.result is not None
    if not log.result.unfinished or log.result.status != PhysicsDiverged.status:
        return None
    try:
        simulation.step(read_decision(log.result.unfinished["decision"]))
    except PhysicsDiverged:
        return None
    return _difference(log, len(log.decisions) + 1, "whether the physics hold", log.result.error, "a state")


def _version_changes(header: Header, asked_policy: bool) -> dict[str, tuple[str, str]]:
    """Versions that are not those the log was made with; the policy's source among them where it was asked again."""
    changed = changed_since(header.versions)
    if asked_policy and header.policy_fingerprint:
        now = policy_fingerprint(header.policy)
        if now != header.policy_fingerprint:
            changed["policy source"] = (header.policy_fingerprint, now)
    return changed
