"""Rollouts that cost nothing, for workers: what they do is said by the policy's name, what they give by the job alone."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from alpasim.errors import InfrastructureError
from alpasim.evaluation.jobs import Job, Outcome
from alpasim.evaluation.plan import Plan, PlannedPolicy, PlannedScenario

RUNNER = "fake_rollouts:Fake"
COMPILES = "fake_rollouts:Compiles"


class Fake:
    """A runner: drives nothing, and writes one line into `journal.txt` of the run for every rollout it has finished."""

    def __call__(self, job: Job) -> Outcome:
        behaviour = getattr(self, job.policy.partition("-")[0], None)
        if behaviour is not None:
            behaviour(job)
        outcome = outcome_of(job)
        with (run_dir(job) / "journal.txt").open("a") as journal:
            journal.write(f"{job.index}\n")
        return outcome

    def slow(self, job: Job) -> None:
        time.sleep(0.02)

    def sleeps(self, job: Job) -> None:
        time.sleep(1000.0)

    def deaf(self, job: Job) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ctypes.CDLL(None).sleep(1000)

    def segfault(self, job: Job) -> None:
        ctypes.string_at(0)

    def exits(self, job: Job) -> None:
        os._exit(3)

    def killed(self, job: Job) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def unlucky(self, job: Job) -> None:
        """Dies by an outside hand the first time only."""
        mark = run_dir(job) / f"unlucky-{job.index}"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def forks(self, job: Job) -> None:
        """Leaves a child that holds every pipe open, and dies."""
        if os.fork() == 0:
            time.sleep(30.0)
        os._exit(4)

    def starts(self, job: Job) -> None:
        """Starts a program that would go on for long, says which, and waits."""
        program = subprocess.Popen(["sleep", "1000"])
        (run_dir(job) / "program.txt").write_text(str(program.pid))
        time.sleep(1000.0)

    def dawdles(self, job: Job) -> None:
        time.sleep(1.0)

    def orphans(self, job: Job) -> None:
        """Kills the process that workers are forked from, when others are at work."""
        time.sleep(0.2)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(10.0)

    def floods(self, job: Job) -> None:
        piece = b"x" * 2**16
        for _ in range(16 * 30):
            os.write(1, piece)

    def patches(self, job: Job) -> None:
        """Has every later rollout of its process end otherwise."""
        globals()["outcome_of"] = lambda job: replace(OUTCOME_OF(job), steps=7)

    def redirects(self, job: Job) -> None:
        """Puts in its output's place what cannot be flushed."""
        sys.stdout = 5  # type: ignore[assignment]
        sys.stderr = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w")
        sys.stderr.write("lost")

    def closes(self, job: Job) -> None:
        os.closerange(3, 300)

    def hoards(self, job: Job) -> None:
        """Opens files until there are no more, and keeps them."""
        kept = vars(self).setdefault("kept", [])
        try:
            while True:
                kept.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as cause:
            raise InfrastructureError("the log cannot be written") from cause

    def interrupts(self, job: Job) -> None:
        raise KeyboardInterrupt

    def stopped(self, job: Job) -> None:
        """Is interrupted by an outside hand the first time only."""
        mark = run_dir(job) / f"stopped-{job.index}"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGINT)

    def scribbles(self, job: Job) -> None:
        """Writes into every descriptor it may have."""
        _write_everywhere(b"garbage\n")

    def forges(self, job: Job) -> None:
        """Answers for a rollout that another worker may have."""
        _write_everywhere(b'{"kind": "done", "task": 1000, "outcome": {}}\n{"kind": "ready", "pid": 1}\n')

    def babbles(self, job: Job) -> None:
        """Never ends a line."""
        while True:
            _write_everywhere(b"x" * 2**16)

    def prints(self, job: Job) -> None:
        print(f"hello from {job.index}")
        print("and to stderr", file=sys.stderr)

    def blunders(self, job: Job) -> None:
        raise ZeroDivisionError("in code of our own")

    def full(self, job: Job) -> None:
        raise InfrastructureError("No space left on device")

    def heavy(self, job: Job) -> None:
        """Writes two megabytes."""
        try:
            (run_dir(job) / f"heavy-{job.index}").write_bytes(bytes(2**21))
        except OSError as cause:
            raise InfrastructureError(f"the log cannot be written: {cause}") from cause


class Compiles(Fake):
    """A runner whose kernels have to be compiled first, three of them, in a second and a half."""

    @staticmethod
    def prepared() -> Callable[[], Fake]:
        compiled = iter([1, 1, 2, 3])
        sys.modules["alpasim.compiled"] = SimpleNamespace(count_compiled=lambda: next(compiled, 3))  # type: ignore[assignment]
        time.sleep(1.5)
        return Compiles


class Broken:
    """A runner that cannot be made."""

    def __init__(self) -> None:
        raise ImportError("no module named 'nowhere'")


def _write_everywhere(data: bytes) -> None:
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, data)


def run_dir(job: Job) -> Path:
    return Path(job.out_dir).parents[3]


def outcome_of(job: Job) -> Outcome:
    """A score, metrics and a hash that depend on scenario, policy and seed alone."""
    digest = hashlib.sha256(f"{job.scenario}/{job.policy}/{job.seed}".encode()).digest()
    crashed = digest[0] < 64
    return Outcome(
        status="completed",
        end_reason="collision" if crashed else "goal_reached",
        passed=not crashed,
        score=0.0 if crashed else digest[1] / 255.0,
        steps=digest[2],
        duration_s=digest[2] * 0.1,
        metrics={
            "collision_any": float(crashed),
            "collision_at_fault": float(crashed),
            "offroad": 0.0,
            "offroad_or_collision_at_fault": float(crashed),
            "progress_rel_to_total": digest[3] / 255.0,
            "dist_traveled_m": float(digest[4]),
            "time_to_collision": None if digest[5] < 40 else digest[5] / 50.0,
            "speed_mps": float("inf"),
        },
        expectations=(
            {
                "text": "no_collision",
                "passed": not crashed,
                "value": float(crashed),
                "margin": -1.0 if crashed else 0.0,
            },
        ),
        parameters={"gap_m": 40.5},
        scenario_hash="s" * 64,
        content_hash=digest.hex(),
        wall_s=time.time() % 1.0,
    )


OUTCOME_OF = outcome_of


def plan_of(scenarios: int = 2, policies: tuple[str, ...] = ("fine",), seeds: int = 3) -> Plan:
    """A plan whose files exist nowhere."""
    return Plan(
        scenarios=tuple(
            PlannedScenario(f"scene_{k}", f"/nowhere/scene_{k}.scn.yaml", f"{k}" * 64) for k in range(scenarios)
        ),
        policies=tuple(PlannedPolicy(name, name, f"print of {name}") for name in policies),
        seeds=tuple(range(seeds)),
        code={"alpasim": "0.1.0"},
    )
