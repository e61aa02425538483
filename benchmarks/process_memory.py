"""How much memory processes take, as Linux counts it, in MB of 10^6 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
KIB_MB = 1024.0 / 1e6


@dataclass(frozen=True)
class Memory:
    """`resident` counts every page in memory, `private` only those that no other process shares: what one more costs."""

    resident_mb: float
    private_mb: float


def memory_now(process: int | str = "self") -> Memory:
    """A process's memory at this moment; raises OSError where it is gone or this is not Linux."""
    values: dict[str, float] = {}
    for line in (PROC / str(process) / "smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, _, rest = line.partition(":")
        values[name] = float(rest.split()[0]) * KIB_MB
    return Memory(values["Rss"], values["Private_Clean"] + values["Private_Dirty"])


def children_of(parent: int) -> list[int]:
    """Process ids of a process's children."""
    found: list[int] = []
    for task in (PROC / str(parent) / "task").iterdir():
        found += [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
    return found


class MemoryWatch:
    """The most that a process and its children have held; call `look` now and then while they run."""

    def __init__(self, parent: int) -> None:
        self.parent = parent
        self.parent_peak = Memory(0.0, 0.0)
        self.child_peak = Memory(0.0, 0.0)

    def look(self) -> None:
        """Note what is held now; a process that has just ended is passed over."""
        if not PROC.is_dir():
            return
        self.parent_peak = _larger(self.parent_peak, self.parent)
        try:
            children = children_of(self.parent)
        except OSError:
            return
        for child in children:
            self.child_peak = _larger(self.child_peak, child)


def _larger(peak: Memory, process: int) -> Memory:
    """The larger of what was and what is, number by number."""
    try:
        now = memory_now(process)
    except (OSError, KeyError, ValueError, IndexError):
        return peak
    return Memory(max(peak.resident_mb, now.resident_mb), max(peak.private_mb, now.private_mb))
