"""`alpasim eval`: many scenarios, many policies, many seeds, in worker processes; prints a table and writes a report."""

from __future__ import annotations

import json as json_module
import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from alpasim.errors import InputError, PlanError

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
    if resume and out is None:
        raise InputError("--resume needs --out: which run is to be finished?")
    run_dir = out or Path("runs") / datetime.now().astimezone().strftime("eval-%Y%m%d-%H%M%S")
    asked, policies, chosen = _asked(list(targets or []), list(policy), seeds, run_dir if resume else None)
    with _workers(workers, asked, policies, chosen, limit_s) as pool:
        summary = _drive(asked, policies, chosen, run_dir, workers, resume, limit_s, pool)
        page, unwritten = None, False
        if report and not summary.interrupted:
            try:
                page = _written_report(pool, summary)
            except KeyboardInterrupt:
                summary, unwritten = replace(summary, interrupted=True), True
    if json:
        typer.echo(json_module.dumps({**summary.to_json(), "report": page}, indent=2))
    else:
        from alpasim.evaluation.table import print_summary

        print_summary(summary)
        if page is not None:
            typer.echo(f"report: {page}")
        if unwritten:
            typer.echo(
                f"interrupted; every rollout is there, write the report with: alpasim report {shlex.quote(str(run_dir))}"
            )
        elif summary.interrupted:
            typer.echo(f"interrupted; finish it with: alpasim eval --resume --out {shlex.quote(str(run_dir))}")
    return summary.exit_code(strict)


def _workers(
    workers: int, targets: list[str], policies: list[str], seeds: tuple[int, ...] | None, limit_s: float
) -> Workers:
    """The processes that read, drive and draw the report's pictures; this one has no need of kernels and physics."""
    from alpasim.evaluation.compiling import to_standard_error
    from alpasim.evaluation.jobs import EXECUTOR
    from alpasim.evaluation.workers import Workers

    return Workers(_useful(workers, targets, policies, seeds or (0,)), EXECUTOR, limit_s, to_standard_error)


def _drive(
    asked: list[str],
    policies: list[str],
    chosen: tuple[int, ...] | None,
    run_dir: Path,
    workers: int,
    resume: bool,
    limit_s: float,
    pool: Workers,
) -> Summary:
    """Make the plan and run it; without chosen seeds, those that the suites ask for."""
    from alpasim.evaluation.evaluate import evaluate
    from alpasim.evaluation.plan import seeds_text
    from alpasim.evaluation.planning import make_plan
    from alpasim.evaluation.progress import progress_for

    seeds = _suite_seeds(asked, pool) if chosen is None else chosen
    plan = make_plan(asked, policies, seeds, limits={"rollout_wall_limit_s": f"{limit_s:g}"}, ask=pool.ask)
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


def _written_report(pool: Workers, summary: Summary) -> str:
    """Where the report lies that a worker has written."""
    from alpasim.evaluation.planning import answered
    from alpasim.evaluation.questions import REPORT, Question

    return str(answered(pool.ask([Question(0, REPORT, (str(summary.run_dir),))])[0]))


def _useful(workers: int, targets: list[str], policies: list[str], seeds: tuple[int, ...]) -> int:
    """How many workers can have something to do, as far as that can be told without reading a folder or a suite."""
    from alpasim.scenario.files import SCENARIO_SUFFIX

    if any(not target.endswith(SCENARIO_SUFFIX) for target in targets):
        return workers
    return max(1, min(workers, len(targets) * len(policies) * len(seeds)))


def _asked(
    targets: list[str], policies: list[str], seeds: str, resumed: Path | None
) -> tuple[list[str], list[str], tuple[int, ...] | None]:
    """Scenarios, policies and seeds: as given, else the resumed run's own, else the defaults; no seeds where suites say."""
    from alpasim.evaluation.manifest import read_manifest
    from alpasim.evaluation.plan import parse_seeds
    from alpasim.scenario.files import SUITE_SUFFIX

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
    if seeds:
        return targets, policies, parse_seeds(seeds)
    return targets, policies, None if any(target.endswith(SUITE_SUFFIX) for target in targets) else (0,)


def _suite_seeds(targets: list[str], pool: Workers) -> tuple[int, ...]:
    """The seeds that the suites among the targets ask for."""
    from alpasim.evaluation.planning import answered
    from alpasim.evaluation.questions import SUITE_SEEDS, Question
    from alpasim.scenario.files import SUITE_SUFFIX

    suites = tuple(target for target in targets if target.endswith(SUITE_SUFFIX))
    return tuple(answered(pool.ask([Question(0, SUITE_SEEDS, suites)])[0]))


def _done_before(run_dir: Path) -> int:
    """Rollouts that an earlier evaluation has finished. One that was killed, or had no room, before its first row has none:
    whoever opens the store to write says what is wrong with it."""
    from alpasim.evaluation.store import PLANNED, read_rows

    try:
        return sum(row.status != PLANNED for row in read_rows(run_dir))
    except PlanError:
        return 0
