"""Kerbs, sidewalks and bumps for what has been struck: boxes that slide against them, trip over them or lie on them.

Answers the impulse of the raised ground on one free box in one substep; the engine knows no more of the ground than its grades.
Wheels feel the same ground in `alpasim.vehicle.footing`. Holes are left to wheels: a box slides over them.

The edges of the box are looked at every SPACING_M. A point that would come to lie below the ground within the substep either
runs into a face, where a border was crossed and the top is out of reach, or lies on top. A face and a top take away the speed
towards them, without bouncing, and rub; together with corners that the street carries, they are solved one after the other
until they agree (projected Gauss-Seidel), so that the engine, which steps afterwards, finds the body borne.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.queries import segment_square
from alpasim.road.relief import AREA, FACE, HEIGHT, KIND, Relief, inside_area, parts_at, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2
from alpasim.vehicle.footing import nothing_near
from alpasim.world.bullet import Engine, Quaternion, Vector3

SPACING_M, MOST = 0.1, 96
"""How densely the box's edges are looked at, and how many points may bear it."""

STEP_UP_M, STEEP_FACE_M, STEEP = 0.02, 0.15, 0.7
"""What lies lower than this against a point's top is slid upon; faces at most so wide, and slopes steeper than this, are walls."""

ROUNDS, OUT_SHARE, OUT_MPS = 16, 0.2, 0.5
"""Rounds of the solver; what share of a depth is pressed out in a substep, and how fast at most."""

NONE, FACED, TOPPED, STREET = 0, 1, 2, 3

PX, PY, PZ, NX, NY, NZ, AIM, PUSH, RX, RY, RZ = range(11)
"""Columns of a table of points: arm from the centre, normal, the speed along it to reach at least, and the impulses on it."""


@compiled
def face_at(x: float, y: float, relief: Relief) -> tuple[float, float, float, float, float]:
    """Depth of (x, y) within raised areas of steep faces (inf: within none), the outward direction of the nearest border, and
    the border's nearest point."""
    fx, fy = (x - relief.part_x0) / relief.part_cell, (y - relief.part_y0) / relief.part_cell
    best, nx, ny, bx, by = np.inf, 0.0, 0.0, x, y
    if not (0.0 <= fx < relief.part_nx and 0.0 <= fy < relief.part_ny):
        return best, nx, ny, bx, by
    ix, iy = int(fx), int(fy)
    cell = iy * relief.part_nx + ix
    x0, y0 = relief.part_x0 + ix * relief.part_cell, relief.part_y0 + iy * relief.part_cell
    edges = relief.edges
    for k in range(relief.start[cell], relief.start[cell + 1]):
        part = relief.part[k]
        if relief.shape[part, KIND] != AREA or relief.shape[part, HEIGHT] <= 0.0:
            continue
        if relief.shape[part, FACE] > STEEP_FACE_M:
            continue
        first, last = relief.span[k, 0], relief.span[k, 1]
        if not inside_area(x, y, x0, y0, bool(relief.inside[k]), first, last, edges):
            continue
        for e in range(first, last):
            ax, ay, ex, ey = edges[e, 0], edges[e, 1], edges[e, 2] - edges[e, 0], edges[e, 3] - edges[e, 1]
            away = math.sqrt(segment_square(x, y, ax, ay, edges[e, 2], edges[e, 3]))
            length = math.sqrt(ex * ex + ey * ey)
            if away >= best or length < 1e-9:
                continue
            share = min(max(((x - ax) * ex + (y - ay) * ey) / (length * length), 0.0), 1.0)
            best, bx, by = away, ax + share * ex, ay + share * ey
            nx, ny = ey / length, -ex / length
            if (bx - x) * nx + (by - y) * ny < 0.0:
                nx, ny = -nx, -ny
    return best, nx, ny, bx, by


@compiled
def look_at(point: Vector3, velocity: Vector3, corner: bool, relief: Relief, seconds: float, found: FloatArray) -> int:
    """What a point of a box meets within a substep: NONE, FACED, TOPPED or STREET; writes normal and AIM into `found`."""
    x, y = point[0] + velocity[0] * seconds, point[1] + velocity[1] * seconds
    rise, slope_x, slope_y = rise_at(x, y, relief)
    up = max(parts_at(x, y, relief), 0.0)
    gap = point[2] - rise - up
    if gap + velocity[2] * seconds - (slope_x * velocity[0] + slope_y * velocity[1]) * seconds > 0.0:
        return NONE
    kind = TOPPED
    if up <= 1e-6:
        if not corner:
            return NONE
        kind = STREET
    nx, ny = -slope_x, -slope_y
    if kind == TOPPED:
        if -gap > STEP_UP_M:
            depth, fx, fy, bx, by = face_at(x, y, relief)
            moved = math.sqrt((x - point[0]) ** 2 + (y - point[1]) ** 2)
            if depth <= max(0.06, moved + 0.02):
                found[NX], found[NY], found[NZ] = fx, fy, 0.0
                found[AIM] = aim((point[0] - bx) * fx + (point[1] - by) * fy, seconds)
                return FACED
        h = 0.05
        grade_x = (parts_at(x + h, y, relief) - parts_at(x - h, y, relief)) / (2.0 * h)
        grade_y = (parts_at(x, y + h, relief) - parts_at(x, y - h, relief)) / (2.0 * h)
        if grade_x * grade_x + grade_y * grade_y < STEEP * STEEP:
            nx, ny = nx - grade_x, ny - grade_y
    long = 1.0 / math.sqrt(nx * nx + ny * ny + 1.0)
    found[NX], found[NY], found[NZ] = nx * long, ny * long, long
    found[AIM] = aim(gap * long, seconds)
    return kind


