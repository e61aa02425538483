"""Lidar, perception and camera mounts on roads that are not level."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from alpasim.scenario.concrete import PerceptionChoice, Scenario
from alpasim.scenario.loading import load_inputs
from alpasim.sensors.camera import CameraSpec, Mount
from alpasim.sensors.ground_rays import ground_distance
from alpasim.sensors.ground_tables import LEAST_X, LEAST_Y, MOST_X, MOST_Y, TOP, tables_of
from alpasim.sensors.lidar import GROUND_HIT, Lidar
from alpasim.sensors.perception import GOOD, Perception, figures_of
from alpasim.sensors.sensor import SensorContext
from alpasim.simulation import Simulation
from alpasim.types import EGO
from alpasim.vehicle.footing import nothing_near
from alpasim.vehicle.frames import mounted_rig

SOURCE = "raised.scn.yaml"
HEAD = """schema: alpasim/scenario@1
title: Raised
road: {straight: {lanes: 1, oncoming_lanes: 1, length_m: 420, lane_width_m: 3.5, speed_limit_kph: 50, sidewalk_m: 2.0}}
ego: {vehicle: sedan, lane: 1, s_m: %s, speed_kph: 0, goal: {s_m: 410}}
actors:
  hidden: {kind: car, place: {lane: 1, s_m: %s, speed_kph: 0}, drive: parked}
end: {time_limit_s: 30}
relief:
"""
HILL = """
  - grade: {course: main, from_s_m: 60, to_s_m: 160, grade: 0.08, ease_m: 20}
  - grade: {course: main, from_s_m: 160, to_s_m: 280, grade: -0.08, ease_m: 20}
  - cross_slope: {course: main, from_s_m: 300, to_s_m: 400, slope: 0.05, ease_m: 20}
"""
BUMPS = """
  - speed_bump: {course: main, s_m: 42, length_m: 2.0, height_m: 0.1}
  - pothole: {course: main, lane: 1, s_m: 36, d_m: -0.9, length_m: 1.0, width_m: 0.8, depth_m: 0.08}
"""
STEADY = """
  - grade: {course: main, from_s_m: 1, to_s_m: 419, grade: 0.07, ease_m: 2}
