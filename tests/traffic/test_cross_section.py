"""What left, right, numbers and names of lanes mean from where a driver is."""

from __future__ import annotations

import pytest
from traffic_scenes import motorway, road

from alpasim.road.network import RoadNetwork
from alpasim.traffic.cross_section import cross_section


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
