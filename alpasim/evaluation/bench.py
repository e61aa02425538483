"""How fast a step is, and where its time goes: the bench scene and the measurement that the README's figures come from.

The scene: a three-lane motorway bend, thirty cars within 100 m of the moving ego, half car-following and half replayed,
all metrics, ten substeps of 10 ms. Answers steps per second through `env.step` with a fixed list of actions, and once
more with the reference driver through a rollout. Figures of other simulators are `benchmarks/`' matter.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpasim.env import DriveEnv
from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import Scenario, Track
from alpasim.scenario.loading import LogicalScenario, load_inputs
from alpasim.scenario.tracks import dump_tracks
from alpasim.simulation import Simulation
from alpasim.types import Decision

SPEED_MPS = 10.0
SPACING_M = 20.0
PER_LANE = 10
EGO_S_M = 130.0
STEPS = 200
SOURCE = "bench.scn.yaml"
HEAD = f"""schema: alpasim/scenario@1
title: Bench scene
road: {{motorway: {{lanes: 3, length_m: 800, speed_limit_kph: 36, curve_radius_m: 700}}}}
tracks: {{file: bench.tracks.npz}}
ego: {{vehicle: sedan, lane: 2, s_m: {EGO_S_M}, speed_mps: {SPEED_MPS}, goal: {{s_m: 780}}}}
end: {{time_limit_s: 60}}
actors:
"""


def bench_scenario() -> LogicalScenario:
    """The bench scene, made from the road it runs on; nothing is read from disk."""
    empty = HEAD.replace("tracks: {file: bench.tracks.npz}\n", "").replace("actors:\n", "")
    road = load_inputs(SOURCE, {SOURCE: empty.encode()}).concrete(0).road
    times_us = np.arange(0, 60_000_001, 100_000, dtype=np.int64)
    lines, tracks = [], {}
    for number, (lane, s_m) in enumerate(_places()):
        name = f"car_{number:02d}"
        if number % 2:
            lines.append(f"  {name}: {{kind: car, drive: {{replay: {{id: {name}}}}}}}")
            along = s_m + SPEED_MPS * times_us * 1e-6
            poses = np.array([road.place("main", lane, float(min(s, 795.0)))[:3] for s in along])
            tracks[name] = Track(times_us, poses, np.full(times_us.size, SPEED_MPS))
        else:
            place = f"{{lane: {lane}, s_m: {s_m}, speed_mps: {SPEED_MPS}}}"
            lines.append(f"  {name}: {{kind: car, place: {place}, drive: follow}}")
    text = HEAD + "\n".join(lines) + "\n"
    return load_inputs(SOURCE, {SOURCE: text.encode(), "bench.tracks.npz": dump_tracks(tracks)})


def _places() -> Iterator[tuple[int, float]]:
    """Lane and s of the thirty cars, all within 100 m of the ego's start."""
    for slot in range(PER_LANE):
        ahead = (slot - PER_LANE // 2 + (slot >= PER_LANE // 2)) * (SPACING_M - 2.0)
        for lane in (1, 2, 3):
            yield lane, EGO_S_M + ahead + (0.0 if lane == 2 else 6.0)


@dataclass(frozen=True, slots=True)
class BenchResult:
    """Medians over the repeats, with the fastest and slowest of them; times in the unit of the name."""

    steps_per_s: float
    steps_per_s_range: tuple[float, float]
    real_time_factor: float
    rollout_steps_per_s: float
    rollout_steps_per_s_range: tuple[float, float]
    reset_same_ms: float
    reset_other_ms: float
    step_ms_by_part: dict[str, float]
    calibration_ms: float
    actors: int
    repeats: int


def run_bench(repeats: int = 5) -> BenchResult:
    """Measure the bench scene on one core after a warm-up that compiles the kernels."""
    scenario = bench_scenario().concrete(0)
    actions = recorded_actions(scenario)
    env = DriveEnv(scenario)
    calibration = [_calibration_s()]
    driven = [_env_steps_per_s(env, actions) for _ in range(repeats + 1)][1:]
    calibration.append(_calibration_s())
    rollouts = [_rollout_steps_per_s(scenario) for _ in range(repeats)]
    same = [_timed(lambda: env.reset()) for _ in range(4 * repeats)]
    other = [
        _timed(lambda seed=seed: env.reset(options={"scenario": "builtin", "scenario_seed": seed}))
        for seed in range(2 * repeats)
    ]
    calibration.append(_calibration_s())
    env.close()
    median = statistics.median(driven)
    return BenchResult(
        steps_per_s=median,
        steps_per_s_range=(min(driven), max(driven)),
        real_time_factor=median * scenario.dt_us * 1e-6,
        rollout_steps_per_s=statistics.median(rollouts),
        rollout_steps_per_s_range=(min(rollouts), max(rollouts)),
        reset_same_ms=1e3 * statistics.median(same),
        reset_other_ms=1e3 * statistics.median(other),
        step_ms_by_part=_time_by_part(scenario, actions),
        calibration_ms=1e3 * statistics.median(calibration),
        actors=len(scenario.actors),
        repeats=repeats,
    )
