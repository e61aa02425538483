"""Impulses on one free box: what they change, and those with which all its points get as fast outwards as they have to.

Answers nothing about what the box meets: `kerbs.py` and `wreck_wheels.py` say that.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray

ROUNDS = 16
"""Rounds of the solver."""

PX, PY, PZ, NX, NY, NZ, AIM, LEAST_PUSH, MOST_PUSH, PUSH, RX, RY, RZ = range(13)
"""Columns of a table of points: arm from the centre, normal, the speed along it to reach at least, the smallest and the largest
impulse along it, and the impulses on it. The smallest one has been given already."""
COLUMNS = 13


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
    """Let every point be as fast outwards as it has to, or pushed as hard as it may, with friction; `motion` as in `apply`."""
    for i in range(count):
        points[i, PUSH] = points[i, LEAST_PUSH]
        points[i, RX] = points[i, RY] = points[i, RZ] = 0.0
    for _ in range(ROUNDS):
        for i in range(count):
            p = points[i]
            nx, ny, nz = p[NX], p[NY], p[NZ]
            ux = motion[0] + motion[4] * p[PZ] - motion[5] * p[PY]
            uy = motion[1] + motion[5] * p[PX] - motion[3] * p[PZ]
            uz = motion[2] + motion[3] * p[PY] - motion[4] * p[PX]
            out = ux * nx + uy * ny + uz * nz
            whole = p[PUSH] + (p[AIM] - out) / yields(nx, ny, nz, p, axes, mass, inertia)
            more = min(max(whole, p[LEAST_PUSH]), p[MOST_PUSH]) - p[PUSH]
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
