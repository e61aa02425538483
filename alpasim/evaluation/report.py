"""`report.html`: a run on one page that opens from disk, without network and without scripts.

Answers how each policy did, by which formula, on what, and what broke or failed with what it looked like. Everything
that scenarios and policies wrote is escaped; the page forbids itself to load anything.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from alpasim import plugins
from alpasim.errors import InfrastructureError
from alpasim.evaluation.failures import LAST_SECONDS, Evidence, evidence
from alpasim.evaluation.manifest import now
from alpasim.evaluation.plan import seeds_text
from alpasim.evaluation.progress import printable
from alpasim.evaluation.store import Row
from alpasim.evaluation.summary import Group, Summary
from alpasim.evaluation.table import cells, kilometres
from alpasim.metrics.protocol import Metric
from alpasim.metrics.scores import KM_PER_INCIDENT_FORMULA, SCENE_SCORE_FORMULA

REPORT_NAME = "report.html"
MAX_PICTURES = 24
MAX_DETAILED = 200
"""Failures with a card of their own; the table of all rollouts lists every one."""

MAX_CIRCUMSTANCES = 12
"""Different draws that the table of scenarios has room for; the table of all rollouts has each."""


@dataclass(frozen=True, slots=True)
class Card:
    """One failure: its row, what the log shows, and how to see more."""

    row: Row
    evidence: Evidence
    expectations: Sequence[Mapping[str, Any]]
    replay: str


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric: how it is defined, and each policy's mean over the rollouts where it means something."""

    name: str
    unit: str
    aggregation: str
    formula: str
    values: tuple[str, ...]


def write_report(summary: Summary, out: Path | None = None, *, max_pictures: int = MAX_PICTURES) -> Path:
    """Write the report of a run, into its folder if not said otherwise; returns where it lies."""
    target = out or summary.run_dir / REPORT_NAME
    page = render(summary, max_pictures=max_pictures)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(page.encode("utf-8", "backslashreplace"))
        part.replace(target)
    except OSError as cause:
        raise InfrastructureError(f"{target}: cannot be written: {cause.strerror}") from cause
    return target


def render(summary: Summary, *, max_pictures: int = MAX_PICTURES) -> str:
    """The page as text."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("alpasim.evaluation", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.filters["figure"] = _figure
    plan = summary.manifest.plan
    policies = [policy.name for policy in plan.policies]
    return environment.get_template("report.html.j2").render(
        summary=summary,
        plan=plan,
        machine=summary.manifest.machine,
        sessions=summary.manifest.sessions,
        name=summary.run_dir.name,
        made=now(),
        seeds=seeds_text(plan.seeds),
        policies=policies,
        groups=summary.by_policy,
        cells=cells,
        kilometres=kilometres,
        matrix=_matrix(summary),
        circumstances={scenario.name: summary.circumstances(scenario) for scenario in plan.scenarios},
        most_listed=MAX_CIRCUMSTANCES,
        shade=_shade,
        metrics=_metric_lines(summary, policies),
        broken=summary.broken,
        cards=_cards(summary, max_pictures),
        unlisted=max(0, len(summary.failed) - MAX_DETAILED),
        reference=_reference,
        last_seconds=LAST_SECONDS,
        score_formula=SCENE_SCORE_FORMULA,
        km_formula=KM_PER_INCIDENT_FORMULA,
    )


def _clean(value: object) -> object:
    """Text without control characters; jinja escapes it afterwards. Markup that the template made itself stays."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    return value


def _figure(value: object) -> str:
    """A number for reading."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if math.isfinite(value) else str(value)
    return str(value)


def _matrix(summary: Summary) -> dict[str, dict[str, Group]]:
    """Groups by scenario, then policy."""
    rows: dict[str, dict[str, Group]] = {}
    for (scenario, policy), found in summary.by_scenario.items():
        rows.setdefault(scenario, {})[policy] = found
    return rows


def _shade(found: Group) -> str:
    """The class that colours a cell: by the share of rollouts that passed."""
    if found.passed == found.planned:
        return "good"
    return "bad" if found.passed == 0 else "mixed"


def _reference(row: Row) -> str:
    """What progress was measured along."""
    if row.outcome is None or not row.outcome.reference:
        return "–"
    return "recorded path" if row.outcome.reference == "recorded" else "route"


def _metric_lines(summary: Summary, policies: Sequence[str]) -> list[MetricLine]:
    """Every metric that some rollout has, with its formula where this installation knows the metric."""
    names = sorted({name for row in summary.rows if row.outcome for name in row.outcome.metrics})
    registered = set(plugins.names(plugins.METRICS))
    lines = []
    for name in names:
        unit = aggregation = ""
        formula = "not registered in this installation"
        if name in registered:
            found = plugins.load(plugins.METRICS, name)
            metric: Metric = found() if isinstance(found, type) else found
            unit, aggregation, formula = metric.unit, str(metric.aggregation), metric.formula
        values = tuple(_mean(summary, policy, name) for policy in policies)
        lines.append(MetricLine(name, unit, aggregation, formula, values))
    return lines


def _mean(summary: Summary, policy: str, name: str) -> str:
    """Mean of a metric over a policy's rollouts where it is measurable, with their number where it is not all of them."""
    rows = [row for row in summary.rows if row.policy == policy]
    found = [row.outcome.metrics.get(name) for row in rows if row.outcome is not None]
    valid = [value for value in found if value is not None and math.isfinite(value)]
    if not valid:
        return "–"
    text = f"{math.fsum(valid) / len(valid):.4g}"
    return text if len(valid) == len(rows) else f"{text} ({len(valid)}/{len(rows)})"


def _cards(summary: Summary, max_pictures: int) -> list[Card]:
    """Failures with their evidence: broken ones first, a picture for the first of each scenario and policy."""
    rows = [*summary.broken, *summary.failed][:MAX_DETAILED]
    pictured: set[tuple[str, str]] = set()
    cards = []
    for row in rows:
        wanted = len(pictured) < max_pictures and (row.scenario, row.policy) not in pictured
        folder = summary.run_dir / row.log
        shown = evidence(folder, picture=wanted) if folder.is_dir() else Evidence(missing="nothing was recorded")
        if shown.picture:
            pictured.add((row.scenario, row.policy))
        expectations = row.outcome.expectations if row.outcome else ()
        failed = [one for one in expectations if not one.get("passed")]
        cards.append(Card(row, shown, failed, shlex.quote(str(folder))))
    return cards
