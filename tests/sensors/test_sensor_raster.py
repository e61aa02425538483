"""The bird's-eye raster: each layer against shapely at every pixel's middle, frames, the past, what perception hides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from builders import Body, Frame, Scene, make_scenario, make_state, make_vehicle
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon

from alpasim.geometry import box_corners
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.senses import BevModel
from alpasim.sensors.objects import ObjectSensor
from alpasim.sensors.raster import INK, Bev, draw_line, fill_quad, layer_names
from alpasim.sensors.sensor import SensorContext
from alpasim.types import FloatArray, WorldState
from alpasim.vehicle.frames import rig_from_box

NAMES = layer_names(3)


class Drive:
    """A raster over the true object list, looked at state after state."""

    def __init__(self, scenario: Scenario, **options: float) -> None:
        self.options = BevModel(**options)  # type: ignore[arg-type]
        self.objects = ObjectSensor(scenario, np.random.default_rng(0))
        self.tracks = None
        seed = np.random.SeedSequence(0)
        context = SensorContext("bev", scenario, self.options, seed, self.objects.current_ids, lambda: self.tracks)  # type: ignore[arg-type, return-value]
        self.bev = Bev(context)

    def look(self, state: WorldState) -> np.ndarray:
        self.tracks = self.objects.perceive(state)  # type: ignore[assignment]
        return np.asarray(self.bev.observe(state).arrays["layers"])


def middles(state: WorldState, options: BevModel) -> FloatArray:
    """World places (size, size, 2) of the pixels' middles, by the formula of the module."""
    size, step = options.size_px, options.resolution_m
    behind = 0.25 * size * step if options.behind_m is None else options.behind_m
    x = (size - np.arange(size) - 0.5) * step - behind
    y = (0.5 * size - np.arange(size) - 0.5) * step
    ahead, aside = np.meshgrid(x, y, indexing="ij")
    rig = rig_from_box(state.position[0], float(state.yaw[0]), make_vehicle())
    cos, sin = math.cos(rig[3]), math.sin(rig[3])
    return np.stack((rig[0] + ahead * cos - aside * sin, rig[1] + ahead * sin + aside * cos), axis=-1)


def expected(shape: shapely.Geometry, places: FloatArray) -> np.ndarray:
    return np.where(shapely.contains_xy(shape, places[..., 0], places[..., 1]), INK, 0)


BODIES = (Body(100, 1.0, yaw=0.3, speed=8), Body(112, 3.0, yaw=-0.4), Body(95, 6.5, yaw=1.0), Body(240, 0))


@pytest.mark.parametrize("yaw", [0.0, 0.7, -2.2])
@pytest.mark.parametrize("size", [(84, 0.5), (60, 0.31)])
def test_areas_are_those_of_shapely(yaw: float, size: tuple[int, float]) -> None:
    frame = Frame(yaw, 30.0, -70.0)
    scenario = make_scenario(Scene(actors=3), frame=frame)
    drive = Drive(scenario, size_px=size[0], resolution_m=size[1])
    state = make_state(*BODIES, frame=frame)
    layers, places = drive.look(state), middles(state, drive.options)
    boxes = [Polygon(box) for box in box_corners(state.position, state.yaw, state.extent)]
    lane = Polygon(frame.points([[0, -2], [300, -2], [300, 2], [0, 2]]))
    for name, shape in (
        ("drivable", scenario.road.drivable),
        ("route", lane),
        ("ego", boxes[0]),
        ("actors", MultiPolygon(boxes[1:])),
    ):
        # A middle that lies on an outline up to rounding may fall to either side of it.
        differing = layers[NAMES.index(name)] != expected(shape, places)
        edge = shapely.distance(shape.boundary, shapely.points(places[differing])) if differing.any() else np.zeros(0)
        assert (edge < 1e-6).all(), name
        assert layers[NAMES.index(name)].any(), name


def test_borders_are_a_pixel_wide_and_near_the_lines() -> None:
    frame = Frame(0.5, 10.0, 20.0)
    scenario = make_scenario(frame=frame)
    drive = Drive(scenario)
    state = make_state(Body(100, 1.0, yaw=0.2), frame=frame)
    layer, places = drive.look(state)[NAMES.index("lane_borders")], middles(state, drive.options)
    lines = shapely.union_all([LineString(line) for lane in scenario.road.lanes for line in (lane.left, lane.right)])
    away = shapely.distance(lines, shapely.points(places))
    assert (away[layer == INK] <= 0.5 * math.sqrt(2.0) * 0.5 + 1e-6).all()
    # Whatever a line passes close to the middle of is inked.
    assert (layer[away < 0.02] == INK).mean() > 0.95
    assert set(np.unique(layer)) == {0, INK}


def test_the_ego_stands_a_quarter_up_and_looks_up() -> None:
    drive = Drive(make_scenario())
    layer = drive.look(make_state(Body(100, 0.0)))[NAMES.index("ego")]
    rows, columns = np.nonzero(layer)
    # The box reaches from 0.75 m behind the rig's origin to 3.25 m ahead; the origin is 10.5 m from the lower edge.
    # Both ends lie on the middle of a row, of which one counts.
    assert (rows.min(), rows.max()) == (56, 63)
    assert (columns.min(), columns.max()) == (40, 43)


