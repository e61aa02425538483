"""The ground as wheels meet it: the height that carries a rigid disc, along the way of one substep, and walls at its side.

Answers what lies under and beside four wheels. What it does to them (`wheels.py`) and what the ground is made of
(`alpasim.road.relief`) are told elsewhere.

A wheel is a rigid disc of the vehicle's wheel radius R. The ground lifts it to the envelope max over u of
z(u) - (R - sqrt(R^2 - u^2)), u along its heading; the envelope's slope is that of the disc where it touches, so a force
F that carries it pushes back by F times the slope, and rolling over something takes as much work as it gives back; so it does
when it moves aside. In
one substep a wheel goes further than a kerb's face is wide: the envelope is taken at up to PATH points of the way around
the present place, and forces are averaged over them. Ground that ends more than STEP_M above the tread at a tyre's side is
a wall there.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.queries import segment_square
from alpasim.road.relief import Relief, inside_area, parts_at, unevenness
from alpasim.types import FloatArray
from alpasim.vehicle.blocks import LOW_ROW, low_height, low_row

PATH = 8
"""Most points of a substep's way at which the ground is felt."""

RISE, SLOPE_X, SLOPE_Y, ROLLING, COUNT, WALL_LEFT, WALL_RIGHT, WALL_AHEAD, WALL_BEHIND, OBLIQUE = range(10)
"""Columns of `footing` (4, COLUMNS), one row a wheel: smooth height of the ground [m] and its slopes; added rolling
resistance; how many points of the way count, 0 where nothing is raised; gaps to walls at either side, before and behind [m]; and,
in two columns, how much the last two grow with every metre to the left."""
LOWEST, LIFTED, WAS_X, WAS_Y = 11, 12, 13, 14
"""Columns of the lowest that the disc could come to stand on nearby, above the smooth ground, how far it was lifted when the ground
was felt last, and where it was [m]. The last three are remembered."""
BUMP, TILT, LEAN, TOUCH, ROW, FORCE, COLUMNS = range(15, 16 + 6 * PATH, PATH)
"""First columns of what each point of the way has: how far the disc is raised above the smooth ground [m], how that grows
along and to the left of its heading, how far ahead of the hub it touches [m], the row of the low body that it touches (-1:
none), and the force that it carries then, which `wheels.py` writes [N]."""

STEP_M = 0.05
"""Height above the tread from which ground at a tyre's side is a wall; the shoulder of a tyre climbs lower steps."""

STEEPEST = 2.5
"""Largest slope of the envelope: the disc touches at 68 degrees before its lowest point. What it would meet steeper is a wall."""

FORWARD = STEEPEST / math.sqrt(1.0 + STEEPEST * STEEPEST)
"""Distance over the radius, ahead of a disc's hub, where its slope is STEEPEST."""

STAND_OFF = 0.05
"""Share of the radius by which a wall stops a disc before it would be lifted at once."""

STEEPEST_ASIDE = 8.0
"""Largest slope across, and most that the gap to a wall is taken to grow with every metre aside."""

LEAST_M = 0.001
"""Shortest step from which a slope is taken."""

SPACING_M, ROUGH_SPACING_M, MOST_INTERVALS = 0.04, 0.1, 48
"""How densely the ground along a wheel is looked at, and where nothing but roughness can be (waves of half a metre and more)."""

PROFILE = 3 * MOST_INTERVALS + 1
"""Most points of a profile: its grid's, and both ends of a face in every interval."""

NO_WALL = 1e9
NO_LIMIT = 1e9
"""What a wheel was lifted by that has not been anywhere."""
_FLAT_M = 1e-6


@compiled
def nothing_near(x: float, y: float, reach: float, relief: Relief) -> bool:
    """Whether no part of the relief can be within `reach` of (x, y): no border comes that near, and none lies around it."""
    first_x = max(0, math.floor((x - reach - relief.part_x0) / relief.part_cell))
    last_x = min(relief.part_nx - 1, math.floor((x + reach - relief.part_x0) / relief.part_cell))
    first_y = max(0, math.floor((y - reach - relief.part_y0) / relief.part_cell))
    last_y = min(relief.part_ny - 1, math.floor((y + reach - relief.part_y0) / relief.part_cell))
    own_x = math.floor((x - relief.part_x0) / relief.part_cell)
    own_y = math.floor((y - relief.part_y0) / relief.part_cell)
    x0, y0 = relief.part_x0 + own_x * relief.part_cell, relief.part_y0 + own_y * relief.part_cell
    edges = relief.edges
    for iy in range(first_y, last_y + 1):
        for ix in range(first_x, last_x + 1):
            cell, own = iy * relief.part_nx + ix, ix == own_x and iy == own_y
            for k in range(relief.start[cell], relief.start[cell + 1]):
                first, last = relief.span[k, 0], relief.span[k, 1]
                for e in range(first, last):
                    away = segment_square(x, y, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3])
                    if away <= reach * reach:
                        return False
                if own and inside_area(x, y, x0, y0, bool(relief.inside[k]), first, last, edges):
                    return False
    return True


