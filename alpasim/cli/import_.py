"""`alpasim import`: foreign files become scenarios of this project, and everything that changed on the way is said."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from alpasim.errors import InputError

if TYPE_CHECKING:
    from alpasim.importers.imported import ImportedScenario


def import_command(
    files: list[Path] = typer.Argument(help="Files to import, such as CommonRoad XML."),  # noqa: B008
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write into; made where it is missing."),  # noqa: B008
    format: str = typer.Option(None, "--format", help="Name of the importer; found by the file's content without it."),
    drop_unsupported: bool = typer.Option(
        False, "--drop-unsupported", help="Leave out what cannot be carried over, and name it in the scenario's notes."
    ),
    force: bool = typer.Option(False, "--force", help="Replace files that exist."),
    json: bool = typer.Option(False, "--json", help="Print a JSON list, one entry a file."),
    problem: int = typer.Option(None, "--problem", help="Id of the planning problem that becomes the ego's drive."),
) -> int:
    """Import foreign files as scenarios, with a map and a tracks file beside each.

    Files that can be imported are, whatever is wrong with the others.
    """
    from alpasim.importers.finding import import_file
    from alpasim.importers.writing import write_import

    _check_stems(files)
    rows: list[dict[str, Any]] = []
    faults: list[InputError] = []
    for file in files:
        try:
            name, imported = import_file(file, format, drop_unsupported=drop_unsupported, problem=problem)
            written = write_import(imported, out, force=force)
        except InputError as fault:
            faults.append(fault)
            continue
        rows.append(_row(file, name, imported, written))
        if not json:
            _say(rows[-1])
    if json:
        typer.echo(json_module.dumps(rows, indent=2))
    if len(faults) > 1:
        raise InputError("\n".join(str(fault) for fault in faults))
    if faults:
        raise faults[0]
    return 0


def _check_stems(files: list[Path]) -> None:
    """Two files of one name would overwrite each other's scenario."""
    from alpasim.importers.writing import file_stem

    seen: dict[str, Path] = {}
    for file in files:
        stem = file_stem(file.name)
        if stem in seen:
            raise InputError(f"{seen[stem]} and {file} have the same name: import them into different folders")
        seen[stem] = file


def _row(file: Path, importer: str, imported: ImportedScenario, written: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "format": importer,
        "scenario": str(written),
        "lanes": len(imported.road.lanes),
        "signals": len(imported.road.signals),
        "actors": len(imported.actors),
        "replayed": sum(actor.track is not None for actor in imported.actors),
        "time_limit_s": imported.time_limit_s,
        "offset_m": list(imported.offset_m),
        "reference": imported.reference,
        "notes": list(imported.notes),
    }


def _say(row: dict[str, Any]) -> None:
    console = Console(soft_wrap=True, emoji=False)
    counts = f"{row['lanes']} lanes, {row['signals']} lights, {row['actors']} actors ({row['replayed']} replayed)"
    console.print(f"{row['file']} ({row['format']}) -> {row['scenario']}", markup=False, highlight=False)
    console.print(f"  {counts}, {row['time_limit_s']:g} s", markup=False, highlight=False)
    for note in row["notes"]:
        console.print(f"  note: {note}", markup=False, highlight=False)
