"""Gives a scenario the bytes of the files it names, from its own folder, from the package, or from a log's copy.

Answers "what is in X.map.json". Paths stay inside the scenario's folder, whatever they are made of; devices, pipes and
oversized files are refused before they are read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath

from alpasim.errors import Fault, InputError, ScenarioError, did_you_mean

MAX_FILE_BYTES = 256_000_000
ASSET_PREFIX = "asset:"
SCENARIO_SUFFIX, SUITE_SUFFIX = ".scn.yaml", ".suite.yaml"

Reader = Callable[[str], bytes]
"""Gives the bytes of a file by the name that a scenario has for it; raises InputError with the reason where it cannot."""


def folder_reader(folder: Path) -> Reader:
    """Reads names inside a folder, and packaged ones by their prefix."""

    def read(name: str) -> bytes:
        if name.startswith(ASSET_PREFIX):
            return read_asset(name.removeprefix(ASSET_PREFIX))
        path = _inside(folder, name)
        if not os.path.lexists(path):
            raise InputError(f"no such file as {name!r} beside the scenario{_nearest(path)}")
        return read_regular_file(path)

    return read


def copied_reader(inputs: Mapping[str, bytes]) -> Reader:
    """Reads from bytes that were kept, by their names; the disk is never touched."""

    def read(name: str) -> bytes:
        if name not in inputs:
            raise InputError(f"{name!r} is not among the copied inputs: {', '.join(sorted(inputs)) or 'none'}")
        return inputs[name]

    return read


def remembering(read: Reader) -> Reader:
    """Reads each name once, so that whoever asks later gets the same bytes although the file has been changed."""
    kept: dict[str, bytes] = {}

    def read_once(name: str) -> bytes:
        if name not in kept:
            kept[name] = read(name)
        return kept[name]

    return read_once


def read_asset(name: str) -> bytes:
    """Bytes of a packaged asset by its path below `assets/`."""
    _check_relative(name)
    found = resources.files("alpasim_assets").joinpath(*PurePosixPath(name).parts)
    if not found.is_file():
        raise InputError(f"no packaged asset {name!r}")
    return found.read_bytes()


def read_regular_file(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Bytes of a regular file; raises InputError for anything else, without waiting for a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as cause:
        raise InputError("no such file") from cause
    except (OSError, ValueError) as cause:
        raise InputError(f"cannot be opened: {getattr(cause, 'strerror', None) or cause}") from cause
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise InputError("is a folder, expected a file")
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file")
        if status.st_size > limit:
            raise InputError(f"has {status.st_size} bytes, expected at most {limit}")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise InputError(f"has more than {limit} bytes")
    return data


def check_sha256(data: bytes, expected: str | None) -> None:
    """Raise InputError where a checksum is given and the bytes have another."""
    if expected is not None:
        found = hashlib.sha256(data).hexdigest()
        if found != expected:
            raise InputError(
                f"the file's sha256 is {found}, expected {expected}: it has been changed since it was named here"
            )


def _check_relative(name: str) -> None:
    """Refuse names that are no plain path below a folder."""
    if "://" in name:
        raise InputError(f"{name!r} is an address, expected a file in the scenario's folder")
    if "\\" in name or ":" in name or any(ord(character) < 32 for character in name):
        raise InputError(f"{name!r} holds a character that is not allowed in a path here; separate folders by /")
    path = PurePosixPath(name)
    if path.is_absolute():
        raise InputError(f"{name!r} is an absolute path, expected one inside the scenario's folder")
    if ".." in path.parts:
        raise InputError(f"{name!r} leads out of the scenario's folder by '..', expected a path inside it")
    if not path.parts:
        raise InputError(f"{name!r} is no file name")


def _inside(folder: Path, name: str) -> Path:
    """The path of a name in a folder, links followed; refused where it leads out."""
    _check_relative(name)
    try:
        home = folder.resolve(strict=True)
        path = (home / name).resolve()
    except (OSError, RuntimeError) as cause:
        raise InputError(f"{name!r} cannot be followed: {cause}") from cause
    if not path.is_relative_to(home):
        raise InputError(f"{name!r} is a link that leads out of the scenario's folder")
    return path


class Inputs:
    """Reads a scenario's files by name, once each, and remembers their bytes."""

    def __init__(self, read: Reader, known: Mapping[str, bytes]) -> None:
        self._read = read
        self.bytes: dict[str, bytes] = dict(known)

    def __call__(self, name: str) -> bytes:
        if name not in self.bytes:
            self.bytes[name] = self._read(name)
        return self.bytes[name]

    def checked(self, name: str, sha256: str | None) -> bytes:
        """Bytes of a named file whose checksum, where one is given, holds."""
        data = self(name)
        check_sha256(data, sha256)
        return data


def read_scenario_file(path: Path, limit: int) -> bytes:
    """Bytes of a scenario or suite file; its faults name the path and what to do."""
    try:
        return read_regular_file(path, limit)
    except InputError as cause:
        message = str(cause)
        if message == "no such file":
            near = _nearest(path, ".yaml")
            message += near or ", expected the path of a *.scn.yaml file"
        elif message.startswith("is a folder"):
            message = "is a folder, expected one scenario file: name one of the *.scn.yaml files in it"
        raise ScenarioError([Fault(str(path), 0, 0, "", message)]) from cause


def _nearest(path: Path, ending: str = "") -> str:
    """What was meant in the folder of a file that is not there."""
    try:
        names = [found.name for found in path.parent.iterdir() if found.name.endswith(ending)]
    except OSError:
        return ""
    return did_you_mean(path.name, names)
