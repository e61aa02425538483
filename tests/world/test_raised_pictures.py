"""Roads that are not level in the pictures of both renderers."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon

from alpasim.road.index import lane_polygon
from alpasim.road.lanes import DRIVABLE_KINDS, LaneKind
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_inputs
from alpasim.sensors.camera import CameraSpec, Mount, Renderer, SemanticClass
from alpasim.simulation import Simulation
from alpasim.types import WorldState
from alpasim.world.rendering.ground import ground

SOURCE = "raised.scn.yaml"
ROAD = """schema: alpasim/scenario@1
title: Raised
road: {straight: {lanes: 1, oncoming_lanes: 1, length_m: 420, lane_width_m: 3.5, speed_limit_kph: 50, sidewalk_m: 2.0}}
relief:
  - grade: {course: main, from_s_m: 60, to_s_m: 160, grade: 0.08, ease_m: 20}
  - grade: {course: main, from_s_m: 160, to_s_m: 280, grade: -0.08, ease_m: 20}
  - cross_slope: {course: main, from_s_m: 20, to_s_m: 400, slope: 0.03, ease_m: 20}
  - speed_bump: {course: main, s_m: %s, length_m: 2.0, height_m: 0.1}
  - pothole: {course: main, lane: 1, s_m: %s, d_m: -0.9, length_m: 1.0, width_m: 0.8, depth_m: 0.08}
ego: {vehicle: sedan, lane: 1, s_m: %s, speed_kph: 0, goal: {s_m: 410}}
actors:
  ahead: {kind: car, place: {lane: 1, s_m: %s, speed_kph: 0}, drive: parked}
end: {time_limit_s: 30}
"""
FRONT = CameraSpec.with_fov(
    "front", 320, 180, 90.0, Mount(1.5, 0.0, 1.4), channels=("rgb", "depth", "semantic", "instance")
)
GROUND = (SemanticClass.ROAD, SemanticClass.LANE_PAINT, SemanticClass.KERB, SemanticClass.SIDEWALK)


def start(ego_s: float) -> tuple[Scenario, WorldState]:
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    text = ROAD % (ego_s + 14.0, ego_s + 8.0, ego_s, ego_s + 24.0)
    scenario = load_inputs(SOURCE, {SOURCE: text.encode(), **vehicle}).concrete(0)
    simulation = Simulation(scenario)
    simulation.reset()
    state = simulation.state
    simulation.close()
    return scenario, state


@pytest.mark.parametrize("ego_s", [30.0, 90.0, 150.0, 220.0])
def test_every_pixel_of_the_road_lies_at_the_height_of_the_road(renderer: Renderer, ego_s: float) -> None:
    scenario, state = start(ego_s)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.depth is not None
    assert frame.semantic is not None
    place, rotation = FRONT.pose(frame.rig)
    near = np.isin(frame.semantic, GROUND) & (frame.depth < 20.0)
    assert near.sum() > 5000
    points = place + frame.depth[near][:, None] * (FRONT.rays()[near] @ rotation.T)
    # Depth buffers resolve a ray of 20 m to some centimetres; seen as flatly as that, a millimetre or two of height.
    above = points[:, 2] - scenario.road.heights(points[:, :2])
    assert np.median(np.abs(above)) < 0.02
    assert np.mean(np.abs(above) < 0.05) > 0.98


def test_bumps_and_holes_change_what_is_seen_where_they_lie(renderer: Renderer) -> None:
    scenario, state = start(90.0)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.rgb is not None
    road = scenario.road
    hole = np.array([[98.0, -2.65]])
    bump = np.array([[103.5, -1.5]])
    for spot, least in ((hole, -0.09), (bump, 0.03)):
        height = float(road.heights(spot)[0]) - float(road.rise(spot)[0, 0])
        assert height < 0.0 if least < 0.0 else height > least
        u, v, _ = FRONT.project(np.column_stack([spot, road.heights(spot)]), frame.rig)[0]
        beside = np.array([[spot[0, 0] - 2.5, -1.2]])
        bu, bv, _ = FRONT.project(np.column_stack([beside, road.heights(beside)]), frame.rig)[0]
        seen, plain = frame.rgb[int(v), int(u)].astype(int), frame.rgb[int(bv), int(bu)].astype(int)
        assert np.abs(seen - plain).max() > 15


def test_a_car_on_a_slope_stands_on_the_road_in_the_picture(renderer: Renderer) -> None:
    scenario, state = start(90.0)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.instance is not None
    rows, columns = np.nonzero(frame.instance == 1)
    length, width, _ = state.extent[1]
    foot = np.array(
        [[state.position[1, 0] - 0.5 * length, state.position[1, 1] + side * width] for side in (-0.4, 0.4)]
    )
    wheels = FRONT.project(np.column_stack([foot, scenario.road.heights(foot)]), frame.rig)
    assert rows.max() == pytest.approx(wheels[:, 1].mean(), abs=3.0)
    assert columns.min() - 3.0 <= wheels[:, 0].min()
    assert wheels[:, 0].max() <= columns.max() + 3.0


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("kind", ["t_junction", "x_junction"])
def test_the_ground_of_a_rising_junction_covers_its_lanes_once(kind: str, lanes: int) -> None:
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    text = f"""schema: alpasim/scenario@1
title: Junction on a hill
road: {{{kind}: {{arm_length_m: 80, lanes: {lanes}, sidewalk_m: 2, corner_radius_m: 9}}}}
relief: [grade: {{course: south, from_s_m: 5, to_s_m: 60, grade_percent: 5}}]
ego: {{vehicle: sedan, course: south, lane: 1, s_m: 12, speed_kph: 5, goal: {{after_s: 20}}}}
"""
    road = load_inputs(SOURCE, {SOURCE: text.encode(), **vehicle}).concrete(0).road
    lying = {SemanticClass.ROAD: 0.0, SemanticClass.SIDEWALK: 0.0}
    for code, mesh in ground(road):
        code = SemanticClass.SIDEWALK if code is SemanticClass.KERB else code  # the stones at its edge
        if code in lying:
            flat = mesh.points[:, :2].astype(np.float64)[mesh.triangles]
            one, other = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
            lying[code] += 0.5 * float(np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum())
    for code, kinds in ((SemanticClass.ROAD, DRIVABLE_KINDS), (SemanticClass.SIDEWALK, (LaneKind.SIDEWALK,))):
        lanes_there = [
            Polygon(lane_polygon(one.left, one.right)).buffer(0.0) for one in road.lanes if one.kind in kinds
        ]
        assert lying[code] == pytest.approx(shapely.union_all(lanes_there).area, rel=0.02)
