"""Text to scenario: reads a file into a LogicalScenario, and draws concrete ones from it by seed.

Answers with every fault of a file at once, each with file, line and column. The parts: `guard.py` reads, `schema.py` says
what may be written, `names.py` what the names mean, `variation.py` draws, `resolving.py` resolves against the road.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alpasim.errors import Fault, InputError, ScenarioError, did_you_mean
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.faults import Report, explain, fault_at
from alpasim.scenario.files import Inputs, Reader, copied_reader, folder_reader, read_scenario_file, remembering
from alpasim.scenario.guard import MAX_BYTES, Node, parse
from alpasim.scenario.json_schema import scenario_schema
from alpasim.scenario.library import Suite, builtin_scenarios, find_scenarios, read_suite, scenario_name
from alpasim.scenario.names import check_names
from alpasim.scenario.resolving import Origin, resolve
from alpasim.scenario.roads import DrawnRoad, drawn_road
from alpasim.scenario.schema import SCHEMA, Parameter, ParameterModel, ScenarioModel
from alpasim.scenario.variation import Value, check_references, draw, extremes, references, substituted
from alpasim.scenario.vehicles import vehicle_input

__all__ = [
    "LogicalScenario",
    "Suite",
    "find_scenarios",
    "load_inputs",
    "load_scenario",
    "read_suite",
    "scenario_schema",
]

_PARAMETER: TypeAdapter[ParameterModel | Value] = TypeAdapter(Parameter)
MOST_TRIAL_VALUES = 500
"""Ends of ranges and choices that are tried when a file is loaded; each seed's own values are always checked."""


@dataclass(frozen=True, slots=True)
class LogicalScenario:
    """A scenario file whose ranges are not drawn yet.

    `file` stands in messages, `source` is what a log's header says; `parameters` holds the ranges by name, and `inputs` the
    bytes of the scenario file itself under `main`. `_model` is what a file without parameters says for every seed, `_drawn` the road of its latest draw.
    """

    name: str
    title: str
    source: str
    file: str
    main: str
    parameters: Mapping[str, ParameterModel | Value]
    tags: Mapping[str, Any]
    inputs: Mapping[str, bytes]
    _root: Node = field(repr=False)
    _read: Reader = field(repr=False)
    _model: ScenarioModel = field(repr=False)
    _drawn: list[DrawnRoad] = field(repr=False, default_factory=list)

    @property
    def family(self) -> str:
        """The family that its tags name, the empty string where they name none."""
        return str(self.tags.get("family", ""))

    def concrete(self, seed: int = 0, overrides: Mapping[str, Value] | None = None) -> Scenario:
        """The scenario that a seed means, with parameters in `overrides` set instead of drawn.

        Raises ScenarioError with every fault of this draw: values out of bounds, actors off the road or inside each other, a
        goal that cannot be reached; InputError for a seed or an override that makes no sense.
        """
        values = self._values(seed, dict(overrides or {}))
        model = self._model if not values else _validated(self._root, self.file, values)
        report = Report(self._root, self.file)
        inputs = Inputs(self._read, self.inputs)
        drawn = drawn_road(model, inputs, report)
        self._drawn[:] = [drawn]
        scenario = resolve(model, drawn, inputs, Origin(self.name, self.source, seed, values), report)
        return replace(scenario, content_hash=content_hash(scenario.inputs, seed, values, dict(overrides or {})))

    def _values(self, seed: int, overrides: dict[str, Value]) -> dict[str, Value]:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InputError(f"{self.file}: seed {seed!r}, expected a whole number from 0 up")
        for name, value in overrides.items():
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                hint = did_you_mean(name, self.parameters)
                raise InputError(f"{self.file}: no parameter {name!r}{hint}; parameters: {known}")
            if not isinstance(value, bool | int | float | str):
                raise InputError(f"{self.file}: parameter {name!r} set to {value!r}, expected a number or a word")
        return {**draw(self.parameters, seed), **overrides}


def load_scenario(path: str | Path) -> LogicalScenario:
    """Read a scenario file, or where there is no such file the built-in scenario of that name.

    Raises ScenarioError with every fault that does not need a road to be seen.
    """
    path = Path(path)
    if not path.suffix and not path.exists():
        named = builtin_scenarios()
        if str(path) not in named and (near := did_you_mean(str(path), named)):
            raise ScenarioError([Fault(str(path), 0, 0, "", f"no such file{near}")])
        path = named.get(str(path), path)
    data = read_scenario_file(path, MAX_BYTES)
    return _logical(data, str(path), str(path), path.name, remembering(folder_reader(path.parent)))


def load_inputs(source_name: str, inputs: Mapping[str, bytes]) -> LogicalScenario:
    """A scenario from the copy of its files that a log carries; `source_name` is the scenario file's own source or name."""
    name = source_name if source_name in inputs else Path(source_name).name
    if name not in inputs:
        raise InputError(f"{source_name!r} is not among the copied inputs: {', '.join(sorted(inputs)) or 'none'}")
    return _logical(inputs[name], source_name, name, name, copied_reader(inputs))


