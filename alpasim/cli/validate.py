"""`alpasim validate`: every fault of every file, with its place; or the JSON Schema for an editor."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from alpasim.errors import Fault, InputError, ScenarioError

FILES = typer.Argument(None, help="Scenario files, folders of them, suites, or 'builtin'.", show_default=False)
SCHEMA = typer.Option(False, "--schema", help="Print the JSON Schema of scenario files and check nothing.")
JSON = typer.Option(False, "--json", help="Print the result as JSON.")
SEEDS = typer.Option(
    3, "--seeds", min=0, max=10_000, help="How many seeds, from 0 on, to draw and check each file with."
)
VERBOSE = typer.Option(False, "--verbose", "-v", help="Say too what each seed draws, and weather and grip in force.")


def validate_command(
    files: list[Path] | None = FILES,
    schema: bool = SCHEMA,
    json: bool = JSON,
    seeds: int = SEEDS,
    verbose: bool = VERBOSE,
) -> None:
    """Check scenario files without driving them; prints `file:line:column: path: message` for every fault."""
    from alpasim.scenario.loading import scenario_schema

    if schema:
        typer.echo(json_text.dumps(scenario_schema(), indent=2, sort_keys=True))
        return
    if not files:
        raise InputError("no file named: expected scenario files, folders, suites or 'builtin', or --schema")
    checked = [(file, list(faults)) for file, faults in _check(files, seeds)]
    if json:
        typer.echo(json_text.dumps(_as_json(checked), indent=2))
    else:
        for file, faults in checked:
            typer.echo("\n".join(str(fault) for fault in faults) if faults else f"{file}: good")
            if verbose and not faults:
                typer.echo("\n".join(_drawn(file, seeds)))
    if any(faults for _, faults in checked):
        raise typer.Exit(ScenarioError.exit_code)


def _check(files: list[Path], seeds: int) -> Iterator[tuple[Path, list[Fault]]]:
    """Each file with its faults; a path that is no file at all is a fault too."""
    from alpasim.scenario.loading import find_scenarios

    for path in files:
        try:
            found = find_scenarios([path])
        except ScenarioError as error:
            yield path, list(error.faults)
            continue
        except InputError as error:
            yield path, [Fault(str(path), 0, 0, "", str(error).removeprefix(f"{path}: "))]
            continue
        for file in found:
            yield file, _faults_of(file, seeds)


def _faults_of(file: Path, seeds: int) -> list[Fault]:
    """Faults of one file by itself, or, where it has none, those of its draws, each place once."""
    from alpasim.scenario.loading import load_scenario

    try:
        logical = load_scenario(file)
    except ScenarioError as error:
        return list(error.faults)
    by_place: dict[tuple[int, int, str], Fault] = {}
    for seed in range(seeds):
        try:
            logical.concrete(seed)
        except ScenarioError as error:
            for fault in error.faults:
                where = f" (seed {seed})" if logical.parameters else ""
                by_place.setdefault(
                    (fault.line, fault.column, fault.path),
                    Fault(fault.file, fault.line, fault.column, fault.path, fault.message + where),
                )
    return list(by_place.values())


def _drawn(file: Path, seeds: int) -> Iterator[str]:
    """A line for each seed of a good file: the values drawn, and weather and grip that they lead to."""
    from alpasim.scenario.conditions import wind_words
    from alpasim.scenario.loading import load_scenario

    logical = load_scenario(file)
    for seed in range(seeds):
        scenario = logical.concrete(seed)
        weather = scenario.environment
        grip = f"friction {weather.friction:.3g} ({'as written' if weather.friction_from == 'written' else 'of the weather'})"
        felt = f"rain {weather.rain:g}, snow {weather.snow:g}, visibility {weather.visibility_m:g} m, {weather.light}"
        felt += f", {wind_words(weather.wind_mps)}" if any(weather.wind_mps) else ""
        values = "".join(
            f", {name} {value:.4g}" if isinstance(value, float) else f", {name} {value}"
            for name, value in scenario.parameters.items()
        )
        yield f"  seed {seed}: {grip}, {felt}{values}"


def _as_json(checked: list[tuple[Path, list[Fault]]]) -> list[dict[str, Any]]:
    return [
        {"file": str(file), "valid": not faults, "faults": [asdict(fault) for fault in faults]}
        for file, faults in checked
    ]
