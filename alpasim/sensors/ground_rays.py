"""Rays against ground that rises, and against its kerbs, bumps and holes.

A ray goes from square to square (`ground_tables.py`) and leaps over those whose ground lies below it. Where parts of the relief
may be met, it goes from stretch to stretch over which what they add is the same: there the ground is the smooth rise plus a
constant, and Newton's method finds the place, at once where nothing rises. Only on faces and bumps it goes in steps of FINE_M,
and bisection finds the place where it has come below the ground. How far from faces it is the cells of `GroundTables.clear` say.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import inner
from alpasim.road.queries import on_the_way
from alpasim.road.relief import CENTRE_X, CENTRE_Y, COS, HALF_LENGTH, LEFT, RIGHT, SIN, rise_on
from alpasim.sensors.ground_tables import (
    ADDED,
    AX,
    AY,
    BX,
    BY,
    DIRECTION_X,
    DIRECTION_Y,
    EDGES,
    INSIDE,
    IS_BUMP,
    LEAST_X,
    LEAST_Y,
    LENGTH,
    MOST_X,
    MOST_Y,
    OF_FACE,
    OF_HEIGHT,
    RADIUS,
    TOP,
    Frame,
    GroundTables,
    part_on,
)
from alpasim.types import FloatArray, IntArray

FINE_M = 0.04
"""Steps on faces and bumps, seen from above [m]."""
CLOSE_M = 1e-3
"""How exactly the place is found on faces, and the least leap [m]."""
ALIKE_M = 0.005
"""How far off a place may be that is taken for found on smooth ground [m]."""
_NEAR_M = 0.02
"""So far above the highest part leaps end and stretches begin [m]."""
_ON_M = 1e-6
"""Way beyond a border, so that a ray is past it."""
_SLOPE_OVER_M = 0.005
_MOST_TRIES = 32


@inner
def _rise(x: float, y: float, frame: Frame, rise: FloatArray) -> tuple[float, float, float]:
    """`rise_at` where something rises."""
    return rise_on(x, y, frame.x0, frame.y0, frame.cell, frame.nx, frame.ny, rise)


@inner
def _to_border(place: float, speed: float, cell: float) -> float:
    """Way along a ray to the border of a cell of side `cell` that it is `place` into, at `speed` a metre of way."""
    if speed > 0.0:
        return (cell - place) / speed
    if speed < 0.0:
        return -place / speed
    return np.inf


@inner
def _while_within(place: float, speed: float, low: float, high: float) -> tuple[float, float]:
    """Ways along a ray between which `place`, which changes by `speed` a metre of way, lies from `low` to `high`."""
    if speed == 0.0:
        return (-np.inf, np.inf) if low <= place <= high else (np.inf, -np.inf)
    first, last = (low - place) / speed, (high - place) / speed
    return (first, last) if first <= last else (last, first)


@inner
def _in_rectangle(
    x: float,
    y: float,
    ux: float,
    uy: float,
    cos: float,
    sin: float,
    back: float,
    front: float,
    right: float,
    left: float,
) -> tuple[float, float]:
    """Ways between which a ray at (x, y) from some point is within a rectangle round that point: from `back` to `front` along
    (cos, sin), from `right` to `left` across."""
    first, last = _while_within(x * cos + y * sin, ux * cos + uy * sin, back, front)
    begin, end = _while_within(y * cos - x * sin, uy * cos - ux * sin, right, left)
    return max(first, begin), min(last, end)


@inner
def _stretch(
    x: float, y: float, ux: float, uy: float, frame: Frame, start: IntArray, parts: FloatArray, clear: FloatArray
) -> tuple[float, float]:
    """What parts add here [m], and the way along a ray over which that stays so: as far as no face or bump can be, else at most
    to the border of a cell; 0 on a face or a bump."""
    cell = frame.part_cell
    fx, fy = x - frame.part_x0, y - frame.part_y0
    wide, deep = frame.part_nx * cell, frame.part_ny * cell
    if not (0.0 <= fx < wide and 0.0 <= fy < deep):
        first, last = _while_within(fx, ux, 0.0, wide)
        begin, end = _while_within(fy, uy, 0.0, deep)
        first = max(first, begin)
        return 0.0, first + _ON_M if 0.0 <= first <= min(last, end) else np.inf
    at = int(fy / frame.clear_cell) * frame.clear_nx + int(fx / frame.clear_cell)
    if clear[at, RADIUS] > 0.0:
        return clear[at, ADDED], clear[at, RADIUS] / math.sqrt(ux * ux + uy * uy)
    ix, iy = int(fx / cell), int(fy / cell)
    px, py = fx - ix * cell, fy - iy * cell
    x0, y0 = x - px, y - py
    way = min(_to_border(px, ux, cell), _to_border(py, uy, cell)) + _ON_M
    line, stop = start[iy * frame.part_nx + ix], start[iy * frame.part_nx + ix + 1]
    up, down = 0.0, 0.0
    while line < stop:
        at = line
        line += 1
        if parts[at, IS_BUMP] == 1.0:
            dx, dy, half = x - parts[at, CENTRE_X], y - parts[at, CENTRE_Y], parts[at, HALF_LENGTH]
            first, last = _in_rectangle(
                dx, dy, ux, uy, parts[at, COS], parts[at, SIN], -half, half, -parts[at, RIGHT], parts[at, LEFT]
            )
            if first <= last and last > _ON_M:
                way = min(way, first)
            continue
        inside, face = parts[at, INSIDE] == 1.0, parts[at, OF_FACE]
        for _ in range(int(parts[at, EDGES])):
            ax, ay, bx, by, length = (
                parts[line, AX],
                parts[line, AY],
                parts[line, BX],
                parts[line, BY],
                parts[line, LENGTH],
            )
            inside = inside != on_the_way(x, y, x0, y0, ax, ay, bx, by)
            cos, sin = parts[line, DIRECTION_X], parts[line, DIRECTION_Y]
            first, last = _in_rectangle(x - ax, y - ay, ux, uy, cos, sin, -face, length + face, -face, face)
            if first <= last and last > _ON_M:
                way = min(way, first)
            line += 1
        if inside:
            up, down = max(up, parts[at, OF_HEIGHT]), min(down, parts[at, OF_HEIGHT])
    if way > _ON_M:
        return up + down, way
    return part_on(x, y, frame, start, parts), 0.0


@inner
def _height(x: float, y: float, frame: Frame, rise: FloatArray, start: IntArray, parts: FloatArray) -> float:
    """`height_at`, of the tables."""
    height = _rise(x, y, frame, rise)[0] if frame.rising else 0.0
    return height + part_on(x, y, frame, start, parts) if frame.raised else height


@inner
def _between(
    origin: FloatArray,
    ux: float,
    uy: float,
    uz: float,
    above: float,
    below: float,
    frame: Frame,
    rise: FloatArray,
    start: IntArray,
    parts: FloatArray,
) -> tuple[float, float, float]:
    """Where a ray meets the ground between a way at which it is above and one at which it is below, and the slopes there."""
    while below - above > CLOSE_M:
        at = 0.5 * (above + below)
        if origin[2] + at * uz > _height(origin[0] + at * ux, origin[1] + at * uy, frame, rise, start, parts):
            above = at
        else:
            below = at
    at, over = 0.5 * (above + below), _SLOPE_OVER_M
    x, y = origin[0] + at * ux, origin[1] + at * uy
    slope_x = _height(x + over, y, frame, rise, start, parts) - _height(x - over, y, frame, rise, start, parts)
    slope_y = _height(x, y + over, frame, rise, start, parts) - _height(x, y - over, frame, rise, start, parts)
    return at, slope_x / (2.0 * over), slope_y / (2.0 * over)


@inner
def _settle(
    origin: FloatArray,
    ux: float,
    uy: float,
    uz: float,
    guess: float,
    low: float,
    high: float,
    part: float,
    frame: Frame,
    rise: FloatArray,
) -> tuple[float, float, float]:
    """Where a ray that comes down on the rise plus `part` all the way from `low` to `high` meets it, and the slopes there; inf
    where it is still above at `high`. Newton's method from `guess`."""
    slope_x, slope_y = 0.0, 0.0
    at, below = min(guess, high), False
    for _ in range(_MOST_TRIES):
        base, slope_x, slope_y = _rise(origin[0] + at * ux, origin[1] + at * uy, frame, rise)
        gap = origin[2] + at * uz - base - part
        if gap > 0.0:
            if at >= high:
                return np.inf, 0.0, 0.0
            low = at
        else:
            high, below = at, True
        facing = slope_x * ux + slope_y * uy - uz
        step = gap / facing if facing > 0.0 else np.inf
        if abs(step) < _NEAR_M:
            return at + step, slope_x, slope_y
        at += step
        if not low < at < high:
            at = 0.5 * (low + high) if below or at <= low else high
    return at, slope_x, slope_y


