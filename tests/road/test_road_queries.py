"""Which lane, how far to the edge, what grip, what colour: against shapely and hand-made cases."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from roads import EVERY_FORM, lane, move_points, recorded_parameters, road_of, turned
from shapely.geometry import Polygon

from alpasim.importers.commonroad import read_commonroad
from alpasim.road.network import (
    DRIVABLE_KINDS,
    Lane,
    LaneKind,
    RoadNetwork,
    Signal,
    SignalPhase,
    SurfacePatch,
)
from alpasim.types import FloatArray, SignalColour


def scattered(road: RoadNetwork, count: int, margin: float = 10.0) -> FloatArray:
    rng = np.random.default_rng(7)
    low, high = np.array(road.bounds[:2]) - margin, np.array(road.bounds[2:]) + margin
    return rng.uniform(low, high, (count, 2))


def check_edges(road: RoadNetwork, points: FloatArray) -> None:
    """Edge distances against shapely's, sign and value, on the drivable area."""
    at = shapely.points(points)
    expected = shapely.distance(road.drivable.boundary, at)
    expected[~shapely.contains(road.drivable, at)] *= -1.0
    np.testing.assert_allclose(road.edge_distance(points), expected, atol=1e-9)


def check_lanes(road: RoadNetwork, points: FloatArray) -> None:
    """Containing lanes against shapely's containment, away from the borders themselves."""
    inside = [set() for _ in points]
    near = np.zeros(len(points), dtype=bool)
    for row, found in enumerate(road.lanes):
        ring = np.concatenate([found.right, found.left[::-1]])
        polygon = Polygon(ring)
        if not polygon.is_valid:
            polygon = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
        at = shapely.points(points)
        near |= shapely.distance(polygon.boundary, at) < 1e-6
        for i in np.flatnonzero(shapely.contains(polygon, at)):
            inside[i].add(row)
    chosen = road.lanes_at(points)
    for i, (x, y) in enumerate(points):
        if near[i]:
            continue
        assert set(road.lanes_containing(x, y)) == inside[i]
        assert (chosen[i] == -1) == (not inside[i])
        assert chosen[i] == -1 or chosen[i] in inside[i]


@pytest.mark.parametrize("form", EVERY_FORM)
def test_edges_and_lanes_of_authored_roads_are_shapelys(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    points = scattered(road, 2000)
    check_edges(road, points)
    check_lanes(road, points)


def test_two_thousand_points_within_a_junction() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    points = np.random.default_rng(3).uniform(-22.0, 22.0, (2000, 2))
    check_edges(road, points)
    check_lanes(road, points)


@pytest.mark.parametrize("path", recorded_parameters())
def test_edges_and_lanes_of_recorded_roads_are_shapelys(path: Path) -> None:
    road = read_commonroad(path, drop_unsupported=True).road
    points = scattered(road, 600)
    check_edges(road, points)
    check_lanes(road, points)


def test_edges_right_on_corners_and_on_grid_lines() -> None:
    road = road_of(EVERY_FORM["t_junction"])
    corners = road.arrays.edges[:, :2]
    np.testing.assert_allclose(road.edge_distance(np.ascontiguousarray(corners)), 0.0, atol=1e-9)
    around = np.concatenate([corners + 0.01 * np.array([math.cos(a), math.sin(a)]) for a in np.arange(8) * math.pi / 4])
    check_edges(road, np.ascontiguousarray(around))
    grid = road.grid
    lines = np.array([[grid.x0 + i * grid.cell, y] for i in range(grid.nx) for y in np.linspace(-70.0, 20.0, 21)])
    check_edges(road, lines)


def ring_road() -> RoadNetwork:
    """Four lanes round a square island from (-5, -5) to (5, 5), and one far away."""
    sides = [
        lane("south", [[-8.5, -6.75], [8.5, -6.75]]),
        lane("east", [[6.75, -8.5], [6.75, 8.5]]),
        lane("north", [[8.5, 6.75], [-8.5, 6.75]]),
        lane("west", [[-6.75, 8.5], [-6.75, -8.5]]),
        lane("far", [[300.0, 0.0], [320.0, 0.0]]),
    ]
    return RoadNetwork(sides)


def test_a_traffic_island_is_not_road() -> None:
    road = ring_road()
    points = np.array([[0.0, 0.0], [4.0, 0.0], [6.0, 0.0], [5.0 - 1e-9, 5.0], [0.0, -9.5], [310.0, 0.0], [150.0, 0.0]])
    expected = [-5.0, -1.0, 1.0, 0.0, -1.0, 1.75, -141.5]
    np.testing.assert_allclose(road.edge_distance(points), expected, atol=1e-3)
    check_edges(road, scattered(road, 3000, margin=60.0))


def test_far_outside_the_grid_distances_stay_right() -> None:
    road = ring_road()
    points = np.array([[-1000.0, 30.0], [4000.0, -2000.0], [310.0, 900.0], [8.5, 1e5]])
    check_edges(road, points)


def test_not_a_number_is_nowhere() -> None:
    road = ring_road()
    points = np.array([[np.nan, 0.0], [np.inf, 1.0]])
    assert np.isnan(road.edge_distance(points)).all()
    assert road.lanes_at(points).tolist() == [-1, -1]


def test_slivers_between_lanes_are_closed_and_real_gaps_are_not() -> None:
    near = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]]), lane("b", [[0.0, 3.6], [50.0, 3.6]])])
    apart = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]]), lane("b", [[0.0, 4.0], [50.0, 4.0]])])
    spot = np.array([[25.0, 1.8]])
    assert near.edge_distance(spot)[0] == pytest.approx(1.75 + 1.8, abs=1e-3)
    assert apart.edge_distance(np.array([[25.0, 2.0]]))[0] == pytest.approx(-0.25, abs=1e-3)


