"""Four massless wheels on the ground: where they stand, what they carry, and what bumps, walls and slopes do to them.

Answers each wheel's load along its ground's normal, the push of raised ground against it, and what else than tyres acts
along the ground, which a standing vehicle's tyres have to hold. Tyres' own forces are in `dynamics.py`, the ground in
`footing.py`.

Each wheel has axes of its own on the smooth ground under it: heading of the body, left, normal. On level ground these are
those of the world turned by the yaw, and every added term is exactly 0.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.relief import Relief, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2, Chassis
from alpasim.vehicle.footing import (
    BUMP,
    COUNT,
    FORCE,
    LEAN,
    MOST_POINTS,
    NO_WALL,
    RISE,
    SLOPE_X,
    SLOPE_Y,
    TILT,
    WALL_LEFT,
    WALL_RIGHT,
    feel_across,
    feel_along,
    nothing_near,
)

BUMP_STOP_M = 0.08
"""Compression beyond the static one at which the bump stop takes part."""

BUMP_STOP_STIFFNESS = 8.0
"""Stiffness of the bump stop over that of the spring."""

LARGEST_WHEEL_LOAD = 8.0
"""Wheel load over its static value that no landing exceeds."""

UPRIGHT = 0.5
"""Least cosine between the body's up axis and the ground's normal at which its wheels still reach the ground (60 degrees)."""

FX, FY, FZ, LX, LY, LZ, NX, NY, NZ = range(9)
"""Columns of a wheel's axes (4, 9): heading of the body along the ground, left of it, normal."""

Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@compiled
def wheel_arms(body: Chassis, rotation: Quaternion, footing: FloatArray, arm: FloatArray) -> tuple[bool, float, float]:
    """Writes where the wheels' feet are, seen from the centre of mass in world axes, into `arm` (4, 3) [m].

    Returns whether the body is upright enough for its wheels to reach the ground, and the level direction it points in.
    """
    x, y, z, w = rotation
    m00, m01, m02 = 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)
    m10, m11, m12 = 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)
    m20, m21, m22 = 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)
    level = math.sqrt(m00 * m00 + m10 * m10)
    for i in range(4):
        a, b, c = body.wheel_x[i], body.wheel_y[i], -body.height
        arm[i, 0] = m00 * a + m01 * b + m02 * c
        arm[i, 1] = m10 * a + m11 * b + m12 * c
        arm[i, 2] = m20 * a + m21 * b + m22 * c
    slope_x = 0.25 * (footing[0, SLOPE_X] + footing[1, SLOPE_X] + footing[2, SLOPE_X] + footing[3, SLOPE_X])
    slope_y = 0.25 * (footing[0, SLOPE_Y] + footing[1, SLOPE_Y] + footing[2, SLOPE_Y] + footing[3, SLOPE_Y])
    steep = math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
    if m22 - slope_x * m02 - slope_y * m12 <= UPRIGHT * steep or level <= UPRIGHT:
        return False, 1.0, 0.0
    return True, m00 / level, m10 / level


@compiled
def wheel_axes(footing: FloatArray, ahead_x: float, ahead_y: float, axes: FloatArray) -> None:
    """Writes each wheel's axes on its ground into `axes` (4, 9), for a body that points along the unit (ahead_x, ahead_y)."""
    for i in range(4):
        slope_x, slope_y = footing[i, SLOPE_X], footing[i, SLOPE_Y]
        fx, fy, fz, nx, ny, nz = ahead_x, ahead_y, 0.0, 0.0, 0.0, 1.0
        if slope_x != 0.0 or slope_y != 0.0:
            climb = slope_x * ahead_x + slope_y * ahead_y
            along = 1.0 / math.sqrt(1.0 + climb * climb)
            fx, fy, fz = along * ahead_x, along * ahead_y, along * climb
            nz = 1.0 / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
            nx, ny = -slope_x * nz, -slope_y * nz
        axes[i, FX], axes[i, FY], axes[i, FZ] = fx, fy, fz
        axes[i, LX], axes[i, LY], axes[i, LZ] = ny * fz - nz * fy, nz * fx - nx * fz, nx * fy - ny * fx
        axes[i, NX], axes[i, NY], axes[i, NZ] = nx, ny, nz