"""


def scenario(relief: str, ego_s: float = 28.0, other_s: float = 230.0) -> Scenario:
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    text = HEAD % (ego_s, other_s) + relief
    return load_inputs(SOURCE, {SOURCE: text.encode(), **vehicle}).concrete(0)


def lidar_of(made: Scenario) -> Lidar:
    return Lidar(SensorContext("lidar", made, None, np.random.SeedSequence(1), lambda: np.arange(9), lambda: None))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("relief", "ego_s"),
    [(HILL, 28.0), (HILL, 100.0), (HILL, 150.0), (HILL, 330.0), (BUMPS, 28.0), (HILL + BUMPS, 33.0)],
)
def test_rays_meet_the_ground_where_a_dense_search_along_them_finds_it(relief: str, ego_s: float) -> None:
    road = scenario(relief).road
    tables, rng = tables_of(road.relief), np.random.default_rng(7)
    far, met = np.arange(0.0, 120.0, 0.01), 0
    for _ in range(200):
        x, y = ego_s + rng.uniform(-1.0, 1.0), -1.75 + rng.uniform(-0.5, 0.5)
        origin = np.array([x, y, road.heights(np.array([[x, y]]))[0] + rng.uniform(0.4, 2.5)])
        around, up = rng.uniform(-math.pi, math.pi), -math.exp(rng.uniform(-6.0, -0.8))
        ray = np.array([math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)])
        found = ground_distance(origin, *ray, 120.0, tables)
        places = origin + far[:, None] * ray
        below = np.flatnonzero(places[:, 2] <= road.heights(places[:, :2]))
        if len(below) == 0:
            assert found > 119.9
            continue
        met += 1
        if abs(found - far[below[0]]) > 0.02:
            # A corner that a centimetre's step just catches or misses is no fault: the ray grazes it by a hair.
            clear = (places[:, 2] - road.heights(places[:, :2]))[: below[0] + 1].min()
            assert abs(clear) < 1e-3, (found, far[below[0]])
        else:
            assert found == pytest.approx(far[below[0]], abs=0.02)
    assert met > 80


def test_no_place_of_a_hill_is_higher_or_steeper_than_its_square_says() -> None:
    road, rng = scenario(HILL).road, np.random.default_rng(5)
    tables = tables_of(road.relief)
    frame = tables.frame
    # Also well outside the grid, where the squares of its border go on.
    places = np.column_stack([rng.uniform(-120.0, 540.0, 20_000), rng.uniform(-120.0, 120.0, 20_000)])
    column = np.clip((places[:, 0] - frame.square_x0) // frame.size, 0, frame.square_nx - 1).astype(int)
    row = np.clip((places[:, 1] - frame.square_y0) // frame.size, 0, frame.square_ny - 1).astype(int)
    bounds, rise = tables.square[row * frame.square_nx + column], road.rise(places)
    assert (rise[:, 0] <= bounds[:, TOP] + 1e-9).all()
    for slope, (least, most) in ((1, (LEAST_X, MOST_X)), (2, (LEAST_Y, MOST_Y))):
        assert (rise[:, slope] >= bounds[:, least] - 1e-9).all()
        assert (rise[:, slope] <= bounds[:, most] + 1e-9).all()
    assert np.ptp(rise[:, 0]) > 5.0
    # On the straight stretch of the grade the bounds are the grade itself.
    steady = (places[:, 0] > 90.0) & (places[:, 0] < 130.0) & (np.abs(places[:, 1]) < 10.0)
    assert bounds[steady, LEAST_X] == pytest.approx(0.08, abs=1e-3)
    assert bounds[steady, MOST_X] == pytest.approx(0.08, abs=1e-3)


@pytest.mark.parametrize("relief", [BUMPS, HILL + BUMPS])
def test_within_its_clearance_a_place_stays_at_the_height_that_its_cell_says(relief: str) -> None:
    ground, rng = scenario(relief).road, np.random.default_rng(8)
    frame, _, _, _, _, clear = tables_of(ground.relief)
    places = np.column_stack([rng.uniform(20.0, 60.0, 4_000), rng.uniform(-8.0, 8.0, 4_000)])
    cells = ((places - (frame.part_x0, frame.part_y0)) // frame.clear_cell).astype(int)
    radius, added = clear[cells[:, 1] * frame.clear_nx + cells[:, 0]].T
    free = radius > 0.0
    assert 0.3 < free.mean() < 0.95, "there are kerbs, and room between them"
    for angle in np.linspace(0.0, 2.0 * math.pi, 24):
        for share in (0.0, 0.5, 1.0):
            there = places + share * radius[:, None] * np.array([math.cos(angle), math.sin(angle)])
            parts = ground.heights(there) - ground.rise(there)[:, 0]
            assert parts[free] == pytest.approx(added[free], abs=1e-12)
    assert set(np.round(added[free], 3)) >= {0.0, 0.12}


def test_where_nothing_is_said_to_be_near_a_wheel_nothing_rises() -> None:
    road, rng = scenario(BUMPS).road, np.random.default_rng(6)
    around = np.array([[math.cos(a), math.sin(a)] for a in np.linspace(0.0, 2.0 * math.pi, 48)])
    disc = np.concatenate([around * share for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
    free = 0
    for _ in range(3_000):
        place, reach = np.array([rng.uniform(20.0, 60.0), rng.uniform(-7.0, 7.0)]), rng.uniform(0.2, 1.0)
        flat = not road.heights(place + reach * disc).any()
        if nothing_near(place[0], place[1], reach, road.relief):
            assert flat, (place, reach)
            free += 1
    assert free > 500


def test_on_a_steady_grade_a_leaning_lidar_sees_what_one_on_the_level_sees() -> None:
    """Rays and road lean alike but for what the springs give way to the shift of load uphill, so that every distance to the ground
    is the mount's height over the sine of its angle to the road."""
    made = scenario(STEADY, 200.0, 260.0)
    simulation = Simulation(replace(made, actors=made.actors))
    simulation.reset()
    lidar = lidar_of(made)
    state = simulation.state
    distance, hits, cosine = lidar.cast(replace(state, present=state.present & (np.arange(len(state.present)) == EGO)))
    origin, turn = lidar.pose(state)
    simulation.close()
    slope = math.atan(0.07)
    nose = math.asin(turn[2, 0]) - slope
    assert 0.0 < nose < 0.01, "the rear springs carry more"
    away = (origin[2] - made.road.heights(origin[None, :2])[0]) * math.cos(slope)
    elevation = np.radians(np.linspace(-24.8, 2.0, 64))
    steep_enough = (elevation < -0.08) & (elevation > -0.4)
    # Straight ahead and straight back, on the lane, where no sidewalk is near.
    for column, lift in ((0, nose), (180, -nose)):
        assert (hits[steep_enough, column] == GROUND_HIT).all()
        below = -np.sin(elevation[steep_enough] + lift)
        assert distance[steep_enough, column] == pytest.approx(away / below, rel=2e-3)
        assert cosine[steep_enough, column] == pytest.approx(below, abs=2e-3)