def test_only_pavement_for_vehicles_is_drivable() -> None:
    road = road_of(EVERY_FORM["straight"])
    for kind in LaneKind:
        for found in (found for found in road.lanes if found.kind is kind):
            middle = found.centre[len(found.centre) // 2 : len(found.centre) // 2 + 1]
            assert (road.edge_distance(np.ascontiguousarray(middle))[0] > 0.0) == (kind in DRIVABLE_KINDS)


def test_where_lanes_cross_the_direction_decides() -> None:
    road = RoadNetwork([lane("east", [[-20.0, 0.0], [20.0, 0.0]]), lane("north", [[0.0, -20.0], [0.0, 20.0]])])
    middle = np.zeros((1, 2))
    assert road.lanes_at(middle, 0.2).tolist() == [0]
    assert road.lanes_at(middle, 1.4).tolist() == [1]
    assert road.lanes_at(np.zeros((2, 2)), np.array([-0.1, math.pi / 2])).tolist() == [0, 1]
    assert road.lanes_containing(0.0, 0.0) == (0, 1)
    assert road.lanes_at(np.array([[0.2, 1.0]])).tolist() == [1]


def test_a_traffic_lane_comes_before_the_crossing_that_lies_over_it() -> None:
    crossing = lane("crossing", [[0.0, -5.0], [0.0, 5.0]], kind=LaneKind.CROSSING)
    road = RoadNetwork([crossing, lane("east", [[-20.0, 0.0], [20.0, 0.0]])])
    assert road.lanes_at(np.zeros((1, 2)), math.pi / 2).tolist() == [1]


def test_odd_lanelets_are_borne() -> None:
    stub = lane("stub", [[5.0, 0.0], [5.0, 0.0]])
    doubled = lane("doubled", [[0.0, 0.0], [0.0, 0.0], [5.0, 0.0], [5.0, 0.0]])
    line = np.array([[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]])
    aside = np.array([[0.0, 2.0], [0.0, -1.0], [0.0, 2.0]])
    left, right = line + aside, line - aside
    plain = lane("twisted", line)
    twisted = Lane(**{**{name: getattr(plain, name) for name in Lane.__slots__}, "left": left, "right": right})
    road = RoadNetwork([stub, doubled, twisted])
    assert road.lane_length("stub") == 0.0
    assert road.lanes_at(np.array([[2.0, 0.0], [11.0, 0.0], [20.0, 0.5]]), 0.0).tolist() == [1, 2, 2]
    assert np.isfinite(road.edge_distance(scattered(road, 200))).all()
    assert np.isfinite(road.pose_on_lane("stub", 0.0)).all()
    s, d = road.project(0, np.array([[5.0, 1.0]]))
    assert np.isfinite([s[0], d[0]]).all()


@pytest.mark.parametrize("form", ["pieces", "x_junction"])
def test_a_turned_road_gives_the_same_answers(form: str) -> None:
    road, angle, shift = road_of(EVERY_FORM[form]), 0.7, (130.0, -45.0)
    other = turned(road, angle, shift)
    points = scattered(road, 500)
    moved = move_points(points, angle, shift)
    edge = road.edge_distance(points)
    np.testing.assert_allclose(other.edge_distance(moved), edge, atol=2e-3)
    clear = np.abs(edge) > 0.01
    yaw = np.random.default_rng(1).uniform(-3.0, 3.0, len(points))
    same = road.lanes_at(points, yaw) == other.lanes_at(moved, yaw + angle)
    assert same[clear].mean() > 0.99
    for row in range(0, len(road.lanes), 5):
        for before, after in zip(road.project(row, points), other.project(row, moved), strict=True):
            np.testing.assert_allclose(before, after, atol=1e-7)


def test_projection_on_a_concentric_lane_is_the_closed_form() -> None:
    road = road_of({"curve": {"lanes": 2, "radius_m": 50, "angle_deg": 90}})
    row = road.lane_row("main.1.0")
    radius = 50.0 + 1.5 * 3.5
    assert road.lane_length("main.1.0") == pytest.approx(radius * math.pi / 2, abs=0.02)
    angle = np.linspace(0.1, 1.4, 30)
    for d in (-1.0, 0.0, 1.5):
        points = np.column_stack([(radius - d) * np.sin(angle), 50.0 - (radius - d) * np.cos(angle)])
        s, across = road.project(row, points)
        np.testing.assert_allclose(s, radius * angle, atol=0.05)
        np.testing.assert_allclose(across, d, atol=0.005)
    for theta in (0.3, 1.1):
        x, y, heading = road.pose_on_lane("main.1.0", radius * theta, 0.5)
        assert heading == pytest.approx(theta, abs=2e-3)
        assert (x, y) == pytest.approx(
            ((radius - 0.5) * math.sin(theta), 50.0 - (radius - 0.5) * math.cos(theta)), abs=0.02
        )
        assert road.lane_heading(row, radius * theta) == heading


def test_each_point_on_its_own_lane() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    rng = np.random.default_rng(5)
    rows = rng.integers(0, len(road.lanes), 40)
    points = rng.uniform(-30.0, 30.0, (40, 2))
    s, d = road.project_each(rows, points)
    for i, row in enumerate(rows):
        alone = road.project(int(row), points[i : i + 1])
        assert (s[i], d[i]) == (alone[0][0], alone[1][0])
    assert np.isnan(road.project_each(np.array([-1]), points[:1])).all()
    poses = road.poses_on(rows, s, np.zeros(40))
    for i, row in enumerate(rows):
        assert tuple(poses[i]) == road.pose_on_lane(road.lanes[row].id, s[i])


def test_the_last_listed_patch_gives_the_grip() -> None:
    wet = SurfacePatch(np.array([[0.0, -2.0], [20.0, -2.0], [20.0, 2.0], [0.0, 2.0]]), 0.5, "wet")
    ice = SurfacePatch(np.array([[10.0, -2.0], [15.0, 0.0], [10.0, 2.0]]), 0.1, "ice")
    road = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]])], surfaces=[wet, ice])
    points = np.array([[5.0, 0.0], [11.0, 0.0], [30.0, 0.0], [14.9, 1.0]])
    assert road.friction_at(points, 0.9).tolist() == [0.5, 0.1, 0.9, 0.5]
    bare = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]])])
    assert bare.friction_at(points, 0.7).tolist() == [0.7] * 4


