"""Finds the importer for a file among those registered under `alpasim.importers`: by name, or by suffix and first bytes."""

from __future__ import annotations

from pathlib import Path

from alpasim import plugins
from alpasim.errors import InputError
from alpasim.importers.imported import ImportedScenario, Importer

HEAD_BYTES = 4096


def find_importer(path: Path, format_name: str | None = None) -> tuple[str, Importer]:
    """Name and importer for a file.

    With `format_name` the importer of that name is taken unasked; otherwise the ones whose suffix fits look at the file's
    first bytes, and those whose suffix does not fit are asked after them. A file that none recognises goes to the only one
    whose suffix fits, which can say best what is wrong with it; raises InputError where there is no such one.
    """
    if format_name is not None:
        return format_name, _loaded(format_name)
    head = _head(path)
    known = {name: _loaded(name) for name in plugins.names(plugins.IMPORTERS)}
    ordered = sorted(known, key=lambda name: (path.suffix.lower() not in known[name].suffixes, name))
    for name in ordered:
        if known[name].sniff(head):
            return name, known[name]
    suffixed = [name for name in ordered if path.suffix.lower() in known[name].suffixes]
    if len(suffixed) == 1:
        return suffixed[0], known[suffixed[0]]
    formats = ", ".join(f"{name} ({' '.join(importer.suffixes)})" for name, importer in known.items()) or "none"
    raise InputError(f"{path}: no importer knows this file; registered formats: {formats}")


def import_file(
    path: Path, format_name: str | None = None, *, drop_unsupported: bool = False, problem: int | None = None
) -> tuple[str, ImportedScenario]:
    """Read a foreign file with the importer that knows it; returns the importer's name and what it read."""
    name, importer = find_importer(path, format_name)
    return name, importer.read(path, drop_unsupported=drop_unsupported, problem=problem)


def _loaded(name: str) -> Importer:
    """The importer of that name; a class is registered as often as an object, and made here."""
    found = plugins.load(plugins.IMPORTERS, name)
    importer: Importer = found() if isinstance(found, type) else found
    return importer


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"{path}: expected a file, found a directory")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as cause:
        raise InputError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
    if not head.strip():
        raise InputError(f"{path}: the file is empty")
    return head
