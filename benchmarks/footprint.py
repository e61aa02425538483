"""What alpasim costs before it drives: time to import, memory of a process with one Simulation and of each further one.

    python benchmarks/footprint.py

Each figure comes from processes of its own, started one after the other; the scene is that of `alpasim bench` (thirty
cars), driven for 100 steps with all metrics, so that every kernel has been loaded. Prints a Markdown table. Memory is
read from Linux' /proc; elsewhere only the times are given.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from drive_clock import calibration_ms

from alpasim.evaluation.manifest import machine

FURTHER = 4
IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {module}
print(time.perf_counter() - wall, time.process_time() - cpu)
"""
DRIVE = """
import json, sys
from process_memory import memory_now
stages = {}

def note(name):
    now = memory_now()
    stages[name] = (now.resident_mb, now.private_mb, now.proportional_mb)

note("Python alone")
import alpasim
note("`import alpasim`")
from alpasim.evaluation.bench import bench_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision
note("everything imported")

def driven(scenario, steps):
    simulation = Simulation(scenario)
    simulation.reset()
    for _ in range(steps):
        simulation.step(Decision(control=Control(0.0, 0.0)))
        simulation.observe()
    return simulation

scenario = bench_scenario().concrete(0)
note("a scenario of thirty cars")
kept = [driven(scenario, 100)]
note("one Simulation, driven")
kept += [driven(scenario, 10) for _ in range(int(sys.argv[1]))]
note("further")
print(json.dumps(stages))
"""
AIMS_MB = {"one Simulation, driven": 150.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="import time and memory")
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args(arguments)
    modules = ("alpasim", "alpasim.env", "alpasim.cli.main")
    imports: dict[str, list[tuple[float, float]]] = {module: [] for module in modules}
    stages: list[dict[str, tuple[float, float, float]]] = []
    calibration: list[float] = []
    run(IMPORT.format(module="alpasim.env"))  # files into the page cache, bytecode written
    for _ in range(asked.repeats):
        calibration.append(calibration_ms())
        for module in modules:
            wall, cpu = run(IMPORT.format(module=module)).split()
            imports[module].append((float(wall), float(cpu)))
    if sys.platform == "linux":
        stages = [json.loads(run(DRIVE, str(FURTHER))) for _ in range(3)]
    print("\n".join(import_table(imports)))
    if stages:
        print("\n".join(("", *memory_table(stages))))
    here = machine()
    print(
        f"\nMachine: {here['processor']}, {here['cores']} cores, {here['system']}, Python {here['python']}; median and "
        f"range of {asked.repeats} processes; calibration loop {statistics.median(calibration):.2f} ms."
    )
    return 0


def run(program: str, *words: str) -> str:
    """What a program prints in a fresh process; it finds the modules beside this file."""
    path = f"import sys; sys.path.insert(0, {str(sys.path[0])!r})\n"
    return subprocess.run(
        [sys.executable, "-c", path + program, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


def import_table(imports: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Seconds by module."""
    lines = ["| import | wall, s | CPU, s | aim, s |", "|---|---|---|---|"]
    for module, found in imports.items():
        walls, cpus = zip(*found, strict=True)
        aim = "0.5" if module == "alpasim" else ""
        lines.append(f"| `{module}` | {spread(walls)} | {spread(cpus)} | {aim} |")
    return lines


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"**{statistics.median(values):.2f}** ({min(values):.2f} … {max(values):.2f})"


def memory_table(stages: list[dict[str, Any]]) -> list[str]:
    """MB by stage, and what a further Simulation adds."""
    lines = [
        "| a process with | resident, MB | of it private, MB | proportional, MB | aim, MB |",
        "|---|---|---|---|---|",
    ]
    names = [name for name in stages[0] if name != "further"]
    for name in names:
        figures = " | ".join(f"{statistics.median(one[name][k] for one in stages):.0f}" for k in range(3))
        lines.append(f"| {name} | {figures} | {f'{AIMS_MB[name]:g}' if name in AIMS_MB else ''} |")
    last = names[-1]
    added = (statistics.median((one["further"][k] - one[last][k]) / FURTHER for one in stages) for k in range(3))
    lines.append(f"| each further Simulation | {' | '.join(f'+{figure:.0f}' for figure in added)} | +45 |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
