"""The clock that all simulators of `peers.py` are measured with, so that the same loop is timed for each of them.

Needs nothing but numpy: each peer's script runs in an environment of its own, where alpasim is not installed. The main
figure is CPU time of the whole process (all its threads), because neighbours on a shared machine stretch wall time.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WARM_UP_STEPS = 50
MOVING_MPS = 0.5
"""Speed from which on a vehicle counts as moving."""


def calibration_ms() -> float:
    """CPU time of a fixed loop of plain Python and small array work, to compare machines and moments with; the same loop
    as in `alpasim bench`."""
    started = time.process_time()
    total, values = 0.0, np.linspace(0.0, 1.0, 64)
    for number in range(20_000):
        total += float(values[number % 64]) * 0.5
        if number % 10 == 0:
            values = values[::-1] + 0.0
    return 1e3 * (time.process_time() - started)


def measure(
    reset: Callable[[int], Any],
    choose: Callable[[int], Any],
    step: Callable[[Any], bool],
    count: Callable[[], tuple[int, int]],
    steps: int,
) -> dict[str, float]:
    """Drive `steps` steps after a warm-up that is not counted, and say what they cost.

    `reset(drive)` starts drive number 0, 1, 2 …; `choose(k)` gives the action of its step k and is not timed; `step(action)`
    is, and says whether the drive is over; `count()` gives the vehicles there are, and those that move, the ego included.
    Resets are timed apart and are not in the steps' time.
    """
    _drive(reset, choose, step, count, WARM_UP_STEPS, first_drive=0)
    before = calibration_ms()
    found = _drive(reset, choose, step, count, steps, first_drive=1)
    return {
        **found,
        "calibration_ms": statistics.median([before, calibration_ms()]),
        "peak_memory_mb": peak_memory_mb(),
    }


def _drive(
    reset: Callable[[int], Any],
    choose: Callable[[int], Any],
    step: Callable[[Any], bool],
    count: Callable[[], tuple[int, int]],
    steps: int,
    first_drive: int,
) -> dict[str, float]:
    """So many steps, over as many drives as they take."""
    drive, k = first_drive, 0
    resets_ms = [_reset_ms(reset, drive)]
    counts: list[tuple[int, int]] = []
    cpu_s = wall_s = 0.0
    for _ in range(steps):
        action = choose(k)
        wall, cpu = time.perf_counter(), time.process_time()
        over = step(action)
        cpu_s += time.process_time() - cpu
        wall_s += time.perf_counter() - wall
        k += 1
        if k % 10 == 0:
            counts.append(count())
        if over:
            drive, k = drive + 1, 0
            resets_ms.append(_reset_ms(reset, drive))
    there, moving = zip(*counts, strict=True)
    return {
        "steps_per_cpu_s": steps / cpu_s,
        "steps_per_wall_s": steps / wall_s,
        "reset_ms": statistics.median(resets_ms),
        "drives": len(resets_ms),
        "vehicles": statistics.fmean(there),
        "moving": statistics.fmean(moving),
    }


def peak_memory_mb() -> float:
    """The most memory this process has had at once [MB]."""
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _reset_ms(reset: Callable[[int], Any], drive: int) -> float:
    """CPU time of one reset."""
    started = time.process_time()
    reset(drive)
    return 1e3 * (time.process_time() - started)
