"""Sidewalks round the corners of a junction, which join those of its arms."""

from __future__ import annotations

import math

import numpy as np

from alpasim.road.lanes import Lane, LaneKind, LineMark
from alpasim.types import FloatArray


def corner_sidewalks(apron: Lane, width: float, radius: float, north: bool) -> list[Lane]:
    """A sidewalk of `width` along each rounded corner of the apron, and along its straight side where there is no north arm.

    The apron's right border runs from the south arm's mouth round the corner to the east arm's, and with a north arm on round
    the next one; its left border is the mirror of it. The corners' circles have the radius `radius` [m].
    """
    if width <= 0.0:
        return []
    arc = apron.right[: len(apron.right) // 2] if north else apron.right[:-1]
    centre = np.array([arc[0, 0] + radius, arc[0, 1]])
    towards = (arc - centre) / np.hypot(*(arc - centre).T)[:, None]
    outer = centre + max(radius - width, 0.0) * towards
    corners = [
        _walked("corner_south_east", arc, outer),
        _walked("corner_south_west", *_mirrored(arc, outer, (-1.0, 1.0))),
    ]
    if north:
        corners += [_walked("corner_north_east", *_mirrored(arc, outer, (1.0, -1.0)))]
        corners += [_walked("corner_north_west", *_mirrored(arc, outer, (-1.0, -1.0)))]
    else:
        inner = np.array([apron.left[-1], apron.right[-1]])
        corners += [_walked("side_north", inner, inner + np.array([0.0, width]))]
    return corners


def _mirrored(inner: FloatArray, outer: FloatArray, by: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    return inner * by, outer * by


def _walked(name: str, inner: FloatArray, outer: FloatArray) -> Lane:
    """A sidewalk between its kerb and its outer border, so directed that the kerb is on its left or its right as they lie."""
    way, across = inner[-1] - inner[0], outer[len(outer) // 2] - inner[len(inner) // 2]
    left = float(way[0] * across[1] - way[1] * across[0]) < 0.0
    borders = (inner, outer) if left else (outer, inner)
    marks = (LineMark.KERB, LineMark.NONE) if left else (LineMark.NONE, LineMark.KERB)
    return Lane(
        id=name,
        kind=LaneKind.SIDEWALK,
        centre=np.ascontiguousarray(0.5 * (inner + outer)),
        left=np.ascontiguousarray(borders[0]),
        right=np.ascontiguousarray(borders[1]),
        left_mark=marks[0],
        right_mark=marks[1],
        speed_limit_mps=math.inf,
        left_neighbour=None,
        right_neighbour=None,
        successors=(),
        predecessors=(),
        in_junction=True,
    )
