"""From a file to a concrete scenario: the example of the documentation, places in closed form, hashes, copies of inputs."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scenario_files import PLAIN

from alpasim.errors import InputError
from alpasim.scenario.loading import find_scenarios, load_inputs, load_scenario
from alpasim.types import ActorKind

EXAMPLE = """\
schema: alpasim/scenario@1
title: Cut-in on a wet motorway
tags: {family: cut_in, sources: [UN R157 4.4, NHTSA 18], layers: [4, 5]}
road: {motorway: {lanes: 3, length_m: 900, speed_limit_kph: 120}}
environment: {friction: 0.45, rain: 0.7, visibility_m: 180}
parameters:
  gap_m: {uniform: [40, 80]}
  cutter_speed_kph: {choice: [70, 80, 90]}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 110, goal: {s_m: 800}}
actors:
  cutter:
    kind: car
    place: {ahead_of: ego, lane: left, gap_m: $gap_m, speed_kph: $cutter_speed_kph}
    drive: follow                       # car following until an event says otherwise
events:
  - when: {time_headway: {of: ego, to: cutter, below_s: 1.0}}
    then: {cutter: {change_lane: {to: right, over_s: 2.5}}}
end: {time_limit_s: 45}
expect: [no_collision, {min_time_to_collision_s: 1.0}]
"""


def test_the_example_of_the_design_is_a_scenario(write) -> None:
    scenario = load_scenario(write(EXAMPLE, "wet_motorway.scn.yaml")).concrete(0)
    assert scenario.name == "wet_motorway"
    assert scenario.title == "Cut-in on a wet motorway"
    assert scenario.ids == ("ego", "cutter")
    assert scenario.environment.friction == 0.45
    assert scenario.environment.visibility_m == 180.0
    assert scenario.time_limit_s == 45.0
    assert scenario.ego.vehicle.name == "sedan"
    assert scenario.ego.speed_mps == pytest.approx(110 / 3.6)
    gap, kph = scenario.parameters["gap_m"], scenario.parameters["cutter_speed_kph"]
    assert 40.0 <= gap <= 80.0
    assert kph in (70, 80, 90)
    (cutter,) = scenario.actors
    assert cutter.kind is ActorKind.CAR
    assert cutter.behaviour == "follow"
    assert cutter.speed_mps == pytest.approx(kph / 3.6)
    between = cutter.pose[0] - scenario.ego.pose[0] - 0.5 * (cutter.extent[0] + scenario.ego.vehicle.length_m)
    assert between == pytest.approx(gap, abs=1e-9)
    assert cutter.pose[1] - scenario.ego.pose[1] == pytest.approx(3.75, abs=1e-9)
    (event,) = scenario.events
    assert [(c.kind, c.of, c.to, c.options.below_s) for c in event.conditions] == [("time_headway", 0, 1, 1.0)]
    assert [(a.kind, a.row, a.options.to, a.options.over_s) for a in event.actions] == [
        ("change_lane", 1, "right", 2.5)
    ]
    assert [(e.metric, e.comparison, e.bound) for e in scenario.expect] == [
        ("collision_any", "at_most", 0.0),
        ("time_to_collision", "at_least", 1.0),
    ]
    assert scenario.tags == {"family": "cut_in", "sources": ("UN R157 4.4", "NHTSA 18"), "layers": (4, 5)}


def test_the_same_seed_gives_the_same_scenario_and_another_seed_another(write) -> None:
    path = write(PLAIN)
    first, again, other = (
        load_scenario(path).concrete(5),
        load_scenario(path).concrete(5),
        load_scenario(path).concrete(6),
    )
    assert first.content_hash == again.content_hash
    assert first.parameters == again.parameters
    assert [actor.pose for actor in first.actors] == [actor.pose for actor in again.actors]
    assert other.content_hash != first.content_hash


def test_the_content_hash_ignores_where_the_file_lies_and_sees_every_byte(write) -> None:
    here = load_scenario(write(PLAIN, "a/case.scn.yaml")).concrete(1)
    there = load_scenario(write(PLAIN, "b/c/case.scn.yaml")).concrete(1)
    changed = load_scenario(write(PLAIN + "# more\n", "d/case.scn.yaml")).concrete(1)
    assert here.content_hash == there.content_hash != changed.content_hash
    assert here.source != there.source


def test_the_road_is_built_once_for_all_draws_that_share_it(write) -> None:
    logical = load_scenario(write(PLAIN))
    assert logical.concrete(0).road is logical.concrete(1).road


def test_a_road_with_drawn_measures_is_built_for_each_draw(write) -> None:
    text = PLAIN.replace("length_m: 900", "length_m: $length").replace(
        "parameters:\n", "parameters:\n  length: {uniform: [850, 950]}\n"
    )
    logical = load_scenario(write(text))
    lengths = {logical.concrete(seed).road.bounds[2] for seed in range(3)}
    assert len(lengths) == 3


def test_inputs_hold_the_bytes_of_every_file_and_load_again_without_the_disk(write, tmp_path: Path) -> None:
    path = write(PLAIN)
    original = load_scenario(path).concrete(2)
    assert set(original.inputs) == {"case.scn.yaml", "asset:vehicles/sedan.yaml"}
    assert original.inputs["case.scn.yaml"] == path.read_bytes()
    inputs = dict(original.inputs)
    path.unlink()
    copied = load_inputs(original.source, inputs).concrete(2)
    assert copied.content_hash == original.content_hash
    assert copied.parameters == original.parameters
    assert [actor.pose for actor in copied.actors] == [actor.pose for actor in original.actors]
    assert copied.source == original.source


def test_a_copy_that_lacks_a_file_says_which(write) -> None:
    original = load_scenario(write(PLAIN)).concrete(0)
    inputs = {name: data for name, data in original.inputs.items() if name.startswith("case")}
    with pytest.raises(InputError, match="sedan"):
        load_inputs("case.scn.yaml", inputs).concrete(0)
    with pytest.raises(InputError, match="is not among the copied inputs"):
        load_inputs("other.scn.yaml", inputs)


def place(
    write, words: str, *, kind: str = "car", road: str = "{straight: {lanes: 2, oncoming_lanes: 1, length_m: 300}}"
):
    """The one other actor of a scenario, placed by `words`."""
    text = f"""\
