"""The worker process: reads jobs and questions, runs and answers them, writes what came of it, and ends with its parents.

Forked by `nursery.py`. Both of its pipes carry JSON lines; what the policy prints goes to the evaluation's process,
which caps it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import IO, Any, Protocol

from alpasim.errors import AlpasimError, InfrastructureError
from alpasim.evaluation.jobs import Job, Outcome
from alpasim.evaluation.questions import Answer, Question, refusal_to_json

READY, DONE, FAILED, ANSWERED, REFUSED = "ready", "done", "failed", "answered", "refused"
OWN_FAULT = 70
"""Exit code of a worker that an exception of our own has ended."""
LOST_FILES = 71
"""Exit code of a worker whose file descriptors foreign code has closed or used up: nothing can be written any more."""
_LOST = frozenset({errno.EBADF, errno.EMFILE})
_DIE_WITH_PARENT = 1


class Runner(Protocol):
    """What a worker works with; one that only drives needs no `answer`."""

    def __call__(self, job: Job) -> Outcome:
        """Run one rollout; raises InfrastructureError when its log cannot be written."""
        ...

    def answer(self, question: Question) -> Answer:
        """Answer with plain values; raises AlpasimError or OSError for what is refused."""
        ...


def serve(jobs_fd: int, results_fd: int, make_runner: Callable[[], Runner]) -> None:
    """Work until the pipe of jobs closes."""
    with os.fdopen(jobs_fd, "rb") as jobs, os.fdopen(results_fd, "wb") as results:
        runner = make_runner()
        _send(results, {"kind": READY, "pid": os.getpid()})
        for line in jobs:
            value = json.loads(line)
            message = _answer(runner, Question.from_json(value)) if "question" in value else _run(runner, Job(**value))
            _flush_output()
            _send(results, message)


def _run(runner: Runner, job: Job) -> dict[str, Any]:
    """What became of a job."""
    try:
        return {"kind": DONE, "task": job.index, "outcome": runner(job).to_json()}
    except InfrastructureError as fault:
        if _has_lost_files(fault):
            raise
        return {"kind": FAILED, "task": job.index, "error": str(fault)}


def _answer(runner: Runner, question: Question) -> dict[str, Any]:
    """What is answered to a question."""
    try:
        return {"kind": ANSWERED, "task": question.index, "answer": runner.answer(question)}
    except (AlpasimError, OSError) as fault:
        return {"kind": REFUSED, "task": question.index, "refusal": refusal_to_json(fault)}


def end_by_own_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback and end with a code that no policy's crash has; an interrupted worker ends as its signal says."""
    with contextlib.suppress(OSError):
        traceback.print_exception(kind, fault, trace)
        sys.stderr.flush()
    if issubclass(kind, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(LOST_FILES if _has_lost_files(fault) else OWN_FAULT)


def _has_lost_files(fault: BaseException | None) -> bool:
    """Whether a fault comes of descriptors that this process no longer has, or has too many of."""
    while fault is not None and not (isinstance(fault, OSError) and fault.errno in _LOST):
        fault = fault.__cause__
    return fault is not None


def end_with(parent: int) -> None:
    """Die when the parent dies, so that a killed evaluation leaves nobody behind who writes into its folder."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Take back `end_with`."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, 0)


def _flush_output() -> None:
    """Let what the policy printed belong to its own rollout; one that closed its output, or put something in its place that
    cannot be written to, has nothing to say."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.IOBase) and not stream.closed:
            with contextlib.suppress(OSError):
                stream.flush()


def _send(results: IO[bytes], message: dict[str, Any]) -> None:
    """One JSON line."""
    results.write(json.dumps(message).encode("ascii") + b"\n")
    results.flush()
