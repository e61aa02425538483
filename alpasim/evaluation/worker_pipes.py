"""One worker as the parent has it: its pipes, what it was given, what it prints, and how to end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from alpasim.errors import InfrastructureError
from alpasim.evaluation.forking import LAST_WORDS_S, READ, Nursery, Output
from alpasim.evaluation.jobs import Job
from alpasim.evaluation.questions import POLICY, REPORT, Question

OUTPUT_NAME = "output.txt"
Task = Job | Question
MAX_READS = 64
MAX_MESSAGE = 2**24
"""Bytes of one answer: many times what a row or a report's place takes, and an end to a flood."""
_KILLED_S = 10.0
"""How long a process that was sent SIGKILL may take to be gone; the kernel may have pages of it to write."""


def policy_of(task: Task) -> str:
    """Reference of the policy whose code a task runs or imports, empty where it is none's."""
    if isinstance(task, Job):
        return task.policy_reference
    return task.words[0] if task.about == POLICY else ""


class WorkerPipes:
    """Worker `number`, forked by `nursery`; `pid` is known, and `ready` True, when it has made its runner."""

    def __init__(self, number: int, nursery: Nursery) -> None:
        self.number = number
        self.pid = 0
        self.task: Task | None = None
        self.started = time.monotonic()
        self.output = Output()
        self.drawn: list[str] = []
        self.policy = ""
        self._lines = bytearray()
        self._nursery = nursery
        jobs, self._jobs = os.pipe()
        self.results, results = os.pipe()
        self.printed, printed = os.pipe()
        nursery.fork(number, (jobs, results, printed))
        for descriptor in (jobs, results, printed):
            os.close(descriptor)
        for descriptor in (self.results, self.printed):
            os.set_blocking(descriptor, False)

    @property
    def ready(self) -> bool:
        """Whether it can be given something to do."""
        return self.pid != 0

    @property
    def orphan(self) -> bool:
        """Whether its nursery has died, and it with that."""
        return self._nursery.gone

    def give(self, task: Task) -> None:
        """Hand a job or a question to an idle worker; one that has died is noticed where its pipes are read."""
        self.policy = policy_of(task) or self.policy
        self.task, self.output, self.started = task, Output(), time.monotonic()
        with contextlib.suppress(BrokenPipeError):
            os.write(self._jobs, json.dumps(task.to_json()).encode("ascii") + b"\n")

    def fits(self, task: Task) -> bool:
        """Whether no policy but the task's own has run here; what a report says and shows is no policy's."""
        report = isinstance(task, Question) and task.about == REPORT
        return not self.policy or (not report and policy_of(task) in ("", self.policy))

    def finish_task(self) -> None:
        """The worker has answered: keep what it printed."""
        self.read_output(everything=True)
        self.keep_output()
        self.task = None

    def read_results(self) -> list[dict[str, Any]] | None:
        """Messages that have arrived whole; None when the worker has closed its end and nothing is left to read. Raises
        ValueError for what is no message: a policy can write into every pipe of its process."""
        data = b"more"
        reads = 0
        while data and reads < MAX_READS:
            reads += 1
            try:
                data = os.read(self.results, READ)
            except BlockingIOError:
                break
            self._lines += data
        *lines, rest = bytes(self._lines).split(b"\n")
        self._lines = bytearray(rest)
        if len(rest) > MAX_MESSAGE:
            raise ValueError(f"{len(rest)} bytes without an end")
        return [json.loads(line) for line in lines] if data or lines else None

    def read_output(self, everything: bool = False) -> bool:
        """Take in what was printed; False when the worker has closed its output."""
        return self.output.take(self.printed, everything)

    def keep_output(self) -> None:
        """Write what a job printed beside its log; what was printed over a question, by a policy that was imported for it,
        goes on to standard error."""
        if isinstance(self.task, Question) and self.output.kept:
            print(self.output.text(), file=sys.stderr, end="", flush=True)
        if isinstance(self.task, Job) and self.output.kept:
            file = Path(self.task.out_dir) / OUTPUT_NAME
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.output.text(), encoding="utf-8", newline="")
            except OSError as cause:
                raise InfrastructureError(f"storage_full: {file}: cannot be written: {cause.strerror}") from cause

    def signal(self) -> None:
        """Kill the worker and whatever it started; one that is not ready runs nothing foreign and ends with its pipe."""
        if self.ready:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> int:
        """End the worker now and close its pipes; returns its exit code, negative for a signal."""
        self.signal()
        os.close(self._jobs)
        code = self._nursery.code(self.number, _KILLED_S if self.ready else 0.0)
        if code is not None:
            self._nursery.let_go(self.number)
        self.read_output(everything=True)
        os.close(self.printed)
        os.close(self.results)
        return -signal.SIGKILL if code is None else code

    def last_words(self) -> int:
        """Wait for a worker that has closed its results, at most a moment; then end what is left of it."""
        self._nursery.code(self.number, LAST_WORDS_S)
        return self.kill()
