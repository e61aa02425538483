"""The parent's side of the nursery: starts it, has workers forked, and hears how they ended.

Answers "what was the end of worker k". A worker is not this process's child, so its exit status comes from the nursery,
which keeps the dead as zombies until they are let go: a process number is not another's while it may still be killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from alpasim.errors import InfrastructureError

MAX_OUTPUT = 2**20
"""Bytes that one rollout may print; the rest is counted and dropped."""
READ = 2**16
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from alpasim.evaluation.nursery import main; sys.exit(main(sys.argv[2:]))"
)
"""Gives the nursery this process's module search path before anything else is imported, and not the current folder, whose
files may be called like modules of the standard library."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
LAST_WORDS_S = 2.0
"""How long a process that is ending by itself is waited for before it is killed."""


@dataclass(slots=True)
class Output:
    """What a process printed, as far as there is room."""

    kept: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = MAX_OUTPUT - len(self.kept)
        self.kept += data[:room]
        self.dropped += max(0, len(data) - room)

    def take(self, descriptor: int, everything: bool = False) -> bool:
        """Read a pipe that does not block, one piece or all there is; False when its other end has been closed."""
        while True:
            try:
                data = os.read(descriptor, READ)
            except BlockingIOError:
                return True
            self.add(data)
            if not data:
                return False
            if not everything:
                return True

    def text(self) -> str:
        """Everything kept, with a note of what was not."""
        text = self.kept.decode("utf-8", "replace")
        return f"{text}\n[{self.dropped} more bytes dropped]\n" if self.dropped else text


class Nursery:
    """One nursery for workers of `runner` (`module:name`); raises InfrastructureError where no process can be started.

    `compiled` is how many kernels it has had to compile so far.
    `control` becomes readable when a worker or the nursery has ended, `printed` when the nursery itself says something.
    """

    def __init__(self, runner: str) -> None:
        self.gone = False
        self.compiled = 0
        self.output = Output()
        self._ended: dict[int, int] = {}
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, **{name: os.environ.get(name, "1") for name in _ONE_THREAD}}
        words = [str(theirs.fileno()), str(os.getpid()), runner]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, json.dumps(sys.path), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=environment,
            )
        except OSError as cause:
            self.control.close()
            raise InfrastructureError(f"a worker process cannot be started: {cause.strerror}") from cause
        finally:
            theirs.close()
        assert self.process.stdout is not None
        self.printed = self.process.stdout.fileno()
        os.set_blocking(self.printed, False)

    def fork(self, number: int, pipes: Sequence[int]) -> None:
        """Ask for worker `number` with its ends of its pipes: jobs, results, output. That the nursery has died is noticed
        where it is heard."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self.control, [json.dumps({"fork": number}).encode()], list(pipes))

    def hear(self) -> None:
        """Take in what has arrived: ends of workers, or the nursery's own."""
        while not self.gone:
            try:
                data = self.control.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data = b""
            if not data:
                self.gone = True
                return
            message = json.loads(data)
            if "compiled" in message:
                self.compiled = message["compiled"]
            else:
                self._ended[message["ended"]] = message["code"]

    def code(self, number: int, wait_s: float = 0.0) -> int | None:
        """A worker's exit code, negative for a signal; None while it lives, or where the nursery died before it could say."""
        until = time.monotonic() + wait_s
        self.hear()
        while number not in self._ended and not self.gone and time.monotonic() < until:
            time.sleep(0.002)
            self.hear()
        return self._ended.get(number)

    def let_go(self, number: int) -> None:
        """Worker `number` has ended and will not be killed any more: the nursery may reap it."""
        if not self.gone:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.control.send(json.dumps({"reap": number}).encode())

    def end(self, wait_s: float = 0.0) -> int:
        """End the nursery; its exit code. It may go by itself, with the CPU time of its workers on its account, for a
        moment; whoever of them is left dies with it."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_WR)
        if wait_s:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(wait_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code = self.process.wait()
        self.gone = True
        self.output.take(self.printed, everything=True)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.control.close()
        return code
