"""Files that a scenario names stay in its folder, and nothing else on the machine is read, waited for or filled into memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scenario_files import PLAIN, the_fault

from alpasim.errors import InputError
from alpasim.scenario.files import check_sha256, copied_reader, folder_reader, read_asset, read_regular_file

ROAD = "{motorway: {lanes: 3, length_m: 900, speed_limit_kph: 120}}"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("../secret.json", "leads out of the scenario's folder by '..'"),
        ("a/../../secret.json", "leads out of the scenario's folder by '..'"),
        ("/etc/passwd", "is an absolute path"),
        ("~/x.json", "no such file"),
        ("C:\\x.json", "a character that is not allowed"),
        ("file:///etc/passwd", "is an address"),
        ("https://example.com/x.map.json", "is an address"),
        (".", "is no file name"),
        ("..", "leads out of the scenario's folder by '..'"),
        ("missing.map.json", "no such file as 'missing.map.json' beside the scenario"),
        ("secert", "did you mean 'secret'"),
        ("asset:../secret", "leads out"),
        ("asset:/etc/passwd", "is an absolute path"),
        ("asset:maps/none.json", "no packaged asset"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused_at_their_place(write, name: str, part: str) -> None:
    write("x", "inner/secret")
    (write("secret", "secret.json")).replace(write("x", "inner/x").parent.parent / "secret.json")
    fault = the_fault(write(PLAIN.replace(ROAD, f"{{map: {{file: '{name}'}}}}"), "inner/case.scn.yaml"))
    assert part in fault.message
    assert (fault.line, fault.path) == (3, "road.map.file")


def test_links_out_of_the_folder_are_refused(write, tmp_path: Path) -> None:
    write("{}", "outside.json")
    case = write(PLAIN.replace(ROAD, "{map: {file: link.json}}"), "inner/case.scn.yaml")
    (tmp_path / "inner" / "link.json").symlink_to(tmp_path / "outside.json")
    assert "is a link that leads out of the scenario's folder" in the_fault(case).message


def test_links_of_folders_out_of_the_folder_are_refused(write, tmp_path: Path) -> None:
    write("{}", "outside/x.json")
    case = write(PLAIN.replace(ROAD, "{map: {file: sub/x.json}}"), "inner/case.scn.yaml")
    (tmp_path / "inner" / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert "is a link that leads out" in the_fault(case).message


def test_a_link_in_a_circle_is_refused(write, tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "b.json")
    (tmp_path / "b.json").symlink_to(tmp_path / "a.json")
    fault = the_fault(write(PLAIN.replace(ROAD, "{map: {file: a.json}}")))
    assert fault.path == "road.map.file"


def test_pipes_and_devices_are_refused_without_waiting(write, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    fault = the_fault(write(PLAIN.replace(ROAD, "{map: {file: pipe.json}}")))
    assert "is not a regular file" in fault.message
    with pytest.raises(InputError, match="is not a regular file"):
        read_regular_file(Path("/dev/zero"))


def test_a_pipe_as_scenario_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.scn.yaml")
    assert "is not a regular file" in the_fault(tmp_path / "pipe.scn.yaml").message


def test_files_over_the_limit_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError, match="expected at most 1000"):
        read_regular_file(tmp_path / "huge", 1000)


def test_a_scenario_over_two_megabytes_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "huge.scn.yaml").open("wb") as file:
        file.truncate(10**12)
    assert "expected at most 2000000" in the_fault(tmp_path / "huge.scn.yaml").message


def test_a_changed_file_is_refused_by_its_checksum(write, tmp_path: Path) -> None:
    write("{}", "x.map.json")
    digest = "0" * 64
    fault = the_fault(write(PLAIN.replace(ROAD, f"{{map: {{file: x.map.json, sha256: '{digest}'}}}}")))
    assert fault.path == "road.map.file"
    assert "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" in fault.message


def test_a_checksum_is_that_of_sha256sum() -> None:
    check_sha256(b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    check_sha256(b"abc", None)
    with pytest.raises(InputError, match="has been changed"):
        check_sha256(b"abd", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_a_map_that_is_none_is_refused_at_its_place(write) -> None:
    write("not a map", "x.map.json")
    assert the_fault(write(PLAIN.replace(ROAD, "{map: {file: x.map.json}}"))).path == "road.map.file"
    write(b"\xff\xff", "x.map.json")
    assert "is not UTF-8" in the_fault(write(PLAIN.replace(ROAD, "{map: {file: x.map.json}}"))).message


def test_tracks_that_are_none_are_refused_at_their_place(write) -> None:
    write("not tracks", "x.tracks.npz")
    text = PLAIN.replace("parameters:", "tracks: {file: x.tracks.npz}\nparameters:")
    assert the_fault(write(text)).path == "tracks.file"


def test_readers_give_bytes_by_name(write, tmp_path: Path) -> None:
    write(b"abc", "sub/x.bin")
    assert folder_reader(tmp_path)("sub/x.bin") == b"abc"
    assert folder_reader(tmp_path)("asset:vehicles/sedan.yaml") == read_asset("vehicles/sedan.yaml")
    assert copied_reader({"x": b"1"})("x") == b"1"
    with pytest.raises(InputError, match="not among the copied inputs: x"):
        copied_reader({"x": b"1"})("y")