schema: alpasim/scenario@1
title: Places
road: {road}
ego: {{lane: 1, s_m: 100, speed_mps: 20, goal: {{s_m: 250}}}}
actors:
  other: {{kind: {kind}, place: {words}, size_m: [4, 2, 1.5]}}
"""
    scenario = load_scenario(write(text)).concrete(0)
    return scenario.actors[0], scenario.ego


@pytest.mark.parametrize(
    ("words", "x", "lane_offset", "turn"),
    [
        ("{ahead_of: ego, gap_m: 10}", 100 + 2.254 + 10 + 2, 0.0, 0.0),
        ("{behind: ego, gap_m: 10}", 100 - 2.254 - 10 - 2, 0.0, 0.0),
        ("{ahead_of: ego, gap_s: 1.5}", 100 + 2.254 + 30 + 2, 0.0, 0.0),
        ("{behind: ego, gap_s: 2, speed_mps: 10}", 100 - 2.254 - 20 - 2, 0.0, 0.0),
        ("{ahead_of: ego, lane: left, gap_m: -3}", 100 + 2.254 - 3 + 2, 3.5, 0.0),
        ("{ahead_of: ego, lane: 2, gap_m: 10}", 100 + 2.254 + 10 + 2, 3.5, 0.0),
        ("{ahead_of: ego, lane: oncoming_1, gap_m: 10}", 100 + 2.254 + 10 + 2, 7.0, math.pi),
        ("{behind: ego, lane: oncoming_1, gap_m: 10}", 100 - 2.254 - 10 - 2, 7.0, math.pi),
        ("{ahead_of: ego, gap_m: 10, heading_deg: 90}", 100 + 2.254 + 10 + 1, 0.0, math.pi / 2),
        ("{ahead_of: ego, gap_m: 10, d_m: 0.5}", 100 + 2.254 + 10 + 2, 0.5, 0.0),
        ("{lane: 2, s_m: 50}", 50, 3.5, 0.0),
        ("{lane: oncoming_1, s_m: 50}", 50, 7.0, math.pi),
        ("{course: main, lane: 1, s_m: 50, d_m: -1, heading_deg: -45}", 50, -1.0, -math.pi / 4),
    ],
)
def test_places_on_a_straight_road_in_closed_form(write, words: str, x: float, lane_offset: float, turn: float) -> None:
    actor, ego = place(write, words)
    assert actor.pose[0] == pytest.approx(x, abs=1e-9)
    assert actor.pose[1] - ego.pose[1] == pytest.approx(lane_offset, abs=1e-9)
    assert math.cos(actor.pose[2] - turn) == pytest.approx(1.0, abs=1e-12)


def test_a_gap_is_measured_along_the_lane_in_a_bend(write) -> None:
    road = "{curve: {lanes: 2, radius_m: 100, angle_deg: 150}}"
    actor, ego = place(write, "{ahead_of: ego, lane: left, gap_m: 20}", road=road)
    # Lanes are arcs about (0, 100): the left one, on the inside, of radius 100 + 1.75, the right one of 105.25.
    centre = np.array([0.0, 100.0])
    radius = np.hypot(*(np.array(actor.pose[:2]) - centre))
    own = np.hypot(*(np.array(ego.pose[:2]) - centre))
    assert own - radius == pytest.approx(3.5, abs=0.02)
    angle = actor.pose[2] - ego.pose[2]
    assert angle * radius == pytest.approx(2.254 + 20.0 + 2.0, abs=0.05)


def test_world_coordinates_are_taken_as_they_stand(write) -> None:
    actor, _ = place(write, "{x_m: 150, y_m: -1.5, yaw_deg: 180}")
    assert actor.pose == pytest.approx((150.0, -1.5, math.pi))
    assert actor.lane is not None


def test_places_may_refer_to_actors_that_stand_further_down(write) -> None:
    text = PLAIN.replace("actors:\n", "actors:\n  first: {kind: car, place: {ahead_of: cutter, gap_m: 30}}\n")
    scenario = load_scenario(write(text)).concrete(0)
    first, cutter = scenario.actors
    assert first.name == "first"
    assert first.pose[0] - cutter.pose[0] == pytest.approx(34.5)


def test_bodies_without_figures_of_their_own_are_those_of_their_kind(write) -> None:
    text = PLAIN.replace(
        "actors:\n", "actors:\n  walker: {kind: pedestrian, place: {lane: 1, s_m: 300, d_m: -9, heading_deg: 90}}\n"
    )
    walker = load_scenario(write(text)).concrete(0).actors[0]
    assert walker.kind is ActorKind.PEDESTRIAN
    assert walker.extent[2] > 1.5
    assert 50 < walker.mass_kg < 100
    assert walker.behaviour == "parked"


def test_a_child_of_half_the_size_weighs_an_eighth(write) -> None:
    whole = "{kind: pedestrian, place: {lane: 1, s_m: 300}"
    text = PLAIN.replace("actors:\n", f"actors:\n  a: {whole}}}\n").replace(
        "  cutter:", f"  b: {whole.replace('300', '310')}, size_m: [0.25, 0.3, 0.875]}}\n  cutter:"
    )
    a, b, _ = load_scenario(write(text)).concrete(0).actors
    assert b.mass_kg == pytest.approx(a.mass_kg / 8)


@pytest.mark.parametrize(
    ("goal", "inside", "outside"),
    [
        ("{s_m: 800}", (805.0, -5.6), (795.0, -5.6)),
        ("{s_m: 800, length_m: 30}", (829.0, -1.0), (831.0, -1.0)),
        ("{s_m: 800, lane: 2}", (805.0, -5.6), (805.0, -9.4)),
        ("{x_m: 700, y_m: -5, radius_m: 10}", (707.0, -5.0), (711.0, -5.0)),
        ("{regions: [[[600, -12], [620, -12], [620, 0], [600, 0]]]}", (610.0, -5.0), (625.0, -5.0)),
    ],
)
def test_goals_become_regions(write, goal: str, inside: tuple[float, float], outside: tuple[float, float]) -> None:
    import shapely

    scenario = load_scenario(write(PLAIN.replace("{s_m: 800}", goal))).concrete(0)
    area = shapely.union_all([shapely.Polygon(region) for region in scenario.ego.goal.regions])
    assert area.contains(shapely.Point(inside))
    assert not area.contains(shapely.Point(outside))


def test_bounds_of_a_goal_are_carried_in_si_units(write) -> None:
    words = "{s_m: 800, speed_kph: [0, 36], heading_deg: [-90, 90], after_s: 2, before_s: 40}"
    goal = load_scenario(write(PLAIN.replace("{s_m: 800}", words))).concrete(0).ego.goal
    assert goal.speed_mps == pytest.approx((0.0, 10.0))
    assert goal.heading_rad == pytest.approx((-math.pi / 2, math.pi / 2))
    assert (goal.after_s, goal.before_s) == (2.0, 40.0)


def test_surfaces_change_the_grip_where_they_lie(write) -> None:
    surfaces = (
        "surfaces:\n  - {kind: ice, friction: 0.1, from_s_m: 100, to_s_m: 150}\n"
        "  - {kind: gravel, friction: 0.5, lane: 2, from_s_m: 200, to_s_m: 250}\n"
        "  - {friction: 0.3, lane: 1, from_s_m: 300, to_s_m: 310, left_m: 1, right_m: 0}\n"
        "  - {kind: oil, friction: 0.2, polygon: [[400, -7], [410, -7], [410, 0]]}\n"
    )
    road = load_scenario(write(PLAIN.replace("parameters:", surfaces + "parameters:"))).concrete(0).road
    middle = {1: -9.375, 2: -5.625, 3: -1.875}
    points = [
        (99.0, middle[1], 0.9), (120.0, middle[1], 0.1), (149.0, middle[3], 0.1), (151.0, middle[2], 0.9),
        (220.0, middle[2], 0.5), (220.0, middle[1], 0.9), (220.0, middle[3], 0.9),
        (305.0, middle[1] + 0.5, 0.3), (305.0, middle[1] - 0.1, 0.9), (305.0, middle[1] + 1.1, 0.9),
        (409.0, -6.0, 0.2), (401.0, -1.0, 0.9),
    ]  # fmt: skip
    found = road.friction_at(np.array([point[:2] for point in points]), 0.9)
    assert found.tolist() == [point[2] for point in points]


def test_a_surface_without_a_lane_covers_both_directions_and_nothing_beside_the_lanes(write) -> None:
    text = """\
