"""What the results of drives are worth: scene score, expectations, pass, kilometres per incident.

Answers from results alone, so that every score can be computed again from what a drive stored. Drives that broke are part
of every denominator: what is asked for is the plan, not what happened to finish.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpasim.metrics.protocol import INVALID
from alpasim.types import MetricValue

if TYPE_CHECKING:
    from alpasim.scenario.concrete import Expectation

SHORT_REFERENCE_M = 5.0
"""A reference shorter than this asks for no progress [m]."""
FULL_PROGRESS = 0.8
"""Share of the reference that earns the whole scene score."""
SCENE_SCORE_INPUTS = ("collision_at_fault", "offroad", "gt_dist_traveled_m", "progress_rel_to_total")
SCENE_SCORE_FORMULA = (
    "0 if collision_at_fault or offroad; else 1 if gt_dist_traveled_m < 5 m; "
    "else min(clamp(progress_rel_to_total, 0, 1) / 0.8, 1); 0 for a drive that broke"
)
KM_PER_INCIDENT_FORMULA = (
    "sum of dist_traveled_m / 1000 / (drives with offroad_or_collision_at_fault + drives that broke); inf with none"
)


def scene_score(results: Mapping[str, MetricValue]) -> MetricValue:
    """AlpaSim's scene score in [0, 1] of a drive that ran to its end; INVALID where an input is missing or not measurable.

    Progress is asked for only where nothing else decides.
    """
    fault, offroad = results.get("collision_at_fault", INVALID), results.get("offroad", INVALID)
    if any(one.valid and one.value != 0.0 for one in (fault, offroad)):
        return MetricValue(0.0)
    length = results.get("gt_dist_traveled_m", INVALID)
    if not (fault.valid and offroad.valid and length.valid):
        return INVALID
    if length.value < SHORT_REFERENCE_M:
        return MetricValue(1.0)
    progress = results.get("progress_rel_to_total", INVALID)
    if not progress.valid or math.isnan(progress.value):
        return INVALID
    return MetricValue(min(min(max(progress.value, 0.0), 1.0) / FULL_PROGRESS, 1.0))


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """How one expectation turned out.

    `margin` is the distance from the bound in the metric's unit, at least 0 where it is kept. A metric that is not
    measurable fails and has margin nan, with one exception (`expectation_result`); `note` then says why.
    """

    text: str
    metric: str
    comparison: str
    bound: float
    required: bool
    value: float
    valid: bool
    margin: float
    passed: bool
    note: str = ""


NOTHING_NEAR = frozenset({"min_distance_to_obstacle_m", "time_to_collision", "time_headway"})
"""Metrics that are not measurable where there is nothing to keep away from: a lower bound on them is then kept."""


def expectation_result(expectation: Expectation, results: Mapping[str, MetricValue]) -> ExpectationResult:
    """Compare one metric with its bound; meeting it exactly passes.

    What cannot be measured does not pass, except a lower bound on a distance or time to others while nobody was there:
    that is kept by an infinite margin.
    """
    found = results.get(expectation.metric, INVALID)
    sign = 1.0 if expectation.comparison == "at_least" else -1.0
    margin, note = sign * (found.value - expectation.bound) + 0.0, ""
    passed = found.valid and margin >= 0.0
    if not found.valid:
        margin = math.nan
        known = expectation.metric in results
        note = "not measurable in this drive" if known else "not among the metrics of this drive"
        if known and sign > 0.0 and expectation.metric in NOTHING_NEAR:
            passed, margin, note = True, math.inf, "nothing was there to keep away from"
    return ExpectationResult(
        text=expectation.text,
        metric=expectation.metric,
        comparison=expectation.comparison,
        bound=expectation.bound,
        required=expectation.required,
        value=found.value,
        valid=found.valid,
        margin=margin,
        passed=passed,
        note=note,
    )


def expectation_results(
    expectations: Iterable[Expectation], results: Mapping[str, MetricValue]
) -> tuple[ExpectationResult, ...]:
    """Every expectation of a scenario compared with a drive's results, in file order."""
    return tuple(expectation_result(expectation, results) for expectation in expectations)


def rollout_passed(completed: bool, expectations: Iterable[ExpectationResult]) -> bool:
    """A drive passes when it ran to its end and every required expectation holds."""
    return completed and all(one.passed for one in expectations if one.required)


def pass_margin(expectations: Iterable[ExpectationResult], yes_or_no: Collection[str] = ()) -> MetricValue:
    """By how much a drive passed or failed: the smallest margin relative to its bound's size (at least 1) over the required
    expectations.

    Metrics in `yes_or_no` have no more or less: one that holds says nothing of the margin, unless nothing else is required
    (then it is 0). INVALID where nothing is required or a required one could not be measured.
    """
    required = [one for one in expectations if one.required]
    if not required or any(math.isnan(one.margin) for one in required):
        return INVALID
    telling = [one for one in required if one.metric not in yes_or_no or not one.passed] or required
    return MetricValue(min(one.margin / max(abs(one.bound), 1.0) for one in telling))


@dataclass(frozen=True, slots=True)
class KmPerIncident:
    """AlpaSim's score over planned drives, with what it is made of: km is inf with no incident."""

    km: float
    distance_km: float
    incidents: int
    broken: int
    planned: int


def km_per_at_fault_incident(drives: Sequence[Mapping[str, MetricValue] | None]) -> KmPerIncident:
    """Kilometres between incidents (off road or collision by the ego's doing) over all planned drives.

    A drive that broke is None: it adds no distance and counts as an incident, as does one whose incident metric is
    missing or not measurable.
    """
    metres, incidents, broken = 0.0, 0, 0
    for results in drives:
        if results is None:
            broken += 1
            continue
        metres += _valid_or(results.get("dist_traveled_m", INVALID), 0.0)
        incidents += _valid_or(results.get("offroad_or_collision_at_fault", INVALID), 1.0) != 0.0
    total = incidents + broken
    distance_km = metres / 1000.0
    return KmPerIncident(
        km=distance_km / total if total else math.inf,
        distance_km=distance_km,
        incidents=incidents,
        broken=broken,
        planned=len(drives),
    )


def _valid_or(found: MetricValue, otherwise: float) -> float:
    return found.value if found.valid else otherwise
