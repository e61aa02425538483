"""The keys `relief:`, `surfaces:` and `environment.terrain`: where things come to lie, and what is refused with its place."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scenario_files import faults_of, the_fault

from alpasim.road.mapfile import dump_map
from alpasim.road.network import RoadNetwork
from alpasim.road.relief import feel
from alpasim.road.soil import SOILS
from alpasim.scenario.json_schema import scenario_schema
from alpasim.scenario.loading import load_scenario
from alpasim.types import FloatArray

HEAD = """\
schema: alpasim/scenario@1
title: Relief
road: {straight: {lanes: 2, oncoming_lanes: 1, length_m: 600, shoulder_m: 1.5, sidewalk_m: 2}}
"""
TAIL = "ego: {lane: 1, s_m: 20, speed_kph: 50, goal: {s_m: 580}}\n"
LANE_1, LANE_2, ONCOMING = -5.25, -1.75, 1.75


def text(*items: str, more: str = "") -> str:
    return HEAD + more + "relief:\n" + "".join(f"  - {item}\n" for item in items) + TAIL


def heights(path: Path, points: list[tuple[float, float]], **overrides: float) -> FloatArray:
    return load_scenario(path).concrete(0, overrides).road.heights(np.array(points))


def test_a_grade_in_either_unit_lifts_what_comes_after_it(write) -> None:
    points = [(90.0, LANE_1), (200.0, LANE_1), (400.0, ONCOMING)]
    for key in ("grade: 0.05", "grade_percent: 5"):
        path = write(text(f"grade: {{from_s_m: 100, to_s_m: 300, {key}}}"))
        np.testing.assert_allclose(heights(path, points), [0.0, 4.5, 9.0], atol=1e-9)
    eased = write(text("grade: {from_s_m: 100, to_s_m: 300, grade: 0.05, ease_m: 100}"))
    np.testing.assert_allclose(heights(eased, points), [0.0, 2.5, 5.0], atol=1e-4)


def test_short_stretches_ease_over_half_their_length(write) -> None:
    path = write(text("grade: {from_s_m: 100, to_s_m: 110, grade: -0.1}"))
    np.testing.assert_allclose(heights(path, [(200.0, LANE_1)]), [-0.5], atol=1e-9)


def test_a_cross_slope_rises_to_the_left_over_all_lanes(write) -> None:
    path = write(text("cross_slope: {from_s_m: 100, to_s_m: 300, slope: 0.04}"))
    points = [(200.0, LANE_1), (200.0, LANE_2), (200.0, ONCOMING), (200.0, 0.0), (350.0, ONCOMING)]
    np.testing.assert_allclose(heights(path, points), [-0.21, -0.07, 0.07, 0.0, 0.0], atol=1e-9)


def test_a_bump_lies_across_the_whole_pavement_or_one_lane(write) -> None:
    points = [(60.0, -8.0), (60.0, LANE_1), (60.0, LANE_2), (60.0, ONCOMING), (60.0, 4.5), (60.5, LANE_2)]
    whole = heights(write(text("speed_bump: {s_m: 60, length_m: 2, height_m: 0.1}")), points)
    np.testing.assert_allclose(whole, [0.1, 0.1, 0.1, 0.1, 0.1, 0.05], atol=1e-12)
    one = heights(write(text("speed_bump: {lane: 2, s_m: 60, length_m: 2, height_m: 0.1}")), points)
    np.testing.assert_allclose(one, [0.0, 0.0, 0.1, 0.0, 0.0, 0.05], atol=1e-12)


@pytest.mark.parametrize(("lane", "side", "border", "out"), [(1, "right", -7.0, -1), (2, "left", 0.0, 1), ("oncoming_1", "right", 3.5, 1)])  # fmt: skip
def test_a_kerb_lies_outside_its_lane_as_its_traffic_sees_it(
    write, lane: object, side: str, border: float, out: int
) -> None:
    path = write(
        text(f"kerb: {{lane: {lane}, side: {side}, from_s_m: 100, to_s_m: 130, height_m: 0.15, width_m: 0.5}}")
    )
    points = [(115.0, border + out * d) for d in (-0.05, 0.25, 0.55)] + [(99.0, border + out * 0.25)]
    np.testing.assert_allclose(heights(path, points), [0.0, 0.15, 0.0, 0.0], atol=1e-12)


def test_a_pothole_lies_where_its_lane_has_it_and_takes_parameters(write) -> None:
    item = "pothole: {lane: oncoming_1, s_m: 50, d_m: 0.5, length_m: 1, width_m: 0.8, depth_m: $depth_m}"
    path = write(text(item, more="parameters: {depth_m: {uniform: [0.05, 0.1]}}\n"))
    points = [(50.0, ONCOMING - 0.5), (50.0, ONCOMING + 0.5), (50.49, ONCOMING - 0.5), (50.51, ONCOMING - 0.5)]
    found = heights(path, points, depth_m=0.06)
    assert found[0] == -0.06 and found[1] == 0.0 and -0.06 < found[2] < 0.0 and found[3] == 0.0
    assert load_scenario(path).concrete(1).road.heights(np.array(points[:1]))[0] == pytest.approx(-0.075, abs=0.025)


def test_sidewalks_are_raised_as_high_as_the_layout_says(write) -> None:
    points = [(50.0, -9.5), (50.0, 6.0), (50.0, -8.0)]
    plain = write(HEAD + TAIL)
    assert heights(plain, points).tolist() == [0.12, 0.12, 0.0]
    flat = write((HEAD + TAIL).replace("sidewalk_m: 2", "sidewalk_m: 2, kerb_height_m: 0"))
    assert load_scenario(flat).concrete(0).road.relief.level


def test_left_and_right_wheels_on_different_ground_and_a_gravel_shoulder(write) -> None:
    surfaces = (
        "surfaces:\n  - {kind: ice, friction: 0.1, lane: 1, side: right, from_s_m: 80, to_s_m: 120}\n"
        "  - {kind: snow, friction: 0.3, lane: oncoming_1, side: right, from_s_m: 80, to_s_m: 120}\n"
        "  - {kind: gravel, friction: 0.5, lane: shoulder, from_s_m: 80, to_s_m: 120}\n"
    )
    road = (
        load_scenario(write(HEAD + "environment: {friction: 0.9, terrain: mud}\n" + surfaces + TAIL)).concrete(0).road
    )
    # The oncoming lane's traffic has its right at greater y.
    y = [LANE_1 - 0.8, LANE_1 + 0.8, ONCOMING + 0.8, ONCOMING - 0.8, -8.0, -9.5, -30.0]
    points = np.array([(100.0, each) for each in y])
    grip, rolling, rough = np.zeros((3, 7))
    feel(points, 0.9, road.arrays, road.grid, road.ground, grip, rolling, rough)
    assert grip.tolist() == [0.1, 0.9, 0.3, 0.9, 0.5, 0.9, SOILS["mud"].grip]
    soils = [None, None, "snow", None, "gravel", None, "mud"]
    assert rolling.tolist() == [SOILS[soil].rolling if soil else 0.0 for soil in soils]
    assert rough.tolist() == [SOILS[soil].rough if soil else 0.0 for soil in soils]


def test_draws_of_one_file_have_their_own_roads(write) -> None:
    path = write(
        text("grade: {from_s_m: 100, to_s_m: 300, grade: $up}", more="parameters: {up: {choice: [0.02, 0.04]}}\n")
    )
    logical = load_scenario(path)
    found = [
        float(logical.concrete(0, {"up": up}).road.heights(np.array([[400.0, 0.0]]))[0]) for up in (0.02, 0.04, 0.02)
    ]
    np.testing.assert_allclose(found, [3.6, 7.2, 3.6])
    terrain = write(HEAD + "environment: {terrain: $soil}\nparameters: {soil: {choice: [sand, snow]}}\n" + TAIL)
    logical = load_scenario(terrain)
    assert [logical.concrete(0, {"soil": soil}).road.terrain for soil in ("sand", "snow")] == ["sand", "snow"]


def test_relief_lies_on_roads_from_map_files(write, tmp_path: Path) -> None:
    authored = load_scenario(write(text("speed_bump: {s_m: 60, height_m: 0.1}"))).concrete(0).road
    (tmp_path / "road.map.json").write_text(dump_map(authored))
    head = HEAD.splitlines()[:2]
    path = write(
        "\n".join(
            [*head, "road: {map: {file: road.map.json}}", "relief: [speed_bump: {s_m: 90, height_m: 0.05}]", TAIL]
        )
    )
    points = [(60.0, LANE_1), (90.0, LANE_1), (60.0, -9.5)]
    np.testing.assert_allclose(heights(path, points), [0.1, 0.05, 0.12], atol=1e-12)


REFUSED = {
    "a stretch beyond the course": (
        "grade: {from_s_m: 200, to_s_m: 700, grade: 0.06}",
        "relief[0].grade: the stretch from s 200 to 700 m leaves the course, which runs from 0 to 600.0 m",
    ),
    "an unknown course": (
        "cross_slope: {course: mian, from_s_m: 1, to_s_m: 40, slope: 0.06}",
        "relief[0].cross_slope: unknown course 'mian' (did you mean 'main'?)",
    ),
    "a bump beyond the course": ("speed_bump: {s_m: 660}", "relief[0].speed_bump: s is 660 m, expected 0 to 600.0 m"),
    "a bump on no lane": ("speed_bump: {lane: 3, s_m: 60}", "relief[0].speed_bump: course 'main': unknown lane 3"),
    "a kerb on no lane": (
        "kerb: {lane: sholder, side: left, from_s_m: 1, to_s_m: 9}",
        "relief[0].kerb: course 'main': unknown lane 'sholder' (did you mean 'shoulder'?)",
    ),
    "a hole beside the road": ("pothole: {lane: 1, s_m: 50, d_m: -40}", "relief[0].pothole: pothole outside the road: found x 49.6"),
    "too steep": ("grade: {from_s_m: 1, to_s_m: 90, grade: -0.31}", "relief[0].grade.grade: found -0.31, expected at least -0.3"),
    "too steep in percent": (
        "grade: {from_s_m: 1, to_s_m: 90, grade_percent: 31}",
        "relief[0].grade.grade_percent: found 31, expected at most 30",
    ),
    "no steepness": ("grade: {from_s_m: 1, to_s_m: 90}", "relief[0].grade: found none of them, expected exactly one of grade"),
    "too sloped": ("cross_slope: {from_s_m: 1, to_s_m: 90, slope: 0.2}", "relief[0].cross_slope.slope: found 0.2, expected at most 0.12"),
    "no room to ease": (
        "grade: {from_s_m: 100, to_s_m: 140, grade: 0.1, ease_m: 30}",
        "relief[0].grade: found ease_m 30, expected at most half of the stretch's 40 m",
    ),
    "backwards": (
        "kerb: {lane: 1, side: left, from_s_m: 9, to_s_m: 3}",
        "relief[0].kerb: found from_s_m 9 and to_s_m 3, expected from_s_m to be less",
    ),
    "too high a bump": ("speed_bump: {s_m: 60, height_m: 0.5}", "relief[0].speed_bump.height_m: found 0.5, expected at most 0.3"),
    "too deep a hole": ("pothole: {lane: 1, s_m: 50, depth_m: 2}", "relief[0].pothole.depth_m: found 2, expected at most 0.3"),
    "too high a kerb": (
        "kerb: {lane: 1, side: left, from_s_m: 3, to_s_m: 9, height_m: 0.31}",
        "relief[0].kerb.height_m: found 0.31, expected at most 0.3",
    ),
    "no unit": ("speed_bump: {s: 60}", "relief[0].speed_bump.s: key 's' has no unit, expected s_m"),
    "an unknown kind": ("potthole: {lane: 1, s_m: 50}", "relief[0].potthole: unknown key 'potthole' (did you mean 'pothole'?)"),
    "two kinds": (
        "{speed_bump: {s_m: 9}, pothole: {lane: 1, s_m: 50}}",
        "relief[0]: found speed_bump and pothole, expected exactly one of grade,",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_relief_that_cannot_be_is_refused_with_its_place(write, case: str) -> None:
    item, told = REFUSED[case]
    faults = [str(fault) for fault in faults_of(write(text(item)))]
    assert any(told in fault and ":5:" in fault for fault in faults), "\n".join(faults)


def test_grades_and_cross_slopes_may_not_add_up_to_more_than_one_may_have(write) -> None:
    up = "{from_s_m: 100, to_s_m: 200, grade: 0.2, ease_m: 20}"
    item = "grade: {from_s_m: 150, to_s_m: 250, grade_percent: 20, ease_m: 20}"
    told = "relief[1].grade: comes to 0.4 at s 170 m with the others there, expected at most 0.3: grades add up"
    assert str(the_fault(write(text(f"grade: {up}", item)))).endswith(f":6:12: {told}")
    down = "cross_slope: {from_s_m: 10, to_s_m: 90, slope: -0.08}"
    fault = str(the_fault(write(text(down, "speed_bump: {s_m: 60}", down))))
    assert "relief[2].cross_slope: comes to -0.16 at s 30 m with the others there, expected at least -0.12" in fault

    for fits in (
        "grade: {from_s_m: 200, to_s_m: 300, grade: 0.2}",  # after the first
        "grade: {from_s_m: 180, to_s_m: 300, grade: 0.2, ease_m: 20}",  # comes as the first one goes
        "grade: {from_s_m: 120, to_s_m: 180, grade: 0.1}",
        "grade: {from_s_m: 120, to_s_m: 180, grade: -0.3}",
        "cross_slope: {from_s_m: 120, to_s_m: 180, slope: 0.12}",
    ):
        load_scenario(write(text(f"grade: {up}", fits))).concrete(0)


def test_a_stretch_of_a_map_without_courses_says_what_to_write_instead(write, tmp_path: Path) -> None:
    authored = load_scenario(write(HEAD + TAIL)).concrete(0).road
    (tmp_path / "road.map.json").write_text(dump_map(RoadNetwork(authored.lanes)))
    ego = "ego: {pose: {x_m: 20, y_m: -5, yaw_deg: 0}, speed_kph: 20, goal: {x_m: 90, y_m: -5, radius_m: 5}}\n"
    path = write(
        "\n".join(
            [*HEAD.splitlines()[:2], "road: {map: {file: road.map.json}}", "relief: [speed_bump: {s_m: 90}]", ego]
        )
    )
    told = "unknown course 'main'; this map has no courses, places on it are given by x and y"
    assert told in str(the_fault(path))


@pytest.mark.parametrize(
    ("surface", "told"),
    [
        (
            "{kind: ice, friction: 0.1, polygon: [[0, 20], [10, 20], [10, 30]]}",
            "4:49: surfaces[0].polygon: surface patch outside the road: found x 0 to 10 and y 20 to 30 m, expected to touch a lane",
        ),
        (
            "{kind: ice, friction: 0.1, polygon: [[0, 0], [20, -6], [20, 0], [0, -6]]}",
            "4:49: surfaces[0].polygon: the polygon crosses or touches itself at (10, -3), expected its corners in their order",
        ),
        (
            "{kind: ice, friction: 0.1, polygon: [[0, 0], [20, -6], [0, 0]]}",
            "4:49: surfaces[0].polygon: the polygon",
        ),
        (
            "{friction: 0.1, lane: 1, left_m: 60, right_m: -50, from_s_m: 80, to_s_m: 120}",
            "4:13: surfaces[0]: surface patch outside the road: found x 80 to 120",
        ),
        ("{kind: ice, friction: 40, lane: 1, from_s_m: 8, to_s_m: 12}", "4:35: surfaces[0].friction: found 40, expected at most 1.5"),
        ("{friction: 0.1, side: left, from_s_m: 8, to_s_m: 12}", "4:13: surfaces[0]: side is a half of a lane, expected lane beside it"),
        (
            "{friction: 0.1, lane: 1, left_m: -1, right_m: 0.5, from_s_m: 8, to_s_m: 12}",
            "4:13: surfaces[0]: found left_m -1 and right_m 0.5, expected a patch with a width: more than 0 together",
        ),
        (
            "{friction: 0.1, lane: 1, right_m: -3, from_s_m: 8, to_s_m: 12}",
            "4:13: surfaces[0]: left_m and right_m leave the patch no width: the lane reaches about 1.75 m to either side",
        ),
        ("{friction: 0.1, lane: 1, side: left, left_m: 1, from_s_m: 8, to_s_m: 12}", "4:13: surfaces[0]: found side beside left_m"),
    ],
)  # fmt: skip
def test_patches_that_cannot_be_are_refused_with_their_place(write, surface: str, told: str) -> None:
    path = write(HEAD + f"surfaces: [ {surface} ]\n" + TAIL)
    assert str(the_fault(path)).startswith(f"{path}:{told}")


def test_bumps_kerbs_and_holes_lie_by_coordinates_on_a_map_without_courses(write, tmp_path: Path) -> None:
    """The bump turned by 90 degrees reaches 3 m along x to either side of its middle, and 0.5 m along y."""
    authored = load_scenario(write(HEAD + TAIL)).concrete(0).road
    (tmp_path / "road.map.json").write_text(dump_map(RoadNetwork(authored.lanes)))
    ego = "ego: {pose: {x_m: 20, y_m: -5, yaw_deg: 0}, speed_kph: 20, goal: {x_m: 90, y_m: -5, radius_m: 5}}\n"
    items = """relief:
  - speed_bump: {x_m: 40, y_m: -4, yaw_deg: 90, length_m: 1, height_m: 0.1, width_m: 6}
  - pothole: {x_m: 60, y_m: -4, length_m: 2, width_m: 1, depth_m: 0.08}
  - kerb: {polygon: [[70, -4], [74, -4], [74, -3], [70, -3]], height_m: 0.15}
