"""Handling tests on the proving ground: what is driven, what is measured, and the linear single-track model beside it.

Steady circle (ISO 4138, constant speed, slowly growing angle), step steer (ISO 7401), sine with dwell (the steering of
FMVSS 126 and UN R140), and five gentle manoeuvres for the comparison with another package. `vehicle_dynamics.py` makes the
page of them. The linear model is integrated here on its own, from the parameters, and shares no code with the simulator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from proving_ground import Drive, scenario

from alpasim.types import FloatArray, VehicleParameters
from alpasim.vehicle.actuation import control_for

GRAVITY_MPS2 = 9.81
FINE_US = 10_000
"""Control step of the transient tests, one substep each [us]."""


@dataclass(frozen=True)
class Trace:
    """One drive, (k,) each: time, road-wheel angle, speed of the centre of mass, yaw rate; `place` (k, 2) of it, from the start."""

    time_s: FloatArray
    steering: FloatArray
    speed: FloatArray
    yaw_rate: FloatArray
    place: FloatArray

    @property
    def side_mps2(self) -> FloatArray:
        """Lateral acceleration as speed times yaw rate, as at a steady state."""
        return self.speed * self.yaw_rate


def understeer(model: VehicleParameters) -> float:
    """Understeer gradient of the single-track closed form [rad per m/s^2]."""
    front, rear = model.front_cornering_stiffness_per_rad, model.rear_cornering_stiffness_per_rad
    return (1.0 / front - 1.0 / rear) / GRAVITY_MPS2


def angle_for(model: VehicleParameters, speed: float, side_mps2: float) -> float:
    """Road-wheel angle of the closed form for a steady lateral acceleration [rad]."""
    return side_mps2 * (model.wheelbase_m + understeer(model) * speed**2) / speed**2


def drive(
    model: VehicleParameters,
    speed: float,
    seconds: float,
    wheel: Callable[[float], float],
    *,
    gain: Callable[[float], float] | None = None,
    friction: float = 0.9,
    dt_us: int = FINE_US,
) -> Trace:
    """Drive with the wheel angle `wheel(t)` [rad]; the speed is held, or gains `gain(t)` [m/s^2]."""
    rows: list[tuple[float, ...]] = []
    lost = 0.0
    scene = scenario(vehicle_=model, speed=speed, friction=friction, dt_us=dt_us, substeps=dt_us // 10_000)
    with Drive(scene) as car:
        for k in range(round(seconds * 1e6 / dt_us) + 1):
            time, state = k * dt_us * 1e-6, car.state
            yaw, offset = float(state.yaw[0]), model.centre_of_mass_x_m
            place = state.position[0, :2] + offset * np.array([math.cos(yaw), math.sin(yaw)])
            side = float(state.ego.velocity_in_rig[1]) + (offset - model.rear_axle_x_m) * state.ego.yaw_rate_radps
            now = math.hypot(state.ego.speed_mps, side)
            rows.append((time, state.ego.steering_angle_rad, now, state.ego.yaw_rate_radps, *place))
            if gain is None:
                slow = speed - state.ego.speed_mps
                lost += 0.5 * slow * dt_us * 1e-6
                wanted = slow + lost
            else:
                wanted = gain(time)
            car.step(control_for(wheel(time), wanted, state.ego.speed_mps, model))
    table = np.array(rows)
    return Trace(table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4:] - table[0, 4:])


def circle(model: VehicleParameters, speed: float, friction: float) -> Trace:
    """ISO 4138: constant speed, the angle grown slowly until the tyres give no more."""
    last = angle_for(model, speed, friction * GRAVITY_MPS2) + 0.05
    seconds = 60.0
    return drive(model, speed, seconds, lambda t: last * t / seconds, friction=friction, dt_us=100_000)


def measured_understeer(model: VehicleParameters, trace: Trace) -> float:
    """Slope of the angle beyond Ackermann's over lateral acceleration, up to 3 m/s^2 [rad per m/s^2]."""
    until = int(np.argmax(trace.side_mps2 > 3.0))
    linear = (trace.side_mps2 > 0.5) & (np.arange(len(trace.time_s)) < until)
    beyond = trace.steering - model.wheelbase_m * trace.yaw_rate / trace.speed
    return float(np.polyfit(trace.side_mps2[linear], beyond[linear], 1)[0])


def step_steer(model: VehicleParameters, speed: float, side_mps2: float = 4.0) -> Trace:
    """ISO 7401: from straight on, the wheel turned as fast as it goes to the angle of a steady 4 m/s^2, and held."""
    angle = angle_for(model, speed, side_mps2)
    return drive(model, speed, 5.0, lambda t: angle if t >= 1.0 else 0.0)


