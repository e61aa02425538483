"""`alpasim eval`: many scenarios, many policies, many seeds, in worker processes; prints a table and writes a report."""

from __future__ import annotations

import json as json_module
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from alpasim.errors import InputError

if TYPE_CHECKING:
    from alpasim.evaluation.summary import Summary
    from alpasim.evaluation.workers import Workers


def eval_command(
    targets: list[str] = typer.Argument(None, help="Scenario files, folders, suites, or `builtin`."),  # noqa: B008
    policy: list[str] = typer.Option([], "--policy", "-p", help="Name, file.py:Class or module:Class; may repeat."),  # noqa: B008
    seeds: str = typer.Option(
        "", "--seeds", help="3 means seeds 0, 1, 2; 3,5,8 means those. Default: the suite's, or 1."
    ),
    workers: int = typer.Option(1, "--workers", "-w", min=1, help="Processes that drive at the same time."),
    out: Path | None = typer.Option(None, "--out", "-o", help="The run's folder. Default: runs/eval-<time>."),  # noqa: B008
    resume: bool = typer.Option(False, "--resume", help="Finish the run in --out; what is done is not done again."),
    limit_s: float = typer.Option(300.0, "--limit-s", min=0.1, help="Wall-clock seconds a rollout may take."),
    report: bool = typer.Option(True, "--report/--no-report", help="Write report.html at the end."),
    json: bool = typer.Option(False, "--json", help="Print one JSON object instead of the table."),
    strict: bool = typer.Option(False, "--strict", help="Exit with 1 unless every rollout completed and passed."),
) -> int:
    """Drive every scenario with every policy and every seed. Ctrl-C stops cleanly; --resume goes on."""
    from alpasim.evaluation.jobs import EXECUTOR
    from alpasim.evaluation.workers import Workers

    if resume and out is None:
        raise InputError("--resume needs --out: which run is to be finished?")
    run_dir = out or Path("runs") / datetime.now().astimezone().strftime("eval-%Y%m%d-%H%M%S")
    asked, policies, chosen = _asked(list(targets or []), list(policy), seeds, run_dir if resume else None)
    # Workers take as long to start as a plan takes to make, so they start first; a resumed run may have nothing left to do.
    early = None if resume else Workers(_useful(workers, asked, policies, chosen), EXECUTOR, limit_s)
    with early or nullcontext() as pool:
        summary = _drive(asked, policies, chosen, run_dir, workers, resume, limit_s, pool)
    from alpasim.evaluation.report import write_report
    from alpasim.evaluation.table import print_summary

    page = write_report(summary) if report and not summary.interrupted else None
    if json:
        typer.echo(json_module.dumps({**summary.to_json(), "report": None if page is None else str(page)}, indent=2))
    else:
        print_summary(summary)
        if page is not None:
            typer.echo(f"report: {page}")
        if summary.interrupted:
            typer.echo(f"interrupted; finish it with: alpasim eval --resume --out {run_dir}")
    return summary.exit_code(strict)


def _drive(
    asked: list[str],
    policies: list[str],
    seeds: tuple[int, ...],
    run_dir: Path,
    workers: int,
    resume: bool,
    limit_s: float,
    pool: Workers | None,
) -> Summary:
    """Make the plan and run it."""
    from alpasim.evaluation.evaluate import evaluate
    from alpasim.evaluation.plan import seeds_text
    from alpasim.evaluation.planning import make_plan
    from alpasim.evaluation.progress import progress_for

    plan = make_plan(asked, policies, seeds, limits={"rollout_wall_limit_s": f"{limit_s:g}"})
    before = _done_before(run_dir) if resume else 0
    return evaluate(
        plan,
        run_dir,
        workers=workers,
        resume=resume,
        limit_s=limit_s,
        progress=progress_for(len(plan.rollouts), before),
        settings={"targets": asked, "seeds": seeds_text(plan.seeds)},
        pool=pool,
    )


def _useful(workers: int, targets: list[str], policies: list[str], seeds: tuple[int, ...]) -> int:
    """How many workers can have something to do, as far as that can be told without reading a folder or a suite."""
    from alpasim.scenario.files import SCENARIO_SUFFIX

    if any(not target.endswith(SCENARIO_SUFFIX) for target in targets):
        return workers
    return max(1, min(workers, len(targets) * len(policies) * len(seeds)))


def _asked(
    targets: list[str], policies: list[str], seeds: str, resumed: Path | None
) -> tuple[list[str], list[str], tuple[int, ...]]:
    """Scenarios, policies and seeds: as given, else the resumed run's own, else the defaults."""
    from alpasim.evaluation.manifest import read_manifest
    from alpasim.evaluation.plan import parse_seeds

    found = read_manifest(resumed) if resumed is not None else None
    if found is not None:
        plan = found.plan
        targets = targets or [scenario.path for scenario in plan.scenarios]
        policies = policies or [policy.reference for policy in plan.policies]
        return targets, policies, parse_seeds(seeds) if seeds else plan.seeds
    if resumed is not None and not (targets and policies):
        raise InputError(f"{resumed}: holds no run to resume; expected the folder of an earlier evaluation")
    if not targets:
        raise InputError("nothing to run: name scenario files, folders or suites, or `builtin`")
    if not policies:
        raise InputError("nobody to drive: give --policy NAME (`alpasim list policies` names them)")
    return targets, policies, parse_seeds(seeds) if seeds else _suite_seeds(targets)


def _suite_seeds(targets: list[str]) -> tuple[int, ...]:
    """The seeds that the suites among the targets ask for; (0,) where there is no suite."""
    from alpasim.scenario.files import SUITE_SUFFIX

    suites = [target for target in targets if target.endswith(SUITE_SUFFIX)]
    if not suites:
        return (0,)
    from alpasim.scenario.library import read_suite

    asked = {read_suite(target).seeds for target in suites}
    if len(asked) > 1:
        listed = " and ".join(sorted(str(seeds) for seeds in asked))
        raise InputError(f"the suites ask for different seeds, {listed}: say which with --seeds")
    return asked.pop()


def _done_before(run_dir: Path) -> int:
    """Rollouts that an earlier session has finished."""
    from alpasim.evaluation.store import PLANNED, STORE_NAME, read_rows

    if not (run_dir / STORE_NAME).is_file():
        return 0
    return sum(row.status != PLANNED for row in read_rows(run_dir))
