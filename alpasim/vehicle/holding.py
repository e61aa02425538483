"""What each wheel has to hold against hills, wind and raised ground, so that a vehicle stands without creeping.

Answers the force along the ground that tyres have to balance and who of the four takes how much of it: by their loads, and what
is more than one of them can grip goes to the others. Whether the tyres do is `tyres.py`'s.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import GRAVITY_MPS2, MASS, MAX_BRAKE, ROLLS
from alpasim.vehicle.footing import RISE
from alpasim.vehicle.stance import FX, FY, FZ, LX, LY, LZ, NX, NY, NZ, Vector3
from alpasim.vehicle.wheels import ACTUATORS, BRAKE, FRICTION, HANDED, HELD, LOAD

Wind = tuple[float, float, float, float, float]


@compiled
def to_be_held(
    body: FloatArray,
    arm: FloatArray,
    axes: FloatArray,
    state: FloatArray,
    total: float,
    height: float,
    footing: FloatArray,
    force: Vector3,
    torque: Vector3,
    wind: Wind,
    velocity: Vector3,
    dt_s: float,
) -> Vector3:
    """Force [N] that acts along the ground besides tyres and still air, given what the ground's normals give (`force`,
    `torque`); writes what of it each wheel has to hold across, and along in place of wheels that slip, into `state`."""
    outside = (force[0] + wind[0], force[1] + wind[1], force[2] - body[MASS] * GRAVITY_MPS2)
    along = 0.0
    for k in range(3):
        along += (velocity[k] * body[MASS] / dt_s + outside[k]) * axes[0, FX + k]
    twist = torque[0] * axes[0, NX] + torque[1] * axes[0, NY] + torque[2] * axes[0, NZ]
    twist += wind[2] * axes[0, NX] + wind[3] * axes[0, NY] + wind[4] * axes[0, NZ]
    brake_n = state[ACTUATORS, BRAKE] * body[MAX_BRAKE]
    braked = min(1.0, (brake_n + body[ROLLS] * total) / max(abs(along), 1.0))
    handed_along(body, axes, state, total, outside, brake_n, braked)
    held_across(body, height, arm, axes, footing, total, outside, twist, braked, state)
    handed_across(body, axes, state, total, outside, braked)
    return outside


@compiled
def held_across(
    body: FloatArray,
    height: float,
    arm: FloatArray,
    axes: FloatArray,
    footing: FloatArray,
    total: float,
    outside: Vector3,
    twist: float,
    braked: float,
    state: FloatArray,
) -> None:
    """Write the sideways acceleration that each wheel's share of the mass has to be held against into `state` [m/s^2],
    so that all together hold the force `outside` (3,) at the centre of mass and the torque `twist` about the normal.

    Loads, and with them shares, lie about a point beside the centre of mass on a slope; `braked` in [0, 1] says how much
    of the force along is held there too. Tyres act on the ground: `height` of the centre of mass [m] says how far below.
    """
    ahead, left, spread = 0.0, 0.0, 0.0
    turn = twist
    for i in range(4):
        share, down = state[LOAD, i] / total, footing[i, RISE] - height
        x = arm[i, 0] * axes[i, FX] + arm[i, 1] * axes[i, FY] + down * axes[i, FZ]
        y = arm[i, 0] * axes[i, LX] + arm[i, 1] * axes[i, LY] + down * axes[i, LZ]
        ahead += share * x
        left += share * y
        spread += share * x * x
        state[HELD, i] = (outside[0] * axes[i, LX] + outside[1] * axes[i, LY] + outside[2] * axes[i, LZ]) / body[MASS]
        turn -= share * body[MASS] * state[HELD, i] * x
        turn += braked * share * y * (outside[0] * axes[i, FX] + outside[1] * axes[i, FY] + outside[2] * axes[i, FZ])
        turn += share * body[MASS] * state[HANDED, i] * y
    spread -= ahead * ahead
    if spread < 0.01:
        return
    for i in range(4):
        x = arm[i, 0] * axes[i, FX] + arm[i, 1] * axes[i, FY] + (footing[i, RISE] - height) * axes[i, FZ]
        state[HELD, i] += turn * (x - ahead) / (spread * body[MASS])


@compiled
def handed_along(
    body: FloatArray,
    axes: FloatArray,
    state: FloatArray,
    total: float,
    outside: Vector3,
    brake_n: float,
    braked: float,
) -> None:
    """Write what each wheel has to hold along beyond its share of the load into `state` [m/s^2]: what others cannot grip, or below
    0 for those others; nothing where all can, and as much as brakes and grip allow where they cannot all together."""
    missing, room = 0.0, 0.0
    for i in range(4):
        wanted, grip = _along(axes, state, total, outside, braked, i)
        spare = _spare(body, state, total, brake_n, wanted, grip, i)
        if abs(wanted) > grip:
            missing += wanted - math.copysign(grip, wanted)
        else:
            room += spare
    if missing == 0.0 or room == 0.0:
        return
    part = min(abs(missing) / room, 1.0)
    for i in range(4):
        wanted, grip = _along(axes, state, total, outside, braked, i)
        spare = _spare(body, state, total, brake_n, wanted, grip, i)
        if state[LOAD, i] <= 0.0:
            continue
        more = math.copysign(part * spare, missing)
        if abs(wanted) > grip:
            more = math.copysign(grip, wanted) - wanted
        state[HANDED, i] = more * total / (state[LOAD, i] * body[MASS])


@compiled
def _along(
    axes: FloatArray, state: FloatArray, total: float, outside: Vector3, braked: float, i: int
) -> tuple[float, float]:
    """Wheel i's share of the force that brakes hold along, and its grip [N]."""
    ahead = outside[0] * axes[i, FX] + outside[1] * axes[i, FY] + outside[2] * axes[i, FZ]
    return braked * ahead * state[LOAD, i] / total, state[FRICTION, i] * state[LOAD, i]


@compiled
def _spare(
    body: FloatArray, state: FloatArray, total: float, brake_n: float, wanted: float, grip: float, i: int
) -> float:
    """What wheel i can hold along beside what is `wanted` of it already: what its brake and its grip allow [N]."""
    most = min(grip, (brake_n + body[ROLLS + i] * total) * state[LOAD, i] / total)
    return float(max(most - abs(wanted), 0.0))


@compiled
def handed_across(
    body: FloatArray, axes: FloatArray, state: FloatArray, total: float, outside: Vector3, braked: float
) -> None:
    """Give what a wheel cannot hold across, beside what it holds along, to the other one of its axle."""
    for i in range(4):
        j = i ^ 1
        if state[LOAD, i] <= 0.0 or state[LOAD, j] <= 0.0:
            continue
        mass = body[MASS] * state[LOAD, i] / total
        along, grip = _along(axes, state, total, outside, braked, i)
        along += mass * state[HANDED, i]
        left = math.sqrt(max(grip * grip - along * along, 0.0))
        wanted = mass * state[HELD, i]
        if abs(wanted) > left:
            over = wanted - math.copysign(left, wanted)
            state[HELD, i] -= over / mass
            state[HELD, j] += over * total / (body[MASS] * state[LOAD, j])
