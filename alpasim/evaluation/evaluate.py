"""Runs a plan to its end, or as far as it is let, and keeps every outcome.

Answers how plan, store and workers go together: this process alone writes `results.sqlite`, one rollout at a time, each
before its worker gets the next one. Whatever kills it, a resume runs exactly the rollouts that were not recorded.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alpasim.errors import InfrastructureError, InputError, PlanError
from alpasim.evaluation.events import Died, Done, Event, StorageFailed, TimedOut
from alpasim.evaluation.interrupts import Interrupts
from alpasim.evaluation.jobs import EXECUTOR, INFRASTRUCTURE_ERROR, POLICY_CRASHED, POLICY_TIMEOUT, Job, Outcome
from alpasim.evaluation.lock import RunLock
from alpasim.evaluation.manifest import Manifest, machine, now, read_manifest, session, write_manifest
from alpasim.evaluation.plan import Plan, PlannedRollout
from alpasim.evaluation.progress import Progress, Silent
from alpasim.evaluation.store import STORE_NAME, Store, read_rows
from alpasim.evaluation.summary import Summary, read_summary
from alpasim.evaluation.waiting import Waiting
from alpasim.evaluation.worker import LOST_FILES, OWN_FAULT
from alpasim.evaluation.workers import Workers

LIMIT_S = 300.0
"""Wall-clock seconds a rollout may take before its worker is killed."""
GRACE_S = 4.0
"""How long running rollouts may go on after the first interruption."""
MAX_ATTEMPTS = 3
"""A rollout whose worker was killed from outside (by SIGKILL, SIGTERM …) is run again, so that an impatient operator does
not change results; the same death three times is the rollout's own."""
PROBE_NAME, PROBE_BYTES = "probe.part", 2**22
"""A file written to find out whether the disk is full: larger than most logs."""
_NOT_THE_DISK = (
    f"the disk takes files and it happened {MAX_ATTEMPTS} times: has the policy limited or removed what it may write?"
)
_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT})


@dataclass(slots=True)
class _Run:
    """What the loop works on. `attempts` counts each rollout's starts, `together` those that were running when the loop last
    listened; `suspects` are rollouts that ran together when the process died that their workers were forked from: one of them may
    have killed it."""

    run_dir: Path
    store: Store
    workers: Workers
    progress: Progress
    waiting: Waiting
    rollouts: tuple[PlannedRollout, ...]
    attempts: dict[int, int] = field(default_factory=dict)
    suspects: set[int] = field(default_factory=set)
    together: int = 0

    def hand_out(self) -> None:
        """Give every idle worker the next rollout of its policy, of a scenario that it has drawn for the plan where there is
        one; a worker whose policy has no more to do makes room for one without. As long as one of several may have killed
        what all workers come from, they run one at a time."""
        for worker in self.workers.idle:
            if self.waiting and not (self.suspects and self.workers.running):
                rollout = self.waiting.take(self.workers.drawn_by(worker), self.workers.policy_of(worker))
                if rollout is None:
                    self.workers.renew(worker)
                    continue
                self.workers.give(Job.of(rollout, str(self.run_dir)), worker)
                self.attempts[rollout.index] = self.attempts.get(rollout.index, 0) + 1
                self.store.claim(rollout.index, worker)

    def take(self, event: Event) -> None:
        """Keep what an event says; a worker killed from outside gives its rollout back."""
        index = event.job.index
        if isinstance(event, Done):
            self.record(index, event.outcome)
        elif isinstance(event, StorageFailed):
            self.find_room(event)
            if self.attempts[index] < MAX_ATTEMPTS:
                self.waiting.give_back(self.rollouts[index])
            else:
                self.record(index, Outcome(POLICY_CRASHED, error=f"{event.error}; {_NOT_THE_DISK}"))
        elif isinstance(event, Died):
            if event.orphan and self.together > 1:
                self.attempts[index] -= 1
                self.suspects.add(index)
                self.waiting.give_back(self.rollouts[index])
            elif not event.said and event.signal_number in _FROM_OUTSIDE and self.attempts[index] < MAX_ATTEMPTS:
                self.waiting.give_back(self.rollouts[index])
            else:
                self.record(index, _crashed(event, self.attempts[index]))
        elif isinstance(event, TimedOut):
            error = f"the rollout took longer than {event.limit_s:g} s; its worker was killed"
            self.record(index, Outcome(POLICY_TIMEOUT, error=error, error_traceback=event.output, wall_s=event.limit_s))

    def find_room(self, event: StorageFailed) -> None:
        """InfrastructureError where this process cannot write either what a worker could not: then it is the disk."""
        self.store.check_there()
        probe = self.run_dir / PROBE_NAME
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
                os.fsync(file.fileno())
            probe.unlink()
        except OSError as cause:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
            raise InfrastructureError(
                f"storage_full: {event.error}, and here it is: {cause.strerror}; what is recorded is kept, make room and --resume"
            ) from cause

    def record(self, index: int, outcome: Outcome) -> None:
        """Write the row, then tell whoever waits."""
        self.store.record(index, outcome, now())
        self.suspects.discard(index)
        self.progress.done(self.rollouts[index], outcome)

    def loop(self, interrupts: Interrupts) -> bool:
        """Run until nothing is left; True where it was interrupted before that."""
        stop_at: float | None = None
        while self.waiting or self.workers.running:
            if interrupts.count and stop_at is None:
                stop_at = time.monotonic() + GRACE_S
                self.progress.say("interrupted: finishing the rollouts that are running (again: stop at once)")
            if stop_at is None:
                self.hand_out()
            elif not self.workers.running or interrupts.count > 1 or time.monotonic() >= stop_at:
                return True
            self.together = len(self.workers.running)
            for event in self.workers.wait(0.1):
                self.take(event)
        return False