@compiled
def raised(x: float, y: float, relief: Relief, rough: float, low: FloatArray, rise: float) -> float:
    """How far the ground, and whatever low lies on it, is above the smooth `rise` [m]."""
    height = parts_at(x, y, relief)
    if rough > 0.0:
        height += rough * unevenness(x, y)
    if low.shape[0] > 0:
        k = low_row(x, y, low)
        if k >= 0:
            height = max(height, low_height(x, y, low[k]) - rise)
    return height


@compiled
def look_along(
    x: float,
    y: float,
    cos: float,
    sin: float,
    reach: float,
    relief: Relief,
    rough: float,
    low: FloatArray,
    rise: float,
    places: FloatArray,
    heights: FloatArray,
) -> tuple[int, bool]:
    """Write the profile within `reach` of (x, y) along a heading into `places` and `heights`; returns how many points it
    has, and whether it is anything else than 0. Where it is steep, the face's ends are found within a tenth of a millimetre."""
    edged = relief.shape.shape[0] > 0 or low.shape[0] > 0
    step = SPACING_M if edged else ROUGH_SPACING_M
    while 2.0 * reach > (MOST_INTERVALS - 1) * step:
        step *= 1.25
    # Looked at where it was looked at a substep ago: between other places, the same ground would have other slopes.
    along = x * cos + y * sin
    begin = math.floor((along - reach) / step) * step - along
    intervals = math.ceil((reach - begin) / step)
    count, flat = 0, True
    for k in range(intervals + 1):
        u = min(max(begin + k * step, -reach), reach)
        z = raised(x + u * cos, y + u * sin, relief, rough, low, rise)
        if abs(z) > _FLAT_M:
            flat = False
        if edged and count > 0 and abs(z - heights[count - 1]) > 0.05 * step:
            before, last = places[count - 1], heights[count - 1]
            # Both ends of the face, so that it is as upright as it is: a line from the last place would carry a disc.
            for share in (0.02, 0.98):
                near, far, level = before, u, last + share * (z - last)
                for _ in range(10):
                    middle = 0.5 * (near + far)
                    if (raised(x + middle * cos, y + middle * sin, relief, rough, low, rise) < level) == (z > last):
                        near = middle
                    else:
                        far = middle
                end = near if share < 0.5 else far
                if before < end < u:
                    places[count] = end
                    heights[count] = last if share < 0.5 else z
                    count += 1
        places[count], heights[count] = u, z
        count += 1
    return count, not flat


@compiled
def disc_on(
    places: FloatArray, heights: FloatArray, count: int, at: float, radius: float
) -> tuple[float, float, float]:
    """How far a disc at `at` is lifted by the polyline of a profile, the slope where they touch, and where that is."""
    best, slope, touch = -1e9, 0.0, at
    for k in range(count):
        u = places[k] - at
        if abs(u) <= FORWARD * radius:
            root = math.sqrt(radius * radius - u * u)
            lifted = heights[k] - radius + root
            if lifted > best:
                best, slope, touch = lifted, u / root, places[k]
        if k + 1 < count:
            width = places[k + 1] - places[k]
            if width <= 0.0:
                continue
            steep = (heights[k + 1] - heights[k]) / width
            if abs(steep) > STEEPEST:
                continue
            u = radius * steep / math.sqrt(1.0 + steep * steep)
            if places[k] < at + u < places[k + 1]:
                lifted = heights[k] + steep * (at + u - places[k]) - radius + math.sqrt(radius * radius - u * u)
                if lifted > best:
                    best, slope, touch = lifted, steep, at + u
    return best, min(max(slope, -STEEPEST), STEEPEST), touch


