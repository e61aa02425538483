"""The process that workers are forked from: it has imported and compiled what they need, and drives nothing itself.

Started by `forking.py`, once an evaluation. A worker costs milliseconds then instead of a second, and shares with its
siblings the pages that nobody writes to: of the engine, of the kernels, of the physics client. The nursery has one thread and
holds no worker's pipes: they come with the request to fork and are closed here at once, so that no worker keeps another's
open and hides its death. A dead child stays a zombie until the parent says that its number may be used again.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

from alpasim.evaluation.compiling import count_compiled, watched
from alpasim.evaluation.worker import Runner, end_by_own_fault, end_with, outlive_parent, serve

PREPARE = "prepared"
"""Name of what a runner may offer to be called once before workers are forked; returns what makes a runner in each."""
_AGAIN = "again"


def main(arguments: list[str]) -> int:
    """Fork workers until the parent is gone; in each of them, work."""
    control_fd, parent, reference, *times = arguments
    end_with(int(parent))
    faulthandler.enable()
    sys.excepthook = end_by_own_fault
    control = socket.socket(fileno=int(control_fd))
    with watched(lambda count: _tell(control, {"compiled": count})):
        make_runner = _prepared(reference)
    if count_compiled() and not times:
        # The compiler leaves 250 MB behind that every worker would inherit; what it made is loaded from disk instead.
        sys.stdout.flush()
        os.execv(sys.executable, [*sys.orig_argv, _AGAIN])
    outlive_parent()  # from here on its end is noticed below, and there are workers to be ended first
    gc.collect()
    gc.freeze()  # a collection that visits an inherited object writes to its page and so copies it
    nursery = os.getpid()
    pipes = _fork_when_asked(control)
    if pipes is None:
        os._exit(0)  # nothing here needs to be taken down, and the evaluation waits
    jobs, results, printed = pipes
    os.setsid()
    for stream in (1, 2):
        os.dup2(printed, stream)
    os.close(printed)
    end_with(nursery)
    for descriptor in (jobs, results):
        os.set_inheritable(descriptor, False)
    _seed_anew()
    serve(jobs, results, make_runner)
    return 0


def _prepared(reference: str) -> Callable[[], Runner]:
    """What makes a worker's runner: whatever `module:name` names, prepared where it offers that."""
    module, _, name = reference.partition(":")
    make: Any = getattr(importlib.import_module(module), name)
    prepare = getattr(make, PREPARE, None)
    return make if prepare is None else prepare()  # type: ignore[no-any-return]


def _fork_when_asked(control: socket.socket) -> list[int] | None:
    """Fork at each request and report each end. Returns in every child, with its pipes, and here when the parent has gone."""
    living: dict[int, tuple[int, int]] = {}
    children: dict[int, int] = {}
    events = select.poll()
    events.register(control, select.POLLIN)
    while True:
        for descriptor, _ in events.poll():
            if descriptor in living:
                events.unregister(descriptor)
                _report_end(control, *living.pop(descriptor))
                os.close(descriptor)
                continue
            data, pipes, _, _ = socket.recv_fds(control, 4096, 3)
            if not data:
                _end_groups(children.values())
                return None
            request = json.loads(data)
            if "reap" in request:
                os.waitpid(children.pop(request["reap"]), 0)
                continue
            child = os.fork()
            if child == 0:
                control.close()
                for other in living:
                    os.close(other)
                return pipes
            for pipe in pipes:
                os.close(pipe)
            watch = os.pidfd_open(child)
            living[watch] = (request["fork"], child)
            children[request["fork"]] = child
            events.register(watch, select.POLLIN)


def _end_groups(children: Iterable[int]) -> None:
    """Kill workers and all that their policies have started, unless that made a group of its own; a dead worker that was not
    let go still holds the group's number."""
    for child in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)


def _report_end(control: socket.socket, number: int, child: int) -> None:
    """Tell how a worker ended: its exit code, or minus the signal; it stays a zombie."""
    end = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert end is not None
    code = end.si_status if end.si_code == os.CLD_EXITED else -end.si_status
    _tell(control, {"ended": number, "code": code})


def _tell(control: socket.socket, message: dict[str, int]) -> None:
    """One message to the parent; where it has died, this process is about to."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        control.send(json.dumps(message).encode())


def _seed_anew() -> None:
    """Siblings do not share what numpy draws for those who set no seed; `random` sees to that itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
