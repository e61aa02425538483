"""Whatever is wrong with what a user gives, the command line says one thing: the place, what to do, and the right exit code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from alpasim.cli.main import main, run_app

ROOT = Path(__file__).parents[2]
GOOD = """\
schema: alpasim/scenario@1
title: One car ahead
road: {motorway: {lanes: 2, length_m: 400, speed_limit_kph: 100}}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 60, goal: {s_m: 300}}
actors:
  lead: {kind: car, place: {lane: 1, s_m: 120}, drive: parked}
end: {time_limit_s: 20}
expect: [no_collision]
"""
DRIVERS = """\
import sys

from alpasim.types import Control, Decision


class Coasts:
    def reset(self, brief):
        pass

    def decide(self, observation):
        return self.answer(observation) or Decision(control=Control(0.0, 0.0))

    def answer(self, observation):
        return None


class AtOnce(Coasts):
    def answer(self, observation):
        raise ValueError("not today :X: [bold]")


class AtSeven(Coasts):
    def answer(self, observation):
        if observation.step == 7:
            raise ValueError("seven")


class Nan(Coasts):
    def answer(self, observation):
        return Decision(control=Control(float("nan"), 0.0))


class AList(Coasts):
    def answer(self, observation):
        return [0.0, 0.0]


class Leaves(Coasts):
    def answer(self, observation):
        sys.exit(0)


class WantsRadar(Coasts):
    needs = ("objects", "lidr")


class WantsACamera(Coasts):
    needs = ("camera:bumper",)


class Prints(Coasts):
    def answer(self, observation):
        print("x" * 100_000)
