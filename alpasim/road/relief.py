"""The ground under wheels, feet and bodies: how high it lies, how slippery, soft and rough it is.

Kernels over flat pictures of a road, `Relief` (heights) and `Ground` (what it is made of), that `raising.py` makes once when a
road is built. Heights are z in the world [m]; a road without grades, kerbs, bumps and holes is `LEVEL`, and whoever asks often
skips it by its one flag. What wheels and bodies make of a height is theirs to say.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.compiled import compiled, inner
from alpasim.road.queries import Grid, RoadArrays, crossing, lane_at, on_road, on_the_way, segment_square
from alpasim.types import BoolArray, FloatArray, IntArray, frozen

AREA, BUMP = 0, 1
"""What a part of the relief is: an area at one height with a face along its border, or a rounded bar."""
KIND, HEIGHT, FACE, CENTRE_X, CENTRE_Y, COS, SIN, HALF_LENGTH, RIGHT, LEFT = range(10)
"""Columns of `Relief.shape`; those from CENTRE_X on are a bump's: its middle, its direction, and how far it reaches."""


class Relief(NamedTuple):
    """Heights of a road. `level`: 0 everywhere; `rising` is False where there is no grade and no cross-slope.

    `rise` (ny * nx,) holds heights at the grid's points x0 + ix * cell, y0 + iy * cell. Raised and lowered parts are found
    through a second grid of square cells of `part_cell`: cell c holds the entries start[c]..start[c + 1]-1, each with its
    `part`, whether the cell's lower left corner is `inside` it, and those of its border `edges` (e, 4) that come near the
    cell, span[k, 0]..span[k, 1]-1. `shape` (parts, 10) says what a part is.
    """

    level: bool
    rising: bool
    x0: float
    y0: float
    cell: float
    nx: int
    ny: int
    rise: FloatArray
    part_x0: float
    part_y0: float
    part_cell: float
    part_nx: int
    part_ny: int
    start: IntArray
    part: IntArray
    inside: BoolArray
    span: IntArray
    edges: FloatArray
    shape: FloatArray


def _level() -> Relief:
    no_numbers, no_flags, nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_), np.zeros(0)
    return Relief(
        level=True,
        rising=False,
        x0=0.0,
        y0=0.0,
        cell=1.0,
        nx=0,
        ny=0,
        rise=frozen(nothing),
        part_x0=0.0,
        part_y0=0.0,
        part_cell=1.0,
        part_nx=0,
        part_ny=0,
        start=frozen(np.zeros(1, dtype=np.int64)),
        part=frozen(no_numbers),
        inside=frozen(no_flags),
        span=frozen(np.zeros((0, 2), dtype=np.int64)),
        edges=frozen(np.zeros((0, 4))),
        shape=frozen(np.zeros((0, 10))),
    )


LEVEL = _level()
"""The relief of a level road."""


class Ground(NamedTuple):
    """What the ground is made of. `even`: no patches.

    Patch p is the ring ring_start[p]..ring_start[p + 1]-1 of `ring` (k, 2) within `box` (p, 4) xmin, ymin, xmax, ymax, with
    its friction, ADDED coefficient of rolling resistance and roughness (root mean square) [m]; of several the last one
    counts. Off the pavement it is terrain, which is never more than as grippy as the road in that weather.
    """

    even: bool
    terrain_friction: float
    terrain_rolling: float
    terrain_rough: float
    ring: FloatArray
    ring_start: IntArray
    box: FloatArray
    friction: FloatArray
    rolling: FloatArray
    rough: FloatArray


@compiled
def _weight(t: float, j: int) -> tuple[float, float]:
    """Weight of point j (0 to 3, the second and third lie around) at share t of the middle interval, and its slope by t.

    Catmull-Rom's cubic: goes through its points, has continuous slopes and repeats parabolas exactly.
    """
    if j == 0:
        return 0.5 * t * (-1.0 + t * (2.0 - t)), 0.5 * (-1.0 + t * (4.0 - 3.0 * t))
    if j == 1:
        return 1.0 + 0.5 * t * t * (3.0 * t - 5.0), 0.5 * t * (9.0 * t - 10.0)
    if j == 2:
        return 0.5 * t * (1.0 + t * (4.0 - 3.0 * t)), 0.5 * (1.0 + t * (8.0 - 9.0 * t))
    return 0.5 * t * t * (t - 1.0), 0.5 * t * (3.0 * t - 2.0)


