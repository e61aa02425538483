"""Runs one planned rollout inside a worker and turns whatever happens into an Outcome.

Answers "what becomes of this row". What breaks while a policy is being asked is `rollout.py`'s to judge; what breaks
before that, reading the scenario or making the policy, ends here as a status and a traceback. Only a machine that fails
us (InfrastructureError: the disk is full) goes on to the parent, because then no further rollout can be kept either.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from alpasim.errors import InfrastructureError, InputError, PlanError
from alpasim.evaluation.jobs import (
    COMPLETED,
    INFRASTRUCTURE_ERROR,
    POLICY_ERROR,
    POLICY_OOM,
    SCENARIO_ERROR,
    Job,
    Outcome,
    plain_metrics,
)
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy
from alpasim.policy.protocol import Policy, PolicyFactory
from alpasim.recording.codec import plain
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import LogicalScenario, load_scenario

_SCENARIO, _POLICY, _ROLLOUT = "scenario", "policy", "rollout"


def inputs_sha256(inputs: Mapping[str, bytes]) -> str:
    """SHA-256 over the files a scenario was read from, by name and content."""
    digest = hashlib.sha256()
    for name in sorted(inputs):
        digest.update(f"{name}\0{len(inputs[name])}\0".encode())
        digest.update(inputs[name])
    return digest.hexdigest()


class Executor:
    """What a worker runs its jobs with; keeps the scenario and the policies' classes it has read from job to job."""

    def __init__(self) -> None:
        self._path = ""
        self._logical: LogicalScenario | None = None
        self._factories: dict[str, PolicyFactory] = {}

    def __call__(self, job: Job) -> Outcome:
        """Run one rollout; raises InfrastructureError alone."""
        started = time.perf_counter()
        stage = _SCENARIO
        scenario: Scenario | None = None
        try:
            scenario = self._scenario(job)
            stage = _POLICY
            policy = self._policy(job)
            stage = _ROLLOUT
            result = run_rollout(scenario, policy, policy_reference=job.policy_reference, out_dir=Path(job.out_dir))
            outcome = _outcome(result)
        except InfrastructureError:
            raise
        except (Exception, SystemExit) as fault:
            outcome = _broken(stage, fault)
        drawn = {} if scenario is None else plain(scenario.parameters)
        scenario_hash = "" if scenario is None else scenario.content_hash
        wall_s = time.perf_counter() - started
        return replace(outcome, parameters=drawn, scenario_hash=scenario_hash, wall_s=wall_s)

    def _scenario(self, job: Job) -> Scenario:
        """The concrete scenario of a job, refused where its files are no longer those of the plan."""
        if self._logical is None or self._path != job.scenario_path:
            self._logical, self._path = load_scenario(job.scenario_path), job.scenario_path
        scenario = self._logical.concrete(job.seed)
        if inputs_sha256(scenario.inputs) != job.inputs_sha256:
            raise PlanError(f"plan_changed: the files of {job.scenario_path} are no longer those that were planned")
        return scenario

    def _policy(self, job: Job) -> Policy:
        """A fresh policy, refused where its source is no longer that of the plan."""
        if job.policy_reference not in self._factories:
            if policy_fingerprint(job.policy_reference) != job.policy_fingerprint:
                raise PlanError(f"plan_changed: the source of {job.policy_reference} is no longer that of the plan")
            self._factories[job.policy_reference] = load_policy(job.policy_reference)
        return self._factories[job.policy_reference]()


def _outcome(result: RolloutResult) -> Outcome:
    """A rollout's result as its row keeps it."""
    completed = result.status == COMPLETED
    return Outcome(
        status=result.status,
        end_reason=str(result.end_reason or ""),
        passed=completed and result.passed,
        score=float(result.score) if completed else 0.0,
        steps=result.steps,
        duration_s=result.duration_s,
        metrics=plain_metrics(result.metrics),
        expectations=tuple(plain(asdict(item)) for item in result.expectations),
        content_hash=result.content_hash,
        error=result.error,
        error_traceback=result.error_traceback,
    )


def _broken(stage: str, fault: BaseException) -> Outcome:
    """The outcome of a rollout that did not come to be driven, or whose driving broke in our own code."""
    status = INFRASTRUCTURE_ERROR
    if stage == _POLICY or isinstance(fault, SystemExit):
        status = POLICY_OOM if isinstance(fault, MemoryError) else POLICY_ERROR
    elif isinstance(fault, InputError):
        status = SCENARIO_ERROR
    trace = "".join(traceback.format_exception(fault))
    return Outcome(status=status, error=f"{type(fault).__name__}: {fault}", error_traceback=trace)


Runner = Callable[[Job], Outcome]
"""What a worker calls for each job; `Executor()` makes the real one, tests bring their own."""
