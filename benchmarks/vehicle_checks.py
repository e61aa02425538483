"""Holds the ego's physics against closed forms and prints a table: what was measured, what was expected, by how much
they differ.

    python benchmarks/vehicle_checks.py                 # --vehicle sedan; exit code 1 where a bound is not held

Braking: distance of a full stop against ln(1 + c v^2 / a) / (2 c), c = rho C_d A / (2 m), a = mu g (or, where brakes give
less, the largest brake force over mass plus c_r g), plus the distance of the brakes' lag. The lag is a first-order one of
the brake force: force over mass is min(a, a_b (1 - exp(-t / tau))) with a_b the largest brake force over mass, so grip is reached at t* = -tau ln(1 - a / a_b), and the missing braking
until then costs v0 times t* - (a_b / a) (t* - tau (1 - exp(-t* / tau))).
Cornering: yaw rate against v delta / (L + K v^2), K = (1 / C_f - 1 / C_r) / g from the parameters.
Impact: speed gained by a standing car of equal mass against (1 + e) / 2 v, e the product of the restitutions.
Halving: largest distance between a 10 s drive in substeps of 10 ms and of 5 ms.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

import numpy as np
from proving_ground import Drive, car, scenario, vehicle

from alpasim.types import Contact, Control, FloatArray, VehicleParameters, WorldState
from alpasim.vehicle.actuation import control_for
from alpasim.vehicle.chassis import AIR_DENSITY_KGPM3, GRAVITY_MPS2, chassis

FRICTIONS = (0.1, 0.3, 0.5, 0.8, 1.0)
BRAKING_SPEEDS = (10.0, 20.0, 30.0)
CORNERING = tuple((v, a) for v in (5.0, 10.0, 20.0, 30.0) for a in (1.0, 2.0, 3.0, 3.9) if a / v**2 < 0.1)
RESTITUTIONS = (0.0, 0.1, 0.3)
PHASES = 9


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table; `bound` limits the deviation, relative where `expected` is not 0, absolute otherwise."""

    name: str
    measured: float
    expected: float
    bound: float

    @property
    def deviation(self) -> float:
        """Relative deviation, or the absolute one from an expected 0."""
        return self.measured / self.expected - 1.0 if self.expected else self.measured

    @property
    def held(self) -> bool:
        """Whether the deviation is within its bound."""
        return abs(self.deviation) <= self.bound


def braking_mps2(model: VehicleParameters, friction: float) -> float:
    """Deceleration of full braking without the air's part: grip, or brakes and rolling where these are less."""
    brakes = model.max_brake_force_n / model.mass_kg + model.rolling_resistance * GRAVITY_MPS2
    return min(friction * GRAVITY_MPS2, brakes)


def lag_distance(model: VehicleParameters, speed: float, steady_mps2: float) -> float:
    """Distance that the brakes' lag costs [m], see above; brakes that never reach the grip miss tau a_b of speed."""
    force, lag = model.max_brake_force_n / model.mass_kg, model.brake_lag_s
    if force <= steady_mps2:
        return speed * lag * force / steady_mps2
    reached = -lag * math.log(1.0 - steady_mps2 / force)
    return speed * (reached - force / steady_mps2 * (reached - lag * (1.0 - math.exp(-reached / lag))))


def stopping_distance(model: VehicleParameters, speed: float, friction: float) -> float:
    """The closed form of a full stop [m], lag included."""
    steady = braking_mps2(model, friction)
    drag = AIR_DENSITY_KGPM3 * model.drag_area_m2 / (2.0 * model.mass_kg)
    return math.log(1.0 + drag * speed**2 / steady) / (2.0 * drag) + lag_distance(model, speed, steady)


def braking(model: VehicleParameters, speed: float, friction: float) -> Check:
    """A full stop on level ground."""
    with Drive(scenario(vehicle_=model, speed=speed, friction=friction)) as drive:
        while drive.state.ego.speed_mps > 1e-3:
            drive.step(Control(0.0, -1.0))
        distance = float(drive.state.position[0, 0])
    expected = stopping_distance(model, speed, friction)
    return Check(f"stop from {speed:.0f} m/s, friction {friction} [m]", distance, expected, 0.05)


