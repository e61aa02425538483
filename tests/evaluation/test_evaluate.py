"""An evaluation keeps one row a planned rollout, whatever its policies do, and always the same ones."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_rollouts import RUNNER, plan_of

from alpasim.errors import InfrastructureError, InputError, PlanError
from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.jobs import Outcome
from alpasim.evaluation.lock import RunLock
from alpasim.evaluation.store import STORE_NAME, Row, read_rows
from alpasim.evaluation.summary import Summary


def journal(run: Path) -> Counter[int]:
    """How often each rollout was run to its end."""
    return Counter(int(line) for line in (run / "journal.txt").read_text().split())


def results(run: Path) -> list[tuple[object, ...]]:
    """Every column of every row but those that may differ."""
    connection = sqlite3.connect(run / "results.sqlite")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(rollouts)")]
    kept = [name for name in columns if not name.startswith(("wall_", "run_"))]
    rows = list(connection.execute(f"SELECT {', '.join(kept)} FROM rollouts ORDER BY rollout"))
    connection.close()
    assert len(kept) > 15
    return rows


def statuses(summary: Summary) -> dict[str, str]:
    return {row.policy: row.status for row in summary.rows}


def test_every_planned_rollout_gets_its_row(tmp_path: Path) -> None:
    plan = plan_of(scenarios=3, policies=("fine", "other"), seeds=4)
    summary = evaluate(plan, tmp_path, workers=2, runner=RUNNER)
    assert len(summary.rows) == 24
    assert {row.status for row in summary.rows} == {"completed"}
    assert journal(tmp_path) == Counter(range(24))
    assert [row.log for row in summary.rows][:2] == ["rollouts/scene_0/fine/0", "rollouts/scene_0/fine/1"]
    assert summary.exit_code() == 0


def test_one_and_two_workers_give_the_same_results(tmp_path: Path) -> None:
    plan = plan_of(scenarios=3, policies=("fine", "other", "segfault", "raises"), seeds=3)
    first = evaluate(plan, tmp_path / "one", workers=1, runner=RUNNER)
    second = evaluate(plan, tmp_path / "two", workers=2, runner=RUNNER)
    assert results(tmp_path / "one") == results(tmp_path / "two")
    assert first.by_policy == second.by_policy
    assert first.by_scenario == second.by_scenario


def test_a_policy_that_breaks_its_process_ends_its_own_rollouts_only(tmp_path: Path) -> None:
    plan = plan_of(scenarios=1, policies=("segfault", "exits", "forks", "fine"), seeds=1)
    summary = evaluate(plan, tmp_path, workers=1, runner=RUNNER)
    found = {row.policy: row for row in summary.rows}
    assert statuses(summary) == {
        "segfault": "policy_crashed",
        "exits": "policy_crashed",
        "forks": "policy_crashed",
        "fine": "completed",
    }
    for name, said in {"segfault": "SIGSEGV", "exits": "exit code 3", "forks": "exit code 4"}.items():
        outcome = found[name].outcome
        assert outcome is not None
        assert said in outcome.error
        assert outcome.score == 0.0
    segfault = found["segfault"].outcome
    assert segfault is not None
    assert "Segmentation fault" in segfault.error_traceback
    assert "fake_rollouts.py" in segfault.error_traceback
    assert len(summary.broken) == 3
    assert summary.exit_code() == 0
    assert summary.exit_code(strict=True) == 1


@pytest.mark.parametrize("behaviour", ["sleeps", "deaf"])
def test_a_rollout_that_takes_too_long_is_ended(behaviour: str, tmp_path: Path) -> None:
    plan = plan_of(scenarios=1, policies=(behaviour, "fine"), seeds=1)
    summary = evaluate(plan, tmp_path, workers=1, runner=RUNNER, limit_s=0.5)
    assert statuses(summary) == {behaviour: "policy_timeout", "fine": "completed"}
    assert "longer than 0.5 s" in (summary.broken[0].outcome.error if summary.broken[0].outcome else "")


@pytest.mark.parametrize("behaviour", ["scribbles", "forges", "babbles"])
def test_a_policy_that_writes_into_its_workers_pipes_loses_its_own_rollout_only(behaviour: str, tmp_path: Path) -> None:
    plan = plan_of(scenarios=1, policies=(behaviour, "fine"), seeds=2)
    summary = evaluate(plan, tmp_path, workers=2, runner=RUNNER, limit_s=20.0)
    assert statuses(summary) == {behaviour: "policy_crashed", "fine": "completed"}
    for row in summary.broken:
        assert row.outcome is not None
        assert "wrote into the pipe of its results" in row.outcome.error


def outcome_of(row: Row) -> Outcome:
    assert row.outcome is not None
    return replace(row.outcome, wall_s=0.0)


def test_a_policy_that_changes_what_its_process_shares_meets_only_itself(tmp_path: Path) -> None:
    alone = evaluate(plan_of(3, ("honest",), 2), tmp_path / "alone", runner=RUNNER)
    beside = evaluate(plan_of(3, ("patches", "honest", "patches-b"), 2), tmp_path / "beside", workers=2, runner=RUNNER)
    assert {row.status for row in (*alone.rows, *beside.rows)} == {"completed"}
    honest = [row for row in beside.rows if row.policy == "honest"]
    assert [outcome_of(row) for row in honest] == [outcome_of(row) for row in alone.rows]
    assert 7 in [row.outcome.steps for row in beside.rows if row.outcome and row.policy == "patches"]


@pytest.mark.parametrize("behaviour", ["closes", "hoards"])
def test_a_policy_without_descriptors_ends_its_own_rollouts_only(behaviour: str, tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, (behaviour, "fine"), 2), tmp_path, runner=RUNNER)
    assert statuses(summary) == {behaviour: "policy_crashed", "fine": "completed"}
    assert all(row.outcome and "closed its process's files" in row.outcome.error for row in summary.broken)


def test_a_policy_may_put_anything_in_its_outputs_place(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("redirects", "fine"), 2), tmp_path, runner=RUNNER)
    assert statuses(summary) == {"redirects": "completed", "fine": "completed"}


def test_an_interrupted_worker_is_replaced_and_its_rollout_run_again(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("stopped", "interrupts"), 1), tmp_path, runner=RUNNER)
    assert statuses(summary) == {"stopped": "completed", "interrupts": "policy_crashed"}
    assert "SIGINT" in (summary.broken[0].outcome.error if summary.broken[0].outcome else "")


def test_a_worker_killed_from_outside_changes_no_result(tmp_path: Path) -> None:
    undisturbed = plan_of(scenarios=2, policies=("unlucky",), seeds=3)
    for index in range(6):
        (tmp_path / "calm").mkdir(exist_ok=True)
        (tmp_path / "calm" / f"unlucky-{index}").touch()
    evaluate(undisturbed, tmp_path / "calm", workers=2, runner=RUNNER)
    summary = evaluate(undisturbed, tmp_path / "killed", workers=2, runner=RUNNER)
    assert {row.status for row in summary.rows} == {"completed"}
    assert results(tmp_path / "killed") == results(tmp_path / "calm")


def test_a_policy_that_kills_its_own_process_has_crashed(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("killed",), 1), tmp_path, runner=RUNNER)
    assert statuses(summary) == {"killed": "policy_crashed"}
    assert summary.rows[0].outcome is not None
    assert "SIGKILL" in summary.rows[0].outcome.error


def test_a_fault_of_our_own_is_a_row_of_its_own_kind(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("blunders", "fine"), 1), tmp_path, runner=RUNNER)
    assert statuses(summary) == {"blunders": "infrastructure_error", "fine": "completed"}
    outcome = summary.broken[0].outcome
    assert outcome is not None
    assert outcome.error == "ZeroDivisionError: in code of our own"
    assert "Traceback" in outcome.error_traceback


def test_what_a_policy_prints_is_kept_and_capped(tmp_path: Path) -> None:
    evaluate(plan_of(1, ("floods", "prints", "fine"), 1), tmp_path, runner=RUNNER)
    rollouts = tmp_path / "rollouts" / "scene_0"
    flood = (rollouts / "floods" / "0" / "output.txt").read_text()
    assert len(flood) < 2**20 + 100
    assert f"[{30 * 2**20 - 2**20} more bytes dropped]" in flood
    assert sorted((rollouts / "prints" / "0" / "output.txt").read_text().splitlines()) == [
        "and to stderr",
        "hello from 1",
    ]
    assert not (rollouts / "fine" / "0" / "output.txt").exists()


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """This process and those that it starts cannot write beyond `size` bytes of any file, as on a disk with no more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_the_run_and_a_resume_finishes_it(tmp_path: Path) -> None:
    plan = plan_of(1, ("fine", "heavy"), 2)
    for resume in (False, True):
        with (
            files_of_at_most(2**20),
            pytest.raises(InfrastructureError, match=r"storage_full: .*, and here it is: File too"),
        ):
            evaluate(plan, tmp_path, runner=RUNNER, resume=resume)
        assert [row.status for row in read_rows(tmp_path)] == ["completed", "completed", "planned", "planned"]
    assert journal(tmp_path) == Counter([0, 1])
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []
    assert evaluate(plan, tmp_path, runner=RUNNER, resume=True).remaining == 0
    assert journal(tmp_path) == Counter(range(4))


