"""`alpasim run`: one policy drives one scenario with one seed, and says how it went."""

from __future__ import annotations

import json as json_module
import math
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alpasim.errors import InputError

if TYPE_CHECKING:
    from alpasim.rollout import RolloutResult

SHOWN_METRICS = (
    "progress_rel_to_total", "dist_traveled_m", "collision_any", "collision_at_fault", "offroad", "time_to_collision",
    "min_distance_to_obstacle_m", "max_deceleration", "speed_limit_compliance", "comfort",
)  # fmt: skip


def run_command(
    scenario: Path = typer.Argument(help="Scenario file (.scn.yaml) or the name of a built-in one."),  # noqa: B008
    policy: str = typer.Option("idm", "--policy", "-p", help="Registered name, file.py:Class or module:Class."),
    seed: int = typer.Option(0, "--seed", "-s", min=0, help="Fixes the ranges that are drawn and all that is random."),
    set_: list[str] = typer.Option([], "--set", help="NAME=VALUE: set a parameter instead of drawing it."),  # noqa: B008
    out: Path | None = typer.Option(None, "--out", "-o", help="Folder for the log; nothing is written without it."),  # noqa: B008
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    strict: bool = typer.Option(False, "--strict", help="Exit with 1 unless the drive passes."),
) -> int:
    """Drive one scenario once. Exit code 1 when the drive broke (or, with --strict, did not pass)."""
    from alpasim.policy.fingerprint import policy_fingerprint
    from alpasim.policy.loading import load_policy, policy_name
    from alpasim.rollout import COMPLETED, run_rollout
    from alpasim.scenario.loading import find_scenarios, load_scenario

    files = find_scenarios([scenario])
    if len(files) != 1:
        raise InputError(f"{scenario}: found {len(files)} scenarios, expected one; `alpasim eval` drives many")
    concrete = load_scenario(files[0]).concrete(seed, overrides(set_))
    with redirect_stdout(sys.stderr) if json else nullcontext():  # what the policy prints is no part of the answer
        factory = load_policy(policy)
        result = run_rollout(
            concrete,
            factory,
            policy_reference=policy,
            policy_fingerprint=policy_fingerprint(policy),
            out_dir=_log_folder(out, concrete.name, policy_name(policy), seed),
        )
    if json:
        typer.echo(json_module.dumps(result_as_json(result), indent=2))
    else:
        _print(result)
    return 0 if result.passed or (result.status == COMPLETED and not strict) else 1


def _log_folder(out: Path | None, scenario: str, policy: str, seed: int) -> Path | None:
    """Where the log goes, the same place even if the policy changes the working directory; made before anything runs."""
    if out is None:
        return None
    folder = out.absolute() / "rollouts" / scenario / policy / str(seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise InputError(f"{folder}: cannot be made: {cause.strerror}") from cause
    return folder


def overrides(pairs: list[str]) -> dict[str, Any]:
    """`NAME=VALUE` words as parameters; a value that reads as a number is one."""
    overrides: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise InputError(f"--set {pair!r}: expected NAME=VALUE")
        try:
            number = float(text)
        except ValueError:
            overrides[name] = text
        else:
            overrides[name] = int(text) if text.lstrip("+-").isdigit() else number
    return overrides


def result_as_json(result: RolloutResult) -> dict[str, Any]:
    """A result as plain JSON: what cannot be measured, and what is infinite, is null."""
    plain = {name: value for name, value in asdict(result).items() if name not in {"metrics", "expectations", "log"}}
    plain["end_reason"] = str(result.end_reason)
    plain["margin"] = _number(result.margin.value) if result.margin.valid else None
    plain["log"] = None if result.log is None else str(result.log)
    plain["metrics"] = {name: _number(one.value) if one.valid else None for name, one in result.metrics.items()}
    plain["expectations"] = [
        {key: _number(value) if isinstance(value, float) else value for key, value in asdict(one).items()}
        for one in result.expectations
    ]
    return plain


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print(result: RolloutResult) -> None:
    """What happened, the expectations with their margins, the main metrics, and where the log lies."""
    from alpasim.evaluation.progress import printable

    console = Console(soft_wrap=True, emoji=False)
    verdict = "passed" if result.passed else "not passed"
    console.print(
        f"{escape(result.scenario)} · {escape(result.policy)} · seed {result.seed}: {result.status}, "
        f"{result.end_reason} after {result.duration_s:.1f} s, [bold]{verdict}[/bold], score {result.score:.2f}"
    )
    if result.error:
        console.print(printable(result.error), markup=False, highlight=False)
    expectations = Table("expected", "measured", "margin", "holds")
    for one in result.expectations:
        holds = "yes" if one.passed else ("no" if one.required else "no (not required)")
        measured = f"{one.value:.3g}" if one.metric in one.text else f"{escape(one.metric)} {one.value:.3g}"
        expectations.add_row(escape(one.text), measured, f"{one.margin:+.3g}", f"{holds} {escape(one.note)}")
    if result.expectations:
        console.print(expectations)
    metrics = Table(
        "metric",
        "value",
        caption=f"progress is measured against the {'recorded drive' if result.reference == 'recorded' else 'route'}",
    )
    for name in SHOWN_METRICS:
        if name in result.metrics:
            found = result.metrics[name]
            metrics.add_row(name, f"{found.value:.3g}" if found.valid else "not measurable")
    console.print(metrics)
    if result.log is not None:
        console.print(f"log: {result.log}", markup=False)
