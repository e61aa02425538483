"""The JSON of a log's messages: values to text and back, exact for every float64.

Answers how a Decision, a Control, metric values, the header and the result are written down. Finite floats are written
as the shortest text that reads back to the same bits; nan and the infinities, which JSON lacks, as strings.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np

from alpasim.errors import RecordingError
from alpasim.recording.decimals import NumberObject, rows_text, whole_text
from alpasim.types import (
    BoolArray,
    Control,
    Decision,
    Factor,
    FloatArray,
    MetricValue,
    Reasoning,
    Trajectory,
    WorldState,
)

MAX_TEXT = 20_000
"""Characters of a reasoning text that the log keeps; what is cut off is said."""
_NOT_HASHED = ("policy", "source", "versions")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True, slots=True)
class Header:
    """What was driven, by whom, with what. `ids` and `kinds` are the actors in row order, the ego first; `tracks` maps
    the track ids that the policy saw to actor ids; `environment` is weather and
    grip as they were in force; `source` is the scenario file's name within the log's own inputs."""

    scenario: str
    title: str
    scenario_hash: str
    seed: int
    parameters: Mapping[str, float | int | str]
    dt_us: int
    substeps: int
    ids: tuple[str, ...]
    kinds: tuple[str, ...]
    tracks: Mapping[int, str]
    vehicle: Mapping[str, Any]
    environment: Mapping[str, Any]
    policy: str
    policy_fingerprint: str
    source: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """How a rollout ended, as the log keeps it. `expectations` are plain objects; `error` and `error_traceback` hold file
    paths and lie outside the content hash. `unfinished` is the step in which it broke, as `unfinished_message` writes it:
    decision and control that no state followed; empty where every step was finished."""

    status: str
    end_reason: str
    passed: bool
    score: float
    steps: int
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    expectations: tuple[Mapping[str, Any], ...] = ()
    unfinished: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    error_traceback: str = ""


def dump(value: Mapping[str, Any]) -> bytes:
    """Compact JSON of plain values; every float inside has to be finite (`number` sees to the others)."""
    return _encode(value).encode("ascii")


def load(data: bytes, where: str) -> dict[str, Any]:
    """The object that `dump` was given; RecordingError naming `where` for anything else."""
    try:
        value = json.loads(data)
    except ValueError as cause:
        raise RecordingError(f"{where}: not JSON: {cause}") from cause
    if not isinstance(value, dict):
        raise RecordingError(f"{where}: found a {type(value).__name__}, expected an object")
    return value


def number(value: float) -> float | str:
    """A float that JSON can hold."""
    return value if math.isfinite(value) else repr(value)


def read_number(value: Any) -> float:
    """The float that `number` was given."""
    if isinstance(value, str):
        return _NOT_FINITE[value]
    return float(value)


def plain(value: Any) -> Any:
    """`value` with tuples as lists, numpy scalars as Python's and floats as `number` writes them; keys become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a log: {value!r}")


def header_message(header: Header) -> dict[str, Any]:
    """The header as the JSON object of its message."""
    return {
        "format": "alpasim/log@1",
        "scenario": {
            "name": header.scenario,
            "title": header.title,
            "content_hash": header.scenario_hash,
            "seed": header.seed,
            "parameters": plain(header.parameters),
        },
        "dt_us": header.dt_us,
        "substeps": header.substeps,
        "ids": list(header.ids),
        "kinds": list(header.kinds),
        "tracks": {str(track): actor for track, actor in header.tracks.items()},
        "vehicle": plain(header.vehicle),
        "environment": plain(header.environment),
        "policy": {"reference": header.policy, "fingerprint": header.policy_fingerprint},
        "source": header.source,
        "versions": dict(header.versions),
    }


def hashed_header(message: Mapping[str, Any]) -> bytes:
    """The part of a header message that says what was driven, and nothing of file paths, drivers' names or versions."""
    return json.dumps({key: value for key, value in message.items() if key not in _NOT_HASHED}, sort_keys=True).encode()


