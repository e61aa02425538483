"""What a wheel carries is what the tree has: every module, scenario, vehicle and template, and nothing else."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {
    "alpasim": "alpasim",
    "alpasim_policies": "policies",
    "alpasim_scenarios": "scenarios",
    "alpasim_assets": "assets",
}
"""Package in the wheel, and its folder in the tree."""


def files_of_the_tree() -> set[str]:
    """Everything under the packaged folders, by its path in the wheel."""
    return {
        f"{package}/{file.relative_to(ROOT / folder).as_posix()}"
        for package, folder in ROOMS.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel built from a copy of the tree, with the setuptools that is here."""
    for needed in ("setuptools", "build"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed: a wheel cannot be built without the network")
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, place)
    for folder in ROOMS.values():
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place / "dist"), str(place)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Missing dependencies" in built.stdout + built.stderr or "Unmet dependencies" in built.stdout + built.stderr:
        pytest.skip("the setuptools that is installed is too old to build this package")
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    (file,) = (place / "dist").glob("*.whl")
    return zipfile.ZipFile(file)


def test_the_wheel_holds_what_the_tree_holds(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == files_of_the_tree()


def test_the_wheel_carries_what_must_not_be_missing(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {"alpasim/py.typed", "alpasim/evaluation/report.html.j2", "alpasim_assets/vehicles/sedan.yaml"} <= names
    assert sum(name.endswith(".scn.yaml") for name in names) >= 10
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_registers_what_pyproject_names(wheel: zipfile.ZipFile) -> None:
    (points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    text = wheel.read(points).decode()
    for line in (
        "[console_scripts]\nalpasim = alpasim.cli.main:main",
        "idm = alpasim_policies.idm:Idm",
        "[gymnasium.envs]\n__root__ = alpasim:register_envs",
    ):
        assert line in text