"""
    path = write("\n".join(HEAD.splitlines()[:2]) + "\nroad: {map: {file: road.map.json}}\n" + items + ego)
    points = [
        (40.0, -4.0),
        (42.8, -4.0),
        (40.0, -3.4),
        (43.2, -4.0),
        (60.0, -4.0),
        (61.2, -4.0),
        (72.0, -3.5),
        (75.0, -3.5),
    ]
    np.testing.assert_allclose(heights(path, points), [0.1, 0.1, 0.0, 0.0, -0.08, 0.0, 0.15, 0.0], atol=1e-9)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("speed_bump: {x_m: 40, y_m: 400, width_m: 4}", "relief[0].speed_bump: speed_bump outside the road: found x"),
        ("speed_bump: {x_m: 40, y_m: -4}", "expected width_m beside x_m and y_m"),
        ("speed_bump: {s_m: 40, width_m: 4}", "expected width_m beside x_m and y_m"),
        ("speed_bump: {s_m: 40, yaw_deg: 4}", "found yaw_deg beside s_m, where it means nothing"),
        ("pothole: {x_m: 40, width_m: 1}", "expected x_m and y_m together"),
        ("pothole: {x_m: 40, y_m: -4, lane: 1}", "found lane beside x_m, where it means nothing"),
        ("pothole: {lane: 1}", "found none of them, expected exactly one of s_m, x_m"),
        ("kerb: {lane: 1, side: left}", "missing from_s_m and to_s_m: where the kerb runs, or polygon"),
        ("kerb: {polygon: [[0, 0], [4, -4], [4, 0], [0, -4]]}", "the polygon crosses or touches itself at (2, -2)"),
        ("kerb: {polygon: [[0, 90], [4, 90], [4, 94]]}", "kerb outside the road: found x 0 to 4"),
        ("kerb: {lane: 1, polygon: [[0, 0], [4, 0], [4, -4]]}", "found lane beside polygon, expected only one of them"),
    ],
)
def test_what_has_no_place_or_two_is_refused(write, item: str, told: str) -> None:
    assert told in str(the_fault(write(text(item))))


def test_an_unknown_terrain_gets_the_nearest_word(write) -> None:
    fault = str(the_fault(write(HEAD + "environment: {terrain: gras}\n" + TAIL)))
    assert "4:24: environment.terrain: found the text 'gras', expected one of grass," in fault
    assert "did you mean 'grass'?" in fault


def test_a_kerb_too_high_for_a_layout_is_refused(write) -> None:
    road = HEAD.replace("sidewalk_m: 2", "sidewalk_m: 2, kerb_height_m: 1.2")
    assert "road.straight.kerb_height_m: found 1.2, expected at most 0.3" in str(the_fault(write(road + TAIL)))


def test_the_json_schema_has_every_key() -> None:
    schema = scenario_schema()
    kinds = schema["$defs"]["ReliefModel"]["properties"]
    assert set(kinds) == {"grade", "cross_slope", "speed_bump", "kerb", "pothole"}
    assert "relief" in schema["properties"]
    keys = {name: set(schema["$defs"][found["$ref"].rpartition("/")[2]]["properties"]) for name, found in kinds.items()}
    assert keys["grade"] == {"course", "from_s_m", "to_s_m", "ease_m", "grade", "grade_percent"}
    assert keys["pothole"] == {
        "course", "lane", "s_m", "d_m", "x_m", "y_m", "yaw_deg", "length_m", "width_m", "depth_m",
    }  # fmt: skip
    assert "terrain" in schema["$defs"]["EnvironmentModel"]["properties"]
    assert "side" in schema["$defs"]["SurfaceModel"]["properties"]


def test_a_hill_on_a_bend_is_as_high_on_every_lane_as_on_its_line(write) -> None:
    road = "road: {curve: {lanes: 2, oncoming_lanes: 2, radius_m: 80, angle_deg: 160}}\n"
    item = "relief: [grade: {from_s_m: 20, to_s_m: 180, grade: 0.1, ease_m: 40}]\n"
    path = write(HEAD.rpartition("road:")[0] + road + item + "ego: {lane: 1, s_m: 5, speed_mps: 5, goal: {s_m: 200}}\n")
    angle = 100.0 / 80.0
    points = [((80.0 + d) * math.sin(angle), 80.0 - (80.0 + d) * math.cos(angle)) for d in (-6.5, -2.0, 0.0, 2.0, 6.5)]
    np.testing.assert_allclose(heights(path, points), 6.0, atol=5e-4)
