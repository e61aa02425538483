"""Energy without drive: every vehicle rolls freely over every kind of ground, at many angles and speeds, and may not gain any.

What `vehicle_dynamics.py` and the tests share. Counted are motion, height and what springs, bump stops and anti-roll bars hold
on the ground as the wheels feel it. Air and rolling resistance are taken away, so that nothing hides a gain; tyres, dampers,
walls and the box's own contacts stay. Tipping over and coming to rest are part of it.

The engine's velocity lies half a substep behind its place, so motion is counted with the mean of two velocities. What is
left over are the steps in which a wheel comes to an edge: what it takes to lift it is known a substep late.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ground_checks import raised, slope
from proving_ground import Drive, scenario, vehicle

from alpasim.road.unlevel import Bump, Part, Raised
from alpasim.types import Control, FloatArray, VehicleParameters
from alpasim.vehicle.chassis import GRAVITY_MPS2, Chassis, chassis
from alpasim.vehicle.footing import BUMP, COUNT, RISE, SLOPE_X, SLOPE_Y
from alpasim.vehicle.stance import UPRIGHT
from alpasim.vehicle.wheels import BUMP_STOP_M, BUMP_STOP_STIFFNESS, LARGEST_WHEEL_LOAD
from alpasim.world.ego import BodyState

EDGE_M = 4.0
"""Where an edge, a hole or a bump begins along x."""

_HOLE = Raised(np.array([[EDGE_M, -0.9], [EDGE_M + 1.5, -0.9], [EDGE_M + 1.5, 0.9], [EDGE_M, 0.9]]), -0.3)

GROUNDS: dict[str, list[Part]] = {
    "level": [],
    "off a 0.3 m edge": [raised(0.3, -60.0, EDGE_M)],
    "against a 0.3 m edge": [raised(0.3, EDGE_M, 80.0)],
    "off a 0.12 m kerb": [raised(0.12, -60.0, EDGE_M)],
    "up a 0.12 m kerb": [raised(0.12, EDGE_M, 80.0)],
    "a 0.3 m pothole": [_HOLE],
    "a 0.08 m trench": [raised(-0.08, EDGE_M, EDGE_M + 0.8)],
    "a speed bump": [Bump(EDGE_M + 2.0, 0.0, 0.0, 3.6, 0.1, 50.0, 50.0)],
    "a 15 % grade": list(slope(0.15)),
    "8 % and 6 % across": list(slope(0.08, 0.06)),
    "a slope and a 0.3 m edge": [*slope(0.1, 0.05), raised(0.3, -60.0, EDGE_M)],
}


@dataclass(frozen=True, slots=True)
class Roll:
    """One free roll: how it begins [m, rad, m/s], the wheel, the friction."""

    pose: tuple[float, float, float]
    speed: float
    steer: float
    friction: float


def rolls(model: VehicleParameters, ground: str, count: int) -> Iterator[Roll]:
    """Random rolls that meet what lies ahead, the same ones each time."""
    rng = np.random.default_rng([*ground.encode(), round(model.mass_kg)])
    for _ in range(count):
        angle = math.radians(rng.uniform(-80.0, 80.0))
        speed = math.exp(rng.uniform(math.log(0.7), math.log(min(15.0, model.max_speed_mps))))
        x = EDGE_M - 0.75 * model.length_m * math.cos(angle) - 0.5 - 0.05 * speed + rng.uniform(-0.2, 0.2)
        y = rng.uniform(-0.6, 0.6) - ((EDGE_M - x) * math.tan(angle) if "pothole" in ground else 0.0)
        yield Roll((x, y, angle), speed, float(rng.choice([0.0, 0.0, 0.3, -0.5])), float(rng.choice([0.9, 0.9, 0.3])))


def turn_of(rotation: tuple[float, float, float, float]) -> FloatArray:
    """The rotation (3, 3) of a quaternion x, y, z, w."""
    x, y, z, w = rotation
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def spring_energy(body: Chassis, wheel: int, squeeze: float) -> float:
    """What one spring and its bump stop hold, compressed by `squeeze` [m] beyond the static load [J]; a load at its limit
    grows no further."""
    load, spring, stop = body.static_load[wheel], body.spring[wheel], BUMP_STOP_STIFFNESS * body.spring[wheel]
    limit = ((LARGEST_WHEEL_LOAD - 1.0) * load + stop * BUMP_STOP_M) / (spring + stop)
    within = min(squeeze, limit)
    held = load * within + 0.5 * spring * within**2 + 0.5 * stop * max(within - BUMP_STOP_M, 0.0) ** 2
    return float(held + LARGEST_WHEEL_LOAD * load * (squeeze - within))


def axle_energy(body: Chassis, left: int, squeezed: tuple[float, float]) -> float:
    """What both springs and the bar of an axle hold; a wheel off the ground hangs where its spring and the bar balance [J]."""
    load, spring, bar = body.static_load[left], body.spring[left], body.anti_roll[left]
    one, other = max(squeezed), min(squeezed)
    other = max(other, (bar * one - load) / (spring + bar))
    if load + spring * one + bar * (one - other) < 0.0:
        one = other = -load / spring
    return spring_energy(body, left, one) + spring_energy(body, left, other) + 0.5 * float(bar) * (one - other) ** 2


def stored(body: Chassis, state: BodyState, footing: FloatArray) -> float:
    """What the suspension holds on the ground that its wheels felt there [J]."""
    position, rotation, _, _ = state
    turn = turn_of(rotation)
    if math.hypot(turn[0, 0], turn[1, 0]) <= UPRIGHT:
        return sum(axle_energy(body, left, (-9.0, -9.0)) for left in (0, 2))
    feet = np.stack((body.wheel_x, body.wheel_y, np.full(4, -body.height)), axis=1) @ turn.T
    steep = 1.0 / np.sqrt(1.0 + footing[:, SLOPE_X] ** 2 + footing[:, SLOPE_Y] ** 2)
    smooth = (footing[:, RISE] - position[2] - feet[:, 2]) * steep
    at = [
        smooth[i] + (footing[i, BUMP : BUMP + int(footing[i, COUNT])] if footing[i, COUNT] else np.zeros(1))
        for i in range(4)
    ]
    return sum(
        float(np.mean([axle_energy(body, left, (one, float(at[left + 1].mean()))) for one in at[left]]))
        for left in (0, 2)
    )


def energies(model: VehicleParameters, parts: list[Part], roll: Roll, seconds: float, dt_us: int) -> FloatArray:
    """Energy at every substep of a free roll [J]."""
    body = chassis(model)
    inertia = np.array([model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2])
    scene = scenario(
        vehicle_=model, speed=roll.speed, parts=parts, pose=roll.pose, friction=roll.friction, dt_us=dt_us, substeps=1
    )
    states, held = [], []
    with Drive(scene) as drive:
        ego = drive.world._ego
        for _ in range(round(seconds * 1e6 / dt_us)):
            states.append(ego.body_state())
            drive.step(Control(roll.steer, 0.0))
            held.append(stored(body, states[-1], ego._footing))
        states.append(ego.body_state())
    found = []
    for before, after, springs in zip(states, states[1:], held, strict=False):
        velocity = 0.5 * (np.array(before[2]) + np.array(after[2]))
        spin = 0.5 * turn_of(before[1]).T @ (np.array(before[3]) + np.array(after[3]))
        motion = 0.5 * (model.mass_kg * velocity @ velocity + inertia @ spin**2)
        found.append(motion + model.mass_kg * GRAVITY_MPS2 * before[0][2] + springs)
    return np.array(found)


def largest_rise(values: FloatArray) -> float:
    """The most that a series ever rises above what it was before."""
    return float((values - np.minimum.accumulate(values)).max())


def gains(name: str, ground: str, count: int, seconds: float = 5.0, dt_us: int = 10_000) -> list[float]:
    """What a vehicle gains at most on a kind of ground in each of `count` rolls, as a share of the energy at hand: that of its
    motion at the start and of a fall of half a metre."""
    model = vehicle(name, drag_area_m2=0.0, rolling_resistance=0.0)
    found = []
    for roll in rolls(model, ground, count):
        at_hand = model.mass_kg * (0.5 * roll.speed**2 + 0.5 * GRAVITY_MPS2)
        found.append(largest_rise(energies(model, GROUNDS[ground], roll, seconds, dt_us)) / at_hand)
    return found


def gained(name: str, ground: str, count: int, seconds: float = 5.0, dt_us: int = 10_000) -> float:
    """The most of `gains`."""
    return max(gains(name, ground, count, seconds, dt_us))


def mean_gain(name: str, ground: str, count: int, dt_us: int) -> float:
    """The mean of `gains` in 3 s."""
    return float(np.mean(gains(name, ground, count, 3.0, dt_us)))
