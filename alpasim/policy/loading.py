"""Finds a driver by what a user typed: a registered name, `path/file.py:Class`, or `package.module:Class`.

Answers "which class is meant" and "what shall its folder be called". It makes no policy and runs none. Errors name the
nearest right word, or the line of the user's file at which its import failed.

A file is imported under a name made from its whole path, so that two files called `driver.py` do not meet. While it is
imported its own folder leads the module search path, as Python does for a script, and is taken off afterwards; modules
found that way belong to that file alone.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Literal

from alpasim import plugins
from alpasim.errors import PluginError, did_you_mean
from alpasim.policy.protocol import REQUIRED, PolicyFactory, check_policy_class

ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a user typed, taken apart: `where` is a registered name, a path or a module; `attribute` may be empty for a file."""

    kind: Literal["name", "file", "module"]
    where: str
    attribute: str = ""


def parse_reference(reference: str) -> Reference:
    """Take a policy reference apart; PluginError where it is none, or an address that this version cannot reach."""
    address = ADDRESS.match(reference)
    if address:
        scheme = address.group(1).lower()
        if scheme == "grpc":
            raise PluginError(f"{reference}: drivers at a grpc address are not supported by this version")
        raise PluginError(
            f"{reference}: unknown address scheme {scheme!r}; expected a name, file.py:Class or module:Class"
        )
    if not reference.strip():
        raise PluginError(
            f"policy {reference!r} is empty; registered: {', '.join(plugins.names(plugins.POLICIES)) or 'none'}"
        )
    where, colon, attribute = reference.rpartition(":")
    if reference.endswith(".py"):
        return Reference("file", reference)
    if colon and (where.endswith(".py") or "/" in where or "\\" in where):
        return Reference("file", where, attribute)
    if "/" in reference or "\\" in reference:
        return Reference("file", reference)
    if colon:
        if not all(part.isidentifier() for part in where.split(".")) or not attribute.isidentifier():
            raise PluginError(
                f"{reference!r} is no policy reference; expected a name, file.py:Class or package.module:Class"
            )
        return Reference("module", where, attribute)
    return Reference("name", reference)


def load_policy(reference: str) -> PolicyFactory:
    """The class (or function) that makes the drivers `reference` names; PluginError says why there is none."""
    parsed = parse_reference(reference)
    if parsed.kind == "name":
        return check_policy_class(plugins.load(plugins.POLICIES, parsed.where), reference)
    module = _file_module(parsed.where, reference) if parsed.kind == "file" else _named_module(parsed.where, reference)
    return check_policy_class(_attribute(module, parsed.attribute, reference), reference)


def policy_name(reference: str) -> str:
    """A short name for tables and folders: letters, digits, `.`, `_` and `-` only, never empty, never a path."""
    parsed = parse_reference(reference)
    if parsed.kind == "file":
        stem = Path(parsed.where.replace("\\", "/")).stem
        name = f"{stem}.{parsed.attribute}" if parsed.attribute else stem
    elif parsed.kind == "module":
        name = f"{parsed.where}.{parsed.attribute}"
    else:
        name = parsed.where
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")
    return safe[:80] or "policy"


def policy_names(references: Sequence[str]) -> tuple[str, ...]:
    """One folder name a reference, all different: the second of two that would be the same gets `-2`."""
    taken: dict[str, int] = {}
    names = []
    for reference in references:
        name = policy_name(reference)
        taken[name.lower()] = count = taken.get(name.lower(), 0) + 1
        names.append(name if count == 1 else f"{name}-{count}")
    return tuple(names)


class _Importing:
    """Turns whatever a foreign module raises while it is imported into a PluginError that names the line."""

    def __init__(self, reference: str, file: Path | None = None) -> None:
        self.reference = reference
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, PluginError) or not isinstance(error, Exception | SystemExit):
            return
        place = _failing_line(error, trace, self.file)
        told = str(error) if not isinstance(error, SyntaxError) else (error.msg or "syntax error")
        raise PluginError(f"{self.reference} does not import: {place}{type(error).__name__}: {told}") from error


def _failing_line(error: BaseException, trace: TracebackType | None, file: Path | None) -> str:
    """`file:line: ` of the deepest line of `file` (or of any user code) that led to the error."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 0}: "
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if file is not None and frame.filename == str(file)]
    foreign = [frame for frame in frames if "importlib" not in frame.filename and frame.filename != __file__]
    chosen = own or foreign
    return f"{chosen[-1].filename}:{chosen[-1].lineno}: " if chosen else ""


def _file_module(path: str, reference: str) -> ModuleType:
    """The module in a file; imported anew at every call, so that an edited file is never stale."""
    file = Path(path).expanduser().resolve()
    if not file.exists():
        near = [entry.name for entry in file.parent.glob("*.py")] if file.parent.is_dir() else []
        raise PluginError(f"{reference}: no such file: {file}{did_you_mean(file.name, near)}")
    if not file.is_file() or file.suffix != ".py":
        kind = "a directory" if file.is_dir() else "no Python file"
        raise PluginError(f"{reference}: {file} is {kind}; expected path/file.py:Class")
    name = f"alpasim_policy_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}_{re.sub('[^0-9A-Za-z_]', '_', file.stem)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{reference}: {file} cannot be imported as Python source")
    module = importlib.util.module_from_spec(spec)
    modules_before, path_before = set(sys.modules), list(sys.path)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    loaded = False
    try:
        with _Importing(reference, file):
            spec.loader.exec_module(module)
        loaded = True
    finally:
        sys.path[:] = path_before
        _forget_siblings(set(sys.modules) - modules_before - {name}, file.parent)
        if not loaded:
            sys.modules.pop(name, None)
    return module


def _forget_siblings(added: set[str], folder: Path) -> None:
    """Take modules that came from a policy file's own folder off the table, so that the next file finds its own."""
    for name in sorted(added):
        origin = getattr(sys.modules[name], "__file__", None)
        if origin is not None and Path(origin).is_relative_to(folder) and "site-packages" not in Path(origin).parts:
            del sys.modules[name]


def _named_module(name: str, reference: str) -> ModuleType:
    with _Importing(reference):
        return importlib.import_module(name)


def _attribute(module: ModuleType, name: str, reference: str) -> object:
    """The class `name` of a module, or its only policy class where no name is given."""
    classes = sorted(
        key
        for key, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and all(callable(getattr(value, method, None)) for method in REQUIRED)
    )
    listed = f"policy classes there: {', '.join(classes) or 'none'}"
    if not name:
        if len(classes) == 1:
            return getattr(module, classes[0])
        raise PluginError(f"{reference}: which class? expected {reference.rstrip(':')}:Class; {listed}")
    if not hasattr(module, name):
        own = classes or [key for key, value in vars(module).items() if isinstance(value, type)]
        raise PluginError(f"{reference}: no {name!r} in it{did_you_mean(name, own)}; {listed}")
    return getattr(module, name)