schema: alpasim/scenario@1
title: Surfaces
road: {curve: {lanes: 1, oncoming_lanes: 2, radius_m: 100, angle_deg: 90, sidewalk_m: 2}}
surfaces:
  - {kind: ice, friction: 0.1, from_s_m: 20, to_s_m: 60}
  - {kind: wet, friction: 0.5, lane: oncoming_2, from_s_m: 80, to_s_m: 100, left_m: 1, right_m: 0}
ego: {lane: 1, s_m: 5, speed_mps: 5, goal: {s_m: 120}}
"""
    road = load_scenario(write(text)).concrete(0).road

    def at(s: float, inwards: float) -> list[float]:
        """The point `inwards` of the line between the directions, an arc of 100 m about (0, 100)."""
        radius, angle = 100.0 - inwards, s / 100.0
        return [radius * math.sin(angle), 100.0 - radius * math.cos(angle)]

    cases = [
        (at(19.0, 2.0), 0.9), (at(40.0, 6.9), 0.1), (at(40.0, -3.4), 0.1), (at(40.0, 7.1), 0.9), (at(40.0, -3.6), 0.9),
        (at(61.0, 2.0), 0.9), (at(90.0, 4.75), 0.5), (at(90.0, 5.5), 0.9), (at(90.0, 4.0), 0.9),
    ]  # fmt: skip
    found = road.friction_at(np.array([point for point, _ in cases]), 0.9)
    assert found.tolist() == [friction for _, friction in cases]


def test_conditions_that_stand_together_must_all_hold(write) -> None:
    when = "[{time: {after_s: 1}, position: {of: cutter, s_m: 100}}, {all: [{distance: {of: cutter, to: ego, below_m: 9}}]}]"
    text = PLAIN.replace("{time_headway: {of: ego, to: cutter, below_s: 1.0}}", when)
    (event,) = load_scenario(write(text)).concrete(0).events
    assert [(c.kind, c.of, c.to) for c in event.conditions] == [
        ("time", -1, -1),
        ("position", 1, -1),
        ("distance", 1, 0),
    ]


def test_several_actions_are_kept_in_file_order(write) -> None:
    then = "{cutter: [{speed: {to_kph: 36, over_s: 2}}, {stop: {}}]}"
    text = PLAIN.replace("{cutter: {change_lane: {to: right, over_s: 2.5}}}", then)
    (event,) = load_scenario(write(text)).concrete(0).events
    assert [action.kind for action in event.actions] == ["speed", "stop"]
    assert event.actions[0].options.target_mps == pytest.approx(10.0)


def test_expectations_of_every_form(write) -> None:
    words = "[reaches_goal, {stays_on_road: true, required: false}, {max_speed_kph: 72}, {metric: comfort, at_least: 1, required: false}]"
    text = PLAIN.replace("[no_collision, {min_time_to_collision_s: 1.0}]", words)
    found = load_scenario(write(text)).concrete(0).expect
    assert [(e.metric, e.comparison, e.bound, e.required) for e in found] == [
        ("goal_reached", "at_least", 1.0, True),
        ("offroad", "at_most", 0.0, False),
        ("max_speed", "at_most", 20.0, True),
        ("comfort", "at_least", 1.0, False),
    ]


def test_a_map_and_tracks_beside_the_scenario_are_read_and_checked(write, tmp_path: Path) -> None:
    from alpasim.road.mapfile import dump_map
    from alpasim.scenario.concrete import Track
    from alpasim.scenario.tracks import dump_tracks

    road = load_scenario(write(PLAIN)).concrete(0).road
    times = np.arange(0, 50, dtype=np.int64) * 100_000
    poses = np.stack([100.0 + 2.0 * np.arange(50.0), np.full(50, -5.625), np.zeros(50)], axis=1)
    late = Track(times + 1_000_000, poses + np.array([-60.0, -3.75, 0.0]), np.full(50, 20.0))
    tracks = {"23": Track(times, poses, np.full(50, 20.0)), "late": late}
    (tmp_path / "x.map.json").write_text(dump_map(road))
    (tmp_path / "x.tracks.npz").write_bytes(dump_tracks(tracks))
    digests = {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("x.map.json", "x.tracks.npz")
    }
    text = f"""\
