"""The channels of a rollout log: their topics, what their messages look like, and which of them the content hash covers.

Channels under `alpasim/` hold JSON and are what the reader reads. `/scene`, `/tf` and `/log` say the same once more in
Foxglove's own protobuf schemas, so that Foxglove shows a log without a plug-in; the reader does not look at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alpasim.types import PARTS

HEADER = "alpasim/header"
STATE = "alpasim/state"
DECISION = "alpasim/decision"
CONTROL = "alpasim/control"
METRICS = "alpasim/metrics"
RESULT = "alpasim/result"
RUN = "alpasim/run"
SCENE = "/scene"
TRANSFORMS = "/tf"
TEXT = "/log"

HASHED = frozenset({HEADER, STATE, DECISION, CONTROL, METRICS, RESULT})
"""Channels that the content hash covers; of the header only what `codec.hashed_header` leaves."""

FORMAT = "alpasim/log@1"
INPUTS_ATTACHMENT = "inputs.zip"

_NUMBER = {"type": ["number", "string"], "description": "a float64; nan, inf and -inf are written as strings"}
_CONTROL_FIELDS = {
    "steer": _NUMBER,
    "pedal": _NUMBER,
    "reverse": {"type": "boolean", "description": "left out where the vehicle drives forward"},
}
_INTEGER = {"type": "integer"}
_PART = {"type": "string", "enum": list(PARTS)}
_CONTACT = {
    "type": "object",
    "properties": {
        "first": {"type": "string"},
        "second": {"type": "string"},
        "impulse_ns": _NUMBER,
        "closing_speed_mps": _NUMBER,
        "first_part": _PART,
        "second_part": _PART,
        "first_delta_v_mps": {
            **_NUMBER,
            "description": "how much this contact alone changed its velocity, friction included",
        },
        "second_delta_v_mps": _NUMBER,
        "point_m": {"type": "array", "items": _NUMBER},
        "normal": {"type": "array", "items": _NUMBER, "description": "from second to first"},
    },
}


def _object(title: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema of one object; every channel's message is one."""
    return {"title": title, "type": "object", "properties": dict(properties)}


_MOMENT = {"step": _INTEGER, "time_us": _INTEGER}

JSON_SCHEMAS: dict[str, dict[str, Any]] = {
    HEADER: _object(
        "What was driven",
        {
            "format": {"type": "string"},
            "scenario": {"type": "object"},
            "dt_us": _INTEGER,
            "substeps": _INTEGER,
            "ids": {"type": "array", "items": {"type": "string"}},
            "kinds": {"type": "array", "items": {"type": "string"}},
            "tracks": {"type": "object", "description": "track id that the policy saw -> actor id"},
            "vehicle": {"type": "object"},
            "policy": {"type": "object", "description": "not part of the content hash"},
            "source": {"type": "string", "description": "not part of the content hash"},
            "versions": {"type": "object", "description": "not part of the content hash"},
        },
    ),
    STATE: _object(
        "Everything that was true at one control step",
        {
            **_MOMENT,
            "ego": {"type": "object", "properties": {"x_m": _NUMBER, "y_m": _NUMBER, "speed_mps": _NUMBER}},
            "present": _INTEGER,
            "struck": {"type": "array", "items": {"type": "string"}},
            "contacts": {"type": "array", "items": _CONTACT},
            "events": {"type": "array", "items": {"type": "string"}},
            "packed": {"type": "string", "contentEncoding": "base64", "description": "the exact state, see packing.py"},
            "hash": {"type": "string", "description": "state hash, chained from the first state on"},
        },
    ),
    DECISION: _object(
        "What the policy answered",
        {
            **_MOMENT,
            "control": {"type": ["object", "null"], "properties": _CONTROL_FIELDS},
            "trajectory": {"type": ["object", "null"]},
            "reasoning": {"type": ["object", "null"]},
        },
    ),
    CONTROL: _object("What reached the vehicle", {**_MOMENT, **_CONTROL_FIELDS}),
    METRICS: _object(
        "Every metric at one step; null where it means nothing there",
        {
            **_MOMENT,
            "values": {"type": "object", "additionalProperties": {**_NUMBER, "type": ["number", "string", "null"]}},
        },
    ),
    RESULT: _object(
        "How the rollout ended",
        {
            "status": {"type": "string"},
            "end_reason": {"type": "string"},
            "passed": {"type": "boolean"},
            "score": _NUMBER,
            "steps": _INTEGER,
            "metrics": {"type": "object"},
            "expectations": {"type": "array", "items": {"type": "object"}},
            "unfinished": {"type": "object", "description": "the step that broke, where one did: decision and control"},
        },
    ),
    RUN: _object(
        "What may differ between two equal rollouts: times, host, renderer, tracebacks; outside the content hash",
        {"event": {"type": "string"}, "wall_time": {"type": "string"}, "host": {"type": "string"}},
    ),
}

FOXGLOVE_SCHEMAS = {SCENE: "foxglove.SceneUpdate", TRANSFORMS: "foxglove.FrameTransforms", TEXT: "foxglove.Log"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a log as it lies in the file: its topic, when it was true [us], its bytes."""

    topic: str
    time_us: int
    data: bytes
