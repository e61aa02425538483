"""What bad input gets: one clear fault each, with its place and what to do; and all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import PLAIN, faults_of, the_fault

from alpasim.errors import InputError, ScenarioError
from alpasim.scenario.loading import load_scenario

CASES = {
    "misspelt key": (
        "speed_kph: 110", "sped_kph: 110",
        "6:41: ego.sped_kph: unknown key 'sped_kph' (did you mean 'speed_kph'?)",
    ),
    "no unit": ("speed_kph: 110", "speed: 110", "6:41: ego.speed: key 'speed' has no unit, expected speed_kph or speed_mps"),
    "unknown unit": (
        "speed_kph: 110", "speed_mph: 70",
        "6:41: ego.speed_mph: key 'speed_mph' has a unit that is not known here, expected speed_kph or speed_mps",
    ),
    "two units": (
        "speed_kph: 110", "speed_kph: 110, speed_mps: 30",
        "6:6: ego: found speed_kph and speed_mps, expected only one of them",
    ),
    "unit in the value": (
        "speed_kph: 110", "speed_kph: 110 km/h",
        "6:52: ego.speed_kph: found the text '110 km/h', expected a number: write the number alone, its unit stands in the key's name",
    ),
    "quoted number": (
        "speed_kph: 110", "speed_kph: '110'",
        "6:52: ego.speed_kph: found the text '110', expected a number: write it without quotes",
    ),
    "flag for a number": ("speed_kph: 110", "speed_kph: true", "6:52: ego.speed_kph: found true, expected a number"),
    "negative speed": ("speed_kph: 110", "speed_kph: -5", "6:52: ego.speed_kph: found -5, expected at least 0"),
    "range in place of a number": (
        "speed_kph: 110", "speed_kph: {uniform: [1, 2]}",
        "6:52: ego.speed_kph: found a mapping, expected a number: a range belongs under parameters and stands here as $name",
    ),
    "unknown kind": ("kind: car", "kind: cra", "9:11: actors.cutter.kind: found the text 'cra', expected one of car,"),
    "unknown vehicle": (
        "vehicle: sedan", "vehicle: sedna", "6:16: ego.vehicle: unknown vehicle 'sedna' (did you mean 'sedan'?)",
    ),
    "unknown behaviour": (
        "drive: follow", "drive: folow", "11:12: actors.cutter.drive: unknown behaviour 'folow' (did you mean 'follow'?)",
    ),
    "misspelt option": (
        "drive: follow", "drive: {follow: {headwy_s: 2}}",
        "11:22: actors.cutter.drive.follow.headwy_s: unknown key 'headwy_s' (did you mean 'headway_s'?)",
    ),
    "option out of bounds": (
        "drive: follow", "drive: {follow: {headway_s: -2}}",
        "11:33: actors.cutter.drive.follow.headway_s: found -2, expected at least 0",
    ),
    "unknown actor in a place": (
        "ahead_of: ego", "ahead_of: eggo", "10:23: actors.cutter.place.ahead_of: unknown actor 'eggo' (did you mean 'ego'?)",
    ),
    "unknown actor in a condition": (
        "to: cutter, below", "to: cuter, below",
        "13:40: events[0].when.time_headway.to: unknown actor 'cuter' (did you mean 'cutter'?)",
    ),
    "unknown actor in then": (
        "then: {cutter:", "then: {cuter:", "14:12: events[0].then.cuter: unknown actor 'cuter' (did you mean 'cutter'?)",
    ),
    "an event that commands the ego": (
        "then: {cutter:", "then: {ego:", "14:12: events[0].then.ego: the ego is driven by the policy, no event can command it",
    ),
    "unknown action": (
        "change_lane: {to: right, over_s: 2.5}", "chnge_lane: {to: right}",
        "14:21: events[0].then.cutter.chnge_lane: unknown key 'chnge_lane' (did you mean 'change_lane'?)",
    ),
    "an action that the behaviour cannot do": (
        "drive: follow", "drive: parked",
        "14:21: events[0].then.cutter.change_lane: cutter drives by 'parked' and cannot do 'change_lane', expected one of path",
    ),
    "two conditions in one place": (
        "{time_headway: {of: ego, to: cutter, below_s: 1.0}}", "{position: {of: ego, s_m: 5, x_m: 4, y_m: 3, within_m: 2}}",
        "13:22: events[0].when.position: found s_m and within_m, expected exactly one of s_m, region, within_m",
    ),
    "unknown expectation": (
        "[no_collision,", "[no_colision,", "16:10: expect[0]: unknown expectation 'no_colision' (did you mean 'no_collision'?)",
    ),
    "expectation without its number": (
        "{min_time_to_collision_s: 1.0}", "min_time_to_collision_s", "16:24: expect[1]: unknown expectation",
    ),
    "unknown metric": (
        "{min_time_to_collision_s: 1.0}", "{metric: colision_any, at_most: 0}",
        "16:25: expect[1].metric: unknown metric 'colision_any' (did you mean 'collision_any'?)",
    ),
    "metric without a bound": (
        "{min_time_to_collision_s: 1.0}", "{metric: collision_any}",
        "16:24: expect[1]: found none of them, expected exactly one of at_least, at_most",
    ),
    "ego without a place": (
        "lane: 1, s_m: 40, ", "", "6:6: ego: expected where the ego starts: lane and s_m, or pose: {x_m, y_m, yaw_deg}",
    ),
    "ego without a goal": (", goal: {s_m: 800}", "", "6:1: ego: missing key 'goal'"),
    "a goal of nothing": ("{s_m: 800}", "{lane: 1}", "6:63: ego.goal: expected something to reach"),
    "actor off the road": (
        "place: {ahead_of: ego, lane: left, gap_m: $gap_m, speed_kph: 80}", "place: {x_m: $gap_m, y_m: 30}",
        "10:12: actors.cutter.place: cutter starts at (",
    ),
    "ego off the road": (
        "lane: 1, s_m: 40, ", "pose: {x_m: 40, y_m: -40}, ", "6:29: ego.pose: ego starts at (40.0, -40.0),",
    ),
    "s beyond the road": ("s_m: 40", "s_m: 4000", "6:6: ego: course 'main': s is 4000 m, expected 0 to 900.0 m"),
    "a lane that is not there": ("lane: 1, s", "lane: 7, s", "6:6: ego: course 'main': unknown lane 7; it has: 1, 2, 3"),
    "a course that is not there": (
        "ego: {vehicle", "ego: {course: mian, vehicle", "6:6: ego: unknown course 'mian' (did you mean 'main'?)",
    ),
    "no lane on that side": (
        "lane: left", "lane: right", "10:12: actors.cutter.place: there is no lane of the same direction to the right",
    ),
    "a place beyond the end of the lane": (
        "gap_m: $gap_m", "gap_s: $gap_m", "10:12: actors.cutter.place: the lane ends",
    ),
    "a place relative to itself": (
        "ahead_of: ego, lane: left", "ahead_of: cutter", "10:23: actors.cutter.place.ahead_of: these places refer to each other",
    ),
    "a goal behind the start": ("goal: {s_m: 800}", "goal: {s_m: 5}", "6:63: ego.goal: "),
    "a goal off the road": (
        "goal: {s_m: 800}", "goal: {x_m: 300, y_m: 300, radius_m: 5}", "6:63: ego.goal: route: the goal lies on no lane",
    ),
    "a goal beyond the road": (
        "goal: {s_m: 800}", "goal: {s_m: 950}", "6:63: ego.goal: s_m 950 is not on course 'main', which runs from 0 to 900.0 m",
    ),
    "a goal that is too far for the time": (
        "time_limit_s: 45", "time_limit_s: 10", "6:63: ego.goal: the goal is",
    ),
    "an event after the end": (
        "{time_headway: {of: ego, to: cutter, below_s: 1.0}}", "{time: {after_s: 45}}",
        "13:28: events[0].when.time.after_s: found after_s 45, but the scenario ends at 45 s",
    ),
    "a position beyond the road": (
        "{time_headway: {of: ego, to: cutter, below_s: 1.0}}", "{position: {of: ego, s_m: 901}}",
        "13:37: events[0].when.position.s_m: s_m 901 is not on course 'main', which runs from 0 to 900.0 m",
    ),
    "a position on no course": (
        "{time_headway: {of: ego, to: cutter, below_s: 1.0}}", "{position: {of: ego, s_m: 901, course: mian}}",
        "13:50: events[0].when.position.course: unknown course 'mian' (did you mean 'main'?)",
    ),
    "a waypoint off the course": (
        "change_lane: {to: right, over_s: 2.5}", "path: {speed_kph: 30, waypoints: [{lane: 1, s_m: 10}, {lane: 1, s_m: 999}]}",
        "14:75: events[0].then.cutter.path.waypoints[1]: course 'main': s is 999 m, expected 0 to 900.0 m",
    ),
    "waypoints that go back in time": (
        "change_lane: {to: right, over_s: 2.5}", "path: {waypoints: [{lane: 1, s_m: 10, t_s: 4}, {lane: 1, s_m: 99, t_s: 3}]}",
        "14:92: events[0].then.cutter.path.waypoints[1].t_s: found t_s 3 after 4, expected rising times",
    ),
    "a waypoint of two places": (
        "change_lane: {to: right, over_s: 2.5}", "path: {waypoints: [{lane: 1, s_m: 10, x_m: 4}]}",
        "14:40: events[0].then.cutter.path.waypoints[0]: expected a place for the waypoint",
    ),
    "a goal after the end": (
        "goal: {s_m: 800}", "goal: {after_s: 50}", "6:73: ego.goal.after_s: found after_s 50, but the scenario ends at 45 s",
    ),
    "a surface of no place": (
        "parameters:", "surfaces: [{friction: 0.2}]\nparameters:", "4:12: surfaces[0]: expected the patch's place: from_s_m and to_s_m",
    ),
    "a surface beyond the road": (
        "parameters:", "surfaces: [{friction: 0.2, from_s_m: 9, to_s_m: 999}]\nparameters:",
        "4:12: surfaces[0]: the stretch from s 9 to 999 m leaves the course",
    ),
    "a road of no form": ("motorway:", "motorwy:", "3:8: road.motorwy: unknown key 'motorwy' (did you mean 'motorway'?)"),
    "a road that makes no sense": ("lanes: 3", "lanes: 0", "3:26: road.motorway.lanes: found 0, expected at least 1"),
    "a road that never ends": (
        "{motorway: {lanes: 3, length_m: 900, speed_limit_kph: 120}}",
        "{pieces: [{straight: {lanes: 3, length_m: 900}}, {curve: {radius_m: 20000, angle_deg: 180}}]}",
        "3:7: road: the pieces are 63732 m long together, expected at most 50000 m",
    ),
    "another schema": (
        "alpasim/scenario@1", "alpasim/scenario@2", "1:9: schema: found 'alpasim/scenario@2', expected 'alpasim/scenario@1'",
    ),
    "a suite": ("alpasim/scenario@1", "alpasim/suite@1", "1:9: schema: found 'alpasim/suite@1'"),
    "no schema": ("schema: alpasim/scenario@1\n", "", "1:1: missing key 'schema'"),
    "misspelt schema": ("schema:", "shema:", "1:1: missing key 'schema' (did you mean 'shema'?)"),
    "an actor called ego": ("  cutter:", "  ego:", "8:3: actors.ego: 'ego' is the car under test"),
    "a name with a blank": ("  cutter:", "  cut ter:", "8:"),
    "replay without tracks": (
        "drive: follow", "drive: {replay: {id: '3'}}", "11:21: actors.cutter.drive.replay: replay needs recorded tracks",
    ),
    "an actor without a place": (
        "    place: {ahead_of: ego, lane: left, gap_m: $gap_m, speed_kph: 80}\n", "    mass_kg: $gap_m\n",
        "8:3: actors.cutter: missing key 'place'",
    ),
    "speed beside the place": (
        "kind: car\n", "kind: car\n    speed_kph: 5\n", "10:5: actors.cutter.speed_kph: unknown key 'speed_kph', it belongs under place",
    ),
    "a list for the file": (PLAIN, "- a\n- b\n", "1:1: expected a mapping of keys and values"),
    "a word for the file": (PLAIN, "hello\n", "1:1: expected a mapping of keys and values"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_gets_its_fault_at_its_place(write, name: str) -> None:
    old, new, expected = CASES[name]
    assert old in PLAIN
    path = write(PLAIN.replace(old, new))
    messages = [str(fault) for fault in faults_of(path)]
    assert any(message.startswith(f"{path}:{expected}") for message in messages), "\n".join(messages)


ONE_FAULT = sorted(
    set(CASES)
    - {
        "a name with a blank",
        "an actor called ego",
        "misspelt key",
        "no unit",
        "unknown unit",
        "misspelt schema",
    }
)


@pytest.mark.parametrize("name", ONE_FAULT)
def test_one_mistake_gets_one_fault(write, name: str) -> None:
    old, new, _ = CASES[name]
    the_fault(write(PLAIN.replace(old, new)))


def test_all_faults_of_a_file_come_at_once_in_file_order(write) -> None:
    text = PLAIN
    for old, new in (
        ("lanes: 3", "lanes: three"),
        ("speed_kph: 110", "speed: 110"),
        ("kind: car", "kind: cra"),
        ("drive: follow", "drive: folow"),
        ("below_s: 1.0", "below_s: 0"),
        ("to: right", "too: right"),
        ("no_collision", "no_colision"),
        ("time_limit_s: 45", "time_limit: 45"),
    ):
        text = text.replace(old, new)
    faults = faults_of(write(text))
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    paths = {fault.path for fault in faults}
    assert paths >= {
        "road.motorway.lanes", "ego.speed", "actors.cutter.kind", "actors.cutter.drive", "end.time_limit",
        "events[0].when.time_headway.below_s", "events[0].then.cutter.change_lane.too", "expect[0]",
    }  # fmt: skip


def test_faults_against_the_road_come_at_once_too(write) -> None:
    text = PLAIN.replace(
        "actors:\n", "actors:\n  a: {kind: car, place: {x_m: 9, y_m: 99}}\n  b: {kind: car, place: {lane: 9, s_m: 9}}\n"
    )
    text = text.replace("{s_m: 800}", "{s_m: 8000}")
    assert {fault.path for fault in faults_of(write(text))} == {"actors.a.place", "actors.b.place", "ego.goal"}


def test_a_place_that_waits_for_a_failed_one_is_not_blamed(write) -> None:
    text = PLAIN.replace("actors:\n", "actors:\n  next: {kind: car, place: {behind: cutter, gap_m: 5}}\n").replace(
        "lane: left", "lane: 9"
    )
    assert the_fault(write(text)).path == "actors.cutter.place"


def test_pedestrians_cones_and_wrecks_may_stand_beside_the_road(write) -> None:
    actors = (
        "actors:\n  a: {kind: pedestrian, place: {x_m: 99, y_m: 9}}\n  b: {kind: cone, place: {x_m: 89, y_m: 9}}\n"
        "  c: {kind: car, place: {x_m: 79, y_m: 9, off_road: true}}\n"
    )
    load_scenario(write(PLAIN.replace("actors:\n", actors))).concrete(0)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\x02binary", "is this a binary file?"),
        (b"\x89PNG\r\n\x1a\n\x00", "is this a binary file?"),
        (b"<?xml version='1.0'?><a/>", "expected a mapping of keys and values"),
        (b"{}", "missing key 'schema'"),
        (b'{"schema": "alpasim/scenario@1"}', "missing key 'title'"),
    ],
)
def test_files_that_are_no_scenario(write, content: bytes, part: str) -> None:
    path = write(content)
    assert any(part in fault.message and fault.line >= 1 for fault in faults_of(path))


def test_a_missing_file_names_its_nearest_neighbour(write) -> None:
    path = write(PLAIN, "wet_motorway.scn.yaml")
    with pytest.raises(
        ScenarioError, match=r"wet_motorwy.scn.yaml: no such file \(did you mean 'wet_motorway.scn.yaml'\?\)"
    ):
        load_scenario(path.with_name("wet_motorwy.scn.yaml"))


def test_a_folder_is_no_scenario_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is a folder, expected one scenario file"):
        load_scenario(tmp_path)


def test_unreadable_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_scenario(tmp_path / "a\0b.scn.yaml")


def test_a_scenario_that_is_not_utf8_says_so(write) -> None:
    path = write(PLAIN.replace("plain scenario", "pläin").encode("latin-1"))
    fault = the_fault(path)
    assert (fault.line, fault.column) == (2, 12)
    assert "is not UTF-8 text" in fault.message


def test_windows_line_ends_and_a_byte_order_mark_are_read(write) -> None:
    windows = load_scenario(write(b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode())).concrete(1)
    unix = load_scenario(write(PLAIN)).concrete(1)
    assert windows.parameters == unix.parameters
    assert windows.actors[0].pose == unix.actors[0].pose


def test_overlapping_spawns_name_both_and_the_spot(write) -> None:
    text = PLAIN.replace("lane: left, gap_m: $gap_m", "gap_m: $gap_m").replace("{uniform: [40, 80]}", "-2")
    fault = the_fault(write(text))
    assert (fault.line, fault.column, fault.path) == (10, 12, "actors.cutter.place")
    assert fault.message.startswith("cutter and ego overlap at the start, around (42.5, -9.4); expected them apart")


def test_every_overlapping_pair_is_named(write) -> None:
    pile = "".join(f"  car_{i}: {{kind: car, place: {{lane: 2, s_m: {500 + i}}}}}\n" for i in range(4))
    faults = faults_of(write(PLAIN.replace("actors:\n", "actors:\n" + pile)))
    assert len(faults) == 6


def test_boxes_that_only_come_near_each_other_do_not_overlap(write) -> None:
    text = PLAIN.replace("lane: left, gap_m: $gap_m", "gap_m: $gap_m").replace("{uniform: [40, 80]}", "0.05")
    load_scenario(write(text)).concrete(0)
