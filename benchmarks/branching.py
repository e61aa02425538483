"""What branches cost beside their own steps: forty of 3 s from one moment of the bench drive, 30 actors, all metrics on.

    python benchmarks/branching.py
    python benchmarks/branching.py --branches 40 --seconds 3 --step 60 --repeats 5

Prints a Markdown table in seconds of processor time, which other programs on the machine disturb least: the way to the moment
(once), starting a branch (back to the moment), changing an actor, the steps of all branches, and the whole over the steps.
It also checks that the factual branch is the same every time.
"""

from __future__ import annotations

import argparse
import statistics
import time

from alpasim.branching import BranchPoint, branch_point
from alpasim.evaluation.bench import bench_scenario, recorded_actions
from alpasim.recording.hashing import state_hash
from alpasim.recording.snapshot import Snapshot
from alpasim.types import Control, Decision


def forty(point: BranchPoint, branches: int, seconds: float) -> tuple[float, float, float, int]:
    """Seconds spent on starting branches, on changing actors, and on steps, and the number of steps; every fourth branch is the
    factual one, and each of the others removes an actor."""
    start = change = drive = 0.0
    steps = 0
    factual = set()
    names = point.scenario.ids[1:]
    for number in range(branches):
        clock = time.process_time()
        branch = point.branch()
        started = time.process_time()
        if number % 4:
            branch.remove(names[number % len(names)])
        changed = time.process_time()
        for decision in point.decisions[: round(seconds / point.scenario.dt_us * 1e6)]:
            if branch.end_reason is not None:
                break
            branch.step(decision)
            steps += 1
        drive += time.process_time() - changed
        start, change = start + started - clock, change + changed - started
        if number % 4 == 0:
            factual.add(state_hash(branch.state))
    if len(factual) != 1:
        raise SystemExit(f"the factual branch came out in {len(factual)} ways")
    return start, change, drive, steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--branches", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--step", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    scenario = bench_scenario().concrete(0)
    decisions = [Decision(control=Control(float(one[0]), float(one[1]))) for one in recorded_actions(scenario)]
    clock = time.process_time()
    with branch_point(scenario, chosen.step, decisions=decisions) as point:
        way = time.process_time() - clock
        forty(point, 4, chosen.seconds)
        runs = [forty(point, chosen.branches, chosen.seconds) for _ in range(chosen.repeats)]
        clock = time.process_time()
        data = point.snapshot.to_bytes()
        packed = time.process_time() - clock
        Snapshot.from_bytes(data)
        unpacked = time.process_time() - clock - packed
    start, change, drive, steps = (statistics.median(column) for column in zip(*runs, strict=True))
    whole = start + change + drive
    changed = chosen.branches - -(-chosen.branches // 4)
    print(
        f"| {chosen.branches} branches of {chosen.seconds:g} s, {len(scenario.ids) - 1} actors | median of {len(runs)} |"
    )
    print("|---|---|")
    print(f"| the way to step {chosen.step}, once | {way:.3f} s |")
    print(f"| starting a branch | {1e3 * start / chosen.branches:.2f} ms |")
    print(f"| removing an actor | {1e3 * change / changed:.2f} ms |")
    print(f"| one step of a branch | {1e3 * drive / steps:.2f} ms |")
    print(f"| all branches | {whole:.3f} s, of which steps {drive:.3f} s |")
    print(f"| over the steps alone | {whole / drive:.3f} |")
    print(
        f"| the snapshot as a file | {len(data) / 1024:.0f} KiB, written {1e3 * packed:.1f} ms, read {1e3 * unpacked:.1f} ms |"
    )


if __name__ == "__main__":
    main()
