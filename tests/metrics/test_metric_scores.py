"""Scores from results: the scene score, expectations and margins, pass, kilometres per incident, means over the plan."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.metrics.protocol import INVALID
from alpasim.metrics.scores import (
    expectation_result,
    expectation_results,
    km_per_at_fault_incident,
    pass_margin,
    rollout_passed,
    scene_score,
)
from alpasim.scenario.concrete import Expectation
from alpasim.types import MetricValue


def results(fault: float = 0, offroad: float = 0, length: float = 100, progress: float = 1) -> dict[str, MetricValue]:
    return {
        "collision_at_fault": MetricValue(fault),
        "offroad": MetricValue(offroad),
        "gt_dist_traveled_m": MetricValue(length),
        "progress_rel_to_total": MetricValue(progress),
    }


@pytest.mark.parametrize(
    ("given_results", "score"),
    [
        (results(), 1.0),
        (results(progress=0.8), 1.0),
        (results(progress=0.4), 0.5),
        (results(progress=0.0), 0.0),
        (results(fault=1), 0.0),
        (results(offroad=1), 0.0),
        (results(fault=1, length=1), 0.0),
        (results(length=4.999, progress=0.0), 1.0),
        (results(length=5.0, progress=0.4), 0.5),
        (results(progress=7.0), 1.0),
        (results(progress=-7.0), 0.0),
    ],
)
def test_scene_score(given_results: dict[str, MetricValue], score: float) -> None:
    assert scene_score(given_results) == MetricValue(pytest.approx(score))


values = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0, 5.0, 0.8]))
metric_values = st.builds(MetricValue, values, st.booleans())


@given(
    st.dictionaries(
        st.sampled_from(["collision_at_fault", "offroad", "gt_dist_traveled_m", "progress_rel_to_total"]), metric_values
    )
)
def test_scene_score_stays_between_0_and_1_or_says_that_it_cannot(given_results: dict[str, MetricValue]) -> None:
    score = scene_score(given_results)
    assert not score.valid or 0.0 <= score.value <= 1.0


@pytest.mark.parametrize("missing", list(results()))
def test_scene_score_without_an_input_is_not_measurable(missing: str) -> None:
    left = results()
    del left[missing]
    assert not scene_score(left).valid
    assert not scene_score({**results(), missing: INVALID}).valid


def test_what_decides_alone_needs_nothing_else() -> None:
    assert scene_score({"offroad": MetricValue(1.0)}) == MetricValue(0.0)
    assert scene_score({**results(length=3), "progress_rel_to_total": INVALID}) == MetricValue(1.0)


def at_least(metric: str, bound: float, required: bool = True) -> Expectation:
    return Expectation(f"{metric} >= {bound}", metric, "at_least", bound, required)


def at_most(metric: str, bound: float, required: bool = True) -> Expectation:
    return Expectation(f"{metric} <= {bound}", metric, "at_most", bound, required)


@pytest.mark.parametrize(
    ("expectation", "margin", "passed"),
    [
        (at_least("m", 1.0), 0.5, True),
        (at_least("m", 1.5), 0.0, True),
        (at_least("m", 2.0), -0.5, False),
        (at_most("m", 2.0), 0.5, True),
        (at_most("m", 1.5), 0.0, True),
        (at_most("m", 1.0), -0.5, False),
    ],
)
def test_margins_are_signed_so_that_0_is_enough(expectation: Expectation, margin: float, passed: bool) -> None:
    found = expectation_result(expectation, {"m": MetricValue(1.5)})
    assert found.margin == pytest.approx(margin)
    assert (found.passed, found.valid, found.note) == (passed, True, "")


def test_what_cannot_be_measured_fails_and_says_so() -> None:
    found = expectation_result(at_most("time_to_goal", 10.0), {"time_to_goal": INVALID})
    assert (found.passed, found.valid, found.note) == (False, False, "not measurable in this drive")
    assert math.isnan(found.margin)
    unknown = expectation_result(at_most("nonsense", 10.0), {})
    assert (unknown.passed, unknown.note) == (False, "not among the metrics of this drive")


@pytest.mark.parametrize("metric", ["time_to_collision", "min_distance_to_obstacle_m", "time_headway"])
def test_with_nothing_to_keep_away_from_a_lower_bound_is_kept(metric: str) -> None:
    found = expectation_result(at_least(metric, 1.0), {metric: INVALID})
    assert (found.passed, found.valid, found.margin) == (True, False, math.inf)
    assert found.note == "nothing was there to keep away from"
    assert not expectation_result(at_most(metric, 1.0), {metric: INVALID}).passed
    assert not expectation_result(at_least(metric, 1.0), {}).passed


def test_a_pass_needs_every_required_expectation_and_a_drive_that_ended() -> None:
    found = {"a": MetricValue(1.0), "b": MetricValue(0.0)}
    good, bad, wish = at_least("a", 1.0), at_least("b", 1.0), at_least("b", 1.0, required=False)
    assert rollout_passed(True, expectation_results([good, wish], found))
    assert not rollout_passed(True, expectation_results([good, bad], found))
    assert not rollout_passed(False, expectation_results([good], found))
    assert rollout_passed(True, ())


def test_the_pass_margin_is_the_smallest_relative_one() -> None:
    found = {"a": MetricValue(12.0), "b": MetricValue(0.5)}
    both = expectation_results([at_least("a", 10.0), at_most("b", 0.0), at_least("b", 9.0, required=False)], found)
    assert pass_margin(both) == MetricValue(pytest.approx(-0.5))
    assert pass_margin(both[:1]) == MetricValue(pytest.approx(0.2))
    assert not pass_margin(()).valid
    assert not pass_margin(expectation_results([at_least("c", 1.0)], found)).valid


def test_what_is_only_true_or_false_leaves_the_margin_to_the_others_unless_it_fails() -> None:
    found = {"hit": MetricValue(0.0), "gap": MetricValue(2.5), "arrived": MetricValue(1.0)}
    wanted = expectation_results([at_most("hit", 0.0), at_least("arrived", 1.0), at_least("gap", 2.0)], found)
    assert pass_margin(wanted, {"hit", "arrived"}) == MetricValue(pytest.approx(0.25))
    assert pass_margin(wanted[:2], {"hit", "arrived"}) == MetricValue(0.0)
    crashed = expectation_results([at_most("hit", 0.0), at_least("gap", 2.0)], {**found, "hit": MetricValue(1.0)})
    assert pass_margin(crashed, {"hit"}) == MetricValue(-1.0)


def drive(metres: float, incident: float) -> dict[str, MetricValue]:
    return {"dist_traveled_m": MetricValue(metres), "offroad_or_collision_at_fault": MetricValue(incident)}


def test_kilometres_per_incident() -> None:
    found = km_per_at_fault_incident([drive(3000, 0), drive(1000, 1), drive(2000, 0), drive(500, 1)])
    assert (found.km, found.distance_km, found.incidents, found.planned) == (3.25, 6.5, 2, 4)


def test_no_incident_is_infinitely_many_kilometres() -> None:
    assert km_per_at_fault_incident([drive(3000, 0)]).km == math.inf
    assert km_per_at_fault_incident([]).km == math.inf


def test_broken_drives_count_as_incidents_without_way() -> None:
    found = km_per_at_fault_incident([drive(3000, 0), None])
    assert (found.km, found.incidents, found.broken, found.planned) == (3.0, 0, 1, 2)
