"""`alpasim validate`: every fault of every file on its own line, as JSON, and the schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from scenario_files import PLAIN

from alpasim.cli.validate import validate_command
from alpasim.errors import InputError
from alpasim.scenario.json_schema import scenario_schema


def run(files: list[Path], **options: object) -> int:
    try:
        validate_command(files, **{"schema": False, "json": False, "seeds": 2, "verbose": False, **options})  # type: ignore[arg-type]
    except typer.Exit as ended:
        return ended.exit_code
    return 0


def test_good_files_are_named_and_the_exit_code_is_0(write, capsys) -> None:
    path = write(PLAIN)
    assert run([path]) == 0
    assert capsys.readouterr().out == f"{path}: good\n"


def test_verbose_says_weather_and_grip_in_force(write, capsys) -> None:
    path = write(PLAIN + "environment: {rain: 0.2}\n")
    assert run([path], verbose=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path}: good"
    assert lines[1].startswith(
        "  seed 0: friction 0.55 (of the weather), rain 0.2, snow 0, visibility inf m, day, gap_m "
    )
    assert len(lines) == 3


def test_every_fault_of_every_file_stands_on_its_own_line(write, tmp_path: Path, capsys) -> None:
    one = write(PLAIN.replace("speed_kph: 110", "speed: 110").replace("kind: car", "kind: cra"), "one.scn.yaml")
    two = write(PLAIN.replace("goal: {s_m: 800}", "goal: {s_m: 5}"), "two.scn.yaml")
    good = write(PLAIN, "three.scn.yaml")
    assert run([one, two, good, tmp_path / "none.scn.yaml"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        f"{one}:6:41", f"{one}:9:11", f"{two}:6:63", str(good), str(tmp_path / "none.scn.yaml"),
    ]  # fmt: skip
    assert "(seed 0)" in lines[2]


def test_faults_of_later_seeds_are_found(write, capsys) -> None:
    path = write(PLAIN.replace("{uniform: [40, 80]}", "{choice: [40, 50, 2000]}"))
    assert run([path], seeds=10) == 2
    assert "the lane ends" in capsys.readouterr().out


def test_json_lists_files_and_faults(write, capsys) -> None:
    good, bad = write(PLAIN, "a.scn.yaml"), write(PLAIN.replace("kind: car", "kind: cra"), "b.scn.yaml")
    assert run([good, bad], json=True) == 2
    found = json.loads(capsys.readouterr().out)
    assert [(entry["file"], entry["valid"]) for entry in found] == [(str(good), True), (str(bad), False)]
    assert found[1]["faults"][0]["line"] == 9
    assert found[1]["faults"][0]["path"] == "actors.cutter.kind"


def test_the_schema_is_printed_as_json(capsys) -> None:
    assert run([], schema=True) == 0
    assert json.loads(capsys.readouterr().out) == scenario_schema()


def test_nothing_to_check_is_an_error() -> None:
    with pytest.raises(InputError, match="no file named"):
        run([])


def test_builtin_scenarios_are_good(capsys) -> None:
    assert run([Path("builtin")], seeds=1) == 0
