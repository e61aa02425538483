"""Keeps what a C library says while it is imported away from the terminal and from whoever reads our output."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STREAMS = (1, 2)


@contextmanager
def quiet() -> Iterator[None]:
    """Send standard output and error nowhere inside the block; exceptions pass.

    C's own buffers are emptied on both sides of the switch, or their text would come out after it. A process without these
    streams is left as it is.
    """
    try:
        kept = [os.dup(stream) for stream in _STREAMS]
    except OSError:
        yield
        return
    _flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in _STREAMS:
        os.dup2(nowhere, stream)
    os.close(nowhere)
    try:
        yield
    finally:
        _flush()
        for stream, copy in zip(_STREAMS, kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)


def _flush() -> None:
    """Empty Python's buffers and C's."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    ctypes.CDLL(None).fflush(None)