@inner
def _enter(
    origin: FloatArray, ux: float, uy: float, uz: float, way: float, frame: Frame, square: FloatArray
) -> tuple[float, float, float, float]:
    """The square over which a ray is: the way at which it leaves it, least and most change of its height above the rise a
    metre of way there, and the highest rise."""
    if not frame.rising:
        return np.inf, uz, uz, 0.0
    size = frame.size
    fx, fy = origin[0] + way * ux - frame.square_x0, origin[1] + way * uy - frame.square_y0
    ix = min(max(int(fx / size), 0), frame.square_nx - 1)
    iy = min(max(int(fy / size), 0), frame.square_ny - 1)
    end = np.inf
    if (ux > 0.0 and ix < frame.square_nx - 1) or (ux < 0.0 and ix > 0):
        end = _to_border(fx - ix * size, ux, size)
    if (uy > 0.0 and iy < frame.square_ny - 1) or (uy < 0.0 and iy > 0):
        end = min(end, _to_border(fy - iy * size, uy, size))
    row = iy * frame.square_nx + ix
    low_x, high_x = (
        min(square[row, LEAST_X] * ux, square[row, MOST_X] * ux),
        max(square[row, LEAST_X] * ux, square[row, MOST_X] * ux),
    )
    low_y, high_y = (
        min(square[row, LEAST_Y] * uy, square[row, MOST_Y] * uy),
        max(square[row, LEAST_Y] * uy, square[row, MOST_Y] * uy),
    )
    return way + max(end, 0.0) + _ON_M, uz - high_x - high_y, uz - low_x - low_y, square[row, TOP]


