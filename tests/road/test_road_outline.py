"""What there is to draw: the whole pavement, every painted border once, stop lines with their signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from roads import EVERY_FORM, recorded_parameters, road_of
from shapely.geometry import Polygon

from alpasim.importers.commonroad import read_commonroad
from alpasim.road.network import LaneKind, LineMark, RoadNetwork, SurfacePatch
from alpasim.road.outline import outline


def check(road: RoadNetwork) -> None:
    drawn = outline(road)
    area = sum(Polygon(part.exterior, part.holes).area for part in drawn.pavement)
    assert area == pytest.approx(road.drivable.area)
    for mark in (LineMark.SOLID, LineMark.DASHED, LineMark.KERB):
        borders = [
            line
            for lane in road.lanes
            for line, own in ((lane.left, lane.left_mark), (lane.right, lane.right_mark))
            if own is mark
        ]
        lines = shapely.union_all(
            [shapely.linestrings(line.points) for line in drawn.lines if line.mark is not LineMark.NONE]
        )
        for border in borders:
            assert shapely.distance(lines, shapely.points(border)).max() < 0.31


@pytest.mark.parametrize("form", EVERY_FORM)
def test_authored_roads(form: str) -> None:
    check(road_of(EVERY_FORM[form]))


@pytest.mark.parametrize("path", recorded_parameters())
def test_recorded_roads(path: Path) -> None:
    check(read_commonroad(path, drop_unsupported=True).road)


def test_a_road_of_pieces_has_three_long_lines() -> None:
    lines = outline(road_of(EVERY_FORM["pieces"])).lines
    assert sorted(line.mark.value for line in lines) == ["dashed", "solid", "solid"]
    middle = next(line for line in lines if line.mark is LineMark.DASHED)
    length = np.hypot(*np.diff(middle.points, axis=0).T).sum()
    assert length == pytest.approx(80.0 + 50.0 * np.pi / 2 + 60.0, abs=0.02)


def test_sidewalks_patches_and_stop_lines() -> None:
    road = road_of(EVERY_FORM["t_junction"])
    ice = SurfacePatch(np.array([[0.0, -2.0], [9.0, -2.0], [9.0, 2.0]]), 0.1, "ice")
    drawn = outline(RoadNetwork(road.lanes, road.signals, [ice], list(road.courses.values())))
    assert {kind for kind, _ in drawn.paths} == {LaneKind.SIDEWALK}
    assert len(drawn.paths) == 3  # round two corners and along the side without an arm
    assert [(kind, friction) for kind, friction, _ in drawn.patches] == [("ice", 0.1)]
    assert sorted(row for _, row in drawn.stop_lines) == [0, 0, 0, 1, 1, 2, 2]
