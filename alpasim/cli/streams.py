"""Standard streams that last: what the caller closed, who stopped reading, and what a terminal cannot show break no command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO


def fill_standard_streams() -> None:
    """Where the caller closed standard input or output, as some services do, the next file or pipe would take its number and be
    written to, or be lost to a process that is started."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


class Unread(io.RawIOBase):
    """A descriptor to write to; once it has failed, nothing more is tried. What is `forgiven` is not raised the first time either."""

    def __init__(self, descriptor: int, forgiven: type[OSError]) -> None:
        self._descriptor, self._forgiven, self._failed = descriptor, forgiven, False

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a terminal shows it."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any, /) -> int:
        """Bytes that were taken, also where nobody takes them any more."""
        if not self._failed:
            try:
                return os.write(self._descriptor, data)
            except OSError as error:
                self._failed = True
                if not isinstance(error, self._forgiven):
                    raise
        return memoryview(data).nbytes


def lasting(stream: TextIO | None, forgiven: type[OSError] = BrokenPipeError) -> TextIO:
    """A standard stream whose reader may leave (`alpasim eval … | head` still drives everything and ends with the run's own exit
    code), and where what the terminal's encoding lacks is escaped; one that the caller has closed takes everything."""
    if stream is None:  # `print` would take standard output in its place
        return Path(os.devnull).open("w")
    if type(stream) is not io.TextIOWrapper:  # a test has put something else in its place
        return stream
    stream.flush()
    file = io.BufferedWriter(Unread(stream.fileno(), forgiven))
    by_line = stream.line_buffering or stream is sys.stderr
    return io.TextIOWrapper(file, stream.encoding, "backslashreplace", line_buffering=by_line)