def test_a_log_that_cannot_be_written_on_a_disk_with_room_is_the_policys_failure(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("fine", "full", "fine-b"), 2), tmp_path, workers=2, runner=RUNNER)
    assert [row.status for row in summary.rows] == ["completed"] * 2 + ["policy_crashed"] * 2 + ["completed"] * 2
    assert journal(tmp_path) == Counter([0, 1, 4, 5])
    assert "No space left on device; the disk takes files and it happened 3 times" in summary.broken[0].outcome.error


def test_a_run_that_ended_before_its_first_row_can_be_begun_again(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with pytest.raises(PlanError, match="holds no rollouts: its evaluation ended before the first"):
        read_rows(tmp_path)
    assert evaluate(plan_of(), tmp_path, runner=RUNNER, resume=True).remaining == 0


def test_workers_that_do_not_start_are_said_not_retried_for_ever(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match="no module named 'nowhere'"):
        evaluate(plan_of(), tmp_path, runner="fake_rollouts:Broken")


def test_a_finished_run_is_neither_run_again_nor_overwritten(tmp_path: Path) -> None:
    plan = plan_of()
    evaluate(plan, tmp_path, runner=RUNNER)
    before = results(tmp_path)
    with pytest.raises(PlanError, match="--resume"):
        evaluate(plan, tmp_path, runner=RUNNER)
    evaluate(plan, tmp_path, runner=RUNNER, resume=True)
    assert results(tmp_path) == before
    assert set(journal(tmp_path).values()) == {1}


def test_a_resume_with_another_plan_is_refused_and_says_which_part(tmp_path: Path) -> None:
    plan = plan_of(policies=("fine", "other"))
    evaluate(plan, tmp_path, runner=RUNNER)
    changed = replace(plan.policies[0], fingerprint="another")
    cases = {
        "policy 'fine': its source has changed": replace(plan, policies=(changed, plan.policies[1])),
        "policy 'other': there, but not asked for now": replace(plan, policies=plan.policies[:1]),
        "scenario 'scene_2': asked for now, but not there": plan_of(3, ("fine", "other")),
        "seeds: 0 to 2 there, 0 to 3 now": plan_of(policies=("fine", "other"), seeds=4),
        "alpasim: 0.1.0 there, 0.2.0 now": replace(plan, code={"alpasim": "0.2.0"}),
    }
    for said, other in cases.items():
        with pytest.raises(PlanError, match="belongs to another plan") as caught:
            evaluate(other, tmp_path, runner=RUNNER, resume=True)
        assert said in str(caught.value)


def test_a_second_process_on_the_same_folder_is_refused_with_the_first_ones_name(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(PlanError, match=f"process {os.getpid()} on"):
        evaluate(plan_of(), tmp_path, runner=RUNNER)
    assert not (tmp_path / "results.sqlite").exists()
    evaluate(plan_of(), tmp_path, runner=RUNNER)


def test_a_damaged_store_or_manifest_is_refused(tmp_path: Path) -> None:
    evaluate(plan_of(), tmp_path, runner=RUNNER)
    manifest = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(manifest.replace('"scene_0"', '"scene_9"'))
    with pytest.raises(PlanError, match="changed by hand"):
        evaluate(plan_of(), tmp_path, runner=RUNNER, resume=True)
    (tmp_path / "manifest.json").write_text(manifest)
    (tmp_path / "results.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(PlanError, match=r"results\.sqlite"):
        evaluate(plan_of(), tmp_path, runner=RUNNER, resume=True)


def test_what_is_no_run_is_refused_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="cannot be made"):
        evaluate(plan_of(), file / "run", runner=RUNNER)
    with pytest.raises(InputError, match="workers"):
        evaluate(plan_of(), tmp_path / "run", workers=0, runner=RUNNER)
