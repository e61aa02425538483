"""Geometry of plain polylines: arc length, projection, poses along them, resampling.

Answers questions about one line of points, whatever it stands for (a lane's centre, a route, a path). Lines are (k, 2)
float64 [m] with k >= 2; repeated points are allowed. Beyond both ends a line goes on straight, so that `project` and
`pose_at` undo each other there too. Nothing here knows of lanes or roads.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, IntArray

HEADING_BLEND_M = 5.0
"""Within this distance of a vertex the heading turns from one segment's direction to the next one's [m]."""

_TINY = 1e-9


@compiled
def arc_length(line: FloatArray) -> FloatArray:
    """Distance along the line of each of its points, (k,) [m], starting at 0."""
    s = np.zeros(line.shape[0])
    for i in range(1, line.shape[0]):
        s[i] = s[i - 1] + math.hypot(line[i, 0] - line[i - 1, 0], line[i, 1] - line[i - 1, 1])
    return s


@compiled
def first_from(s: FloatArray | IntArray, value: float) -> int:
    """The first of ascending numbers (k,) that is not below `value`, k where there is none: `np.searchsorted`, which numba takes
    seconds to compile."""
    low, high = 0, s.shape[0]
    while low < high:
        middle = (low + high) // 2
        if s[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _next_segment(s: FloatArray, first: int, last: int, start: int) -> int:
    """The first segment from `start` on that has a length, -1 where there is none; segment i joins points i, i + 1."""
    for i in range(start, last - 1):
        if i >= first and s[i + 1] - s[i] > _TINY:
            return i
    return -1


@compiled
def _previous_segment(s: FloatArray, first: int, last: int, start: int) -> int:
    """The last segment up to `start` that has a length, -1 where there is none."""
    for i in range(min(start, last - 2), first - 1, -1):
        if s[i + 1] - s[i] > _TINY:
            return i
    return -1


@compiled
def project_within(
    x: float, y: float, line: FloatArray, s: FloatArray, first: int, last: int
) -> tuple[float, float, int]:
    """Where (x, y) lies along the points first..last-1 of a line: s counted from `first` [m], d left positive [m], and
    the segment. The kernel that every projection uses; the first of equally near segments wins."""
    best = np.inf
    best_s, best_d, best_segment = 0.0, math.hypot(x - line[first, 0], y - line[first, 1]), first
    start = _next_segment(s, first, last, first)
    end = _previous_segment(s, first, last, last - 2)
    for i in range(start, end + 1):
        length = s[i + 1] - s[i]
        if start < 0 or length <= _TINY:
            continue
        ux, uy = (line[i + 1, 0] - line[i, 0]) / length, (line[i + 1, 1] - line[i, 1]) / length
        px, py = x - line[i, 0], y - line[i, 1]
        along, across = px * ux + py * uy, ux * py - uy * px
        beyond = 0.0
        if along < 0.0 and i != start:
            beyond, along = along, 0.0
        elif along > length and i != end:
            beyond, along = along - length, length
        square = across * across + beyond * beyond
        if square < best:
            best = square
            distance = math.sqrt(square)
            best_d = across if beyond == 0.0 else (distance if across >= 0.0 else -distance)
            best_s, best_segment = s[i] - s[first] + along, i
    return best_s, best_d, best_segment


@compiled
def project(points: FloatArray, line: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Each point's (m, 2) place on the line: s (m,) [m], d (m,) left positive [m], segment (m,). `s` is `arc_length(line)`."""
    m = points.shape[0]
    along, across, segment = np.empty(m), np.empty(m), np.empty(m, dtype=np.int64)
    for i in range(m):
        along[i], across[i], segment[i] = project_within(points[i, 0], points[i, 1], line, s, 0, line.shape[0])
    return along, across, segment


@compiled
def _turn(before: float, after: float) -> float:
    """The angle from one heading to another in [-pi, pi)."""
    return (after - before + math.pi) % (2.0 * math.pi) - math.pi


