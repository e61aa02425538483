"""Rays against ground that rises, and against its kerbs, bumps and holes.

A ray first leaps towards the ground: by its clearance over how fast ray and ground can close, which never leaps through.
Where kerbs, bumps or holes may be met, no leap goes past the nearest of their borders; on their faces it goes on in steps of
FINE_M, and bisection finds the place where it has come below the ground.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.road.queries import segment_square
from alpasim.road.relief import (
    BUMP,
    CENTRE_X,
    CENTRE_Y,
    COS,
    FACE,
    HALF_LENGTH,
    HEIGHT,
    KIND,
    LEFT,
    RIGHT,
    SIN,
    Relief,
    height_at,
    parts_at,
    rise_at,
)
from alpasim.sensors.rays import GROUND_HIT, NO_HIT, meet, targets_near
from alpasim.types import BoolArray, FloatArray, IntArray, frozen

FINE_M = 0.04
"""Steps on faces and bumps, seen from above [m]."""
CLOSE_M = 1e-3
"""How near to the ground leaps end, and how exactly the place is found [m]."""
PLANE_M = 0.3
"""Over so much way a rise may be taken for a plane: with a curvature of 1/50 m it is 1 mm off [m]."""
_SLOPE_OVER_M = 0.005


def steepness(relief: Relief) -> FloatArray:
    """What bounds a relief (3,): its steepest slope without parts, its highest height without them, and the highest part [m].

    The cubic between the grid's points may be half as steep again as the line between two of them, and overshoots less than
    half a step.
    """
    steepest = highest = 0.0
    if relief.rising:
        rise = relief.rise.reshape(relief.ny, relief.nx)
        steps = [float(np.abs(np.diff(rise, axis=axis)).max()) for axis in (0, 1)]
        steepest, highest = 1.5 * math.hypot(*steps) / relief.cell, float(rise.max()) + max(steps)
    part = float(relief.shape[:, HEIGHT].max()) if len(relief.shape) else 0.0
    return frozen(np.array([steepest, highest, max(part, 0.0)]))


@compiled
def _to_border(place: float, speed: float, cell: float) -> float:
    """Way along a ray to the border of a cell of side `cell` that it is `place` into, at `speed` a metre of way."""
    if speed > 0.0:
        return (cell - place) / speed
    if speed < 0.0:
        return -place / speed
    return np.inf


@compiled
def _same_for(x: float, y: float, ux: float, uy: float, level: float, relief: Relief) -> float:
    """Way along a ray over which what parts add stays as it is here: at most to the border of a cell, 0 on a face or a bump."""
    fx, fy = x - relief.part_x0, y - relief.part_y0
    wide, deep = relief.part_nx * relief.part_cell, relief.part_ny * relief.part_cell
    if not (0.0 <= fx < wide and 0.0 <= fy < deep):
        # The outermost cells are empty, so that a ray that comes in from outside misses nothing.
        return relief.part_cell if wide > 0.0 else np.inf
    ix, iy = int(fx / relief.part_cell), int(fy / relief.part_cell)
    cell = iy * relief.part_nx + ix
    nearest, face = np.inf, 0.0
    for k in range(relief.start[cell], relief.start[cell + 1]):
        shape = relief.shape[relief.part[k]]
        face = max(face, shape[FACE])
        if shape[KIND] == BUMP:
            dx, dy = x - shape[CENTRE_X], y - shape[CENTRE_Y]
            along, aside = dx * shape[COS] + dy * shape[SIN], dy * shape[COS] - dx * shape[SIN]
            if abs(along) < shape[HALF_LENGTH] and -shape[RIGHT] < aside < shape[LEFT]:
                return 0.0
        for e in range(relief.span[k, 0], relief.span[k, 1]):
            ax, ay, bx, by = relief.edges[e, 0], relief.edges[e, 1], relief.edges[e, 2], relief.edges[e, 3]
            nearest = min(nearest, segment_square(x, y, ax, ay, bx, by))
    way = _to_border(fx - ix * relief.part_cell, ux, relief.part_cell)
    way = min(way, _to_border(fy - iy * relief.part_cell, uy, relief.part_cell)) + CLOSE_M
    return max(min(way, (math.sqrt(nearest) - face) / max(level, 1e-9)), 0.0)


@compiled
def _between(origin: FloatArray, ux: float, uy: float, uz: float, above: float, below: float, relief: Relief) -> float:
    """Where a ray meets the ground between a way at which it is above and one at which it is below."""
    while below - above > CLOSE_M:
        middle = 0.5 * (above + below)
        if origin[2] + middle * uz > height_at(origin[0] + middle * ux, origin[1] + middle * uy, relief):
            above = middle
        else:
            below = middle
    return 0.5 * (above + below)


@compiled
def ground_distance(
    origin: FloatArray, ux: float, uy: float, uz: float, reach: float, relief: Relief, steep: FloatArray
) -> float:
    """Way [m] along a unit ray from above the ground to it, inf where it does not meet it within `reach`."""
    level = math.sqrt(ux * ux + uy * uy)
    closing, before = steep[0] * level - uz, 0.0
    if closing <= 0.0 or (uz >= 0.0 and origin[2] > steep[1] + steep[2]):
        return np.inf
    way = max(0.0, (origin[2] - steep[1] - steep[2] - CLOSE_M) / -uz) if uz < 0.0 else 0.0
    while way <= reach:
        x, y = origin[0] + way * ux, origin[1] + way * uy
        base, slope_x, slope_y = 0.0, 0.0, 0.0
        if relief.rising:
            base, slope_x, slope_y = rise_at(x, y, relief)
        clear = origin[2] + way * uz - base
        if clear > steep[2] + CLOSE_M:
            before = way
            way += max((clear - steep[2]) / closing, CLOSE_M)
            continue
        same = _same_for(x, y, ux, uy, level, relief)
        clear -= parts_at(x, y, relief)
        if clear <= 0.0:
            return _between(origin, ux, uy, uz, before, way, relief) if way > 0.0 else np.inf
        # Near by, the ground is as good as a plane.
        facing = slope_x * ux + slope_y * uy - uz
        ahead = clear / facing if facing > 0.0 else np.inf
        if ahead <= same and (not relief.rising or ahead < PLANE_M):
            return way + ahead
        before = way
        fine = FINE_M / max(level, 0.1)
        way += fine if same < fine else max(min(clear / closing, same), CLOSE_M)
    return np.inf


@compiled
def _lean(x: float, y: float, ux: float, uy: float, uz: float, relief: Relief) -> float:
    """Cosine of the angle at which a ray meets the ground."""
    if not relief.rising and _same_for(x, y, 1.0, 0.0, 1.0, relief) > _SLOPE_OVER_M:
        return -uz
    slope_x = height_at(x + _SLOPE_OVER_M, y, relief) - height_at(x - _SLOPE_OVER_M, y, relief)
    slope_y = height_at(x, y + _SLOPE_OVER_M, relief) - height_at(x, y - _SLOPE_OVER_M, relief)
    slope_x, slope_y = slope_x / (2.0 * _SLOPE_OVER_M), slope_y / (2.0 * _SLOPE_OVER_M)
    return max((slope_x * ux + slope_y * uy - uz) / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y), 0.0)


@compiled
def cast_rays_raised(
    origin: FloatArray,
    turn: FloatArray,
    azimuth: FloatArray,
    elevation: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
    relief: Relief,
    steep: FloatArray,
) -> tuple[FloatArray, IntArray, FloatArray]:
    """As `cast_rays`, over ground that is not level: `azimuth` and `elevation` are those of a frame that `turn` (3, 3) turns
    into the world, and `steep` is `steepness(relief)`."""
    rings, columns = elevation.shape[0], azimuth.shape[0]
    distance = np.full((rings, columns), np.inf)
    hits = np.full((rings, columns), NO_HIT, dtype=np.int64)
    cosine = np.zeros((rings, columns))
    targets = targets_near(origin, position, rotation, extent, present, row, reach)
    half = 0.5 * extent
    for j in range(columns):
        for i in range(rings):
            flat, up = math.cos(elevation[i]), math.sin(elevation[i])
            ahead, left = flat * math.cos(azimuth[j]), flat * math.sin(azimuth[j])
            ux = turn[0, 0] * ahead + turn[0, 1] * left + turn[0, 2] * up
            uy = turn[1, 0] * ahead + turn[1, 1] * left + turn[1, 2] * up
            uz = turn[2, 0] * ahead + turn[2, 1] * left + turn[2, 2] * up
            heading = math.atan2(uy, ux)
            best, hit, lean = reach, NO_HIT, 0.0
            for k in range(targets.shape[0]):
                apart = wrap_angle(heading - targets[k, 1])
                if targets[k, 2] <= apart <= targets[k, 3]:
                    found, slope = meet(targets[k], half[int(targets[k, 0])], ux, uy, uz)
                    if found < best:
                        best, hit, lean = found, int(targets[k, 0]), slope
            ground = ground_distance(origin, ux, uy, uz, best, relief, steep)
            if ground <= best:
                best, hit = ground, GROUND_HIT
                lean = _lean(origin[0] + best * ux, origin[1] + best * uy, ux, uy, uz, relief)
            if hit != NO_HIT:
                distance[i, j], hits[i, j], cosine[i, j] = best, hit, lean
    return distance, hits, cosine