def test_left_is_left_and_ahead_is_up() -> None:
    drive = Drive(make_scenario(Scene(actors=1)))
    rows, columns = np.nonzero(drive.look(make_state(Body(100), Body(115, 6.0)))[NAMES.index("actors")])
    assert rows.mean() < 42 and columns.mean() < 42


def test_a_child_that_stands_between_the_middles_of_pixels_is_inked_where_its_middle_lies() -> None:
    drive, small = Drive(make_scenario(Scene(actors=1)), past_frames=1, past_step_s=0.1), (0.3, 0.2, 1.0)
    rng = np.random.default_rng(3)
    for step, (x, y) in enumerate(rng.uniform((92.0, -20.0), (128.0, 20.0), (300, 2))):
        state = make_state(Body(100), Body(x, y, yaw=x, extent=small), step=step)
        layers, places = drive.look(state), middles(state, drive.options)
        inked = places[layers[NAMES.index("actors")] == INK]
        # Its pixel is the one whose middle is nearest: less than half a pixel off in both directions, as are all within the box.
        assert len(inked) == 1
        assert abs(inked - (x, y)).max() <= 0.25 + 1e-9


def test_the_past_shows_where_actors_stood_and_is_empty_before_the_start() -> None:
    drive = Drive(make_scenario(Scene(actors=1)), past_frames=3, past_step_s=0.2)
    states = [make_state(Body(100), Body(105 + step), step=step) for step in range(8)]
    seen = [drive.look(state) for state in states]
    now = NAMES.index("actors")
    for step, layers in enumerate(seen):
        for frame in range(3):
            before = step - 2 * (frame + 1)
            past = layers[now + 1 + frame]
            if before < 0:
                assert not past.any()
            else:
                np.testing.assert_array_equal(past, seen[before][now])


def test_the_past_lies_still_while_the_ego_drives() -> None:
    drive = Drive(make_scenario(Scene(actors=1)), past_frames=1, past_step_s=0.1)
    drive.look(make_state(Body(100), Body(110, 3.0)))
    layers = drive.look(make_state(Body(101), Body(118, 3.0), step=1))
    again = Drive(make_scenario(Scene(actors=1))).look(make_state(Body(101), Body(110, 3.0)))
    np.testing.assert_array_equal(layers[NAMES.index("actors_past_1")], again[NAMES.index("actors")])


def test_a_reset_forgets_the_past() -> None:
    drive = Drive(make_scenario(Scene(actors=1)), past_step_s=0.1)
    state = make_state(Body(100), Body(110))
    first = drive.look(state)
    drive.look(make_state(Body(100), Body(111), step=1))
    drive.bev.reset(state)
    np.testing.assert_array_equal(drive.look(state), first)


def test_memory_of_the_past_is_bounded() -> None:
    drive = Drive(make_scenario(Scene(actors=1)))
    for step in range(200):
        drive.look(make_state(Body(100), Body(110), step=step))
    assert len(drive.bev._past) <= 3 * 5 + 1


corner = st.tuples(st.floats(-10, 30), st.floats(-10, 30))


@settings(max_examples=150, deadline=None)
@given(a=corner, b=corner, c=corner, d=corner)
def test_any_simple_quadrilateral_is_filled_as_shapely_says(a, b, c, d) -> None:  # type: ignore[no-untyped-def]
    shape = Polygon([a, b, c, d])
    if not shape.is_valid or shape.area < 1e-3:
        return
    layer = np.zeros((20, 20), dtype=np.uint8)
    fill_quad(layer, np.array([a, b, c, d]))
    y, x = np.meshgrid(np.arange(20) + 0.5, np.arange(20) + 0.5, indexing="ij")
    differing = (layer == INK) != shapely.contains_xy(shape, x, y)
    assert all(
        shape.boundary.distance(shapely.Point(x[i], y[i])) < 1e-6 for i in zip(*np.nonzero(differing), strict=True)
    )


@settings(max_examples=100, deadline=None)
@given(x1=st.floats(-1e4, 1e4), y1=st.floats(-1e4, 1e4), x2=st.floats(-30, 50), y2=st.floats(-30, 50))
def test_lines_stay_in_the_picture_and_on_the_line(x1: float, y1: float, x2: float, y2: float) -> None:
    layer = np.zeros((20, 20), dtype=np.uint8)
    draw_line(layer, x1, y1, x2, y2)
    # shapely knows no distance to a line without length, nor to one whose length squared is too small a number.
    line = LineString([(x1, y1), (x2, y2)]) if math.hypot(x2 - x1, y2 - y1) > 1e-9 else shapely.Point(x1, y1)
    for r, c in zip(*np.nonzero(layer), strict=True):
        assert line.distance(shapely.Point(c + 0.5, r + 0.5)) <= math.sqrt(0.5) + 1e-6