def read_header(message: Mapping[str, Any]) -> Header:
    """The Header that `header_message` was given; KeyError where one of its fields is missing."""
    scenario, policy = message["scenario"], message["policy"]
    return Header(
        scenario=scenario["name"],
        title=scenario["title"],
        scenario_hash=scenario["content_hash"],
        seed=scenario["seed"],
        parameters=scenario["parameters"],
        dt_us=message["dt_us"],
        substeps=message["substeps"],
        ids=tuple(message["ids"]),
        kinds=tuple(message["kinds"]),
        tracks={int(track): actor for track, actor in message["tracks"].items()},
        vehicle=message["vehicle"],
        environment=message["environment"],
        policy=policy["reference"],
        policy_fingerprint=policy["fingerprint"],
        source=message["source"],
        versions=message["versions"],
    )


def decision_message(decision: Decision) -> dict[str, Any]:
    """A decision as the JSON object of its message, without step and time."""
    trajectory = decision.trajectory
    return {
        "control": None if decision.control is None else control_message(decision.control),
        "trajectory": None
        if trajectory is None
        else {
            "frame": trajectory.frame,
            "times_us": trajectory.times_us.tolist(),
            "poses": _rows(trajectory.poses),
        },
        "reasoning": None if decision.reasoning is None else reasoning_message(decision.reasoning),
    }


def moment_text(step: int, time_us: int) -> bytes:
    """Step and time as the beginning of an object's text, which its other members follow."""
    return b'{"step":%d,"time_us":%d' % (step, time_us)


def decision_text(moment: bytes, decision: Decision, reasoning: Mapping[str, Any] | None) -> bytes:
    """The text of a decision's message behind `moment_text`; `reasoning` is its `reasoning_message`."""
    control, trajectory = decision.control, decision.trajectory
    way: tuple[bytes, ...] = (b"null",)
    if trajectory is not None:
        frame, times, poses = _encode(trajectory.frame), whole_text(trajectory.times_us), rows_text(trajectory.poses)
        way = (b'{"frame":', frame.encode("ascii"), b',"times_us":', times, b',"poses":', poses, b"}")
    steered = b"null" if control is None else dump(control_message(control))
    reasons = b"null" if reasoning is None else dump(reasoning)
    return b"".join((moment, b',"control":', steered, b',"trajectory":', *way, b',"reasoning":', reasons, b"}"))


def control_text(moment: bytes, control: Control) -> bytes:
    """The text of a control's message behind `moment_text`."""
    return b"%b,%b" % (moment, dump(control_message(control))[1:])


def _rows(array: FloatArray) -> list[Any]:
    """A float array as nested lists that JSON can hold."""
    rows: list[Any] = array.tolist()
    return rows if np.isfinite(array).all() else list(plain(rows))


def read_decision(message: Mapping[str, Any]) -> Decision:
    """The Decision that `decision_message` was given."""
    control, trajectory, reasoning = message["control"], message["trajectory"], message["reasoning"]
    return Decision(
        control=None if control is None else read_control(control),
        trajectory=None if trajectory is None else _read_trajectory(trajectory),
        reasoning=None if reasoning is None else read_reasoning(reasoning),
    )


def _read_trajectory(message: Mapping[str, Any]) -> Trajectory:
    """A trajectory with arrays of the shapes and types that Trajectory promises."""
    poses = [[read_number(value) for value in row] for row in message["poses"]]
    return Trajectory(
        times_us=np.array(message["times_us"], dtype=np.int64),
        poses=np.array(poses, dtype=np.float64).reshape(-1, 3),
        frame=message["frame"],
    )


def control_message(control: Control) -> dict[str, Any]:
    """A control as a JSON object; `reverse` stands there where it is engaged."""
    message: dict[str, Any] = {"steer": number(float(control.steer)), "pedal": number(float(control.pedal))}
    if control.reverse:
        message["reverse"] = True
    return message


