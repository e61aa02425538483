"""A policy must not be able to read the script: everything reachable from brief and observation is searched for it."""

from __future__ import annotations

import dataclasses
import gc
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import LogicalScenario, load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

SEED = 918_273_645
FILE = "telltale_file.scn.yaml"
SCENARIO = """
schema: alpasim/scenario@1
title: Telltale title
description: Telltale description
tags: {family: cut_in, sources: [telltale_source]}
notes: [telltale note]
road: {straight: {lanes: 2, oncoming_lanes: 1, length_m: 400, speed_limit_kph: 80}}
parameters:
  telltale_parameter_m: {uniform: [40.123, 60.456]}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 70, goal: {s_m: 300}}
actors:
  telltale_cutter:
    kind: car
    place: {ahead_of: ego, lane: left, gap_m: $telltale_parameter_m, speed_kph: 50}
    drive: follow
  telltale_walker:
    kind: pedestrian
    place: {lane: 1, s_m: 200, d_m: -1.5, heading_deg: 90}
    drive: parked
events:
  - name: telltale_event
    when: {time: {after_s: 0.3}}
    then: {telltale_cutter: {change_lane: {to: right, over_s: 2.5}}}
end: {time_limit_s: 20}
expect: [no_collision]
"""


def reachable(root: object) -> Iterator[tuple[str, object]]:
    """Every object that can be reached from `root` by attributes, slots, items, closures, bound methods and globals of
    functions; modules, classes of libraries and numbers of the interpreter are where the walk ends."""
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("root", root)]
    while waiting:
        path, thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType):
            continue
        seen.add(id(thing))
        yield path, thing
        if isinstance(thing, type | str | bytes | int | float | complex | bool | None | Enum):
            continue
        waiting += [(f"{path}{step}", part) for step, part in parts(thing)]


def parts(thing: object) -> Iterator[tuple[str, object]]:
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield f"<key {key!r}>", key
            yield f"[{key!r}]", value
    elif isinstance(thing, list | tuple | set | frozenset):
        for index, value in enumerate(thing):
            yield f"[{index}]", value
    elif isinstance(thing, np.ndarray):
        yield ".base", thing.base
        if thing.dtype.hasobject:
            yield ".tolist()", thing.tolist()
    elif isinstance(thing, types.FunctionType):
        yield ".__closure__", [cell.cell_contents for cell in thing.__closure__ or ()]
        yield ".__defaults__", thing.__defaults__
    elif isinstance(thing, types.MethodType):
        yield ".__self__", thing.__self__
        yield ".__func__", thing.__func__
    else:
        for name in [*getattr(thing, "__dict__", {}), *slots_of(type(thing))]:
            if hasattr(thing, name):
                yield f".{name}", getattr(thing, name)
        yield "<referents>", [part for part in gc.get_referents(thing) if not isinstance(part, type)]


def slots_of(kind: type) -> list[str]:
    slots = [getattr(base, "__slots__", ()) for base in kind.__mro__]
    return [name for names in slots for name in ((names,) if isinstance(names, str) else names)]


@pytest.fixture(scope="module")
def logical(tmp_path_factory: pytest.TempPathFactory) -> LogicalScenario:
    file = tmp_path_factory.mktemp("telltale_folder") / FILE
    file.write_text(SCENARIO)
    return load_scenario(file)


@pytest.fixture(scope="module")
def shown(logical: LogicalScenario) -> Iterator[tuple[Simulation, list[object]]]:
    """The simulation, and everything its policy gets to see in a second that holds the event."""
    simulation = Simulation(logical.concrete(SEED))
    things: list[object] = [simulation.brief, simulation.reset()]
    for _ in range(10):
        simulation.step(Decision(control=Control(0.0, 0.0)))
        things.append(simulation.observe())
    yield simulation, [simulation.brief, *things]
    simulation.close()


def test_no_word_of_the_script_can_be_reached(shown: tuple[Simulation, list[object]]) -> None:
    for thing in shown[1]:
        for path, part in reachable(thing):
            if isinstance(part, str | bytes):
                text = part.decode("utf-8", "replace") if isinstance(part, bytes) else part
                assert "telltale" not in text.lower(), f"{path} says {text!r}"
            assert part is not shown[0].scenario and part is not shown[0].state, path
            kind = type(part)
            assert not kind.__module__.startswith(("alpasim.scenario", "alpasim.traffic", "alpasim.world")), (
                f"{path}: {kind}"
            )