def _crashed(event: Died, attempts: int) -> Outcome:
    """The outcome of a rollout whose worker ended."""
    if event.exit_code == LOST_FILES:
        error = f"the policy closed its process's files, or left none to open: {_last_line(event.output)}"
        return Outcome(POLICY_CRASHED, error=error, error_traceback=event.output)
    if event.exit_code == OWN_FAULT:
        error = _last_line(event.output) or "an exception outside the policy"
        return Outcome(INFRASTRUCTURE_ERROR, error=error, error_traceback=event.output)
    if event.said:
        how = f"wrote into the pipe of its results, which are lost ({event.said})"
    elif event.signal_number:
        name = signal.Signals(event.signal_number).name
        how = f"was ended by signal {event.signal_number} ({name})"
    else:
        how = f"ended with exit code {event.exit_code}"
    again = f", {attempts} times" if attempts > 1 else ""
    who = "the process that all workers are forked from" if event.orphan else "the process that ran the policy"
    return Outcome(POLICY_CRASHED, error=f"{who} {how}{again}", error_traceback=event.output)


def _last_line(output: str) -> str:
    """Where a traceback says what was raised."""
    return output.strip().rpartition("\n")[2]


def evaluate(
    plan: Plan,
    out_dir: Path | str,
    *,
    workers: int = 1,
    resume: bool = False,
    limit_s: float = LIMIT_S,
    progress: Progress | None = None,
    runner: str = EXECUTOR,
    settings: Mapping[str, Any] | None = None,
    pool: Workers | None = None,
) -> Summary:
    """Run every rollout of `plan` in `workers` processes; results lie in `out_dir` and come back as a Summary.

    With `resume`, a run of the same plan in `out_dir` is finished; without it, a folder that holds a run is refused.
    `runner` (`module:name`) makes what a worker runs a job with. A `pool` that has been started already, with workers of that
    runner and limit, is used as it is and left to whoever started it. Raises PlanError where the folder belongs to another
    plan or process, InfrastructureError where the disk is full or workers do not start; both leave a run that can be
    resumed. An interruption is not raised: the Summary says so.
    """
    if workers < 1:
        raise InputError(f"workers: found {workers}, expected at least 1")
    run_dir = Path(out_dir).resolve()
    _make_folder(run_dir)
    with RunLock(run_dir), Interrupts() as interrupts:
        _begin(plan, run_dir, workers, resume, dict(settings or {}))
        with Store(run_dir) as store:
            store.add_plan(plan)
            rollouts, left = plan.rollouts, store.open_rollouts()
            interrupted = False
            if left:
                waiting = Waiting(rollouts[index] for index in left)
                shown = progress or Silent()
                fresh = Workers(min(workers, len(left)), runner, limit_s, shown.say)
                with fresh if pool is None else nullcontext(pool) as started, shown:
                    interrupted = _Run(run_dir, store, started, shown, waiting, rollouts).loop(interrupts)
            store.release()
        _note_renderers(run_dir, progress)
        return replace(read_summary(run_dir), interrupted=interrupted)


def _note_renderers(run_dir: Path, progress: Progress | None) -> None:
    """Write into the manifest what drew for the cameras, and say where results of several renderers stand side by side."""
    found = read_manifest(run_dir)
    drew = {row.outcome.renderer for row in read_rows(run_dir) if row.outcome is not None}
    renderers = tuple(sorted(drew - {""}))
    if found is None or found.renderers == renderers:
        return
    write_manifest(run_dir, replace(found, renderers=renderers))
    if len(renderers) > 1 and progress is not None:
        progress.say(f"results of different renderers should not be compared; these drew: {', '.join(renderers)}")


def _make_folder(run_dir: Path) -> None:
    """The run's folder."""
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise InputError(f"{run_dir}: cannot be made: {cause.strerror}") from cause


def _begin(plan: Plan, run_dir: Path, workers: int, resume: bool, settings: dict[str, Any]) -> None:
    """Write or check the manifest; PlanError where the folder is taken by something else."""
    found = read_manifest(run_dir)
    if found is None:
        if (run_dir / STORE_NAME).exists() and not resume:
            raise PlanError(f"{run_dir}: holds {STORE_NAME} but no manifest; choose another --out")
        write_manifest(run_dir, Manifest(plan, machine(), settings, (session(workers),)))
        return
    differences = found.plan.differences(plan)
    if differences:
        listed = "\n".join(f"  {line}" for line in differences[:20])
        raise PlanError(
            f"{run_dir}: belongs to another plan:\n{listed}\nchoose another --out, or ask for the same plan"
        )
    if not resume:
        raise PlanError(
            f"{run_dir}: holds a run of this plan already; finish it with --resume, or choose another --out"
        )
    write_manifest(run_dir, replace(found, sessions=(*found.sessions, session(workers))))