schema: alpasim/scenario@1
title: Imported
notes: [made for a test]
road: {{map: {{file: x.map.json, sha256: {digests["x.map.json"]}}}}}
tracks: {{file: x.tracks.npz, sha256: {digests["x.tracks.npz"]}}}
ego:
  vehicle: sedan
  pose: {{x_m: 40, y_m: -9.375, yaw_deg: 0}}
  speed_mps: 20
  goal: {{regions: [[[700, -12], [720, -12], [720, 0], [700, 0]]], speed_mps: [0, 40], heading_rad: [-1, 1], after_s: 0, before_s: 60}}
  reference: {{track: "23"}}
actors:
  car_23: {{kind: car, size_m: [5, 2, 1.5], drive: {{replay: {{id: "23"}}}}}}
  car_late: {{kind: car, size_m: [5, 2, 1.5], drive: {{replay: {{id: late}}}}}}
end: {{time_limit_s: 30}}
"""
    scenario = load_scenario(write(text)).concrete(0)
    assert scenario.actors[0].pose == pytest.approx((100.0, -5.625, 0.0))
    assert scenario.actors[0].speed_mps == 20.0
    assert np.array_equal(scenario.actors[0].track.poses, poses)
    assert set(scenario.inputs) == {"case.scn.yaml", "x.map.json", "x.tracks.npz", "asset:vehicles/sedan.yaml"}
    assert scenario.reference is not None
    shift = scenario.ego.vehicle.rear_axle_x_m
    assert scenario.reference.poses[0] == pytest.approx((100.0 + shift, -5.625, 0.0))
    copied = load_inputs(scenario.source, scenario.inputs).concrete(0)
    assert copied.content_hash == scenario.content_hash
    assert replace(copied, road=None).parameters == {}


def test_every_builtin_scenario_can_be_drawn() -> None:
    for path in find_scenarios(["builtin"]):
        logical = load_scenario(path)
        for seed in range(5):
            scenario = logical.concrete(seed)
            assert scenario.ids[0] == "ego"
            assert scenario.expect, f"{path} expects nothing"