def test_neither_seed_nor_drawn_parameters_can_be_reached(shown: tuple[Simulation, list[object]]) -> None:
    drawn = {float(value) for value in shown[0].scenario.parameters.values() if isinstance(value, float)}
    assert drawn
    for thing in shown[1]:
        for path, part in reachable(thing):
            if isinstance(part, int | float) and not isinstance(part, bool):
                assert part != SEED, path
                assert float(part) not in drawn, path
            if isinstance(part, np.ndarray) and part.dtype.kind in "iuf":
                assert not np.isin(part, [float(SEED), *drawn]).any(), path


def test_what_is_shown_is_values_and_arrays_that_cannot_be_written(shown: tuple[Simulation, list[object]]) -> None:
    for thing in shown[1]:
        for path, part in reachable(thing):
            assert not isinstance(part, types.FunctionType | types.MethodType | types.GeneratorType), path
            if isinstance(part, np.ndarray):
                assert not part.flags.writeable, f"{path} can be written"
            if dataclasses.is_dataclass(part) and not isinstance(part, type):
                assert part.__dataclass_params__.frozen, path  # type: ignore[attr-defined]


def test_track_ids_are_opaque_and_order_says_nothing(shown: tuple[Simulation, list[object]]) -> None:
    simulation, things = shown
    observations = [thing for thing in things if hasattr(thing, "tracks")]
    rows = simulation.scenario.ids
    for observation in observations:
        ids: Any = observation.tracks.ids  # type: ignore[attr-defined]
        assert len(set(ids.tolist())) == len(ids)
        assert not set(ids.tolist()) & set(range(len(rows) + 1)), "ids count the rows of the script"
    names = simulation.track_actors
    assert {names[track] for track in observations[0].tracks.ids.tolist()} == {"telltale_cutter", "telltale_walker"}  # type: ignore[attr-defined]


def test_another_seed_gives_other_track_ids_and_the_same_seed_the_same(logical: LogicalScenario) -> None:
    def ids(seed: int) -> list[int]:
        simulation = Simulation(logical.concrete(seed))
        try:
            return sorted(simulation.reset().tracks.ids.tolist())
        finally:
            simulation.close()

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)


def test_neither_seed_nor_rows_are_found_by_trying_seeds(logical: LogicalScenario) -> None:
    simulation = Simulation(logical.concrete(7))
    try:
        seen = set(simulation.reset().tracks.ids.tolist())
        policy_seed = simulation.brief.policy_seed
    finally:
        simulation.close()
    for tried in range(100):
        for purpose in range(4):
            guess = np.random.SeedSequence(tried, spawn_key=(purpose,))
            assert int(guess.generate_state(1)[0]) != policy_seed
            drawn = 1_000 + np.random.default_rng(guess).permutation(9_000)[: len(simulation.scenario.ids)]
            assert not seen <= set(drawn.tolist()), "whoever knows the seed knows the rows"


def test_what_is_random_depends_on_the_scenario_and_not_on_values_set_by_hand(
    logical: LogicalScenario, tmp_path: Path
) -> None:
    def shown_of(scenario: Scenario) -> tuple[int, list[int]]:
        simulation = Simulation(scenario)
        try:
            return simulation.brief.policy_seed, sorted(simulation.reset().tracks.ids.tolist())
        finally:
            simulation.close()

    other = tmp_path / FILE
    other.write_text(SCENARIO.replace("Telltale title", "Another title"))
    here = shown_of(logical.concrete(1))
    assert shown_of(load_scenario(other).concrete(1)) != here
    other.write_text(SCENARIO)
    assert shown_of(load_scenario(other).concrete(1)) == here
    assert shown_of(logical.concrete(1, {"telltale_parameter_m": 50.0})) == here


def test_the_walk_finds_what_is_hidden() -> None:
    class Slotted:
        __slots__ = ("inside",)

        def __init__(self, inside: object) -> None:
            self.inside = inside

    secret = "telltale"
    base = np.array(["telltale"], dtype=object)
    for hiding in (Slotted([secret]), lambda: secret, Slotted(secret).__init__, base[:1], {"a": {secret}}, {secret: 1}):
        assert any(isinstance(part, str) and part == secret for _, part in reachable(hiding)), hiding
