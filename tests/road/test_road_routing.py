"""Routes: the right lanes, smooth lines, true widths; and clear words where there is no way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from roads import EVERY_FORM, lane, move_points, recorded_parameters, road_of, turned

from alpasim.errors import InputError
from alpasim.importers.commonroad import read_commonroad
from alpasim.road.corridor import FARTHEST_M, corridor
from alpasim.road.network import LaneKind, Neighbour, RoadNetwork
from alpasim.road.routing import CoursePlace, find_route, goal_stretches
from alpasim.types import Route

MOTORWAY = {"motorway": {"lanes": 3, "length_m": 1000, "speed_limit_kph": 108}}


def box(x: float, y: float, half: float = 1.0) -> np.ndarray:
    return np.array([[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]])


def check_sound(route: Route) -> None:
    """What holds for every route, however it came about."""
    count = len(route.s)
    for name in (
        "heading",
        "curvature",
        "lane_left",
        "lane_right",
        "edge_left",
        "edge_right",
        "oncoming_left",
        "speed_limit",
    ):
        values = getattr(route, name)
        assert values.shape == (count,), name
        assert values.dtype == np.float64
        assert not values.flags.writeable
        assert np.isfinite(values).all() or name == "speed_limit"
    assert route.s[0] == 0.0
    steps = np.diff(route.s)
    assert (steps > 0.2).all()
    assert (steps < 1.3).all()
    np.testing.assert_allclose(np.hypot(*np.diff(route.centre, axis=0).T), steps, atol=1e-9)
    assert 0.0 <= route.start_s <= route.goal_s <= route.length_m
    mean = 0.5 * (route.curvature[1:] + route.curvature[:-1])
    np.testing.assert_allclose(np.diff(route.heading), mean * steps, atol=0.02)
    assert (route.oncoming_left <= route.edge_left + 1e-9).all()
    assert min(route.lane_left.min(), route.lane_right.min(), route.edge_left.min(), route.edge_right.min()) >= 0.0


def test_straight_ahead_everything_is_the_closed_form() -> None:
    road = road_of(
        {"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 400, "speed_limit_kph": 50, "shoulder_m": 1}}
    )
    route = find_route(road, (50.0, -1.75, 0.0), [box(120.0, -1.75)])
    check_sound(route)
    np.testing.assert_allclose(route.centre[:, 1], -1.75, atol=1e-9)
    assert route.centre[0, 0] == pytest.approx(30.0)
    assert route.start_s == pytest.approx(20.0)
    assert route.goal_s == pytest.approx(90.0, abs=1.0)
    assert route.length_m == pytest.approx(route.goal_s + 200.0)
    np.testing.assert_allclose(route.lane_left, 1.75, atol=1e-6)
    np.testing.assert_allclose(route.lane_right, 1.75, atol=1e-6)
    np.testing.assert_allclose(route.edge_left, 1.75 + 3.5 + 1.0, atol=1e-3)
    np.testing.assert_allclose(route.edge_right, 2.75, atol=1e-3)
    np.testing.assert_allclose(route.oncoming_left, 1.75, atol=2e-3)
    np.testing.assert_allclose(route.speed_limit, 50.0 / 3.6)
    np.testing.assert_allclose(route.curvature, 0.0, atol=1e-9)
    assert route.stop_lines == ()


@pytest.mark.parametrize("radius", [30.0, -60.0, 300.0])
def test_in_a_long_bend_curvature_and_widths_are_the_closed_form(radius: float) -> None:
    road = road_of({"curve": {"lanes": 2, "radius_m": radius, "angle_deg": 200}})
    begin, end = (road.place("main", 1, s) for s in (10.0, abs(radius) * 3.0))
    route = find_route(road, begin[:3], [box(*end[:2])])
    check_sound(route)
    true = 1.0 / (radius + 1.5 * 3.5)
    inner = (route.s > 15.0) & (route.s < route.length_m - 15.0)
    np.testing.assert_allclose(route.curvature[inner], true, rtol=0.02)
    turned_by = (route.heading[inner][-1] - route.heading[inner][0]) / (route.s[inner][-1] - route.s[inner][0])
    assert turned_by == pytest.approx(true, rel=2e-3)
    np.testing.assert_allclose(route.lane_left[inner], 1.75, atol=0.11)
    np.testing.assert_allclose(route.edge_left[inner], 5.25, atol=0.11)
    np.testing.assert_allclose((route.edge_left + route.edge_right)[inner], 7.0, atol=0.01)


@pytest.mark.parametrize("lanes", [(1, 2), (2, 1), (1, 3), (3, 1)])
def test_a_lane_change_is_gentle_and_arrives(lanes: tuple[int, int]) -> None:
    road = road_of(MOTORWAY)
    start, end = road.place("main", lanes[0], 40.0), road.place("main", lanes[1], 700.0)
    route = find_route(road, start[:3], [box(*end[:2])])
    check_sound(route)
    assert np.abs(np.diff(route.heading)).max() < 0.01
    assert np.abs(route.curvature).max() * 30.0**2 < 1.5
    assert np.abs(route.heading).max() < 0.08
    at = int(np.searchsorted(route.s, route.start_s)), int(np.searchsorted(route.s, route.goal_s))
    assert route.centre[at[0], 1] == pytest.approx(start[1], abs=0.05)
    assert route.centre[at[1], 1] == pytest.approx(end[1], abs=0.05)


def test_a_short_way_to_the_next_lane_is_used_in_full() -> None:
    road = road_of(MOTORWAY)
    start, end = road.place("main", 1, 40.0), road.place("main", 2, 80.0)
    route = find_route(road, start[:3], [box(*end[:2])])
    goal = int(np.searchsorted(route.s, route.goal_s))
    assert route.centre[goal, 1] == pytest.approx(end[1], abs=0.2)
    assert np.abs(np.diff(route.heading)).max() < 0.05


def test_from_the_ramp_one_merges_before_it_ends() -> None:
    road = road_of(EVERY_FORM["motorway"])
    start, end = road.place("on_ramp", 1, 20.0), road.place("main", 1, 520.0)
    route = find_route(road, start[:3], [box(*end[:2])])
    check_sound(route)
    assert (road.edge_distance(np.ascontiguousarray(route.centre[1:-1])) > 1.0).all()
    assert np.abs(route.curvature).max() * (120 / 3.6) ** 2 < 9.0
    row = road.lane_row("main.on_ramp.1")
    merged = [i for i, point in enumerate(route.centre) if row in road.lanes_containing(*point)]
    s, _ = road.project(row, np.ascontiguousarray(route.centre[merged]))
    assert s.max() < road.lane_length("main.on_ramp.1") - 20.0


def test_to_the_exit_one_changes_lanes_in_time() -> None:
    road = road_of(EVERY_FORM["motorway"])
    start, exit_end = road.place("main", 3, 40.0), road.lane("main.off_ramp.0.exit").centre[-10]
    route = find_route(road, start[:3], [box(*exit_end)])
    check_sound(route)
    assert np.hypot(*(route.centre - exit_end).T).min() < 0.6
    assert (road.edge_distance(np.ascontiguousarray(route.centre[1:-1])) > 1.0).all()


@pytest.mark.parametrize("goal", ["east", "north", "west"])
def test_through_a_crossing_in_every_direction(goal: str) -> None:
    road = road_of(EVERY_FORM["x_junction"])
    start, end = road.place("south", 1, 5.0), road.place(f"{goal}_out", 1, 40.0)
    route = find_route(road, start[:3], [box(*end[:2])])
    check_sound(route)
    quarter = {"east": 0.0, "north": math.pi / 2, "west": math.pi}[goal]
    at = int(np.searchsorted(route.s, route.goal_s))
    assert route.heading[at] == pytest.approx(quarter, abs=0.02)
    assert np.hypot(*(route.centre[at] - end[:2])) < 1.5
    assert len(route.stop_lines) == 1
    place, row = route.stop_lines[0]
    assert road.signals[row].id == "south"
    crossed = np.interp(place, route.s, route.centre[:, 1])
    assert crossed == pytest.approx(-7.0 - 12.0 - 0.5, abs=0.01)
    assert np.abs(route.curvature).max() < 1.15 / (12.0 + 1.75)
    assert np.abs(np.diff(route.curvature)).max() < 0.02


def test_several_regions_any_of_which_will_do() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    start = road.place("south", 2, 5.0)
    far, near = road.place("north_out", 2, 50.0), road.place("west_out", 2, 5.0)
    route = find_route(road, start[:3], [box(*far[:2]), box(*near[:2])])
    at = int(np.searchsorted(route.s, route.goal_s))
    assert np.hypot(*(route.centre[at] - near[:2])) < 1.5


def test_overlapping_lanes_are_told_apart_by_heading_and_goal() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    for to in ("north", "west"):
        inside = road.pose_on_lane(f"south_2_to_{to}_2", 2.0)
        end = road.place(f"{to}_out", 2, 20.0)
        route = find_route(road, inside, [box(*end[:2])])
        way = road.lane(f"south_2_to_{to}_2").centre
        away = shapely.distance(shapely.linestrings(route.centre), shapely.points(way))
        assert away.max() < 0.15
    middle = road.pose_on_lane("south_2_to_north_2", 19.0)
    crossing = road.place("east_out", 2, 20.0)
    with pytest.raises(InputError, match="cannot be reached"):
        find_route(road, middle, [box(*crossing[:2])])


def test_a_start_beside_every_lane_takes_the_nearest_that_fits() -> None:
    road = road_of({"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 300, "parking_m": 2.5}})
    parked = find_route(road, (50.0, -4.7, 0.05), [box(200.0, -1.75)])
    assert parked.start_s == pytest.approx(20.0, abs=0.1)
    np.testing.assert_allclose(parked.centre[:, 1], -1.75, atol=1e-6)
    overtaking = find_route(road, (50.0, 1.2, 0.0), [box(200.0, -1.75)])
    np.testing.assert_allclose(overtaking.centre[:, 1], -1.75, atol=1e-6)
    with pytest.raises(InputError, match=r"no lane begins at \(50\.00, 40\.00\).*'main.o1.0', is 38\.2 m away"):
        find_route(road, (50.0, 40.0, 0.0), [box(200.0, -1.75)])


def test_a_goal_on_no_lane_centre_is_driven_over_all_the_same() -> None:
    road = road_of({"straight": {"lanes": 2, "length_m": 300}})
    route = find_route(road, (50.0, -5.25, 0.0), [box(200.0, -6.6, half=0.3)])
    check_sound(route)
    assert shapely.intersects(shapely.linestrings(route.centre), shapely.polygons(box(200.0, -6.6, half=0.3)))
    assert abs(route.centre[-1, 1] + 5.25) < 1e-6
    assert np.abs(route.curvature).max() < 0.02


def test_where_there_is_no_way_it_is_said() -> None:
    road = road_of({"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 300}})
    with pytest.raises(InputError) as behind:
        find_route(road, (150.0, -1.75, 0.0), [box(50.0, -1.75)])
    assert "no lanes lead from 'main.1.0' at s 150.0 m to 'main.1.0'" in str(behind.value)
    assert "nearest reachable place is lane 'main.1.0'" in str(behind.value)
    with pytest.raises(
        InputError, match=r"cannot be reached: no lanes lead from 'main.1.0' at s 150.0 m to 'main.o1.0'"
    ):
        find_route(road, (150.0, -1.75, 0.0), [box(200.0, 1.75)])
    with pytest.raises(InputError, match=r"the goal lies on no lane; the nearest, 'main.o1.0', is 47\.2 m away"):
        find_route(road, (150.0, -1.75, 0.0), [box(200.0, 50.0)])
    with pytest.raises(InputError, match="goal region 0 is not a polygon"):
        find_route(road, (150.0, -1.75, 0.0), [np.zeros((2, 2))])
    with pytest.raises(InputError, match="expected finite numbers"):
        find_route(road, (math.nan, 0.0, 0.0))


def test_without_a_goal_it_goes_straight_on() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    start = road.place("south", 1, 5.0)
    route = find_route(road, start[:3])
    check_sound(route)
    np.testing.assert_allclose(route.centre[:, 0], start[0], atol=1e-6)
    assert route.goal_s == pytest.approx(route.length_m)
    assert find_route(road, start[:3], []).length_m == route.length_m
    endless = find_route(road_of(MOTORWAY), (100.0, -5.6, 0.0))
    assert endless.goal_s - endless.start_s == pytest.approx(500.0, abs=0.1)
    assert endless.length_m == pytest.approx(920.0, abs=0.1)


def test_a_goal_by_course_and_s() -> None:
    road = road_of(MOTORWAY)
    start = road.place("main", 1, 100.0)
    keeps = find_route(road, start[:3], CoursePlace("main", 600.0))
    np.testing.assert_allclose(keeps.centre[:, 1], start[1], atol=1e-6)
    assert keeps.goal_s - keeps.start_s == pytest.approx(500.0, abs=0.1)
    changes = find_route(road, start[:3], CoursePlace("main", 600.0, lane=3))
    assert np.interp(changes.goal_s, changes.s, changes.centre[:, 1]) == pytest.approx(-1.875, abs=0.01)
    with pytest.raises(InputError, match="did you mean 'main'"):
        find_route(road, start[:3], CoursePlace("mian", 600.0))


def test_round_a_loop_to_a_goal_behind() -> None:
    angle = np.linspace(0.0, math.pi, 60)
    half = np.column_stack([50.0 * np.sin(angle), -50.0 * np.cos(angle)])
    road = RoadNetwork(
        [
            lane("right", half, after=("left",), before=("left",)),
            lane("left", -half, after=("right",), before=("right",)),
        ]
    )
    start = road.pose_on_lane("right", 60.0)
    goal = road.pose_on_lane("right", 30.0)
    route = find_route(road, start, [box(*goal[:2])])
    assert route.goal_s - route.start_s == pytest.approx(2.0 * math.pi * 50.0 - 30.0, abs=2.0)


def test_a_change_spans_short_lanelets() -> None:
    lanes = []
    for i in range(20):
        for name, y, other, side in (("a", 0.0, "b", "left"), ("b", 3.5, "a", "right")):
            beside = Neighbour(f"{other}{i}", True)
            lanes.append(
                lane(
                    f"{name}{i}",
                    [[12.0 * i, y], [12.0 * i + 7.0, y], [12.0 * (i + 1), y]],
                    left=beside if side == "left" else None,
                    right=beside if side == "right" else None,
                    after=(f"{name}{i + 1}",) if i < 19 else (),
                    before=(f"{name}{i - 1}",) if i else (),
                )
            )
    route = find_route(RoadNetwork(lanes), (30.0, 0.0, 0.0), [box(200.0, 3.5)])
    check_sound(route)
    between = (route.centre[:, 1] > 0.05) & (route.centre[:, 1] < 3.45)
    assert 35.0 < between.sum() < 60.0
    assert np.abs(np.diff(route.heading)).max() < 0.02


def test_a_turned_road_has_the_turned_route() -> None:
    road, angle, shift = road_of(EVERY_FORM["x_junction"]), 2.1, (400.0, -70.0)
    other = turned(road, angle, shift)
    start, end = road.place("south", 1, 5.0), road.place("west_out", 1, 40.0)
    plain = find_route(road, start[:3], [box(*end[:2])])
    moved = move_points(np.array([start[:2]]), angle, shift)[0]
    goal = move_points(box(*end[:2]), angle, shift)
    result = find_route(other, (moved[0], moved[1], start[2] + angle), [goal])
    np.testing.assert_allclose(result.centre, move_points(plain.centre, angle, shift), atol=1e-4)
    np.testing.assert_allclose(result.curvature, plain.curvature, atol=1e-5)
    np.testing.assert_allclose(result.edge_left, plain.edge_left, atol=5e-3)
    assert (result.start_s, result.goal_s) == pytest.approx((plain.start_s, plain.goal_s), abs=1e-4)


def test_the_same_question_has_the_same_answer() -> None:
    routes = [find_route(road_of(EVERY_FORM["motorway"]), (40.0, -2.0, 0.0)) for _ in range(2)]
    assert routes[0].centre.tobytes() == routes[1].centre.tobytes()
    assert routes[0].oncoming_left.tobytes() == routes[1].oncoming_left.tobytes()


@pytest.mark.parametrize("path", recorded_parameters())
def test_recorded_scenes_have_a_route_fit_for_driving(path: Path) -> None:
    scene = read_commonroad(path, drop_unsupported=True)
    route = find_route(scene.road, scene.ego_pose, scene.goal.regions)
    check_sound(route)
    assert np.abs(np.diff(route.heading)).max() < 0.25
    assert np.abs(route.curvature).max() < 0.25
    assert np.abs(np.diff(route.curvature)).max() < 0.06
    assert (scene.road.edge_distance(np.ascontiguousarray(route.centre[1:-1])) > 0.5).all()
    if "US101" in path.stem:
        steady = (route.lane_left > 1.2) & (route.lane_right > 1.2)
        assert np.abs(route.curvature[steady]).max() < 0.005
    if scene.goal.regions:
        goal = shapely.union_all([shapely.Polygon(region).buffer(0.0) for region in scene.goal.regions])
        assert shapely.intersects(shapely.linestrings(route.centre), goal)


def test_goal_stretches_are_where_the_centre_lies_within() -> None:
    road = road_of({"straight": {"lanes": 2, "length_m": 100}})
    region = np.array([[20.0, -7.0], [45.0, -7.0], [45.0, 0.0], [20.0, 0.0]])
    found = goal_stretches(road, [region, box(80.0, -1.75)])
    assert [(part.begin, part.end) for part in found[road.lane_row("main.1.0")]] == [pytest.approx((20.0, 45.0))]
    spans = [(part.begin, part.end) for part in found[road.lane_row("main.2.0")]]
    assert spans == [pytest.approx((20.0, 45.0)), pytest.approx((79.0, 81.0))]


def rays(line: np.ndarray, heading: np.ndarray, side: float, edge: shapely.Geometry) -> np.ndarray:
    """How far the edge is to one side of each pose, by shapely's intersections [m]."""
    away = FARTHEST_M * side * np.column_stack([-np.sin(heading), np.cos(heading)])
    beams = shapely.linestrings(np.stack([line, line + away], axis=1))
    return np.atleast_1d(shapely.distance(shapely.points(line), shapely.intersection(beams, edge)))


