"""Rollouts that nobody runs yet, and which of them a worker should have next.

Answers with a rollout of the worker's own policy: a policy that changes what its whole process shares (numpy's error state,
a patched function, a timer) meets only itself. Among those it is one of a scenario that the worker has drawn already where one
is left, so that it need not be drawn again, and otherwise the first in plan order. Who runs what changes no result.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from alpasim.evaluation.plan import PlannedRollout


class Waiting:
    """Rollouts by policy, then by scenario, both in plan order; false when none is left."""

    def __init__(self, rollouts: Iterable[PlannedRollout]) -> None:
        self._left: dict[str, dict[str, deque[PlannedRollout]]] = {}
        for rollout in rollouts:
            self._of(rollout).append(rollout)

    def __bool__(self) -> bool:
        return bool(self._left)

    def take(self, drawn: Iterable[str] = (), policy: str = "") -> PlannedRollout | None:
        """The next rollout for a worker that has drawn the scenarios at these paths and has run this policy, if any; None
        where only others are left."""
        policy = policy or next(iter(self._left), "")
        by_path = self._left.get(policy)
        if by_path is None:
            return None
        path = next((one for one in drawn if one in by_path), None)
        path = next(iter(by_path)) if path is None else path
        rollout = by_path[path].popleft()
        if not by_path[path]:
            del by_path[path]
        if not by_path:
            del self._left[policy]
        return rollout

    def give_back(self, rollout: PlannedRollout) -> None:
        """A rollout that was taken has to be run again, before others of its scenario."""
        self._of(rollout).appendleft(rollout)

    def _of(self, rollout: PlannedRollout) -> deque[PlannedRollout]:
        """Where a rollout waits."""
        return self._left.setdefault(rollout.policy.reference, {}).setdefault(rollout.scenario.path, deque())
