"""Rollouts that nobody runs yet, and which of them a worker should have next.

Answers with a rollout of a scenario that the worker has drawn already where one is left, so that it need not be drawn
again, and otherwise with the first in plan order. Who runs what never changes a result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from alpasim.evaluation.plan import PlannedRollout


class Waiting:
    """Rollouts in plan order, by scenario; false when none is left."""

    def __init__(self, rollouts: Iterable[PlannedRollout]) -> None:
        self._by_path: dict[str, deque[PlannedRollout]] = {}
        for rollout in rollouts:
            self._by_path.setdefault(rollout.scenario.path, deque()).append(rollout)

    def __bool__(self) -> bool:
        return bool(self._by_path)

    def take(self, drawn: Iterable[str]) -> PlannedRollout:
        """The next rollout for a worker that has drawn the scenarios at these paths."""
        path = next((one for one in drawn if one in self._by_path), None)
        path = next(iter(self._by_path)) if path is None else path
        left = self._by_path[path]
        rollout = left.popleft()
        if not left:
            del self._by_path[path]
        return rollout

    def give_back(self, rollout: PlannedRollout) -> None:
        """A rollout that was taken has to be run again, before others of its scenario."""
        self._by_path.setdefault(rollout.scenario.path, deque()).appendleft(rollout)