@compiled
def wall_gap(
    x: float,
    y: float,
    cos: float,
    sin: float,
    half_width: float,
    reach: float,
    above: float,
    relief: Relief,
    rough: float,
    low: FloatArray,
    rise: float,
) -> float:
    """How far the side of a tyre at (x, y) is from ground higher than `above` in direction (cos, sin) [m], negative where
    it is within; NO_WALL where there is none within `reach` of the side."""
    begin = 0.25 * half_width
    near = begin
    if raised(x + begin * cos, y + begin * sin, relief, rough, low, rise) > above:
        return begin - half_width
    steps = math.ceil((half_width + reach - begin) / 0.03)
    for k in range(steps):
        far = begin + (half_width + reach - begin) * (k + 1) / steps
        if raised(x + far * cos, y + far * sin, relief, rough, low, rise) > above:
            for _ in range(6):
                middle = 0.5 * (near + far)
                if raised(x + middle * cos, y + middle * sin, relief, rough, low, rise) > above:
                    far = middle
                else:
                    near = middle
            return far - half_width
        near = far
    return NO_WALL


@compiled
def end_gap(places: FloatArray, heights: FloatArray, count: int, radius: float, tread: float, ahead: float) -> float:
    """How far a disc whose lowest point is at `tread` is from what is too high to be rolled on, in the direction `ahead` (1
    or -1) [m]; NO_WALL where there is none."""
    gap = NO_WALL
    top = tread + radius * (1.0 - math.sqrt(1.0 - FORWARD * FORWARD))
    for k in range(count):
        if heights[k] > top and ahead * places[k] >= FORWARD * radius:
            gap = min(gap, ahead * places[k] - (FORWARD + STAND_OFF) * radius)
    return gap


@compiled
def feel_ends(
    places: FloatArray,
    heights: FloatArray,
    counts: tuple[int, int],
    radius: float,
    tread: float,
    aside: float,
    wheel: FloatArray,
) -> None:
    """Write walls before and behind a disc into its line `wheel`, and how their gaps grow as it moves to the left, from
    profiles on two lines that lie `aside` of each other [m]."""
    for k in range(2):
        ahead = 1.0 if k == 0 else -1.0
        here = end_gap(places[0], heights[0], counts[0], radius, tread, ahead)
        there = end_gap(places[1], heights[1], counts[1], radius, tread, ahead)
        wheel[WALL_AHEAD + k], wheel[OBLIQUE + k] = min(here, there), 0.0
        if max(here, there) < NO_WALL:
            wheel[OBLIQUE + k] = min(max((there - here) / aside, -STEEPEST_ASIDE), STEEPEST_ASIDE)


@compiled
def _least(values: FloatArray, count: int) -> float:
    """The least of the first `count` numbers; `.min()` would have every process that loads this import scipy."""
    least = values[0]
    for k in range(1, count):
        least = min(least, values[k])
    return float(least)


@compiled
def lift_no_faster(x: float, y: float, cos: float, sin: float, hanging: float, wheel: FloatArray) -> None:
    """Lower what is raised under a disc at (x, y) to what its way since the ground was felt last can have lifted it by; what hangs is
    not lifted. A disc that turns or pitches into a face that is too steep for it would be on top of it at once."""
    points = int(wheel[COUNT])
    mean = 0.0
    for k in range(points):
        mean += wheel[BUMP + k] / points
    dx, dy = x - wheel[WAS_X], y - wheel[WAS_Y]
    most = wheel[LIFTED] + STEEPEST * abs(dx * cos + dy * sin) + STEEPEST_ASIDE * abs(dy * cos - dx * sin)
    over = mean - max(most, hanging)
    if over > 0.0:
        mean -= over
        for k in range(points):
            wheel[BUMP + k] -= over
    wheel[LIFTED], wheel[WAS_X], wheel[WAS_Y] = mean, x, y


