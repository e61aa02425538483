"""Figures of a run against figures worked out by hand; what broke counts as 0 and stays in the denominator."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from alpasim.evaluation.jobs import Outcome
from alpasim.evaluation.store import Row
from alpasim.evaluation.summary import Summary, group, score_over_seeds
from alpasim.evaluation.table import COLUMNS, cells


def row(seed: int, score: float, status: str = "completed", scenario: str = "a", **metrics: float | None) -> Row:
    outcome = Outcome(status, passed=status == "completed" and score > 0.5, score=score, metrics=metrics)
    return Row(seed, scenario, "p", seed, f"rollouts/{scenario}/p/{seed}", outcome)


def test_the_interval_is_students_over_seed_means() -> None:
    # Means of the seeds: 0.5, 0.7, 0.9; s = 0.2, t(2) = 4.303, so 4.303 * 0.2 / sqrt(3).
    scores = {0: (0.4, 0.6), 1: (0.6, 0.8), 2: (0.8, 1.0)}
    rows = [row(seed, score, scenario=s) for seed, pair in scores.items() for s, score in zip("ab", pair, strict=True)]
    found = score_over_seeds(rows)
    assert found.mean == pytest.approx(0.7)
    assert found.half_width == pytest.approx(4.303 * 0.2 / math.sqrt(3.0))


def test_one_seed_gives_no_interval() -> None:
    assert score_over_seeds([row(0, 1.0), row(0, 0.0, scenario="b")]).half_width is None


def test_broken_and_missing_rollouts_count_as_nothing_achieved() -> None:
    rows = [
        row(0, 1.0, dist_traveled_m=3000.0, offroad_or_collision_at_fault=0.0, progress_rel_to_total=1.0),
        row(1, 0.0, "policy_error"),
        Row(2, "a", "p", 2, "x", None),
        row(3, 1.0, dist_traveled_m=1000.0, offroad_or_collision_at_fault=1.0, progress_rel_to_total=0.5, offroad=1.0),
    ]
    found = group(rows)
    assert (found.planned, found.passed) == (4, 2)
    assert found.score.mean == pytest.approx(0.5)
    assert found.statuses == {"planned": 1, "policy_error": 1}
    assert found.progress == pytest.approx(1.5 / 4)
    # 4 km over one off-road drive, one that broke and one that never ran.
    assert found.km_per_incident == pytest.approx(4.0 / 3.0)
    assert found.off_road == 1


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["infrastructure_error", "infrastructure_error"], 3),
        (["infrastructure_error", "completed"], 0),
        (["policy_error", "policy_error"], 0),
    ],
)
def test_a_run_in_which_our_own_faults_broke_everything_is_no_success(
    statuses: list[str], code: int, tmp_path: Path
) -> None:
    rows = tuple(row(seed, 0.0, status) for seed, status in enumerate(statuses))
    manifest: Any = None  # the exit code asks the rows alone
    assert Summary(tmp_path, manifest, rows).exit_code() == code


def test_no_incident_means_more_than_was_driven() -> None:
    found = group([row(0, 1.0, dist_traveled_m=2500.0, offroad_or_collision_at_fault=0.0)])
    assert math.isinf(found.km_per_incident)
    assert found.to_json()["km_per_at_fault_incident"] == "inf"
    assert cells(found)[COLUMNS.index("km/incident")] == "> 2.50"


def test_the_smallest_time_to_collision_ignores_rollouts_where_it_meant_nothing() -> None:
    found = group(
        [row(0, 1.0, time_to_collision=None), row(1, 1.0, time_to_collision=1.25), row(2, 1.0, time_to_collision=3.0)]
    )
    assert found.min_time_to_collision_s == 1.25
    assert cells(group([row(0, 1.0, time_to_collision=None)]))[COLUMNS.index("min TTC")] == "-"


def test_a_rollout_that_broke_cannot_have_a_score() -> None:
    with pytest.raises(ValueError, match="policy_error"):
        Outcome("policy_error", score=0.5)
