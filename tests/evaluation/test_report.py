"""The report is one closed page, and nothing that a scenario or a policy wrote gets out of its text."""

from __future__ import annotations

import contextlib
import html.parser
import io
import json
import re
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_rollouts import RUNNER, plan_of
from rich.console import Console

from alpasim.evaluation.evaluate import evaluate
from alpasim.evaluation.jobs import Outcome
from alpasim.evaluation.plan import Plan
from alpasim.evaluation.planning import make_plan
from alpasim.evaluation.progress import printable
from alpasim.evaluation.report import render, write_report
from alpasim.evaluation.store import Row
from alpasim.evaluation.summary import Summary, read_summary
from alpasim.evaluation.table import print_summary
from alpasim.types import Contact

sys.path.insert(0, str(Path(__file__).parent.parent / "recording"))
from drives import steps, write_drive

EVIL = "<script>alert('x')</script>\x1b[31m\x00\"><img src=http://evil>\u202e"


class Page(html.parser.HTMLParser):
    """Tags and what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    run = tmp_path_factory.mktemp("run")
    return evaluate(plan_of(3, ("fine", "segfault"), 3), run, workers=2, runner=RUNNER)


def evil(summary: Summary) -> Summary:
    """The same run with hostile words wherever foreign code has a say."""
    outcome = Outcome("policy_error", error=EVIL, error_traceback=EVIL, parameters={EVIL: EVIL})
    failed = Outcome(
        "completed",
        EVIL,
        metrics={EVIL: 1.0},
        expectations=(
            {"text": EVIL, "passed": False, "value": 1.0, "margin": -1.0},
            {"text": "no_collision", "metric": "collision_any", "passed": False, "value": 1.0, "margin": -1.0},
            {"text": "jerk_max at most 6", "metric": "jerk_max", "passed": False, "value": 8.0, "margin": -2.0},
        ),
    )
    rows = [
        Row(row.rollout, EVIL, row.policy, row.seed, row.log, outcome if row.rollout % 2 else failed)
        for row in summary.rows
    ]
    plan = summary.manifest.plan
    policies = tuple(replace(policy, reference=EVIL) for policy in plan.policies)
    scenarios = tuple(replace(one, name=EVIL, conditions=EVIL, faults=(EVIL,)) for one in plan.scenarios)
    planned = replace(plan, policies=policies, scenarios=scenarios)
    return replace(summary, rows=tuple(rows), manifest=replace(summary.manifest, plan=planned))


def test_the_page_is_closed_and_complete(summary: Summary) -> None:
    text = render(summary)
    page = Page(text)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(reference.startswith(("data:image/png;base64,", "#")) for reference in page.references)
    assert "default-src 'none'" in text
    for said in ("scene_2", "policy_crashed", "SIGSEGV", "Segmentation fault", "progress_rel_to_total, 0, 1", "0 to 2"):
        assert said in page.text


def test_hostile_words_stay_words(summary: Summary) -> None:
    text = render(evil(summary))
    page = Page(text)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "\x1b" not in text
    assert "\0" not in text
    assert "\u202e" not in text
    assert "alert('x')" in page.text


def test_a_failed_expectation_names_the_metric_that_was_measured(summary: Summary) -> None:
    text = Page(render(evil(summary))).text
    assert "no_collision: collision_any 1 (margin -1)" in text, "no_collision: 1 would read as kept"
    assert "jerk_max at most 6: 8 (margin -2)" in text, "one that names it itself does not say it twice"


def test_hostile_words_do_not_drive_the_terminal(summary: Summary) -> None:
    out = io.StringIO()
    print_summary(evil(summary), Console(file=out, width=200))
    assert "\x1b[31m" not in out.getvalue()
    assert "\0" not in out.getvalue()
    assert printable("a\x1bb\tc\n") == "a\\x1bb\tc\n"


def test_the_table_says_what_broke_and_shows_the_formula(summary: Summary) -> None:
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=160))
    text = out.getvalue()
    assert "9 policy_crashed" in text
    assert "0 if collision_at_fault or offroad" in text
    assert str(summary.run_dir) in text


def test_reasoning_before_a_failure_is_shown_with_the_actor_it_meant(summary: Summary) -> None:
    failed = summary.failed[0]
    write_drive(summary.run_dir / failed.log, steps(60))
    text = Page(render(summary)).text
    assert "Yield" in text
    assert "critical object car_1 (track 1234): motion braking, side left" in text
    assert "<b>Yield</b> at step 59" in text
    assert "at step 10 " not in text


def test_grip_weather_and_faults_of_each_scenario_are_listed(tmp_path: Path) -> None:
    plan = make_plan(["builtin"], ["idm"], [0])
    by_name = {scenario.name: scenario for scenario in plan.scenarios}
    assert by_name["wet_motorway"].conditions == "friction 0.45, rain 0.7, visibility 180 m"
    assert by_name["wet_motorway"].faults == ()
    (fault,) = by_name["lights_not_recognised"].faults
    assert re.fullmatch(r"sensor blackout \(signals\) from [\d.]+ s for [\d.]+ s", fault)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    told = replace(plan, scenarios=tuple(replace(one, conditions="", faults=()) for one in plan.scenarios))
    assert told.hash == plan.hash, "words for readers do not make another plan"
    manifest = replace(evaluate(plan_of(1, ("fine",), 1), tmp_path, runner=RUNNER).manifest, plan=plan)
    rows = tuple(Row(i, name, "idm", 0, "", None) for i, name in enumerate(by_name))
    summary = Summary(tmp_path, manifest, rows)
    text = Page(render(summary)).text
    assert "friction 0.45, rain 0.7, visibility 180 m" in text
    assert f"fault: {fault}" in text
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=200))
    assert f"faults in lights_not_recognised: {fault}" in out.getvalue()


def test_what_differs_from_seed_to_seed_is_listed_by_seed(tmp_path: Path) -> None:
    run = evaluate(plan_of(2, ("fine", "fine-b"), 4), tmp_path, runner=RUNNER)
    wet = ("friction 0.4, rain 1", ("puncture from 2 s to the end",))
    rows = tuple(
        replace(row, outcome=replace(row.outcome, conditions=words, faults=faults))
        for row in run.rows
        if row.outcome is not None
        for words, faults in [
            wet if (row.scenario, row.seed) in {("scene_0", 1), ("scene_0", 3)} else ("friction 0.9", ())
        ]
    )
    summary = replace(run, rows=rows)
    first, second = (summary.circumstances(scenario) for scenario in summary.manifest.plan.scenarios)
    assert [(one.seeds, one.conditions, one.faults) for one in first] == [
        ("seeds 0, 2", "friction 0.9", ()),
        ("seeds 1, 3", *wet),
    ]
    assert [(one.seeds, one.conditions) for one in second] == [("", "friction 0.9")]
    text = Page(render(summary)).text
    assert "seeds 0, 2: friction 0.9" in text
    assert "seeds 1, 3: friction 0.4, rain 1" in text
    out = io.StringIO()
    print_summary(summary, Console(file=out, width=200))
    assert "faults in scene_0, seeds 1, 3: puncture from 2 s to the end" in out.getvalue()


def test_a_run_of_a_version_without_those_columns_is_reported_all_the_same(tmp_path: Path) -> None:
    run = evaluate(plan_of(), tmp_path, runner=RUNNER)
    with contextlib.closing(sqlite3.connect(tmp_path / "results.sqlite")) as connection:
        for column in ("conditions", "faults"):
            connection.execute(f"ALTER TABLE rollouts DROP COLUMN {column}")
        connection.commit()
    again = read_summary(tmp_path)
    assert again.rows == run.rows
    assert "scene_1" in Page(render(again)).text


def test_a_failure_says_which_part_of_the_ego_met_whom_first(summary: Summary) -> None:
    failed = summary.failed[1]
    drive = [replace(step, after=replace(step.after, contacts=())) for step in steps(6)]
    dent = Contact(
        0, 2, 900.0, np.zeros(3), np.array([-1.0, 0.0, 0.0]), 8.25, 3, "front", "left", np.zeros(3), np.zeros(3)
    )
    between_others = replace(dent, first=1, second=3, first_part="rear")
    run_over = replace(dent, second=3, closing_speed_mps=0.5, first_part="wheel", second_part="top")
    for at, contacts in ((2, (dent, between_others)), (4, (replace(dent, closing_speed_mps=1.0), run_over))):
        drive[at] = replace(drive[at], after=replace(drive[at].after, contacts=contacts))
    write_drive(summary.run_dir / failed.log, drive)
    text = Page(render(summary)).text
    assert text.count("at 0.3 s the ego's front met car_2 (left), closing at 8.2 m/s") == 1
    assert text.count("at 0.5 s the ego's wheel met car_3 (top), closing at 0.5 m/s") == 1
    assert "ego's rear met" not in text, "two others met"
    assert "closing at 1.0 m/s" not in text, "a second touch"


def test_a_damaged_log_costs_its_picture_only(summary: Summary) -> None:
    failed = summary.failed[-1]
    folder = summary.run_dir / failed.log
    write_drive(folder, steps(3))
    data = bytearray((folder / "rollout.mcap").read_bytes())
    data[len(data) // 2] ^= 8
    (folder / "rollout.mcap").write_bytes(bytes(data))
    assert "damaged at byte" in Page(render(summary)).text


def test_the_report_lies_in_the_runs_folder(summary: Summary) -> None:
    assert write_report(summary) == summary.run_dir / "report.html"
    assert (summary.run_dir / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_run_that_has_not_finished_says_so(summary: Summary) -> None:
    rows = (*summary.rows[:-1], replace(summary.rows[-1], outcome=None))
    assert "1 of 18 rollouts have not been run" in Page(render(replace(summary, rows=rows))).text