def coasting(model: VehicleParameters, speed: float) -> Check:
    """Rolling out against air and rolling resistance, with no pedal pressed."""
    with Drive(scenario(vehicle_=model, speed=speed)) as drive:
        while drive.state.ego.speed_mps > 1e-3:
            drive.step(Control(0.0, 0.0))
        distance = float(drive.state.position[0, 0])
    drag = AIR_DENSITY_KGPM3 * model.drag_area_m2 / (2.0 * model.mass_kg)
    expected = math.log(1.0 + drag * speed**2 / (model.rolling_resistance * GRAVITY_MPS2)) / (2.0 * drag)
    return Check(f"rolling out from {speed:.0f} m/s [m]", distance, expected, 0.05)


def cornering(model: VehicleParameters, speed: float, across_mps2: float) -> Check:
    """Steady driving in a circle, held at its speed."""
    gradient = (
        1.0 / model.front_cornering_stiffness_per_rad - 1.0 / model.rear_cornering_stiffness_per_rad
    ) / GRAVITY_MPS2
    angle = across_mps2 * (model.wheelbase_m + gradient * speed**2) / speed**2
    lost = 0.0
    with Drive(scenario(vehicle_=model, speed=speed)) as drive:
        for _ in range(150):
            slow = speed - drive.state.ego.speed_mps
            lost += 0.05 * slow
            drive.step(control_for(angle, slow + lost, drive.state.ego.speed_mps, model))
        ego = drive.state.ego
    expected = ego.speed_mps * angle / (model.wheelbase_m + gradient * ego.speed_mps**2)
    return Check(f"yaw rate at {speed:.0f} m/s, {across_mps2} m/s^2 [rad/s]", ego.yaw_rate_radps, expected, 0.05)


def impact(
    restitution: float, phase: int, across_m: float = 0.0, speed: float = 50.0 / 3.6
) -> tuple[WorldState, WorldState, tuple[Contact, ...]]:
    """The states before and after the ego runs into a standing car of its own mass, and their contact.

    `phase` of PHASES places the car within one substep's travel; the ground has next to no grip, so that nothing else
    acts.
    """
    model = vehicle("sedan", mass_kg=1500.0, restitution=1.0 if restitution else 0.0)
    ahead = 0.5 * (model.length_m + 4.5) + 3.0 + phase * speed * 0.01 / PHASES
    target = car("target", ahead, across_m, restitution=restitution)
    with Drive(scenario(vehicle_=model, speed=speed, friction=0.001, actors=[target])) as drive:
        for _ in range(10):
            before = drive.state
            after = drive.step(Control(0.0, 0.0))
            if after.contacts:
                return before, after, after.contacts
    raise RuntimeError("the two cars never met")


def impacts() -> list[Check]:
    """Speed gained head-on, by restitution and phase, and momentum kept in it."""
    checks = []
    for restitution in RESTITUTIONS:
        for phase in range(PHASES):
            before, after, _ = impact(restitution, phase)
            speed = float(before.velocity[0, 0])
            gained = float(after.velocity[1, 0])
            name = f"impact, e {restitution}, phase {phase + 1} of {PHASES} [m/s]"
            checks.append(Check(name, gained, 0.5 * (1.0 + restitution) * speed, 0.05))
    for across in (0.0, 0.6, 1.2):
        before, after, _ = impact(0.1, 4, across)
        kept = 1500.0 * float(after.velocity[0, 0] + after.velocity[1, 0])
        checks.append(Check(f"momentum, {across} m aside [N s]", kept, 1500.0 * float(before.velocity[0, 0]), 0.01))
    return checks


def manoeuvre(time_s: float) -> Control:
    """Accelerate for 4 s, change lanes to the left and back for 3 s, brake."""
    if time_s < 4.0:
        return Control(0.0, 0.8)
    if time_s < 7.0:
        turn = math.sin(2.0 * math.pi * (time_s - 4.0) / 1.5)
        return Control(0.06 * (turn if time_s < 5.5 else -turn), 0.2)
    return Control(0.0, -0.5)


