"""Car following in traffic: strings of cars, lights, bends, ends of lanes, and what actions make of it."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from traffic_scenes import SEDAN, actor, drive, go_on, motorway, on_lane, road, scenario, start

from alpasim import geometry, measures
from alpasim.errors import InputError
from alpasim.road.lanes import Course, Lane
from alpasim.road.network import RoadNetwork
from alpasim.scenario.concrete import Action, Condition, Event
from alpasim.scenario.triggers import ChangeLaneAction, SpeedAction, StopAction, TimeCondition
from alpasim.traffic.follow import FollowOptions
from alpasim.types import ActorKind, WorldState


def at(after_s: float, row: int, kind: str, options: object) -> Event:
    return Event(f"{kind}_{row}", (Condition("time", TimeCondition(after_s=after_s)),), (Action(row, kind, options),))


def speed(state: WorldState, row: int) -> float:
    return float(np.hypot(state.velocity[row, 0], state.velocity[row, 1]))


def nearest_pair(state: WorldState) -> float:
    """Smallest distance between any two boxes that are present."""
    arrays = (state.position, state.yaw, state.extent, state.present)
    return min(float(np.min(measures.distance(*arrays, row))) for row in range(len(state.yaw)))


def test_a_string_of_cars_never_collides_while_its_leader_brakes_and_goes_again() -> None:
    network = motorway(lanes=1, length_m=6000.0)
    cars = [actor(f"car{i}", on_lane(network, 1000.0 - 32.0 * i), 25.0) for i in range(20)]
    events = [at(5.0, 1, "stop", StopAction(decel_mps2=8.0)), at(30.0, 1, "speed", SpeedAction(to_kph=110.0))]
    states = drive(scenario(network, cars, events), 600)
    assert min(nearest_pair(state) for state in states) > 0.5
    assert speed(states[290], 1) == 0.0
    assert speed(states[-1], 1) > 25.0
    assert all(speed(state, row) >= 0.0 for state in states for row in range(1, 21))


def test_random_lawful_traffic_on_three_lanes_never_collides() -> None:
    rng = np.random.default_rng(5)
    network = motorway(curve_radius_m=700.0)
    cars = []
    for lane in (1, 2, 3):
        s = 40.0
        for i in range(10):
            v = float(rng.uniform(18.0, 34.0))
            cars.append(actor(f"car{lane}_{i}", on_lane(network, s, lane), v))
            s += 4.5 + 2.0 + 1.8 * v + float(rng.uniform(0.0, 25.0))
    states = drive(scenario(network, cars), 600)
    assert min(nearest_pair(state) for state in states) > 1.0


@pytest.mark.parametrize("radius", [None, 400.0, -400.0])
@pytest.mark.parametrize(("to", "lane"), [("left", 3), ("right", 1), (3, 3)])
def test_a_lane_change_takes_its_time_and_ends_on_the_centre(radius: float | None, to: str | int, lane: int) -> None:
    network = motorway(length_m=1500.0, **({} if radius is None else {"curve_radius_m": radius}))
    car = actor("car", on_lane(network, 100.0, 2), 25.0)
    states = drive(scenario(network, [car], [at(1.0, 1, "change_lane", ChangeLaneAction(to=to, over_s=3.0))]), 60)
    target = next(one.id for one in network.lanes if network.place("main", lane, 200.0)[3] == one.id)
    places = []
    for state in states:
        _, d = network.project(network.lane_row(target), np.ascontiguousarray(state.position[1:2, :2]))
        places.append(abs(float(d[0])))
    assert places[10] == pytest.approx(3.75, abs=0.02)
    assert places[25] == pytest.approx(3.75 / 2, abs=0.03)
    assert places[40] == pytest.approx(0.0, abs=0.02)
    assert all(later <= earlier + 0.02 for earlier, later in pairwise(places))
    assert speed(states[25], 1) == pytest.approx(math.hypot(25.0, 1.875 * 3.75 / 3.0), rel=0.02)


def test_motion_is_continuous_and_velocity_belongs_to_it() -> None:
    network = motorway(length_m=1500.0, curve_radius_m=300.0)
    car = actor("car", on_lane(network, 100.0, 2), 20.0)
    states = drive(scenario(network, [car], [at(1.0, 1, "change_lane", ChangeLaneAction(to="left", over_s=3.0))]), 80)
    for before, after in pairwise(states[1:]):
        moved = (after.position[1, :2] - before.position[1, :2]) / 0.1
        mean = 0.5 * (after.velocity[1, :2] + before.velocity[1, :2])
        assert np.hypot(*(moved - mean)) < 0.15
        heading = math.atan2(after.velocity[1, 1], after.velocity[1, 0])
        assert abs(geometry.wrap_angle(heading - float(after.yaw[1]))) < 0.02


def test_no_lane_on_that_side_is_an_error_that_names_the_event() -> None:
    network = motorway(lanes=2, shoulder_m=0.0)
    car = actor("car", on_lane(network, 100.0, 2), 25.0)
    scene = scenario(network, [car], [at(0.0, 1, "change_lane", ChangeLaneAction(to="left"))])
    with pytest.raises(InputError, match=r"change_lane_1.*'car'.*left"):
        drive(scene, 1)


def test_a_standing_car_does_not_slide_sideways() -> None:
    network = motorway()
    cars = [
        actor("wall", on_lane(network, 107.0, 2), 0.0, "parked"),
        actor("car", on_lane(network, 100.0, 2), 0.0),
    ]
    states = drive(scenario(network, cars, [at(0.0, 2, "change_lane", ChangeLaneAction(to="left", over_s=2.0))]), 100)
    for before, after in pairwise(states):
        sideways = abs(after.position[2, 1] - before.position[2, 1])
        assert sideways <= 0.6 * abs(after.position[2, 0] - before.position[2, 0]) + 1e-3


def test_speed_over_time_is_a_straight_ramp_that_ends_on_time() -> None:
    network = motorway()
    car = actor("car", on_lane(network, 100.0), 20.0)
    states = drive(scenario(network, [car], [at(1.0, 1, "speed", SpeedAction(to_mps=10.0, over_s=4.0))]), 80)
    assert speed(states[10], 1) == pytest.approx(20.0)
    assert speed(states[30], 1) == pytest.approx(15.0)
    assert speed(states[50], 1) == pytest.approx(10.0)
    assert speed(states[80], 1) == pytest.approx(10.0)


def test_a_stop_covers_the_closed_form_distance_and_stays() -> None:
    network = motorway()
    car = actor("car", on_lane(network, 100.0), 25.0)
    states = drive(scenario(network, [car], [at(0.0, 1, "stop", StopAction(decel_mps2=6.0))]), 80)
    assert states[-1].position[1, 0] - 100.0 == pytest.approx(25.0**2 / 12.0, abs=1e-6)
    assert speed(states[-1], 1) == 0.0


def test_nobody_brakes_harder_than_the_ground_allows() -> None:
    network = motorway()
    car = actor("car", on_lane(network, 100.0), 20.0)
    scene = scenario(network, [car], [at(0.0, 1, "stop", StopAction(decel_mps2=8.0))], friction=0.2)
    states = drive(scene, 20)
    assert speed(states[0], 1) - speed(states[10], 1) == pytest.approx(0.2 * 9.81)


def test_red_holds_back_at_the_line_and_green_lets_go() -> None:
    network = road(x_junction={"arm_length_m": 150, "speed_limit_kph": 50, "signals": {"first": "east_west"}})
    x, y, yaw, lane = network.place("south", 1, 20.0)
    car = actor("car", (x, y, yaw), 13.0, lane=lane)
    states = drive(scenario(network, [car]), 400)
    line = next(one.stop_line for one in network.lanes if one.id == lane)
    assert line is not None
    waiting = [s for s in states if speed(s, 1) < 0.01]
    assert waiting
    front = waiting[0].position[1, 1] + 2.25
    assert 0.0 < float(line[0, 1]) - front < 4.0
    assert states[-1].position[1, 1] > float(line[0, 1]) + 10.0
    ignoring = actor("car", (x, y, yaw), 13.0, lane=lane, options=FollowOptions(ignores=("lights",)))
    through = drive(scenario(network, [ignoring]), 150)
    assert min(speed(s, 1) for s in through) > 5.0


@pytest.mark.parametrize(("turn", "end_yaw"), [("left", math.pi), ("straight", math.pi / 2), ("right", 0.0)])
def test_turns_are_taken_at_a_speed_that_bends_allow(turn: str, end_yaw: float) -> None:
    network = road(x_junction={"arm_length_m": 120, "speed_limit_kph": 50})
    x, y, yaw, lane = network.place("south", 1, 30.0)
    car = actor("car", (x, y, yaw), 13.0, lane=lane, options=FollowOptions(turns=(turn,)))
    states = [s for s in drive(scenario(network, [car], time_limit_s=40.0), 400) if s.present[1]]
    assert abs(geometry.wrap_angle(float(states[-1].yaw[1]) - end_yaw)) < 0.01
    sideways = [abs(speed(s, 1) * float(s.angular_velocity[1, 2])) for s in states[2:]]
    assert max(sideways) < 4.0
    assert (min(speed(s, 1) for s in states) < 10.0) == (turn != "straight")


def test_where_the_road_ends_traffic_drives_off_and_is_gone() -> None:
    network = motorway(length_m=300.0)
    states = drive(scenario(network, [actor("car", on_lane(network, 250.0), 20.0)]), 60)
    there = [bool(state.present[1]) for state in states]
    assert there == sorted(there, reverse=True)
    last = states[there.index(False) - 1]
    assert 300.0 < last.position[1, 0] <= 302.25 + 1e-9


def test_a_merging_lane_that_ends_stops_its_traffic() -> None:
    network = motorway(lanes=2, length_m=800.0, on_ramp={"at_m": 200, "length_m": 200})
    lane = network.courses["on_ramp"].lanes[0][-1]
    x, y, yaw = network.pose_on_lane(lane, 10.0)
    states = drive(scenario(network, [actor("car", (x, y, yaw), 20.0, lane=lane)]), 300)
    assert states[-1].present[1]
    assert speed(states[-1], 1) == 0.0
    assert states[-1].position[1, 0] < 400.0


def test_a_standing_actor_without_a_speed_goes_up_to_the_limit_or_what_its_kind_does() -> None:
    network = road(straight={"lanes": 3, "length_m": 2000, "speed_limit_kph": 50})
    actors = [
        actor("car", on_lane(network, 100.0, 1)),
        actor("truck", on_lane(network, 100.0, 2), kind=ActorKind.TRUCK),
        actor("bicycle", on_lane(network, 100.0, 3), kind=ActorKind.BICYCLE),
    ]
    end = drive(scenario(network, actors), 600)[-1]
    assert speed(end, 1) == pytest.approx(50 / 3.6, rel=0.01)
    assert speed(end, 2) == pytest.approx(50 / 3.6, rel=0.01)
    assert speed(end, 3) == pytest.approx(5.0, rel=0.01)


def test_the_lateral_place_on_the_lane_is_kept() -> None:
    network = motorway(curve_radius_m=300.0, length_m=900.0)
    rider = actor("rider", on_lane(network, 50.0, 1, -1.2), 6.0, kind=ActorKind.BICYCLE)
    end = drive(scenario(network, [rider]), 200)[-1]
    row = network.lanes_at(np.ascontiguousarray(end.position[1:, :2]))[0]
    _, d = network.project(int(row), np.ascontiguousarray(end.position[1:, :2]))
    assert d[0] == pytest.approx(-1.2, abs=0.03)


def test_somebody_who_faces_against_the_lane_drives_against_it() -> None:
    network = motorway()
    x, y, yaw = on_lane(network, 800.0, 2)
    states = drive(scenario(network, [actor("ghost", (x, y, yaw + math.pi), 30.0)]), 50)
    assert states[-1].position[1, 0] == pytest.approx(800.0 - 150.0)
    assert states[-1].position[1, 1] == pytest.approx(y)


def test_overtaking_in_the_oncoming_lane_and_coming_back() -> None:
    network = road(straight={"lanes": 1, "oncoming_lanes": 1, "length_m": 1500, "speed_limit_kph": 100})
    x, y, yaw = on_lane(network, 100.0, 1)
    events = [
        at(1.0, 1, "change_lane", ChangeLaneAction(to="left", over_s=2.0)),
        at(5.0, 1, "change_lane", ChangeLaneAction(to="right", over_s=2.0)),
    ]
    states = drive(scenario(network, [actor("car", (x, y, yaw), 25.0)], events), 80)
    assert states[40].position[1, 1] == pytest.approx(y + 3.5, abs=1e-6)
    assert states[80].position[1, 1] == pytest.approx(y, abs=1e-6)
    assert states[80].yaw[1] == pytest.approx(0.0, abs=1e-6)
    assert states[80].position[1, 0] - 100.0 == pytest.approx(8.0 * 25.0, abs=1e-6)


def test_the_ego_and_a_struck_car_are_leaders_like_any_other() -> None:
    network = motorway()
    x, y, yaw = on_lane(network, 260.0, 2)
    scene = scenario(network, [actor("car", on_lane(network, 100.0, 2), 25.0)], ego_pose=(x, y, yaw))
    end = drive(scene, 300)[-1]
    assert speed(end, 1) < 0.01
    assert 0.5 < x - end.position[1, 0] - 0.5 * (4.5 + SEDAN.length_m) < 3.0
    wreck = actor("wreck", (x, y, yaw + 1.3), 0.0, "parked")
    scene = scenario(network, [actor("car", on_lane(network, 100.0, 2), 25.0), wreck])
    states = drive(scene, 300, struck=[2])
    assert min(nearest_pair(state) for state in states) > 0.5
    careless = actor("car", on_lane(network, 100.0, 2), 25.0, options=FollowOptions(ignores=("others",)))
    states = drive(scenario(network, [careless, wreck]), 100)
    assert min(nearest_pair(state) for state in states) == 0.0


def test_a_leader_round_the_corner_is_seen() -> None:
    network = road(x_junction={"arm_length_m": 120, "speed_limit_kph": 50})
    x, y, yaw, lane = network.place("south", 1, 40.0)
    ahead = network.place("east_out", 1, 12.0)
    follower = actor("car", (x, y, yaw), 13.0, lane=lane, options=FollowOptions(turns=("right",)))
    states = drive(scenario(network, [follower, actor("standing", ahead[:3], 0.0, "parked")]), 300)
    assert min(nearest_pair(state) for state in states) > 0.5
    assert speed(states[-1], 1) < 0.01


def test_an_actor_off_the_lanes_cannot_follow() -> None:
    with pytest.raises(InputError, match=r"actors\.lost: no lane at"):
        start(scenario(motorway(), [actor("lost", (50.0, 900.0, 0.0), 5.0)]))


def busy_scene(order: list[int]) -> tuple[list[str], list[WorldState]]:
    """A scene with cut-ins whose actors are listed in the given order."""
    network = motorway(curve_radius_m=500.0, length_m=2000.0)
    names = [f"car{i}" for i in range(9)]
    cars = {
        name: actor(name, on_lane(network, 60.0 + 21.0 * i, 1 + i % 3), 24.0 + i % 4) for i, name in enumerate(names)
    }
    listed = [names[i] for i in order]
    rows = {name: row for row, name in enumerate(listed, start=1)}
    events = [
        at(1.0, rows["car4"], "change_lane", ChangeLaneAction(to="left", over_s=2.0)),
        at(2.0, rows["car8"], "stop", StopAction(decel_mps2=5.0)),
        at(2.5, rows["car1"], "speed", SpeedAction(to_kph=60.0, rate_mps2=2.0)),
    ]
    return listed, drive(scenario(network, [cars[name] for name in listed], events, ego_pose=(200.0, -5.0, 0.1)), 120)


def test_the_order_of_the_actors_changes_nothing_to_the_bit() -> None:
    plain, states = busy_scene(list(range(9)))
    for seed in range(3):
        order = [int(i) for i in np.random.default_rng(seed).permutation(9)]
        listed, mixed = busy_scene(order)
        rows = [0] + [listed.index(name) + 1 for name in plain]
        for one, other in zip(states, mixed, strict=True):
            np.testing.assert_array_equal(one.position, other.position[rows])
            np.testing.assert_array_equal(one.velocity, other.velocity[rows])
            np.testing.assert_array_equal(one.yaw, other.yaw[rows])


def test_reset_leads_back_to_the_start_to_the_bit() -> None:
    network = motorway()
    cars = [actor(f"car{i}", on_lane(network, 100.0 + 30.0 * i, 1 + i % 2), 25.0) for i in range(6)]
    events = [
        at(1.0, 2, "change_lane", ChangeLaneAction(to="left", over_s=2.0)),
        at(1.5, 6, "stop", StopAction(decel_mps2=5.0)),
    ]
    scene = scenario(network, cars, events)
    traffic, state = start(scene)
    first = go_on(traffic, scene, state, 80)
    traffic.initial()
    traffic.reset(state)
    for one, other in zip(first, go_on(traffic, scene, state, 80), strict=True):
        assert one.events == other.events
        np.testing.assert_array_equal(one.position, other.position)
        np.testing.assert_array_equal(one.velocity, other.velocity)


def turned_network(network: RoadNetwork, angle: float) -> RoadNetwork:
    def turn(points: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(geometry.rotate(points, angle))

    def lane(one: Lane) -> Lane:
        return replace(one, centre=turn(one.centre), left=turn(one.left), right=turn(one.right))

    courses = [
        Course(course.name, turn(course.reference), course.lanes, course.oncoming, course.strips)
        for course in network.courses.values()
    ]
    return RoadNetwork([lane(one) for one in network.lanes], courses=courses)


@pytest.mark.parametrize("angle", [0.7, math.pi, -2.0])
def test_turning_the_whole_scene_turns_the_traffic(angle: float) -> None:
    network = motorway(curve_radius_m=500.0, length_m=1200.0)
    turned = turned_network(network, angle)
    ends = []
    for one in (network, turned):
        cars = [actor(f"car{i}", on_lane(one, 60.0 + 25.0 * i, 1 + i % 3), 24.0 + i) for i in range(6)]
        events = [at(1.0, 3, "change_lane", ChangeLaneAction(to="right", over_s=2.0))]
        ends.append(drive(scenario(one, cars, events), 100)[-1])
    expected = geometry.rotate(ends[0].position[1:, :2], angle)
    np.testing.assert_allclose(ends[1].position[1:, :2], expected, atol=1e-6)
    np.testing.assert_allclose(geometry.wrap_angles(ends[1].yaw[1:] - ends[0].yaw[1:] - angle), 0.0, atol=1e-6)
