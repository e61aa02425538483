"""What to draw of a road: pavement, paths, painted lines, stop lines, patches of other grip.

Answers with plain point arrays in world coordinates [m]; colours and line widths are the drawer's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from alpasim.road.index import joined_area, lane_polygon
from alpasim.road.lanes import Lane, LaneKind, LineMark, Neighbour
from alpasim.road.network import RoadNetwork
from alpasim.types import FloatArray

_SAME_BORDER_M = 0.3
_SAME_END_M = 0.02


@dataclass(frozen=True, slots=True)
class Area:
    """An area with holes: closed rings (k, 2), the first point repeated at the end [m]."""

    exterior: FloatArray
    holes: tuple[FloatArray, ...] = ()


@dataclass(frozen=True, slots=True)
class PaintedLine:
    """One painted line or kerb, (k, 2) [m]; pieces of the same mark that meet are one line, so that dashes run through."""

    points: FloatArray
    mark: LineMark


@dataclass(frozen=True, slots=True)
class RoadOutline:
    """A road to draw, back to front: `pavement`, `paths` by kind, `patches` (closed rings) with friction, `lines`,
    `stop_lines` (2, 2) with the row of their signal (-1: none)."""

    pavement: tuple[Area, ...]
    paths: tuple[tuple[LaneKind, Area], ...]
    patches: tuple[tuple[str, float, FloatArray], ...]
    lines: tuple[PaintedLine, ...]
    stop_lines: tuple[tuple[FloatArray, int], ...]


def outline(road: RoadNetwork) -> RoadOutline:
    """What to draw of `road`."""
    paths: list[tuple[LaneKind, Area]] = []
    for kind in (LaneKind.SIDEWALK, LaneKind.BICYCLE, LaneKind.CROSSING):
        parts = [lane_polygon(lane.left, lane.right) for lane in road.lanes if lane.kind is kind]
        paths.extend((kind, area) for area in _areas(joined_area(parts)))
    return RoadOutline(
        pavement=tuple(_areas(road.drivable)),
        paths=tuple(paths),
        patches=tuple((patch.kind, patch.friction, patch.polygon) for patch in road.surfaces),
        lines=tuple(_joined(_borders(road))),
        stop_lines=tuple((lane.stop_line, lane.signal) for lane in road.lanes if lane.stop_line is not None),
    )


def _areas(shape: BaseGeometry) -> list[Area]:
    polygons = [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon) and not part.is_empty]
    return [
        Area(np.asarray(part.exterior.coords)[:, :2], tuple(np.asarray(hole.coords)[:, :2] for hole in part.interiors))
        for part in polygons
    ]


def _borders(road: RoadNetwork) -> list[PaintedLine]:
    """Every painted border once: one that two lanes share is given by the earlier of them."""
    lines = []
    for row, lane in enumerate(road.lanes):
        for points, mark, neighbour in (
            (lane.left, lane.left_mark, lane.left_neighbour),
            (lane.right, lane.right_mark, lane.right_neighbour),
        ):
            if mark is not LineMark.NONE and not _drawn_before(road, row, points, neighbour):
                lines.append(PaintedLine(points, mark))
    return lines


def _drawn_before(road: RoadNetwork, row: int, points: FloatArray, neighbour: Neighbour | None) -> bool:
    if neighbour is None or road.lane_index[neighbour.lane] > row:
        return False
    other = road.lanes[road.lane_index[neighbour.lane]]
    return any(mark is not LineMark.NONE and _alike(points, line) for line, mark in _sides(other))


def _sides(lane: Lane) -> tuple[tuple[FloatArray, LineMark], tuple[FloatArray, LineMark]]:
    return (lane.left, lane.left_mark), (lane.right, lane.right_mark)


def _alike(line: FloatArray, other: FloatArray) -> bool:
    """Whether two borders run along each other, in whichever direction."""
    first, second = shapely.linestrings(line), shapely.linestrings(other)
    return bool(shapely.hausdorff_distance(first, second) < _SAME_BORDER_M)


def _joined(lines: Sequence[PaintedLine]) -> list[PaintedLine]:
    """Pieces of equal mark, end to start, made into one where exactly one follows."""
    follows: dict[int, int] = {}
    taken: set[int] = set()
    for i, line in enumerate(lines):
        for j, other in enumerate(lines):
            if i == j or j in taken or other.mark is not line.mark:
                continue
            if float(np.abs(line.points[-1] - other.points[0]).max()) < _SAME_END_M:
                follows[i] = j
                taken.add(j)
                break
    joined = []
    used: set[int] = set()
    for i in [*(i for i in range(len(lines)) if i not in taken), *range(len(lines))]:
        if i in used:
            continue
        chain = [i]
        while chain[-1] in follows and follows[chain[-1]] not in chain:
            chain.append(follows[chain[-1]])
        used.update(chain)
        points = np.concatenate([lines[chain[0]].points, *(lines[k].points[1:] for k in chain[1:])])
        joined.append(PaintedLine(points, lines[i].mark))
    return joined
