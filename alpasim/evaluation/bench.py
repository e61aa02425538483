"""How fast a step is, and where its time goes: the bench scene and the measurement that the README's figures come from.

The scene: a three-lane motorway bend, thirty cars within 100 m of the moving ego, half car-following and half replayed,
all metrics, ten substeps of 10 ms. Answers steps per second through `env.step` with a fixed list of actions, and once
more with the reference driver through a rollout. Figures of other simulators are `benchmarks/`' matter.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpasim.env import DriveEnv
from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import PerceptionChoice, Scenario, Track
from alpasim.scenario.loading import LogicalScenario, load_inputs
from alpasim.scenario.tracks import dump_tracks
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

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
    """The bench scene, made from the road it runs on.

    The recorded cars, which yield to nobody, have the right lane and the front half of the left one, so that none is behind
    the ego or behind a car that follows: the drive goes on to its end.
    """
    empty = HEAD.replace("tracks: {file: bench.tracks.npz}\n", "").replace("actors:\n", "")
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    road = load_inputs(SOURCE, {SOURCE: empty.encode(), **vehicle}).concrete(0).road
    times_us = np.arange(0, 60_000_001, 100_000, dtype=np.int64)
    lines, tracks = [], {}
    for number, (lane, s_m) in enumerate(_places()):
        name = f"car_{number:02d}"
        if lane == 1 or (lane == 3 and s_m > EGO_S_M):
            lines.append(f"  {name}: {{kind: car, drive: {{replay: {{id: {name}}}}}}}")
            along = s_m + SPEED_MPS * times_us * 1e-6
            poses = np.array([road.place("main", lane, float(min(s, 795.0)))[:3] for s in along])
            tracks[name] = Track(times_us, poses, np.full(times_us.size, SPEED_MPS))
        else:
            place = f"{{lane: {lane}, s_m: {s_m}, speed_mps: {SPEED_MPS}}}"
            lines.append(f"  {name}: {{kind: car, place: {place}, drive: follow}}")
    text = HEAD + "\n".join(lines) + "\n"
    return load_inputs(SOURCE, {SOURCE: text.encode(), "bench.tracks.npz": dump_tracks(tracks), **vehicle})


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
    senses_steps_per_s: dict[str, tuple[float, float, float]]
    """By what is sensed besides: median, slowest and fastest steps a second through `env.step`."""
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
    senses = {name: _with_senses(made, actions, repeats) for name, made in sensing_envs(scenario)}
    same = [_timed(env.reset) for _ in range(4 * repeats)]
    other = [_reset_to_another_s(env, seed) for seed in range(2 * repeats)]
    calibration.append(_calibration_s())
    env.close()
    median = statistics.median(driven)
    return BenchResult(
        steps_per_s=median,
        steps_per_s_range=(min(driven), max(driven)),
        real_time_factor=median * scenario.dt_us * 1e-6,
        rollout_steps_per_s=statistics.median(rollouts),
        rollout_steps_per_s_range=(min(rollouts), max(rollouts)),
        senses_steps_per_s=senses,
        reset_same_ms=1e3 * statistics.median(same),
        reset_other_ms=1e3 * statistics.median(other),
        step_ms_by_part=_time_by_part(scenario, actions),
        calibration_ms=1e3 * statistics.median(calibration),
        actors=len(scenario.actors),
        repeats=repeats,
    )


def sensing_envs(scenario: Scenario) -> Iterator[tuple[str, DriveEnv]]:
    """The bench scene with more senses than the plain object list, by what is added."""
    perceiving = replace(scenario, perception=PerceptionChoice("good"))
    yield "vector, perception with occlusion", DriveEnv(perceiving)
    yield "bird's-eye raster 84 x 84", DriveEnv(scenario, observation="bev")
    yield "lidar 64 x 360 at 10 Hz", DriveEnv(scenario, observation="lidar")


def _with_senses(env: DriveEnv, actions: list[NDArray[np.float32]], repeats: int) -> tuple[float, float, float]:
    """Median, slowest and fastest steps a second, after a run that is not counted."""
    driven = [_env_steps_per_s(env, actions) for _ in range(repeats + 1)][1:]
    env.close()
    return statistics.median(driven), min(driven), max(driven)


def recorded_actions(scenario: Scenario) -> list[NDArray[np.float32]]:
    """What the reference driver does in the scene, as a fixed list of env actions."""
    simulation = Simulation(scenario)
    policy = load_policy("idm")()
    observation = simulation.reset()
    policy.reset(simulation.brief)
    actions = []
    for _ in range(STEPS):
        control = simulation.step(policy.decide(observation)).control
        actions.append(np.array([control.steer, control.pedal], dtype=np.float32))
        observation = simulation.observe()
    simulation.close()
    return actions


def _env_steps_per_s(env: DriveEnv, actions: list[NDArray[np.float32]]) -> float:
    env.reset(seed=0)
    done = 0
    started = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        done += 1
        if terminated or truncated:
            break
    seconds = time.perf_counter() - started
    if done < len(actions):
        raise RuntimeError(f"the bench drive ended after {done} of {len(actions)} steps")
    return done / seconds


def _rollout_steps_per_s(scenario: Scenario) -> float:
    started = time.perf_counter()
    result = run_rollout(scenario, load_policy("idm"), policy_reference="idm")
    return result.steps / (time.perf_counter() - started)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _reset_to_another_s(env: DriveEnv, seed: int) -> float:
    started = time.perf_counter()
    env.reset(options={"scenario": "builtin", "scenario_seed": seed})
    return time.perf_counter() - started


def _calibration_s() -> float:
    """A fixed loop of plain Python and small array work, to compare machines and moments with."""
    started = time.perf_counter()
    total, values = 0.0, np.linspace(0.0, 1.0, 64)
    for number in range(20_000):
        total += float(values[number % 64]) * 0.5
        if number % 10 == 0:
            values = values[::-1] + 0.0
    return time.perf_counter() - started


PARTS = (
    ("senses", "_senses", "observe"),
    ("events", "_traffic", "apply_events"),
    ("traffic", "_traffic", "advance"),
    ("physics", "_world", "step"),
    ("metrics", "metrics", "update"),
)


def _time_by_part(scenario: Scenario, actions: list[NDArray[np.float32]]) -> dict[str, float]:
    """Milliseconds a step by part, from a run of its own in which each part is timed from outside."""
    simulation = Simulation(scenario)
    simulation.reset()
    spent = {name: 0.0 for name, _, _ in PARTS}

    def clocked(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            answer = call(*arguments)
            spent[name] += time.perf_counter() - started
            return answer

        return timed

    for name, owner, method in PARTS:
        part = getattr(simulation, owner)
        setattr(simulation, owner, _Clocked(part, method, clocked(name, getattr(part, method))))
    started = time.perf_counter()
    for action in actions:
        simulation.step(Decision(control=Control(float(action[0]), float(action[1]))))
        simulation.observe()
    total = time.perf_counter() - started
    simulation.close()
    parts = {name: 1e3 * seconds / len(actions) for name, seconds in spent.items()}
    return {**parts, "rest": 1e3 * total / len(actions) - sum(parts.values())}


class _Clocked:
    """Stands in for one part of a Simulation and times one of its methods."""

    def __init__(self, part: object, method: str, timed: Callable[..., Any]) -> None:
        self._part, self._method, self._timed = part, method, timed

    def __getattr__(self, name: str) -> Any:
        return self._timed if name == self._method else getattr(self._part, name)
