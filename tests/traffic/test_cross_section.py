"""What left, right, numbers and names of lanes mean from where a driver is."""

from __future__ import annotations

import numpy as np
import pytest
from traffic_scenes import motorway, road

from alpasim.road.network import RoadNetwork
from alpasim.traffic.cross_section import cross_section
from alpasim.traffic.lane_paths import Grip, build_path, join


def lane_of(network: RoadNetwork, lane: int | str, s: float = 50.0) -> str:
    return network.place("main", lane, s)[3]


def street() -> RoadNetwork:
    return road(straight={"lanes": 2, "oncoming_lanes": 2, "length_m": 100, "speed_limit_kph": 50, "parking_m": 2.0})


@pytest.mark.parametrize(
    ("own", "against", "to", "expected"),
    [
        (1, False, "left", (2, False)),
        (2, False, "right", (1, False)),
        (2, False, "left", ("oncoming_1", True)),
        (1, False, "oncoming_2", ("oncoming_2", True)),
        (2, False, "same", (2, False)),
        (1, False, "right", ("parking", False)),
        (2, False, "parking", ("parking", False)),
        ("oncoming_1", True, "right", (2, False)),
        ("oncoming_1", True, 1, (1, False)),
        ("oncoming_1", True, "left", ("oncoming_2", True)),
    ],
)
def test_words_for_lanes(own: int | str, against: bool, to: int | str, expected: tuple[int | str, bool]) -> None:
    network = street()
    section = cross_section(network, lane_of(network, own), against)
    assert section.target(network, to) == (lane_of(network, expected[0]), expected[1])


@pytest.mark.parametrize(("own", "to"), [(1, 3), (1, "oncoming_3"), ("oncoming_2", "right"), (1, "shoulder")])
def test_where_there_is_no_such_lane(own: int | str, to: int | str) -> None:
    network = street()
    assert cross_section(network, lane_of(network, own), False).target(network, to) is None


def test_oncoming_traffic_counts_its_own_lanes() -> None:
    network = street()
    section = cross_section(network, lane_of(network, "oncoming_2"), False)
    assert section.target(network, "left") == (lane_of(network, "oncoming_1"), False)


def test_lanes_are_numbered_without_any_course() -> None:
    network = motorway(length_m=200.0)
    bare = RoadNetwork(network.lanes)
    section = cross_section(bare, lane_of(network, 1), False)
    assert section.target(bare, 3) == (lane_of(network, 3), False)
    assert section.target(bare, 4) is None


def test_a_way_in_a_bend_has_the_bends_length_curvature_and_speed() -> None:
    network = road(curve={"lanes": 1, "radius_m": 50, "angle_deg": 90, "speed_limit_kph": 100})
    path = build_path(network, lane_of(network, 1, 20.0), False, (), 1000.0, Grip.on(0.9))
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
    path = build_path(network, lane_of(network, 1, 10.0), False, (), 1000.0, Grip.on(0.9))
    limit = path.points[:, 5]
    at = int(200.0 / path.spacing)
    assert limit[at] == pytest.approx(
        min(100 / 3.6, np.sqrt((50 / 3.6) ** 2 + 2 * 1.5 * (300 - at * path.spacing))), rel=0.01
    )
    assert limit[int(301.0 / path.spacing)] == pytest.approx(50 / 3.6)
