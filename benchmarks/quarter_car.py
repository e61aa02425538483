"""A speed bump driven over, against quarter cars whose equation of motion scipy integrates."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from ground_checks import COAST, free_rolling
from proving_ground import Drive, scenario
from scipy.integrate import solve_ivp

from alpasim.road.unlevel import Bump
from alpasim.types import EGO, FloatArray, VehicleParameters
from alpasim.vehicle.chassis import GRAVITY_MPS2


def quarter_car(model: VehicleParameters, bump: Bump, speed: float, time_s: FloatArray) -> FloatArray:
    """Height (k,) above rest of a mass on the sedan's spring and damper that follows the bump's envelope, integrated on its
    own: the bump is so long that the disc touches it in one point, where the slope is that of the disc."""
    natural = 2.0 * math.pi * model.suspension_frequency_hz
    damping = 2.0 * model.suspension_damping_ratio * natural
    radius, half = model.wheel_radius_m, 0.5 * bump.length

    def ground(u: float) -> float:
        return 0.5 * bump.height * (1.0 + math.cos(math.pi * u / half)) if abs(u) < half else 0.0

    def lifted(x: float) -> float:
        return max(ground(x + u) - radius + math.sqrt(radius**2 - u**2) for u in np.linspace(-radius, radius, 201))

    table = np.linspace(-half - radius, half + radius, 1001)
    heights = np.array([lifted(float(x)) for x in table])
    slopes = np.gradient(heights, table)

    def motion(time: float, state: FloatArray) -> list[float]:
        x = speed * time - bump.x
        under, steep = (float(np.interp(x, table, one, 0.0, 0.0)) for one in (heights, slopes))
        force = natural**2 * (under - state[0]) + damping * (steep * speed - state[1])
        return [state[1], max(force, -GRAVITY_MPS2)]

    solved = solve_ivp(motion, (0.0, float(time_s[-1])), [0.0, 0.0], t_eval=time_s, max_step=1e-3, rtol=1e-8)
    return np.asarray(solved.y[0])


def bounced(speed: float, height: float, length: float = 3.6) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Time [s], height of the middle of the car above rest as driven, and after the quarter car (front and rear half, each
    after its axle's way) [m]."""
    model = free_rolling(centre_of_mass_x_m=0.5 * (1.236 - 1.343), pitch_inertia_kgm2=1093.3 * 1.2895**2)
    bump = Bump(10.0, 0.0, 0.0, length, height, 100.0, 100.0)
    heights, times = [], []
    with Drive(scenario(vehicle_=model, speed=speed, parts=[bump], dt_us=10_000, substeps=1)) as drive:
        while drive.state.position[EGO, 0] < 10.0 + 0.5 * length + 2.0 + 1.5 * speed:
            state = drive.step(COAST)
            times.append(state.time_s)
            heights.append(float(state.position[EGO, 2]) - 0.5 * model.height_m)
    time_s = np.array(times)
    # With this pitch inertia the axles move on their own, each like a quarter car.
    axles = [replace(bump, x=bump.x - model.front_axle_x_m), replace(bump, x=bump.x - model.rear_axle_x_m)]
    expected = np.mean([quarter_car(model, axle, speed, time_s) for axle in axles], axis=0)
    return time_s, np.array(heights), expected
