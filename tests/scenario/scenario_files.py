"""A small valid scenario to change, and what to ask of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpasim.errors import Fault, ScenarioError
from alpasim.scenario.loading import load_scenario

PLAIN = """\
schema: alpasim/scenario@1
title: A plain scenario
road: {motorway: {lanes: 3, length_m: 900, speed_limit_kph: 120}}
parameters:
  gap_m: {uniform: [40, 80]}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 110, goal: {s_m: 800}}
actors:
  cutter:
    kind: car
    place: {ahead_of: ego, lane: left, gap_m: $gap_m, speed_kph: 80}
    drive: follow
events:
  - when: {time_headway: {of: ego, to: cutter, below_s: 1.0}}
    then: {cutter: {change_lane: {to: right, over_s: 2.5}}}
end: {time_limit_s: 45}
expect: [no_collision, {min_time_to_collision_s: 1.0}]
"""


def faults_of(path: Path, seed: int = 0) -> tuple[Fault, ...]:
    """The faults of loading and drawing a file; fails the test where there are none."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path).concrete(seed)
    assert caught.value.faults
    return caught.value.faults


def the_fault(path: Path, seed: int = 0) -> Fault:
    """The only fault of a file."""
    faults = faults_of(path, seed)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]
