"""The examples run as they stand, for a few steps."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from alpasim.cli.main import run_app
from alpasim.errors import InputError

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def example(name: str) -> ModuleType:
    """An example as a module, without running its main."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_random_driver_says_how_its_drive_ended(capsys: pytest.CaptureFixture[str]) -> None:
    example("random_driver").main(rollouts=1)
    out = capsys.readouterr().out
    assert "progress" in out and "return" in out


def test_the_ten_line_policy_drives(capsys: pytest.CaptureFixture[str]) -> None:
    reference = f"{EXAMPLES / 'ten_line_policy.py'}:Careful"
    assert run_app(["run", "jaywalker", "--policy", reference]) == 0
    assert "completed" in capsys.readouterr().out


def test_the_parking_car_ends_between_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example("parallel_parking").main(tmp_path / "parked.png")
    assert "goal_reached" in capsys.readouterr().out
    assert (tmp_path / "parked.png").stat().st_size > 10_000


def test_the_cameras_are_drawn_by_the_renderers_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = example("camera_views")
    real = shown.make_renderer

    def without_gl(name: str) -> object:
        if name == "gl":
            raise InputError("renderer 'gl' needs moderngl")
        return real(name)

    monkeypatch.setattr(shown, "make_renderer", without_gl)
    scenario, out = str(ROOT / "scenarios/vulnerable/jaywalker.scn.yaml"), tmp_path / "views.png"
    words = ["camera_views.py", scenario, "--step", "2", "--size", "32x18", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    shown.main()
    assert out.is_file() and "left out: renderer 'gl' needs moderngl" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*words, "--renderer", "gl"])
    with pytest.raises(SystemExit, match="needs moderngl"):
        shown.main()


def test_ppo_trains_and_drives(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("stable_baselines3") is None:
        pytest.skip("stable-baselines3 is not installed (the [rl] extra)")
    monkeypatch.setattr(sys, "argv", ["train_ppo.py", "--steps", "64"])
    runpy.run_path(str(EXAMPLES / "train_ppo.py"), run_name="__main__")
    assert capsys.readouterr().out
