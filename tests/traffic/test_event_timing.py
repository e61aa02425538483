"""Events fire once, at the first step whose state meets all their conditions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from traffic_scenes import actor, drive, motorway, on_lane, road, scenario, straight_route

from alpasim.scenario.concrete import Action, Condition, Event, Scenario
from alpasim.scenario.triggers import (
    ChangeLaneAction,
    DistanceCondition,
    PositionCondition,
    SpeedAction,
    StopAction,
    TimeCondition,
    TimeHeadwayCondition,
)
from alpasim.traffic.events import Ways, headway
from alpasim.traffic.follow import FollowOptions
from alpasim.types import WorldState

STOP = Action(1, "stop", StopAction(decel_mps2=3.0))


def fired_at(states: list[WorldState], name: str) -> list[int]:
    """Steps whose states met the event: the name stands in the state that follows."""
    return [state.step - 1 for state in states if name in state.events]


def car_from(x: float, speed: float, *events: Event, ego_x: float = 0.0, ego_speed: float = 0.0) -> Scenario:
    network = motorway()
    _, y, yaw = on_lane(network, 100.0, 1)
    return scenario(network, [actor("car", (x, y, yaw), speed)], events, ego_pose=(ego_x, y, 0.0), ego_speed=ego_speed)


@pytest.mark.parametrize(("after_s", "step"), [(0.0, 0), (0.3, 3), (0.31, 4), (1.0, 10)])
def test_time(after_s: float, step: int) -> None:
    event = Event("go", (Condition("time", TimeCondition(after_s=after_s)),), (STOP,))
    states = drive(car_from(200.0, 20.0, event), 20)
    assert fired_at(states, "go") == [step]
    assert states[step].velocity[1, 0] == pytest.approx(20.0)
    assert states[step + 1].velocity[1, 0] == pytest.approx(20.0 - 0.3)


def test_distance_is_box_to_box() -> None:
    """The car drives away at 20 m/s from the standing ego's pursuer: gap 200 - 4.5 - 30 k * 0.1 < 100 first at k = 32."""
    options = DistanceCondition(of="ego", to="car", below_m=100.0)
    event = Event("near", (Condition("distance", options, of=0, to=1),), (STOP,))
    states = drive(car_from(200.0, 20.0, event, ego_speed=50.0), 60)
    assert fired_at(states, "near") == [32]


def test_time_headway_counts_another_lane_and_fires_once() -> None:
    """Ego at 30 behind a car at 20 in the lane beside: gap 60.5 - 1 k < 30 (1 s at 30 m/s) first at k = 31."""
    network = motorway()
    x, y, yaw = on_lane(network, 165.0, 2)
    _, y_ego, _ = on_lane(network, 100.0, 1)
    options = TimeHeadwayCondition(of="ego", to="cutter", below_s=1.0)
    action = Action(1, "change_lane", ChangeLaneAction(to="right", over_s=2.0))
    event = Event("cut_in", (Condition("time_headway", options, of=0, to=1),), (action,))
    scene = scenario(
        network, [actor("cutter", (x, y, yaw), 20.0)], [event], ego_pose=(100.0, y_ego, 0.0), ego_speed=30.0
    )
    states = drive(scene, 70)
    assert fired_at(states, "cut_in") == [31]
    assert states[31].position[1, 1] == pytest.approx(y)
    assert states[52].position[1, 1] == pytest.approx(y_ego)


def test_headway_of_somebody_behind_or_beside_or_standing_is_infinite() -> None:
    def ahead(of: int, to: int, x: float, speed: float) -> float:
        scene = car_from(x, speed, ego_x=100.0, ego_speed=20.0)
        return headway(drive(scene, 1)[0], of, to, Ways(scene))

    assert ahead(0, 1, 150.0, 0.0) == pytest.approx(45.5 / 20.0)
    assert ahead(0, 1, 50.0, 0.0) == math.inf
    assert ahead(0, 1, 103.0, 0.0) == math.inf
    assert ahead(1, 0, 50.0, 10.0) == pytest.approx(45.5 / 10.0)
    assert ahead(1, 0, 50.0, 0.0) == math.inf


