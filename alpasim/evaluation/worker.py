"""The worker process: reads jobs, runs them, writes outcomes, and ends when its parent does.

Started by `workers.py` with the numbers of two inherited pipes, jobs and results, and of its parent process. Both pipes
carry JSON lines; what the policy prints goes to the parent, which caps it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import json
import os
import signal
import sys
import traceback
from types import TracebackType
from typing import IO, Any

from alpasim.errors import InfrastructureError
from alpasim.evaluation.jobs import Job

READY, DONE, FAILED = "ready", "done", "failed"
OWN_FAULT = 70
"""Exit code of a worker that an exception of our own has ended."""
_DIE_WITH_PARENT = 1


def main(arguments: list[str]) -> int:
    """Serve jobs until the pipe closes."""
    jobs_fd, results_fd, parent = (int(word) for word in arguments)
    _end_with(parent)
    faulthandler.enable()
    sys.excepthook = _end_by_own_fault
    with os.fdopen(jobs_fd, "rb") as jobs, os.fdopen(results_fd, "wb") as results:
        os.set_inheritable(jobs_fd, False)
        os.set_inheritable(results_fd, False)
        setup = json.loads(jobs.readline())
        runner = _attribute(setup["runner"])()
        _send(results, {"kind": READY})
        for line in jobs:
            job = Job(**json.loads(line))
            try:
                message = {"kind": DONE, "rollout": job.index, "outcome": runner(job).to_json()}
            except InfrastructureError as fault:
                message = {"kind": FAILED, "rollout": job.index, "error": str(fault)}
            _flush_output()
            _send(results, message)
    return 0


def _end_by_own_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """Print the traceback and end with a code that no policy's crash has."""
    traceback.print_exception(kind, fault, trace)
    sys.stderr.flush()
    os._exit(OWN_FAULT)


def _end_with(parent: int) -> None:
    """Die when the parent dies, so that a killed evaluation leaves nobody behind who writes into its folder."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _attribute(reference: str) -> Any:
    """What `module:name` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)


def _flush_output() -> None:
    """Let what the policy printed belong to its own rollout; a policy that closed its output has nothing to say."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _send(results: IO[bytes], message: dict[str, Any]) -> None:
    """One JSON line."""
    results.write(json.dumps(message).encode("ascii") + b"\n")
    results.flush()