@compiled
def spring_force(body: Chassis, i: int, squeeze: float, rate: float, bar: float) -> float:
    """Load of wheel i at a compression beyond the static one [m] that grows at `rate` [m/s], `bar` that of its anti-roll bar
    [N]."""
    force = body.static_load[i] + body.spring[i] * squeeze + body.damper[i] * rate
    force += bar
    if squeeze > BUMP_STOP_M:
        force += BUMP_STOP_STIFFNESS * body.spring[i] * (squeeze - BUMP_STOP_M)
    return float(min(max(force, 0.0), LARGEST_WHEEL_LOAD * body.static_load[i]))


@compiled
def wheel_loads(
    body: Chassis,
    height: float,
    arm: FloatArray,
    axes: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    hub: Vector3,
    steer: tuple[float, float],
    footing: FloatArray,
    load: FloatArray,
    push: FloatArray,
) -> float:
    """Writes what each wheel presses on the ground into `load` (4,) [N], and the force of raised ground against its way
    into `push` (4,) [N]; returns the sum of loads.

    `height` of the centre of mass [m], `arm` from there to the wheels' feet, `hub` from a foot to where its disc is pushed,
    `steer` the angles of the front wheels. Where something is raised, load and push are the means over the substep's way.
    """
    total = 0.0
    for i in range(4):
        squeeze, across = squeezed(height, arm, axes, footing, i), squeezed(height, arm, axes, footing, i ^ 1)
        ux = velocity[0] + spin[1] * arm[i, 2] - spin[2] * arm[i, 1]
        uy = velocity[1] + spin[2] * arm[i, 0] - spin[0] * arm[i, 2]
        uz = velocity[2] + spin[0] * arm[i, 1] - spin[1] * arm[i, 0]
        rate = -(ux * axes[i, NX] + uy * axes[i, NY] + uz * axes[i, NZ])
        points = int(footing[i, COUNT])
        if points == 0:
            load[i], push[i] = spring_force(body, i, squeeze, rate, body.anti_roll[i] * (squeeze - across)), 0.0
            total += load[i]
            continue
        rx, ry, rz = velocity
        rx += spin[1] * (arm[i, 2] + hub[2]) - spin[2] * (arm[i, 1] + hub[1])
        ry += spin[2] * (arm[i, 0] + hub[0]) - spin[0] * (arm[i, 2] + hub[2])
        rz += spin[0] * (arm[i, 1] + hub[1]) - spin[1] * (arm[i, 0] + hub[0])
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        rolling = math.cos(angle) * (rx * axes[i, FX] + ry * axes[i, FY] + rz * axes[i, FZ])
        aside = rx * axes[i, LX] + ry * axes[i, LY] + rz * axes[i, LZ]
        rolling += math.sin(angle) * aside
        mean = raised_mean(footing, i)
        bar = body.anti_roll[i] * (squeeze + mean - across - raised_mean(footing, i ^ 1))
        load[i], push[i] = 0.0, 0.0
        for k in range(points):
            tilt = footing[i, TILT + k]
            force = spring_force(
                body, i, squeeze + footing[i, BUMP + k], rate + tilt * rolling + footing[i, LEAN] * aside, bar
            )
            footing[i, FORCE + k] = force
            load[i] += force / points
            push[i] += force * tilt / points
        total += load[i]
    return total


@compiled
def squeezed(height: float, arm: FloatArray, axes: FloatArray, footing: FloatArray, i: int) -> float:
    """Compression of wheel i beyond the static one on the smooth ground [m]."""
    return float((footing[i, RISE] - (height + arm[i, 2])) * axes[i, NZ])


@compiled
def raised_mean(footing: FloatArray, i: int) -> float:
    """How far wheel i is raised above the smooth ground, the mean over the substep's way [m]."""
    points = int(footing[i, COUNT])
    total = 0.0
    for k in range(points):
        total += footing[i, BUMP + k]
    return total / max(points, 1)


@compiled
def wall_force(body: Chassis, i: int, aside: float, footing: FloatArray, dt_s: float) -> float:
    """Sideways force of walls on wheel i [N], left positive, whose foot moves left at `aside` [m/s].

    It stops what would go further than the gap within the substep, without bouncing, and presses out slowly what is in.
    """
    share = (body.static_load[i] + body.static_load[i ^ 1]) / GRAVITY_MPS2 / body.side_mass_factor
    for k in range(2):
        gap, towards = (footing[i, WALL_LEFT], aside) if k == 0 else (footing[i, WALL_RIGHT], -aside)
        if gap >= NO_WALL:
            continue
        too_fast = towards - (gap if gap > 0.0 else 0.1 * max(gap, -0.02)) / dt_s
        if too_fast > 0.0:
            return float(-share * too_fast / dt_s if k == 0 else share * too_fast / dt_s)
    return 0.0


