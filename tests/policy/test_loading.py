"""Finding drivers by name, by file and by module; and what a user reads who mistyped."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alpasim import plugins
from alpasim.errors import PluginError
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy, policy_name, policy_names
from alpasim.policy.protocol import Policy

DRIVER = """
from alpasim.types import Control, Decision

class {name}:
    word = {word!r}
    def reset(self, brief): pass
    def decide(self, observation): return Decision(control=Control(0.0, 0.0))
"""


def write(path: Path, name: str = "Mine", word: str = "one", before: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before + DRIVER.format(name=name, word=word))
    return path


@pytest.mark.parametrize("name", ["constant_speed", "always_brake", "idm", "replay_actor", "reasoner"])
def test_built_in_drivers_are_registered_like_foreign_ones(name: str) -> None:
    policy = load_policy(name)()
    assert isinstance(policy, Policy)
    assert type(policy).__module__ == f"alpasim_policies.{name}"
    assert policy_name(name) == name


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(PluginError, match=r"unknown name 'constant_sped'.*did you mean 'constant_speed'"):
        load_policy("constant_sped")


def test_a_fake_plugin_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    point = EntryPoint("fake", "alpasim_policies.idm:Idm", plugins.POLICIES)
    monkeypatch.setattr(plugins, "entry_points", lambda group: (point,) if group == plugins.POLICIES else ())
    plugins.forget()
    try:
        assert load_policy("fake").__name__ == "Idm"  # type: ignore[attr-defined]
    finally:
        monkeypatch.undo()
        plugins.forget()


def test_a_file_is_loaded_by_class_or_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.py")
    assert load_policy(f"{file}:Mine")().word == "one"  # type: ignore[attr-defined]
    assert load_policy(str(file))().word == "one"  # type: ignore[attr-defined]


def test_an_edited_file_is_read_anew(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.py")
    first = load_policy(f"{file}:Mine")
    write(file, word="second")
    assert (first.word, load_policy(f"{file}:Mine").word) == ("one", "second")  # type: ignore[attr-defined]


def test_two_files_of_one_name_do_not_meet_nor_do_their_siblings(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sibling_of_driver.py").write_text(f"WORD = {folder!r}\n")
        write(tmp_path / folder / "driver.py", before="import sibling_of_driver\nWORD = sibling_of_driver.WORD\n")
    path_before, modules_before = list(sys.path), set(sys.modules)
    first, second = (load_policy(str(tmp_path / folder / "driver.py")) for folder in ("a", "b"))
    assert first is not second
    words = [sys.modules[cls.__module__].WORD for cls in (first, second)]
    assert words == ["a", "b"]
    assert sys.path == path_before
    assert "sibling_of_driver" not in set(sys.modules) - modules_before


def test_a_file_that_does_not_import_names_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "broken.py", before="import math\nmath.no_such_thing\n")
    with pytest.raises(PluginError, match=r"broken\.py:2: AttributeError.*no_such_thing"):
        load_policy(f"{file}:Mine")
    file.write_text("def decide(:\n")
    with pytest.raises(PluginError, match=r"broken\.py:1: SyntaxError"):
        load_policy(f"{file}:Mine")
    file.write_text("import module_that_is_not_there\n")
    with pytest.raises(PluginError, match=r"broken\.py:1: ModuleNotFoundError.*module_that_is_not_there"):
        load_policy(str(file))
    file.write_text("raise SystemExit(3)\n")
    with pytest.raises(PluginError, match=r"broken\.py:1: SystemExit: 3"):
        load_policy(str(file))
    assert not [name for name in sys.modules if name.endswith("_broken")]


def test_a_missing_class_lists_those_that_are_there(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.py", name="Mine")
    with pytest.raises(PluginError, match=r"no 'Min' in it \(did you mean 'Mine'\?\); policy classes there: Mine"):
        load_policy(f"{file}:Min")
    file.write_text(file.read_text() + DRIVER.format(name="Other", word="x"))
    with pytest.raises(PluginError, match=r"which class\?.*Mine, Other"):
        load_policy(str(file))


def test_missing_files_and_wrong_kinds_of_path(tmp_path: Path) -> None:
    write(tmp_path / "driver.py")
    with pytest.raises(PluginError, match=r"no such file: .*drivr\.py \(did you mean 'driver\.py'\?\)"):
        load_policy(f"{tmp_path / 'drivr.py'}:Mine")
    with pytest.raises(PluginError, match=r"is a directory; expected path/file\.py:Class"):
        load_policy(str(tmp_path))
    (tmp_path / "data.bin").write_bytes(b"\0\1")
    with pytest.raises(PluginError, match="no Python file"):
        load_policy(str(tmp_path / "data.bin"))
    (tmp_path / "binary.py").write_bytes(b"\0\1\2")
    with pytest.raises(PluginError, match=r"binary\.py"):
        load_policy(str(tmp_path / "binary.py"))


def test_a_class_in_a_module_is_loaded_by_its_dotted_name() -> None:
    assert load_policy("alpasim_policies.idm:Idm").__name__ == "Idm"  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match=r"no .Idmm. in it .did you mean .Idm."):
        load_policy("alpasim_policies.idm:Idmm")
    with pytest.raises(PluginError, match="no_such_package"):
        load_policy("no_such_package.drivers:Mine")
    with pytest.raises(PluginError, match="lacks reset and decide"):
        load_policy("alpasim.errors:Fault")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("grpc://127.0.0.1:50051", "not supported by this version"),
        ("http://there", "unknown address scheme 'http'"),
        ("", "is empty"),
        ("a b:C d", "is no policy reference"),
    ],
)
def test_addresses_and_nonsense(reference: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        load_policy(reference)


def test_names_are_safe_for_folders_and_differ() -> None:
    assert policy_name("some/where/my driver.py:Mine") == "my-driver.Mine"
    assert policy_name("package.module:Class") == "package.module.Class"
    assert policy_name("../../..") not in ("", "..", ".")
    names = policy_names(["a/x.py:M", "b/x.py:M", "idm"])
    assert names == ("x.M", "x.M-2", "idm")
    for reference in ("../x.py:Y", "/etc/passwd.py", "C:\\a\\b.py:K", "a" * 300):
        name = policy_name(reference)
        assert name and "/" not in name and "\\" not in name and not name.startswith(".") and len(name) <= 80


def test_the_fingerprint_follows_the_source_and_not_the_place(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "mine.py", before="import beside\n")
    (tmp_path / "a" / "beside.py").write_text("X = 1\n")
    second = write(tmp_path / "b" / "mine.py", before="import beside\n")
    (tmp_path / "b" / "beside.py").write_text("X = 1\n")
    (tmp_path / "b" / "unrelated.py").write_text("Y = 1\n")
    same = policy_fingerprint(f"{first}:Mine")
    assert same == policy_fingerprint(str(second)) and len(same) == 64
    (tmp_path / "b" / "beside.py").write_text("X = 2\n")
    assert policy_fingerprint(str(second)) != same
    write(first, word="other", before="import beside\n")
    assert policy_fingerprint(str(first)) != same


def test_the_fingerprint_of_a_built_in_driver_covers_what_it_shares() -> None:
    by_name, by_module = policy_fingerprint("idm"), policy_fingerprint("alpasim_policies.idm:Idm")
    assert by_name == by_module
    assert len({policy_fingerprint(name) for name in ("idm", "reasoner", "constant_speed", "always_brake")}) == 4
    with pytest.raises(PluginError, match="did you mean 'idm'"):
        policy_fingerprint("idn")
    with pytest.raises(PluginError, match="no such file"):
        policy_fingerprint("nowhere/file.py:Class")


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        (
            '("objets",)',
            r"mine\.py: needs: unknown sensor 'objets' \(did you mean 'objects'\?\); known: objects, lidar, bev",
        ),
        ('("objects", "radar_raw")', r"needs: unknown sensor 'radar_raw'"),
    ],
)
def test_a_sensor_that_does_not_exist_is_refused_before_anybody_drives(tmp_path: Path, needs: str, says: str) -> None:
    file = write(tmp_path / "mine.py")
    file.write_text(file.read_text().replace("word =", f"needs = {needs}\n    word ="))
    with pytest.raises(PluginError, match=says):
        load_policy(str(file))


def test_a_camera_of_the_scenarios_own_may_be_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.py")
    file.write_text(file.read_text().replace("word =", 'needs = ("camera:bumper",)\n    word ='))
    assert load_policy(str(file))().needs == ("camera:bumper",)  # type: ignore[attr-defined]
