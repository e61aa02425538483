"""Workers are forked from one process: who dies is noticed, who is left behind ends, and nobody holds another's pipes."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_rollouts import RUNNER, plan_of
from test_evaluate import journal, results
from test_interruptions import children_of, is_there, start, wait_for

from alpasim.errors import InputError, ScenarioError
from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.events import Answered, Died, Event
from alpasim.evaluation.jobs import EXECUTOR, Job
from alpasim.evaluation.planning import ask_here
from alpasim.evaluation.questions import FILES, SCENARIO, Question
from alpasim.evaluation.workers import Workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


def nursery_of(pid: int) -> int:
    """The one child of an evaluation's process."""
    (nursery,) = children_of(pid)
    return nursery


def until_idle(workers: Workers, count: int) -> list[Event]:
    """What happens until so many workers are idle."""
    events: list[Event] = []
    until = time.monotonic() + 120.0
    while len(workers.idle) < count:
        assert time.monotonic() < until
        events += workers.wait(0.1)
    return events


@contextlib.contextmanager
def pool(count: int, runner: str = RUNNER) -> Iterator[Workers]:
    with Workers(count, runner, 60.0) as workers:
        until_idle(workers, count)
        yield workers


def pipes_of(pid: int) -> set[str]:
    """Pipes and sockets that a process has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(entry.readlink())
            if target.startswith(("pipe:", "socket:")):
                found.add(target)
    return found


def test_no_worker_holds_a_pipe_of_another_or_of_the_nursery() -> None:
    with pool(3):
        nursery = nursery_of(os.getpid())
        workers = children_of(nursery)
        assert len(workers) == 3
        held = [pipes_of(pid) for pid in (nursery, *workers)]
        assert all(len(pipes) == 3 for pipes in held[1:]), "jobs, results and output"
        for k, pipes in enumerate(held):
            for other in held[k + 1 :]:
                assert not pipes & other


def test_workers_have_sessions_of_their_own_and_one_thread_is_forked() -> None:
    with pool(2):
        nursery = nursery_of(os.getpid())
        workers = children_of(nursery)
        assert len({os.getsid(pid) for pid in (os.getpid(), nursery, *workers)}) == 4
        assert len(list(Path(f"/proc/{nursery}/task").iterdir())) == 1


def test_the_nursery_of_real_rollouts_has_one_thread_too() -> None:
    with pool(1, EXECUTOR):
        assert len(list(Path(f"/proc/{nursery_of(os.getpid())}/task").iterdir())) == 1


def test_a_killed_worker_is_noticed_at_once_and_its_number_is_let_go(tmp_path: Path) -> None:
    with pool(2) as workers:
        first, second = workers.idle
        nursery = nursery_of(os.getpid())
        job = Job.of(plan_of(policies=("sleeps",)).rollouts[0], str(tmp_path))
        workers.give(job, first)
        before = set(children_of(nursery))
        victim = next(worker.pid for worker in workers._workers if worker.number == first)
        os.kill(victim, signal.SIGKILL)
        (died,) = (event for event in until_idle(workers, 2) if isinstance(event, Died))
        assert (died.job, died.signal_number) == (job, signal.SIGKILL)
        assert second in workers.idle
        now = set(children_of(nursery))
        assert len(now) == 2
        assert now - before
        assert victim not in now, "the nursery has reaped it"


def test_a_killed_nursery_changes_no_result(tmp_path: Path) -> None:
    run, calm = tmp_path / "killed", tmp_path / "calm"
    size = (5, ("slow", "slow-b"), 10)
    process = start(run, *size)
    for kill in range(3):
        wait_for(run, 10 + 20 * kill)
        nursery = nursery_of(process.pid)
        workers = children_of(nursery)
        os.kill(nursery, signal.SIGKILL)
        for _ in range(200):
            if not any(is_there(pid) for pid in (nursery, *workers)):
                break
            time.sleep(0.02)
        assert not any(is_there(pid) for pid in workers), "a worker outlives the nursery"
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    evaluate(plan_of(*size), calm, workers=2, runner=RUNNER)
    assert results(run) == results(calm)
    assert set(journal(run)) == set(range(100))


def test_nobody_outlives_a_killed_evaluation(tmp_path: Path) -> None:
    process = start(tmp_path, 10, ("slow",), 20)
    wait_for(tmp_path, 3)
    nursery = nursery_of(process.pid)
    everyone = (nursery, *children_of(nursery))
    assert len(everyone) == 3
    process.kill()
    process.communicate()
    for _ in range(200):
        if not any(is_there(pid) for pid in everyone):
            return
        time.sleep(0.02)
    raise AssertionError("somebody is left")


def test_what_a_policy_has_started_ends_with_a_killed_evaluation_too(tmp_path: Path) -> None:
    process = start(tmp_path, 1, ("starts",), 1)
    said = tmp_path / "program.txt"
    for _ in range(600):
        if said.exists() and said.read_text():
            break
        time.sleep(0.05)
    program = int(said.read_text())
    assert is_there(program)
    process.kill()
    process.communicate()
    for _ in range(200):
        if not is_there(program):
            return
        time.sleep(0.02)
    raise AssertionError("the program is left")


def test_who_was_at_work_when_a_policy_killed_the_nursery_is_not_blamed_for_it(tmp_path: Path) -> None:
    summary = evaluate(plan_of(1, ("orphans", "dawdles"), 1), tmp_path / "two", workers=2, runner=RUNNER)
    assert [row.status for row in summary.rows] == ["policy_crashed", "completed"]
    assert summary.rows[0].outcome is not None
    assert summary.rows[0].outcome.error.startswith(
        "the process that all workers are forked from was ended by signal 9"
    )
    evaluate(plan_of(1, ("orphans", "dawdles"), 1), tmp_path / "one", workers=1, runner=RUNNER)
    assert results(tmp_path / "one") == results(tmp_path / "two")


def test_questions_are_answered_in_order_and_refusals_keep_their_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.scn.yaml"
    broken.write_text("schema: alpasim/scenario@1\nrod: {}\n", encoding="utf-8")
    with pool(2, EXECUTOR) as workers:
        questions = [
            Question(0, FILES, (str(tmp_path),)),
            Question(1, SCENARIO, (str(broken),)),
            Question(2, FILES, (str(tmp_path / "nowhere"),)),
        ]
        files, refused, nowhere = workers.ask(questions)
        assert files == [str(broken)]
        assert isinstance(refused, ScenarioError)
        here = ask_here(questions)
        assert isinstance(here[1], ScenarioError)
        assert refused.faults == here[1].faults
        assert isinstance(nowhere, InputError)
        assert str(nowhere) == str(here[2])
        assert "loading.py" in "".join(refused.__notes__), "the note says where in the worker it was found"
        assert not any(isinstance(event, Answered) for event in workers.wait(0.0))


def said_of_questions() -> list[str]:
    """What is said while three questions are answered; not what is said of kernels, where they have to be compiled first."""
    said: list[str] = []
    with Workers(1, EXECUTOR, 60.0, said.append) as workers:
        workers.ask([Question(k, FILES, ("builtin",)) for k in range(3)])
    return [words for words in said if "kernels" not in words]


def test_whoever_waits_for_many_answers_is_told_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alpasim.evaluation.workers.SAY_EVERY_S", 0.0)
    assert said_of_questions() == [f"read {count} of 3 scenarios and policies" for count in (1, 2)]


def test_what_a_long_start_has_held_up_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = itertools.chain([0.0], itertools.repeat(100.0))
    monkeypatch.setattr("alpasim.evaluation.workers.time", SimpleNamespace(monotonic=lambda: next(now)))
    assert said_of_questions() == ["read 1 of 3 scenarios and policies"]


LIGHT = """
import sys
from alpasim.cli.main import run_app
code = run_app(sys.argv[1:])
heavy = {"numba", "pybullet", "shapely", "scipy", "mcap", "google.protobuf"} & set(sys.modules)
print("code", code, "heavy", sorted(heavy))
"""


def test_the_process_of_an_evaluation_imports_no_engine(tmp_path: Path) -> None:
    words = ["eval", "behind_the_crest", "--policy", "constant_speed", "--out", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "code 0 heavy []", done.stdout
    assert (tmp_path / "run" / "report.html").is_file()