@compiled
def steering_angles(body: Chassis, angle: float) -> tuple[float, float]:
    """Angles of the left and right front wheel whose axes meet on the rear axle's line, around `angle` in the
    middle."""
    tangent = math.tan(angle)
    reach = body.half_track * tangent / body.wheelbase
    return math.atan(tangent / (1.0 - reach)), math.atan(tangent / (1.0 + reach))


@compiled
def up_axis(rotation: Quaternion) -> Vector3:
    """The body's up axis in the world."""
    x, y, z, w = rotation
    return 2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)


@compiled
def stand_wheels(
    body: Chassis, position: Vector3, rotation: Quaternion, relief: Relief, points: FloatArray, footing: FloatArray
) -> None:
    """Write where each wheel's disc touches into `points` (4, 2), and height and slopes of the smooth ground there into
    `footing`; nothing is raised yet.

    A disc touches straight along the ground's normal below its hub, which is a radius along the body's up axis above the
    foot.
    """
    arm = np.empty((4, 3))
    wheel_arms(body, rotation, footing, arm)
    up = up_axis(rotation)
    for i in range(4):
        x, y = position[0] + arm[i, 0], position[1] + arm[i, 1]
        _, slope_x, slope_y = rise_at(x, y, relief)
        steep = 1.0 / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
        points[i, 0] = x + body.radius * (up[0] + slope_x * steep)
        points[i, 1] = y + body.radius * (up[1] + slope_y * steep)
        footing[i, RISE], footing[i, SLOPE_X], footing[i, SLOPE_Y] = rise_at(x, y, relief)
        footing[i, COUNT], footing[i, LEAN] = 0.0, 0.0
        footing[i, WALL_LEFT] = footing[i, WALL_RIGHT] = NO_WALL


@compiled
def feel_raised(
    body: Chassis,
    angle: float,
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    yaw_rate: float,
    relief: Relief,
    rough: FloatArray,
    low: FloatArray,
    dt_s: float,
    points: FloatArray,
    footing: FloatArray,
) -> None:
    """Write into `footing` what is raised under and beside each wheel on its way through the substep, after `stand_wheels`.

    `angle` of the steered wheels, `rough` (4,) roughness under each wheel [m], `low` (m, 8) low bodies.
    """
    arm = np.empty((4, 3))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, footing, arm)
    if not upright:
        return
    places, heights = np.empty(MOST_POINTS + 16), np.empty(MOST_POINTS + 16)
    left_angle, right_angle = steering_angles(body, angle)
    for i in range(4):
        turned = left_angle if i == 0 else right_angle if i == 1 else 0.0
        c, s = math.cos(turned), math.sin(turned)
        cos, sin = ahead_x * c - ahead_y * s, ahead_y * c + ahead_x * s
        vx, vy = velocity[0] - yaw_rate * arm[i, 1], velocity[1] + yaw_rate * arm[i, 0]
        along, aside = vx * cos + vy * sin, vy * cos - vx * sin
        x, y, wheel = points[i, 0], points[i, 1], footing[i]
        far = body.radius + (abs(along) + abs(aside)) * dt_s + 0.05
        if rough[i] <= 0.0 and low.shape[0] == 0 and nothing_near(x, y, far, relief):
            continue
        feel_along(x, y, cos, sin, along * dt_s, body.radius, relief, rough[i], low, places, heights, wheel)
        hanging = position[2] + arm[i, 2] - wheel[RISE] - body.static_load[i] / body.spring[i]
        reach = abs(aside) * dt_s + 0.02
        feel_across(x, y, -sin, cos, reach, body.half_width, hanging, relief, rough[i], low, wheel)


