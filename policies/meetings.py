"""Who really comes towards the ego: where places on the list are not exact, one look is no reason to swerve or to brake hard.

Somebody in the oncoming lane of a bend seems to come into ours in one look of several. On ice a full brake, or a swerve, for
somebody who only seems to is what does the harm.
"""

from __future__ import annotations

from typing import Any

from alpasim.types import IntArray

from .reasons import Reason

SURE_S = 0.5
"""Whoever has come towards the ego for so long, look after look, does."""


class Meetings:
    """Remembers for how long each track has come towards the ego; plain data. With `sure_s` 0 the first look is believed."""

    def __init__(self, sure_s: float) -> None:
        self.sure_s = sure_s
        self.seen_s: dict[int, float] = {}

    def look(self, reasons: list[Reason], ids: IntArray, dt_s: float) -> None:
        """Take over which of the tracks `ids` (k,) come towards the ego in this look, `dt_s` after the last."""
        if self.sure_s > 0.0:
            met = [int(ids[reason.track]) for reason in reasons if reason.cause == "oncoming"]
            self.seen_s = {track: self.seen_s.get(track, 0.0) + dt_s for track in met}

    def sure(self, reasons: list[Reason], ids: IntArray) -> list[Reason]:
        """Those of the reasons that are no doubtful meetings."""
        return [reason for reason in reasons if not self._doubts(reason, ids)]

    def heeded(self, reasons: list[Reason], ids: IntArray, deceleration: float) -> list[Reason]:
        """The reasons, doubtful meetings with a braking of `deceleration` at most [m/s^2]."""
        return [
            reason._replace(acceleration=max(reason.acceleration, -deceleration))
            if self._doubts(reason, ids)
            else reason
            for reason in reasons
        ]

    def _doubts(self, reason: Reason, ids: IntArray) -> bool:
        if self.sure_s <= 0.0 or reason.cause != "oncoming":
            return False
        return self.seen_s.get(int(ids[reason.track]), 0.0) < self.sure_s - 1e-9

    def save(self) -> dict[str, Any]:
        """Plain data."""
        return {str(track): seen_s for track, seen_s in self.seen_s.items()}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.seen_s = {int(track): float(seen_s) for track, seen_s in memory.items()}
