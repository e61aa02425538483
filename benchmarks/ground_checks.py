"""Holds the ego on ground that is not level against closed forms (bumps: `quarter_car.py`).

What `vehicle_dynamics.py` and the tests share: slopes, bumps, kerbs, holes, soft and split ground, and reversing. Energy is
that of motion and height; what springs hold for a moment is left out, so it is compared where they are at rest again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from proving_ground import Drive, plain, scenario, vehicle
from vehicle_checks import Check

from alpasim.road.network import RoadNetwork, SurfacePatch
from alpasim.road.unlevel import CrossSlope, Grade, Part, Raised
from alpasim.types import EGO, Control, VehicleParameters, WorldState
from alpasim.vehicle.chassis import AIR_DENSITY_KGPM3, GRAVITY_MPS2

KERB_M = 0.12
KERB_SPEEDS = (2.0, 5.0, 10.0, 15.0, 20.0)
COAST, STAND = Control(0.0, 0.0), Control(0.0, -1.0)


def slope(grade: float = 0.0, cross: float = 0.0) -> tuple[Part, ...]:
    """A hill six kilometres long, by rise over run along x and to the left of it."""
    line = np.array([[-3000.0, 0.0], [3000.0, 0.0]])
    parts: list[Part] = []
    if grade:
        parts.append(Grade(line, 0.0, 6000.0, grade, 1.0))
    if cross:
        parts.append(CrossSlope(line, 0.0, 6000.0, cross, 1.0, -20.0, 20.0))
    return tuple(parts)


def raised(height: float, begin: float, end: float, side: float = 50.0) -> Raised:
    """Everything between two places along x raised (or lowered), as far as `side` to either side."""
    return Raised(np.array([[begin, -side], [end, -side], [end, side], [begin, side]]), height)


def free_rolling(**changes: float) -> VehicleParameters:
    """The sedan without air and rolling resistance."""
    return vehicle("sedan", drag_area_m2=0.0, rolling_resistance=0.0, **changes)


def standing(grade: float, cross: float, seconds: float = 60.0, name: str = "sedan") -> tuple[float, float]:
    """How far a braked vehicle moves in that time [m], and its largest speed after the first 5 s [m/s]."""
    with Drive(scenario(vehicle_=vehicle(name), parts=slope(grade, cross))) as drive:
        start, fastest = drive.state.position[EGO].copy(), 0.0
        while drive.state.time_s < seconds:
            state = drive.step(STAND)
            if state.time_s > 5.0:
                fastest = max(fastest, float(np.abs(state.velocity[EGO]).max()))
        return float(np.abs(drive.state.position[EGO] - start).max()), fastest


def rolled(grade: float, control: Control, friction: float, seconds: float = 5.0) -> float:
    """Speed along a slope of a sedan that began at rest [m/s], uphill positive."""
    with Drive(scenario(parts=slope(grade), friction=friction)) as drive:
        return drive.run(seconds, control).ego.speed_mps * math.hypot(1.0, grade)


def hills(model: VehicleParameters) -> list[Check]:
    """Standing, sliding, rolling and climbing."""
    checks = []
    for grade, cross in ((0.2, 0.0), (0.0, 0.1), (0.2, 0.1)):
        moved, fastest = standing(grade, cross)
        checks.append(Check(f"60 s braked on {grade:.0%} along, {cross:.0%} across [m]", moved, 0.0, 1e-3))
        checks.append(Check("and its speed after 5 s [m/s]", fastest, 0.0, 1e-5))
    angle = math.atan(0.2)
    slid = -GRAVITY_MPS2 * (math.sin(angle) - 0.1 * math.cos(angle)) * 5.0
    checks.append(Check("5 s braked on ice (0.1), 20 % [m/s]", rolled(0.2, STAND, 0.1), slid, 0.02))
    for grade in (0.05, 0.1, 0.2):
        angle = math.atan(grade)
        # Air slows the last metres a little: v = a / k tanh(k t), k^2 = a c.
        pull = GRAVITY_MPS2 * (math.sin(angle) - model.rolling_resistance)
        rate = math.sqrt(pull * 0.5 * AIR_DENSITY_KGPM3 * model.drag_area_m2 / model.mass_kg)
        speed = -pull / rate * math.tanh(5.0 * rate)
        checks.append(Check(f"5 s unbraked on {grade:.0%} [m/s]", rolled(grade, COAST, 0.9), speed, 0.02))
    checks.append(
        Check("60 s unbraked on 1 % (rolling resistance holds) [m/s]", rolled(0.01, COAST, 0.9, 60.0), 0.0, 1e-6)
    )
    return checks


def climbing(model: VehicleParameters, grade: float) -> Check:
    """Speed at which full power climbs a grade, where power over speed is what grade, air and rolling take."""
    angle = math.atan(grade)
    weight = model.mass_kg * GRAVITY_MPS2
    steady = weight * (math.sin(angle) + model.rolling_resistance)
    air = 0.5 * AIR_DENSITY_KGPM3 * model.drag_area_m2
    low, high = 1.0, 200.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if model.max_power_w / middle > steady + air * middle**2 else (low, middle)
    with Drive(scenario(vehicle_=model, speed=low * math.cos(angle), parts=slope(grade))) as drive:
        found = drive.run(40.0, Control(0.0, 1.0)).ego.speed_mps / math.cos(angle)
    return Check(f"climbing {grade:.0%} at full power [m/s]", found, low, 0.02)


def mechanical_energy(model: VehicleParameters, state: WorldState) -> float:
    """Energy of motion and height of the ego [J]."""
    x, y, z, w = (float(part) for part in state.rotation[EGO])
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    arm = turn @ np.array([model.centre_of_mass_x_m, 0.0, model.centre_of_mass_height_m - 0.5 * model.height_m])
    velocity = state.velocity[EGO] + np.cross(state.angular_velocity[EGO], arm)
    spin = turn.T @ state.angular_velocity[EGO]
    inertia = np.array([model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2])
    kinetic = 0.5 * (model.mass_kg * velocity @ velocity + inertia @ spin**2)
    return float(kinetic + model.mass_kg * GRAVITY_MPS2 * (state.position[EGO, 2] + arm[2]))


def crossing(speed: float, parts: Sequence[Part], phase: float = 0.0) -> tuple[float, float]:
    """Energy gained [J] and speed at the end [m/s] of free rolling over what lies before the car, `phase` in [0, 1) of a
    substep's way further on."""
    model = free_rolling()
    start = (-phase * speed * 0.01, 0.0, 0.0)
    with Drive(scenario(vehicle_=model, speed=speed, parts=parts, pose=start)) as drive:
        first = mechanical_energy(model, drive.state)
        state = drive.run(28.0 / speed + 2.0)
        return mechanical_energy(model, state) - first, state.ego.speed_mps