def driven(model: VehicleParameters, substeps: int, speed: float) -> FloatArray:
    """Places (100, 3) of the box centre in the manoeuvre."""
    with Drive(scenario(vehicle_=model, speed=speed, substeps=substeps)) as drive:
        return np.array([drive.step(manoeuvre(0.1 * k)).position[0] for k in range(100)])


def halving(model: VehicleParameters, speed: float) -> Check:
    """How far half the substep moves the manoeuvre."""
    apart = np.hypot(*(driven(model, 10, speed) - driven(model, 20, speed))[:, :2].T)
    return Check(f"halved substep, 10 s from {speed:.0f} m/s [m]", float(apart.max()), 0.0, 0.05)


def energy(model: VehicleParameters, state: WorldState) -> float:
    """Kinetic energy of the ego and what its springs hold, above standing still [J]."""
    x, y, z, w = (float(part) for part in state.rotation[0])
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    body = chassis(model)
    arm = turn @ np.array([model.centre_of_mass_x_m, 0.0, model.centre_of_mass_height_m - 0.5 * model.height_m])
    velocity = state.velocity[0] + np.cross(state.angular_velocity[0], arm)
    spin = turn.T @ state.angular_velocity[0]
    inertia = np.array([model.roll_inertia_kgm2, model.pitch_inertia_kgm2, model.yaw_inertia_kgm2])
    feet = np.stack((body.wheel_x, body.wheel_y, np.full(4, -body.height)), axis=1) @ turn.T
    squeeze = -(state.position[0, 2] + arm[2] + feet[:, 2])
    bars = body.anti_roll[0] * (squeeze[0] - squeeze[1]) ** 2 + body.anti_roll[2] * (squeeze[2] - squeeze[3]) ** 2
    kinetic = model.mass_kg * velocity @ velocity + inertia @ spin**2
    return float(0.5 * (kinetic + body.spring @ squeeze**2 + bars))


def energies(model: VehicleParameters, speed: float, pedal: float, friction: float) -> FloatArray:
    """Energy (101,) at every step of 10 s of swerving without drive."""
    with Drive(scenario(vehicle_=model, speed=speed, friction=friction)) as drive:
        found = [energy(model, drive.state)]
        for k in range(100):
            found.append(energy(model, drive.step(Control(0.15 * math.sin(0.4 * k), pedal))))
    return np.array(found)


def energy_check(model: VehicleParameters, speed: float, pedal: float, friction: float) -> Check:
    """The largest gain of energy in a step, as a share of what there was at the start."""
    found = energies(model, speed, pedal, friction)
    name = f"energy gained, {speed:.0f} m/s, pedal {pedal}, friction {friction} [share]"
    return Check(name, max(0.0, float(np.diff(found).max() / found[0])), 0.0, 1e-6)


def all_checks(model: VehicleParameters) -> list[Check]:
    """Every row of the table."""
    checks = [braking(model, speed, friction) for friction in FRICTIONS for speed in BRAKING_SPEEDS]
    checks.append(coasting(model, 15.0))
    checks += [cornering(model, speed, across) for speed, across in CORNERING]
    checks += impacts()
    checks += [halving(model, speed) for speed in (0.0, 12.0, 20.0)]
    checks += [energy_check(model, 20.0, pedal, friction) for pedal in (0.0, -0.3) for friction in (0.3, 0.9)]
    return checks


def main() -> int:
    """Print the table; exit code 1 where a bound is not held."""
    parser = argparse.ArgumentParser(description="The ego's physics against closed forms.")
    parser.add_argument("--vehicle", default="sedan")
    checks = all_checks(vehicle(parser.parse_args().vehicle))
    print(f"{'check':52}{'measured':>12}{'expected':>12}{'deviation':>12}{'bound':>10}")
    for check in checks:
        mark = "" if check.held else "   NOT HELD"
        figures = f"{check.measured:12.4f}{check.expected:12.4f}{check.deviation:12.5f}{check.bound:10.4g}"
        print(f"{check.name:52}{figures}{mark}")
    missed = sum(not check.held for check in checks)
    print(f"\n{len(checks) - missed} of {len(checks)} held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
