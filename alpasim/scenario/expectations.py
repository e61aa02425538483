"""What a scenario's `expect` words mean: a metric, a comparison and a bound each.

Answers "what must hold for a good drive". The metrics themselves are registered under `alpasim.metrics`; here they are only
names.
"""

from __future__ import annotations

from typing import Any, Literal

from alpasim import plugins
from alpasim.errors import did_you_mean
from alpasim.scenario.concrete import Expectation
from alpasim.scenario.schema import MetricBoundModel
from alpasim.scenario.values import MPS_PER_KPH

Comparison = Literal["at_least", "at_most"]

WORDS: dict[str, tuple[str, Comparison, float]] = {
    "no_collision": ("collision_any", "at_most", 0.0),
    "no_collision_at_fault": ("collision_at_fault", "at_most", 0.0),
    "stays_on_road": ("offroad", "at_most", 0.0),
    "stays_in_direction": ("wrong_lane", "at_most", 0.0),
    "reaches_goal": ("goal_reached", "at_least", 1.0),
    "comes_to_stop": ("final_speed", "at_most", 0.2),
    "comfortable": ("comfort", "at_least", 1.0),
}
"""Words that stand alone."""

BOUNDS: dict[str, tuple[str, Comparison, float]] = {
    "min_time_to_collision_s": ("time_to_collision", "at_least", 1.0),
    "min_time_headway_s": ("time_headway", "at_least", 1.0),
    "min_distance_m": ("min_distance_to_obstacle_m", "at_least", 1.0),
    "max_speed_mps": ("max_speed", "at_most", 1.0),
    "max_speed_kph": ("max_speed", "at_most", MPS_PER_KPH),
    "max_speed_excess_kph": ("speed_limit_excess_mps", "at_most", MPS_PER_KPH),
    "max_deceleration_mps2": ("max_deceleration", "at_most", 1.0),
    "max_time_to_goal_s": ("time_to_goal", "at_most", 1.0),
    "min_progress": ("progress_rel_to_total", "at_least", 1.0),
}
"""Words with a number: the metric, the comparison, and what the number is multiplied by."""


def expectation_faults(entry: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the names in one entry as the file has it: (keys from the entry, message) pairs."""
    if isinstance(entry, str):
        return [] if entry in WORDS else [((), _unknown(entry))]
    if not isinstance(entry, dict):
        return []
    if "metric" in entry:
        return _metric_faults(entry["metric"])
    names = [name for name in entry if name != "required"]
    if len(names) != 1:
        return [((), f"found {len(names)} names in one entry, expected one expectation a list entry")]
    faults: list[tuple[tuple[str | int, ...], str]] = []
    if names[0] not in BOUNDS and names[0] not in WORDS:
        faults.append(((names[0],), _unknown(names[0])))
    elif names[0] in BOUNDS and (isinstance(entry[names[0]], bool) or not isinstance(entry[names[0]], int | float)):
        faults.append(((names[0],), f"found {entry[names[0]]!r}, expected a number"))
    elif names[0] in WORDS and entry[names[0]] is not True:
        faults.append(((names[0],), f"found {entry[names[0]]!r}, expected true, or {names[0]} alone without a value"))
    if not isinstance(entry.get("required", True), bool):
        faults.append((("required",), f"found {entry['required']!r}, expected true or false"))
    return faults


def _metric_faults(name: Any) -> list[tuple[tuple[str | int, ...], str]]:
    known = plugins.names(plugins.METRICS)
    if not isinstance(name, str) or name in known:
        return []
    hint = did_you_mean(name, known) or f"; registered: {', '.join(known)}"
    return [(("metric",), f"unknown metric {name!r}{hint}")]


def _unknown(word: str) -> str:
    known = [*WORDS, *BOUNDS]
    metric = " (it is a metric: write {metric: NAME, at_least: X})" if word in plugins.names(plugins.METRICS) else ""
    hint = did_you_mean(word, known) or metric or f"; known: {', '.join(known)}"
    return f"unknown expectation {word!r}{hint}"


def expectation(entry: str | MetricBoundModel | dict[str, float | bool]) -> Expectation:
    """An entry of `expect` whose names have been checked, as a bound on a metric."""
    if isinstance(entry, MetricBoundModel):
        comparison: Comparison = "at_least" if entry.at_least is not None else "at_most"
        bound = float(entry.at_least if entry.at_least is not None else entry.at_most or 0.0)
        return Expectation(f"{entry.metric} {comparison} {bound:g}", entry.metric, comparison, bound, entry.required)
    if isinstance(entry, str):
        metric, comparison, bound = WORDS[entry]
        return Expectation(entry, metric, comparison, bound)
    required = bool(entry.get("required", True))
    name = next(key for key in entry if key != "required")
    if name in WORDS:
        metric, comparison, bound = WORDS[name]
        return Expectation(name, metric, comparison, bound, required)
    metric, comparison, factor = BOUNDS[name]
    return Expectation(f"{name}: {entry[name]:g}", metric, comparison, float(entry[name]) * factor, required)
