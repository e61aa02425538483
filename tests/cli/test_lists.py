"""What `alpasim list` prints of vehicles and faults is what a scenario file may name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from alpasim.cli.main import run_app

ROOT = Path(__file__).parents[2]


def listed(what: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert run_app(["list", what, "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def test_every_packaged_vehicle_is_listed_with_figures_of_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["vehicle"]: row for row in listed("vehicles", capsys)}
    files = {file.stem: file.read_text() for file in (ROOT / "assets" / "vehicles").glob("*.yaml")}
    assert rows.keys() == files.keys()
    for name, text in files.items():
        mass = re.search(r"^mass_kg: (.*)$", text, re.MULTILINE)
        assert mass is not None and float(rows[name]["mass_kg"]) == float(mass[1])
        assert f"\nkind: {rows[name]['kind']}\n" in text


def test_every_fault_of_the_page_is_listed_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["fault"]: row for row in listed("faults", capsys)}
    page = (ROOT / "docs" / "write_a_scenario.md").read_text().partition("## `faults`")[2].partition("## `end`")[0]
    told = dict(re.findall(r"^\| `(\w+): \{(.*?)\}` \|", page, re.MULTILINE))
    assert rows.keys() == told.keys()
    for kind, options in told.items():
        names = {option.partition(":")[0].strip() for option in options.split(",")}
        shown = {option.partition(":")[0].removesuffix(" (needed)") for option in rows[kind]["options"].split(", ")}
        assert shown == names | {"from_s", "for_s"}
        assert rows[kind]["what it does"]
    assert "wheel (needed)" in rows["puncture"]["options"]
