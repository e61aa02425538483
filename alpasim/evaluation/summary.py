"""What a run's rows add up to: per policy, per scenario and policy, and the list of what broke.

Answers "how did each policy do". Denominators come from the plan: a rollout that broke or has not run counts as 0.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alpasim.errors import PlanError
from alpasim.evaluation.jobs import COMPLETED, INFRASTRUCTURE_ERROR
from alpasim.evaluation.manifest import MANIFEST_NAME, Manifest, read_manifest
from alpasim.evaluation.plan import PlannedScenario, seeds_text
from alpasim.evaluation.store import PLANNED, STORE_NAME, Row, read_rows
from alpasim.metrics.scores import km_per_at_fault_incident
from alpasim.types import MetricValue

_T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_T_975_MORE = ((15, 2.131), (20, 2.086), (30, 2.042), (60, 2.000), (120, 1.980))
"""Student's t for a two-sided 95 % interval, by degrees of freedom: 1 to 10, then at least."""


MOST_NAMED = 3
"""Folders of evaluations that a message names."""


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over the plan and the half width of its 95 % confidence interval over seeds, None with a single seed."""

    mean: float
    half_width: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """What some rows of the plan add up to.

    `km_per_incident` is the distance driven over the number of rollouts that went off the road, collided by their own
    fault or broke, inf with none. `margin` is the smallest of the group's, None where none could be said. `min_time_to_collision_s` is the smallest of the group, None where it was never
    measurable. Counts are of rollouts; `statuses` of what did not complete.
    """

    planned: int
    passed: int
    margin: float | None
    score: Score
    collisions: int
    at_fault: int
    off_road: int
    progress: float
    min_time_to_collision_s: float | None
    distance_km: float
    km_per_incident: float
    statuses: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain values; infinite kilometres are the text `inf`."""
        km = self.km_per_incident
        return {
            "planned": self.planned,
            "passed": self.passed,
            "margin": "inf" if self.margin == math.inf else self.margin,
            "score": self.score.mean,
            "score_ci95": self.score.half_width,
            "collisions": self.collisions,
            "collisions_at_fault": self.at_fault,
            "off_road": self.off_road,
            "progress": self.progress,
            "min_time_to_collision_s": self.min_time_to_collision_s,
            "distance_km": self.distance_km,
            "km_per_at_fault_incident": "inf" if math.isinf(km) else km,
            "not_completed": dict(self.statuses),
        }


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What makes a scenario hard, in words: grip, weather and light, and what fails on the ego. `seeds` says for which seeds,
    where not for all alike."""

    seeds: str
    conditions: str
    faults: tuple[str, ...]


def _of_seeds(seeds: Sequence[int]) -> str:
    """`seed 3`, `seeds 0, 2, 5`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {seeds_text(tuple(sorted(seeds)))}"


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as far as it has come. `rows` are all of the plan's, in its order."""

    run_dir: Path
    manifest: Manifest
    rows: tuple[Row, ...]
    interrupted: bool = False

    @property
    def by_policy(self) -> dict[str, Group]:
        """One group a policy."""
        return {p.name: group([row for row in self.rows if row.policy == p.name]) for p in self.manifest.plan.policies}

    @property
    def by_scenario(self) -> dict[tuple[str, str], Group]:
        """One group a scenario and policy, in plan order."""
        cells: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            cells.setdefault((row.scenario, row.policy), []).append(row)
        return {key: group(rows) for key, rows in cells.items()}

    def circumstances(self, scenario: PlannedScenario) -> list[Circumstances]:
        """What a scenario's seeds draw, those that draw the same as one; what has not run yet as its first seed draws it."""
        found: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for row in self.rows:
            if row.scenario == scenario.name and row.outcome is not None and row.outcome.conditions:
                seeds = found.setdefault((row.outcome.conditions, row.outcome.faults), [])
                if row.seed not in seeds:
                    seeds.append(row.seed)
        if len(found) < 2:
            told = next(iter(found), (scenario.conditions, scenario.faults))
            return [Circumstances("", *told)]
        return [Circumstances(_of_seeds(seeds), *told) for told, seeds in found.items()]

    @property
    def broken(self) -> list[Row]:
        """Rows that ran and did not complete."""
        return [row for row in self.rows if row.status not in (COMPLETED, PLANNED)]

    @property
    def failed(self) -> list[Row]:
        """Rows that completed and did not pass."""
        return [row for row in self.rows if row.status == COMPLETED and row.outcome and not row.outcome.passed]

    @property
    def remaining(self) -> int:
        """Rollouts that have not been run to an end."""
        return sum(row.status == PLANNED for row in self.rows)

    def exit_code(self, strict: bool = False) -> int:
        """130 interrupted; 3 where nothing ran because of our own faults; with `strict` 1 where anything broke, failed or is
        missing; 0 otherwise."""
        if self.interrupted:
            return 130
        if self.rows and all(row.status == INFRASTRUCTURE_ERROR for row in self.rows):
            return 3
        return int(strict and bool(self.broken or self.failed or self.remaining))

    def to_json(self) -> dict[str, Any]:
        """Everything a program would ask of a run."""
        return {
            "run": str(self.run_dir),
            "plan_hash": self.manifest.plan.hash,
            "planned": len(self.rows),
            "remaining": self.remaining,
            "interrupted": self.interrupted,
            "policies": {name: found.to_json() for name, found in self.by_policy.items()},
            "scenarios": [
                {"scenario": scenario, "policy": policy, **found.to_json()}
                for (scenario, policy), found in self.by_scenario.items()
            ],
            "broken": [
                {
                    "scenario": row.scenario,
                    "policy": row.policy,
                    "seed": row.seed,
                    "status": row.status,
                    "error": row.outcome.error if row.outcome else "",
                }
                for row in self.broken
            ],
        }


