"""Does a long training run grow? Resets and steps in one process, and how much its resident memory grew.

python benchmarks/memory.py                                    5,000 resets and 200,000 steps, five to ten minutes
python benchmarks/memory.py --resets 500 --steps 20000 --observation vector bev lidar

Warm-up first, so that compiled kernels, caches of roads and routes and the allocator's pools are there; then resets over
built-in scenarios with one step each; then steps, with resets where drives end. Each tenth is noted on stderr, because a
leak grows by the same in every one and a pool that still fills does not. Exit code 1 where it grew by more.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alpasim.env import DriveEnv
from alpasim.scenario.loading import find_scenarios

LIMIT_MB = 20.0
TENTHS = 10


def resident_mb() -> float:
    """Memory of this process that is really held [MiB]."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def reset_on(env: DriveEnv, rng: np.random.Generator, resets: int) -> None:
    """So many drives of one step."""
    for _ in range(resets):
        env.reset()
        step_on(env, rng, 1)


def step_on(env: DriveEnv, rng: np.random.Generator, steps: int) -> None:
    """So many steps of gentle random driving, reset where a drive ends."""
    for _ in range(steps):
        action = rng.uniform(-1.0, 1.0, 2).astype(np.float32) * np.array([0.02, 0.4], dtype=np.float32)
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()


def growth_mb(
    resets: int, steps: int, observation: list[str], scenarios: list[Path], note: Callable[[str], None] = lambda _: None
) -> tuple[float, float]:
    """How much the process grew over the resets, and over the steps after them [MiB]; `note` is told after each tenth."""
    env = DriveEnv(scenarios, observation=observation[0] if len(observation) == 1 else observation)
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    reset_on(env, rng, max(50, resets // 20))
    step_on(env, rng, max(200, steps // 50))
    start = resident_mb()
    note(f"warm: {start:.1f} MB")
    for tenth in range(TENTHS):
        reset_on(env, rng, resets * (tenth + 1) // TENTHS - resets * tenth // TENTHS)
        note(f"{resets * (tenth + 1) // TENTHS} resets: {resident_mb() - start:+.1f} MB")
    middle = resident_mb()
    for tenth in range(TENTHS):
        step_on(env, rng, steps * (tenth + 1) // TENTHS - steps * tenth // TENTHS)
        note(f"{steps * (tenth + 1) // TENTHS} steps: {resident_mb() - start:+.1f} MB")
    end = resident_mb()
    env.close()
    return middle - start, end - middle


def main() -> int:
    """Measure and say what was found; 1 where the process grew by more than LIMIT_MB."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resets", type=int, default=5_000)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--observation", nargs="+", default=["vector"])
    parser.add_argument("--scenario", default="builtin")
    given = parser.parse_args()
    started = time.perf_counter()

    def note(text: str) -> None:
        print(f"{time.perf_counter() - started:6.0f} s  {text}", file=sys.stderr, flush=True)

    by_resets, by_steps = growth_mb(
        given.resets, given.steps, given.observation, find_scenarios([Path(given.scenario)]), note
    )
    print(f"{given.resets} resets: {by_resets:+.1f} MB; {given.steps} steps: {by_steps:+.1f} MB")
    print(f"{by_resets + by_steps:+.1f} MB in {time.perf_counter() - started:.0f} s, at most {LIMIT_MB:g} MB expected")
    return 0 if by_resets + by_steps < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