@compiled
def ground_forces(
    arm: FloatArray,
    axes: FloatArray,
    load: FloatArray,
    push: FloatArray,
    steer: tuple[float, float],
    hub: Vector3,
    footing: FloatArray,
) -> tuple[Vector3, Vector3]:
    """Force [N] and torque about the centre of mass [N m] of what the ground does without friction: loads along its
    normals, and the pushes of what is raised, which act at the hubs."""
    fx, fy, fz, tx, ty, tz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(4):
        lean = load[i] * footing[i, LEAN]
        px = load[i] * axes[i, NX] - lean * axes[i, LX]
        py = load[i] * axes[i, NY] - lean * axes[i, LY]
        pz = load[i] * axes[i, NZ] - lean * axes[i, LZ]
        ax, ay, az = arm[i, 0], arm[i, 1], arm[i, 2]
        fx, fy, fz = fx + px, fy + py, fz + pz
        tx, ty, tz = tx + ay * pz - az * py, ty + az * px - ax * pz, tz + ax * py - ay * px
        if push[i] == 0.0:
            continue
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        back, aside = -push[i] * math.cos(angle), -push[i] * math.sin(angle)
        px = back * axes[i, FX] + aside * axes[i, LX]
        py = back * axes[i, FY] + aside * axes[i, LY]
        pz = back * axes[i, FZ] + aside * axes[i, LZ]
        ax, ay, az = ax + hub[0], ay + hub[1], az + hub[2]
        fx, fy, fz = fx + px, fy + py, fz + pz
        tx, ty, tz = tx + ay * pz - az * py, ty + az * px - ax * pz, tz + ax * py - ay * px
    return (fx, fy, fz), (tx, ty, tz)


@compiled
def foot_speeds(
    i: int, arm: FloatArray, axes: FloatArray, deep: float, velocity: Vector3, spin: Vector3
) -> tuple[float, float]:
    """Speeds of wheel i's foot along and across the body's heading [m/s], the ground `deep` below the centre of mass.

    The foot's own sideways motion counts (roll centre on the ground), pitching does not move it forward.
    """
    vx, vy, vz = velocity
    wx, wy, wz = spin
    hx, hy, hz = axes[i, FX], axes[i, FY], axes[i, FZ]
    lx, ly, lz = axes[i, LX], axes[i, LY], axes[i, LZ]
    nx, ny, nz = axes[i, NX], axes[i, NY], axes[i, NZ]
    sx, sy = vx - deep * (wy * nz - wz * ny), vy - deep * (wz * nx - wx * nz)
    sz = vz - deep * (wx * ny - wy * nx)
    to_front = arm[i, 0] * hx + arm[i, 1] * hy + arm[i, 2] * hz
    to_left = arm[i, 1] * ly + arm[i, 0] * lx + arm[i, 2] * lz
    turning = wz * nz + wx * nx + wy * ny
    along = vx * hx + vy * hy + vz * hz - turning * to_left
    return along, sy * ly + sx * lx + sz * lz + turning * to_front


@compiled
def held_across(
    body: Chassis,
    height: float,
    arm: FloatArray,
    axes: FloatArray,
    footing: FloatArray,
    load: FloatArray,
    total: float,
    outside: Vector3,
    twist: float,
    braked: float,
    held: FloatArray,
) -> None:
    """Write the sideways acceleration that each wheel's share of the mass has to be held against into `held` (4,) [m/s^2],
    so that all together hold the force `outside` (3,) at the centre of mass and the torque `twist` about the normal.

    Loads, and with them shares, lie about a point beside the centre of mass on a slope; `braked` in [0, 1] says how much
    of the force along is held there too. Tyres act on the ground: `height` of the centre of mass [m] says how far below.
    """
    ahead, left, spread = 0.0, 0.0, 0.0
    turn = twist
    for i in range(4):
        share, down = load[i] / total, footing[i, RISE] - height
        x = arm[i, 0] * axes[i, FX] + arm[i, 1] * axes[i, FY] + down * axes[i, FZ]
        y = arm[i, 0] * axes[i, LX] + arm[i, 1] * axes[i, LY] + down * axes[i, LZ]
        ahead += share * x
        left += share * y
        spread += share * x * x
        held[i] = (outside[0] * axes[i, LX] + outside[1] * axes[i, LY] + outside[2] * axes[i, LZ]) / body.mass
        turn -= share * body.mass * held[i] * x
        turn += braked * share * y * (outside[0] * axes[i, FX] + outside[1] * axes[i, FY] + outside[2] * axes[i, FZ])
    spread -= ahead * ahead
    if spread < 0.01:
        return
    for i in range(4):
        x = arm[i, 0] * axes[i, FX] + arm[i, 1] * axes[i, FY] + (footing[i, RISE] - height) * axes[i, FZ]
        held[i] += turn * (x - ahead) / (spread * body.mass)