def test_signals_follow_their_cycle_before_and_after_their_offset() -> None:
    phases = (
        SignalPhase(SignalColour.GREEN, 10.0),
        SignalPhase(SignalColour.YELLOW, 3.0),
        SignalPhase(SignalColour.RED, 7.0),
    )
    signals = [Signal("a", (0.0, 0.0), phases), Signal("b", (0.0, 0.0), phases, offset_s=5.0)]
    road = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]])], signals=signals)
    green, yellow, red = SignalColour.GREEN, SignalColour.YELLOW, SignalColour.RED
    expected = {0: (green, red), 4_999_999: (green, red), 5_000_000: (green, green), 10_000_000: (yellow, green)}
    expected |= {12_999_999: (yellow, green), 13_000_000: (red, green), 20_000_000: (green, red), -1: (red, red)}
    for time_us, colours in expected.items():
        assert tuple(road.signal_colours(time_us)) == colours
    bare = RoadNetwork([lane("a", [[0.0, 0.0], [50.0, 0.0]])])
    assert bare.signal_colours(0).shape == (0,)


def test_a_road_does_not_change() -> None:
    road = ring_road()
    with pytest.raises(AttributeError, match="cannot be changed"):
        road.lanes = ()
    with pytest.raises(ValueError, match="read-only"):
        road.lanes[0].centre[0, 0] = 1.0