def read_control(message: Mapping[str, Any]) -> Control:
    """The Control that `control_message` was given."""
    return Control(
        steer=read_number(message["steer"]),
        pedal=read_number(message["pedal"]),
        reverse=message.get("reverse", False) is True,
    )


def reasoning_message(reasoning: Reasoning) -> dict[str, Any]:
    """Reasoning as a JSON object; a text beyond MAX_TEXT is cut, and says so."""
    return {
        "longitudinal": reasoning.longitudinal,
        "lateral": reasoning.lateral,
        "direction": reasoning.direction,
        "factors": [
            {
                "category": factor.category,
                "track_id": factor.track_id,
                "claims": [list(claim) for claim in factor.claims],
            }
            for factor in reasoning.factors
        ],
        "text": shortened(reasoning.text, MAX_TEXT),
        "source": reasoning.source,
    }


def read_reasoning(message: Mapping[str, Any]) -> Reasoning:
    """The Reasoning that `reasoning_message` was given, its text as the log kept it."""
    factors = (
        Factor(item["category"], item["track_id"], tuple((str(name), str(said)) for name, said in item["claims"]))
        for item in message["factors"]
    )
    return Reasoning(
        longitudinal=message["longitudinal"],
        lateral=message["lateral"],
        direction=message["direction"],
        factors=tuple(factors),
        text=message["text"],
        source=message["source"],
    )


def shortened(text: str, limit: int) -> str:
    """`text`, or its first `limit` characters and a note of how many were cut off."""
    return text if len(text) <= limit else f"{text[:limit]} [{len(text) - limit} more characters cut off]"


def metrics_message(values: Mapping[str, MetricValue]) -> dict[str, float | str | None]:
    """Metric values by name; one that means nothing here is null."""
    return {name: number(float(value.value)) if value.valid else None for name, value in values.items()}


class MetricRow(Protocol):
    """All metric values of one step: `values` (m,) in the order of `names`, nan where `valid` (m,) is False."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> FloatArray: ...
    @property
    def valid(self) -> BoolArray: ...


def metrics_text(moment: bytes, row: MetricRow) -> bytes:
    """The text of a step's metrics behind `moment_text`: a row's `metrics_message` as `values`."""
    return b'%b,"values":%b}' % (moment, _metrics_object(row.names).text(row.values, row.valid))


@cache
def _metrics_object(names: tuple[str, ...]) -> NumberObject:
    return NumberObject(names)


def read_metrics(message: Mapping[str, Any]) -> dict[str, MetricValue]:
    """The values that `metrics_message` was given; an invalid one has the value nan."""
    return {
        name: MetricValue(math.nan, valid=False) if value is None else MetricValue(read_number(value))
        for name, value in message.items()
    }


def result_message(result: ResultRecord) -> dict[str, Any]:
    """The hashed part of a result as the JSON object of its message."""
    return {
        "status": result.status,
        "end_reason": result.end_reason,
        "passed": bool(result.passed),
        "score": number(float(result.score)),
        "steps": result.steps,
        "metrics": metrics_message(result.metrics),
        "expectations": plain(result.expectations),
        **({"unfinished": dict(result.unfinished)} if result.unfinished else {}),
    }


def unfinished_message(state: WorldState, decision: Decision, control: Control) -> dict[str, Any]:
    """The step that was begun in `state` and broke, as a JSON object: when, what was decided, what reached the vehicle."""
    return {
        "step": state.step,
        "time_us": state.time_us,
        "decision": decision_message(decision),
        "control": control_message(control),
    }


def read_result(message: Mapping[str, Any], run: Mapping[str, Any]) -> ResultRecord:
    """The result from its own message and the error from the run's last one."""
    return ResultRecord(
        status=message["status"],
        end_reason=message["end_reason"],
        passed=message["passed"],
        score=read_number(message["score"]),
        steps=message["steps"],
        metrics=read_metrics(message["metrics"]),
        expectations=tuple(message["expectations"]),
        unfinished=message.get("unfinished", {}),
        error=run.get("error", ""),
        error_traceback=run.get("error_traceback", ""),
    )
