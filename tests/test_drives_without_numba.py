"""A drive loads and calls its kernels without numba: every kernel that it reaches can be kept as machine code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alpasim.compiled import how_kernels_run

pytestmark = pytest.mark.skipif(not how_kernels_run()[0], reason=f"kernels here are {how_kernels_run()[1]}")

LOADED = "import sys; print(sorted({'numba', 'llvmlite', 'scipy'} & set(sys.modules)))"
"""What says which of the compilers' packages a process has imported."""

ROLLOUT = """
import sys
from alpasim.cli.main import run_app
run_app(["run", "child_between_parked_cars", "--policy", "idm", "--out", sys.argv[1]])
"""
ENV = """
import gymnasium, alpasim
env = gymnasium.make("alpasim/Drive-v0", scenario="red_light_runner", observation=["vector", "bev", "lidar"], action="trajectory")
env.action_space.seed(3)
env.reset(seed=3)
for _ in range(30):
    if any(env.step(env.action_space.sample())[2:4]):
        env.reset()
"""


@pytest.mark.parametrize("program", [ROLLOUT, ENV], ids=["rollout", "env"])
def test_a_process_that_finds_all_kernels_imports_no_compiler(program: str, tmp_path: Path) -> None:
    for run in range(2):
        words = [sys.executable, "-c", program + LOADED, str(tmp_path / str(run))]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
