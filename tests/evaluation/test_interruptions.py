"""Killed or interrupted at any moment, an evaluation loses nothing and repeats nothing."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from fake_rollouts import RUNNER, plan_of
from test_evaluate import journal, results

from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.store import CLAIMED, STORE_NAME, read_rows
from alpasim.evaluation.summary import read_summary

HERE = Path(__file__).parent
SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from fake_rollouts import RUNNER, plan_of
from alpasim.evaluation.evaluate import evaluate
summary = evaluate(plan_of({scenarios}, {policies!r}, {seeds}), sys.argv[1], workers=2, resume=True, runner=RUNNER)
print("done", sum(row.status == "completed" for row in summary.rows), "of", len(summary.rows))
sys.exit(summary.exit_code())
"""


@pytest.fixture(autouse=True)
def hangups_arrive():
    """A process started by nohup ignores SIGHUP, and so would all that these tests start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def start(run: Path, scenarios: int, policies: tuple[str, ...], seeds: int, before: str = "") -> subprocess.Popen[str]:
    """An evaluation in a process of its own, which first runs the statements in `before`."""
    code = before + SCRIPT.format(here=str(HERE), scenarios=scenarios, policies=policies, seeds=seeds)
    command = [sys.executable, "-c", code, str(run)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(run: Path, count: int) -> None:
    """Until that many rollouts have been run."""
    for _ in range(600):
        if (run / "journal.txt").exists() and sum(journal(run).values()) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the evaluation does not get on")


def wait_until_running(run: Path, count: int) -> None:
    """Until that many workers have a rollout; between two policies they are replaced and have none."""
    for _ in range(600):
        with contextlib.closing(sqlite3.connect(run / STORE_NAME)) as connection:
            (running,) = connection.execute("SELECT count(*) FROM rollouts WHERE status = ?", (CLAIMED,)).fetchone()
        if running == count:
            return
        time.sleep(0.05)
    raise AssertionError("the evaluation does not get on")


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


@linux
def test_kills_at_random_moments_lose_and_repeat_nothing(tmp_path: Path) -> None:
    run, calm = tmp_path / "killed", tmp_path / "calm"
    size = (10, ("slow", "slow-b"), 8)
    rng = random.Random(3)
    for kill in range(6):
        process = start(run, *size)
        wait_for(run, 15 * kill + rng.randrange(1, 15))
        workers = children_of(process.pid)
        recorded = {row.rollout for row in read_rows(run) if row.outcome is not None}
        process.kill()
        process.communicate()
        for _ in range(100):
            if not any(is_there(worker) for worker in workers):
                break
            time.sleep(0.02)
        assert not any(is_there(worker) for worker in workers), "a worker outlives its parent"
        assert recorded <= {row.rollout for row in read_rows(run) if row.outcome is not None}
    process = start(run, *size)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert "done 160 of 160" in output
    ran = journal(run)
    assert set(ran) == set(range(160))
    # A rollout that had just ended when the parent died, unrecorded, runs once more: at most one a worker and kill.
    assert sum(ran.values()) <= 160 + 2 * 6
    evaluate(plan_of(*size), calm, workers=2, runner=RUNNER)
    assert results(run) == results(calm)


@linux
def test_workers_killed_at_random_change_nothing(tmp_path: Path) -> None:
    run, calm = tmp_path / "killed", tmp_path / "calm"
    size = (5, ("slow", "slow-b"), 10)
    process = start(run, *size)
    rng = random.Random(4)
    for kill in range(8):
        wait_for(run, 10 * kill)
        victims = children_of(process.pid)
        if victims:
            os.kill(rng.choice(victims), signal.SIGKILL)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    evaluate(plan_of(*size), calm, workers=2, runner=RUNNER)
    assert results(run) == results(calm)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_interruption_finishes_what_runs_and_can_be_resumed(number: signal.Signals, tmp_path: Path) -> None:
    process = start(tmp_path, 10, ("slow",), 20)
    wait_for(tmp_path, 5)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    done = {row.rollout for row in read_rows(tmp_path) if row.outcome is not None}
    assert done == set(journal(tmp_path)), "a rollout that was running was not recorded"
    assert 5 <= len(done) < 200
    assert read_summary(tmp_path).remaining == 200 - len(done)
    summary = evaluate(plan_of(10, ("slow",), 20), tmp_path, workers=2, runner=RUNNER, resume=True)
    assert summary.remaining == 0
    assert journal(tmp_path) == Counter(range(200))


def test_an_interruption_does_not_wait_for_a_rollout_that_hangs(tmp_path: Path) -> None:
    process = start(tmp_path, 1, ("fine", "sleeps"), 2)
    wait_for(tmp_path, 2)
    wait_until_running(tmp_path, 2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert [row.status for row in read_rows(tmp_path)] == ["completed", "completed", "planned", "planned"]


def test_a_second_interruption_stops_at_once(tmp_path: Path) -> None:
    process = start(tmp_path, 1, ("fine", "sleeps"), 2)
    wait_for(tmp_path, 2)
    wait_until_running(tmp_path, 2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert read_summary(tmp_path).remaining == 2


@pytest.mark.parametrize("kilobytes", [40, 70, 130, 260])
def test_a_full_disk_keeps_what_was_recorded_and_a_resume_finishes(kilobytes: int, tmp_path: Path) -> None:
    run, calm = tmp_path / "full", tmp_path / "calm"
    size = (5, ("fine",), 20)
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes * 1024}, {kilobytes * 1024}))\n"
    process = start(run, *size, before=limit)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "InfrastructureError" in output, output
    summary = evaluate(plan_of(*size), run, workers=2, runner=RUNNER, resume=True)
    assert summary.remaining == 0
    evaluate(plan_of(*size), calm, workers=2, runner=RUNNER)
    assert results(run) == results(calm)


@linux
def test_a_closed_terminal_stops_the_run_and_it_can_be_resumed(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    code = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n" + SCRIPT.format(
        here=str(HERE), scenarios=10, policies=("slow",), seeds=20
    ).replace("resume=True", "resume=True, progress=progress_for(200, 0)").replace(
        "from alpasim", "from alpasim.evaluation.progress import progress_for\nfrom alpasim", 1
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    os.set_blocking(controller, False)
    shown = b""
    for _ in range(600):
        with contextlib.suppress(BlockingIOError):
            shown += os.read(controller, 2**16)
        if (tmp_path / "journal.txt").exists() and sum(journal(tmp_path).values()) > 5:
            break
        time.sleep(0.05)
    os.close(controller)
    process.wait(timeout=30)
    assert b"\x1b[" in shown, "a terminal gets a bar"
    done = {row.rollout for row in read_rows(tmp_path) if row.outcome is not None}
    assert done == set(journal(tmp_path))
    assert 5 < len(done) < 200
    evaluate(plan_of(10, ("slow",), 20), tmp_path, workers=2, runner=RUNNER, resume=True)
    assert journal(tmp_path) == Counter(range(200))


def test_a_second_process_is_refused_while_the_first_one_runs(tmp_path: Path) -> None:
    first = start(tmp_path, 1, ("slow",), 200)
    wait_for(tmp_path, 3)
    second = start(tmp_path, 1, ("slow",), 200)
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"process {first.pid} on" in output
    first.kill()
    first.communicate()
    third = start(tmp_path, 1, ("slow",), 200)
    output, _ = third.communicate(timeout=60)
    assert third.returncode == 0, output