@compiled
def _vertex_turn(line: FloatArray, s: FloatArray, segment: int, other: int) -> tuple[float, float]:
    """How far the heading at the vertex between two segments is turned from `segment`'s own, and over what length."""
    own = math.atan2(line[segment + 1, 1] - line[segment, 1], line[segment + 1, 0] - line[segment, 0])
    next_ = math.atan2(line[other + 1, 1] - line[other, 1], line[other + 1, 0] - line[other, 0])
    reach = min(s[segment + 1] - s[segment], 2.0 * HEADING_BLEND_M) * 0.5
    reach_other = min(s[other + 1] - s[other], 2.0 * HEADING_BLEND_M) * 0.5
    return _turn(own, next_) * reach / (reach + reach_other), reach


@compiled
def pose_within(line: FloatArray, s: FloatArray, first: int, last: int, at: float) -> tuple[float, float, float]:
    """x, y and heading at arc length `at` (counted from `first`) of the points first..last-1 of a line.

    The heading turns continuously from segment to segment, and does so exactly on an evenly sampled arc.
    """
    start = _next_segment(s, first, last, first)
    if start < 0:
        return line[first, 0], line[first, 1], 0.0
    low, high, target = first, last - 1, at + s[first]
    while high - low > 1:
        middle = (low + high) // 2
        if s[middle] <= target:
            low = middle
        else:
            high = middle
    segment = _previous_segment(s, first, last, low)
    if segment < 0:
        segment = start
    length = s[segment + 1] - s[segment]
    ux, uy = (line[segment + 1, 0] - line[segment, 0]) / length, (line[segment + 1, 1] - line[segment, 1]) / length
    heading = math.atan2(uy, ux)
    along = target - s[segment]
    inside = min(max(along, 0.0), length)
    other = _previous_segment(s, first, last, segment - 1)
    after = _next_segment(s, first, last, segment + 1)
    if other < 0 and after >= 0:
        turn, reach = _vertex_turn(line, s, segment, after)
        if reach >= 0.5 * length and inside < 0.5 * length and abs(turn) < 0.2:
            return line[segment, 0] + along * ux, line[segment, 1] + along * uy, heading - turn * (1.0 - inside / reach)
    elif after < 0 and other >= 0:
        turn, reach = _vertex_turn(line, s, segment, other)
        if reach >= 0.5 * length and inside > 0.5 * length and abs(turn) < 0.2:
            bend = turn * (1.0 - (length - inside) / reach)
            return line[segment, 0] + along * ux, line[segment, 1] + along * uy, heading - bend
    if other >= 0:
        turn, reach = _vertex_turn(line, s, segment, other)
        if inside < reach:
            heading += turn * (1.0 - inside / reach)
    if after >= 0:
        turn, reach = _vertex_turn(line, s, segment, after)
        if length - inside < reach:
            heading += turn * (1.0 - (length - inside) / reach)
    return line[segment, 0] + along * ux, line[segment, 1] + along * uy, heading


@compiled
def pose_at(line: FloatArray, s_line: FloatArray, s_query: FloatArray) -> FloatArray:
    """Poses (m, 3) x, y, heading at arc lengths `s_query` (m,); `s_line` is `arc_length(line)`. Straight on beyond the ends."""
    poses = np.empty((s_query.shape[0], 3))
    for i in range(s_query.shape[0]):
        x, y, heading = pose_within(line, s_line, 0, line.shape[0], s_query[i])
        poses[i, 0], poses[i, 1], poses[i, 2] = x, y, _turn(0.0, heading)
    return poses


def resample(line: FloatArray, spacing: float) -> FloatArray:
    """The same line with points every `spacing` metres or a little less, both end points kept exactly."""
    s = arc_length(line)
    steps = max(1, math.ceil(float(s[-1]) / spacing - 1e-9))
    query = np.linspace(0.0, float(s[-1]), steps + 1)
    points = np.column_stack([np.interp(query, s, line[:, 0]), np.interp(query, s, line[:, 1])])
    points[0], points[-1] = line[0], line[-1]
    return points
