"""Roads from pieces: shapes against closed forms, lanes joined as drivers expect, words refused that make no road."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest
import shapely
from pydantic import ValidationError
from roads import EVERY_FORM, road_of

from alpasim.errors import InputError
from alpasim.road.mapfile import dump_map
from alpasim.road.network import LaneKind, LineMark, RoadNetwork
from alpasim.road.pieces import RoadModel, build_road
from alpasim.types import SignalColour


@pytest.mark.parametrize("form", EVERY_FORM)
def test_links_go_both_ways_and_meet(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    for found in road.lanes:
        for name in found.successors:
            other = road.lane(name)
            assert found.id in other.predecessors
            for line, following in ((found.centre, other.centre), (found.left, other.left), (found.right, other.right)):
                np.testing.assert_allclose(line[-1], following[0], atol=1e-9)
            turn = road.lane_heading(road.lane_row(found.id), road.lane_length(found.id)) - road.lane_heading(
                road.lane_row(name), 0.0
            )
            assert abs(math.sin(turn)) < 0.02
        for name in found.predecessors:
            assert found.id in road.lane(name).successors


@pytest.mark.parametrize("form", EVERY_FORM)
def test_neighbours_share_a_border(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    for found in road.lanes:
        for own, side in ((found.left, found.left_neighbour), (found.right, found.right_neighbour)):
            if side is None:
                continue
            other = road.lane(side.lane)
            if side.same_direction:
                border = other.right if own is found.left else other.left
            else:
                assert own is found.left or found.kind is not LaneKind.DRIVING or other.kind is not LaneKind.DRIVING
                border = (other.left if own is found.left else other.right)[::-1]
            assert shapely.hausdorff_distance(shapely.linestrings(own), shapely.linestrings(border)) < 0.01
            back = other.right_neighbour if (own is found.left) == side.same_direction else other.left_neighbour
            assert back is not None
            assert back.lane == found.id


@pytest.mark.parametrize("form", EVERY_FORM)
def test_the_pavement_is_one_piece_without_holes(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    assert len(road.drivable.geoms) == 1
    islands = [hole for part in road.drivable.geoms for hole in part.interiors]
    assert len(islands) == 0


def test_the_oncoming_lane_is_the_left_neighbour_of_the_leftmost() -> None:
    road = road_of(EVERY_FORM["straight"])
    ours, theirs = road.lane("main.2.0"), road.lane("main.o1.0")
    assert ours.left_neighbour is not None
    assert (ours.left_neighbour.lane, ours.left_neighbour.same_direction) == ("main.o1.0", False)
    assert theirs.left_neighbour is not None
    assert (theirs.left_neighbour.lane, theirs.left_neighbour.same_direction) == ("main.2.0", False)
    assert road.lane_heading(road.lane_row("main.o1.0"), 10.0) == pytest.approx(-math.pi)
    assert ours.left_mark is theirs.left_mark is LineMark.SOLID


def test_places_on_a_straight_road() -> None:
    road = road_of(EVERY_FORM["straight"])
    assert road.place("main", 1, 30.0) == pytest.approx((30.0, -5.25, 0.0, "main.1.0"))
    assert road.place("main", 2, 30.0, d=0.5) == pytest.approx((30.0, -1.25, 0.0, "main.2.0"))
    x, y, yaw, name = road.place("main", "oncoming_1", 30.0, d=0.5)
    assert (x, y, abs(yaw), name) == pytest.approx((30.0, 1.25, math.pi, "main.o1.0"))
    assert road.place("main", "parking", 30.0)[1] == pytest.approx(-7.0 - 1.1)
    assert road.place("main", "sidewalk", 30.0)[1] == pytest.approx(-7.0 - 2.2 - 1.0)


def test_places_in_a_bend_lie_across_from_each_other() -> None:
    road = road_of(EVERY_FORM["pieces"])
    arc = math.radians(40.0)
    for word, offset in ((1, -1.75), ("oncoming_1", 1.75)):
        x, y, yaw, name = road.place("main", word, 80.0 + 50.0 * arc)
        radius = 50.0 - offset
        assert (x, y) == pytest.approx((80.0 + radius * math.sin(arc), 50.0 - radius * math.cos(arc)), abs=0.02)
        assert math.cos(yaw - arc) == pytest.approx(1.0 if word == 1 else -1.0, abs=1e-4)
        assert name.endswith(".1")


def test_lengths_headings_and_limits_of_joined_pieces() -> None:
    road = road_of(EVERY_FORM["pieces"])
    assert [road.lane(f"main.1.{i}").speed_limit_mps for i in range(3)] == pytest.approx([20.0, 10.0, 10.0])
    assert road.lane_length("main.1.0") == pytest.approx(80.0)
    assert road.lane_length("main.1.1") == pytest.approx(51.75 * math.pi / 2, abs=0.02)
    x, y, heading = road.pose_on_lane("main.1.2", 60.0)
    assert (x, y, heading) == pytest.approx((80.0 + 51.75, 50.0 + 60.0, math.pi / 2), abs=1e-9)


def test_a_right_hand_bend_turns_right() -> None:
    road = road_of(EVERY_FORM["curve"])
    x, y, heading = road.pose_on_lane("main.1.0", road.lane_length("main.1.0"))
    radius, angle = 40.0 - 1.75, math.radians(120.0)
    assert heading == pytest.approx(-angle, abs=1e-3)
    assert (x, y) == pytest.approx((radius * math.sin(angle), -40.0 + radius * math.cos(angle)), abs=1e-9)


def test_an_acceleration_lane_ends_and_an_exit_leads_away() -> None:
    road = road_of(EVERY_FORM["motorway"])
    ramp, lane_1 = road.lane("main.on_ramp.1"), road.lane("main.1.1")
    assert ramp.successors == ()
    assert ramp.predecessors == ("main.on_ramp.0.entry",)
    assert ramp.left_neighbour is not None
    assert (ramp.left_neighbour.lane, ramp.left_neighbour.same_direction) == ("main.1.1", True)
    assert lane_1.right_mark is LineMark.DASHED
    assert math.dist(ramp.left[-1], ramp.right[-1]) == pytest.approx(0.0, abs=1e-9)
    assert math.dist(ramp.left[0], ramp.right[0]) == pytest.approx(3.75)
    leaving = road.lane("main.off_ramp.3")
    assert leaving.successors == ("main.off_ramp.0.exit",)
    exit_end = road.lane("main.off_ramp.0.exit").centre[-1]
    _, d = road.project(road.lane_row("main.1.4"), exit_end[None])
    assert -25.0 < d[0] < -15.0
    assert road.place("on_ramp", 1, 10.0)[3] == "main.on_ramp.0.entry"
    assert road.place("main", 2, 899.0)[3] == "main.2.4"


def ways_from(road: RoadNetwork, course: str) -> set[tuple[str, str]]:
    """(inbound lane, course it leads out on) of every way from an arm."""
    outs = {name: found for name, found in road.courses.items() if name.endswith("_out")}
    found = set()
    for number, chain in enumerate(road.courses[course].lanes, start=1):
        for connecting in road.lane(chain[-1]).successors:
            for after in road.lane(connecting).successors:
                for name, out in outs.items():
                    for place, lanes in enumerate(out.lanes, start=1):
                        if after in lanes:
                            found.add((f"{number}", f"{name}:{place}"))
    return found


def test_every_lane_of_a_crossing_leads_where_drivers_expect() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    assert ways_from(road, "south") == {
        ("1", "east_out:1"),
        ("1", "north_out:1"),
        ("2", "north_out:2"),
        ("2", "west_out:2"),
    }
    assert ways_from(road, "west") == {
        ("1", "south_out:1"),
        ("1", "east_out:1"),
        ("2", "east_out:2"),
        ("2", "north_out:2"),
    }
    tee = road_of(EVERY_FORM["t_junction"])
    assert ways_from(tee, "south") == {("1", "east_out:1"), ("2", "west_out:1"), ("3", "west_out:2")}
    assert ways_from(tee, "east") == {("2", "south_out:3"), ("1", "west_out:1"), ("2", "west_out:2")}


@pytest.mark.parametrize(("sidewalk_m", "mark"), [(0.0, LineMark.SOLID), (2.0, LineMark.KERB)])
def test_the_border_across_a_tee_goes_on_as_it_does_beside_it(sidewalk_m: float, mark: LineMark) -> None:
    tee = road_of({"t_junction": {"arm_length_m": 40, "sidewalk_m": sidewalk_m}})
    beyond = [lane for lane in tee.lanes if lane.kind is LaneKind.DRIVING and lane.right[:, 1].min() > 3.0]
    assert len(beyond) == 3  # towards the tee, across it, and away
    assert {lane.right_mark for lane in beyond} == {mark}


def test_a_crossings_turns_turn_by_a_right_angle() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    for found in (found for found in road.lanes if found.in_junction and found.kind is LaneKind.DRIVING):
        row, length = road.lane_row(found.id), road.lane_length(found.id)
        turn = math.remainder(road.lane_heading(row, length) - road.lane_heading(row, 0.0), 2.0 * math.pi)
        assert min(abs(turn - quarter) for quarter in (-math.pi / 2, 0.0, math.pi / 2)) < 0.01
        corner = 12.0 + 1.75
        if turn < -1.0:
            assert length == pytest.approx(corner * math.pi / 2, abs=0.02)


def test_courses_of_a_crossing() -> None:
    road = road_of(EVERY_FORM["x_junction"])
    x, y, yaw, _ = road.place("south", 1, 60.0)
    assert (x, y, yaw) == pytest.approx((5.25, -19.0, math.pi / 2), abs=1e-6)
    x, y, yaw, _ = road.place("south_out", 1, 0.0)
    assert (x, y, yaw) == pytest.approx((-5.25, -19.0, -math.pi / 2), abs=1e-6)
    x, y, yaw, name = road.place("south_to_north", 2, 79.0)
    assert (x, y, yaw, name) == pytest.approx((1.75, 0.0, math.pi / 2, "south_2_to_north_2"), abs=1e-6)
    assert road.place("south_to_north", "oncoming_1", 79.0)[3] == "north_2_to_south_2"
    assert road.place("south_to_west", 1, 70.0)[3] == "south_2_to_west_2"
    assert set(road.courses) >= {"south", "east", "north", "west", "west_out", "north_to_east", "east_to_west"}


def test_lights_are_never_green_on_both_roads() -> None:
    for first in ("north_south", "east_west"):
        signals = {"green_s": 8.0, "cross_green_s": 5.0, "first": first, "offset_s": 2.5}
        road = road_of({"x_junction": {"arm_length_m": 40, "signals": signals}})
        rows = {signal.id: row for row, signal in enumerate(road.signals)}
        assert list(rows) == ["south", "east", "north", "west"]
        go = {SignalColour.GREEN, SignalColour.YELLOW}
        seen: dict[str, int] = dict.fromkeys(rows, 0)
        for time_us in range(0, 46_000_000, 100_000):
            colours = road.signal_colours(time_us)
            assert colours[rows["south"]] == colours[rows["north"]]
            assert not ({colours[rows["south"]]} & go and {colours[rows["east"]]} & go)
            for name, row in rows.items():
                seen[name] += int(colours[row] == SignalColour.GREEN)
        assert seen == {"south": 160, "north": 160, "east": 100, "west": 100}
        now = road.signal_colours(2_500_000)
        assert now[rows["south" if first == "north_south" else "east"]] == SignalColour.GREEN
        before = road.signal_colours(2_499_999)
        assert before[rows["south" if first == "north_south" else "east"]] == SignalColour.RED_YELLOW


def test_stop_lines_lie_across_the_end_of_lanes_that_come_in() -> None:
    road = road_of({"t_junction": {"arm_length_m": 40, "stop_lines": ["south"]}})
    found = [found for found in road.lanes if found.stop_line is not None]
    assert [found.id for found in found] == ["south.1.0"]
    np.testing.assert_allclose(found[0].stop_line, [[0.0, -10.0], [3.5, -10.0]], atol=1e-9)
    assert all(lane.signal == -1 for lane in road.lanes)
    lit = road_of(EVERY_FORM["t_junction"])
    assert {lit.signals[found.signal].id for found in lit.lanes if found.stop_line is not None} == {
        "south",
        "east",
        "west",
    }
    assert sum(found.stop_line is not None for found in lit.lanes) == 3 + 2 + 2


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ({}, "exactly one of"),
        (
            {"straight": {"lanes": 1, "length_m": 10}, "curve": {"lanes": 1, "radius_m": 9, "angle_deg": 9}},
            "exactly one of",
        ),
        ({"straight": {"length_m": 10}}, "lanes is missing"),
        ({"straight": {"lanes": 1, "length_m": 10, "lenght_m": 3}}, "lenght_m"),
        ({"straight": {"lanes": 1, "length_m": float("nan")}}, "finite"),
        ({"straight": {"lanes": "2", "length_m": 10}}, "integer"),
        ({"straight": {"lanes": 1, "length_m": 9, "speed_limit_kph": 50, "speed_limit_mps": 9}}, "only one of them"),
        ({"curve": {"lanes": 3, "radius_m": -11, "angle_deg": 90}}, "inner edge must fit"),
        (
            {
                "pieces": [
                    {"straight": {"lanes": 2, "oncoming_lanes": 1, "length_m": 50, "sidewalk_m": 2}},
                    {"curve": {"radius_m": 7, "angle_deg": 90}},
                ]
            },
            "piece 1: radius_m 7, expected at least 7.5 either way",
        ),
        ({"pieces": []}, "at least 1"),
        (
            {"pieces": [{"straight": {"lanes": 1, "length_m": 9}}, {"straight": {"lanes": 2, "length_m": 9}}]},
            "piece 1 has other lanes",
        ),
        ({"motorway": {"lanes": 3, "length_m": 100, "on_ramp": {"at_m": 80, "length_m": 50}}}, "on_ramp ends at 130"),
        ({"t_junction": {"arm_length_m": 40, "stop_lines": ["north"]}}, "no north arm"),
        ({"x_junction": {"arm_length_m": 40, "signals": {"red_yellow_s": 5}}}, "red_yellow_s to be less"),
    ],
)
def test_words_that_make_no_road_are_refused(form: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        RoadModel.model_validate(form)


def test_unknown_places_are_named_with_a_suggestion() -> None:
    road = road_of(EVERY_FORM["straight"])
    with pytest.raises(InputError, match=r"unknown course 'mian' .did you mean 'main'"):
        road.place("mian", 1, 10.0)
    with pytest.raises(InputError, match=r"unknown lane 'oncoming_2'.*it has: 1, 2, oncoming_1"):
        road.place("main", "oncoming_2", 10.0)
    with pytest.raises(InputError, match=r"s is 201 m, expected 0 to 200\.0 m"):
        road.place("main", 1, 201.0)
    with pytest.raises(InputError, match=r"unknown lane 'main.3.0'"):
        road.lane("main.3.0")


def test_a_map_file_is_the_one_that_was_meant() -> None:
    text = dump_map(road_of(EVERY_FORM["curve"]))
    digest = hashlib.sha256(text.encode()).hexdigest()
    model = RoadModel.model_validate({"map": {"file": "x.map.json", "sha256": digest}})
    assert dump_map(build_road(model, lambda name: {"x.map.json": text.encode()}[name])) == text
    with pytest.raises(InputError, match=r"x\.map\.json: sha256 is .* expected"):
        build_road(model, lambda _: text.encode() + b" ")
    with pytest.raises(InputError, match="not UTF-8"):
        build_road(RoadModel.model_validate({"map": {"file": "x.map.json"}}), lambda _: b"\xff\xfe")
