"""The page about metrics says what the code does: every metric with its definition, and the cases of the fault rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import built_in_metrics
from test_metric_touch import CASES, judged

from alpasim.metrics.protocol import Metric

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("metric", built_in_metrics(), ids=lambda metric: metric.name)
def test_every_metric_has_its_row(metric: Metric) -> None:
    formula = metric.formula.replace("|", "&#124;")
    assert f"| `{metric.name}` | {metric.unit} | {metric.aggregation} | {metric.better} | {formula} |" in PAGE


@pytest.mark.parametrize("name", CASES)
def test_every_case_of_the_fault_rule_has_its_row(name: str) -> None:
    ego, other, _, fault = CASES[name]
    row = re.search(rf"\| {name} \| (\S+), (\S+) \| (yes|no) \|", PAGE)
    assert row is not None
    touch = judged(ego, other)
    shares = [float(row[i].replace("−", "-")) for i in (1, 2)]
    assert shares == pytest.approx([touch.ego_share_mps, touch.other_share_mps], abs=1e-9)
    assert (row[3] == "yes") is fault


def test_no_case_is_on_the_page_alone() -> None:
    rows = re.findall(r"^\| ([^|]+) \| \S+, \S+ \| (?:yes|no) \|$", PAGE, flags=re.MULTILINE)
    assert set(rows) == set(CASES)