"""
Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Runs a command line in a folder with one good scenario and a file of drivers: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    Path("good.scn.yaml").write_text(GOOD)
    Path("drivers.py").write_text(DRIVERS)
    Path("folder").mkdir()

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_app(list(words))
        out, err = capsys.readouterr()
        assert "Traceback" not in (err if "--json" in words else out + err)
        return code, out, err

    return run


BAD_FILES = {
    "missing": (None, r"missing\.scn\.yaml: no such file or folder"),
    "empty": (b"", r"empty\.scn\.yaml:1:1: the file is empty"),
    "binary": (bytes(range(128, 256)), r"binary\.scn\.yaml:1:1: byte 0x80 is not UTF-8"),
    "syntax": (b"schema: alpasim/scenario@1\ntitle: [open\n", r"syntax\.scn\.yaml:3:1: not YAML"),
    "misspelt": (GOOD.replace("lanes:", "lnaes:").encode(), r":3:19: road\.motorway\.lnaes: .*did you mean 'lanes'"),
    "unit": (GOOD.replace("speed_kph: 60", "speed_mph: 60").encode(), r":4:41: ego\.speed_mph: .*expected speed_kph"),
    "off_road": (GOOD.replace("{lane: 1, s_m: 120}", "{x_m: 9, y_m: 99}").encode(), r":6:28: .*off the drivable area"),
    "overlap": (GOOD.replace("s_m: 120", "s_m: 42").encode(), r":6:28: .*lead and ego overlap at the start"),
    "unreachable": (GOOD.replace("s_m: 300", "s_m: 20").encode(), r":4:62: ego\.goal: .*cannot be reached"),
    "far": (GOOD.replace("s_m: 300", "s_m: 3000").encode(), r":4:62: ego\.goal: .*which runs from 0 to 400"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", ["run", "eval", "validate"])
def test_a_bad_scenario_is_refused_with_its_place(told: Told, command: str, name: str) -> None:
    content, says = BAD_FILES[name]
    file = Path(f"{name}.scn.yaml")
    if content is not None:
        file.write_bytes(content)
    policy = [] if command == "validate" else ["--policy", "idm"]
    code, out, err = told(command, str(file), *policy)
    assert code == 2
    assert re.search(says, out if command == "validate" else err), out + err
    assert not Path("runs").exists()


XML_FILES = {
    "missing": (None, r"missing\.xml: no such file"),
    "empty": (b"", r"empty\.xml: the file is empty"),
    "binary": (bytes(range(128, 256)), r"binary\.xml:1:\d+: not well-formed"),
    "dtd": (b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]>\n<commonRoad/>', r"dtd\.xml:2: .*<!DOCTYPE a>.*refused"),
    "cut": (b'<?xml version="1.0"?>\n<commonRoad commonRoadVersion="2020a"><lanelet', r"cut\.xml:2:\d+: not well-formed"),
}  # fmt: skip


@pytest.mark.parametrize("name", XML_FILES)
def test_a_bad_foreign_file_is_refused_and_nothing_is_written(told: Told, name: str) -> None:
    content, says = XML_FILES[name]
    if content is not None:
        Path(f"{name}.xml").write_bytes(content)
    code, out, err = told("import", f"{name}.xml", "--out", "my")
    assert (code, out) == (2, "")
    assert re.search(says, err), err
    assert not Path("my").exists()


def test_xml_is_sent_to_the_importer(told: Told) -> None:
    Path("recorded.xml").write_text("<commonRoad/>")
    code, _, err = told("run", "recorded.xml")
    assert code == 2
    assert "alpasim import recorded.xml" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run folder", r"folder: no \*\.scn\.yaml file in this folder"),
        ("run jaywalkr", r"did you mean 'jaywalker'"),
        ("run good.scn.yaml --policy idmm", r"'idmm' among policies \(did you mean 'idm'\?\)"),
        ("run good.scn.yaml --policy nowhere.py:X", r"nowhere\.py:X: no such file"),
        ("run good.scn.yaml --policy drivers.py", r"which class\? expected drivers\.py:Class; .*AtSeven"),
        ("run good.scn.yaml --policy drivers.py:", r"which class\? expected drivers\.py:Class; "),
        ("run good.scn.yaml --policy drivers.py:AtSevn", r"no 'AtSevn' in it \(did you mean"),
        (
            "run good.scn.yaml --policy drivers.py:WantsRadar",
            r"needs: unknown sensor 'lidr' \(did you mean 'lidar'\?\)",
        ),
        ("eval good.scn.yaml --policy drivers.py:WantsACamera", r"needs: unknown sensor 'camera:bumper'.*camera:front"),
        ("run good.scn.yaml --policy os.path:join", r"must be callable with no argument"),
        ("run good.scn.yaml --seed a", r"--seed.*integer"),
        ("run good.scn.yaml --seed -1", r"--seed.*greater than or equal to 0"),
        ("run good.scn.yaml --set speed=3", r"no parameter 'speed'"),
        ("run good.scn.yaml --set speed", r"expected NAME=VALUE"),
        ("run good.scn.yaml --out good.scn.yaml", r"good\.scn\.yaml/rollouts.*cannot be made"),
        ("eval", r"nothing to run: name scenario files"),
        ("eval good.scn.yaml", r"nobody to drive: give --policy"),
        ("eval good.scn.yaml --policy idm --workers 0", r"--workers.*greater than or equal to 1"),
        ("eval good.scn.yaml --policy idm --seeds a", r"seeds: found 'a'"),
        ("eval good.scn.yaml --policy idm --out good.scn.yaml", r"good\.scn\.yaml: cannot be made"),
        ("eval --resume --out folder", r"folder: holds no run to resume"),
        ("report folder", r"folder: no manifest\.json here"),
        ("replay folder", r"folder: no rollout\.mcap in this folder"),
        ("replay good.scn.yaml", r"good\.scn\.yaml: not a rollout log"),
        ("view good.scn.yaml", r"give --png FILE or --mp4 FILE"),
        ("list polices", r"did you mean 'policies'"),
        ("frob", r"No such command 'frob'\.\nTry: alpasim --help"),
    ],
)
def test_a_bad_word_is_refused_with_what_to_do(told: Told, words: str, says: str) -> None:
    code, out, err = told(*words.split())
    assert (code, out) == (2, "")
    assert re.search(says, err), err


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nowhere_to_be_found\n", r"broken\.py:1: ModuleNotFoundError"),
        ("x = 1\ndef f(:\n", r"broken\.py:2: SyntaxError"),
        ("raise RuntimeError('no weights')\n", r"broken\.py:1: RuntimeError: no weights"),
        ("import sys\nsys.exit(0)\n", r"broken\.py:2: SystemExit: 0"),
    ],
)
def test_a_policy_file_that_does_not_import_is_refused_with_its_line(told: Told, source: str, says: str) -> None:
    Path("broken.py").write_text(source)
    code, out, err = told("run", "good.scn.yaml", "--policy", "broken.py:Driver", "--json")
    assert (code, out) == (2, "")
    assert re.search(says, err), err


@pytest.mark.parametrize(
    ("driver", "status", "steps", "says"),
    [
        ("AtOnce", "policy_error", 0, "ValueError: not today :X: [bold]"),
        ("AtSeven", "policy_error", 7, "ValueError: seven"),
        ("Nan", "policy_invalid_action", 0, "control.steer is nan"),
        ("AList", "policy_invalid_action", 0, "expected a Decision"),
        ("Leaves", "policy_error", 0, "SystemExit: 0"),
    ],
)
def test_a_policy_that_breaks_ends_its_drive_and_fails_the_command(
    told: Told, driver: str, status: str, steps: int, says: str
) -> None:
    code, out, _ = told("run", "good.scn.yaml", "--policy", f"drivers.py:{driver}", "--json")
    result = json.loads(out)
    assert (code, result["status"], result["steps"], result["score"]) == (1, status, steps, 0.0)
    assert says in result["error"]
    code, out, _ = told("run", "good.scn.yaml", "--policy", f"drivers.py:{driver}")
    assert code == 1
    assert says in out


def test_what_a_policy_prints_is_no_part_of_the_json(told: Told) -> None:
    code, out, err = told("run", "good.scn.yaml", "--policy", "drivers.py:Prints", "--json")
    assert code == 0
    assert json.loads(out)["status"] == "completed"
    assert len(err) > 1_000_000


def test_a_builtin_scenario_can_be_named(told: Told) -> None:
    code, out, _ = told("list", "scenarios", "jaywalker", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["jaywalker"]


def test_lists_in_a_pipe_leave_nothing_out(told: Told) -> None:
    code, out, _ = told("list", "scenarios")
    assert code == 0
    assert "…" not in out
    assert "\x1b" not in out


def test_a_log_cut_in_half_is_replayed_as_far_as_it_goes_and_a_stump_or_a_flipped_bit_is_refused(told: Told) -> None:
    assert told("run", "good.scn.yaml", "--policy", "drivers.py:Coasts", "--out", "one")[0] == 0
    log = next(Path("one").rglob("rollout.mcap"))
    data = log.read_bytes()
    Path("half.mcap").write_bytes(data[: len(data) - 200])
    code, out, _ = told("replay", "half.mcap", "--verify")
    assert code == 0
    assert "the log was cut short" in out
    Path("stump.mcap").write_bytes(data[:20])
    code, _, err = told("replay", "stump.mcap")
    assert code == 2
    assert "stump.mcap: holds no rollout: cut short before its first state" in err
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    Path("flipped.mcap").write_bytes(flipped)
    code, _, err = told("replay", "flipped.mcap")
    assert code == 2
    assert re.search(r"flipped\.mcap: damaged at byte \d+", err)
    for words, says in (
        (("--png", "folder"), "folder: Is a directory"),
        (("--png", "a.png", "--at", "banana"), "moment 'banana'"),
        (("--png", "a.png", "--at", "99"), "the drive lasts from 0 to"),
    ):
        code, _, err = told("view", str(log), *words)
        assert code == 2
        assert says in err


def test_results_of_another_plan_are_left_alone(told: Told) -> None:
    arguments = ("--policy", "drivers.py:Coasts", "--out", "run", "--no-report")
    assert told("eval", "good.scn.yaml", *arguments)[0] == 0
    before = Path("run/manifest.json").read_bytes()
    shutil.copy("good.scn.yaml", "other.scn.yaml")
    for resume in ((), ("--resume",)):
        code, _, err = told("eval", "other.scn.yaml", *arguments, *resume)
        assert code == 2
        assert "belongs to another plan" in err
        assert "scenario 'other': asked for now, but not there" in err
    assert Path("run/manifest.json").read_bytes() == before


@pytest.mark.parametrize("words", ["--help", "-h", "eval --help", "eval -h"])
def test_help_has_a_long_and_a_short_name(told: Told, words: str) -> None:
    code, out, err = told(*words.split())
    assert (code, err) == (0, "")
    assert out.startswith("Usage: alpasim")


def test_debug_shows_the_traceback(told: Told) -> None:
    with pytest.raises(Exception, match="no such file or folder"):
        told("run", "missing.scn.yaml", "--debug")


def test_the_script_ends_with_the_commands_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["alpasim", "list", "nothing"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "cannot list 'nothing'" in capsys.readouterr().err
