"""From ranges to values: drawing a scenario's parameters by seed, and putting them in the places that name them.

Answers "which values does seed 7 mean". A parameter's draw depends on the seed and its own name alone, so that adding,
removing or reordering parameters leaves the others' values as they were; and it uses only the documented output of
`SeedSequence`, so that a newer numpy draws the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from alpasim.errors import Fault, did_you_mean
from alpasim.scenario.faults import Path, fault_at
from alpasim.scenario.guard import Node
from alpasim.scenario.schema import ParameterModel

Value = bool | int | float | str

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_-]*)")
_LITERAL_KEYS = frozenset({"schema", "title", "description", "notes", "parameters"})
"""Top-level keys whose text is never a reference."""


def draw(parameters: Mapping[str, ParameterModel | Value], seed: int) -> dict[str, Value]:
    """The value of every parameter for a seed, in the file's order."""
    return {name: _draw_one(rule, name, seed) for name, rule in parameters.items()}


def _draw_one(rule: ParameterModel | Value, name: str, seed: int) -> Value:
    if not isinstance(rule, ParameterModel):
        return rule
    if rule.choice is not None:
        return rule.choice[_bits(name, seed) * len(rule.choice) >> 64]
    low, high = rule.uniform or (0.0, 0.0)
    return low + (high - low) * ((_bits(name, seed) >> 11) * 2.0**-53)


def _bits(name: str, seed: int) -> int:
    """64 random bits that belong to this parameter under this seed."""
    digest = hashlib.sha256(b"parameter:" + name.encode()).digest()
    key = tuple(int.from_bytes(digest[index : index + 4], "little") for index in range(0, 16, 4))
    return int(np.random.SeedSequence(entropy=seed, spawn_key=key).generate_state(1, np.uint64)[0])


def extremes(parameters: Mapping[str, ParameterModel | Value]) -> Iterator[dict[str, Value]]:
    """Sets of values at the ends of every range and for every choice, one parameter at a time off its first value."""
    listed = {name: _ends(rule) for name, rule in parameters.items()}
    base = {name: values[0] for name, values in listed.items()}
    yield base
    for name, values in listed.items():
        for value in values[1:]:
            yield {**base, name: value}


def _ends(rule: ParameterModel | Value) -> tuple[Value, ...]:
    if not isinstance(rule, ParameterModel):
        return (rule,)
    return rule.choice if rule.choice is not None else rule.uniform or ()


def reference(content: Any) -> str | None:
    """The name that a text refers to as `$name`, None where it is no reference."""
    match = _REFERENCE.fullmatch(content) if isinstance(content, str) else None
    return match.group(1) if match else None


def references(root: Node) -> Iterator[tuple[Path, str]]:
    """Every (path, name) at which the file uses a parameter."""
    if not isinstance(root.content, Mapping):
        return
    for key, node in root.content.items():
        if key not in _LITERAL_KEYS:
            yield from _references(node, (key,))


def _references(node: Node, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node.content, Mapping):
        for key, below in node.content.items():
            yield from _references(below, (*path, key))
    elif isinstance(node.content, tuple):
        for index, below in enumerate(node.content):
            yield from _references(below, (*path, index))
    else:
        name = reference(node.content)
        if name is not None:
            yield path, name


def substituted(root: Node, values: Mapping[str, Value]) -> Any:
    """The file as plain data with every `$name` replaced by its value."""
    if not isinstance(root.content, Mapping):
        return root.plain()
    return {
        key: node.plain() if key in _LITERAL_KEYS else _substituted(node, values) for key, node in root.content.items()
    }


def _substituted(node: Node, values: Mapping[str, Value]) -> Any:
    if isinstance(node.content, Mapping):
        return {key: _substituted(below, values) for key, below in node.content.items()}
    if isinstance(node.content, tuple):
        return tuple(_substituted(below, values) for below in node.content)
    name = reference(node.content)
    return values[name] if name is not None and name in values else node.content


def check_references(
    root: Node, file: str, parameters: Mapping[str, Any], used: Sequence[tuple[Path, str]]
) -> list[Fault]:
    """Faults for every `$name` that is not a parameter and every parameter that no place names; `used` are the `references`."""
    known = ", ".join(parameters) or "none"
    faults = [
        fault_at(root, file, path, f"${name} is not a parameter{did_you_mean(name, parameters)}; parameters: {known}")
        for path, name in used
        if name not in parameters
    ]
    names = {name for _, name in used}
    unused = [name for name in parameters if name not in names]
    return faults + [
        fault_at(
            root,
            file,
            ("parameters", name),
            f"parameter is used nowhere: write ${name} somewhere or remove it",
            at_key=True,
        )
        for name in unused
    ]
