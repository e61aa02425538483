"""A crash under full braking is the same crash as one without: the dip of the nose must not throw the other car up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

SCENARIO = """schema: alpasim/scenario@1
title: A car stands in the lane
road: {{straight: {{lanes: 3, length_m: 400, speed_limit_kph: 250}}}}
environment: {{friction: 0.9}}
ego: {{vehicle: sedan, lane: 2, s_m: 60, speed_mps: {speed}, goal: {{s_m: 380}}}}
actors:
  standing: {{kind: car, place: {{lane: 2, s_m: {s:.4f}}}, drive: parked}}
end: {{time_limit_s: 60}}
"""


@pytest.mark.parametrize("speed", [20, 25, 35])
def test_a_braking_ego_hits_as_hard_as_momentum_says_and_lifts_nobody(speed: int, tmp_path: Path) -> None:
    for phase in np.linspace(0.0, 1.0, 5):
        file = tmp_path / "standing.scn.yaml"
        file.write_text(SCENARIO.format(speed=speed, s=100.0 + phase), encoding="utf-8")
        scenario = load_scenario(file).concrete(0)
        simulation = Simulation(scenario)
        simulation.reset()
        while not simulation.state.contacts:
            braking = simulation.state.position[0, 0] > 80.0
            simulation.step(Decision(control=Control(0.0, -1.0 if braking else 0.0)))
        contact = simulation.state.contacts[0]
        ego, other = scenario.ego.vehicle, scenario.actors[0]
        bounce = 1.0 + ego.restitution * other.restitution
        reduced = ego.mass_kg * other.mass_kg / (ego.mass_kg + other.mass_kg)
        assert contact.impulse_ns == pytest.approx(bounce * reduced * contact.closing_speed_mps, rel=0.05)
        highest, fastest_up = 0.0, 0.0
        for _ in range(10):
            simulation.step(Decision(control=Control(0.0, -1.0)))
            fastest_up = max(fastest_up, float(simulation.state.velocity[1, 2]))
            highest = max(highest, float(simulation.state.position[1, 2]))
        simulation.close()
        assert fastest_up < 1.0
        assert highest < 0.5 * other.extent[2] + 0.15