@compiled
def feel_along(
    x: float,
    y: float,
    cos: float,
    sin: float,
    moved: tuple[float, float],
    radius: float,
    hanging: float,
    relief: Relief,
    rough: float,
    low: FloatArray,
    places: FloatArray,
    heights: FloatArray,
    wheel: FloatArray,
) -> bool:
    """Write what one wheel's disc stands on along its way around (x, y), `moved` ahead and to the left [m], into its line
    `wheel` (COLUMNS,); False where nothing is raised. `hanging` as in `feel_across`.

    Its way goes from a line on one side of (x, y) to one on the other, and slopes are differences of heights along that way,
    so that lifting the disc takes as much work in every direction as it gives back, over edges too. A wheel goes no lower
    than it hangs.
    """
    rise = wheel[RISE]
    ahead = max(moved[0], LEAST_M) if moved[0] > 0.0 else min(moved[0], -LEAST_M)
    aside = max(moved[1], LEAST_M) if moved[1] > 0.0 else min(moved[1], -LEAST_M)
    reach, ox, oy = radius + 2.0 * abs(ahead), -0.5 * aside * sin, 0.5 * aside * cos
    first, bumpy = look_along(x - ox, y - oy, cos, sin, reach, relief, rough, low, rise, places[0], heights[0])
    last, uneven = look_along(x + ox, y + oy, cos, sin, reach, relief, rough, low, rise, places[1], heights[1])
    if not bumpy and not uneven:
        wheel[LIFTED], wheel[WAS_X], wheel[WAS_Y] = 0.0, x, y
        return False
    points = min(PATH, 1 + int(abs(ahead) / 0.025))
    wheel[COUNT] = points
    wheel[LOWEST] = max(min(_least(heights[0], first), _least(heights[1], last)), hanging)
    here, _, _ = disc_on(places[0], heights[0], first, -0.5 * ahead, radius)
    there, _, _ = disc_on(places[1], heights[1], last, -0.5 * ahead, radius)
    here, there = max(here, hanging), max(there, hanging)
    for k in range(points):
        at = ahead * ((k + 1.0) / points - 0.5)
        next_here, _, here_at = disc_on(places[0], heights[0], first, at, radius)
        next_there, _, there_at = disc_on(places[1], heights[1], last, at, radius)
        touch = here_at if next_here > next_there else there_at
        next_here, next_there = max(next_here, hanging), max(next_there, hanging)
        wheel[BUMP + k] = 0.25 * (here + there + next_here + next_there)
        tilt = 0.5 * (next_here - here + next_there - there) * points / ahead
        lean = 0.5 * (there - here + next_there - next_here) / aside
        wheel[TILT + k] = min(max(tilt, -STEEPEST), STEEPEST)
        wheel[LEAN + k] = min(max(lean, -STEEPEST_ASIDE), STEEPEST_ASIDE)
        wheel[TOUCH + k], wheel[ROW + k] = touch - at, -1.0
        here, there = next_here, next_there
        if low.shape[0] > 0:
            tx, ty = x + touch * cos, y + touch * sin
            line = low_row(tx, ty, low)
            if line >= 0 and low_height(tx, ty, low[line]) - rise > parts_at(tx, ty, relief):
                wheel[ROW + k] = low[line, LOW_ROW]
    lift_no_faster(x, y, cos, sin, hanging, wheel)
    tread = max(wheel[BUMP + points // 2], hanging)
    feel_ends(places, heights, (first, last), radius, tread, aside, wheel)
    return True


@compiled
def feel_across(
    x: float,
    y: float,
    cos: float,
    sin: float,
    reach: float,
    half_width: float,
    hanging: float,
    relief: Relief,
    rough: float,
    low: FloatArray,
    wheel: FloatArray,
) -> None:
    """Write walls at either side of a tyre into `wheel`; (cos, sin) points left, `hanging` is how high the lowest point of
    the disc hangs above the smooth ground where nothing carries it [m]."""
    if relief.shape.shape[0] == 0 and low.shape[0] == 0:
        return
    rise, points = wheel[RISE], int(wheel[COUNT])
    above = max(wheel[BUMP + points // 2] if points > 0 else 0.0, hanging) + STEP_M
    wheel[WALL_LEFT] = wall_gap(x, y, cos, sin, half_width, reach, above, relief, rough, low, rise)
    wheel[WALL_RIGHT] = wall_gap(x, y, -cos, -sin, half_width, reach, above, relief, rough, low, rise)


def lower(footing: FloatArray, by: FloatArray) -> None:
    """Lower what is raised under the wheels by so much each (4,) [m]."""
    footing[:, LIFTED] -= by
    footing[:, BUMP : BUMP + PATH] -= by[:, None]


def level_footing() -> FloatArray:
    """The `footing` (4, COLUMNS) of level ground."""
    footing = np.zeros((4, COLUMNS))
    footing[:, WALL_LEFT : WALL_BEHIND + 1] = NO_WALL
    footing[:, LIFTED] = NO_LIMIT
    return footing
