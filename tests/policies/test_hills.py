"""The reference driver on roads that rise: it stops within what a crest lets it see, holds its speed, and stands still."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alpasim_policies.driving import Driver
from alpasim_policies.parameters import DriverParameters
from alpasim_policies.reasoner import Reasoner
from alpasim_policies.route_kernels import SIGHT_SPEED
from alpasim_policies.sight import seen_ahead, sight_speeds
from driver_scenes import brief, observe, straight

from alpasim.reasoning.record import vocabulary_faults
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import EndReason, FloatArray, WorldState

P = DriverParameters()
HILL = """schema: alpasim/scenario@1
title: A hill
road: {{straight: {{lanes: 1, oncoming_lanes: 1, length_m: 900, shoulder_m: 1.0, speed_limit_kph: 80}}}}
relief:
  - grade: {{from_s_m: 100, to_s_m: 450, grade_percent: {up}, ease_m: 40}}
  - grade: {{from_s_m: 450, to_s_m: 800, grade_percent: {down}, ease_m: 40}}
perception: {{min_visible: 0.1}}
ego: {{vehicle: sedan, lane: 1, s_m: 40, speed_kph: 78, goal: {{s_m: 860}}}}
actors: {actors}
end: {{time_limit_s: 60}}
expect: [no_collision]
"""


def crest(radius_m: float) -> tuple[FloatArray, FloatArray]:
    """A parabola that is level in the middle: s and height."""
    s = np.arange(0.0, 400.5, 0.5)
    return s, -((s - 200.0) ** 2) / (2.0 * radius_m)


def driven(folder: Path, up: float, down: float, actors: str = "{}") -> tuple[list[WorldState], EndReason | None]:
    """Every state of a drive over a hill, and how it ended."""
    file = folder / "hill.scn.yaml"
    file.write_text(HILL.format(up=up, down=down, actors=actors), encoding="utf-8")
    simulation, policy = Simulation(load_scenario(file).concrete(0)), Reasoner()
    states = [] if simulation.reset() is None else [simulation.state]
    policy.reset(simulation.brief)
    while simulation.end_reason is None:
        decision = policy.decide(simulation.observe())
        assert decision.reasoning is not None and vocabulary_faults(decision.reasoning) == ()
        simulation.step(decision)
        states.append(simulation.state)
    simulation.close()
    return states, simulation.end_reason


@pytest.mark.parametrize("radius_m", [500.0, 1500.0])
def test_a_crest_is_seen_over_as_far_as_its_circle_says(radius_m: float) -> None:
    s, height = crest(radius_m)
    eye, thing = 1.45, 0.15
    seen = seen_ahead(s, height, eye, thing, 300.0)
    # On a parabola the line of sight touches where it is sqrt(2 R h) away, from the eye and from the thing.
    expected = math.sqrt(2.0 * radius_m * eye) + math.sqrt(2.0 * radius_m * thing)
    assert seen[100] == pytest.approx(expected, abs=1.0)


def test_a_level_road_and_a_hollow_hide_nothing() -> None:
    s, height = crest(800.0)
    assert np.isinf(seen_ahead(s, -height, 1.45, 0.15, 200.0)).all()
    assert np.isinf(sight_speeds(P, s, np.zeros_like(s), 1.45, 3.0)).all()


def test_from_the_speed_of_sight_the_ego_stops_before_what_it_cannot_see() -> None:
    s, height = crest(500.0)
    seen, speeds = (
        seen_ahead(s, height, 1.45, P.sight_object_m, P.sight_farthest_m),
        sight_speeds(P, s, height, 1.45, 3.0),
    )
    way = speeds * P.reaction_s + speeds**2 / (2.0 * P.sight_deceleration)
    hidden = np.isfinite(seen)
    assert hidden.any() and way[hidden] + 3.0 + P.standstill_gap_m == pytest.approx(seen[hidden])


def test_the_driver_slows_for_a_crest_and_says_so() -> None:
    route = straight(400.0, limit_mps=22.0)
    s, height = crest(400.0)
    hill = replace(route, height=np.interp(route.s, s, height))
    assert np.isfinite(Driver(brief(hill)).table[:, SIGHT_SPEED]).any()
    assert np.isinf(Driver(brief(route)).table[:, SIGHT_SPEED]).all()
    policy = Reasoner()
    policy.reset(brief(hill))
    now = observe(hill, (60.0, 0.0, 0.0), 22.0)
    for step in range(4):
        said = policy.decide(replace(now, step=step, time_us=step * 100_000)).reasoning
    assert said is not None and said.longitudinal == "speed_adaptation"
    assert said.factors[0].category == "odd_constraint" and "a crest hides" in said.text


@pytest.mark.parametrize("grade, first_m, last_m", [(8.0, 150.0, 260.0), (-8.0, 350.0, 430.0)])
def test_away_from_crests_it_holds_its_speed(tmp_path: Path, grade: float, first_m: float, last_m: float) -> None:
    states, end = driven(tmp_path, grade, 0.0)
    speeds = [state.ego.speed_mps for state in states if first_m < state.position[0, 0] < last_m]
    wanted = P.limit_share * 80.0 / 3.6
    assert end is EndReason.GOAL_REACHED
    assert wanted - 0.5 < min(speeds) and max(speeds) < wanted + 0.3


@pytest.mark.parametrize("at_m", [465.0, 480.0, 520.0])
def test_it_stops_before_cargo_that_lies_behind_a_crest(tmp_path: Path, at_m: float) -> None:
    cargo = f"{{box: {{kind: debris, place: {{lane: 1, s_m: {at_m}}}, drive: parked, size_m: [1.0, 1.8, 0.45]}}}}"
    states, end = driven(tmp_path, 8.0, -9.0, cargo)
    assert end is EndReason.TIME_LIMIT  # the only way past leads over the oncoming lane
    last = [float(state.position[0, 0]) for state in states[-50:]]
    assert last[-1] - last[0] < 0.05 and at_m - 12.0 < last[-1] < at_m - 2.8