@compiled
def aim(gap: float, seconds: float) -> float:
    """Least speed outwards of a point that is a gap [m] away: what closes the gap, or presses out of a depth."""
    if gap > 0.0:
        return -gap / seconds
    return min(-gap * OUT_SHARE / seconds, OUT_MPS)


@compiled
def carry(place: Vector3, relief: Relief, seconds: float, point: FloatArray) -> None:
    """Let the street carry a corner that runs into a face: the two are one blow."""
    rise, slope_x, slope_y = rise_at(place[0], place[1], relief)
    long = 1.0 / math.sqrt(slope_x * slope_x + slope_y * slope_y + 1.0)
    point[NX], point[NY], point[NZ] = -slope_x * long, -slope_y * long, long
    point[AIM] = aim((place[2] - rise) * long, seconds)


@compiled
def find_points(
    position: Vector3,
    axes: FloatArray,
    half: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    relief: Relief,
    seconds: float,
    points: FloatArray,
) -> int:
    """Write where the edges of a box meet raised ground, or the street, within a substep; returns how many points bear it.

    Of each stretch of an edge that meets the same, its ends and its deepest point count.
    """
    count, raised = 0, False
    look, deepest, last = np.zeros(11), np.zeros(11), np.zeros(11)
    for edge in range(12):
        along, a, b = edge // 4, (edge // 4 + 1) % 3, (edge // 4 + 2) % 3
        u, v = (1.0 if edge % 2 else -1.0) * half[a], (1.0 if edge % 4 > 1 else -1.0) * half[b]
        steps = max(1, math.ceil(2.0 * half[along] / SPACING_M))
        before, length = NONE, 0
        for k in range(steps + 2):
            kind = NONE
            if k <= steps:
                w = half[along] * (2.0 * k / steps - 1.0)
                for j in range(3):
                    look[PX + j] = w * axes[along, j] + u * axes[a, j] + v * axes[b, j]
                px, py, pz = look[PX], look[PY], look[PZ]
                moving = (
                    velocity[0] + spin[1] * pz - spin[2] * py,
                    velocity[1] + spin[2] * px - spin[0] * pz,
                    velocity[2] + spin[0] * py - spin[1] * px,
                )
                place = (position[0] + px, position[1] + py, position[2] + pz)
                kind = look_at(place, moving, k == 0 or k == steps, relief, seconds, look)
            if kind != before and before != NONE:
                if length > 1 and count < MOST:
                    points[count] = last
                    count += 1
                if length > 2 and count < MOST:
                    points[count] = deepest
                    count += 1
            if kind == FACED and (k == 0 or k == steps) and count < MOST:
                points[count] = look
                carry(place, relief, seconds, points[count])
                count += 1
            if kind != NONE:
                raised = raised or kind != STREET
                if kind != before:
                    length = 0
                    deepest[:] = look
                    if count < MOST:
                        points[count] = look
                        count += 1
                length += 1
                last[:] = look
                if look[AIM] > deepest[AIM]:
                    deepest[:] = look
            before = kind
    return count if raised else 0


@compiled
def yields(
    nx: float, ny: float, nz: float, point: FloatArray, axes: FloatArray, mass: float, inertia: FloatArray
) -> float:
    """Speed along a direction that a unit impulse at a point gives to it [1/kg]."""
    tx = point[PY] * nz - point[PZ] * ny
    ty = point[PZ] * nx - point[PX] * nz
    tz = point[PX] * ny - point[PY] * nx
    whole = 1.0 / mass
    for k in range(3):
        turn = tx * axes[k, 0] + ty * axes[k, 1] + tz * axes[k, 2]
        whole += turn * turn / inertia[k]
    return whole


@compiled
def apply(
    jx: float,
    jy: float,
    jz: float,
    point: FloatArray,
    axes: FloatArray,
    mass: float,
    inertia: FloatArray,
    motion: FloatArray,
) -> None:
    """Change `motion` (12,), velocity, spin, and impulse and its moment so far, by an impulse at a point."""
    tx = point[PY] * jz - point[PZ] * jy
    ty = point[PZ] * jx - point[PX] * jz
    tz = point[PX] * jy - point[PY] * jx
    motion[0], motion[1], motion[2] = motion[0] + jx / mass, motion[1] + jy / mass, motion[2] + jz / mass
    for k in range(3):
        turn = (tx * axes[k, 0] + ty * axes[k, 1] + tz * axes[k, 2]) / inertia[k]
        for j in range(3):
            motion[3 + j] += turn * axes[k, j]
    motion[6], motion[7], motion[8] = motion[6] + jx, motion[7] + jy, motion[8] + jz
    motion[9], motion[10], motion[11] = motion[9] + tx, motion[10] + ty, motion[11] + tz


