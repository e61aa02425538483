"""Turns what pydantic found wrong into faults that say where in the file, what was found, and what was expected.

Answers "which line, and what should stand there instead". Keys that a place may hold are looked up in the JSON Schema of the
same model, so that a plugin's options get their suggestions too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from alpasim.errors import Fault, ScenarioError, did_you_mean
from alpasim.scenario.guard import Node

Path = tuple[str | int, ...]

_UNIT = re.compile(r"^(?P<stem>.+)_(kph|mps2|mps|mph|ms|km|cm|ft|min|deg|rad|m|s|kg|t)$")
_BOUNDS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
    "finite_number": "a finite number",
    "invalid_key": "a text",
}


def path_text(path: Sequence[str | int]) -> str:
    """`events[0].when` and the like."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def fault_at(root: Node, file: str, path: Path, message: str, *, at_key: bool = False) -> Fault:
    """A fault at the deepest value that `path` reaches, or at its key."""
    node = root
    for part in path:
        below = node.child(part)
        if below is None:
            return Fault(file, node.line, node.column, path_text(path), message)
        node = below
    line, column = (node.key_line, node.key_column) if at_key else (node.line, node.column)
    return Fault(file, line, column, path_text(path), message)


@dataclass(slots=True)
class Report:
    """Gathers faults of one file with their places."""

    root: Node
    file: str
    faults: list[Fault] = field(default_factory=list)

    def add(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note a fault at a place of the file."""
        self.faults.append(fault_at(self.root, self.file, path, message, at_key=at_key))

    def stop_if_any(self) -> None:
        """Raise ScenarioError where something has been noted."""
        if self.faults:
            raise ScenarioError(self.faults)


def explain(
    error: ValidationError, model: type[BaseModel], root: Node, file: str, prefix: Path = (), *, data: Any
) -> list[Fault]:
    """Every fault of `error`, found when `model` read `data`, which stands at `prefix` in the file's tree `root`."""
    schema = _json_schema(model)
    return [_explain_one(each, schema, root, file, prefix, data) for each in _distinct_errors(error)]


def told(error: ValidationError, model: type[BaseModel], prefix: str, data: Any) -> str:
    """Every fault of options that were given from code and not in a file, each as `prefix.key: what is wrong`."""
    schema, lines = _json_schema(model), []
    for each in _distinct_errors(error):
        path, last = _path_in(data, each["loc"])
        if each["type"] == "missing":
            message = f"missing key {last!r}"
        elif each["type"] == "extra_forbidden":
            path, message = path[:-1], _unknown_key(str(last), schema, path[:-1])
        else:
            message = wrong_value(each)
        lines.append(f"{'.'.join((prefix, *map(str, path)))}: {message}")
    return "; ".join(lines)


def _distinct_errors(error: ValidationError) -> list[dict[str, Any]]:
    """What pydantic found, but for what only follows from something else in the list."""
    found = error.errors(include_url=False)
    # A list whose items are wrong counts as too short as well, since only its right items are counted.
    broken = {each["loc"][:depth] for each in found for depth in range(len(each["loc"]))}
    return [dict(each) for each in found if each["type"] != "too_short" or each["loc"] not in broken]


@cache
def _json_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema(mode="validation")


def _explain_one(
    found: Mapping[str, Any], schema: Mapping[str, Any], root: Node, file: str, prefix: Path, data: Any
) -> Fault:
    path, last = _path_in(data, found["loc"])
    written = _written(root, (*prefix, *path))
    kind = found["type"]
    if kind == "missing":
        return fault_at(root, file, (*prefix, *path), f"missing key {last!r}", at_key=True)
    if kind == "extra_forbidden":
        return fault_at(root, file, (*prefix, *path), _unknown_key(str(path[-1]), schema, path[:-1]), at_key=True)
    seen = _found(found["input"]) + (f" (drawn for {written})" if written else "")
    message = wrong_value(found, seen)
    if written and written not in message:
        message += f" (drawn for {written})"
    return fault_at(root, file, (*prefix, *path), message, at_key=last == "[key]")


def wrong_value(found: Mapping[str, Any], seen: str | None = None) -> str:
    """What is to be said of a value that one of pydantic's errors is about: what was found, in the words `seen` where they are
    given, and what was expected."""
    kind, context = found["type"], found.get("ctx", {})
    seen = seen if seen is not None else _found(found["input"])
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        hint = did_you_mean(str(found["input"]), words)
        expected = f"one of {', '.join(words)}" if len(words) > 1 else f"{words[0]!r}" if words else context["expected"]
        return f"found {seen}, expected {expected}{hint}"
    if kind in _TYPES:
        return f"found {seen}, expected {_TYPES[kind]}{_hint_for_text(found['input'], kind)}"
    if kind in _BOUNDS:
        return f"found {seen}, expected {_BOUNDS[kind]} {next(iter(context.values())):g}"
    if kind == "string_pattern_mismatch":
        return f"found {seen}, expected {_pattern_words(context['pattern'])}"
    if kind in ("string_too_short", "string_too_long"):
        bound = "at least" if kind == "string_too_short" else "at most"
        return f"found {seen}, expected a text of {bound} {next(iter(context.values()))} characters"
    if kind in ("too_short", "too_long"):
        limit = context.get("min_length", context.get("max_length"))
        bound = "at least" if kind == "too_short" else "at most"
        return f"found {context['actual_length']} values, expected {bound} {limit}"
    return str(found["msg"]).removeprefix("Value error, ")


def _path_in(data: Any, location: Sequence[str | int]) -> tuple[Path, str | int | None]:
    """The part of a pydantic location that exists in the data, and the last element of the location.

    Names of union branches and the like stand in a location but not in the file; they are stepped over.
    """
    path: list[str | int] = []
    here = data
    for part in location:
        in_mapping = isinstance(here, Mapping) and part in here
        if in_mapping or (isinstance(here, tuple | list) and isinstance(part, int) and 0 <= part < len(here)):
            here = here[part]
            path.append(part)
    return tuple(path), location[-1] if location else None


def _written(root: Node, path: Path) -> str:
    """The `$name` that the file has at a path, or the empty string."""
    node: Node | None = root
    for part in path:
        node = node.child(part) if node is not None else None
    text = node.content if node is not None else None
    return text if isinstance(text, str) and text.startswith("$") else ""


def _found(value: Any) -> str:
    """What was found, in a reader's words and not too long."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, tuple | list):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return f"the text {shown}" if isinstance(value, str) else shown


def _hint_for_text(value: Any, kind: str) -> str:
    """What usually stands behind a value of the wrong type."""
    if kind == "string_type" and isinstance(value, int | float):
        return ': write it in quotes, "' + (str(value).lower() if isinstance(value, bool) else str(value)) + '"'
    if kind in ("float_type", "int_type") and isinstance(value, str):
        number = re.match(r"\s*[-+]?[0-9]*\.?[0-9]+", value)
        if number and value.strip() == number.group().strip():
            return ": write it without quotes"
        if number:
            return ": write the number alone, its unit stands in the key's name"
    if kind in ("float_type", "int_type") and isinstance(value, tuple):
        return ": a range belongs under parameters, as name: {uniform: [low, high]}, and stands here as $name"
    if kind in ("float_type", "int_type") and isinstance(value, Mapping):
        return (
            ": a range belongs under parameters and stands here as $name" if {"uniform", "choice"} & set(value) else ""
        )
    return ""


def _pattern_words(pattern: str) -> str:
    if pattern.startswith("^[A-Za-z_]"):
        return "a name of letters, digits, _ and -, beginning with a letter"
    if pattern == r"^[0-9a-f]{64}$":
        return "a SHA-256 of 64 lower-case hexadecimal digits"
    return f"a text that matches {pattern}"


def _unknown_key(key: str, schema: Mapping[str, Any], path: Path) -> str:
    """What to say of a key that does not exist: the same quantity in a known unit, the nearest key, or where it belongs."""
    here = list(_schemas_at(schema, path))
    known = _keys(here)
    stem_match = _UNIT.match(key)
    stem = stem_match["stem"] if stem_match else key
    same = sorted(name for name in known if (match := _UNIT.match(name)) and match["stem"] == stem)
    if same:
        missing = "has no unit" if not stem_match else "has a unit that is not known here"
        return f"key {key!r} {missing}, expected {' or '.join(same)}"
    homes = [name for name in sorted(known) if key in _keys(_schemas_at(schema, (*path, name)))]
    near = did_you_mean(key, known)
    if not near and homes:
        return f"unknown key {key!r}, it belongs under {' or '.join(homes)}"
    listed = f"; known keys: {', '.join(sorted(known))}" if known else ""
    return f"unknown key {key!r}{near}{listed}"


def _keys(schemas: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for found in schemas for name in found.get("properties", {})}


def _schemas_at(schema: Mapping[str, Any], path: Sequence[str | int]) -> Iterator[Mapping[str, Any]]:
    """Every alternative that a JSON Schema allows at a path of the data."""
    alternatives = list(_alternatives(schema, schema))
    for part in path:
        below: list[Mapping[str, Any]] = []
        for found in alternatives:
            for candidate in _below(found, part):
                below += _alternatives(candidate, schema)
        alternatives = below
    yield from alternatives


def _below(schema: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, int):
        prefix = schema.get("prefixItems", [])
        candidates = [prefix[part]] if part < len(prefix) else [schema.get("items")]
    else:
        properties = schema.get("properties", {})
        others = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
        candidates = [properties[part]] if part in properties else others
    yield from (found for found in candidates if isinstance(found, Mapping))


def _alternatives(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema itself and what it refers to, by `$ref`, `anyOf`, `oneOf` and `allOf`."""
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        yield from _alternatives(whole.get("$defs", {})[reference.rpartition("/")[2]], whole)
    for word in ("anyOf", "oneOf", "allOf"):
        for found in schema.get(word, ()):
            yield from _alternatives(found, whole)
