"""Says that kernels are being compiled, to whoever waits for it: on a machine that has never run alpasim it takes a minute.

Answers "how many has this process compiled so far" while it compiles. The compiler has no moment at which it could say so
itself, and a command should not look as if it hung.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

LOOK_EVERY_S = 0.5
SAY_EVERY_S = 10.0
PATIENCE_S = 2.0
FIRST = "compiling kernels, once on this machine; it takes about a minute"
LATER = "compiling kernels: {} done"


def count_compiled() -> int:
    """How many kernels this process has compiled; 0 as long as it has not even imported what compiles them."""
    count = getattr(sys.modules.get("alpasim.compiled"), "count_compiled", None)
    return 0 if count is None else int(count())


@contextlib.contextmanager
def watched(tell: Callable[[int], None]) -> Iterator[None]:
    """Call `tell` with the number of kernels compiled so far whenever it has grown, from a thread that ends with the block."""
    ended = threading.Event()

    def look() -> None:
        seen = 0
        while not ended.wait(LOOK_EVERY_S):
            count = count_compiled()
            if count > seen:
                tell(count)
                seen = count

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Notice:
    """Turns counts into a line of words now and then: when kernels have been compiled for two seconds (a few are not worth a
    word), and every ten seconds from there."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._words = ""
        self._due = 0.0

    def __call__(self, count: int) -> None:
        """So many kernels have been compiled."""
        now = time.monotonic()
        if not self._words:
            self._words, self._due = FIRST, now + PATIENCE_S
        elif now >= self._due:
            self._say(self._words.format(count))
            self._words, self._due = LATER, now + SAY_EVERY_S


def to_standard_error(words: str) -> None:
    """One line for a person; whoever has closed the terminal is told nothing more, and standard output is for answers alone."""
    if sys.stderr is None:
        return
    try:
        print(words, file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = None


def no_words(words: str) -> None:
    """For programs, which do not wait for words."""