def dwell(amplitude: float) -> Callable[[float], float]:
    """The wheel of a sine with dwell that begins at 1 s: 0.7 Hz, held for 0.5 s at its second peak."""
    period = 1.0 / 0.7

    def wheel(time: float) -> float:
        t = time - 1.0
        if t > 0.75 * period:
            t = max(0.75 * period, t - 0.5)
        return amplitude * math.sin(2.0 * math.pi * t / period) if 0.0 <= t <= period else 0.0

    return wheel


def sine_with_dwell(model: VehicleParameters, speed: float, times: float) -> Trace:
    """The steering of FMVSS 126, `times` the angle of a steady 0.3 g; foot off the pedals, no stability control."""
    amplitude = times * angle_for(model, speed, 0.3 * GRAVITY_MPS2)
    return drive(model, speed, 6.0, dwell(amplitude), gain=lambda _: 0.0)


def linear_yaw_rate(model: VehicleParameters, trace: Trace) -> FloatArray:
    """Yaw rate of the linear single-track model with the same wheel angle and speed, (k,)."""
    front, rear = (
        model.front_axle_x_m - model.centre_of_mass_x_m,
        model.centre_of_mass_x_m - model.rear_axle_x_m,
    )
    weight = model.mass_kg * GRAVITY_MPS2
    stiff_front = model.front_cornering_stiffness_per_rad * weight * rear / model.wheelbase_m
    stiff_rear = model.rear_cornering_stiffness_per_rad * weight * front / model.wheelbase_m
    side = turn = 0.0
    found = [0.0]
    fine = 20
    for k in range(len(trace.time_s) - 1):
        dt = (trace.time_s[k + 1] - trace.time_s[k]) / fine
        for j in range(fine):
            angle = trace.steering[k] + (trace.steering[k + 1] - trace.steering[k]) * (j + 0.5) / fine
            v = trace.speed[k]
            force_front = stiff_front * (angle - (side + front * turn) / v)
            force_rear = -stiff_rear * (side - rear * turn) / v
            side += dt * ((force_front + force_rear) / model.mass_kg - v * turn)
            turn += dt * (front * force_front - rear * force_rear) / model.yaw_inertia_kgm2
        found.append(turn)
    return np.array(found)


def response(trace: Trace, yaw_rate: FloatArray) -> tuple[float, float, float]:
    """Of a step steer: steady yaw rate, seconds from half the wheel's turn to 90 % of it, overshoot as a share."""
    steady = float(yaw_rate[-100:].mean())
    start = trace.time_s[int(np.argmax(trace.steering >= 0.5 * trace.steering[-1]))]
    reached = trace.time_s[int(np.argmax(yaw_rate >= 0.9 * steady))]
    return steady, float(reached - start), float(yaw_rate.max() / steady - 1.0)


def gentle(model: VehicleParameters) -> dict[str, Trace]:
    """Five manoeuvres that stay below 4 m/s^2."""

    def bend(v: float, side: float) -> float:
        return angle_for(model, v, side)

    def swing(time: float, period: float, angle: float) -> float:
        return angle * math.sin(2.0 * math.pi * time / period)

    return {
        "step to 3.5 m/s², 20 m/s": drive(model, 20.0, 8.0, lambda t: bend(20.0, 3.5) if t > 1.0 else 0.0),
        "slalom, 15 m/s": drive(model, 15.0, 12.0, lambda t: swing(t, 4.0, bend(15.0, 2.5))),
        "lane change and back, 30 m/s": drive(
            model, 30.0, 10.0, lambda t: swing(t, 3.0, bend(30.0, 2.0)) * (1 if t < 3 else -1 if 5 <= t < 8 else 0)
        ),
        "bend while speeding up, 8 m/s": drive(model, 8.0, 10.0, lambda _: bend(12.0, 2.0), gain=lambda _: 0.8),
        "town corner, 6 m/s": drive(model, 6.0, 8.0, lambda t: bend(6.0, 3.0) * max(0.0, min(1.0, t - 1.0, 5.0 - t))),
    }


def braked_bends(model: VehicleParameters) -> dict[str, Trace]:
    """Slowing down into a bend, where models of a tyre's stiffness part: no comparison counts on these."""

    def wheel(time: float, v: float, side: float) -> float:
        return angle_for(model, v, side) * min(1.0, time / 2.0)

    return {
        "slowing at 1 m/s² into a bend": drive(model, 25.0, 8.0, lambda t: wheel(t, 20.0, 2.0), gain=lambda _: -1.0),
        "braking at 2 m/s² into a bend": drive(model, 25.0, 6.0, lambda t: wheel(t, 18.0, 2.5), gain=lambda _: -2.0),
    }