@inner
def rise_on(
    x: float, y: float, x0: float, y0: float, cell: float, nx: int, ny: int, rise: FloatArray
) -> tuple[float, float, float]:
    """`rise_at` over the bare grid of heights: `x0` to `rise` are those of `Relief`. Innermost loops pass these alone, as
    each array that a call hands over costs time."""
    fx, fy = (x - x0) / cell, (y - y0) / cell
    within_x, within_y = 1.0 <= fx <= nx - 2.0, 1.0 <= fy <= ny - 2.0
    fx, fy = min(max(fx, 1.0), nx - 2.0), min(max(fy, 1.0), ny - 2.0)
    ix, iy = min(max(int(fx), 1), nx - 3), min(max(int(fy), 1), ny - 3)  # a place that is no number stays in the grid
    tx, ty = fx - ix, fy - iy
    height, slope_x, slope_y = 0.0, 0.0, 0.0
    for j in range(4):
        row = (iy + j - 1) * nx + ix - 1
        value, slope = 0.0, 0.0
        for i in range(4):
            weight, by_x = _weight(tx, i)
            value += weight * rise[row + i]
            slope += by_x * rise[row + i]
        weight, by_y = _weight(ty, j)
        height += weight * value
        slope_x += weight * slope
        slope_y += by_y * value
    if not within_x:
        slope_x = 0.0
    if not within_y:
        slope_y = 0.0
    return height, slope_x / cell, slope_y / cell


@compiled
def rise_at(x: float, y: float, relief: Relief) -> tuple[float, float, float]:
    """Smooth height of grades and cross-slopes alone [m], and its slopes dz/dx and dz/dy: what bodies stand on.

    Bicubic between the grid's points, the slopes its exact derivatives. Beyond the grid it goes on as at its border.
    """
    if not relief.rising:
        return 0.0, 0.0, 0.0
    return rise_on(x, y, relief.x0, relief.y0, relief.cell, relief.nx, relief.ny, relief.rise)


@inner
def bump_at(x: float, y: float, part: int, shape: FloatArray) -> float:
    """Height of one bump: a whole cosine wave along it, from ground to ground, and a face at either end of the bar."""
    dx, dy, cos, sin = x - shape[part, CENTRE_X], y - shape[part, CENTRE_Y], shape[part, COS], shape[part, SIN]
    along, aside = dx * cos + dy * sin, dy * cos - dx * sin
    end = min(shape[part, LEFT] - aside, aside + shape[part, RIGHT])
    if abs(along) >= shape[part, HALF_LENGTH] or end <= 0.0:
        return 0.0
    wave = 0.5 * (1.0 + math.cos(math.pi * along / shape[part, HALF_LENGTH]))
    return float(shape[part, HEIGHT] * wave * min(1.0, end / shape[part, FACE]))


@inner
def inside_area(
    x: float, y: float, x0: float, y0: float, inside: bool, first: int, last: int, edges: FloatArray
) -> bool:
    """Whether (x, y) is within an area whose border has the edges first..last - 1 near the cell with the corner (x0, y0), which
    is `inside` or not; see `on_road` for how a point is told from there."""
    for e in range(first, last):
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        inside = inside != on_the_way(x, y, x0, y0, ax, ay, bx, by)
    return inside


@compiled
def parts_at(x: float, y: float, relief: Relief) -> float:
    """Height that kerbs, sidewalks, bumps and holes add [m]: of raised parts the highest counts, of holes the deepest.

    An area is 0 outside, then rises over the face's width inside its border.
    """
    fx, fy = (x - relief.part_x0) / relief.part_cell, (y - relief.part_y0) / relief.part_cell
    if not (0.0 <= fx < relief.part_nx and 0.0 <= fy < relief.part_ny):
        return 0.0
    ix, iy = int(fx), int(fy)
    cell = iy * relief.part_nx + ix
    x0, y0 = relief.part_x0 + ix * relief.part_cell, relief.part_y0 + iy * relief.part_cell
    up, down, edges, shape = 0.0, 0.0, relief.edges, relief.shape
    for k in range(relief.start[cell], relief.start[cell + 1]):
        part = relief.part[k]
        if shape[part, KIND] == BUMP:
            height = bump_at(x, y, part, shape)
        else:
            first, last = relief.span[k, 0], relief.span[k, 1]
            if not inside_area(x, y, x0, y0, bool(relief.inside[k]), first, last, edges):
                continue
            nearest = np.inf
            for e in range(first, last):
                nearest = min(nearest, segment_square(x, y, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]))
            height = float(shape[part, HEIGHT] * min(1.0, math.sqrt(nearest) / shape[part, FACE]))
        up, down = max(up, height), min(down, height)
    return up + down


@compiled
def height_at(x: float, y: float, relief: Relief) -> float:
    """Full height of the ground [m]: grades and cross-slopes, kerbs, sidewalks, bumps and holes. Continuous; faces are
    steep but have a width."""
    if relief.level:
        return 0.0
    if not relief.rising:
        return parts_at(x, y, relief)
    height, _, _ = rise_at(x, y, relief)
    return height + parts_at(x, y, relief)