def read_summary(run_dir: Path) -> Summary:
    """The run in a folder; PlanError where there is none."""
    if not run_dir.is_dir():
        found = "this is a file" if run_dir.is_file() else "no such folder"
        raise PlanError(f"{run_dir}: {found}; expected the folder of an evaluation")
    manifest = read_manifest(run_dir)
    if manifest is None:
        raise PlanError(
            f"{run_dir}: no {MANIFEST_NAME} here; expected the folder of an evaluation{_what_it_is(run_dir)}"
        )
    return Summary(run_dir, manifest, tuple(read_rows(run_dir)))


def _what_it_is(folder: Path) -> str:
    """What a folder that is no evaluation's seems to be, and what to do with it."""
    above = next((parent for parent in folder.resolve().parents if (parent / STORE_NAME).is_file()), None)
    if above is not None:
        return f"; it lies in that of {above}"
    drives = [one for one in (folder, *sorted(folder.glob("rollouts/*/*/*"))) if (one / "rollout.mcap").is_file()]
    if drives:
        return f"; it holds what `alpasim run` recorded, and `alpasim replay {shlex.quote(str(drives[0]))}` says what that is"
    below = sorted(str(path.parent) for path in folder.glob(f"*/{STORE_NAME}"))
    return f"; there is {' and '.join(below[:MOST_NAMED])} in it" if below else ""


def group(rows: Sequence[Row]) -> Group:
    """What rows add up to; rows without an outcome count as planned and as 0."""
    outcomes = [row.outcome for row in rows if row.outcome is not None]
    at_fault = sum(_flag(o.metrics, "collision_at_fault") for o in outcomes)
    off_road = sum(_flag(o.metrics, "offroad") for o in outcomes)
    km = km_per_at_fault_incident([_measured(row) for row in rows])
    times = [t for o in outcomes if (t := o.metrics.get("time_to_collision")) is not None and math.isfinite(t)]
    progress = _total(o.metrics.get("progress_rel_to_total") for o in outcomes)
    return Group(
        planned=len(rows),
        passed=sum(o.passed for o in outcomes),
        margin=min((o.margin for o in outcomes if o.margin is not None), default=None),
        score=score_over_seeds(rows),
        collisions=sum(_flag(o.metrics, "collision_any") for o in outcomes),
        at_fault=at_fault,
        off_road=off_road,
        progress=progress / len(rows) if rows else 0.0,
        min_time_to_collision_s=min(times, default=None),
        distance_km=km.distance_km,
        km_per_incident=km.km,
        statuses=dict(sorted(Counter(row.status for row in rows if row.status != COMPLETED).items())),
    )


def _flag(metrics: Mapping[str, float | None], name: str) -> bool:
    """Whether a yes-or-no metric was yes."""
    return bool(metrics.get(name) or 0.0)


def _total(values: Iterable[float | None]) -> float:
    """Sum of what is there, exactly rounded, so that no order of rows changes it."""
    return math.fsum(value for value in values if value is not None and math.isfinite(value))


def _measured(row: Row) -> dict[str, MetricValue] | None:
    """The row's metric values; None where the rollout broke or has not run."""
    if row.outcome is None or row.outcome.status != COMPLETED:
        return None
    return {
        name: MetricValue(math.nan, False) if value is None else MetricValue(value)
        for name, value in row.outcome.metrics.items()
    }


def score_over_seeds(rows: Sequence[Row]) -> Score:
    """Mean score over all rows, and a t interval over the means of the seeds: scenarios are what was chosen to be asked,
    seeds are what chance decided."""
    if not rows:
        return Score(0.0, None)
    by_seed: dict[int, list[float]] = {}
    for row in rows:
        by_seed.setdefault(row.seed, []).append(row.outcome.score if row.outcome else 0.0)
    mean = math.fsum(value for values in by_seed.values() for value in values) / len(rows)
    count = len(by_seed)
    if count < 2:
        return Score(mean, None)
    means = [math.fsum(values) / len(values) for values in by_seed.values()]
    centre = math.fsum(means) / count
    variance = math.fsum((value - centre) ** 2 for value in means) / (count - 1)
    return Score(mean, _t_975(count - 1) * math.sqrt(variance / count))


def _t_975(freedom: int) -> float:
    """Student's t quantile for a two-sided 95 % interval; between the table's rows the wider one."""
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    below = [value for least, value in _T_975_MORE if freedom >= least]
    return below[-1] if below else _T_975[-1]
