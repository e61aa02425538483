"""Finds scenario files: single ones, folders of them, suites, and the ones that come with the package.

Answers "which files are meant", sorted and each once. Reads suites, but no scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from alpasim.errors import Fault, InputError, ScenarioError, did_you_mean
from alpasim.scenario.faults import explain, fault_at
from alpasim.scenario.files import SCENARIO_SUFFIX, SUITE_SUFFIX, read_scenario_file
from alpasim.scenario.guard import MAX_BYTES, parse
from alpasim.scenario.schema import SuiteModel

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite's scenario files, and the seeds to draw each with."""

    title: str
    files: tuple[Path, ...]
    seeds: tuple[int, ...]


def scenario_name(file_name: str) -> str:
    """A scenario's name, from its file's."""
    base = PurePosixPath(file_name).name
    for suffix in (SCENARIO_SUFFIX, ".yaml", ".yml"):
        if base.endswith(suffix) and base != suffix:
            return base.removesuffix(suffix)
    return base


def builtin_folder() -> Path:
    """Where the packaged scenarios lie."""
    with resources.as_file(resources.files("alpasim_scenarios")) as folder:
        return folder


def find_scenarios(paths: Sequence[str | Path]) -> list[Path]:
    """Scenario files meant by files, folders (every `*.scn.yaml` below), suites (`*.suite.yaml`), the word `builtin`, and the
    names of built-in scenarios.

    In the order given, each folder's sorted, each file once. Raises InputError for a path that is not there or holds none.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _expand(Path(path)):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        return _in_folder(path)
    if path.name == BUILTIN and str(path) == BUILTIN and not path.exists():
        return _in_folder(builtin_folder())
    if not path.exists():
        return [_builtin(str(path))]
    if path.name.endswith(SUITE_SUFFIX):
        return list(read_suite(path).files)
    if path.suffix.lower() == ".xml":
        raise InputError(f"{path}: XML is no scenario file; import it first: alpasim import {path} --out my/")
    return [path]


def builtin_scenarios() -> dict[str, Path]:
    """The packaged scenarios by their names."""
    return {scenario_name(file.name): file for file in _in_folder(builtin_folder())}


def _builtin(name: str) -> Path:
    """The built-in scenario of that name; InputError where there is none."""
    named = builtin_scenarios()
    if name in named:
        return named[name]
    raise InputError(
        f"{name}: no such file or folder{did_you_mean(name, named)}, expected a *{SCENARIO_SUFFIX} file, a folder, a suite,"
        f" {BUILTIN!r} or the name of a built-in scenario (`alpasim list scenarios`)"
    )


def _in_folder(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.rglob(f"*{SCENARIO_SUFFIX}") if file.is_file())
    if not files:
        raise InputError(f"{folder}: no *{SCENARIO_SUFFIX} file in this folder or below")
    return files


def read_suite(path: str | Path) -> Suite:
    """A suite with its globs expanded; raises ScenarioError with every fault and its place."""
    path = Path(path)
    file = str(path)
    root = parse(read_scenario_file(path, MAX_BYTES), file)
    plain = root.plain()
    try:
        model = SuiteModel.model_validate(plain)
    except ValidationError as error:
        raise ScenarioError(explain(error, SuiteModel, root, file, data=plain)) from error
    files: dict[Path, Path] = {}
    faults: list[Fault] = []
    for index, pattern in enumerate(model.scenarios):
        try:
            matched = list(_matching(path.parent, pattern))
        except InputError as cause:
            faults.append(fault_at(root, file, ("scenarios", index), str(cause)))
            continue
        for match in matched:
            files.setdefault(match.resolve(), match)
    if faults:
        raise ScenarioError(faults)
    seeds = model.seeds if isinstance(model.seeds, tuple) else tuple(range(model.seeds))
    return Suite(model.title or scenario_name(path.name), tuple(files.values()), seeds)


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Files that a suite's entry means: a glob from its folder, or `builtin`."""
    if pattern == BUILTIN:
        yield from _in_folder(builtin_folder())
        return
    where = PurePosixPath(pattern)
    if where.is_absolute() or "\\" in pattern or "://" in pattern:
        raise InputError(f"{pattern!r}: expected a path or glob relative to the suite's folder")
    ups = len([part for part in where.parts if part == ".."])
    start = folder.joinpath(*[".."] * ups)
    rest = str(PurePosixPath(*where.parts[ups:])) if len(where.parts) > ups else ""
    if where.parts[:ups] != ("..",) * ups or not rest:
        raise InputError(f"{pattern!r}: expected '..' only at the beginning, and a file or glob after it")
    try:
        matched = sorted(start.glob(rest))
    except ValueError as cause:
        raise InputError(f"{pattern!r}: {cause}") from cause
    files = [match for match in matched if match.is_file() and match.name.endswith(SCENARIO_SUFFIX)]
    for match in matched:
        if match.is_dir():
            files += sorted(file for file in match.rglob(f"*{SCENARIO_SUFFIX}") if file.is_file())
    if not files:
        raise InputError(f"{pattern!r} matches no *{SCENARIO_SUFFIX} file")
    yield from files