@pytest.mark.parametrize("form", EVERY_FORM)
def test_room_beside_a_line_is_what_shapely_measures(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    row = next(row for row, one in enumerate(road.lanes) if one.kind is LaneKind.DRIVING)
    own, s = road.lanes[row], road.lane_length(road.lanes[row].id) * np.linspace(0.02, 0.98, 40)
    rows = np.full(len(s), row)
    # Askew and off the middle, so that nothing depends on standing square in the lane.
    poses = road.poses_on(rows, s, 0.4 * np.sin(s))
    line, heading = np.ascontiguousarray(poses[:, :2]), np.ascontiguousarray(poses[:, 2] + 0.1)
    room = corridor(line, heading, rows, road.arrays, road.grid)
    points, edge = shapely.points(line), road.drivable.boundary
    np.testing.assert_allclose(room[:, 0], shapely.distance(points, shapely.linestrings(own.left)), atol=1e-9)
    np.testing.assert_allclose(room[:, 1], shapely.distance(points, shapely.linestrings(own.right)), atol=1e-9)
    for column, side in ((2, 1.0), (3, -1.0)):
        found = np.minimum(np.nan_to_num(rays(line, heading, side, edge), nan=FARTHEST_M), FARTHEST_M)
        np.testing.assert_allclose(room[:, column], found, atol=1e-6)
    assert (room[:, 4] <= room[:, 2]).all()