@compiled
def solve(
    points: FloatArray,
    count: int,
    axes: FloatArray,
    mass: float,
    inertia: FloatArray,
    friction: float,
    motion: FloatArray,
) -> None:
    """Let every point be at least as fast outwards as it has to, with friction; `motion` as in `apply`."""
    for i in range(count):
        points[i, PUSH] = points[i, RX] = points[i, RY] = points[i, RZ] = 0.0
    for _ in range(ROUNDS):
        for i in range(count):
            p = points[i]
            nx, ny, nz = p[NX], p[NY], p[NZ]
            ux = motion[0] + motion[4] * p[PZ] - motion[5] * p[PY]
            uy = motion[1] + motion[5] * p[PX] - motion[3] * p[PZ]
            uz = motion[2] + motion[3] * p[PY] - motion[4] * p[PX]
            out = ux * nx + uy * ny + uz * nz
            more = max(p[PUSH] + (p[AIM] - out) / yields(nx, ny, nz, p, axes, mass, inertia), 0.0) - p[PUSH]
            p[PUSH] += more
            apply(more * nx, more * ny, more * nz, p, axes, mass, inertia, motion)
            ux = motion[0] + motion[4] * p[PZ] - motion[5] * p[PY]
            uy = motion[1] + motion[5] * p[PX] - motion[3] * p[PZ]
            uz = motion[2] + motion[3] * p[PY] - motion[4] * p[PX]
            out = ux * nx + uy * ny + uz * nz
            sx, sy, sz = ux - out * nx, uy - out * ny, uz - out * nz
            slides = math.sqrt(sx * sx + sy * sy + sz * sz)
            if slides < 1e-9:
                continue
            rub = 1.0 / yields(sx / slides, sy / slides, sz / slides, p, axes, mass, inertia)
            wx, wy, wz = p[RX] - rub * sx, p[RY] - rub * sy, p[RZ] - rub * sz
            whole = math.sqrt(wx * wx + wy * wy + wz * wz)
            if whole > friction * p[PUSH]:
                less = friction * p[PUSH] / whole
                wx, wy, wz = wx * less, wy * less, wz * less
            apply(wx - p[RX], wy - p[RY], wz - p[RZ], p, axes, mass, inertia, motion)
            p[RX], p[RY], p[RZ] = wx, wy, wz


@compiled
def ground_impulse(
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    spin: Vector3,
    extent: FloatArray,
    mass: float,
    friction: float,
    relief: Relief,
    seconds: float,
    out: FloatArray,
) -> bool:
    """Write the impulse [N s] and its moment about the centre [N m s] that raised ground gives an even box in a substep into
    `out` (6,); False where none is near. `friction` is that of box and ground together."""
    radius = 0.5 * math.sqrt(extent[0] ** 2 + extent[1] ** 2 + extent[2] ** 2)
    reach = radius + (abs(velocity[0]) + abs(velocity[1])) * seconds + 0.1
    if nothing_near(position[0], position[1], reach, relief):
        return False
    x, y, z, w = rotation
    axes = np.empty((3, 3))
    axes[0, 0], axes[0, 1], axes[0, 2] = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)
    axes[1, 0], axes[1, 1], axes[1, 2] = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    axes[2, 0], axes[2, 1], axes[2, 2] = 2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)
    half, inertia = 0.5 * extent, np.empty(3)
    for k in range(3):
        inertia[k] = mass / 12.0 * (extent[(k + 1) % 3] ** 2 + extent[(k + 2) % 3] ** 2)
    falling = (velocity[0], velocity[1], velocity[2] - GRAVITY_MPS2 * seconds)
    points = np.zeros((MOST, 11))
    count = find_points(position, axes, half, falling, spin, relief, seconds, points)
    if count == 0:
        return False
    motion = np.zeros(12)
    for j in range(3):
        motion[j], motion[3 + j] = falling[j], spin[j]
    solve(points, count, axes, mass, inertia, friction, motion)
    out[:] = motion[6:]
    return True


def bear(
    engine: Engine, body: int, extent: FloatArray, mass: float, friction: float, relief: Relief, seconds: float
) -> None:
    """Push a struck body with what raised ground gives it in the substep of that many seconds that comes next."""
    position, rotation = engine.pose(body)
    velocity, spin = engine.motion(body)
    out = np.empty(6)
    if ground_impulse(position, rotation, velocity, spin, extent, mass, friction, relief, seconds, out):
        push = (out / seconds).tolist()
        engine.push(body, push[:3], push[3:], position)
