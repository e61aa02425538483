"""Four massless wheels on the ground: where they stand, what they carry, and what bumps, walls and slopes do to them.

Answers each wheel's load along its ground's normal, the push of raised ground against it, and what else than tyres acts
along the ground, which a standing vehicle's tyres have to hold. Tyres' own forces are in `dynamics.py`, the ground in
`footing.py`.

Each wheel has axes of its own on the smooth ground under it: heading of the body, left, normal. On level ground these are
those of the world turned by the yaw, and every added term is exactly 0.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import (
    ANTI_ROLL,
    DAMPER,
    FALLING_MASS_FACTOR,
    GRAVITY_MPS2,
    PITCH_MASS_FACTOR,
    RADIUS,
    SIDE_MASS_FACTOR,
    SPRING,
    STATIC_LOAD,
)
from alpasim.vehicle.footing import (
    BUMP,
    COUNT,
    FORCE,
    FORWARD,
    LEAN,
    LOWEST,
    NO_WALL,
    OBLIQUE,
    RISE,
    TILT,
    TOUCH,
    WALL_AHEAD,
)
from alpasim.vehicle.stance import FX, FY, FZ, LX, LY, LZ, NX, NY, NZ, Vector3

ACTUATORS, COMMANDS, FRICTION, SLIPPING, LOAD, PUSH, SIDE, TWIST, HELD, HANDED, DRIVEN, ROWS = range(12)
"""Rows of `state` (ROWS, 4), all that forces read and write of actuators and of each wheel: where actuators are and what they
shall do; friction under it and 1 where it is at its grip; its load [N], the forces of raised ground back and to the right [N]
and its moment [N m], what it has to hold across, and along for wheels that cannot [m/s^2], and what drive gives it along [N]. What
comes after SLIPPING is made anew each time."""

STEER, DRIVE, BRAKE, GEAR = 0, 1, 2, 3
"""Places in the rows of actuators and commands: road-wheel angle [rad], drive and brake pedal in [0, 1], and the gear
engaged: 1 forward, -1 reverse."""

BUMP_STOP_M = 0.08
"""Compression beyond the static one at which the bump stop takes part."""

BUMP_STOP_STIFFNESS = 8.0
"""Stiffness of the bump stop over that of the spring."""

LARGEST_WHEEL_LOAD = 8.0
"""Wheel load over its static value that no landing exceeds."""

BALANCED, TIPPING = math.sin(math.radians(5.0)), math.sin(math.radians(15.0))
"""Sines of the angles to the ground up to which a rider keeps a two-wheeler upright, and from which it falls."""


@compiled
def spring_force(body: FloatArray, i: int, squeeze: float, rate: float, bar: float, yielding: float) -> float:
    """Load of wheel i at a compression beyond the static one [m] that grows at `rate` [m/s], `bar` that of its anti-roll bar
    [N], its damper divided by `yielding`."""
    force = body[STATIC_LOAD + i] + body[SPRING + i] * squeeze + body[DAMPER + i] / yielding * rate
    force += bar
    if squeeze > BUMP_STOP_M:
        force += BUMP_STOP_STIFFNESS * body[SPRING + i] * (squeeze - BUMP_STOP_M)
    return float(min(max(force, 0.0), LARGEST_WHEEL_LOAD * body[STATIC_LOAD + i]))


@compiled
def bar_force(body: FloatArray, i: int, squeeze: float, across: float) -> float:
    """What the anti-roll bar adds to the load of wheel i [N], from its compression and that of the wheel `across` [m], both
    from the ground. A wheel that hangs goes no further than its spring and the bar let it."""
    bar, other = body[ANTI_ROLL + i], i ^ 1
    hanging = (bar * squeeze - body[STATIC_LOAD + other]) / (body[SPRING + other] + bar)
    return float(bar * (squeeze - max(across, hanging)))


@compiled
def wheel_loads(
    body: FloatArray,
    height: float,
    arm: FloatArray,
    axes: FloatArray,
    velocity: Vector3,
    spin: Vector3,
    hub: Vector3,
    steer: tuple[float, float],
    footing: FloatArray,
    dt_s: float,
    state: FloatArray,
) -> float:
    """Writes what each wheel presses on the ground into `state`, and the forces of raised ground against its way and aside
    and the moment that turns its disc about the normal; returns the sum of loads.

    `height` of the centre of mass [m], `arm` from there to the wheels' feet, `hub` from a foot to where its disc is pushed,
    `steer` the angles of the front wheels. Where something is raised, all are means over the substep's way.
    """
    total = 0.0
    for i in range(4):
        squeeze, across = squeezed(height, arm, axes, footing, i), squeezed(height, arm, axes, footing, i ^ 1)
        ux = velocity[0] + spin[1] * arm[i, 2] - spin[2] * arm[i, 1]
        uy = velocity[1] + spin[2] * arm[i, 0] - spin[0] * arm[i, 2]
        uz = velocity[2] + spin[0] * arm[i, 1] - spin[1] * arm[i, 0]
        rate = -(ux * axes[i, NX] + uy * axes[i, NY] + uz * axes[i, NZ])
        across += raised_mean(footing, i ^ 1)
        points = int(footing[i, COUNT])
        if points == 0:
            state[LOAD, i] = spring_force(body, i, squeeze, rate, bar_force(body, i, squeeze, across), 1.0)
            total += state[LOAD, i]
            continue
        rx = ux + spin[1] * hub[2] - spin[2] * hub[1]
        ry = uy + spin[2] * hub[0] - spin[0] * hub[2]
        rz = uz + spin[0] * hub[1] - spin[1] * hub[0]
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        cos, sin = math.cos(angle), math.sin(angle)
        ahead = rx * axes[i, FX] + ry * axes[i, FY] + rz * axes[i, FZ]
        left = rx * axes[i, LX] + ry * axes[i, LY] + rz * axes[i, LZ]
        rolling, aside = cos * ahead + sin * left, cos * left - sin * ahead
        turning = spin[0] * axes[i, NX] + spin[1] * axes[i, NY] + spin[2] * axes[i, NZ]
        bar = bar_force(body, i, squeeze + raised_mean(footing, i), across)
        # Where the ground is so steep that its damping would turn motion round within the substep, the damper yields.
        stiff = body[DAMPER + i] * GRAVITY_MPS2 * body[SIDE_MASS_FACTOR] / body[STATIC_LOAD + i] * dt_s
        for k in range(points):
            tilt, lean, touch = footing[i, TILT + k], footing[i, LEAN + k], footing[i, TOUCH + k]
            climbing = rate + tilt * rolling + lean * (aside + touch * turning)
            yielding = 1.0 + stiff * lean * lean
            force = spring_force(body, i, squeeze + footing[i, BUMP + k], climbing, bar, yielding)
            footing[i, FORCE + k] = force
            share = force / points
            state[LOAD, i] += share
            state[PUSH, i] += share * tilt
            state[SIDE, i] += share * lean
            state[TWIST, i] += share * lean * touch
        keep_to_stored(body, i, rolling, aside, turning, footing, dt_s, state)
        stop_at_ends(body, i, rolling, aside, turning, footing, dt_s, state)
        total += state[LOAD, i]
    return total


@compiled
def keep_to_stored(
    body: FloatArray,
    i: int,
    rolling: float,
    aside: float,
    turning: float,
    footing: FloatArray,
    dt_s: float,
    state: FloatArray,
) -> None:
    """Shorten wheel i's pushes in `state` to what turns its motion round and gives back what lifting it took.

    An impulse J against the speed v of a mass m gives it J^2 / 2 m - J v. A disc beside an edge may be pushed off it so hard
    that it would be gone within a part of the substep: it takes no more than its load gives going down. Elsewhere this is
    far from a limit. Arguments as in `stop_at_ends`.
    """
    push, side = state[PUSH, i], state[SIDE, i]
    force = math.sqrt(push * push + side * side)
    if force <= 0.0:
        return
    back, right = push / force, side / force
    rolls = body[SIDE_MASS_FACTOR] + body[FALLING_MASS_FACTOR]
    mass = body[STATIC_LOAD + i] / GRAVITY_MPS2 / (body[PITCH_MASS_FACTOR] * back * back + rolls * right * right)
    towards = mass * (rolling * back + aside * right + turning * state[TWIST, i] / force)
    held = state[LOAD, i] * max(raised_mean(footing, i) - footing[i, LOWEST], 0.0)
    most = towards + math.sqrt(towards * towards + 2.0 * mass * held)
    if force * dt_s > most:
        share = most / (force * dt_s)
        state[PUSH, i] *= share
        state[SIDE, i] *= share
        state[TWIST, i] *= share


@compiled
def stop_at_ends(
    body: FloatArray,
    i: int,
    rolling: float,
    aside: float,
    turning: float,
    footing: FloatArray,
    dt_s: float,
    state: FloatArray,
) -> None:
    """Add to wheel i's pushes in `state` what stops its disc at walls before and behind it, square to the wall.

    `rolling`, `aside`: speed of the hub along the disc and to its left [m/s]; `turning` about the normal [rad/s].
    """
    for k in range(2):
        gap, oblique = footing[i, WALL_AHEAD + k], footing[i, OBLIQUE + k]
        if gap >= NO_WALL:
            continue
        ahead = 1.0 if k == 0 else -1.0
        touch = ahead * FORWARD * body[RADIUS]
        closing = ahead * rolling - oblique * (aside + touch * turning)
        rolls = body[SIDE_MASS_FACTOR] + body[FALLING_MASS_FACTOR]
        factor = 0.5 * (body[PITCH_MASS_FACTOR] + oblique * oblique * rolls)
        force = -wall_force(body, i, closing, gap / 3.0 if gap > 0.0 else 0.1 * max(gap, -0.002), NO_WALL, factor, dt_s)
        state[PUSH, i] += ahead * force
        state[SIDE, i] -= oblique * force
        state[TWIST, i] -= oblique * force * touch


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
def wall_force(body: FloatArray, i: int, towards: float, near: float, far: float, factor: float, dt_s: float) -> float:
    """Force of walls on wheel i [N], against its foot's speed `towards` the wall at the gap `near`, and away from that at `far`
    on its other side; `factor` is the wheel's share of the mass over what the force has to stop.

    It stops what would go further than the gap within the substep, without bouncing; a gap below 0 is opened.
    """
    share = body[STATIC_LOAD + i] / GRAVITY_MPS2 / factor
    if near < NO_WALL and towards > near / dt_s:
        return float(-share * (towards - near / dt_s) / dt_s)
    if far < NO_WALL and -towards > far / dt_s:
        return float(share * (-towards - far / dt_s) / dt_s)
    return 0.0


@compiled
def ground_forces(
    arm: FloatArray,
    axes: FloatArray,
    state: FloatArray,
    steer: tuple[float, float],
    hub: Vector3,
) -> tuple[Vector3, Vector3]:
    """Force [N] and torque about the centre of mass [N m] of what the ground does without friction: loads along its
    normals, and the pushes of what is raised, which act at the hubs and turn the discs."""
    fx, fy, fz, tx, ty, tz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(4):
        load = state[LOAD, i]
        px, py, pz = load * axes[i, NX], load * axes[i, NY], load * axes[i, NZ]
        ax, ay, az = arm[i, 0], arm[i, 1], arm[i, 2]
        fx, fy, fz = fx + px, fy + py, fz + pz
        tx, ty, tz = tx + ay * pz - az * py, ty + az * px - ax * pz, tz + ax * py - ay * px
        if state[PUSH, i] == 0.0 and state[SIDE, i] == 0.0:
            continue
        angle = steer[0] if i == 0 else steer[1] if i == 1 else 0.0
        cos, sin, twist = math.cos(angle), math.sin(angle), state[TWIST, i]
        ahead = -state[PUSH, i] * cos + state[SIDE, i] * sin
        aside = -state[PUSH, i] * sin - state[SIDE, i] * cos
        px = ahead * axes[i, FX] + aside * axes[i, LX]
        py = ahead * axes[i, FY] + aside * axes[i, LY]
        pz = ahead * axes[i, FZ] + aside * axes[i, LZ]
        ax, ay, az = ax + hub[0], ay + hub[1], az + hub[2]
        fx, fy, fz = fx + px, fy + py, fz + pz
        tx += ay * pz - az * py - twist * axes[i, NX]
        ty += az * px - ax * pz - twist * axes[i, NY]
        tz += ax * py - ay * px - twist * axes[i, NZ]
    return (fx, fy, fz), (tx, ty, tz)


@compiled
def leaning_share(up: Vector3, axes: FloatArray) -> float:
    """Share of its height above the ground at which the side forces of a two-wheeler act: 1 while it stands upright on it,
    kept so by a rider, 0 once it is tipping over; `up` is its up axis."""
    side = 0.0
    for i in range(4):
        side += 0.25 * (up[0] * axes[i, LX] + up[1] * axes[i, LY] + up[2] * axes[i, LZ])
    return min(1.0, max(0.0, (TIPPING - abs(side)) / (TIPPING - BALANCED)))


@compiled
def foot_speeds(
    i: int,
    arm: FloatArray,
    axes: FloatArray,
    down: float,
    leaning: float,
    velocity: Vector3,
    spin: Vector3,
) -> tuple[float, float, float]:
    """How deep the ground under wheel i lies below the centre of mass along its normal [m], and speeds along and across the
    body's heading [m/s] of the point where its tyre's force acts: on the ground, `down` below the centre of mass, and
    sideways a share `leaning` of the depth above it.

    Pitching does not move the foot forward.
    """
    vx, vy, vz = velocity
    wx, wy, wz = spin
    hx, hy, hz = axes[i, FX], axes[i, FY], axes[i, FZ]
    lx, ly, lz = axes[i, LX], axes[i, LY], axes[i, LZ]
    nx, ny, nz = axes[i, NX], axes[i, NY], axes[i, NZ]
    deep = down * nz - (arm[i, 0] * nx + arm[i, 1] * ny)
    low = deep * (1.0 - leaning)
    sx, sy = vx - low * (wy * nz - wz * ny), vy - low * (wz * nx - wx * nz)
    sz = vz - low * (wx * ny - wy * nx)
    to_front = arm[i, 0] * hx + arm[i, 1] * hy - down * hz
    to_left = arm[i, 1] * ly + arm[i, 0] * lx - down * lz
    turning = wz * nz + wx * nx + wy * ny
    along = vx * hx + vy * hy + vz * hz - turning * to_left
    return deep, along, sy * ly + sx * lx + sz * lz + turning * to_front
