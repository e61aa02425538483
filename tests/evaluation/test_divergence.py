"""A drive whose physics break: its log keeps what led there, the error names the values, and a repeat breaks alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alpasim.evaluation.verify import verify
from alpasim.recording.reader import read_log
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.traffic.engine import Traffic
from alpasim.types import Control, Decision, EndReason, Motion, Observation, RolloutBrief, WorldState
from alpasim.world.ego import Ego

HARD_BRAKE = Path(__file__).parents[2] / "scenarios" / "lead_vehicle" / "hard_brake.scn.yaml"
BREAKS_AT = 7


class Wobbles:
    """Another control at every step, so that a log shows which of them was the last."""

    def reset(self, brief: RolloutBrief) -> None:
        pass

    def decide(self, observation: Observation) -> Decision:
        return Decision(control=Control(0.001 * observation.step, 0.1))


@pytest.fixture
def drive(tmp_path: Path) -> RolloutResult:
    scenario: Scenario = load_scenario(HARD_BRAKE).concrete(0)
    return run_rollout(scenario, Wobbles, policy_reference="wobbles", out_dir=tmp_path)


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A behaviour that asks for 1e300 m."""
    honest = Traffic.advance

    def advance(self: Traffic, state: WorldState) -> Motion:
        motion = honest(self, state)
        if state.step == BREAKS_AT:
            motion.position[1, 0] = 1e300
        return motion

    monkeypatch.setattr(Traffic, "advance", advance)


@pytest.fixture
def no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A force on the ego that is not a number."""
    honest = Ego.begin

    def begin(self: Ego, control: Control, time_us: int) -> None:
        honest(self, control, time_us)
        if time_us == BREAKS_AT * 100_000:
            self._commands[1] = np.nan

    monkeypatch.setattr(Ego, "begin", begin)


@pytest.mark.parametrize(
    ("fault", "actor", "said"),
    [
        ("far_away", "lead", "lead: its behaviour asks for position [1e+300"),
        ("no_number", "ego", "ego: position not finite at step 8: [nan"),
    ],
)
def test_a_diverged_drive_keeps_what_led_to_it(
    request: pytest.FixtureRequest, tmp_path: Path, fault: str, actor: str, said: str
) -> None:
    request.getfixturevalue(fault)
    result: RolloutResult = request.getfixturevalue("drive")
    log = read_log(tmp_path)
    last = log.states[-1]
    row = last.row(actor)
    assert (result.status, result.end_reason) == ("physics_diverged", EndReason.PHYSICS_DIVERGED)
    assert (result.steps, last.step, len(log.decisions)) == (BREAKS_AT, BREAKS_AT, BREAKS_AT)
    assert said in result.error
    assert f"at step 7 (0.70 s) {actor} was still well: position {last.position[row].tolist()}" in result.error
    assert f"velocity {last.velocity[row].tolist()}" in result.error
    assert "the ego's control there: steer 0.007, pedal 0.1, forward" in result.error
    assert log.result is not None and log.result.error == result.error
    assert log.result.unfinished["step"] == BREAKS_AT
    assert log.result.unfinished["decision"]["control"] == log.result.unfinished["control"]
    assert log.result.unfinished["control"] == {"steer": 0.007, "pedal": 0.1}
    assert verify(log).identical


def test_a_repeat_that_does_not_break_where_the_log_did_differs(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request.getfixturevalue("no_number")
    request.getfixturevalue("drive")
    monkeypatch.undo()
    found = verify(read_log(tmp_path))
    assert found.difference is not None
    assert (found.difference.step, found.difference.quantity) == (BREAKS_AT + 1, "whether the physics hold")


def test_a_drive_that_did_not_break_has_nothing_unfinished(drive: RolloutResult, tmp_path: Path) -> None:
    log = read_log(tmp_path)
    assert log.result is not None and log.result.status == drive.status == "completed"
    assert not log.result.unfinished
