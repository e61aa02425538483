"""One process at a time writes into a run's folder.

The lock is the operating system's (`flock`), so it ends with the process that holds it, however that dies; the file's
text only says who that is.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from types import TracebackType

from alpasim.errors import InputError, PlanError

LOCK_NAME = "run.lock"


class RunLock:
    """Held inside a `with` block; PlanError naming process and host where another process holds it."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / LOCK_NAME
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as cause:
            raise InputError(f"{self._path.parent}: cannot be written to: {cause.strerror}") from cause
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            owner = _owner(descriptor)
            os.close(descriptor)
            raise PlanError(
                f"{self._path.parent}: another evaluation is writing here ({owner}); wait for it or choose another --out"
            ) from cause
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _owner(descriptor: int) -> str:
    """Who holds the lock, as far as its file says."""
    text = os.pread(descriptor, 4096, 0)
    try:
        owner = json.loads(text)
        return f"process {owner['pid']} on {owner['host']}"
    except (ValueError, KeyError, TypeError):
        return "its process has not said who it is"
