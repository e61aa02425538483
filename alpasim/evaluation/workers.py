"""The parent's side of the workers: starts them, feeds them, hears them, caps what they print, replaces the dead.

Answers "what became of each job" as a stream of events. It knows nothing of plans and stores: `evaluate.py` decides what
runs next and keeps what happened. One thread, one `select`; a worker that hangs in native code is killed all the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from alpasim.errors import InfrastructureError
from alpasim.evaluation.jobs import Job, Outcome
from alpasim.evaluation.worker import DONE, FAILED, READY

MAX_OUTPUT = 2**20
"""Bytes that one rollout may print; the rest is counted and dropped."""
OUTPUT_NAME = "output.txt"
START_LIMIT_S = 180.0
"""How long a worker may take to import what it needs; compiling kernels on a fresh machine is part of it."""
_READ = 2**16
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from alpasim.evaluation.worker import main; sys.exit(main(sys.argv[2:]))"
)
"""Gives the worker this process's module search path before anything else is imported, and not the current folder, whose
files may be called like modules of the standard library."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Done:
    """A job came back with its outcome."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Died:
    """The worker ended during the job: by `signal_number`, or by itself with `exit_code` where that is 0; `output` is the
    end of what it printed, where Python's fault handler says where it was."""

    job: Job
    signal_number: int
    exit_code: int
    output: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The job took longer than it may, and its worker was killed; `output` as for Died."""

    job: Job
    limit_s: float
    output: str


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The machine failed the job: the disk is full, the folder cannot be written."""

    job: Job
    error: str


Event = Done | Died | TimedOut | StorageFailed


@dataclass(slots=True)
class _Output:
    """What a worker prints during one job."""

    kept: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = MAX_OUTPUT - len(self.kept)
        self.kept += data[:room]
        self.dropped += max(0, len(data) - room)

    def text(self) -> str:
        """Everything kept, with a note of what was not."""
        text = self.kept.decode("utf-8", "replace")
        return f"{text}\n[{self.dropped} more bytes dropped]\n" if self.dropped else text


