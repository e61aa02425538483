"""Relief, soils and terrain from above, by the colours and the signs that a reader sees; and as lines for the browser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from builders import Body, make_state
from foxglove_schemas_protobuf import SceneUpdate_pb2

from alpasim.recording.foxglove import road_message
from alpasim.road.network import RoadNetwork, SurfacePatch
from alpasim.road.pieces import RoadModel, build_road
from alpasim.road.unlevel import Bump, CrossSlope, Grade, Part, Raised
from alpasim.view import palette
from alpasim.view.camera import Camera, Projection
from alpasim.view.canvas import Colour, UInt8Array
from alpasim.view.topdown import SIZE, draw

PLAIN = build_road(RoadModel.model_validate({"straight": {"lanes": 1, "oncoming_lanes": 1, "length_m": 200}}))
LINE = PLAIN.courses["main"].reference
CAMERA = Camera(75.0, 0.0, 60.0)
EGO = make_state(Body(10.0, -1.75))


def square(x: float, y: float, size: float = 4.0) -> np.ndarray:
    return np.array([[x, y], [x + size, y], [x + size, y + size], [x, y + size]])


def picture(parts: Sequence[Part] = (), surfaces: Sequence[SurfacePatch] = (), terrain: str = "grass") -> UInt8Array:
    road = RoadNetwork(PLAIN.lanes, (), surfaces, list(PLAIN.courses.values()), parts, terrain)
    return draw(road, EGO, camera=CAMERA)


def colour_at(shown: UInt8Array, x: float, y: float) -> tuple[int, ...]:
    column, row = Projection(CAMERA, *SIZE).pixels(np.array([[x, y]]))[0]
    return tuple(int(value) for value in shown[round(float(row)), round(float(column))])


def near(found: Sequence[int], wanted: Colour, reach: int = 12) -> bool:
    return all(abs(one - other) <= reach for one, other in zip(found, wanted[:3], strict=True))


def changed_at(shown: UInt8Array) -> np.ndarray:
    """World x, y of every pixel that relief changed, (k, 2)."""
    rows = np.argwhere((shown != picture()).any(axis=2))[:, ::-1]
    scale = Projection(CAMERA, *SIZE).scale
    return (rows - (0.5 * SIZE[0], 0.5 * SIZE[1])) / (scale, -scale) + (CAMERA.x, CAMERA.y)


def test_a_hole_is_darker_than_the_road_and_lies_where_it_is() -> None:
    shown = picture([Raised(square(70.0, -3.0, 2.0), -0.1, 0.2, "pothole")])
    assert near(colour_at(shown, 71.0, -2.0), palette.HOLE_FLOOR)
    low, high = changed_at(shown).min(axis=0), changed_at(shown).max(axis=0)
    np.testing.assert_allclose([*low, *high], [70.0, -3.0, 72.0, -1.0], atol=0.25)


def test_a_kerb_is_pale() -> None:
    assert near(colour_at(picture([Raised(square(70.0, -3.0), 0.12)]), 72.0, -1.0), palette.KERB)


def test_a_bump_is_a_bar_in_two_colours_from_side_to_side() -> None:
    shown = picture([Bump(80.0, 0.0, 0.0, 2.0, 0.1, 3.5, 3.5)])
    found = {
        colour for y in np.linspace(-3.4, 3.4, 60) for colour in palette.BUMP if near(colour_at(shown, 80.0, y), colour)
    }
    assert found == set(palette.BUMP)
    low, high = changed_at(shown).min(axis=0), changed_at(shown).max(axis=0)
    np.testing.assert_allclose([*low, *high], [79.0, -3.5, 81.0, 3.5], atol=0.25)


@pytest.mark.parametrize("grade", [0.08, -0.08])
def test_chevrons_point_uphill(grade: float) -> None:
    places = changed_at(picture([Grade(LINE, 70.0, 80.0, grade, 5.0)]))
    sign = places[(np.abs(places[:, 1]) < 2.5) & (np.abs(places[:, 0] - 75.0) < 4.0)]
    tip, arms = sign[np.abs(sign[:, 1]) < 0.3], sign[(np.abs(sign[:, 1]) > 1.2) & (np.abs(sign[:, 1]) < 1.5)]
    assert (tip[:, 0].mean() - arms[:, 0].mean()) * grade > 0.0


def test_steepness_is_written_beside_the_road() -> None:
    shown = picture([Grade(LINE, 70.0, 80.0, 0.08, 5.0), CrossSlope(LINE, 85.0, 100.0, 0.04, 5.0, -5.0, 5.0)])
    ink = np.argwhere((np.abs(shown.astype(int) - palette.INK[:3]) < 12).all(axis=2) & (shown != picture()).any(axis=2))
    assert len(ink) > 60
    columns = Projection(CAMERA, *SIZE).pixels(np.array([[75.0, 3.0], [92.5, 3.0]]))[:, 0]
    assert all((np.abs(ink[:, 1] - column) < 60).any() for column in columns)


@pytest.mark.parametrize("kind", palette.SOILS)
def test_soils_have_their_own_colours(kind: str) -> None:
    shown = picture(surfaces=[SurfacePatch(square(70.0, -3.3, 3.0), 0.5, kind)])
    paint, share = np.array(palette.SOILS[kind][:3]), palette.SOILS[kind][3] / 255.0
    wanted = share * paint + (1.0 - share) * np.array(palette.ASPHALT)
    np.testing.assert_allclose(colour_at(shown, 71.5, -2.4), wanted, atol=6)


@pytest.mark.parametrize("terrain", palette.TERRAIN)
def test_the_ground_beside_the_road_is_that_of_its_terrain(terrain: str) -> None:
    assert colour_at(picture(terrain=terrain), 75.0, 12.0) == palette.TERRAIN[terrain]


def test_the_browsers_road_lies_at_its_height_and_shows_what_lies_on_it() -> None:
    parts = [
        Grade(LINE, 20.0, 120.0, 0.1, 20.0),
        Bump(150.0, 0.0, 0.0, 2.0, 0.1, 3.5, 3.5),
        Raised(square(60.0, -3.0), -0.1),
    ]
    patch = SurfacePatch(square(150.0, -3.0), 0.1, "ice")
    message = road_message(RoadNetwork(PLAIN.lanes, (), [patch], list(PLAIN.courses.values()), parts))
    update = SceneUpdate_pb2.SceneUpdate()
    update.ParseFromString(message)
    lines = update.entities[0].lines
    assert len(lines) == 2 * len(PLAIN.lanes) + 3
    border = np.array([(point.x, point.y, point.z) for point in lines[0].points])
    np.testing.assert_allclose(border[border[:, 0] > 120.0, 2], 8.0)
    assert not border[border[:, 0] < 20.0, 2].any()
    for line in lines[-3:]:
        ring = [(point.x, point.y, point.z) for point in line.points]
        assert len(ring) == 5 and ring[0] == ring[-1]
