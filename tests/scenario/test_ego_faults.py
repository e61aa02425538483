"""Faults of the ego as a scenario file writes them: what they become, and what is said of wrong ones."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from alpasim.errors import ScenarioError
from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import EgoFault, Scenario
from alpasim.scenario.loading import find_scenarios, load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

BRAKE_LOSS = next(file for file in find_scenarios([Path("builtin")]) if file.name == "brake_loss.scn.yaml")


def loaded(tmp_path: Path, faults: str) -> Scenario:
    text = BRAKE_LOSS.read_text(encoding="utf-8").replace("brake_loss: {from_s: $loss_at_s, strength: $loss}", faults)
    text = text.replace("  loss: {uniform: [0.5, 0.6]}\n  loss_at_s: {uniform: [1.0, 2.5]}\n", "")
    path = tmp_path / "one.scn.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path).concrete(0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("brake_loss: {from_s: 2, for_s: 3, strength: 0.5}", EgoFault("brake_loss", 2_000_000, 5_000_000, 0.5)),
        ("puncture: {wheel: rear_left}", EgoFault("puncture", 0, None, 1.0, 2)),
        ("stuck_throttle: {from_s: 1.5, strength: 0.3}", EgoFault("stuck_throttle", 1_500_000, None, 0.3)),
        ("steering_play: {play_deg: 2}", EgoFault("steering_play", 0, None, math.radians(2.0))),
        ("actuator_delay: {delay_s: 0.3}", EgoFault("actuator_delay", 0, None, 0.3)),
    ],
)
def test_what_is_written_becomes_si(tmp_path: Path, written: str, expected: EgoFault) -> None:
    assert loaded(tmp_path, written).faults == (expected,)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("brake_los: {strength: 0.5}", "did you mean 'brake_loss'"),
        ("brake_loss: {strength: 1.5}", "expected at most 1"),
        ("brake_loss: {from_ms: 3}", "expected from_s"),
        ("puncture: {wheel: front_lefft}", "did you mean 'front_left'"),
        ("puncture: {strength: 1}", "missing key 'wheel'"),
        ("steering_play: {play: 2}", "expected play_deg"),
        ("actuator_delay: {delay_s: 0.25}", "whole multiple of the control step"),
        ("brake_loss: {from_s: 2.01, for_s: 0.05}", "no control step begins between 2.01 and 2.06 s"),
        ("sensor_blackout: {from_s: 0.15, for_s: 0.05}", "no control step begins between 0.15 and 0.2 s"),
        ("brake_loss: {}\n    puncture: {wheel: rear_left}", "expected exactly one of"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, written: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(tmp_path, written)
    assert told in str(caught.value)
    assert "faults[0]" in str(caught.value)


def test_the_state_tells_when_a_fault_begins_and_ends(tmp_path: Path) -> None:
    simulation = Simulation(loaded(tmp_path, "brake_loss: {from_s: 0.5, for_s: 0.4, strength: 0.5}"))
    simulation.reset()
    told = {}
    for _ in range(12):
        state = simulation.step(Decision(control=Control(0.0, 0.0))).after
        told.update(dict.fromkeys(state.events, state.step))
    simulation.close()
    assert told == {"fault:brake_loss:begin": 6, "fault:brake_loss:end": 10}


@pytest.mark.parametrize(("policy", "passes"), [("idm", True), ("constant_speed", False), ("always_brake", False)])
def test_brake_loss_tells_drivers_apart(policy: str, passes: bool) -> None:
    for seed in range(3):
        result = run_rollout(load_scenario(BRAKE_LOSS).concrete(seed), load_policy(policy), policy_reference=policy)
        assert result.status == "completed"
        assert result.passed is passes, (seed, result.end_reason, result.margin)
