"""Ways along lanes: their length, curvature and speeds against closed forms, and against recorded maps' wobble."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from traffic_scenes import road

from alpasim.road.network import RoadNetwork
from alpasim.traffic.lane_paths import MOST_PATHS, Grip, build_path, join, lane_path


def test_a_way_in_a_bend_has_the_bends_length_curvature_and_speed() -> None:
    network = road(curve={"lanes": 1, "radius_m": 50, "angle_deg": 90, "speed_limit_kph": 100})
    path = build_path(network, network.place("main", 1, 20.0)[3], False, (), 1000.0, Grip.on(0.9))
    radius = 50 + 1.75
    assert path.length_m == pytest.approx(radius * np.pi / 2, rel=1e-3)
    middle = path.points[len(path.points) // 2]
    assert middle[3] == pytest.approx(1 / radius, rel=1e-2)
    assert middle[4] == pytest.approx(np.sqrt(2.5 * radius), rel=1e-2)
    assert middle[5] == pytest.approx(100 / 3.6)
    table = join([path, path])
    assert list(table.first) == [0, len(path.points)]
    np.testing.assert_array_equal(table.points[table.first[1] :], path.points)


def test_a_lower_limit_ahead_is_braked_for() -> None:
    network = road(
        pieces=[
            {"straight": {"lanes": 1, "length_m": 300, "speed_limit_kph": 100}},
            {"straight": {"length_m": 300, "speed_limit_kph": 50}},
        ]
    )
    path = build_path(network, network.place("main", 1, 10.0)[3], False, (), 1000.0, Grip.on(0.9))
    limit = path.points[:, 5]
    at = int(200.0 / path.spacing)
    assert limit[at] == pytest.approx(
        min(100 / 3.6, np.sqrt((50 / 3.6) ** 2 + 2 * 1.5 * (300 - at * path.spacing))), rel=0.01
    )
    assert limit[int(301.0 / path.spacing)] == pytest.approx(50 / 3.6)


def test_the_wobble_of_a_recorded_map_is_no_bend() -> None:
    """A motorway lane whose centre swings 15 cm to each side every 25 m: heading to and fro by 0.04 rad."""
    lane = road(straight={"lanes": 1, "length_m": 400, "speed_limit_kph": 120}).lanes[0]
    x = np.linspace(0.0, 400.0, 161)
    swing = 0.15 * np.sin(2.0 * np.pi * x / 25.0)
    lines = [np.column_stack((x, swing + side)) for side in (0.0, 1.75, -1.75)]
    wobbly = replace(lane, centre=lines[0], left=lines[1], right=lines[2], left_neighbour=None, right_neighbour=None)
    path = build_path(RoadNetwork([wobbly]), wobbly.id, False, (), 1000.0, Grip.on(0.9))
    assert path.points[20:-20, 4].min() > 30.0


def test_an_endless_road_is_laid_out_as_far_as_asked() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 201)
    circle = np.column_stack((np.cos(angle), np.sin(angle)))
    lane = road(straight={"lanes": 1, "length_m": 50, "speed_limit_kph": 50}).lanes[0]
    ring = [
        replace(
            lane, id=name, centre=60.0 * part, left=58.0 * part, right=62.0 * part, left_neighbour=None,
            right_neighbour=None, successors=(other,), predecessors=(other,),
        )
        for name, other, part in (("a", "b", circle[:101]), ("b", "a", circle[100:]))
    ]  # fmt: skip
    path = build_path(RoadNetwork(ring), "a", False, (), 2000.0, Grip.on(0.9))
    assert 2000.0 <= path.length_m < 2400.0
    assert path.lane_at(100.0) == "a"
    assert path.lane_at(200.0) == "b"
    assert path.lane_at(400.0) == "a"
    assert path.points[-1, 2] - path.points[0, 2] == pytest.approx(path.length_m / 60.0, rel=1e-2)


def test_a_way_is_laid_out_once_a_road_and_anew_for_what_differs() -> None:
    network, other = (road(straight={"lanes": 1, "length_m": 300}) for _ in range(2))
    lane = network.place("main", 1, 20.0)[3]
    first = lane_path(network, lane, False, (), 1000.0, Grip.on(0.9))
    assert lane_path(network, lane, False, (), 1000.0, Grip.on(0.9)) is first
    assert lane_path(network, lane, False, (), 1000.0, Grip.on(0.3)) is not first
    assert lane_path(network, lane, True, (), 1000.0, Grip.on(0.9)).against
    assert lane_path(other, lane, False, (), 1000.0, Grip.on(0.9)) is not first
    for number in range(MOST_PATHS):
        lane_path(network, lane, False, (), 2000.0 + number, Grip.on(0.9))
    again = lane_path(network, lane, False, (), 1000.0, Grip.on(0.9))
    assert again is not first
    assert np.array_equal(again.points, first.points)


def test_a_place_on_the_first_lane_is_measured_along_and_to_the_left() -> None:
    network = road(straight={"lanes": 1, "length_m": 300})
    x, y, heading, lane = network.place("main", 1, 20.0)
    path = lane_path(network, lane, False, (), 1000.0, Grip.on(0.9))
    s, d = path.on_entry(x - 1.5 * np.sin(heading), y + 1.5 * np.cos(heading))
    assert s == pytest.approx(20.0)
    assert d == pytest.approx(1.5)
