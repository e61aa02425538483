"""How much memory processes take, as Linux counts it, in MB of 10^6 bytes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
KIB_MB = 1024.0 / 1e6


@dataclass(frozen=True)
class Memory:
    """`resident` counts every page in memory, `private` only those that no other process shares, `proportional` a share of
    every page among those who have it: the sum over processes is what they take together."""

    resident_mb: float = 0.0
    private_mb: float = 0.0
    proportional_mb: float = 0.0


def memory_now(process: int | str = "self") -> Memory:
    """A process's memory at this moment; raises OSError where it is gone or this is not Linux."""
    values: dict[str, float] = {}
    for line in (PROC / str(process) / "smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, _, rest = line.partition(":")
        values[name] = float(rest.split()[0]) * KIB_MB
    return Memory(values["Rss"], values["Private_Clean"] + values["Private_Dirty"], values["Pss"])


def children_of(parent: int) -> list[int]:
    """Process ids of a process's children."""
    found: list[int] = []
    for task in (PROC / str(parent) / "task").iterdir():
        found += [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
    return found


class MemoryWatch:
    """The most that an evaluation's processes have held: itself, the nursery that it started, the largest of the workers
    that were forked from it, and all of them together. Call `look` now and then while they run."""

    def __init__(self, parent: int) -> None:
        self._process = parent
        self.parent = self.nursery = self.worker = Memory()
        self.together_mb = 0.0

    def look(self) -> None:
        """Note what is held now; a process that has just ended is passed over."""
        if not PROC.is_dir():
            return
        nurseries = _below([self._process])
        workers = _below(nurseries)
        held = [_held(process) for process in (self._process, *nurseries, *workers)]
        self.together_mb = max(self.together_mb, sum(one.proportional_mb for one in held))
        self.parent = _larger(self.parent, held[:1])
        self.nursery = _larger(self.nursery, held[1 : 1 + len(nurseries)])
        self.worker = _larger(self.worker, held[1 + len(nurseries) :])


def _below(processes: list[int]) -> list[int]:
    """Children of all of these that can still be seen."""
    found: list[int] = []
    for process in processes:
        with contextlib.suppress(OSError):
            found += children_of(process)
    return found


def _held(process: int) -> Memory:
    """What a process holds, nothing where it has just ended."""
    try:
        return memory_now(process)
    except (OSError, KeyError, ValueError, IndexError):
        return Memory()


def _larger(peak: Memory, found: list[Memory]) -> Memory:
    """The largest of what was and what is, number by number."""
    everyone = [peak, *found]
    return Memory(
        max(one.resident_mb for one in everyone),
        max(one.private_mb for one in everyone),
        max(one.proportional_mb for one in everyone),
    )
