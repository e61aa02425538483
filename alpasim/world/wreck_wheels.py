"""Wheels of what has been struck: kerbs that its wheels climb instead of stopping its box.

Answers the impulses that the edges of raised areas give the wheels of an upright box which meets them lengthwise, in one
substep. A wheel is a stiff disc on a spring and a damper. At an edge it goes up as a disc does, its load acting square to the
ground below it and, through the slope of that way, against the motion; so what lifts and shakes the body is taken from its
speed, load times height. On level ground the box itself lies on the street, as ever.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief, parts_at, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2
from alpasim.world.blows import COLUMNS, LEAST_PUSH, MOST_PUSH, NZ, PX, PY, PZ, apply
from alpasim.world.bullet import Vector3
from alpasim.world.faces import STEEP_FACE_M, face_at

AXLES, TRACK = 0.6, 0.8
"""Wheelbase and track as shares of the box's length and width, round values of common vehicles."""

BOUNCE_RADPS, DAMPING = 2.0 * math.pi * 1.5, 0.4
"""Bounce of the body on its springs [rad/s] and its damping ratio, as common in cars."""

MOST_LOADS = 8.0
"""A wheel bears so many times its static load, as those of the ego do."""

LENGTHWISE = 0.7
"""A face is met by wheels where its normal and the box's length have this cosine at least."""

CLIMBED = 0.6
"""Edges up to this share of the wheels' radius are climbed; what is higher meets the body, about whose clearance that is."""

UPRIGHT = 0.9
"""A box stands on its wheels where its up axis rises so steeply."""

LOOK_M = 0.1
"""How densely the ground before a wheel is looked at."""

TREAD_M = 0.003
"""What rises less than this above a wheel's lowest point carries the box [m]."""

HELD_MPS = 0.1
"""Slower than this a wheel of a wreck holds on at an edge, too: it is jammed, or it would roll off for ever."""


@compiled
def lifted(ahead: float, height: float, radius: float) -> float:
    """How high a disc on the street has been lifted by an edge of that height when its middle is `ahead` of it [m]."""
    if ahead <= 0.0:
        return height
    if ahead >= radius:
        return 0.0
    return max(height - radius + math.sqrt(radius * radius - ahead * ahead), 0.0)


@compiled
def edge_near(place: Vector3, wheels: Vector3, ahead: float, relief: Relief) -> tuple[float, float, float, float]:
    """How far before a raised edge that it meets lengthwise a wheel is (negative: beyond it), the edge's height above the
    wheel's lowest point, and its outward normal (2,); a height of 0 where there is none within `ahead` (its sign counts)."""
    x, y, z = place
    raised = parts_at(x, y, relief) > 0.0
    steps = 0 if raised else math.ceil(abs(ahead) / LOOK_M)
    sx, sy = x, y
    for k in range(1, steps + 1):
        sx, sy = x + ahead * k / steps * wheels[1], y + ahead * k / steps * wheels[2]
        raised = parts_at(sx, sy, relief) > 0.0
        if raised:
            break
    if not raised:
        return 0.0, 0.0, 0.0, 0.0
    depth, nx, ny, bx, by = face_at(sx, sy, relief)
    if not math.isfinite(depth) or abs(nx * wheels[1] + ny * wheels[2]) < LENGTHWISE:
        return 0.0, 0.0, 0.0, 0.0
    inside = STEEP_FACE_M
    if steps == 0:
        inside = max(inside, depth)
    top = parts_at(bx - inside * nx, by - inside * ny, relief)
    before = (x - bx) * nx + (y - by) * ny
    return before, rise_at(x, y, relief)[0] + top - z, nx, ny


@compiled
def roll_up(
    position: Vector3,
    axes: FloatArray,
    half: FloatArray,
    mass: float,
    inertia: FloatArray,
    wheels: Vector3,
    relief: Relief,
    seconds: float,
    motion: FloatArray,
    points: FloatArray,
) -> tuple[bool, int]:
    """Let edges lift the wheels of a box in a substep: changes `motion` (12,) as `blows.apply` does; whether any did, and how
    many of them hold on to where they are, which are written into `points`.

    On top, and at rest, wheels slide as the box does on the street: those of a wreck are jammed or across.
    `wheels` are their radius and the direction (2,) in which they roll; `axes` (3, 3) and `half` (3,) are the box's.
    """
    load = 0.25 * mass * GRAVITY_MPS2
    stiffness, damping = 0.25 * mass * BOUNCE_RADPS**2, 0.5 * mass * DAMPING * BOUNCE_RADPS
    radius, rolls, count = wheels[0], False, 0
    arm, start = np.zeros(COLUMNS), motion[:6].copy()
    arm[NZ] = 1.0
    for i in range(4):
        along, aside = (AXLES if i < 2 else -AXLES) * half[0], (TRACK if i % 2 else -TRACK) * half[1]
        for j in range(3):
            arm[j] = along * axes[0, j] + aside * axes[1, j] - half[2] * axes[2, j]
        vx = start[0] + start[4] * arm[PZ] - start[5] * arm[PY]
        vy = start[1] + start[5] * arm[PX] - start[3] * arm[PZ]
        vz = start[2] + start[3] * arm[PY] - start[4] * arm[PX]
        place = (position[0] + arm[PX], position[1] + arm[PY], position[2] + arm[PZ])
        goes = vx * wheels[1] + vy * wheels[2]
        reach = math.copysign(radius + abs(goes) * seconds, goes)
        before, height, nx, ny = edge_near(place, wheels, reach, relief)
        if height == 0.0:
            before, height, nx, ny = edge_near(place, wheels, math.copysign(radius, -goes), relief)
        if height <= TREAD_M or height > CLIMBED * radius:
            continue
        closing = -(vx * nx + vy * ny) * seconds
        low, high = lifted(before, height, radius), lifted(before - closing, height, radius)
        if high <= 0.0:
            continue
        bears = load + stiffness * high + damping * ((high - low) / seconds - vz)
        push = min(max(bears, 0.0), MOST_LOADS * load) * seconds
        slope = 0.0
        if abs(closing) > 1e-6:
            slope = max((high - low) / closing, 0.0)
        elif 0.0 < before < radius:
            slope = before / math.sqrt(radius * radius - before * before)
        apply(push * slope * nx, push * slope * ny, push, arm, axes, mass, inertia, motion)
        if before <= 0.0 or math.hypot(vx, vy) < HELD_MPS:
            arm[LEAST_PUSH] = arm[MOST_PUSH] = push
            points[count] = arm
            count += 1
        rolls = True
    return rolls, count
