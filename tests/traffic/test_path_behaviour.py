"""Timed paths against hand-computed places and times."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from traffic_scenes import actor, drive, motorway, on_lane, scenario, start

from alpasim import geometry
from alpasim.errors import InputError
from alpasim.scenario.concrete import Action, ActorSpec, Condition, Event
from alpasim.scenario.triggers import PathAction, SpeedAction, StopAction, TimeCondition, Waypoint
from alpasim.traffic.follow import FollowOptions
from alpasim.traffic.path import PathOptions
from alpasim.types import ActorKind, WorldState


def walker(options: PathOptions, pose: tuple[float, float, float] = (0.0, 0.0, 0.0), speed: float = 0.0) -> ActorSpec:
    return actor("walker", pose, speed, "path", options=options, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.7))


def at(after_s: float, row: int, kind: str, options: object) -> Event:
    return Event(f"{kind}_{row}", (Condition("time", TimeCondition(after_s=after_s)),), (Action(row, kind, options),))


def xy(state: WorldState) -> list[float]:
    return [float(value) for value in state.position[1, :2]]


def test_waypoints_are_met_at_their_times() -> None:
    options = PathOptions(
        waypoints=(Waypoint(x_m=4.0, y_m=0.0, t_s=2.0), Waypoint(x_m=4.0, y_m=3.0, t_s=3.0), Waypoint(x_m=4.0, y_m=3.0, t_s=5.0), Waypoint(x_m=10.0, y_m=3.0, t_s=6.0))
    )  # fmt: skip
    states = drive(scenario(motorway(), [walker(options)]), 80)
    for step, place in (
        (0, (0, 0)),
        (10, (2, 0)),
        (20, (4, 0)),
        (25, (4, 1.5)),
        (30, (4, 3)),
        (45, (4, 3)),
        (55, (7, 3)),
    ):
        assert xy(states[step]) == pytest.approx(place)
    assert xy(states[60]) == pytest.approx((10, 3))
    assert xy(states[80]) == pytest.approx((10, 3))
    assert states[25].yaw[1] == pytest.approx(math.pi / 2)
    np.testing.assert_allclose(states[15].velocity[1], [2.0, 0.0, 0.0])
    np.testing.assert_allclose(states[45].velocity[1], 0.0)
    assert states[80].present[1]


def test_speeds_hold_on_the_way_to_their_waypoint_and_then_on() -> None:
    options = PathOptions(
        speed_mps=2.0,
        waypoints=(Waypoint(x_m=4.0, y_m=0.0), Waypoint(x_m=9.0, y_m=0.0, speed_mps=5.0), Waypoint(x_m=9.0, y_m=4.0, speed_kph=7.2)),
    )  # fmt: skip
    scene = scenario(motorway(), [walker(options)])
    places = [xy(state) for state in drive(scene, 60)]
    assert places[20] == pytest.approx((4, 0))
    assert places[30] == pytest.approx((9, 0))
    assert places[40] == pytest.approx((9, 2))
    assert places[60] == pytest.approx((9, 4))


def test_places_on_lanes_and_ordinary_speed_of_a_kind() -> None:
    network = motorway()
    x, y, _ = on_lane(network, 120.0, 2)
    options = PathOptions(waypoints=(Waypoint(lane=2, s_m=120.0, d_m=0.5),))
    states = drive(scenario(network, [walker(options, pose=(x, y - 13.5, 0.0))]), 120)
    assert xy(states[50]) == pytest.approx((x, y - 13.5 + 7.0))
    assert xy(states[120]) == pytest.approx((x, y + 0.5))


def test_an_own_yaw_is_turned_to_and_allows_reversing() -> None:
    points = (Waypoint(x_m=-4.0, y_m=0.0, t_s=2.0, yaw_deg=0.0), Waypoint(x_m=-8.0, y_m=0.0, t_s=4.0, yaw_deg=30.0))
    states = drive(scenario(motorway(), [walker(PathOptions(waypoints=points))]), 60)
    assert states[30].yaw[1] == pytest.approx(math.radians(15.0))
    assert states[30].velocity[1, 0] == pytest.approx(-2.0)
    assert states[60].yaw[1] == pytest.approx(math.radians(30.0))


def test_gone_at_the_end_where_asked_for() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=3.0, y_m=0.0, t_s=1.5),), then="vanish")
    states = drive(scenario(motorway(), [walker(options)]), 30)
    assert [state.step for state in states if state.present[1]] == list(range(15))


def test_a_rounded_corner_is_an_arc_of_that_radius() -> None:
    points = (Waypoint(x_m=20.0, y_m=0.0), Waypoint(x_m=20.0, y_m=20.0))
    options = PathOptions(waypoints=points, speed_mps=5.0, corner_radius_m=6.0)
    states = drive(scenario(motorway(), [walker(options)]), 90)
    arc = [state for state in states if state.position[1, 0] > 14.0 and state.position[1, 1] < 6.0 - 1e-6]
    for state in arc[1:]:
        assert math.hypot(state.position[1, 0] - 14.0, state.position[1, 1] - 6.0) == pytest.approx(6.0, abs=0.01)
    turns = [abs(geometry.wrap_angle(float(b.yaw[1] - a.yaw[1]))) for a, b in pairwise(states[1:])]
    assert max(turns) < 5.0 * 0.1 / 6.0 * 1.1
    assert xy(states[-1]) == pytest.approx((20, 20))
    wide = PathOptions(waypoints=points, speed_mps=5.0, corner_radius_m=500.0)
    assert xy(drive(scenario(motorway(), [walker(wide)]), 90)[-1]) == pytest.approx((20, 20))


def test_stop_and_speed_keep_the_way() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=200.0, y_m=0.0),), speed_mps=10.0)
    events = [
        at(1.0, 1, "stop", StopAction(decel_mps2=5.0)),
        at(4.0, 1, "speed", SpeedAction(to_mps=6.0, rate_mps2=3.0)),
    ]
    states = drive(scenario(motorway(), [walker(options)], events), 400)
    assert xy(states[30]) == pytest.approx((20.0, 0.0))
    assert xy(states[40]) == pytest.approx((20.0, 0.0))
    assert xy(states[60]) == pytest.approx((26.0, 0.0))
    assert states[60].velocity[1, 0] == pytest.approx(6.0)
    assert xy(states[400]) == pytest.approx((200.0, 0.0))
    assert states[400].velocity[1, 0] == 0.0


def test_speeding_up_past_the_end_stops_at_the_end() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=20.0, y_m=0.0),), speed_mps=10.0)
    events = [at(1.0, 1, "speed", SpeedAction(to_mps=30.0, over_s=10.0))]
    states = drive(scenario(motorway(), [walker(options)], events), 30)
    root = (-10.0 + math.sqrt(100.0 + 40.0)) / 2.0
    assert states[19].position[1, 0] == pytest.approx(10.0 + 10.0 * 0.9 + 0.81)
    assert 1.9 < 1.0 + root < 2.0
    assert xy(states[20]) == pytest.approx((20.0, 0.0))


@pytest.mark.parametrize("behaviour", ["parked", "follow"])
def test_a_path_action_takes_anybody_over_from_where_it_is(behaviour: str) -> None:
    network = motorway()
    x, y, yaw = on_lane(network, 100.0, 2)
    speed = 0.0 if behaviour == "parked" else 10.0
    options = FollowOptions(speed_mps=10.0) if behaviour == "follow" else None
    action = PathAction(waypoints=(Waypoint(x_m=x + 10.0 * (speed > 0), y_m=y + 8.0, t_s=4.0),))
    scene = scenario(
        network,
        [actor("runner", (x, y, yaw), speed, behaviour, options=options, kind=ActorKind.PEDESTRIAN)],
        [at(1.0, 1, "path", action)],
    )
    states = drive(scene, 60)
    assert xy(states[10]) == pytest.approx((x + speed, y))
    assert xy(states[30]) == pytest.approx((x + speed, y + 4.0))
    assert xy(states[60]) == pytest.approx((x + speed, y + 8.0))


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_vehicle_turns_onto_its_path_on_an_arc_that_it_can_drive(side: float) -> None:
    """10 m/s with 3 m/s^2 sideways is a circle of 100 / 3 m, about a point square to the left or right of the start."""
    yaw, radius = side * math.radians(-25.0), 100.0 / 3.0
    options = PathOptions(waypoints=(Waypoint(x_m=80.0, y_m=0.0),), speed_mps=10.0)
    states = drive(scenario(motorway(), [actor("car", (0.0, 0.0, yaw), 10.0, "path", options=options)]), 90)
    centre = radius * side * np.array([-math.sin(yaw), math.cos(yaw)])
    on_arc = [state for state in states if state.position[1, 0] < 10.0]
    assert len(on_arc) > 8
    for state in on_arc:
        assert math.dist(state.position[1, :2], centre) == pytest.approx(radius, abs=0.05)
    turns = [abs(geometry.wrap_angle(float(b.yaw[1] - a.yaw[1]))) for a, b in pairwise(states)]
    assert max(turns) == pytest.approx(10.0 * 0.1 / radius, rel=0.05)
    assert xy(states[-1]) == pytest.approx((80.0, 0.0))
    assert 0.0 < side * float(states[60].yaw[1]) < math.radians(5.0)


def test_a_vehicle_a_little_beside_its_path_drives_on_towards_the_next_waypoint() -> None:
    points = (Waypoint(x_m=0.0, y_m=0.6), Waypoint(x_m=60.0, y_m=0.0))
    options = PathOptions(waypoints=points, speed_mps=15.0)
    states = drive(scenario(motorway(), [actor("car", (0.0, 0.0, 0.0), 15.0, "path", options=options)]), 50)
    assert max(abs(float(state.yaw[1])) for state in states) < 1e-9
    assert xy(states[20]) == pytest.approx((30.0, 0.0))


def test_a_walker_turns_within_a_step_and_keeps_to_the_straight_line() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=0.0, y_m=4.0, t_s=4.0),))
    states = drive(scenario(motorway(), [walker(options)]), 20)
    assert [float(state.yaw[1]) for state in states[:7]] == pytest.approx(
        [math.radians(18.0 * step) for step in (0, 1, 2, 3, 4, 5, 5)]
    )
    assert xy(states[20]) == pytest.approx((0.0, 2.0))


def largest_turn(states: list[WorldState]) -> float:
    """Most by which the heading of row 1 changes in a step [rad]."""
    return max(abs(geometry.wrap_angle(float(b.yaw[1] - a.yaw[1]))) for a, b in pairwise(states))


@pytest.mark.parametrize(("kind", "radius"), [(ActorKind.CAR, 5.0), (ActorKind.BUS, 10.0), (ActorKind.BICYCLE, 2.0)])
def test_a_vehicle_takes_a_corner_on_its_tightest_circle(kind: ActorKind, radius: float) -> None:
    """A circle in a right angle passes radius (sqrt(2) - 1) inside it; at 4 m/s it takes 0.4 m a step."""
    options = PathOptions(waypoints=(Waypoint(x_m=40.0, y_m=0.0), Waypoint(x_m=40.0, y_m=-40.0)), speed_mps=4.0)
    states = drive(scenario(motorway(), [actor("turns", (0, 0, 0), 4.0, "path", options=options, kind=kind)]), 220)
    assert largest_turn(states) == pytest.approx(0.4 / radius, rel=0.03)
    nearest = min(math.dist(state.position[1, :2], (40.0, 0.0)) for state in states)
    assert nearest == pytest.approx(radius * (math.sqrt(2.0) - 1.0), abs=0.02)
    assert xy(states[-1]) == pytest.approx((40.0, -40.0))
    speeds = [math.hypot(*state.velocity[1, :2]) for state in states[1:180]]
    assert speeds == pytest.approx([4.0] * 179)


def test_a_slight_corner_is_wide_and_a_quarter_of_a_metre_inside() -> None:
    points = (Waypoint(x_m=100.0, y_m=0.0, t_s=5.0), Waypoint(x_m=200.0, y_m=7.0, t_s=10.0))
    states = drive(
        scenario(motorway(), [actor("car", (0, 0, 0), 20.0, "path", options=PathOptions(waypoints=points))]), 100
    )
    assert math.dist(states[50].position[1, :2], (100.0, 0.0)) == pytest.approx(0.25, abs=0.01)
    assert xy(states[100]) == pytest.approx((200.0, 7.0))
    assert largest_turn(states) < math.radians(1.0)
    off = [float(state.position[1, 1]) - 0.07 * max(float(state.position[1, 0]) - 100.0, 0.0) for state in states]
    assert -1e-9 < min(off) < max(off) < 0.26


def test_whoever_waits_at_a_corner_turns_about_it_before_and_after() -> None:
    """A car comes to the middle of its arc at 5 s, waits there until 8 s, and goes on."""
    points = (
        Waypoint(x_m=20.0, y_m=0.0, t_s=5.0),
        Waypoint(x_m=20.0, y_m=0.0, t_s=8.0),
        Waypoint(x_m=20.0, y_m=20.0, t_s=13.0),
    )
    states = drive(
        scenario(motorway(), [actor("car", (0, 0, 0), 4.0, "path", options=PathOptions(waypoints=points))]), 130
    )
    inside = 5.0 * (1.0 - math.sqrt(0.5))
    for step in (50, 65, 80):
        assert xy(states[step]) == pytest.approx((20.0 - inside, inside), abs=1e-6)
        assert states[step].yaw[1] == pytest.approx(math.radians(45.0), abs=0.01)
    assert largest_turn(states) < math.radians(6.0)
    assert xy(states[130]) == pytest.approx((20.0, 20.0))


def test_a_walker_turns_at_a_corner_within_half_a_metre() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=4.0, y_m=0.0), Waypoint(x_m=4.0, y_m=4.0)), speed_mps=1.0)
    states = drive(scenario(motorway(), [walker(options)]), 80)
    assert xy(states[40]) == pytest.approx((4.0, 0.0))
    assert [float(state.yaw[1]) for state in states[40:47]] == pytest.approx(
        [math.radians(18.0 * step) for step in (0, 1, 2, 3, 4, 5, 5)], abs=1e-6
    )
    assert xy(states[60]) == pytest.approx((4.0, 2.0))


def test_a_corner_is_sharp_where_its_heading_or_a_radius_of_0_is_given() -> None:
    end = Waypoint(x_m=20.0, y_m=20.0)
    for options in (
        PathOptions(waypoints=(Waypoint(x_m=20.0, y_m=0.0, yaw_deg=0.0), end), speed_mps=5.0),
        PathOptions(waypoints=(Waypoint(x_m=20.0, y_m=0.0), end), speed_mps=5.0, corner_radius_m=0.0),
    ):
        states = drive(scenario(motorway(), [actor("car", (0, 0, 0), 5.0, "path", options=options)]), 80)
        assert xy(states[40]) == pytest.approx((20.0, 0.0))


def test_whoever_sets_out_backwards_does_not_spin_round_first() -> None:
    options = PathOptions(waypoints=(Waypoint(x_m=-8.0, y_m=0.0, t_s=4.0, yaw_deg=0.0),))
    states = drive(scenario(motorway(), [actor("car", (0.0, 0.0, 0.0), 0.0, "path", options=options)]), 40)
    assert max(abs(float(state.yaw[1])) for state in states) < 1e-9
    assert xy(states[20]) == pytest.approx((-4.0, 0.0))


def test_reset_forgets_the_path_that_was_taken() -> None:
    action = PathAction(waypoints=(Waypoint(x_m=5.0, y_m=0.0, t_s=1.0),))
    scene = scenario(motorway(), [actor("car", (0, 0, 0), 0.0, "parked")], [at(0.5, 1, "path", action)])
    traffic, state = start(scene)
    for _ in range(2):
        traffic.initial()
        traffic.reset(state)
        assert traffic.apply_events(state) == ()
        assert traffic.advance(state).position[1, 0] == 0.0


@pytest.mark.parametrize(
    ("waypoints", "message"),
    [
        ((Waypoint(x_m=5.0, y_m=0.0, t_s=0.0),), "waypoint 1: t_s is 0"),
        ((Waypoint(x_m=5.0, y_m=0.0, t_s=2.0), Waypoint(x_m=9.0, y_m=0.0, t_s=1.0)), "waypoint 2: t_s is 1"),
        ((Waypoint(x_m=5.0, y_m=0.0, speed_mps=0.0),), "waypoint 1: cannot be reached at a speed of 0"),
        ((Waypoint(lane=7, s_m=10.0),), "lane"),
    ],
)
def test_impossible_waypoints_are_refused_when_the_scene_is_built(
    waypoints: tuple[Waypoint, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        start(scenario(motorway(), [walker(PathOptions(waypoints=waypoints))]))
    told = [at(1.0, 1, "path", PathAction(waypoints=waypoints))]
    with pytest.raises(InputError, match=message):
        start(scenario(motorway(), [actor("car", (0, 0, 0), 0.0, "parked")], told))
