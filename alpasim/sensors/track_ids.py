"""Opaque numbers for perceived actors: kept over short gaps, changed after long ones, and all known from the start.

Answers which number an actor is seen under now. Every number that may come up is drawn when the scenario is built, so that
the log's header can say who stands behind it before anything has been seen. Numbers come from one pool in random order: they
tell neither row nor how often an actor was lost.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.errors import RecordingError
from alpasim.memory import Memory, array, fill, read
from alpasim.types import EGO, IntArray, frozen

FIRST_NUMBER = 1_000
LEAST_POOL = 9_000
MOST_NUMBERS = 20_000
"""Numbers of one scenario, all actors together; with many actors each has fewer of them."""
MOST_EACH = 64
"""Numbers that one actor goes through; the last one stays."""
FALSE_NUMBERS = 256
"""Numbers for false detections, used again from the start when all have been."""


class TrackIds:
    """The numbers of `actors` rows, ego included, in a rollout of at most `time_limit_s`.

    A number stays with its row for gaps of up to `memory_s`, inf for always.
    """

    def __init__(
        self, actors: int, time_limit_s: float, dt_s: float, memory_s: float, rng: np.random.Generator
    ) -> None:
        self._memory_steps = math.inf if math.isinf(memory_s) else round(memory_s / dt_s)
        each = 1
        if not math.isinf(memory_s):
            longest = 1 + math.ceil(time_limit_s / dt_s / (self._memory_steps + 2.0))
            each = max(1, min(longest, MOST_EACH, MOST_NUMBERS // actors))
        count = actors * each + FALSE_NUMBERS
        drawn = FIRST_NUMBER + rng.permutation(max(LEAST_POOL, 10 * count))[:count].astype(np.int64)
        self._numbers: IntArray = frozen(np.ascontiguousarray(drawn[: actors * each].reshape(actors, each)))
        self._false: IntArray = frozen(drawn[actors * each :].copy())
        self.reset()

    @property
    def rows(self) -> dict[int, int]:
        """Row behind each number that may come up; false detections have none."""
        return {int(number): row for row, numbers in enumerate(self._numbers) for number in numbers if row != EGO}

    @property
    def current(self) -> IntArray:
        """Present number of every row (n,)."""
        return self._current

    def reset(self) -> None:
        """Nobody has been seen yet."""
        self._used = np.zeros(self._numbers.shape[0], dtype=np.int64)
        self._last_seen = np.full(self._numbers.shape[0], -1, dtype=np.int64)
        self._current: IntArray = self._numbers[:, 0].copy()
        self._next_false = 0

    def save(self) -> Memory:
        """Which number each row has come to, and when it was last seen."""
        return {"used": self._used.copy(), "last_seen": self._last_seen.copy(), "next_false": self._next_false}

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        used = array(memory, "used", np.int64, self._used.shape)
        if (used < 0).any() or (used >= self._numbers.shape[1]).any():
            raise RecordingError(f"snapshot: 'used' is {used}, expected numbers from 0 to {self._numbers.shape[1] - 1}")
        fill(memory, "last_seen", self._last_seen)
        self._used, self._next_false = used, read(memory, "next_false", int)
        self._current = self._numbers[np.arange(len(used)), used].copy()

    def seen(self, rows: IntArray, step: int) -> IntArray:
        """Numbers of the rows seen at this step; a row that was away for too long gets its next one."""
        last = self._last_seen[rows]
        lost = rows[(last >= 0) & (step - last - 1 > self._memory_steps)]
        if len(lost):
            self._used[lost] = np.minimum(self._used[lost] + 1, self._numbers.shape[1] - 1)
            self._current[lost] = self._numbers[lost, self._used[lost]]
        self._last_seen[rows] = step
        return self._current[rows]

    def nobody(self) -> int:
        """A number for a false detection."""
        number = int(self._false[self._next_false % FALSE_NUMBERS])
        self._next_false += 1
        return number
