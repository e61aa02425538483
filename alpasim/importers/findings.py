"""What an importer has to say about a file: what it carried over with a change, and what it cannot carry over.

A note names a change once per kind, with how often it happened and the first line. Unsupported things are collected,
so that a file is refused with all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from alpasim.errors import UnsupportedError


class Findings:
    """Collects notes and unsupported elements while one file is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._notes: dict[str, tuple[int, int]] = {}
        self._unsupported: list[tuple[str, int]] = []

    def note(self, text: str, line: int = 0, count: int = 1) -> None:
        """Say `text` once, however often it is noted; the first line noted stays."""
        known, first = self._notes.get(text, (0, line))
        self._notes[text] = (known + count, first)

    def unsupported(self, name: str, line: int) -> None:
        """Name something that cannot be carried over."""
        self._unsupported.append((name, line))

    def refuse_or_note(self, leftovers: Iterable[tuple[str, int]], drop: bool) -> None:
        """Raise UnsupportedError with everything unsupported and left over, or, where `drop` is set, note it instead."""
        missing = sorted({*self._unsupported, *leftovers}, key=lambda row: (row[1], row[0]))
        if missing and not drop:
            raise UnsupportedError(self.file, missing)
        for name, line in missing:
            self.note(f"dropped, because it is not supported: {name} at line {line}")

    def notes(self) -> tuple[str, ...]:
        """Every note in the order of first appearance, with its count and first line where it stands in the file."""
        return tuple(_worded(text, count, line) for text, (count, line) in self._notes.items())


def _worded(text: str, count: int, line: int) -> str:
    if not line:
        return text if count == 1 else f"{text} ({count} times)"
    return f"{text} (line {line})" if count == 1 else f"{text} ({count} times, first at line {line})"
