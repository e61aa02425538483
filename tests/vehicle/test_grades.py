"""The tracker on hills, against the wind and in soft ground: nobody tells it, and it stays with its trajectory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import EGO, Decision, EndReason, FloatArray, Trajectory
from alpasim.vehicle.frames import rig_poses_from_boxes

Law = Callable[[FloatArray], FloatArray]
"""Way driven [m] by time [s]."""


def hill(tmp_path: Path, *, vehicle: str, grade: float, speed: float, more: str = "") -> Simulation:
    """A straight road that rises by `grade` all along, the ego 300 m up it."""
    file = tmp_path / "hill.scn.yaml"
    file.write_text(
        "schema: alpasim/scenario@1\n"
        "title: A hill\n"
        "road: {straight: {lanes: 2, length_m: 1200, speed_limit_kph: 130}}\n"
        f"relief: [{{grade: {{from_s_m: 0, to_s_m: 1200, grade: {grade}}}}}]\n"
        f"ego: {{vehicle: {vehicle}, lane: 1, s_m: 300, speed_mps: {speed}, goal: {{after_s: 300}}}}\n"
        f"end: {{time_limit_s: 400}}\n{more}"
    )
    return Simulation(load_scenario(file).concrete(0))


def follow(simulation: Simulation, law: Law, seconds: float) -> FloatArray:
    """Rows (n, 3) of way driven, distance ahead of the trajectory [m] and speed beyond its own [m/s] at every step."""
    simulation.reset()
    x0, y0 = simulation.state.position[EGO, :2]
    rows = []
    for _ in range(round(seconds / 0.1)):
        times = simulation.state.time_s + np.arange(0.0, 3.05, 0.1)
        boxes = np.stack((x0 + law(times), np.full(times.shape, y0), np.zeros(times.shape)), axis=1)
        rig = rig_poses_from_boxes(boxes, simulation.scenario.ego.vehicle)
        simulation.step(Decision(trajectory=Trajectory(np.round(times * 1e6).astype(np.int64), rig)))
        state = simulation.state
        now, soon = law(np.array([state.time_s, state.time_s + 1e-3]))
        gone = float(state.position[EGO, 0] - x0)
        rows.append((gone, gone - now, float(state.velocity[EGO, 0]) - (soon - now) / 1e-3))
    assert simulation.end_reason in (None, EndReason.OFF_ROAD)
    simulation.close()
    return np.array(rows)


def steady(speed: float) -> Law:
    return lambda times: speed * times


def start(acceleration: float, speed: float) -> Law:
    """Stand for 2 s, then speed up evenly."""

    def law(times: FloatArray) -> FloatArray:
        driven = np.clip(times - 2.0, 0.0, None)
        rising = np.minimum(driven, speed / acceleration)
        return 0.5 * acceleration * rising**2 + speed * (driven - rising)

    return law


def stop(speed: float, deceleration: float) -> Law:
    """Keep a speed for 2 s, then come to a stand."""

    def law(times: FloatArray) -> FloatArray:
        braked = np.clip(times - 2.0, 0.0, speed / deceleration)
        return speed * np.minimum(times, 2.0) + speed * braked - 0.5 * deceleration * braked**2

    return law


HILLS = [
    ("sedan", 0.1, 15.0),
    ("sedan", -0.1, 15.0),
    ("van", 0.1, 12.0),
    ("city_bus", 0.1, 5.0),
    ("city_bus", -0.1, 10.0),
]


@pytest.mark.parametrize(("vehicle", "grade", "speed"), HILLS)
def test_a_steady_speed_is_held_on_a_hill(tmp_path: Path, vehicle: str, grade: float, speed: float) -> None:
    rows = follow(hill(tmp_path, vehicle=vehicle, grade=grade, speed=speed), steady(speed), 12.0)
    assert np.abs(rows[60:, 1]).max() < 0.5
    assert np.abs(rows[60:, 2]).max() < 0.2


@pytest.mark.parametrize("vehicle", ["sedan", "van", "city_bus"])
@pytest.mark.parametrize("grade", [0.1, -0.1])
def test_a_start_on_a_hill_neither_rolls_back_nor_lags(tmp_path: Path, vehicle: str, grade: float) -> None:
    rows = follow(hill(tmp_path, vehicle=vehicle, grade=grade, speed=0.0), start(0.5, 4.0), 14.0)
    assert rows[:, 0].min() > -0.3
    assert np.abs(rows[:, 1]).max() < 0.5
    assert np.abs(rows[-20:, 2]).max() < 0.2


@pytest.mark.parametrize("grade", [0.1, -0.1, 0.2, -0.2, 0.3, -0.3])
def test_a_stop_on_a_hill_ends_in_standing_still(tmp_path: Path, grade: float) -> None:
    rows = follow(hill(tmp_path, vehicle="sedan", grade=grade, speed=8.0), stop(8.0, 1.5), 14.0)
    assert np.abs(rows[-10:, 1]).max() < 0.5
    assert np.ptp(rows[-20:, 0]) < 1e-3


@pytest.mark.parametrize("grade", [0.1, -0.1])
def test_reversing_on_a_hill(tmp_path: Path, grade: float) -> None:
    law = start(0.5, 1.5)
    rows = follow(hill(tmp_path, vehicle="sedan", grade=grade, speed=0.0), lambda times: -law(times), 12.0)
    assert rows[:, 0].max() < 0.3
    assert rows[-1, 0] < -10.0
    assert np.abs(rows[:, 1]).max() < 0.5
    assert np.abs(rows[-20:, 2]).max() < 0.2


@pytest.mark.parametrize(
    "more",
    [
        "environment: {wind_mps: 25, wind_to_deg: 180}\n",
        "surfaces: [{kind: mud, friction: 0.5, course: main, from_s_m: 0, to_s_m: 1200}]\n",
    ],
    ids=["storm ahead", "mud"],
)
def test_wind_and_soft_ground_are_driven_against_as_well(tmp_path: Path, more: str) -> None:
    held = hill(tmp_path, vehicle="sedan", grade=0.0, speed=8.0, more=more)
    rows = follow(held, steady(8.0), 12.0)
    free = hill(tmp_path, vehicle="sedan", grade=0.0, speed=8.0)
    follow(free, steady(8.0), 12.0)
    assert held.state.ego.pedal > 1.3 * free.state.ego.pedal, "something holds it"
    assert np.abs(rows[60:, 1]).max() < 0.5
    assert np.abs(rows[60:, 2]).max() < 0.2