class _Worker:
    """One worker process and its pipes."""

    def __init__(self, number: int, runner: str) -> None:
        self.number = number
        self.ready = False
        self.job: Job | None = None
        self.started = time.monotonic()
        self.output = _Output()
        self._lines = bytearray()
        jobs_read, self._jobs = os.pipe()
        self.results, results_write = os.pipe()
        environment = {**os.environ, **{name: os.environ.get(name, "1") for name in _ONE_THREAD}}
        pipes = [str(jobs_read), str(results_write), str(os.getpid())]
        command = [sys.executable, "-P", "-c", _BOOT, json.dumps(sys.path), *pipes]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(jobs_read, results_write),
                start_new_session=True,
                env=environment,
            )
        except OSError as cause:
            raise InfrastructureError(f"a worker process cannot be started: {cause.strerror}") from cause
        finally:
            os.close(jobs_read)
            os.close(results_write)
        assert self.process.stdout is not None
        self.printed = self.process.stdout.fileno()
        for descriptor in (self.results, self.printed):
            os.set_blocking(descriptor, False)
        self._write({"runner": runner})

    def give(self, job: Job) -> None:
        """Hand a job to an idle worker."""
        self.job, self.output, self.started = job, _Output(), time.monotonic()
        self._write(job.to_json())

    def _write(self, value: object) -> None:
        """One JSON line; a worker that has died is noticed where its pipes are read."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._jobs, json.dumps(value).encode("ascii") + b"\n")

    def read_results(self) -> list[dict[str, object]] | None:
        """Messages that have arrived whole; None when the worker has closed its end."""
        while True:
            try:
                data = os.read(self.results, _READ)
            except BlockingIOError:
                break
            if not data:
                return None
            self._lines += data
        *lines, rest = bytes(self._lines).split(b"\n")
        self._lines = bytearray(rest)
        return [json.loads(line) for line in lines]

    def read_output(self, everything: bool = False) -> bool:
        """Take in what was printed, one piece or all there is; False when the worker has closed its output."""
        while True:
            try:
                data = os.read(self.printed, _READ)
            except BlockingIOError:
                return True
            self.output.add(data)
            if not data:
                return False
            if not everything:
                return True

    def keep_output(self) -> None:
        """Write what the job printed beside its log."""
        if self.job is not None and self.output.kept:
            file = Path(self.job.out_dir) / OUTPUT_NAME
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.output.text(), encoding="utf-8", newline="")
            except OSError as cause:
                raise InfrastructureError(f"storage_full: {file}: cannot be written: {cause.strerror}") from cause

    def kill(self) -> int:
        """End the worker and whatever it started, now; returns its exit code, negative for a signal."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        assert self.process.stdout is not None
        self.read_output(everything=True)
        self.process.stdout.close()
        os.close(self._jobs)
        os.close(self.results)
        return code

    def last_words(self) -> int:
        """Wait for a worker that has closed its results, at most a moment; then end what is left of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2.0)
        return self.kill()


class Workers:
    """`count` worker processes that each make their runner from `runner` (`module:name`, called without arguments).

    `give` a job while there are `idle` workers, then `wait` for events. A worker that dies or overruns `limit_s` is
    replaced. Raises InfrastructureError when workers cannot be started.
    """

    def __init__(self, count: int, runner: str, limit_s: float) -> None:
        self._runner = runner
        self._limit_s = limit_s
        self._started = 0
        self._failed_starts = 0
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._count = count

    def __enter__(self) -> Workers:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End every worker at once."""
        for worker in list(self._workers):
            self._remove(worker)
            worker.kill()

    @property
    def idle(self) -> bool:
        """Whether some worker waits for a job."""
        return any(worker.ready and worker.job is None for worker in self._workers)

    @property
    def running(self) -> list[Job]:
        """Jobs that workers have."""
        return [worker.job for worker in self._workers if worker.job is not None]

    def give(self, job: Job) -> int:
        """Hand a job to an idle worker; returns the worker's number."""
        worker = next(worker for worker in self._workers if worker.ready and worker.job is None)
        worker.give(job)
        return worker.number

    def wait(self, seconds: float) -> Iterator[Event]:
        """What happens within that time; returns early when something does."""
        for key, _ in self._selector.select(seconds):
            worker = key.data
            if worker not in self._workers:
                continue
            if key.fd == worker.printed:
                if not worker.read_output():
                    self._selector.unregister(worker.printed)
            else:
                yield from self._hear(worker)
        for worker in list(self._workers):
            if worker.process.poll() is not None and worker in self._workers:
                # A child that the policy forked may hold the pipes open, so that their end never comes.
                yield from self._hear(worker)
                if worker in self._workers:
                    yield from self._replace(worker)
        yield from self._overdue()

    def _start(self) -> None:
        """One more worker."""
        worker = _Worker(self._started, self._runner)
        self._started += 1
        self._workers.append(worker)
        self._selector.register(worker.results, selectors.EVENT_READ, worker)
        self._selector.register(worker.printed, selectors.EVENT_READ, worker)

    def _remove(self, worker: _Worker) -> None:
        """Forget a worker before its pipes are closed."""
        self._workers.remove(worker)
        for descriptor in (worker.results, worker.printed):
            with contextlib.suppress(KeyError):
                self._selector.unregister(descriptor)

    def _hear(self, worker: _Worker) -> Iterator[Event]:
        """What a worker says, or that it says nothing any more."""
        messages = worker.read_results()
        for message in messages or ():
            if message["kind"] == READY:
                worker.ready, self._failed_starts = True, 0
                continue
            job = worker.job
            if job is None or message["rollout"] != job.index:
                raise InfrastructureError(f"worker {worker.number} answered for a job it was not given: {message}")
            worker.read_output(everything=True)
            worker.keep_output()
            worker.job = None
            if message["kind"] == DONE:
                yield Done(job, Outcome.from_json(message["outcome"]))  # type: ignore[arg-type]
            elif message["kind"] == FAILED:
                yield StorageFailed(job, str(message["error"]))
        if messages is None:
            yield from self._replace(worker)

    def _replace(self, worker: _Worker) -> Iterator[Event]:
        """A dead worker's job is reported; another worker takes its place."""
        self._remove(worker)
        code = worker.last_words()
        worker.keep_output()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= 3:
                raise InfrastructureError(
                    f"worker processes do not start (exit code {code}):\n{worker.output.text()[-4000:]}"
                )
        if worker.job is not None:
            yield Died(worker.job, max(0, -code), max(0, code), worker.output.text()[-4000:])
        self._start()

    def _overdue(self) -> Iterator[Event]:
        """Kill and replace workers whose job, or whose start, takes too long."""
        for worker in list(self._workers):
            limit = self._limit_s if worker.ready else START_LIMIT_S
            if (worker.ready and worker.job is None) or time.monotonic() - worker.started < limit:
                continue
            self._remove(worker)
            worker.kill()
            worker.keep_output()
            if not worker.ready:
                raise InfrastructureError(f"a worker process did not start within {START_LIMIT_S:.0f} s")
            assert worker.job is not None
            yield TimedOut(worker.job, limit, worker.output.text()[-4000:])
            self._start()
