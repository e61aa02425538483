"""Drives the single-track model of commonroad-vehicle-models through recorded steering and speed, in its own environment.

    python peer_single_track.py < drives.json > places.json

Reads a list of drives, each `{"dt_s", "mass_kg", "yaw_inertia_kgm2", "front_m", "rear_m", "height_m", "stiffness",
"steering_rad": […], "speed_mps": […]}` (distances of the axles from the centre of mass), and writes for each the centre of
mass's `[[x, y], …]` at the same times, from the origin along x. Needs the package and the standard library only. The model's
drive is a given acceleration: it takes that of the recorded speed, and its wheel turns as the recorded one does.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from vehiclemodels.parameters_vehicle2 import parameters_vehicle2
from vehiclemodels.vehicle_dynamics_st import vehicle_dynamics_st

FINE = 10
"""Steps of integration (fourth-order Runge-Kutta) within one recorded step."""


def parameters(drive: dict[str, Any]) -> Any:
    """The package's vehicle 2 with the masses, axles and cornering stiffness of the drive, and no limits in the way."""
    p = parameters_vehicle2()
    p.m, p.I_z = drive["mass_kg"], drive["yaw_inertia_kgm2"]
    p.a, p.b, p.h_s = drive["front_m"], drive["rear_m"], drive["height_m"]
    p.tire.p_ky1 = -drive["stiffness"] * p.tire.p_dy1
    p.steering.v_min, p.steering.v_max = -10.0, 10.0
    return p


def places(drive: dict[str, Any]) -> list[list[float]]:
    """Where the package's model goes."""
    p, dt = parameters(drive), drive["dt_s"] / FINE
    steering, speed = drive["steering_rad"], drive["speed_mps"]
    x = [0.0, 0.0, steering[0], speed[0], 0.0, 0.0, 0.0]
    found = [[0.0, 0.0]]
    for k in range(len(steering) - 1):
        inputs = [(steering[k + 1] - steering[k]) / drive["dt_s"], (speed[k + 1] - speed[k]) / drive["dt_s"]]
        for _ in range(FINE):
            a = vehicle_dynamics_st(x, inputs, p)
            b = vehicle_dynamics_st([v + 0.5 * dt * r for v, r in zip(x, a, strict=True)], inputs, p)
            c = vehicle_dynamics_st([v + 0.5 * dt * r for v, r in zip(x, b, strict=True)], inputs, p)
            d = vehicle_dynamics_st([v + dt * r for v, r in zip(x, c, strict=True)], inputs, p)
            x = [v + dt / 6.0 * (e + 2.0 * f + 2.0 * g + h) for v, e, f, g, h in zip(x, a, b, c, d, strict=True)]
        x[2], x[3] = steering[k + 1], speed[k + 1]
        found.append([x[0], x[1]])
    return found


if __name__ == "__main__":
    json.dump([places(drive) for drive in json.load(sys.stdin)], sys.stdout)
