"""What a driver is made of, as one hash: its source file and the files of its own folder that it imports.

Answers "is this the same driver as in that run" for manifests. It does not cover installed libraries, weights or
settings that the code reads elsewhere.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from alpasim import plugins
from alpasim.errors import PluginError
from alpasim.policy.loading import parse_reference


def policy_fingerprint(reference: str) -> str:
    """SHA-256 in hex over the policy's source files, by name and content; the folder they lie in does not matter."""
    parsed = parse_reference(reference)
    if parsed.kind == "file":
        start, package = Path(parsed.where).expanduser().resolve(), ""
        if not start.is_file():
            raise PluginError(f"{reference}: no such file: {start}")
    else:
        module = parsed.where if parsed.kind == "module" else _registered_module(parsed.where)
        start, package = _source_of(module, reference), module.rpartition(".")[0]
    digest = hashlib.sha256()
    for file in sorted(_own_files(start, package), key=lambda entry: entry.name):
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _registered_module(name: str) -> str:
    """Module behind a registered name; the group's own error where the name is unknown."""
    for point in entry_points(group=plugins.POLICIES):
        if point.name == name:
            return point.module
    plugins.load(plugins.POLICIES, name)
    raise PluginError(f"policy {name!r} names no module")


def _source_of(module: str, reference: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError as cause:
        raise PluginError(f"{reference}: no module {module!r}: {cause}") from cause
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise PluginError(f"{reference}: no source file behind module {module!r}")
    return Path(spec.origin)


def _own_files(start: Path, package: str) -> set[Path]:
    """`start` and every file of its folder that it reaches through imports."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in _sibling_names(file, package):
            for sibling in (file.parent / f"{name}.py", file.parent / name / "__init__.py"):
                if sibling.is_file():
                    waiting.append(sibling)
    return found


def _sibling_names(file: Path, package: str) -> Iterator[str]:
    """Names imported by `file` that may be modules beside it; a file that is no Python imports nothing."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            full_names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            full_names = [base] if base else []
            full_names += [f"{base}.{alias.name}" if base else alias.name for alias in node.names]
        else:
            continue
        for full in full_names:
            inner = full.removeprefix(f"{package}.") if package else full
            yield inner.split(".")[0]
