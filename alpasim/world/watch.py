"""How all boxes move within a control step, and which of them may touch: what has to be watched, and what need not be.

Keeps who is guided, free or gone, who has just come, and who goes through whom; the geometry lies in `nearness.py`. It knows
no engine: what follows for the engine's bodies is the matter of `actors.py`.
"""

from __future__ import annotations

import numpy as np

from alpasim.memory import Memory, fill
from alpasim.scenario.concrete import Scenario
from alpasim.types import BoolArray, FloatArray, IntArray, Motion
from alpasim.world.nearness import (
    FREE,
    GUIDED,
    about_to_touch,
    interpolate,
    overlapping_pairs,
    parts_of_substep,
    reachable,
    set_off,
)

SUBSTEPS_AHEAD = 2.5
"""How many substeps before a contact an actor gets its mass: Bullet needs one whole substep to see it as a body."""


class Watch:
    """Rows are those of the state, the ego's first; `extent` (n, 3) [m], `fixed` (n,) says who never moves."""

    _pairs: IntArray

    def __init__(self, extent: FloatArray, fixed: BoolArray) -> None:
        n = len(extent)
        self._extent, self._fixed = extent, fixed
        self.now = np.zeros((n, 8))
        """How every body moves at this moment (columns: `contacts.py`); up to date only while something is watched."""
        self._start, self._end = np.zeros((n, 8)), np.zeros((n, 8))
        self.role = np.zeros(n, dtype=np.int64)
        self.struck = np.zeros(n, dtype=np.bool_)
        """Who has been hit since the reset."""
        self._active = np.zeros(n, dtype=np.bool_)
        self._fresh = np.zeros(n, dtype=np.bool_)
        self._close = np.zeros(n, dtype=np.bool_)
        self._recorded = np.zeros((n, n), dtype=np.bool_)
        self._overlapping = np.zeros((n, n), dtype=np.bool_)
        self.ignored = np.zeros((n, n), dtype=np.bool_)
        """Pairs of guided actors whose touching does not count, lower row first."""

    def surround(self, scenario: Scenario) -> None:
        """Take over a scenario's steps."""
        self._step_s = scenario.dt_us * 1e-6
        self._ahead_s = SUBSTEPS_AHEAD * self._step_s / scenario.substeps

    def reset(self, scenario: Scenario, motion: Motion) -> None:
        """Nobody was there before `motion`; those that repeat recordings go through each other."""
        recorded = np.array([False, *(actor.track is not None for actor in scenario.actors)])
        self._recorded[:] = recorded[:, None] & recorded[None, :]
        self.ignored[:] = self._recorded
        for flags in (self._active, self._fresh, self._overlapping):
            flags[:] = False
        self._set_off(motion)

    def save(self) -> Memory:
        """Who is there, struck, or goes through whom, and where everybody was last."""
        return {
            "struck": self.struck.copy(),
            "active": self._active.copy(),
            "fresh": self._fresh.copy(),
            "recorded": self._recorded.copy(),
            "overlapping": self._overlapping.copy(),
            "end": self._end.copy(),
            "now": self.now.copy(),
        }

    def load(self, memory: Memory) -> None:
        """Go on from what `save` returned; `struck` has been filled already."""
        fields = (("active", self._active), ("fresh", self._fresh), ("end", self._end))
        for name, into in (
            *fields,
            ("recorded", self._recorded),
            ("overlapping", self._overlapping),
            ("now", self.now),
        ):
            fill(memory, name, into)
        np.logical_or(self._overlapping, self._recorded, out=self.ignored)

    def begin(self, motion: Motion) -> None:
        """Start a control step at whose end `motion` holds for those that are guided."""
        if self._set_off(motion):
            overlapping_pairs(self.now, self._extent, self.role, self._fresh, self._overlapping)
            np.logical_or(self._overlapping, self._recorded, out=self.ignored)

    def _set_off(self, motion: Motion) -> bool:
        """Begin a control step; whether anybody has just come, or goes through somebody."""
        return set_off(
            motion.position,
            motion.yaw,
            motion.velocity,
            motion.yaw_rate,
            motion.present,
            self._active,
            self.struck,
            self._fixed,
            self._fresh,
            self._overlapping,
            self._start,
            self._end,
            self.now,
            self.role,
        )

    def look(self, share: float) -> bool:
        """Find the pairs that may touch in what is left of a control step of which a `share` is over; whether there are any."""
        interpolate(self._start, self._end, self.role, share, self.now)
        left = (1.0 - share) * self._step_s
        self._pairs = reachable(self.now, self._end, self._extent, self.role, self.ignored, left)
        return len(self._pairs) > 0

    def guided_about_to_touch(self, share: float) -> tuple[bool, list[int]]:
        """Whether anybody is about to touch somebody, a `share` of the control step being over, and which guided rows are."""
        interpolate(self._start, self._end, self.role, share, self.now)
        any_close = about_to_touch(self._pairs, self.now, self._extent, self._ahead_s, self._close)
        return any_close, np.flatnonzero(self._close & (self.role == GUIDED)).tolist()

    def parts_of_substep(self, substep_s: float) -> int:
        """Into how many parts a substep has to be divided, as motion is now: 1 unless boxes meet fast in it."""
        return parts_of_substep(self._pairs, self.now, self._extent, self.role, substep_s)

    def strike(self, row: int) -> None:
        """A row is free from now on, and goes through nobody."""
        self.struck[row] = True
        self.role[row] = FREE
        for flags in (self._recorded, self._overlapping, self.ignored):
            flags[row, :] = False
            flags[:, row] = False

    def note(self, present: BoolArray) -> list[tuple[int, bool]]:
        """Take in who is there at a step's end; each row that has come (True) or left (False), in order."""
        if present.tobytes() == self._active.tobytes():
            self._fresh[:] = False
            return []
        changed = np.flatnonzero(present != self._active).tolist()
        np.greater(present, self._active, out=self._fresh)
        self._active[:] = present
        return [(row, bool(present[row])) for row in changed]
