"""The exported JSON Schema accepts what the loader accepts, and refuses what an editor should mark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from scenario_files import PLAIN

from alpasim import plugins
from alpasim.scenario.guard import parse
from alpasim.scenario.json_schema import scenario_schema
from alpasim.scenario.library import find_scenarios

SCHEMA = scenario_schema()
TYPES = {"object": Mapping, "array": tuple, "string": str, "boolean": bool, "integer": int, "number": int | float}


def problems(value: Any, schema: Any, at: str = "") -> Iterator[str]:
    """What a value breaks of a JSON Schema: the keywords that ours uses, read as the specification has them."""
    if "$ref" in schema:
        yield from problems(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], at)
    for word in ("anyOf", "oneOf"):
        if word in schema and all(list(problems(value, option, at)) for option in schema[word]):
            yield f"{at}: {value!r} fits none of {word}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is no {kind}"
        return
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield f"{at}: {value!r} is too short"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield f"{at}: {value} is too small"
        if "maximum" in schema and value > schema["maximum"]:
            yield f"{at}: {value} is too large"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            yield f"{at}: {value} is too small"
    if isinstance(value, Mapping):
        yield from _object_problems(value, schema, at)
    if isinstance(value, tuple):
        yield from _array_problems(value, schema, at)


def _object_problems(value: Mapping[str, Any], schema: Any, at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{at}: {key} is missing"
    if len(value) > schema.get("maxProperties", len(value)) or len(value) < schema.get("minProperties", 0):
        yield f"{at}: {len(value)} properties"
    for key, below in value.items():
        matched = [found for pattern, found in patterns.items() if re.search(pattern, key)]
        rules = [known[key]] if key in known else matched or [schema.get("additionalProperties", True)]
        for rule in rules:
            if rule is False:
                yield f"{at}: {key} is not allowed"
            elif rule is not True:
                yield from problems(below, rule, f"{at}.{key}")


def _array_problems(value: tuple[Any, ...], schema: Any, at: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
        yield f"{at}: {len(value)} items"
    prefix = schema.get("prefixItems", [])
    for index, item in enumerate(value):
        rule = prefix[index] if index < len(prefix) else schema.get("items", True)
        if isinstance(rule, Mapping):
            yield from problems(item, rule, f"{at}[{index}]")


def problems_of(text: str) -> list[str]:
    return list(problems(parse(text.encode(), "f").plain(), SCHEMA))


def test_it_is_json_and_says_which_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_leads_somewhere() -> None:
    found = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(SCHEMA)))
    assert found <= set(SCHEMA["$defs"])


@pytest.mark.parametrize("path", find_scenarios(["builtin"]), ids=lambda path: path.name)
def test_every_builtin_scenario_fits(path) -> None:
    assert problems_of(path.read_text()) == []


def test_a_parameter_may_stand_for_any_number_or_word() -> None:
    text = PLAIN.replace("speed_kph: 110", "speed_kph: $gap_m").replace("kind: car", "kind: $gap_m")
    text = (
        text.replace("lane: 1", "lane: $gap_m").replace("lanes: 3", "lanes: $gap_m").replace("to: right", "to: $gap_m")
    )
    assert problems_of(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("speed_kph: 110", "speed: 110"),
        ("speed_kph: 110", "speed_kph: fast"),
        ("speed_kph: 110", "speed_kph: -1"),
        ("kind: car", "kind: cra"),
        ("drive: follow", "drive: folow"),
        ("drive: follow", "drive: {follow: {presett: 1}}"),
        ("no_collision", "no_colision"),
        ("min_time_to_collision_s: 1.0", "min_time_to_collision_s: soon"),
        ("min_time_to_collision_s: 1.0", "metric: colision_any, at_most: 0"),
        ("lanes: 3", "lanes: 0"),
        ("title: A plain scenario", "title: ''"),
        ("alpasim/scenario@1", "alpasim/scenario@2"),
        ("title: A plain scenario", "titel: x"),
        ("below_s: 1.0", "below_m: 1.0"),
        ("to: right", "to: [right]"),
    ],
)
def test_what_the_loader_refuses_an_editor_marks(old: str, new: str) -> None:
    assert problems_of(PLAIN.replace(old, new))


def test_null_is_nowhere_allowed() -> None:
    assert '"null"' not in json.dumps(SCHEMA)


def test_it_names_every_behaviour_and_metric() -> None:
    text = json.dumps(SCHEMA)
    for name in (*plugins.names(plugins.BEHAVIOURS), *plugins.names(plugins.METRICS)):
        assert f'"{name}"' in text
