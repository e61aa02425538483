"""Drives the recorded path that the scenario gives: what a person did there, followed by this vehicle."""

from __future__ import annotations

from typing import Any

import numpy as np

from alpasim.errors import PolicyRaised
from alpasim.types import Decision, Observation, RolloutBrief, Trajectory

AHEAD_US = 4_000_000
"""How much of the recording each decision holds [us]."""

RUN_OUT_US = 5_000_000
"""How far the recording is continued behind its end, straight on at its last speed [us]."""


class ReplayActor:
    """Follows `brief.reference_path`, and goes straight on at the last speed when the recording is over."""

    needs: tuple[str, ...] = ()

    def reset(self, brief: RolloutBrief) -> None:
        """Take the recorded path; PolicyRaised where the scenario has none."""
        path = brief.reference_path
        if path is None:
            raise PolicyRaised(
                "replay_actor drives a recorded path, but this scenario has none;"
                " import one with its recording, or choose another policy"
            )
        self.path = continued(path, RUN_OUT_US + int(brief.time_limit_s * 1e6))

    def decide(self, observation: Observation) -> Decision:
        """The stretch of the recording around now, so that the log holds each pose a few times and not hundreds."""
        times_us = self.path.times_us
        first = max(int(np.searchsorted(times_us, observation.time_us, side="right")) - 1, 0)
        last = max(int(np.searchsorted(times_us, observation.time_us + AHEAD_US, side="left")) + 1, first + 2)
        return Decision(trajectory=Trajectory(times_us[first:last], self.path.poses[first:last], self.path.frame))

    def save(self) -> dict[str, Any]:
        """Nothing: where it is on the recording follows from the time."""
        return {}

    def load(self, memory: dict[str, Any]) -> None:
        """Go on by the time."""


def continued(path: Trajectory, until_us: int) -> Trajectory:
    """`path` with one more pose at `until_us`, where the speed of its last stretch leads; itself if it lasts longer."""
    if path.times_us[-1] >= until_us:
        return path
    last_s = float(path.times_us[-1] - path.times_us[-2]) * 1e-6
    velocity = (path.poses[-1, :2] - path.poses[-2, :2]) / last_s
    end = path.poses[-1, :2] + velocity * float(until_us - path.times_us[-1]) * 1e-6
    poses = np.vstack([path.poses, [end[0], end[1], path.poses[-1, 2]]])
    return Trajectory(np.append(path.times_us, until_us).astype(np.int64), poses, path.frame)
