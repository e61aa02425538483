"""A street with everything in it that a snapshot has to keep, as a scenario file and driven by fixed decisions."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from alpasim.recording.hashing import state_hash
from alpasim.scenario.concrete import Scenario, Track
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.traffic.replay import ReplayOptions
from alpasim.types import Control, Decision, frozen

STREET = """\
schema: alpasim/scenario@1
title: A lorry runs into a car that stands
road: {straight: {lanes: 2, length_m: 600, speed_limit_kph: 60}}
environment: {friction: 0.8, rain: 0.3}
surfaces: [{kind: ice, friction: 0.15, lane: 1, from_s_m: 104, to_s_m: 140}]
perception: rainy
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 50, goal: {s_m: 550}}
actors:
  stander: {kind: car, place: {lane: 1, s_m: 100}, drive: parked}
  lorry:
    kind: truck
    place: {lane: 1, s_m: 72, speed_kph: 54}
    drive: {path: {speed_kph: 54, waypoints: [{lane: 1, s_m: 400}]}}
  changer: {kind: car, place: {lane: 2, s_m: 45, speed_kph: 45}, drive: {follow: {speed_kph: 45}}}
  walker:
    kind: pedestrian
    place: {lane: 1, s_m: 200, d_m: -4, off_road: true, heading_deg: 90}
    drive: parked
  cone: {kind: cone, place: {lane: 2, s_m: 180, d_m: 1.2}}
events:
  - {name: sets_off, when: {time: {after_s: 1.0}}, then: {walker: {path: {waypoints: [{lane: 2, s_m: 200, speed_kph: 5}]}}}}
  - {name: moves_over, when: {time: {after_s: 2.0}}, then: {changer: {change_lane: {to: right, over_s: 2.0}}}}
  - {name: slows, when: {time: {after_s: 3.0}}, then: {changer: {speed: {to_kph: 20, rate_mps2: 2.0}}}}
end: {time_limit_s: 20}
"""
"""The lorry hits the car within the first 1.5 s, and both slide over ice; the changer changes lanes meanwhile."""


def street() -> Scenario:
    """The scenario of STREET."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "street.scn.yaml"
        file.write_text(STREET, encoding="utf-8")
        return load_scenario(file).concrete(7)


def with_recording(scenario: Scenario) -> Scenario:
    """The scenario with its cone replaced by a car that repeats a recording, there from 0.5 s on."""
    times = np.arange(5, 60, dtype=np.int64) * 100_000
    x = 150.0 + 3.0 * np.arange(len(times))
    lane_2 = scenario.actors[2].pose[1]
    poses = np.column_stack((x, np.full(len(x), lane_2), np.zeros(len(x))))
    track = Track(frozen(times), frozen(poses), frozen(np.full(len(times), 30.0)))
    cone = scenario.actors[4]
    recorded = replace(cone, name="recorded", extent=(4.0, 1.8, 1.5), mass_kg=1400.0, behaviour="replay", track=track)
    recorded = replace(recorded, options=ReplayOptions(id="recorded"))
    return replace(scenario, actors=(*scenario.actors[:4], recorded))


def decision(step: int) -> Decision:
    """Swerves a little and keeps about the same speed."""
    return Decision(control=Control(0.02 * math.sin(0.4 * step), 0.12))


def drive(simulation: Simulation, steps: int, decide: Callable[[int], Decision] = decision) -> bytes:
    """Drive on; returns a hash over all states that come."""
    chain = state_hash(simulation.state)
    for _ in range(steps):
        chain = state_hash(simulation.step(decide(simulation.state.step)).after, chain)
    return chain
