"""How long an evaluation takes from process start to report: 100 scenarios of 20 s with 20 actors, one worker and two.

    python benchmarks/batch.py
    python benchmarks/batch.py --repeats 3 --scenarios 100 --workers 1,2

Writes the scenarios from one template into a temporary folder (a three-lane motorway bend, every other one wet, speeds and
gaps of their own), runs `alpasim eval` on them with the car-following driver, logs and report included, and prints a
Markdown table of wall times and of the memory that its processes held.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from drive_clock import calibration_ms
from process_memory import Memory, MemoryWatch

from alpasim.evaluation.manifest import machine

ACTORS = 20
DRIVE_S = 20.0
STEPS = 200
LOOK_S = 0.5
"""How often memory is looked at [s]; the kernel walks through all pages for it, so not too often."""
AIM_S = {1: 30.0, 2: 18.0}
HEAD = """schema: alpasim/scenario@1
title: Motorway traffic {number}
road: {{motorway: {{lanes: 3, length_m: 1200, speed_limit_kph: 80, curve_radius_m: {radius_m}}}}}
environment: {{friction: {friction}}}
ego: {{vehicle: sedan, lane: 2, s_m: 250, speed_kph: {speed_kph}, goal: {{s_m: 1180}}}}
end: {{time_limit_s: {drive_s}}}
expect: [no_collision, stays_on_road]
actors:
"""


@dataclass(frozen=True)
class BatchRun:
    """One evaluation: wall time and CPU time of all its processes [s], memory of parent, nursery and the largest worker and
    of all together, what it left on disk, and how long the calibration loop took just before."""

    wall_s: float
    cpu_s: float
    parent: Memory
    nursery: Memory
    worker: Memory
    together_mb: float
    disk_mb: float
    calibration_ms: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, run, print."""
    parser = argparse.ArgumentParser(description="wall time and memory of a batch of rollouts")
    parser.add_argument("--scenarios", type=int, default=100)
    parser.add_argument("--workers", default="1,2", help="how many workers, one after the other")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args(arguments)
    counts = [int(word) for word in asked.workers.split(",")]
    runs: dict[int, list[BatchRun]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory(prefix="alpasim-batch-") as name:
        folder = Path(name)
        write_scenarios(folder / "scenarios", asked.scenarios)
        evaluate_once(folder, 1, min(asked.scenarios, 2))  # fills the kernels' cache, as on every machine but a new one
        for _ in range(asked.repeats):
            for count in counts:
                runs[count].append(evaluate_once(folder, count, asked.scenarios))
                print(
                    f"{count} workers: {runs[count][-1].wall_s:.1f} s, CPU {runs[count][-1].cpu_s:.1f} s",
                    file=sys.stderr,
                    flush=True,
                )
    print(table(runs, asked.scenarios))
    return 0


def write_scenarios(folder: Path, how_many: int) -> None:
    """The template with other numbers for each file."""
    folder.mkdir(parents=True)
    for number in range(how_many):
        speed_kph = 50 + 3 * (number % 10)
        head = HEAD.format(
            number=number,
            radius_m=600 + 40 * (number % 7),
            friction=0.9 if number % 2 else 0.6,
            speed_kph=speed_kph,
            drive_s=DRIVE_S,
        )
        gap_m = 24 + number % 5
        lines = []
        for actor in range(ACTORS):
            lane, slot = 1 + actor % 3, actor // 3 - 3
            slot += lane == 2 and slot >= 0  # the ego's own place stays free
            s_m = 250 + slot * gap_m + (0 if lane == 2 else 8 * (lane - 2))
            place = f"{{lane: {lane}, s_m: {s_m}, speed_kph: {speed_kph + lane}}}"
            lines.append(f"  car_{actor:02d}: {{kind: car, place: {place}, drive: follow}}\n")
        (folder / f"traffic_{number:03d}.scn.yaml").write_text(head + "".join(lines), encoding="utf-8")


def evaluate_once(folder: Path, workers: int, scenarios: int) -> BatchRun:
    """One `alpasim eval` in a process of its own; refuses figures of drives that ended early."""
    out = folder / "run"
    shutil.rmtree(out, ignore_errors=True)
    files = [str(path) for path in sorted((folder / "scenarios").iterdir())[:scenarios]]
    command = [sys.executable, "-c", "from alpasim.cli.main import main; main()", "eval", *files, "--policy", "idm"]
    command += ["--workers", str(workers), "--out", str(out)]
    calibration = calibration_ms()
    with (folder / "printed.txt").open("wb") as printed:
        cpu_before, started = children_cpu_s(), time.perf_counter()
        process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
        watch = MemoryWatch(process.pid)
        while True:
            try:
                code = process.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                watch.look()
        wall_s, cpu_s = time.perf_counter() - started, children_cpu_s() - cpu_before
    if code or not (out / "report.html").is_file():
        said = (folder / "printed.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"alpasim eval ended with exit code {code}:\n{said[-2000:]}")
    with closing(sqlite3.connect(out / "results.sqlite")) as results:
        whole = results.execute("SELECT count(*) FROM rollouts WHERE status = 'completed' AND steps = ?", (STEPS,))
        (driven,) = whole.fetchone()
    if driven != scenarios:
        raise RuntimeError(f"{scenarios - driven} of {scenarios} rollouts did not drive all their {STEPS} steps")
    disk_mb = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    return BatchRun(wall_s, cpu_s, watch.parent, watch.nursery, watch.worker, watch.together_mb, disk_mb, calibration)


def children_cpu_s() -> float:
    """CPU time of all the children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def shown(found: Sequence[Memory]) -> str:
    """The most of several runs: resident (private, proportional)."""
    most = max(found, key=lambda one: one.resident_mb)
    return f"{most.resident_mb:.0f} ({most.private_mb:.0f}, {most.proportional_mb:.0f})"


def table(runs: dict[int, list[BatchRun]], scenarios: int) -> str:
    """The runs as Markdown: medians, and in brackets the fastest and the slowest."""
    here = machine()
    lines = [
        f"{scenarios} scenarios × {DRIVE_S:g} s × {ACTORS} actors, logs and report included:",
        "",
        "| workers | wall, s | aim, s | CPU, s | steps/s | parent, MB | nursery, MB | a worker, MB | all together, MB "
        "| on disk, MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for count, found in runs.items():
        walls = [one.wall_s for one in found]
        median = statistics.median(walls)
        aim = f"{AIM_S[count]:g}" if count in AIM_S and scenarios == 100 else ""
        memory = (shown([getattr(one, name) for one in found]) for name in ("parent", "nursery", "worker"))
        lines.append(
            f"| {count} | **{median:.1f}** ({min(walls):.1f} … {max(walls):.1f}) | {aim} "
            f"| {statistics.median(one.cpu_s for one in found):.1f} "
            f"| {scenarios * STEPS / median:.0f} | {' | '.join(memory)} "
            f"| {max(one.together_mb for one in found):.0f} | {found[-1].disk_mb:.0f} |"
        )
    calibration = [one.calibration_ms for found in runs.values() for one in found]
    lines += [
        "",
        "Memory: resident (private, proportional); all together is the sum of the proportional shares.",
        f"Machine: {here['processor']}, {here['cores']} cores, {here['system']}; {len(walls)} repeats; calibration loop "
        f"{statistics.median(calibration):.2f} ms ({min(calibration):.2f} … {max(calibration):.2f}).",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
