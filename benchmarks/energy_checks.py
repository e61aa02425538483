"""Energy without drive: every vehicle rolls freely over every kind of ground, at many angles and speeds, and may not gain any.

What `vehicle_dynamics.py` and the tests share. Counted are motion, height and what springs, bump stops and anti-roll bars hold
on the ground as the wheels feel it, after every substep and from the outside: from poses and velocities, with a formula of its own.
Air and rolling resistance are taken away, so that nothing hides a gain; tyres, dampers, walls and the box's own contacts stay.
Tipping over and coming to rest are part of it.

The engine's velocity lies between two places, so height and springs count with the mean of what they hold at both. `places_gain`
needs no such convention: it compares where and how fast a vehicle began on even ground with where and how fast it goes on there.
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


def free(name: str) -> VehicleParameters:
    """A packaged vehicle without air and rolling resistance."""
    return vehicle(name, drag_area_m2=0.0, rolling_resistance=0.0)


def rolls(model: VehicleParameters, ground: str, count: int, seed: int = 0) -> Iterator[Roll]:
    """Random rolls that meet what lies ahead, the same ones each time."""
    rng = np.random.default_rng([*ground.encode(), round(model.mass_kg), seed])
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


def axle_energy(body: Chassis, left: int, one: FloatArray, other: FloatArray) -> float:
    """What both springs and the bar of an axle hold, compressed so far [m] at each point of the ways of its wheels (k,); a wheel
    off the ground hangs where its spring and the bar balance [J]."""
    load, spring, bar = body.static_load[left], body.spring[left], body.anti_roll[left]
    more, less = max(one.mean(), other.mean()), min(one.mean(), other.mean())
    less = max(less, (bar * more - load) / (spring + bar))
    if load + spring * more + bar * (more - less) < 0.0:
        more = less = -load / spring
    apart = (more - less) * (1.0 if one.mean() >= other.mean() else -1.0)
    held = 0.5 * float(bar) * apart**2
    for i, at, pulled in ((left, one, apart), (left + 1, other, -apart)):
        hanging = -(load + bar * pulled) / spring
        held += float(np.mean([spring_energy(body, i, max(point, hanging)) for point in at]))
    return held


def stored(body: Chassis, state: BodyState, footing: FloatArray) -> float:
    """What the suspension holds on the ground that its wheels feel there [J]."""
    position, rotation, _, _ = state
    turn = turn_of(rotation)
    if math.hypot(turn[0, 0], turn[1, 0]) <= UPRIGHT:
        far = np.array([-9.0])
        return sum(axle_energy(body, left, far, far) for left in (0, 2))
    feet = np.stack((body.wheel_x, body.wheel_y, np.full(4, -body.height)), axis=1) @ turn.T
    steep = 1.0 / np.sqrt(1.0 + footing[:, SLOPE_X] ** 2 + footing[:, SLOPE_Y] ** 2)
    smooth = (footing[:, RISE] - position[2] - feet[:, 2]) * steep
    at = [
        smooth[i] + (footing[i, BUMP : BUMP + int(footing[i, COUNT])] if footing[i, COUNT] else np.zeros(1))
        for i in range(4)
    ]
    return sum(axle_energy(body, left, at[left], at[left + 1]) for left in (0, 2))


def motion_energy(model: VehicleParameters, state: BodyState) -> float:
    """Energy of a body's motion [J]."""
    _, rotation, velocity, spin = state
    turning = turn_of(rotation).T @ np.array(spin)
    inertia = np.array([model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2])
    return float(0.5 * (model.mass_kg * np.dot(velocity, velocity) + inertia @ turning**2))


def rolled(
    model: VehicleParameters, parts: list[Part], roll: Roll, seconds: float, dt_us: int
) -> Iterator[tuple[BodyState, FloatArray]]:
    """State of the body and footing of its wheels after every substep of a free roll, those that were divided included."""
    scene = scenario(
        vehicle_=model, speed=roll.speed, parts=parts, pose=roll.pose, friction=roll.friction, dt_us=dt_us, substeps=1
    )
    found: list[tuple[BodyState, FloatArray]] = []
    with Drive(scene) as drive:
        ego = drive.world._ego
        settle = ego.settle

        def look(before: BodyState, substep_s: float) -> None:
            settle(before, substep_s)
            found.append((ego.body_state(), ego._footing.copy()))

        ego.settle = look  # type: ignore[method-assign]
        for _ in range(round(seconds * 1e6 / dt_us)):
            drive.step(Control(roll.steer, 0.0))
            if not found:
                found.append((ego.body_state(), ego._footing.copy()))
            yield from found
            found.clear()


def energies(model: VehicleParameters, parts: list[Part], roll: Roll, seconds: float, dt_us: int) -> FloatArray:
    """Energy in every substep of a free roll but the first [J]."""
    body = chassis(model)
    found = list(rolled(model, parts, roll, seconds, dt_us))
    moving = np.array([motion_energy(model, state) for state, _ in found])
    high = body.mass * GRAVITY_MPS2 * np.array([state[0][2] for state, _ in found])
    held = high + np.array([stored(body, state, footing) for state, footing in found])
    values: FloatArray = moving[1:] + 0.5 * (held[1:] + held[:-1])
    return values


def largest_rise(values: FloatArray) -> float:
    """The most that a series ever rises above what it was before."""
    return float((values - np.minimum.accumulate(values)).max())


def at_hand(model: VehicleParameters, roll: Roll) -> float:
    """Energy of the motion at the start of a roll and of a fall of half a metre [J]."""
    return model.mass_kg * (0.5 * roll.speed**2 + 0.5 * GRAVITY_MPS2)


def gains(name: str, ground: str, count: int, seconds: float = 5.0, dt_us: int = 10_000, seed: int = 0) -> list[float]:
    """What a vehicle gains at most on a kind of ground in each of `count` rolls, as a share of the energy `at_hand`."""
    model = free(name)
    return [
        largest_rise(energies(model, GROUNDS[ground], roll, seconds, dt_us)) / at_hand(model, roll)
        for roll in rolls(model, ground, count, seed)
    ]


def gained(name: str, ground: str, count: int, seconds: float = 5.0, dt_us: int = 10_000, seed: int = 0) -> float:
    """The most of `gains`."""
    return max(gains(name, ground, count, seconds, dt_us, seed))


def places_gain(name: str, ground: str, count: int, seconds: float = 6.0, dt_us: int = 10_000) -> list[float]:
    """What a vehicle has more of motion and height at the end of a roll than at its start, both with its wheels on even ground and
    its body quiet, as a share of the energy `at_hand`; rolls that end otherwise are left out."""
    model = free(name)
    body, found = chassis(model), []
    for roll in rolls(model, ground, count):
        states = list(rolled(model, GROUNDS[ground], roll, seconds, dt_us))
        (first, _), (last, footing) = states[0], states[-1]
        resting = float(np.ptp([state[0][2] for state, _ in states[-50:]])) < 1e-4
        raised_by = [footing[i, BUMP : BUMP + int(footing[i, COUNT])] for i in range(4)]
        if not resting or max((float(np.ptp(way)) for way in raised_by if len(way)), default=0.0) > 1e-6:
            continue
        even = np.array([float(way.mean()) if len(way) else 0.0 for way in raised_by]) + footing[:, RISE]
        if np.ptp(even) > 1e-6 or 1.0 - 2.0 * (last[1][0] ** 2 + last[1][1] ** 2) < 0.999:
            continue
        high = body.mass * GRAVITY_MPS2 * (last[0][2] - first[0][2])
        found.append((motion_energy(model, last) - motion_energy(model, first) + high) / at_hand(model, roll))
    return found