def test_a_car_behind_a_crest_is_perceived_when_it_comes_over_it() -> None:
    figures = replace(GOOD, range_m=300.0, miss=0.0, false_per_minute=0.0, delay_s=0.0)
    seen = {}
    for ego_s in (60.0, 120.0, 150.0, 175.0):
        made = scenario(HILL, ego_s, 240.0)
        simulation = Simulation(made)
        simulation.reset()
        state = simulation.state
        seen[ego_s] = 1 in Perception(made, np.random.SeedSequence(3), figures).in_view(state)
        eye = np.array([*state.position[EGO, :2], state.position[EGO, 2] + 0.5 * made.ego.vehicle.height_m])
        top = state.position[1] + np.array([0.0, 0.0, 0.5 * state.extent[1, 2]])
        line = eye + np.linspace(0.01, 0.98, 400)[:, None] * (top - eye)
        clear = (line[:, 2] - made.road.rise(line[:, :2])[:, 0]).min()
        simulation.close()
        if abs(clear) > 0.3:
            assert seen[ego_s] == (clear > 0.0), (ego_s, clear)
    assert not seen[60.0]
    assert seen[175.0]


def test_a_camera_leans_as_the_body_stands_on_the_road() -> None:
    made = scenario(STEADY, 200.0, 260.0)
    simulation = Simulation(made)
    simulation.reset()
    state = simulation.state
    simulation.close()
    rig = mounted_rig(state.position[EGO], state.rotation[EGO], made.ego.vehicle)
    # The springs carry more at the rear than on the level, which turns the body by less than half a degree.
    assert rig.rotation[:, 0] == pytest.approx(np.array([1.0, 0.0, 0.07]) / math.hypot(1.0, 0.07), abs=0.01)
    spec = CameraSpec.with_fov("front", 320, 180, 90.0, Mount(1.5, 0.0, 1.4))
    place, rotation = spec.pose(rig)
    above = place[2] - made.road.heights(place[None, :2])[0]
    assert above * math.cos(math.atan(0.07)) == pytest.approx(1.4, abs=0.02)
    ahead = place + 20.0 * rotation[:, 2]
    assert spec.project(ahead[None], rig)[0] == pytest.approx((160.0, 90.0, 20.0))


@pytest.mark.parametrize("relief", ["  []", BUMPS], ids=["level", "raised"])
def test_sidewalks_and_kerbs_send_light_back_as_concrete_and_soil_as_soil(relief: str) -> None:
    made = scenario(relief)
    simulation = Simulation(
        made, sensors=("lidar",), sensor_options={"lidar": {"noise_sigma_m": 0, "rings": 24, "azimuths": 720}}
    )
    arrays = simulation.reset().readings["lidar"].arrays
    state = simulation.state
    simulation.close()
    lidar = lidar_of(made)
    origin, turn = lidar.pose(state)
    up, around = np.meshgrid(arrays["elevation_rad"], arrays["azimuth_rad"], indexing="ij")
    rays = np.stack((np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)), axis=-1) @ turn.T
    places = origin + arrays["range_m"][..., None] * rays
    ground = (arrays["track"] == GROUND_HIT) & (np.abs(places[..., 0] - 28.0) < 20.0)
    if relief == BUMPS:
        ground &= np.abs(places[..., 0] - 39.0) > 6.0  # where a bump or a hole leans
    # Two lanes of 3.5 m about y = 0, sidewalks of 2 m at their sides, grass beyond.
    away, share = np.abs(places[..., 1]), arrays["intensity"] / -rays[..., 2]
    for low, high, figure in ((0.0, 3.4, 0.17), (3.6, 5.4, 0.35), (5.6, 12.0, 0.5)):
        there = ground & (away > low) & (away < high)
        assert there.sum() > 100, figure
        assert np.median(share[there]) == pytest.approx(figure, rel=1e-3)
        assert np.mean(np.abs(share[there] - figure) < 0.01) > 0.97


def test_false_detections_stand_on_the_ground_where_it_rises() -> None:
    chosen = PerceptionChoice("truth", {"false_per_minute": 600.0, "range_m": 100.0})
    made = replace(scenario(STEADY, ego_s=200.0, other_s=330.0), perception=chosen)
    simulation = Simulation(made)
    simulation.reset()
    sight = Perception(made, np.random.SeedSequence(2), figures_of(made))
    looks = [sight.perceive(replace(simulation.state, step=step)) for step in range(200)]
    simulation.close()
    nobodies = [[track not in sight.track_rows for track in look.ids.tolist()] for look in looks]
    place = np.concatenate([look.position[nobody] for look, nobody in zip(looks, nobodies, strict=True)])
    high = np.concatenate([look.extent[nobody, 2] for look, nobody in zip(looks, nobodies, strict=True)])
    road = (abs(place[:, 1]) < 3.0) & (place[:, 0] > 10.0)
    assert road.sum() > 3
    # The grade begins at 1 m and comes over 2 m, as a parabola that gains what 1 m of the grade does.
    assert place[road, 2] == pytest.approx(0.07 * (place[road, 0] - 2.0) + 0.5 * high[road], abs=0.02)