def test_headway_follows_the_bend_of_the_lane() -> None:
    network = road(curve={"lanes": 1, "radius_m": 60, "angle_deg": 170, "speed_limit_kph": 50})
    cars = [actor("back", on_lane(network, 20.0), 10.0), actor("front", on_lane(network, 120.0), 10.0)]
    scene = scenario(network, cars)
    along = (120.0 - 20.0) * (60 + 1.75) / 60.0
    found = headway(drive(scene, 0)[0], 1, 2, Ways(scene))
    assert found == pytest.approx((along - 4.5) / 10.0, rel=0.01)


@pytest.mark.parametrize(
    "options",
    [
        PositionCondition(of="car", s_m=230.0),
        PositionCondition(of="car", region=((230.0, -50.0), (260.0, -50.0), (260.0, 50.0), (230.0, 50.0))),
    ],
)
def test_position_of_the_box_centre(options: PositionCondition) -> None:
    """From 200 at 20 m/s: 200 + 2 k >= 230 first at k = 15."""
    event = Event("there", (Condition("position", options, of=1),), (STOP,))
    assert fired_at(drive(car_from(200.0, 20.0, event), 40), "there") == [15]


def test_position_within_a_circle() -> None:
    scene = car_from(200.0, 20.0)
    y = scene.actors[0].pose[1]
    options = PositionCondition(of="car", x_m=250.0, y_m=y, within_m=11.0)
    event = Event("near", (Condition("position", options, of=1),), (STOP,))
    assert fired_at(drive(car_from(200.0, 20.0, event), 40), "near") == [20]


def test_all_conditions_must_hold_at_the_same_step() -> None:
    late = Condition("time", TimeCondition(after_s=2.0))
    there = Condition("position", PositionCondition(of="car", s_m=230.0), of=1)
    states = drive(car_from(200.0, 20.0, Event("both", (there, late), (STOP,))), 40)
    assert fired_at(states, "both") == [20]


def test_events_of_one_step_act_in_file_order() -> None:
    now = (Condition("time", TimeCondition(after_s=0.5)),)
    fast = Event("fast", now, (Action(1, "speed", SpeedAction(to_mps=30.0, rate_mps2=2.0)),))
    states = drive(car_from(200.0, 20.0, Event("slow", now, (STOP,)), fast), 10)
    assert [state.events for state in states if state.events] == [("slow", "fast")]
    assert states[-1].velocity[1, 0] > 20.0
    states = drive(car_from(200.0, 20.0, fast, Event("slow", now, (STOP,))), 10)
    assert states[-1].velocity[1, 0] < 20.0


def test_who_was_struck_or_is_gone_is_told_nothing() -> None:
    event = Event("go", (Condition("time", TimeCondition(after_s=0.2)),), (STOP,))
    scene = car_from(200.0, 20.0, event)
    states = drive(scene, 5, struck=[1])
    assert fired_at(states, "go") == [2]
    assert all(np.array_equal(state.position[1], states[0].position[1]) for state in states)


def test_an_absent_actor_meets_no_condition() -> None:
    network = motorway(length_m=300.0)
    options = DistanceCondition(of="a", to="b", below_m=1000.0)
    gone = Condition("time", TimeCondition(after_s=3.0))
    event = Event("near", (gone, Condition("distance", options, of=1, to=2)), ())
    cars = [
        actor("a", on_lane(network, 280.0, 1), 20.0),
        actor("b", on_lane(network, 50.0, 2), 5.0, options=FollowOptions(speed_mps=5.0)),
    ]
    assert fired_at(drive(scenario(network, cars, [event]), 50), "near") == []


def test_route_of_the_scene_is_along_x() -> None:
    """The scenes above rely on it."""
    np.testing.assert_array_equal(straight_route(2.0).centre[:, 1], [2.0, 2.0])
