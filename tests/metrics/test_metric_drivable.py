"""Off road, distance to the border, and driving against the flow, on a road whose border lies at y = -2 and y = 10."""

from __future__ import annotations

import math

import pytest
from builders import Body, Scene, make_scenario, make_state, measured, results_of, straight_states

from alpasim.metrics.drivable import direction_compliance, is_offroad


def offroad_at(y: float, yaw: float = 0.0) -> dict[str, float]:
    states = straight_states(Body(100, y, yaw=yaw), steps=1)
    results = results_of(make_scenario(), states)
    return {name: results[name].value for name in ("offroad", "min_distance_to_lane_boundary_m")}


def test_in_lane_the_border_is_as_far_as_the_lane_leaves_room() -> None:
    # Lane 4 m wide, car 2 m wide: 1 m to the right border.
    assert offroad_at(0.0) == {"offroad": 0.0, "min_distance_to_lane_boundary_m": pytest.approx(1.0)}


@pytest.mark.parametrize(("y", "off"), [(-1.29, 0.0), (-1.31, 1.0), (-3.5, 1.0), (-9.0, 1.0), (9.29, 0.0), (9.31, 1.0)])
def test_off_road_from_the_tolerance_on_and_however_far_out(y: float, off: float) -> None:
    # The side lies 1 m from the centre: it is 0.3 m out at y = -1.3.
    assert offroad_at(y) == {"offroad": off, "min_distance_to_lane_boundary_m": pytest.approx(0.0)}


def test_the_tolerance_itself_is_still_on_the_road() -> None:
    assert not is_offroad(-0.3)
    assert is_offroad(math.nextafter(-0.3, -1.0))
    assert not is_offroad(0.0)


def test_one_corner_is_enough() -> None:
    # Turned by 45 degrees the corner reaches (2 + 1) / sqrt(2) = 2.12 m to the right.
    assert offroad_at(-0.1, yaw=-math.pi / 4)["offroad"] == 0.0
    assert offroad_at(-0.2, yaw=-math.pi / 4)["offroad"] == 1.0


def test_oncoming_lanes_are_road_but_the_wrong_lane() -> None:
    states = straight_states(Body(100, 8.0, speed=10), steps=3)
    results = results_of(make_scenario(), states)
    assert results["offroad"].value == 0.0
    assert results["wrong_lane"].value == 1.0


def test_facing_backwards_in_an_oncoming_lane_is_right() -> None:
    states = straight_states(Body(100, 8.0, yaw=math.pi, speed=10), steps=3)
    results = results_of(make_scenario(), states)
    assert results["wrong_lane"].value == 0.0
    assert results["against_flow_m"].value == 0.0


@pytest.mark.parametrize(
    ("degrees", "wrong"),
    [(0, 0), (119.9, 0), (120.1, 1), (180, 1), (-119.9, 0), (-120.1, 1), (359, 0), (-300, 0), (539, 1)],
)
def test_wrong_lane_wraps_the_angle(degrees: float, wrong: float) -> None:
    states = straight_states(Body(100, 0.0, yaw=math.radians(degrees)), steps=1)
    assert results_of(make_scenario(), states)["wrong_lane"].value == wrong


def test_wrong_lane_is_not_measurable_off_the_lanes() -> None:
    metrics = measured(make_scenario(), straight_states(Body(100, -20.0), steps=2))
    assert not metrics.results()["wrong_lane"].valid
    assert metrics.results()["offroad"].value == 1.0


def test_against_flow_sums_one_second_of_way() -> None:
    # 5 m/s against the lane for 3 s: 5 m within any full second.
    states = straight_states(Body(100, 8.0, speed=5), steps=30)
    results = results_of(make_scenario(), states)
    assert results["against_flow_m"].value == pytest.approx(5.0)
    assert results["driving_direction_compliance"].value == 0.5


def test_backing_in_ones_own_lane_is_against_the_flow() -> None:
    states = straight_states(Body(100, 0.0, speed=-7), steps=30)
    results = results_of(make_scenario(), states)
    assert results["against_flow_m"].value == pytest.approx(7.0)
    assert results["driving_direction_compliance"].value == 0.0
    assert results["wrong_lane"].value == 0.0


@pytest.mark.parametrize(("way", "score"), [(0, 1), (2, 1), (2.001, 0.5), (6, 0.5), (6.001, 0)])
def test_direction_compliance_has_nuplans_bounds(way: float, score: float) -> None:
    assert direction_compliance(way) == score


def test_incidents_join_off_road_and_collision() -> None:
    hit = [make_state(Body(100), Body(95, speed=20)), make_state(Body(100), Body(97, speed=20), step=1)]
    results = results_of(make_scenario(Scene(actors=1)), hit)
    assert results["offroad_or_collision"].value == 1.0
    assert results["offroad_or_collision_at_fault"].value == 0.0
    out = results_of(make_scenario(), straight_states(Body(100, -3.0), steps=1))
    assert out["offroad_or_collision"].value == 1.0
    assert out["offroad_or_collision_at_fault"].value == 1.0