def kerb(speed: float, there_and_down: bool = False) -> tuple[float, float, float]:
    """The largest energy gained [J] over four phases on the way up a kerb (and down again), and least and largest speed at
    the end."""
    parts = [raised(KERB_M, 10.0, 14.0 if there_and_down else 500.0)]
    found = [crossing(speed, parts, phase) for phase in (0.0, 0.25, 0.5, 0.75)]
    speeds = [end for _, end in found]
    return max(gained for gained, _ in found), min(speeds), max(speeds)


def split_braking(friction: float = 0.8, low: float = 0.2) -> Check:
    """Yaw acceleration as full braking begins with the left wheels on slippery ground: difference of brake forces times
    half the track over the yaw inertia, load transfer to the front left out of account by both."""
    model = vehicle("sedan", brake_lag_s=0.0, drag_area_m2=0.0)
    corners = np.array([[-50.0, 0.0], [200.0, 0.0], [200.0, 30.0], [-50.0, 30.0]])
    ice = SurfacePatch(corners, low, "ice")
    with Drive(
        scenario(vehicle_=model, speed=20.0, friction=friction, surfaces=[ice], dt_us=10_000, substeps=1)
    ) as drive:
        rates = [drive.step(STAND).ego.yaw_rate_radps for _ in range(4)]
    moment = 0.5 * (friction - low) * model.mass_kg * GRAVITY_MPS2 * 0.5 * model.track_width_m
    gained = (rates[2] - rates[1]) / 0.01
    return Check("split friction 0.8 / 0.2, yaw acceleration [rad/s²]", gained, -moment / model.yaw_inertia_kgm2, 0.1)


def soft_ground(terrain: str, speed: float = 10.0) -> Check:
    """Deceleration of coasting beside the road [m/s²]: rolling resistance of tyre and ground, and air. Shaking takes more."""
    model = vehicle("sedan")
    road = RoadNetwork(plain(width_m=20.0).lanes, terrain=terrain)
    scene = replace(scenario(speed=speed, pose=(0.0, 40.0, 0.0)), road=road)
    with Drive(scene) as drive:
        before = drive.run(0.5).ego.speed_mps
        after = drive.run(1.0).ego.speed_mps
    air = 0.5 * AIR_DENSITY_KGPM3 * model.drag_area_m2 * (0.5 * (before + after)) ** 2 / model.mass_kg
    closed = (model.rolling_resistance + road.ground.terrain_rolling) * GRAVITY_MPS2 + air
    return Check(f"coasting on {terrain} [m/s²]", before - after, closed, 0.15)


def reversing_circle(steer: float) -> Check:
    """Yaw rate in reverse against v tan(angle) / wheelbase; the wheel to the left turns the car to the right."""
    model = vehicle("sedan")
    with Drive(scenario()) as drive:
        for _ in range(80):
            slow = 2.0 + drive.state.ego.speed_mps
            drive.step(Control(steer, min(1.0, max(0.0, 0.5 * slow)), reverse=True))
        ego = drive.state.ego
    closed = ego.speed_mps * math.tan(steer * model.max_steering_angle_rad) / model.wheelbase_m
    return Check(f"yaw rate reversing, wheel at {steer:+.1f} [rad/s]", ego.yaw_rate_radps, closed, 0.02)


def tripped(speed: float, height: float = 0.15) -> bool:
    """Whether a sedan ends up off its wheels whose side meets a kerb, two decimetres away, while it slides at a speed [m/s]."""
    model = vehicle("sedan")
    side = Raised(np.array([[-500.0, 1.0], [500.0, 1.0], [500.0, 50.0], [-500.0, 50.0]]), height)
    scene = scenario(vehicle_=model, parts=[side], friction=0.05, dt_us=10_000, substeps=1)
    with Drive(scene) as drive:
        ego = drive.world._ego
        position, rotation, _, _ = ego.body_state()
        ego._engine.place(ego.body, position, rotation, (0.0, speed, 0.0), (0.0, 0.0, 0.0))
        state = drive.run(3.0, STAND)
        up = 1.0 - 2.0 * float(state.rotation[EGO, 0] ** 2 + state.rotation[EGO, 1] ** 2)
    return up < 0.5


def trip_speed(model: VehicleParameters) -> float:
    """Least speed at which a rigid body whose wheels are stopped at the ground tips over (angular momentum about the
    wheels kept, then energy up to the balance point) [m/s]."""
    high, half = model.centre_of_mass_height_m, 0.5 * model.track_width_m
    inertia = model.roll_inertia_kgm2 + model.mass_kg * (high**2 + half**2)
    return math.sqrt(2.0 * GRAVITY_MPS2 * inertia * (math.hypot(high, half) - high) / (model.mass_kg * high**2))
