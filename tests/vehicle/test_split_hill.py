"""On a hill with ice under one side only, a braked vehicle stands as long as the other side can hold it, and slides where it cannot."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from proving_ground import Drive

from alpasim.scenario.loading import load_scenario
from alpasim.types import Control, WorldState

HILL = """schema: alpasim/scenario@1
title: A hill with ice on it
road: {{straight: {{lanes: 3, length_m: 1000}}}}
relief: [{{{relief}}}]
environment: {{friction: 0.9}}
surfaces: [{{kind: ice, friction: {friction}, lane: 2, from_s_m: 400, to_s_m: 600{side}}}]
ego: {{vehicle: {vehicle}, lane: 2, s_m: 500, speed_mps: 0, goal: {{after_s: 29}}}}
"""


def braked(tmp_path: Path, time_s: float, **words: object) -> WorldState:
    path = tmp_path / "hill.scn.yaml"
    path.write_text(HILL.format(**words), encoding="utf-8")
    with Drive(load_scenario(path).concrete(0)) as drive:
        return drive.run(time_s, Control(0.0, -1.0))


@pytest.mark.parametrize("vehicle", ["sedan", "city_bus", "van", "rigid_truck"])
@pytest.mark.parametrize(
    ("relief", "friction", "side"),
    [
        ("grade: {from_s_m: 300, to_s_m: 700, grade: 0.15}", 0.1, "right"),
        ("grade: {from_s_m: 300, to_s_m: 700, grade: -0.15}", 0.05, "left"),
        ("cross_slope: {from_s_m: 300, to_s_m: 700, slope: 0.06}", 0.02, "left"),
    ],
)
def test_the_side_with_grip_holds_the_other(
    tmp_path: Path, vehicle: str, relief: str, friction: float, side: str
) -> None:
    after = braked(tmp_path, 15.0, vehicle=vehicle, relief=relief, friction=friction, side=f", side: {side}")
    assert np.abs(after.velocity[0]).max() < 1e-7
    assert np.abs(after.angular_velocity[0]).max() < 1e-7


def test_ice_under_both_sides_holds_nobody(tmp_path: Path) -> None:
    relief, friction = "grade: {from_s_m: 300, to_s_m: 700, grade: -0.15}", 0.05
    early = braked(tmp_path, 2.0, vehicle="sedan", relief=relief, friction=friction, side="")
    late = braked(tmp_path, 4.0, vehicle="sedan", relief=relief, friction=friction, side="")
    slope = math.atan(0.15)
    gained = np.linalg.norm(late.velocity[0]) - np.linalg.norm(early.velocity[0])
    expected = 9.81 * (math.sin(slope) - friction * math.cos(slope)) * 2.0
    assert gained == pytest.approx(expected, rel=0.02)
