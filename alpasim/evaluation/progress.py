"""How far an evaluation is, for whoever waits: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol

from alpasim.evaluation.compiling import to_standard_error
from alpasim.evaluation.jobs import COMPLETED, Outcome
from alpasim.evaluation.plan import PlannedRollout

LINE_EVERY_S = 10.0


class Progress(Protocol):
    """Told about every rollout; used as a context manager."""

    def __enter__(self) -> Progress: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def done(self, rollout: PlannedRollout, outcome: Outcome) -> None:
        """A rollout has been recorded."""
        ...

    def say(self, text: str) -> None:
        """Something the person who waits should know."""
        ...


class Silent:
    """Says nothing; for programs."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def done(self, rollout: PlannedRollout, outcome: Outcome) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


class Lines:
    """Plain lines on standard error: one every ten seconds, one for each rollout that broke, one at the end."""

    def __init__(self, total: int, before: int = 0) -> None:
        self._total, self._before = total, before
        self._count = self._passed = 0
        self._started = self._last = time.monotonic()
        self._said = -1

    def __enter__(self) -> Lines:
        already = f", {self._before} of them done before" if self._before else ""
        self.say(f"{self._total} rollout{'s' if self._total != 1 else ''}{already}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._said != self._count:
            self.say(self._state())

    def done(self, rollout: PlannedRollout, outcome: Outcome) -> None:
        """Count it; say so if it broke or if it is time."""
        self._count += 1
        self._passed += outcome.passed
        if outcome.status != COMPLETED:
            self.say(f"{rollout}: {outcome.status}: {first_line(outcome.error)}")
        if time.monotonic() - self._last >= LINE_EVERY_S:
            self._last, self._said = time.monotonic(), self._count
            self.say(self._state())

    def say(self, text: str) -> None:
        """One line; a terminal that has been closed must not stop the run."""
        to_standard_error(printable(text))

    def _state(self) -> str:
        rate = self._count / max(time.monotonic() - self._started, 1e-9)
        left = self._total - self._before - self._count
        ending = f", {left / rate:.0f} s left" if left and self._count else ""
        return f"{self._before + self._count}/{self._total} rollouts, {self._passed} passed, {rate:.1f}/s{ending}"


class Bar:
    """A rich progress bar on standard error; once the terminal has been closed it says nothing more."""

    def __init__(self, total: int, before: int = 0) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True, emoji=False),
            transient=True,
        )
        self._task = self._bar.add_task("rollouts", total=total, completed=before, rate="")
        self._counts = {"passed": 0, "failed": 0, "broke": 0}
        self._started = time.monotonic()

    def __enter__(self) -> Bar:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._bar.__exit__(kind, error, trace)

    def done(self, rollout: PlannedRollout, outcome: Outcome) -> None:
        """One step of the bar; a rollout that broke gets a line above it."""
        broke = outcome.status != COMPLETED
        self._counts["broke" if broke else "passed" if outcome.passed else "failed"] += 1
        if broke:
            self.say(f"{rollout}: {outcome.status}: {first_line(outcome.error)}")
        with contextlib.suppress(OSError):
            self._bar.update(self._task, advance=1, description=_counted(self._counts), rate=self._rate())

    def say(self, text: str) -> None:
        """A line above the bar; what policies wrote is not markup."""
        with contextlib.suppress(OSError):
            self._bar.console.print(printable(text), markup=False, highlight=False)

    def _rate(self) -> str:
        count = sum(self._counts.values())
        return f"{count / max(time.monotonic() - self._started, 1e-9):.1f}/s"


def _counted(counts: Mapping[str, int]) -> str:
    """`12 passed, 3 failed`, without the zeros."""
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "rollouts"


def first_line(text: str) -> str:
    """The first line of a message, at most 200 characters."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line if len(line) <= 200 else f"{line[:200]} ..."


def printable(text: str) -> str:
    """Text without control characters and lone surrogates: what a policy wrote must not drive a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def progress_for(total: int, before: int) -> Progress:
    """A bar where standard error is a terminal, lines where it is not."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return Bar(total, before) if terminal else Lines(total, before)