def _logical(data: bytes, source: str, file: str, main: str, read: Reader) -> LogicalScenario:
    root = parse(data, file)
    _check_kind(root, file)
    parameters, faults = _parameters(root, file)
    used = list(references(root))
    if not faults:
        faults = check_references(root, file, parameters, used)
    undrawn = [fault_at(root, file, path, "") for path, name in used if name not in parameters]
    silent = {(place.line, place.column) for place in undrawn}  # the parameter's own fault says it
    model: ScenarioModel | None = None
    for trial, values in enumerate(_trials(parameters)):
        plain = substituted(root, values)
        found, model = _faults_of(root, plain, file)
        kept = {(fault.line, fault.column, fault.path) for fault in faults}
        new = [fault for fault in found if (fault.line, fault.column, fault.path) not in kept]
        faults += [fault for fault in new if (fault.line, fault.column) not in silent]
        if undrawn or (faults and trial == 0):
            break
    faults += _vehicle_faults(root, file, read)
    if faults or model is None:
        raise ScenarioError(_distinct(faults))
    tags = {key: value for key, value in model.tags.model_dump().items() if value}
    return LogicalScenario(
        scenario_name(main), model.title, source, file, main, parameters, tags, {main: data}, root, read, model
    )


def _check_kind(root: Node, file: str) -> None:
    """A file that is no scenario at all gets one fault that says so."""
    if not isinstance(root.content, Mapping):
        message = f"expected a mapping of keys and values that begins with 'schema: {SCHEMA}'"
        raise ScenarioError([Fault(file, root.line, root.column, "", message)])
    if "schema" not in root.content:
        near = did_you_mean("schema", root.content)
        message = f"missing key 'schema'{near}: a scenario file begins with 'schema: {SCHEMA}'"
        raise ScenarioError([Fault(file, root.line, root.column, "", message)])
    found = root.content["schema"]
    if found.content != SCHEMA:
        message = f"found {found.plain()!r}, expected {SCHEMA!r}"
        if isinstance(found.content, str) and found.content.startswith("alpasim/suite@"):
            message += "; this is a suite, a list of scenarios: name it where scenarios are listed"
        raise ScenarioError([fault_at(root, file, ("schema",), message)])


def _parameters(root: Node, file: str) -> tuple[dict[str, ParameterModel | Value], list[Fault]]:
    """The file's parameters that can be read, and the faults of the others (which the schema reports again)."""
    node = root.child("parameters")
    if node is None or not isinstance(node.content, Mapping):
        return {}, []
    found: dict[str, ParameterModel | Value] = {}
    faults: list[Fault] = []
    for name, below in node.content.items():
        try:
            found[name] = _PARAMETER.validate_python(below.plain())
        except ValidationError as error:
            faults += explain(error, ParameterModel, root, file, ("parameters", name), data=below.plain())
    return found, faults


def _vehicle_faults(root: Node, file: str, read: Reader) -> list[Fault]:
    """Whether the ego's vehicle, where the file names one outright, can be read at all; its figures are checked later."""
    ego = root.child("ego")
    node = ego.child("vehicle") if ego is not None else None
    if node is None or not isinstance(node.content, str) or node.content.startswith("$"):
        return []
    try:
        vehicle_input(node.content, read)
    except InputError as cause:
        return [Fault(file, node.line, node.column, "ego.vehicle", str(cause))]
    return []


def _trials(parameters: Mapping[str, ParameterModel | Value]) -> list[dict[str, Value]]:
    return [values for _, values in zip(range(MOST_TRIAL_VALUES), extremes(parameters), strict=False)]


def _faults_of(root: Node, plain: Any, file: str) -> tuple[list[Fault], ScenarioModel | None]:
    """Faults of form and of names in one set of plain data, and the model where there are none."""
    faults: list[Fault] = []
    model: ScenarioModel | None = None
    try:
        model = ScenarioModel.model_validate(plain)
    except ValidationError as error:
        faults += explain(error, ScenarioModel, root, file, data=plain)
    faults += check_names(root, plain, file)
    return faults, model if not faults else None


def _validated(root: Node, file: str, values: Mapping[str, Value]) -> ScenarioModel:
    faults, model = _faults_of(root, substituted(root, values), file)
    if model is None:
        raise ScenarioError(_distinct(faults))
    return model


def _distinct(faults: list[Fault]) -> list[Fault]:
    """Each fault once: one place may be reached by two checks that say the same."""
    return list(dict.fromkeys(faults))


def content_hash(
    inputs: Mapping[str, bytes], seed: int, values: Mapping[str, Value], overrides: Mapping[str, Value]
) -> str:
    """SHA-256 over the schema's version, every input's name and bytes, the seed, the values drawn and those set by hand."""
    digest = hashlib.sha256()
    digest.update(SCHEMA.encode() + b"\n")
    for name in sorted(inputs):
        digest.update(json.dumps([name, len(inputs[name]), hashlib.sha256(inputs[name]).hexdigest()]).encode() + b"\n")
    digest.update(json.dumps({"seed": seed, "values": values, "overrides": overrides}, sort_keys=True).encode())
    return digest.hexdigest()