@inner
def meet_ground(
    origin: FloatArray,
    ux: float,
    uy: float,
    uz: float,
    way: float,
    reach: float,
    frame: Frame,
    rise: FloatArray,
    square: FloatArray,
    start: IntArray,
    parts: FloatArray,
    clear: FloatArray,
) -> tuple[float, float, float]:
    """Where a ray that is above the ground up to `way` meets it [m], inf where it does not within `reach`, and the slopes there."""
    before, leave, least, most, top = 0.0, -1.0, 0.0, 0.0, 0.0
    base, slope_x, slope_y = 0.0, 0.0, 0.0
    while way <= reach:
        if way >= leave:
            leave, least, most, top = _enter(origin, ux, uy, uz, way, frame, square)
            if origin[2] + (leave if uz < 0.0 else way) * uz > top + frame.part:
                before = way = leave
                continue
        x, y, z = origin[0] + way * ux, origin[1] + way * uy, origin[2] + way * uz
        if frame.rising:
            base, slope_x, slope_y = _rise(x, y, frame, rise)
        clearance, part, same = z - base, 0.0, np.inf
        if frame.raised:
            if clearance > frame.part + 2.0 * _NEAR_M:
                before = way
                way = leave if least >= 0.0 else min(way + (clearance - frame.part - _NEAR_M) / -least, leave)
                continue
            part, same = _stretch(x, y, ux, uy, frame, start, parts, clear)
        gap, end = clearance - part, min(way + same, leave)
        if gap <= 0.0:
            if way <= 0.0:
                break
            return _between(origin, ux, uy, uz, before, way, frame, rise, start, parts)
        if same == 0.0:
            before = way
            way += FINE_M / max(math.sqrt(ux * ux + uy * uy), 0.1)
        elif least >= 0.0 or gap > -least * (end - way):
            before = way = end
        elif most >= 0.0:
            before = way
            way += max(gap / -least, CLOSE_M)
        else:
            met = way + gap / (slope_x * ux + slope_y * uy - uz)
            alike = gap * (most - least) < ALIKE_M * most * least and gap <= -most * (end - way)
            if not alike:
                end = min(end, reach + 1.0)
                met, slope_x, slope_y = _settle(origin, ux, uy, uz, met, way, end, part, frame, rise)
            if met < np.inf:
                return met, slope_x, slope_y
            before = way = end
    return np.inf, 0.0, 0.0


@inner
def first_way(origin: FloatArray, uz: float, frame: Frame) -> float:
    """The way at which a ray may first be near ground, inf where it never is."""
    over = origin[2] - frame.top - frame.part - CLOSE_M
    if over <= 0.0:
        return 0.0
    return over / -uz if uz < 0.0 else np.inf


@inner
def ground_distance(origin: FloatArray, ux: float, uy: float, uz: float, reach: float, tables: GroundTables) -> float:
    """Way [m] along a unit ray from above the ground to it, inf where it does not meet it within `reach`."""
    frame, rise, square, start, parts, clear = tables
    begin = first_way(origin, uz, frame)
    way, _, _ = meet_ground(origin, ux, uy, uz, begin, reach, frame, rise, square, start, parts, clear)
    return way if way <= reach else np.inf
