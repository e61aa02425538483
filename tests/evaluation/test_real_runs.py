"""Evaluations of the real simulator: every rollout can be repeated to the bit, every fault has its row."""

from __future__ import annotations

import sqlite3
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alpasim.errors import InfrastructureError, PlanError, PluginError, RecordingError, ScenarioError
from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.executor import Executor
from alpasim.evaluation.jobs import Job
from alpasim.evaluation.manifest import read_manifest
from alpasim.evaluation.planning import make_plan
from alpasim.evaluation.report import render
from alpasim.evaluation.verify import verify
from alpasim.recording.reader import read_log
from alpasim.recording.versions import source_fingerprint
from alpasim.rollout import run_rollout
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Bodies, Control, Decision, Observation, RolloutBrief, WorldState

BUILTIN = Path(__file__).parents[2] / "scenarios"
SCENARIO = """
schema: alpasim/scenario@1
title: Behind a car that goes at our speed
tags: {family: lead_vehicle}
road: {straight: {lanes: 2, length_m: 400, speed_limit_kph: 50}}
parameters:
  gap_m: {uniform: [25, 40]}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 36, goal: {s_m: 80}}
actors:
  lead:
    kind: car
    place: {ahead_of: ego, gap_m: $gap_m, speed_kph: 36}
    drive: follow
end: {time_limit_s: 2.5}
expect: [no_collision, stays_on_road]
"""

POLICIES = """
import os, resource, shutil
from pathlib import Path
from alpasim.types import Control, Decision


class Steady:
    def reset(self, brief):
        self.step = 0

    def decide(self, observation):
        self.step += 1
        return self.at(self.step)

    def at(self, step):
        return Decision(control=Control(0.0, 0.05))


class RaisesAtStart(Steady):
    def reset(self, brief):
        raise RuntimeError("not today")


class RaisesWhenMade(Steady):
    def __init__(self):
        raise RuntimeError("no weights")


class RaisesAtSeven(Steady):
    def at(self, step):
        if step == 7:
            raise KeyError("seven")
        return super().at(step)


class Nan(Steady):
    def at(self, step):
        return Decision(control=Control(float("nan"), 0.0))


class Wrong(Steady):
    def at(self, step):
        return "left"


class Leaves(Steady):
    def at(self, step):
        raise SystemExit(0)


class Dies(Steady):
    def at(self, step):
        os.abort()


class Forks(Steady):
    def at(self, step):
        if step == 3 and os.fork() == 0 and os.fork() == 0:
            raise RuntimeError("two children come back, one of them in anger")
        return super().at(step)


class Limits(Steady):
    def reset(self, brief):
        super().reset(brief)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


class Tidies(Steady):
    def at(self, step):
        for log in Path("run").glob("rollouts/*/*.Tidies/*"):
            shutil.rmtree(log)
        return super().at(step)


class Wipes(Steady):
    def at(self, step):
        shutil.rmtree("run", ignore_errors=True)
        return super().at(step)


class Watches(Steady):
    needs = ("objects", "camera:front")


class Moody(Steady):
    def at(self, step):
        return Decision(control=Control(0.0, 0.01 * (os.environ.get("MOOD") == "good")))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a scenario and a file of policies."""
    (tmp_path / "steady.scn.yaml").write_text(SCENARIO)
    (tmp_path / "drivers.py").write_text(textwrap.dedent(POLICIES))
    return tmp_path


def driver(place: Path, name: str) -> str:
    return f"{place / 'drivers.py'}:{name}"


def hashes(run: Path) -> list[tuple[str, str, float]]:
    with sqlite3.connect(run / "results.sqlite") as connection:
        return list(connection.execute("SELECT log, content_hash, score FROM rollouts ORDER BY rollout"))


