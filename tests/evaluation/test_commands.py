"""`alpasim eval`, `report` and `replay` as they are typed: output, exit codes, one clear message for each mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from test_real_runs import POLICIES, SCENARIO

from alpasim.cli.main import run_app


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, policies, and a finished run of two of them."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "steady.scn.yaml").write_text(SCENARIO)
    (folder / "drivers.py").write_text(POLICIES)
    assert run_app(asked(folder, "run")) == 0
    return folder


def asked(place: Path, run: str, *more: str) -> list[str]:
    policies = [word for name in ("Steady", "Nan") for word in ("--policy", f"{place / 'drivers.py'}:{name}")]
    return ["eval", str(place / "steady.scn.yaml"), *policies, "--seeds", "2", "--out", str(place / run), *more]


def test_an_evaluation_prints_a_table_and_writes_a_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(asked(place, "again")) == 0
    shown = capsys.readouterr()
    assert "2 policy_invalid_action" in shown.out
    assert "drivers.Steady" in shown.out
    assert "\x1b" not in shown.out + shown.err
    page = (place / "again" / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "gap_m = " in page


def test_json_goes_to_standard_output_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(asked(place, "run", "--resume", "--json")) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["planned"], answer["remaining"], len(answer["broken"])) == (4, 0, 2)
    assert answer["policies"]["drivers.Nan"]["score"] == 0.0
    assert run_app(["report", str(place / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["plan_hash"] == answer["plan_hash"]


def test_strict_makes_what_broke_a_failed_gate(place: Path) -> None:
    assert run_app(asked(place, "run", "--resume", "--strict", "--no-report")) == 1


def test_a_resume_needs_only_the_folder(place: Path) -> None:
    assert run_app(["eval", "--resume", "--out", str(place / "run"), "--no-report"]) == 0


def test_a_log_is_told_and_verified(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(place / "run" / "rollouts" / "steady" / "drivers.Steady" / "1")
    assert run_app(["replay", log]) == 0
    assert "identical" not in capsys.readouterr().out
    assert run_app(["replay", log, "--verify", "--with-policy"]) == 0
    assert "identical: 25 steps, every state to the last bit, the policy decided the same" in capsys.readouterr().out
    assert run_app(["replay", log, "--verify", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verification"]["identical"] is True
    assert answer["complete"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["eval", "{place}/none.scn.yaml", "--policy", "idm"], "none.scn.yaml"),
        (["eval", "{place}", "--policy", "idmm"], "did you mean 'idm'"),
        (["eval", "{place}"], "--policy"),
        (["eval", "--policy", "idm"], "nothing to run"),
        (["eval", "{place}", "--policy", "idm", "--seeds", "many"], "seeds: found 'many'"),
        (["eval", "{place}", "--policy", "idm", "--out", "{place}/run"], "belongs to another plan"),
        (["eval", "{place}", "--policy", "idm", "--policy", "idm"], "more than once"),
        (["eval", "--resume"], "--resume needs --out"),
        (["report", "{place}/nowhere"], "no such folder"),
        (["report", "{place}"], "no manifest.json"),
        (["replay", "{place}"], "no rollout.mcap"),
        (["replay", "{place}/drivers.py"], "not a rollout log"),
    ],
)
def test_a_mistake_gets_one_message_and_exit_code_2(
    words: list[str], said: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert run_app([word.format(place=place) for word in words]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown


def test_a_report_of_what_is_no_evaluation_says_what_it_is(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    log = place / "run" / "rollouts" / "steady" / "drivers.Steady" / "0"
    shutil.copytree(log, "one/rollouts/steady/idm/0")
    shutil.copytree(place / "run", "runs/first", ignore=shutil.ignore_patterns("rollouts"))
    for folder, says in (
        (log, f"it lies in that of {place / 'run'}"),
        (log.parents[2], f"it lies in that of {place / 'run'}"),
        ("one", f"`alpasim replay {tmp_path}/one/rollouts/steady/idm/0` says what that is"),
        ("one/rollouts/steady/idm/0", "it holds what `alpasim run` recorded"),
        ("runs", f"there is {tmp_path}/runs/first in it"),
        (place / "drivers.py", "drivers.py: this is a file; expected the folder of an evaluation"),
        (".", "expected the folder of an evaluation\n"),
    ):
        assert run_app(["report", str(folder)]) == 2
        assert says in capsys.readouterr().err


def test_a_damaged_log_is_refused_with_its_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = place / "run" / "rollouts" / "steady" / "drivers.Steady" / "0" / "rollout.mcap"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    (place / "damaged.mcap").write_bytes(bytes(data))
    assert run_app(["replay", str(place / "damaged.mcap"), "--verify"]) == 2
    assert "damaged at byte" in capsys.readouterr().err
    (place / "half.mcap").write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    code = run_app(["replay", str(place / "half.mcap"), "--verify"])
    shown = capsys.readouterr()
    assert "before its first" in shown.err if code == 2 else "cut short" in shown.out
