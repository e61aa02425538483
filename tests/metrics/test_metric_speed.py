"""Speed against the limit (20 m/s on the test road), final and largest speed, deceleration."""

from __future__ import annotations

import pytest
from builders import Body, Scene, make_scenario, make_state, measured, results_of, straight_states


def test_within_the_limit() -> None:
    results = results_of(make_scenario(), straight_states(Body(10, speed=20), steps=10))
    assert results["speed_limit_excess_mps"].value == pytest.approx(0.0, abs=1e-9)
    assert results["speed_limit_compliance"].value == 1.0
    assert results["final_speed"].value == pytest.approx(20.0)


def test_nuplans_score_in_closed_form() -> None:
    # 1.115 m/s too fast throughout is half of 2.23 m/s.
    results = results_of(make_scenario(), straight_states(Body(10, speed=21.115), steps=40))
    assert results["speed_limit_excess_mps"].value == pytest.approx(1.115)
    assert results["speed_limit_excess_integral_m"].value == pytest.approx(1.115 * 4.0)
    assert results["speed_limit_compliance"].value == pytest.approx(0.5)


def test_the_score_does_not_fall_below_zero() -> None:
    results = results_of(make_scenario(), straight_states(Body(10, speed=40), steps=10))
    assert results["speed_limit_compliance"].value == 0.0


def test_no_posted_limit_is_never_exceeded() -> None:
    scenario = make_scenario(Scene(limit=float("inf")))
    results = results_of(scenario, straight_states(Body(10, speed=50), steps=10))
    assert results["speed_limit_excess_mps"].value == 0.0


def test_off_the_lanes_the_limit_is_not_known() -> None:
    results = results_of(make_scenario(), straight_states(Body(10, -30, speed=50), steps=10))
    assert not results["speed_limit_excess_mps"].valid


def test_extremes_and_the_end() -> None:
    speeds = [5.0, 9.0, 3.0]
    states = [make_state(Body(10 + i, speed=speed), step=i) for i, speed in enumerate([0.0, *speeds])]
    results = results_of(make_scenario(), states)
    assert results["max_speed"].value == 9.0
    assert results["final_speed"].value == 3.0


def test_deceleration_leaves_impacts_out() -> None:
    states = [
        make_state(Body(50, speed=10), Body(55.2)),
        make_state(Body(51, speed=9.4), Body(55.2), step=1, acceleration=(-6.0, 0.0)),
        make_state(Body(51.5, speed=0), Body(55.4), step=2, acceleration=(-94.0, 0.0)),
    ]
    metrics = measured(make_scenario(Scene(actors=1)), states)
    assert metrics.results()["max_deceleration"].value == pytest.approx(6.0)
    assert not metrics.values_by_name()["max_deceleration"].valid


def test_speeding_up_is_no_deceleration() -> None:
    states = [make_state(Body(50, speed=10)), make_state(Body(51, speed=11), step=1, acceleration=(10.0, 0.0))]
    assert results_of(make_scenario(), states)["max_deceleration"].value == 0.0


def test_in_reverse_speeding_up_backwards_is_no_deceleration_and_braking_is() -> None:
    states = [
        make_state(Body(50)),
        make_state(Body(49.9, speed=-2), step=1, acceleration=(-20.0, 0.0)),
        make_state(Body(49.7, speed=-1.5), step=2, acceleration=(5.0, 0.0)),
    ]
    assert results_of(make_scenario(), states)["max_deceleration"].value == pytest.approx(5.0)