def test_one_and_two_workers_drive_the_same_and_every_log_repeats(place: Path) -> None:
    plan = make_plan([place], ["idm", driver(place, "Steady")], (0, 1))
    first = evaluate(plan, place / "one", workers=1)
    second = evaluate(plan, place / "two", workers=2)
    assert {row.status for row in first.rows} == {"completed"}
    assert hashes(place / "one") == hashes(place / "two")
    assert len({content for _, content, _ in hashes(place / "one")}) == 4
    assert first.by_policy == second.by_policy
    for row in first.rows:
        log = read_log(first.run_dir / row.log)
        assert log.complete
        found = verify(log, with_policy=True)
        assert found.identical, found
        assert found.steps == len(log.decisions) == 25


def test_a_worker_drives_the_same_whatever_it_drove_before(place: Path) -> None:
    scenarios = [
        place,
        *(BUILTIN / name for name in ("lead_vehicle/hard_brake.scn.yaml", "debris/lost_cargo.scn.yaml")),
    ]
    plan = make_plan(scenarios, ["constant_speed", driver(place, "RaisesAtSeven"), driver(place, "Leaves")], (0,))
    alone = [Executor()(Job.of(rollout, str(place / "alone"))) for rollout in plan.rollouts]
    worker = Executor()
    for rollout in (*reversed(plan.rollouts), *plan.rollouts):
        outcome = worker(Job.of(rollout, str(place / "together")))
        expected = alone[rollout.index]
        assert (outcome.status, outcome.end_reason, outcome.content_hash) == (
            expected.status,
            expected.end_reason,
            expected.content_hash,
        )
    assert {outcome.status for outcome in alone} == {"completed", "policy_error"}
    assert "collision" in {outcome.end_reason for outcome in alone}


def test_the_manifest_says_what_drew_for_cameras_and_nothing_where_there_are_none(place: Path) -> None:
    # The blind drive comes after the one that watches, in the same worker.
    scenario, watching, blind = place / "steady.scn.yaml", driver(place, "Watches"), driver(place, "Steady")
    summary = evaluate(make_plan([scenario], [watching, blind], (0,)), place / "both")
    assert [row.status for row in summary.rows] == ["completed", "completed"]
    drew = [row.outcome.renderer for row in summary.rows if row.outcome is not None]
    assert drew[0].startswith("tiny: pybullet ")
    assert drew[1] == ""
    manifest = read_manifest(place / "both")
    assert manifest is not None
    assert manifest.renderers == (drew[0],)
    evaluate(make_plan([scenario], [blind], (0,)), place / "blind")
    manifest = read_manifest(place / "blind")
    assert manifest is not None
    assert manifest.renderers == ()


def test_a_log_alone_is_enough_to_repeat_its_drive(place: Path) -> None:
    scenario = load_scenario(place / "steady.scn.yaml").concrete(3, {"gap_m": 33.0})
    run_rollout(scenario, Steady, policy_reference="steady", out_dir=place / "out")
    log = (place / "out" / "rollout.mcap").read_bytes()
    (place / "steady.scn.yaml").unlink()
    elsewhere = place / "elsewhere.mcap"
    elsewhere.write_bytes(log)
    assert verify(read_log(elsewhere)).identical


class Steady:
    """Goes straight on."""

    def reset(self, brief: RolloutBrief) -> None:
        """Keeps nothing."""

    def decide(self, observation: Observation) -> Decision:
        return Decision(control=Control(0.0, 0.05 if observation.step >= 0 else 0.0))


class Nudged(Simulation):
    """A simulation in which one actor is one bit faster from step 5 on."""

    def _commit(self, step: int, bodies: Bodies, events: tuple[str, ...]) -> WorldState:
        state = super()._commit(step, bodies, events)
        if step != 5:
            return state
        velocity = state.velocity.copy()
        velocity[1, 0] = np.nextafter(velocity[1, 0], np.inf)
        return replace(state, velocity=velocity)


def test_a_repeat_that_differs_names_step_actor_quantity_and_both_values(place: Path) -> None:
    scenario = load_scenario(place / "steady.scn.yaml").concrete(0)
    run_rollout(scenario, Steady, policy_reference="steady", out_dir=place / "out")
    log = read_log(place / "out")
    found = verify(log, make_simulation=Nudged)
    assert not found.identical
    assert found.difference is not None
    assert (found.difference.step, found.difference.quantity) == (5, "velocity of lead x")
    assert found.difference.logged == repr(float(log.states[5].velocity[1, 0]))
    assert float(found.difference.repeated) == np.nextafter(log.states[5].velocity[1, 0], np.inf)


