"""What goes to a worker and what comes back: plain values, written as JSON lines.

Answers what one rollout needs to know and what is kept of it. Nothing here is pickled: a worker runs foreign code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from alpasim.evaluation.plan import PlannedRollout
from alpasim.types import MetricValue

COMPLETED = "completed"
POLICY_ERROR = "policy_error"
POLICY_TIMEOUT = "policy_timeout"
POLICY_CRASHED = "policy_crashed"
SCENARIO_ERROR = "scenario_error"
INFRASTRUCTURE_ERROR = "infrastructure_error"

EXECUTOR = "alpasim.evaluation.executor:Executor"
"""What a worker runs its jobs with, as `module:name`; a name and no import, because the parent does not need it."""

MAX_ERROR = 4_000
MAX_TRACEBACK = 40_000
"""Characters of a message and of a traceback that a row keeps."""


@dataclass(frozen=True, slots=True)
class Job:
    """One rollout to run. `out_dir` is the folder for its log; `inputs_sha256` is what the plan saw of the scenario."""

    index: int
    scenario: str
    scenario_path: str
    inputs_sha256: str
    policy: str
    policy_reference: str
    policy_fingerprint: str
    seed: int
    out_dir: str

    @staticmethod
    def of(rollout: PlannedRollout, run_dir: str) -> Job:
        """The job of one row of the plan."""
        return Job(
            index=rollout.index,
            scenario=rollout.scenario.name,
            scenario_path=rollout.scenario.path,
            inputs_sha256=rollout.scenario.inputs_sha256,
            policy=rollout.policy.name,
            policy_reference=rollout.policy.reference,
            policy_fingerprint=rollout.policy.fingerprint,
            seed=rollout.seed,
            out_dir=f"{run_dir}/{rollout.folder}",
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of one rollout. `score` is 0 and `passed` False for whatever broke; metric values that mean nothing
    are None; `conditions` and `faults` are grip, weather and light, and what failed on the ego, in words, as the rollout's seed
    drew them; `margin` is by how much it passed or failed, None where that cannot be said, and `reference` what progress was
    measured against; `error` and `error_traceback` say what broke; `renderer` names what drew for its
    cameras; `wall_s` alone differs between equal runs on one machine."""

    status: str
    end_reason: str = ""
    passed: bool = False
    margin: float | None = None
    score: float = 0.0
    reference: str = ""
    steps: int = 0
    duration_s: float = 0.0
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    expectations: tuple[Mapping[str, Any], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: str = ""
    faults: tuple[str, ...] = ()
    scenario_hash: str = ""
    content_hash: str = ""
    error: str = ""
    error_traceback: str = ""
    renderer: str = ""
    wall_s: float = 0.0

    def __post_init__(self) -> None:
        if self.status != COMPLETED and (self.passed or self.score != 0.0):
            raise ValueError(f"a rollout with status {self.status} cannot have passed or score {self.score}")

    def to_json(self) -> dict[str, Any]:
        """Plain values; floats that JSON lacks become text."""
        value = {name: getattr(self, name) for name in self.__dataclass_fields__}
        value["metrics"] = {name: _out(number) for name, number in self.metrics.items()}
        value["score"], value["duration_s"] = _out(self.score), _out(self.duration_s)
        value["margin"] = _out(self.margin)
        value["expectations"] = [dict(item) for item in self.expectations]
        value["error"] = _tail(self.error, MAX_ERROR)
        value["error_traceback"] = _tail(self.error_traceback, MAX_TRACEBACK)
        return value

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Outcome:
        """The outcome that `to_json` wrote."""
        numbers = {name: _in(number) for name, number in value["metrics"].items()}
        changed = {
            "metrics": numbers,
            "expectations": tuple(value["expectations"]),
            "margin": _in(value["margin"]),
            "faults": tuple(value["faults"]),
        }
        return Outcome(**{**value, **changed, "score": float(value["score"]), "duration_s": float(value["duration_s"])})


def plain_metrics(values: Mapping[str, MetricValue]) -> dict[str, float | None]:
    """Metric values as an outcome keeps them."""
    return {name: float(value.value) if value.valid else None for name, value in values.items()}


def _out(number: float | None) -> float | str | None:
    """A number for JSON."""
    return number if number is None or math.isfinite(number) else repr(float(number))


def _in(number: float | str | None) -> float | None:
    """The number that `_out` wrote."""
    return None if number is None else float(number)


def _tail(text: str, limit: int) -> str:
    """The end of a text, where tracebacks say what happened."""
    return text if len(text) <= limit else f"[{len(text) - limit} characters cut off]\n{text[-limit:]}"
