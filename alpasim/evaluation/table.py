"""A run's results as a table for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alpasim.evaluation.plan import PlannedScenario, seeds_text
from alpasim.evaluation.progress import first_line, printable
from alpasim.evaluation.summary import Group, Summary
from alpasim.metrics.scores import KM_PER_INCIDENT_FORMULA, SCENE_SCORE_FORMULA

COLUMNS = ("pass", "margin", "score", "at fault", "off road", "progress", "min TTC", "km/incident", "not completed")
_NARROW = ("pass", "score", "at fault", "km/incident", "not completed")
"""What a terminal of less than WIDE columns has room for; the report has everything."""
WIDE = 120
_PLAIN_WIDTH = 160
MAX_LISTED = 10


def cells(found: Group) -> tuple[str, ...]:
    """A group's figures as text, in the order of COLUMNS."""
    score = f"{found.score.mean:.3f}"
    if found.score.half_width is not None:
        score += f" ± {found.score.half_width:.3f}"
    time = found.min_time_to_collision_s
    broke = ", ".join(f"{count} {status}" for status, count in found.statuses.items())
    return (
        f"{found.passed}/{found.planned}",
        "-" if found.margin is None else f"{found.margin:+.2f}",
        score,
        str(found.at_fault),
        str(found.off_road),
        f"{100.0 * found.progress:.0f} %",
        "-" if time is None else f"{time:.2f} s",
        kilometres(found),
        broke or "-",
    )


def kilometres(found: Group) -> str:
    """Kilometres per at-fault incident; where there was none, more than was driven."""
    if math.isinf(found.km_per_incident):
        return f"> {found.distance_km:.2f}"
    return f"{found.km_per_incident:.3f}"


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """The run's tables, what broke, and where everything lies."""
    out = console or _console()
    plan = summary.manifest.plan
    shown = COLUMNS if out.width >= WIDE else _NARROW
    rows = [(scenario, policy, found) for (scenario, policy), found in summary.by_scenario.items()]
    everything = f"all {len(plan.scenarios)}"
    rows += [(everything, policy, found) for policy, found in summary.by_policy.items()]
    out.print(_table(rows, shown))
    interval = f" ± 95 % interval over seeds {seeds_text(plan.seeds)}" if len(plan.seeds) > 1 else ""
    notes = [
        f"score: {SCENE_SCORE_FORMULA}; mean over the plan{interval}",
        "margin: smallest of the required expectations' margins, relative to their bounds",
        f"km/incident: {KM_PER_INCIDENT_FORMULA}",
    ]
    if summary.remaining:
        notes.append(
            f"{summary.remaining} of {len(summary.rows)} rollouts have not been run: finish them with --resume"
        )
    for row in summary.broken[:MAX_LISTED]:
        error = first_line(row.outcome.error) if row.outcome else ""
        notes.append(f"{row.status}: {row.scenario} x {row.policy} x seed {row.seed}: {error}")
    if len(summary.broken) > MAX_LISTED:
        notes.append(f"and {len(summary.broken) - MAX_LISTED} more that broke: see the report")
    faults = [line for scenario in plan.scenarios for line in _faults(summary, scenario)]
    notes += faults[:MAX_LISTED]
    if len(faults) > MAX_LISTED:
        notes.append(f"and {len(faults) - MAX_LISTED} more lines of faults: see the report")
    notes.append(f"results: {summary.run_dir}")
    for note in notes:
        out.print(Text(printable(note)), soft_wrap=True)


def _faults(summary: Summary, scenario: PlannedScenario) -> list[str]:
    """What fails on the ego, a line for all seeds or, where they differ, for those that are alike."""
    found = [one for one in summary.circumstances(scenario) if one.faults]
    return [f"faults in {scenario.name}{one.seeds and f', {one.seeds}'}: {'; '.join(one.faults)}" for one in found]


def _console() -> Console:
    """The terminal as wide as it is; a file or a pipe wide enough for every column."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(width=_PLAIN_WIDTH, emoji=False)


def _table(rows: Sequence[tuple[str, str, Group]], shown: Sequence[str]) -> Table:
    """One table with a row a group and the columns in `shown`."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("scenario", overflow="fold")
    table.add_column("policy", overflow="fold")
    for column in shown:
        table.add_column(column, justify="left" if column == "not completed" else "right", no_wrap=column == "score")
    before = ""
    for scenario, policy, found in rows:
        if before and scenario != before:
            table.add_section()
        figures = dict(zip(COLUMNS, cells(found), strict=True))
        words = ("" if scenario == before else scenario, policy, *(figures[column] for column in shown))
        table.add_row(*(Text(printable(word)) for word in words))
        before = scenario
    return table
