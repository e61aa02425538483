"""Who may import whom: a row imports only rows below it, no module reaches itself, drivers cannot read the script."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from alpasim.cli.doctor import CORE as CHECKED_PACKAGES
from alpasim.cli.doctor import EXTRAS as CHECKED_EXTRAS

ROOT = Path(__file__).parent.parent
ROWS: tuple[tuple[str, ...], ...] = (
    ("types", "geometry", "measures", "plugins", "errors", "compiled", "kernels", "memory"),
    ("road",),
    ("scenario",),
    ("importers",),
    ("traffic", "vehicle", "sensors", "reasoning", "metrics"),
    ("world", "policy", "recording"),
    ("simulation", "view"),
    ("env", "rollout", "branching"),
    ("evaluation",),
    ("cli",),
)
ROW_OF = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
ONLY_ROOM_OF = {"pybullet": "world", "pygame": "view"}
DRIVER_ROOMS = {"types", "errors", "geometry", "measures", "policy", "road", "vehicle", "reasoning", "compiled"}
DRIVER_MODULES = {"alpasim.traffic.car_following"}
CORE = ("types", "geometry", "measures", "road", "traffic", "vehicle", "sensors", "reasoning", "metrics")


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports_of(path: Path) -> list[tuple[str, int]]:
    """Every module that a file imports, function-level imports included, with the line."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                # Drivers go by two names, policies and alpasim_policies, and reach their own files under either.
                assert node.level == 1 and path.parent == ROOT / "policies", f"{path}:{node.lineno}: relative import"
                module = f"policies.{module}".rstrip(".")
            found.append((module, node.lineno))
            found += [(f"{module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def room_of(name: str) -> str | None:
    """`alpasim.road.network` -> `road`; None for the package itself and for what is not ours."""
    parts = name.split(".")
    return parts[1] if parts[0] == "alpasim" and len(parts) > 1 and parts[1] in ROW_OF else None


@pytest.mark.parametrize("path", modules("alpasim"), ids=module_name)
def test_a_row_imports_only_rows_below(path: Path) -> None:
    room = room_of(module_name(path))
    if room is None:
        assert path.name == "__init__.py", f"{path} belongs to no row of the table"
        return
    for name, line in imports_of(path):
        other = room_of(name)
        if other is not None and other != room:
            assert ROW_OF[other] <= ROW_OF[room], f"{path}:{line}: {room} (row {ROW_OF[room]}) imports {name}"


def test_no_module_reaches_itself() -> None:
    known = {module_name(path): path for path in modules("alpasim")}
    edges = {
        name: {other for other, _ in imports_of(path) if other in known and other != name}
        for name, path in known.items()
    }
    for start in sorted(edges):
        seen: set[str] = set()
        todo = sorted(edges[start])
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += sorted(edges[name])
        assert start not in seen, f"{start} imports itself through {sorted(seen)}"


def test_no_rooms_of_one_row_import_each_other_both_ways() -> None:
    pairs: dict[tuple[str, str], str] = {}
    for path in modules("alpasim"):
        room = room_of(module_name(path))
        for name, line in imports_of(path):
            other = room_of(name)
            if room and other and other != room and ROW_OF[room] == ROW_OF[other]:
                pairs[(room, other)] = f"{path}:{line}"
    both = [(place, pairs[(b, a)]) for (a, b), place in pairs.items() if (b, a) in pairs]
    assert not both, both


@pytest.mark.parametrize("package", sorted(ONLY_ROOM_OF))
def test_one_room_alone_imports_an_outside_engine(package: str) -> None:
    for folder in ("alpasim", "policies"):
        for path in modules(folder):
            for name, line in imports_of(path):
                if name.split(".")[0] == package:
                    assert room_of(module_name(path)) == ONLY_ROOM_OF[package], f"{path}:{line} imports {package}"


@pytest.mark.parametrize("path", modules("policies"), ids=module_name)
def test_a_driver_cannot_read_the_script(path: Path) -> None:
    for name, line in imports_of(path):
        room = room_of(name)
        if room is not None:
            allowed = room in DRIVER_ROOMS or any(name == m or name.startswith(m + ".") for m in DRIVER_MODULES)
            assert allowed or name == "alpasim.traffic", f"{path}:{line}: a driver imports {name}"


def test_the_engine_never_imports_drivers_by_name() -> None:
    for path in modules("alpasim"):
        for name, line in imports_of(path):
            assert name.split(".")[0] not in {"policies", "alpasim_policies"}, f"{path}:{line}: {name}"


@pytest.mark.parametrize("room", CORE)
def test_the_core_has_no_clock_no_files_and_no_global_random_state(room: str) -> None:
    paths = [path for path in modules("alpasim") if room_of(module_name(path)) == room]
    assert paths
    for path in paths:
        for name, line in imports_of(path):
            assert name.split(".")[0] not in {"random", "time", "datetime", "socket", "subprocess", "sqlite3"}, (
                f"{path}:{line}: {name}"
            )
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called != "open", f"{path}:{node.lineno}: opens a file"
                legacy = called.startswith(("np.random.", "numpy.random.")) and called.split(".")[-1] not in {
                    "default_rng",
                    "SeedSequence",
                    "Generator",
                }
                assert not legacy, f"{path}:{node.lineno}: {called} uses global random state"


def listed(requirements: list[str]) -> set[str]:
    """Names of distributions without their bounds."""
    return {re.split(r"[<>=!~\[ ]", requirement)[0].lower() for requirement in requirements}


def test_every_package_that_the_engine_imports_is_listed_and_looked_for_by_doctor() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = listed(project["dependencies"])
    optional = {name: listed(project["optional-dependencies"][name]) for name in ("rl", "video", "gl")}
    assert set(CHECKED_PACKAGES) == needed
    assert {name: {package} for package, name in CHECKED_EXTRAS.items()} == optional
    found = packages_distributions()
    known = needed.union(*optional.values())
    for path in (*modules("alpasim"), *modules("policies")):
        for name, line in imports_of(path):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top in ("alpasim", "policies"):
                continue
            names = {one.lower() for one in found.get(top, [top.replace("_", "-")])}
            assert names & known, f"{path}:{line}: {top} is no listed dependency"


def test_every_room_is_installed() -> None:
    """An editable install finds rooms that the list leaves out; `pip install .` and wheels do not."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    rooms = {module_name(path) for path in modules("alpasim") if path.name == "__init__.py"}
    assert rooms == {name for name in setuptools["packages"] if name.split(".")[0] == "alpasim"}


@pytest.mark.parametrize("folder", ["alpasim", "policies", "benchmarks"])
def test_no_file_is_too_long_to_be_read_in_one_go(folder: str) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(folder)}
    assert not {path: lines for path, lines in lengths.items() if lines > 400}
