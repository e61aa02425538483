"""A long run with every sense on does not grow: the benchmark's own measurement, shorter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_resets_and_steps_with_all_senses_do_not_grow_memory() -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc to read the memory from")
    spec = importlib.util.spec_from_file_location("benchmark_memory", ROOT / "benchmarks" / "memory.py")
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    scenario = ROOT / "scenarios" / "lead_vehicle" / "hard_brake.scn.yaml"
    by_resets, by_steps = benchmark.growth_mb(100, 1_000, ["vector", "bev", "lidar"], [scenario])
    assert by_resets < 8.0
    assert by_steps < 8.0
