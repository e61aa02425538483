"""`alpasim bench`: steps per second in the bench scene, resets, and where a step's time goes."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table


def bench_command(
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    repeats: int = typer.Option(5, "--repeats", min=1, max=100, help="Measured runs, after one that is not counted."),
) -> int:
    """Measure the bench scene on this machine; medians over the repeats, on one core."""
    from alpasim.evaluation.bench import run_bench

    found = run_bench(repeats)
    if json:
        typer.echo(json_module.dumps(asdict(found), indent=2))
        return 0
    table = Table("figure", "median", "fastest and slowest", title=f"{found.actors} actors, all metrics, 0.1 s steps")
    low, high = found.steps_per_s_range
    table.add_row("env.step, steps/s", f"{found.steps_per_s:.0f}", f"{high:.0f} … {low:.0f}")
    table.add_row("real-time factor", f"{found.real_time_factor:.0f}", "")
    low, high = found.rollout_steps_per_s_range
    table.add_row(
        "rollout with the reference driver, steps/s", f"{found.rollout_steps_per_s:.0f}", f"{high:.0f} … {low:.0f}"
    )
    for name, (middle, low, high) in found.senses_steps_per_s.items():
        table.add_row(f"env.step with {name}, steps/s", f"{middle:.0f}", f"{high:.0f} … {low:.0f}")
    table.add_row("reset of the same scenario, ms", f"{found.reset_same_ms:.2f}", "")
    table.add_row("reset to another scenario, ms", f"{found.reset_other_ms:.2f}", "")
    table.add_row("calibration loop, ms", f"{found.calibration_ms:.2f}", "")
    console = Console()
    console.print(table)
    parts = Table("part of a step", "ms", "share")
    total = sum(found.step_ms_by_part.values())
    for name, spent in sorted(found.step_ms_by_part.items(), key=lambda item: -item[1]):
        parts.add_row(name, f"{spent:.3f}", f"{100 * spent / total:.0f} %")
    console.print(parts)
    return 0
