"""Ways through waypoints that nobody could go are refused with their place; those that join smoothly are not."""

from __future__ import annotations

import pytest
from scenario_files import the_fault

from alpasim.scenario.loading import load_scenario

STREET = """\
schema: alpasim/scenario@1
title: A van sets out
road: {straight: {lanes: 2, length_m: 400, speed_limit_kph: 60}}
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 50, goal: {s_m: 350}}
actors:
  van:
    kind: van
    place: {lane: 1, s_m: 100, speed_kph: 30}
    drive: {path: {waypoints: [{lane: 1, s_m: 300}]}}
  parked_van: {kind: van, place: {lane: 2, s_m: 200}}
events:
  - when: {time: {after_s: 2}}
    then: {parked_van: {path: {speed_kph: 20, waypoints: [{lane: 2, s_m: 300}]}}}
end: {time_limit_s: 20}
"""


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        (
            "s_m: 100,", "s_m: 100, heading_deg: 90,", "actors.van.drive.path.waypoints[0]",
            r"van stands at (100.0, -5.2) and faces 90 deg, but this waypoint lies 200.0 m away, 90 deg to its right; expected"
            r" a van to face its way, near enough for a turn of 6 m radius (did you mean: turn it by heading_deg -90 in its place,"
            r" or write yaw_deg here to go sideways or backwards?)",
        ),
        (
            "[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 20}]", "actors.van.drive.path.waypoints[0]",
            "this waypoint lies 80.0 m away, 180 deg to its left",
        ),
        (
            "[{lane: 1, s_m: 300}]", "[{lane: 2, s_m: 100}, {lane: 2, s_m: 300}]", "actors.van.drive.path.waypoints[0]",
            "this waypoint lies 3.5 m away, 90 deg to its left; expected a van to face its way, near enough for a turn of 6 m"
            " radius (did you mean: place it on its way, or leave this waypoint out?)",
        ),
        (
            "[{lane: 2, s_m: 300}]", "[{lane: 2, s_m: 200.2}, {lane: 1, s_m: 203}]",
            "events[0].then.parked_van.path.waypoints[1]", "49 deg to its right; expected a van to face its way",
        ),
        (
            "[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 300, t_s: 0.5}]", "actors.van.drive.path.waypoints[0].t_s",
            "found t_s 0.5 for 200.0 m of way since 0 s, expected time enough: nothing goes faster than 140 m/s",
        ),
        (
            "[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 110, t_s: 1}, {lane: 1, s_m: 300, t_s: 2}]",
            "actors.van.drive.path.waypoints[1].t_s", "found t_s 2 for 190.0 m of way since 1 s",
        ),
        (
            "[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 200}, {lane: 2, s_m: 200}, {lane: 2, s_m: 300}]",
            "actors.van.drive.path.waypoints[0]",
            "found a turn of 90 deg to the left with room for 1.8 m radius, expected room for a van's 6 m (did you mean: leave this"
            " waypoint out or move it away from its neighbours, or write yaw_deg here to turn on the spot or go back?)",
        ),
        (
            "[{lane: 2, s_m: 300}]", "[{lane: 2, s_m: 300}, {lane: 2, s_m: 250}]", "events[0].then.parked_van.path.waypoints[0]",
            "found a turn of 180 deg to the",
        ),
    ],
)  # fmt: skip
def test_a_way_that_nobody_could_go_is_refused(write, old: str, new: str, place: str, says: str) -> None:
    assert old in STREET
    fault = the_fault(write(STREET.replace(old, new, 1)))
    assert fault.path == place
    assert says in fault.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s_m: 100,", "s_m: 100, heading_deg: 20, d_m: 0.4,"),
        ("[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 100.5, d_m: 0.3}, {lane: 1, s_m: 300}]"),
        ("[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 80, yaw_deg: 0}]"),
        ("kind: van\n", "kind: pedestrian\n"),
        ("[{lane: 1, s_m: 300}]", "[{lane: 2, s_m: 140}, {lane: 2, s_m: 300}]"),
        ("[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 200}, {lane: 2, s_m: 240}, {lane: 2, s_m: 300}]"),
        ("[{lane: 2, s_m: 300}]", "[{lane: 2, s_m: 300, yaw_deg: 0}, {lane: 2, s_m: 250, yaw_deg: 0}]"),
        (
            "{path: {waypoints: [{lane: 1, s_m: 300}]}}",
            "{path: {corner_radius_m: 0, waypoints: [{lane: 1, s_m: 200}, {lane: 2, s_m: 200}, {lane: 2, s_m: 300}]}}",
        ),
    ],
)
def test_a_way_that_joins_smoothly_is_not(write, old: str, new: str) -> None:
    text = STREET.replace(old, new, 1)
    if "pedestrian" in new:
        text = text.replace("[{lane: 1, s_m: 300}]", "[{lane: 1, s_m: 100, d_m: 5}]")
    load_scenario(write(text)).concrete(0)
