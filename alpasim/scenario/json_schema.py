"""The JSON Schema of scenario files, for editors that complete and check while a person types.

Made from the same models that check a file. Every number, word and flag may also be a `$parameter`; no value is ever null; a
behaviour's options are those of its own model.
"""

from __future__ import annotations

from typing import Any

from alpasim import plugins
from alpasim.scenario.expectations import BOUNDS, WORDS
from alpasim.scenario.names import behaviour_schema
from alpasim.scenario.schema import ScenarioModel

REFERENCE = {"type": "string", "pattern": r"^\$[A-Za-z_][A-Za-z0-9_-]*$"}
_NEVER_DRAWN = frozenset({"schema", "title", "description", "notes", "parameters"})
_SCALARS = frozenset({"number", "integer", "boolean", "string"})


def scenario_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a scenario file as it is written, parameters not yet replaced."""
    schema = ScenarioModel.model_json_schema(mode="validation", by_alias=True)
    definitions: dict[str, Any] = schema.get("$defs", {})
    definitions["ActorModel"]["properties"]["drive"] = _drive(definitions)
    schema["properties"]["expect"]["items"] = _expectations(definitions)
    literal = {"ParameterModel", "TagsModel"}
    schema["$defs"] = {
        name: _without_null(found) if name in literal else _drawable(_without_null(found))
        for name, found in sorted(definitions.items())
    }
    schema["properties"] = {
        name: _without_null(found) if name in _NEVER_DRAWN else _drawable(_without_null(found))
        for name, found in schema["properties"].items()
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _drive(definitions: dict[str, Any]) -> dict[str, Any]:
    """A behaviour's name, or its name with options."""
    names = plugins.names(plugins.BEHAVIOURS)
    with_options: dict[str, Any] = {}
    for name in names:
        found = behaviour_schema(name)
        for key, below in found.pop("$defs", {}).items():
            definitions.setdefault(key, below)
        with_options[name] = found
    return {
        "anyOf": [
            {"type": "string", "enum": list(names)},
            {
                "type": "object",
                "properties": with_options,
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
        "default": "parked",
    }


def _expectations(definitions: dict[str, Any]) -> dict[str, Any]:
    """A word, a word with its bound, or a bound on any metric."""
    bounds = {name: {"type": "number"} for name in BOUNDS} | {name: {"const": True} for name in WORDS}
    metric = definitions["MetricBoundModel"]["properties"]["metric"]
    metric["enum"] = list(plugins.names(plugins.METRICS))
    return {
        "anyOf": [
            {"type": "string", "enum": list(WORDS)},
            {"$ref": "#/$defs/MetricBoundModel"},
            {
                "type": "object",
                "properties": {**bounds, "required": {"type": "boolean"}},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 2,
            },
        ]
    }


def _without_null(schema: Any) -> Any:
    """The schema without `null`, which the reader refuses."""
    if isinstance(schema, list):
        return [_without_null(found) for found in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _without_null(below) for key, below in schema.items() if not (key == "default" and below is None)}
    options = found.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [option for option in options if option != {"type": "null"}]
        found.pop("anyOf")
        found = {**found, **rest[0]} if len(rest) == 1 else {**found, "anyOf": rest}
    return found


def _drawable(schema: Any) -> Any:
    """The schema with `$name` allowed wherever it allows a scalar."""
    if isinstance(schema, list):
        return [_drawable(found) for found in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in _SCALARS or "enum" in schema or "const" in schema:
        about = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        rest = {key: below for key, below in schema.items() if key not in about}
        return {**about, "anyOf": [rest, REFERENCE]}
    walked: dict[str, Any] = {}
    for key, below in schema.items():
        if key in ("properties", "patternProperties", "$defs"):
            walked[key] = {name: _drawable(found) for name, found in below.items()}
        elif key in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"):
            walked[key] = _drawable(below)
        else:
            walked[key] = below
    return walked
