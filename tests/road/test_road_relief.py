"""Heights of roads against closed forms, numerical integrals and shapely; grip and roughness under points."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from roads import EVERY_FORM, lane, road_of
from shapely.geometry import Point, Polygon

from alpasim.errors import InputError
from alpasim.road.lanes import LaneKind, SurfacePatch
from alpasim.road.network import RoadNetwork
from alpasim.road.relief import LEVEL, feel, unevenness
from alpasim.road.soil import SOILS, roughness
from alpasim.road.unlevel import FACE_M, Bump, CrossSlope, Grade, Part, Raised, Sidewalks
from alpasim.types import FloatArray

STRAIGHT = {"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 400}}
BEND = {"curve": {"lanes": 2, "radius_m": 100, "angle_deg": 180}}


def with_parts(road: RoadNetwork, *parts: Part, terrain: str = "grass") -> RoadNetwork:
    courses = list(road.courses.values())
    return RoadNetwork(road.lanes, road.signals, road.surfaces, courses, parts, terrain)


def main_line(road: RoadNetwork) -> FloatArray:
    return road.courses["main"].reference


def integrated(s: FloatArray, begin: float, end: float, grade: float, ease: float) -> FloatArray:
    """Height at s by summing a grade that comes and goes evenly."""
    fine = np.linspace(0.0, 400.0, 400_001)
    slope = grade * np.interp(fine, [begin, begin + ease, end - ease, end], [0.0, 1.0, 1.0, 0.0])
    height = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(fine))])
    return np.interp(s, fine, height)


@pytest.mark.parametrize("form", EVERY_FORM)
def test_a_road_without_relief_is_level(form: str) -> None:
    road = with_parts(road_of(EVERY_FORM[form]))
    assert road.relief is LEVEL and road.relief.level and not road.relief.rising
    points = np.random.default_rng(1).uniform(-300.0, 300.0, (50, 2))
    assert not road.heights(points).any() and not road.rise(points).any()


def test_grades_of_nothing_leave_the_road_level() -> None:
    road = road_of(STRAIGHT)
    assert with_parts(road, Grade(main_line(road), 10.0, 90.0, 0.0, 20.0), Sidewalks(0.0)).relief is LEVEL


@pytest.mark.parametrize("aside", [-9.0, -3.0, 0.0, 3.5, 20.0])
def test_a_grade_rises_as_its_integral_beside_the_line_too(aside: float) -> None:
    road = road_of(STRAIGHT)
    road = with_parts(road, Grade(main_line(road), 80.0, 300.0, 0.08, 40.0))
    s = np.linspace(0.0, 400.0, 333)
    points = np.column_stack([s, np.full(len(s), aside)])
    np.testing.assert_allclose(road.heights(points), integrated(s, 80.0, 300.0, 0.08, 40.0), atol=2e-4)
    assert road.heights(np.array([[399.0, aside]]))[0] == pytest.approx(0.08 * (220.0 - 40.0))


@pytest.mark.parametrize("radius", [94.0, 100.0, 104.0, 107.0])
def test_in_a_bend_height_follows_the_line_and_slopes_stretch_with_the_radius(radius: float) -> None:
    road = road_of(BEND)
    road = with_parts(road, Grade(main_line(road), 40.0, 260.0, 0.1, 30.0))
    s = np.linspace(10.0, 300.0, 301)
    angle = s / 100.0
    points = np.column_stack([radius * np.sin(angle), 100.0 - radius * np.cos(angle)])
    found = road.rise(points)
    np.testing.assert_allclose(found[:, 0], integrated(s, 40.0, 260.0, 0.1, 30.0), atol=1e-3)
    along = found[:, 1] * np.cos(angle) + found[:, 2] * np.sin(angle)
    grade = 0.1 * np.interp(s, [40.0, 70.0, 230.0, 260.0], [0.0, 1.0, 1.0, 0.0]) * 100.0 / radius
    np.testing.assert_allclose(along, grade, atol=1.5e-3)
    across = found[:, 1] * np.sin(angle) - found[:, 2] * np.cos(angle)
    np.testing.assert_allclose(across, 0.0, atol=1e-3)


def test_grades_add_up_and_the_road_stays_where_they_leave_it() -> None:
    road = road_of(STRAIGHT)
    line = main_line(road)
    road = with_parts(road, Grade(line, 20.0, 120.0, 0.06, 20.0), Grade(line, 200.0, 300.0, -0.06, 20.0))
    at = road.heights(np.array([[0.0, 0.0], [150.0, -2.0], [199.0, 2.0], [350.0, 0.0]]))
    np.testing.assert_allclose(at, [0.0, 4.8, 4.8, 0.0], atol=1e-9)


def test_slopes_are_the_derivatives_of_the_height_and_go_over_into_each_other() -> None:
    road = road_of({"curve": {"lanes": 2, "oncoming_lanes": 1, "radius_m": -60, "angle_deg": 200}})
    line = main_line(road)
    road = with_parts(road, Grade(line, 20.0, 150.0, -0.2, 15.0), CrossSlope(line, 60.0, 140.0, 0.1, 10.0, -9.0, 5.5))
    low_x, low_y, high_x, high_y = road.bounds
    generator, step = np.random.default_rng(7), 1e-5
    points = generator.uniform((low_x, low_y), (high_x, high_y), (2_000, 2))
    found = road.rise(points)
    for axis in (0, 1):
        shift = step * np.eye(2)[axis]
        there, back = road.rise(points + shift), road.rise(points - shift)
        np.testing.assert_allclose((there[:, 0] - back[:, 0]) / (2.0 * step), found[:, 1 + axis], atol=1e-5)
        np.testing.assert_allclose(there[:, 1:], back[:, 1:], atol=1e-3)
    # Inside the bend the nearest place of the road jumps from its high end to its low one: a slope, and no cliff.
    assert np.hypot(found[:, 1], found[:, 2]).max() < 2.0


def test_a_cross_slope_turns_about_the_line_and_ends_beyond_its_reach() -> None:
    road = road_of(STRAIGHT)
    road = with_parts(road, CrossSlope(main_line(road), 100.0, 300.0, 0.05, 25.0, -8.0, 8.0))
    d = np.linspace(-6.5, 6.5, 27)
    heights = road.heights(np.column_stack([np.full(len(d), 200.0), d]))
    np.testing.assert_allclose(heights, 0.05 * d, atol=1e-9)
    beyond = road.heights(np.array([[200.0, 30.0], [200.0, -30.0], [90.0, 5.0], [310.0, 5.0], [112.5, 4.0]]))
    np.testing.assert_allclose(beyond, [0.4, -0.4, 0.0, 0.0, 0.1], atol=1e-3)


def test_beyond_the_grid_the_ground_goes_on_level() -> None:
    road = road_of(STRAIGHT)
    road = with_parts(road, Grade(main_line(road), 80.0, 300.0, 0.08, 40.0))
    far = road.rise(np.array([[5_000.0, 0.0], [-5_000.0, 3.0], [200.0, 9_000.0]]))
    np.testing.assert_allclose(far[:2], [[14.4, 0.0, 0.0], [0.0, 0.0, 0.0]], atol=1e-9)
    assert far[2, 1] == pytest.approx(0.08, abs=1e-6) and far[2, 2] == 0.0


def test_heights_are_numbers_whatever_is_asked() -> None:
    road = road_of(EVERY_FORM["t_junction"])
    assert np.isfinite(road.heights(np.array([[1e9, -1e9], [-1e300, 1e300], [0.0, 0.0]]))).all()


def star(corners: int, generator: np.random.Generator, x: float, y: float) -> Polygon:
    angle = np.sort(generator.uniform(0.0, 2.0 * math.pi, corners))
    radius = generator.uniform(2.0, 14.0, corners)
    return Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))


@pytest.mark.parametrize("seed", range(6))
def test_an_area_rises_over_its_face_from_its_border_inwards(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shape, face = star(9, generator, 60.0, -1.0), (FACE_M, 0.8)[seed % 2]
    ring = np.asarray(shape.exterior.coords)[:-1]
    road = with_parts(road_of(STRAIGHT), Raised(ring, 0.2, face))
    near_border = shapely.get_coordinates(shapely.line_interpolate_point(shape.exterior, generator.uniform(0, 99, 300)))
    points = np.concatenate([generator.uniform((44, -17), (76, 15), (700, 2)), near_border])
    points[700:] += generator.normal(0.0, 0.03, (300, 2))
    expected = [
        0.2 * min(1.0, shape.exterior.distance(Point(x, y)) / face) if shape.contains(Point(x, y)) else 0.0
        for x, y in points
    ]
    np.testing.assert_allclose(road.heights(points), expected, atol=1e-9)
    assert not road.rise(points).any() and not road.relief.rising


def test_a_kerb_is_climbed_over_its_face() -> None:
    road = with_parts(road_of({"straight": {"lanes": 1, "length_m": 50, "sidewalk_m": 2.0}}), Sidewalks(0.12))
    y = -3.5 - np.array([-0.01, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 1.0, 1.98, 2.01])
    heights = road.heights(np.column_stack([np.full(len(y), 25.0), y]))
    np.testing.assert_allclose(heights, [0, 0, 0.03, 0.06, 0.09, 0.12, 0.12, 0.12, 0.06, 0.0], atol=1e-9)


@pytest.mark.parametrize("heading", [0.0, 0.7, -2.5])
def test_a_bump_is_a_wave_with_its_peak_in_the_middle(heading: float) -> None:
    bump = Bump(100.0, 0.0, heading, 3.7, 0.1, 1.5, 2.5)
    road = with_parts(road_of(STRAIGHT), bump)
    cos, sin = math.cos(heading), math.sin(heading)

    def at(along: FloatArray, aside: FloatArray) -> FloatArray:
        return road.heights(np.column_stack([100.0 + along * cos - aside * sin, along * sin + aside * cos]))

    along = np.linspace(-2.5, 2.5, 5_001)
    profile = at(along, np.zeros(len(along)))
    assert profile.max() == pytest.approx(0.1) and abs(along[profile.argmax()]) < 1e-9
    assert np.trapezoid(profile, along) == pytest.approx(0.1 * 3.7 / 2.0, rel=1e-6)
    assert np.abs(np.diff(profile)).max() / 1e-3 < math.pi * 0.1 / 3.7 * 1.001
    aside = np.linspace(-4.0, 4.0, 8_001)
    across = at(np.zeros(len(aside)), aside)
    assert np.trapezoid(across, aside) == pytest.approx(0.1 * (4.0 - FACE_M), rel=1e-3)
    assert shapely.Polygon(bump.corners()).area == pytest.approx(4.0 * 3.7)


def test_the_volume_of_a_hole_is_that_of_its_layers() -> None:
    angle = np.linspace(0.0, 2.0 * math.pi, 24, endpoint=False)
    ring = np.column_stack([50.0 + 0.6 * np.cos(angle), -1.0 + 0.4 * np.sin(angle)])
    road = with_parts(road_of(STRAIGHT), Raised(ring, -0.1, 0.2, "pothole"))
    x, y = np.meshgrid(np.linspace(49.2, 50.8, 401), np.linspace(-1.6, -0.4, 301))
    depth = road.heights(np.column_stack([x.ravel(), y.ravel()]))
    layers = [Polygon(ring).buffer(-0.2 * share, quad_segs=64).area for share in (np.arange(50) + 0.5) / 50]
    assert depth.min() == -0.1
    assert -depth.sum() * 0.004 * 0.004 == pytest.approx(0.1 * float(np.mean(layers)), rel=2e-3)


def test_of_raised_parts_the_highest_counts_and_a_hole_takes_away_from_it() -> None:
    low, high, hole = (
        Raised(np.array([[x, -3.0], [x + 4.0, -3.0], [x + 4.0, 1.0], [x, 1.0]]), height)
        for x, height in ((40.0, 0.1), (42.0, 0.15), (43.0, -0.05))
    )
    road = with_parts(road_of(STRAIGHT), low, high, hole)
    heights = road.heights(np.array([[41.0, -1.0], [42.5, -1.0], [43.5, -1.0], [46.5, -1.0]]))
    np.testing.assert_allclose(heights, [0.1, 0.15, 0.1, -0.05], atol=1e-12)


def test_bodies_stand_on_the_rise_and_not_on_kerbs() -> None:
    road = road_of({"straight": {"lanes": 1, "length_m": 200, "sidewalk_m": 2.0}})
    road = with_parts(road, Grade(main_line(road), 20.0, 120.0, 0.05, 20.0), Sidewalks(0.12))
    point = np.array([[150.0, -4.5]])
    assert road.heights(point)[0] == pytest.approx(4.12) and road.rise(point)[0, 0] == pytest.approx(4.0)


@pytest.mark.parametrize("form", ["straight", "t_junction", "x_junction"])
@pytest.mark.parametrize("sidewalk", [2.0, 7.0])
def test_sidewalks_and_nothing_else_are_raised(form: str, sidewalk: float) -> None:
    name, options = next(iter(EVERY_FORM[form].items()))
    road = road_of({name: options | {"sidewalk_m": sidewalk, "kerb_height_m": 0.15}})
    area = shapely.union_all(
        [
            shapely.make_valid(Polygon(np.concatenate([lane.left, lane.right[::-1]])))
            for lane in road.lanes
            if lane.kind is LaneKind.SIDEWALK
        ]
    )
    low_x, low_y, high_x, high_y = road.bounds
    generator = np.random.default_rng(3)
    points = generator.uniform((low_x - 3.0, low_y - 3.0), (high_x + 3.0, high_y + 3.0), (4_000, 2))
    points = points[shapely.distance(area.boundary, shapely.points(points)) > 0.1]
    inside = shapely.contains_xy(area, points)
    np.testing.assert_array_equal(road.heights(points), np.where(inside, 0.15, 0.0))
    # The street itself stays down, but for the width of a face.
    on_street = shapely.contains_xy(shapely.buffer(road.drivable, -0.05), points)
    assert on_street.any() and not road.heights(points[on_street]).any()


def test_a_junctions_corners_join_the_sidewalks_of_its_arms() -> None:
    road = road_of(EVERY_FORM["x_junction"] | {"x_junction": {"arm_length_m": 60, "sidewalk_m": 2.0}})
    # Corners have 6 m of radius about (9.5, 9.5) and its mirror images, arms are 3.5 m wide to either side.
    angle = np.linspace(0.0, 0.5 * math.pi, 50)
    walked = np.column_stack([9.5 - 5.0 * np.cos(angle), 9.5 - 5.0 * np.sin(angle)])
    street = np.column_stack([9.5 - 6.1 * np.cos(angle), 9.5 - 6.1 * np.sin(angle)])
    for mirror in ((1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)):
        assert (road.heights(walked * mirror) == 0.12).all()
        assert not road.heights(street * mirror).any()
    along = np.column_stack([np.full(200, 4.5), np.linspace(8.0, 60.0, 200)])
    assert (road.heights(along) == 0.12).all()


def test_a_t_junction_has_a_sidewalk_along_the_side_without_an_arm() -> None:
    road = road_of({"t_junction": {"arm_length_m": 60, "sidewalk_m": 2.0}})
    along = np.column_stack([np.linspace(-65.0, 65.0, 400), np.full(400, 4.5)])
    assert (road.heights(along) == 0.12).all()


def test_a_crossing_over_a_sidewalk_stays_at_street_level() -> None:
    street = lane("street", [[0.0, 0.0], [60.0, 0.0]])
    walked = lane("walk", [[0.0, -3.0], [60.0, -3.0]], width=2.5, kind=LaneKind.SIDEWALK)
    crossing = lane("zebra", [[30.0, -8.0], [30.0, 8.0]], width=4.0, kind=LaneKind.CROSSING)
    road = RoadNetwork([street, walked, crossing], parts=[Sidewalks(0.12)])
    heights = road.heights(np.array([[10.0, -3.0], [30.0, -3.0], [27.9, -3.0], [28.1, -3.0], [50.0, -3.0]]))
    np.testing.assert_allclose(heights, [0.12, 0.0, 0.12, 0.0, 0.12], atol=1e-12)


def test_a_grade_of_an_arm_lifts_the_whole_junction() -> None:
    road = road_of({"x_junction": {"arm_length_m": 80}})
    road = with_parts(road, Grade(road.courses["south"].reference, 10.0, 60.0, 0.1, 10.0))
    heights = road.heights(np.array([[1.75, -85.0], [1.75, -20.0], [0.0, 0.0], [60.0, 2.0], [-60.0, 2.0], [2.0, 60.0]]))
    np.testing.assert_allclose(heights, [0.0, 4.0, 4.0, 4.0, 4.0, 4.0], atol=1e-9)


def felt(road: RoadNetwork, points: FloatArray, base: float) -> FloatArray:
    answers = np.zeros((3, len(points)))
    feel(points, base, road.arrays, road.grid, road.ground, *answers)
    return answers.T


def test_what_wheels_feel_on_pavement_patches_and_beside() -> None:
    road = road_of({"straight": {"lanes": 1, "length_m": 100, "sidewalk_m": 2.0}})
    square = np.array([[10.0, -3.0], [20.0, -3.0], [20.0, 0.0], [10.0, 0.0]])
    patches = [SurfacePatch(square, 0.6, "gravel"), SurfacePatch(square + np.array([5.0, 0.0]), 0.1, "ice")]
    road = RoadNetwork(road.lanes, surfaces=patches, terrain="sand")
    points = np.array([[5.0, -1.0], [5.0, -4.5], [12.0, -1.0], [17.0, -1.0], [22.0, -1.0], [5.0, 2.0], [5.0, -6.0]])
    gravel, sand = SOILS["gravel"], SOILS["sand"]
    expected = [
        (0.9, 0.0, 0.0),
        (0.9, 0.0, 0.0),
        (0.6, gravel.rolling, gravel.rough),
        (0.1, 0.0, 0.0),
        (0.1, 0.0, 0.0),
        (sand.grip, sand.rolling, sand.rough),
        (sand.grip, sand.rolling, sand.rough),
    ]
    np.testing.assert_array_equal(felt(road, points, 0.9), expected)
    assert not road.ground.even and RoadNetwork(road.lanes).ground.even
    np.testing.assert_array_equal(road.friction_at(points[:5], 0.9), felt(road, points[:5], 0.9)[:, 0])


def test_terrain_is_never_grippier_than_the_road_in_that_weather() -> None:
    road = RoadNetwork(road_of(STRAIGHT).lanes, terrain="paved")
    points = np.array([[5.0, 50.0]])
    np.testing.assert_array_equal(felt(road, points, 0.3), [[0.3, 0.0, 0.0]])
    assert felt(RoadNetwork(road.lanes), points, 0.3)[0, 0] == 0.3


def test_roughness_of_a_road_class_is_its_density_over_the_band() -> None:
    # ISO 8608: class C has 256e-6 m³ at 0.1 cycles a metre; summed numerically from 1/5 to 1/0.5 cycles a metre.
    n = np.linspace(0.2, 2.0, 200_001)
    variance = float(np.trapezoid(256e-6 * (n / 0.1) ** -2.0, n))
    assert roughness("C") == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_unevenness_has_unit_power_between_half_a_metre_and_five() -> None:
    size, step = 400, 0.125
    axis = step * np.arange(size)
    field = np.array([[unevenness(x, y) for x in axis] for y in axis])
    assert field.std() == pytest.approx(1.0, abs=0.05) and abs(field.mean()) < 0.05
    window = np.hanning(size)[:, None] * np.hanning(size)
    power = np.abs(np.fft.fft2(field * window)) ** 2
    frequency = np.fft.fftfreq(size, step)
    length = np.hypot(frequency[:, None], frequency)
    assert power[(length > 0.17) & (length < 2.1)].sum() / power.sum() > 0.999


BAD_PARTS = {
    "ease is 60 m, expected more than 0 and at most half": lambda line: Grade(line, 0.0, 100.0, 0.1, 60.0),
    "grade is nan, expected a finite number": lambda line: Grade(line, 0.0, 100.0, math.nan, 6.0),
    "expected left to be more": lambda line: CrossSlope(line, 0.0, 100.0, 0.1, 6.0, 3.0, -3.0),
    "its face is 0 m wide": lambda _: Raised(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), 0.1, 0.0),
    "polygon has shape": lambda line: Raised(line[:2], 0.1),
    "is 0 m by 2 m, expected more than 0": lambda _: Bump(0.0, 0.0, 0.0, 0.0, 0.1, 1.0, 1.0),
}


@pytest.mark.parametrize("told", BAD_PARTS)
def test_parts_that_make_no_sense_are_refused(told: str) -> None:
    road = road_of(STRAIGHT)
    with pytest.raises(InputError, match=told):
        with_parts(road, BAD_PARTS[told](main_line(road)))


def test_an_unknown_terrain_is_refused() -> None:
    road = road_of(STRAIGHT)
    with pytest.raises(InputError, match="unknown terrain 'grasss' \\(did you mean 'grass'\\?\\)"):
        with_parts(road, terrain="grasss")
