"""Progress and distances along the route and along a recorded path."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from builders import (
    Body,
    Scene,
    built_in_metrics,
    make_scenario,
    make_state,
    make_step,
    measured,
    results_of,
    route_of,
    straight_states,
)

from alpasim.metrics.recorder import Metrics
from alpasim.scenario.concrete import Scenario
from alpasim.types import MetricValue, WorldState

# 10 m/s along lane 1 for 10 s, one pose a second.
RECORDED = [(float(t), 10.0 * t, 0.0, 0.0) for t in range(11)]


def test_on_a_route_progress_counts_from_start_to_goal() -> None:
    scenario = make_scenario(Scene(start_s=20, goal_s=120))
    metrics = measured(scenario, straight_states(Body(20, speed=10), steps=30))
    results = metrics.results()
    assert metrics.reference == "route"
    assert results["progress"].value == pytest.approx(0.3)
    assert results["progress_rel_to_total"].value == pytest.approx(0.3)
    assert results["gt_dist_traveled_m"].value == pytest.approx(100.0)
    assert results["dist_traveled_m"].value == pytest.approx(30.0)


def test_what_needs_a_clock_is_not_measurable_on_a_route() -> None:
    results = results_of(make_scenario(), straight_states(Body(0, speed=10), steps=30))
    assert not results["progress_rel"].valid
    assert not results["dist_to_gt_location"].valid


def test_progress_is_clipped() -> None:
    scenario = make_scenario(Scene(start_s=100, goal_s=110))
    assert results_of(scenario, straight_states(Body(100, speed=-10), steps=20))["progress"].value == 0.0
    assert results_of(scenario, straight_states(Body(100, speed=10), steps=20))["progress"].value == 1.0


def test_progress_on_a_route_without_length_is_not_measurable() -> None:
    results = results_of(make_scenario(Scene(start_s=50, goal_s=50)), straight_states(Body(50), steps=2))
    assert not results["progress"].valid
    assert results["gt_dist_traveled_m"].value == 0.0


def test_recorded_path_and_clock() -> None:
    # The ego drives 8 m/s one metre to the left of the recording's 10 m/s.
    scenario = make_scenario(Scene(recorded=RECORDED))
    metrics = measured(scenario, straight_states(Body(0, 1.0, speed=8), steps=50))
    results = metrics.results()
    assert metrics.reference == "recorded"
    assert results["gt_dist_traveled_m"].value == pytest.approx(100.0)
    assert results["progress"].value == pytest.approx(0.4)
    assert results["progress_rel"].value == pytest.approx(0.8)
    assert results["dist_to_gt_trajectory"].value == pytest.approx(1.0)
    assert results["dist_to_gt_location"].value == pytest.approx(math.hypot(10.0, 1.0))


def test_after_the_recording_ends_its_clock_says_nothing() -> None:
    scenario = make_scenario(Scene(recorded=RECORDED[:3]))
    metrics = measured(scenario, straight_states(Body(0, speed=10), steps=25))
    assert not metrics.values_by_name()["dist_to_gt_location"].valid
    assert metrics.results()["dist_to_gt_location"].value == pytest.approx(0.0, abs=1e-9)
    # Five metres past the end of the path.
    assert metrics.results()["dist_to_gt_trajectory"].value == pytest.approx(5.0)
    assert metrics.results()["progress"].value == 1.0


def test_a_recording_that_never_moves_has_no_progress_but_a_distance() -> None:
    scenario = make_scenario(Scene(recorded=[(0.0, 50.0, 0.0, 0.0), (5.0, 50.0, 0.0, 0.0)]))
    results = results_of(scenario, straight_states(Body(50, speed=3), steps=10))
    assert not results["progress"].valid
    assert results["gt_dist_traveled_m"].value == 0.0
    assert results["dist_to_gt_trajectory"].value == pytest.approx(3.0, abs=2e-3)


def test_the_first_metre_of_a_recording_gives_no_ratio() -> None:
    scenario = make_scenario(Scene(recorded=[(0.0, 0.0, 0.0, 0.0), (10.0, 10.0, 0.0, 0.0)]))
    metrics = measured(scenario, straight_states(Body(0, speed=2), steps=9))
    assert not metrics.results()["progress_rel"].valid
    metrics = measured(scenario, straight_states(Body(0, speed=2), steps=10))
    assert metrics.results()["progress_rel"].value == pytest.approx(2.0)


def test_a_route_that_crosses_itself_does_not_make_progress_jump() -> None:
    # A loop: 100 m east, then round and back across the first stretch at x = 50, going south.
    line = [(x, 0.0) for x in range(0, 101, 5)]
    line += [(100.0 + 25 * math.sin(a), 25 - 25 * math.cos(a)) for a in np.linspace(0.1, math.pi, 20)]
    line += [(x, 50.0) for x in range(95, 74, -5)]
    line += [(75 - 25 * math.sin(a), 25 + 25 * math.cos(a)) for a in np.linspace(0.1, math.pi / 2, 10)]
    line += [(50.0, y) for y in range(20, -41, -5)]
    scenario = make_scenario(route=route_of(line))
    walk = [make_state(Body(2.0 * i, speed=20), step=i) for i in range(40)]  # straight over the crossing at x = 50
    along = [m.value for m in _series(scenario, walk, "progress")]
    length = scenario.ego.route.length_m
    assert along == pytest.approx([2.0 * i / length for i in range(1, 40)])


def test_way_is_summed_over_bends() -> None:
    states = [make_state(Body(100, 0)), make_state(Body(103, 4), step=1), make_state(Body(103, 0), step=2)]
    assert results_of(make_scenario(), states)["dist_traveled_m"].value == pytest.approx(9.0)


def _series(scenario: Scenario, states: list[WorldState], name: str) -> Iterator[MetricValue]:
    metrics = Metrics(scenario, metrics=built_in_metrics())
    metrics.reset(states[0])
    for before, after in pairwise(states):
        yield metrics.update(make_step(before, after)).by_name()[name]
