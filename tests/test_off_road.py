"""Leaving the road for a while: the drive goes on over the terrain, and ends where the scenario says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alpasim.errors import ScenarioError
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.loading import load_scenario
from alpasim.types import Decision, EndReason, Observation, RolloutBrief, Trajectory

ROAD = """schema: alpasim/scenario@1
title: A road between meadows
road: {straight: {lanes: 1, length_m: 400, lane_width_m: 3.5, speed_limit_kph: 50}}
ego: {vehicle: suv, lane: 1, s_m: 50, speed_mps: 10, goal: {s_m: 200}}
expect: [stays_on_road]
"""
OUT_M = 4.0
"""How far the box centre leaves the middle of the lane; the pavement ends 1.75 m beside it."""


class ByTheMeadow:
    """Swerves to the right by OUT_M over 60 m of road and comes back."""

    def reset(self, brief: RolloutBrief) -> None:
        pass

    def decide(self, observation: Observation) -> Decision:
        if observation.step == 0:
            self.start = observation.rig_pose[:2].copy()
        times = np.arange(0.0, 40.0, 0.1)
        x = 10.0 * times
        share = np.clip((x - 20.0) / 60.0, 0.0, 1.0)
        y = -OUT_M * np.sin(np.pi * share) ** 2
        yaw = np.arctan2(np.gradient(y), np.gradient(x))
        poses = np.stack((self.start[0] + x, self.start[1] + y, yaw), axis=1)
        return Decision(trajectory=Trajectory(np.round(1e6 * times).astype(np.int64), poses))


def driven(tmp_path: Path, end: str) -> RolloutResult:
    file = tmp_path / "meadow.scn.yaml"
    file.write_text(ROAD + end)
    return run_rollout(load_scenario(file).concrete(0), ByTheMeadow, policy_reference="by_the_meadow")


def test_a_swerve_over_the_verge_is_no_end_but_no_clean_drive_either(tmp_path: Path) -> None:
    result = driven(tmp_path, "")
    assert (result.status, result.end_reason) == ("completed", EndReason.GOAL_REACHED)
    assert result.metrics["offroad"].value == 1.0
    assert not result.passed
    assert result.score == 0.0


@pytest.mark.parametrize("off_road_m", [0.0, 1.5])
def test_a_scenario_may_end_it_sooner(tmp_path: Path, off_road_m: float) -> None:
    result = driven(tmp_path, f"end: {{off_road_m: {off_road_m}}}\n")
    assert result.end_reason is EndReason.OFF_ROAD
    assert 3.0 < result.duration_s < 7.0


def test_a_distance_below_zero_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r":6:19: end\.off_road_m: found -1, expected at least 0"):
        driven(tmp_path, "end: {off_road_m: -1}\n")