def test_a_cut_log_is_compared_as_far_as_it_goes(place: Path) -> None:
    longer = SCENARIO.replace("time_limit_s: 2.5", "time_limit_s: 8").replace("s_m: 80", "s_m: 300")
    (place / "steady.scn.yaml").write_text(longer)
    scenario = load_scenario(place / "steady.scn.yaml").concrete(0)
    run_rollout(scenario, Steady, policy_reference="steady", out_dir=place / "out")
    data = (place / "out" / "rollout.mcap").read_bytes()
    (place / "cut.mcap").write_bytes(data[: len(data) // 2])
    log = read_log(place / "cut.mcap")
    found = verify(log)
    assert found.identical
    assert not found.complete
    assert 0 < found.steps < 80


def test_a_log_cut_before_its_first_step_is_not_called_identical(place: Path) -> None:
    run_rollout(load_scenario(place / "steady.scn.yaml").concrete(0), Steady, policy_reference="s", out_dir=place / "o")
    log = read_log(place / "o")
    start = replace(log, states=log.states[:1], decisions=(), controls=(), metrics=(), result=None, complete=False)
    with pytest.raises(RecordingError, match="cut short before its first step"):
        verify(start)


def test_a_policy_that_decides_otherwise_is_noticed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(make_plan([place], [driver(place, "Moody")], (0,)), place / "run")
    log = read_log(next((place / "run" / "rollouts").rglob("rollout.mcap")))
    assert verify(log, with_policy=True).identical
    monkeypatch.setenv("MOOD", "good")
    found = verify(log, with_policy=True)
    assert found.difference is None
    assert found.decision_difference is not None
    assert (found.decision_difference.step, found.decision_difference.quantity) == (0, "decision.control.pedal")


def test_every_way_a_policy_can_break_is_a_row_and_ends_nothing_else(place: Path) -> None:
    expected = {
        "RaisesAtStart": ("policy_error", "not today", 0),
        "RaisesWhenMade": ("policy_error", "no weights", 0),
        "RaisesAtSeven": ("policy_error", "seven", 6),
        "Nan": ("policy_invalid_action", "nan", 0),
        "Wrong": ("policy_invalid_action", "str", 0),
        "Leaves": ("policy_error", "SystemExit", 0),
        "Dies": ("policy_crashed", "SIGABRT", 0),
        "Forks": ("completed", "", 25),
        "Steady": ("completed", "", 25),
    }
    plan = make_plan([place], [driver(place, name) for name in expected], (0,))
    summary = evaluate(plan, place / "run", workers=2)
    for row, (name, (status, said, count)) in zip(summary.rows, expected.items(), strict=True):
        assert row.outcome is not None
        assert (name, row.status, row.outcome.steps) == (name, status, count)
        assert said in row.outcome.error
        assert row.outcome.score == (1.0 if status == "completed" else 0.0) or status == "completed"
        assert "Traceback" in row.outcome.error_traceback or status in ("completed", "policy_crashed")
    log = read_log(place / "run" / summary.rows[2].log)
    assert log.result is not None
    assert (log.complete, log.result.status, len(log.decisions)) == (True, "policy_error", 6)
    assert "seven" in log.result.error_traceback
    assert verify(log).identical
    assert "not today" in render(summary)


def test_a_policy_that_limits_or_removes_its_files_is_no_full_disk(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    plan = make_plan([place], [driver(place, name) for name in ("Limits", "Tidies", "Steady")], (0, 1))
    summary = evaluate(plan, "run", workers=2)
    assert [row.status for row in summary.rows] == ["policy_crashed"] * 4 + ["completed"] * 2
    for row, says in zip(summary.rows, ["File too large"] * 2 + ["No such file"] * 2, strict=False):
        assert row.outcome is not None
        assert says in row.outcome.error
        assert "has the policy limited or removed what it may write?" in row.outcome.error


def test_a_policy_that_removes_the_runs_folder_is_said_to_have(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    with pytest.raises(InfrastructureError, match=r"results\.sqlite: was removed while rollouts were running"):
        evaluate(make_plan([place], [driver(place, "Wipes")], (0, 1)), "run")


def test_a_linked_scenario_and_a_policy_that_walks_away_disturb_nobody(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    Path("links").mkdir()
    Path("links/other.scn.yaml").symlink_to("../steady.scn.yaml")
    Path("walks.py").write_text(
        "import os\n\nfrom alpasim.types import Control, Decision\n\n\nclass Walks:\n"
        "    def reset(self, brief):\n        os.chdir('/')\n\n"
        "    def decide(self, observation):\n        return Decision(control=Control(0.0, 0.0))\n"
    )
    plan = make_plan(["links"], ["walks.py:Walks"], (0, 1))
    summary = evaluate(plan, "run")
    assert [(row.scenario, row.status) for row in summary.rows] == [("other", "completed")] * 2


def test_a_scenario_that_changes_during_a_run_breaks_its_own_rollouts(place: Path) -> None:
    plan = make_plan([place], [driver(place, "Steady")], (0,))
    (place / "steady.scn.yaml").write_text(SCENARIO.replace("[25, 40]", "[25, 41]"))
    summary = evaluate(plan, place / "run")
    assert [row.status for row in summary.rows] == ["scenario_error"]
    assert summary.rows[0].outcome is not None
    assert "plan_changed" in summary.rows[0].outcome.error
    job = Job.of(plan.rollouts[0], str(place / "run"))
    (place / "steady.scn.yaml").write_text("road: [")
    assert Executor()(job).status == "scenario_error"
    (place / "steady.scn.yaml").write_text(SCENARIO)
    (place / "drivers.py").write_text(POLICIES + "\n# edited\n")
    outcome = Executor()(job)
    assert outcome.status == "policy_error"
    assert "plan_changed" in outcome.error


def test_a_resume_after_a_policy_was_edited_is_refused(place: Path) -> None:
    evaluate(make_plan([place], [driver(place, "Steady")], (0,)), place / "run")
    (place / "drivers.py").write_text(POLICIES + "\n# edited\n")
    edited = make_plan([place], [driver(place, "Steady")], (0,))
    with pytest.raises(PlanError, match=r"drivers\.Steady.*its source has changed"):
        evaluate(edited, place / "run", resume=True)


def test_all_faults_of_what_was_asked_for_come_at_once(place: Path) -> None:
    (place / "wrong.scn.yaml").write_text(SCENARIO.replace("speed_limit_kph", "sped_limit_kph"))
    (place / "worse.scn.yaml").write_text(SCENARIO.replace("kind: car", "kind: carr"))
    with pytest.raises(ScenarioError) as caught:
        make_plan([place], ["idm"], (0,))
    assert {Path(fault.file).name for fault in caught.value.faults} == {"wrong.scn.yaml", "worse.scn.yaml"}
    with pytest.raises(PluginError) as unknown:
        make_plan([place / "steady.scn.yaml"], ["idmm", driver(place, "Stedy"), "idm"], (0,))
    assert "did you mean 'idm'" in str(unknown.value)
    assert "Stedy" in str(unknown.value)


def test_scenarios_of_the_same_name_get_folders_of_their_own(place: Path) -> None:
    for folder in ("a", "b"):
        (place / folder).mkdir()
        (place / folder / "steady.scn.yaml").write_text(SCENARIO)
    plan = make_plan([place / "a", place / "b"], ["idm"], (0,))
    assert [scenario.name for scenario in plan.scenarios] == ["a.steady", "b.steady"]
    assert len({rollout.folder for rollout in plan.rollouts}) == 2


def test_the_same_plan_from_another_folder_has_the_same_hash(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_plan([place / "steady.scn.yaml"], [driver(place, "Steady")], (0, 1))
    monkeypatch.chdir(place)
    second = make_plan(["steady.scn.yaml"], ["drivers.py:Steady"], (0, 1))
    assert first.hash == second.hash
    assert first.code["code"] == source_fingerprint()[:32]