@compiled
def heights_at(points: FloatArray, relief: Relief) -> FloatArray:
    """`height_at` under each of the points (m, 2)."""
    heights = np.zeros(points.shape[0])
    for i in range(points.shape[0]):
        heights[i] = height_at(points[i, 0], points[i, 1], relief)
    return heights


@compiled
def rises_at(points: FloatArray, relief: Relief) -> FloatArray:
    """`rise_at` under each of the points (m, 2): (m, 3) height [m] and slopes."""
    rises = np.zeros((points.shape[0], 3))
    for i in range(points.shape[0]):
        rises[i, 0], rises[i, 1], rises[i, 2] = rise_at(points[i, 0], points[i, 1], relief)
    return rises


@compiled
def patch_at(x: float, y: float, ground: Ground) -> int:
    """The last listed patch that contains the point, -1 where none does."""
    for p in range(ground.friction.shape[0] - 1, -1, -1):
        if not (ground.box[p, 0] <= x <= ground.box[p, 2] and ground.box[p, 1] <= y <= ground.box[p, 3]):
            continue
        winding = 0
        first, stop = ground.ring_start[p], ground.ring_start[p + 1]
        for k in range(first, stop):
            j = k + 1 if k + 1 < stop else first
            winding += crossing(ground.ring[k, 0], ground.ring[k, 1], ground.ring[j, 0], ground.ring[j, 1], x, y)
        if winding != 0:
            return p
    return -1


@compiled
def frictions_at(points: FloatArray, base: float, ground: Ground) -> FloatArray:
    """Friction (m,) under the points (m, 2): that of the patch that contains each, else `base`."""
    friction = np.full(points.shape[0], base)
    for i in range(points.shape[0]):
        p = patch_at(points[i, 0], points[i, 1], ground)
        if p >= 0:
            friction[i] = ground.friction[p]
    return friction


@compiled
def feel(
    points: FloatArray,
    base_friction: float,
    road: RoadArrays,
    grid: Grid,
    ground: Ground,
    friction: FloatArray,
    rolling: FloatArray,
    rough: FloatArray,
) -> None:
    """Write what lies under each of the points (m, 2): friction, added rolling resistance coefficient, roughness [m].

    A patch has its own; else pavement (of whatever kind) has `base_friction` and nothing added, and beside it is terrain.
    """
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        p = patch_at(x, y, ground)
        if p >= 0:
            friction[i], rolling[i], rough[i] = ground.friction[p], ground.rolling[p], ground.rough[p]
        elif on_road(x, y, road, grid) or lane_at(x, y, np.nan, road, grid) >= 0:
            friction[i], rolling[i], rough[i] = base_friction, 0.0, 0.0
        else:
            friction[i] = min(base_friction, ground.terrain_friction)
            rolling[i], rough[i] = ground.terrain_rolling, ground.terrain_rough


SHORTEST_M, LONGEST_M = 0.5, 5.0
"""Wavelengths that roughness has [m]: shorter ones a tyre swallows, longer ones are hills."""
_WAVES = 10


def _waves() -> tuple[tuple[float, float, float, float], ...]:
    """Amplitude, wave numbers along x and y [rad/m], phase of each wave: unit root mean square together.

    Frequencies divide the band evenly on a logarithmic scale; the density falls with the square of the frequency, as that of
    ISO 8608's roads, so that a wave's share of the variance falls with the frequency itself. Directions and phases go round
    by the golden angle, which repeats nothing.
    """
    ratio = LONGEST_M / SHORTEST_M
    frequency = [(ratio ** ((i + 0.5) / _WAVES)) / LONGEST_M for i in range(_WAVES)]
    whole = math.fsum(1.0 / f for f in frequency)
    golden = math.pi * (3.0 - math.sqrt(5.0))
    waves = []
    for i, f in enumerate(frequency):
        angle = golden * i
        amplitude, number = math.sqrt(2.0 / (f * whole)), 2.0 * math.pi * f
        waves.append((amplitude, number * math.cos(angle), number * math.sin(angle), golden * i * i))
    return tuple(waves)


WAVES = _waves()


@compiled
def unevenness(x: float, y: float) -> float:
    """How far rough ground of unit roughness lies above its mean there: fixed waves of 0.5 to 5 m, root mean square 1."""
    height = 0.0
    for i in range(len(WAVES)):
        height += WAVES[i][0] * math.sin(WAVES[i][1] * x + WAVES[i][2] * y + WAVES[i][3])
    return height
