"""What an import writes: a YAML a person can edit, names with checksums, all or nothing, nothing replaced unasked."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from commonroad_xml import document, dynamic, goal, problem, state, static, write

from alpasim import plugins
from alpasim.cli.import_ import import_command
from alpasim.errors import InfrastructureError, InputError, PluginError, UnsupportedError
from alpasim.importers.commonroad import CommonRoad, read_commonroad
from alpasim.importers.finding import find_importer
from alpasim.importers.imported import ImportedScenario
from alpasim.importers.writing import write_import


@pytest.fixture
def imported(tmp_path: Path) -> ImportedScenario:
    return read_commonroad(write(tmp_path, document(obstacles=dynamic() + static())))


def test_the_yaml_says_what_was_imported(imported: ImportedScenario, tmp_path: Path) -> None:
    written = write_import(imported, tmp_path / "out")
    content = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert content["schema"] == "alpasim/scenario@1" and content["title"] == "ZAM_Test-1_1_T-1"
    assert content["ego"]["pose"] == {"x_m": 10.0, "y_m": 0.0, "yaw_deg": 0.0}
    assert content["ego"]["speed_mps"] == 10.0
    assert content["ego"]["goal"]["regions"] == [[[105.0, 1.5], [95.0, 1.5], [95.0, -1.5], [105.0, -1.5]]]
    assert (content["ego"]["goal"]["after_s"], content["ego"]["goal"]["before_s"]) == (3.0, 4.0)
    assert content["actors"]["car_42"] == {"kind": "car", "size_m": [4.5, 1.9, 1.5], "drive": {"replay": {"id": "42"}}}
    assert content["actors"]["car_43"]["place"] == {"x_m": 150.0, "y_m": 3.5, "yaw_deg": 0.0, "off_road": True}
    assert content["end"] == {"time_limit_s": 4.0}
    assert content["expect"] == ["no_collision_at_fault", "reaches_goal"]
    assert content["notes"] == list(imported.notes)
    for key in ("map", "tracks"):
        named = content["road"]["map"] if key == "map" else content["tracks"]
        assert named["sha256"] == hashlib.sha256((tmp_path / "out" / named["file"]).read_bytes()).hexdigest()
    assert all(len(line) < 1000 for line in written.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "no",
        "1e3",
        "007",
        "a: b",
        "- x",
        "# c",
        "tab\tquote\"'\\",
        "\x85\u2028\ufeff\x07",
        "😀 ärger",
        "null",
        "",
        " lead",
        "{}",
        "*a",
        "~",
        "2024-01-01",
    ],
)
def test_any_text_survives(imported: ImportedScenario, tmp_path: Path, text: str) -> None:
    changed = dataclasses.replace(imported, title=text or "-", notes=(text + "!", text or "-"))
    content = yaml.safe_load(write_import(changed, tmp_path / "out").read_text(encoding="utf-8"))
    assert content["title"] == (text or "-")
    assert content["notes"] == [text + "!", text or "-"]


@pytest.mark.parametrize("number", [0.1, 1e-7, -1e-300, 123456.789012345, 1e16, 5e22])
def test_any_number_survives(imported: ImportedScenario, tmp_path: Path, number: float) -> None:
    changed = dataclasses.replace(imported, ego_pose=(number, -number, 0.0))
    content = yaml.safe_load(write_import(changed, tmp_path / "out").read_text(encoding="utf-8"))
    assert content["ego"]["pose"]["x_m"] == number and content["ego"]["pose"]["y_m"] == -number


def test_equal_imports_give_equal_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, document())
    for folder in ("a", "b"):
        write_import(read_commonroad(path), tmp_path / folder)
    for first in sorted((tmp_path / "a").iterdir()):
        assert first.read_bytes() == (tmp_path / "b" / first.name).read_bytes()


def test_files_that_exist_are_replaced_only_when_told(imported: ImportedScenario, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = write_import(imported, out)
    before = written.read_bytes()
    slower = dataclasses.replace(imported, ego_speed_mps=1.0)
    with pytest.raises(InputError, match="exist already; choose another folder, or --force"):
        write_import(slower, out)
    assert written.read_bytes() == before
    write_import(slower, out, force=True)
    assert yaml.safe_load(written.read_text())["ego"]["speed_mps"] == 1.0
    assert len(list(out.iterdir())) == 3


def test_a_write_that_fails_leaves_nothing(
    imported: ImportedScenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(InfrastructureError, match="No space left on device"):
        write_import(imported, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(imported: ImportedScenario, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(InputError, match="expected a folder to write into, found a file"):
        write_import(imported, tmp_path / "out")


def test_without_anything_that_moves_there_is_no_tracks_file(tmp_path: Path) -> None:
    imported = read_commonroad(write(tmp_path, document(obstacles="", problems=problem(goals=goal("")))))
    written = write_import(imported, tmp_path / "out")
    content = yaml.safe_load(written.read_text())
    assert "tracks" not in content and "actors" not in content and "regions" not in content["ego"]["goal"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["test.map.json", "test.scn.yaml"]


def test_the_importer_is_found_among_the_registered_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Table:
        """A foreign importer."""

        suffixes = (".csv",)

        def sniff(self, head: bytes) -> bool:
            return head.startswith(b"id,x,y")

    registered = {"commonroad": CommonRoad, "table": Table}
    monkeypatch.setattr(plugins, "names", lambda _: tuple(registered))
    monkeypatch.setattr(plugins, "load", lambda _, name: registered[name])
    xml, renamed = write(tmp_path, document()), write(tmp_path, document(), "road.csv")
    table, other = write(tmp_path, "id,x,y\n", "cars.csv"), write(tmp_path, "hello", "notes.txt")
    assert find_importer(xml)[0] == "commonroad" and find_importer(renamed)[0] == "commonroad"
    assert find_importer(table)[0] == "table" and find_importer(xml, "table")[0] == "table"
    assert find_importer(write(tmp_path, "<osc/>", "a.xml"))[0] == "commonroad"
    with pytest.raises(
        InputError, match=r"no importer knows this file; registered formats: commonroad \(.xml\), table"
    ):
        find_importer(other)
    with pytest.raises(InputError, match="found a directory"):
        find_importer(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        find_importer(tmp_path / "none.xml")
    with pytest.raises(InputError, match="the file is empty"):
        find_importer(write(tmp_path, "", "empty.xml"))


def test_commonroad_is_registered() -> None:
    assert "commonroad" in plugins.names(plugins.IMPORTERS)
    with pytest.raises(PluginError, match="did you mean 'commonroad'"):
        plugins.load(plugins.IMPORTERS, "comonroad")


def test_the_command_writes_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = write(tmp_path, document()), tmp_path / "out"
    words = {"format": None, "drop_unsupported": False, "force": False, "problem": None}
    assert import_command([path], out, json=True, **words) == 0  # type: ignore[arg-type]
    row = json.loads(capsys.readouterr().out)[0]
    assert row["scenario"] == str(out / "test.scn.yaml") and row["format"] == "commonroad"
    assert (row["lanes"], row["actors"], row["replayed"], row["offset_m"]) == (2, 1, 1, [0.0, 0.0])
    words["force"] = True
    assert import_command([path], out, json=False, **words) == 0  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert "2 lanes, 0 lights, 1 actors (1 replayed), 4 s" in said and "note: <yawRate> of states is not used" in said


def test_one_bad_file_does_not_keep_the_others_out(tmp_path: Path) -> None:
    good, late = write(tmp_path, document(), "good.xml"), write(tmp_path, document(), "late.xml")
    bad = write(tmp_path, document(extra="<lighthouse/>"), "bad.xml")
    words = {"format": None, "drop_unsupported": False, "force": False, "json": True, "problem": None}
    with pytest.raises(UnsupportedError, match="lighthouse"):
        import_command([good, bad, late], tmp_path / "out", **words)  # type: ignore[arg-type]
    assert (tmp_path / "out" / "good.scn.yaml").exists() and (tmp_path / "out" / "late.scn.yaml").exists()
    (tmp_path / "other").mkdir()
    twin = write(tmp_path / "other", document(), "good.xml")
    with pytest.raises(InputError, match="have the same name"):
        import_command([good, twin], tmp_path / "out2", **words)  # type: ignore[arg-type]


def test_poses_beyond_a_turn_are_written_within_one(tmp_path: Path) -> None:
    start = state(0, 10.0, 0.0, yaw=7.0, tag="initialState")
    imported = read_commonroad(write(tmp_path, document(problems=problem(initial=start))))
    content = yaml.safe_load(write_import(imported, tmp_path / "out").read_text())
    assert np.radians(content["ego"]["pose"]["yaw_deg"]) == pytest.approx(7.0 - 2 * np.pi)
