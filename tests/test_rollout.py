"""A rollout always ends in a result: whoever breaks, the status says so, the traceback is kept, and the log can be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alpasim.errors import InfrastructureError
from alpasim.policy.loading import load_policy
from alpasim.recording.reader import read_log
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.types import Control, Decision, EndReason, Observation, RolloutBrief, Trajectory

ROOT = Path(__file__).parent.parent
HARD_BRAKE = ROOT / "scenarios" / "lead_vehicle" / "hard_brake.scn.yaml"
COAST = Decision(control=Control(0.0, 0.0))


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(HARD_BRAKE).concrete(0)


class Coasts:
    """The base of the drivers here: rolls, and breaks where a subclass says."""

    def reset(self, brief: RolloutBrief) -> None:
        self.step = 0

    def decide(self, observation: Observation) -> Decision:
        self.step = observation.step
        return self.answer(observation)

    def answer(self, observation: Observation) -> Any:
        return COAST


class BreaksAtMaking(Coasts):
    def __init__(self) -> None:
        raise ValueError("no weights here")


class BreaksAtReset(Coasts):
    def reset(self, brief: RolloutBrief) -> None:
        raise FileNotFoundError("weights.onnx")


class BreaksAtOnce(Coasts):
    def answer(self, observation: Observation) -> Any:
        raise KeyError("lane")


class BreaksAtSeven(Coasts):
    def answer(self, observation: Observation) -> Any:
        if self.step == 7:
            raise ZeroDivisionError("seven")
        return COAST


class SaysNan(Coasts):
    def answer(self, observation: Observation) -> Any:
        return Decision(control=Control(0.0, float("nan") if self.step == 3 else 0.0))


class SaysNothing(Coasts):
    def answer(self, observation: Observation) -> Any:
        return None


class SaysAWrongShape(Coasts):
    def answer(self, observation: Observation) -> Any:
        return Decision(trajectory=Trajectory(np.array([0, 10**6]), np.zeros((2, 2))))


class EatsMemory(Coasts):
    def answer(self, observation: Observation) -> Any:
        raise MemoryError


class Leaves(Coasts):
    def answer(self, observation: Observation) -> Any:
        sys.exit(0)


class LeavesOddly(Coasts):
    def answer(self, observation: Observation) -> Any:
        class Odd(BaseException):
            pass

        raise Odd("neither here nor there")


class CannotSayWhy(Coasts):
    def answer(self, observation: Observation) -> Any:
        class Mute(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        raise Mute


class SaysWhatNoFileCanHold(Coasts):
    def answer(self, observation: Observation) -> Any:
        raise ValueError("\ud800")


def drive(scenario: Scenario, policy: type, out: Path | None = None) -> RolloutResult:
    return run_rollout(scenario, policy, policy_reference=policy.__name__, out_dir=out)


@pytest.mark.parametrize(
    ("policy", "status", "steps", "says"),
    [
        (BreaksAtMaking, "policy_error", 0, "no weights here"),
        (BreaksAtReset, "policy_error", 0, "weights.onnx"),
        (BreaksAtOnce, "policy_error", 0, "lane"),
        (BreaksAtSeven, "policy_error", 7, "seven"),
        (SaysNan, "policy_invalid_action", 3, "control.pedal"),
        (SaysNothing, "policy_invalid_action", 0, "return missing"),
        (SaysAWrongShape, "policy_invalid_action", 0, r"(2, 2)"),
        (EatsMemory, "policy_oom", 0, "MemoryError"),
        (Leaves, "policy_error", 0, "left the program: SystemExit: 0"),
        (LeavesOddly, "policy_error", 0, "neither here nor there"),
        (CannotSayWhy, "policy_error", 0, "Mute: no message"),
        (SaysWhatNoFileCanHold, "policy_error", 0, r"\ud800"),
    ],
)
def test_a_policy_that_breaks_ends_its_rollout_with_a_status(
    scenario: Scenario, tmp_path: Path, policy: type, status: str, steps: int, says: str
) -> None:
    result = drive(scenario, policy, tmp_path)
    assert (result.status, result.end_reason, result.steps) == (status, EndReason.POLICY_FAULT, steps)
    assert says in result.error
    assert "Traceback" in result.error_traceback
    assert not result.passed and result.score == 0.0
    log = read_log(tmp_path)
    assert log.complete
    assert log.result is not None and log.result.status == status
    assert len(log.states) == steps + 1


def test_a_fault_of_the_engine_is_not_blamed_on_the_policy(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("our own bug")

    monkeypatch.setattr("alpasim.traffic.engine.Traffic.advance", broken)
    result = drive(scenario, Coasts)
    assert result.status == "infrastructure_error"
    assert "our own bug" in result.error


def test_a_log_that_cannot_be_finished_is_the_machines_fault(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("alpasim.recording.writer.RolloutWriter.finish", full)
    with pytest.raises(InfrastructureError, match=r"cannot be written.*No space left"):
        drive(scenario, SaysNothing, tmp_path)


def test_an_interrupt_is_not_swallowed(scenario: Scenario) -> None:
    class Interrupted(Coasts):
        def answer(self, observation: Observation) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(scenario, Interrupted)


def test_the_same_rollout_twice_has_the_same_content_hash_and_metrics(scenario: Scenario, tmp_path: Path) -> None:
    first, second = (
        run_rollout(scenario, load_policy("idm"), policy_reference="idm", out_dir=tmp_path / name) for name in "ab"
    )
    assert first.content_hash == second.content_hash != ""
    assert first.metrics == second.metrics
    assert first.status == "completed"


def test_another_seed_is_another_drive(tmp_path: Path) -> None:
    logical = load_scenario(HARD_BRAKE)
    hashes = {
        run_rollout(
            logical.concrete(seed), load_policy("idm"), policy_reference="idm", out_dir=tmp_path / str(seed)
        ).content_hash
        for seed in range(3)
    }
    assert len(hashes) == 3


def test_a_completed_drive_is_passed_only_with_every_required_expectation(scenario: Scenario) -> None:
    result = run_rollout(scenario, load_policy("always_brake"), policy_reference="always_brake")
    failed = [one.text for one in result.expectations if not one.passed]
    assert result.status == "completed"
    assert not result.passed and failed == ["reaches_goal"]
    assert result.margin.value < 0.0
