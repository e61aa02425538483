"""Runs one planned rollout inside a worker and turns what happens into an Outcome.

Answers "what becomes of this row". What breaks while a policy drives is `rollout.py`'s to judge; a scenario that cannot be
drawn, or a policy that cannot be found, ends here as a status and a traceback. A fault of our own is not caught: it ends
the worker, and the parent records it as `infrastructure_error` with what the worker printed last.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from alpasim.errors import InputError, PlanError, PluginError
from alpasim.evaluation import questions, reading
from alpasim.evaluation.bench import bench_scenario
from alpasim.evaluation.jobs import COMPLETED, POLICY_ERROR, SCENARIO_ERROR, Job, Outcome, plain_metrics
from alpasim.evaluation.questions import Answer, Question
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy
from alpasim.policy.protocol import PolicyFactory
from alpasim.recording.codec import plain
from alpasim.rollout import RolloutResult, run_rollout
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.conditions import fault_words, in_force
from alpasim.scenario.loading import LogicalScenario, load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

MAX_DRAWN = 100
"""Scenarios that a worker keeps as it drew them for the plan, until their rollouts come; one takes some 50 kB."""
_WARM_STEPS = 3


class Executor:
    """What a worker runs its jobs with; keeps the scenario and the policies' classes it has read from job to job, what it
    drew for the plan until that is driven, and the physics client, whose start takes as long as ten steps."""

    def __init__(self, idle: Simulation | None = None) -> None:
        self._idle = idle
        self._home = Path.cwd()
        self._path = ""
        self._logical: LogicalScenario | None = None
        self._first: Scenario | None = None
        self._drawn: dict[str, Scenario] = {}
        self._factories: dict[str, PolicyFactory] = {}

    @staticmethod
    def prepared() -> Callable[[], Executor]:
        """What makes executors in forked processes, after a few steps here: they share the kernels that a drive loads and the
        physics client, which goes on alike in each of them."""
        simulation = Simulation(bench_scenario().concrete(0))
        simulation.reset()
        for _ in range(_WARM_STEPS):
            simulation.step(Decision(control=Control(0.0, 0.0)))
            simulation.observe()
        return lambda: Executor(simulation)

    def answer(self, question: Question) -> Answer:
        """Answer a question; a scenario that was drawn for one is kept until its rollouts come."""
        os.chdir(self._home)  # a policy that was imported for an earlier question may have gone elsewhere
        if question.about != questions.SCENARIO:
            return reading.answer(question)
        path = question.words[0]
        logical = load_scenario(path)
        scenario = logical.concrete(question.seed)
        told = reading.described(logical, path, scenario)
        if len(self._drawn) < MAX_DRAWN:
            self._drawn[told["planned"]["path"]] = scenario
        return told

    def __call__(self, job: Job) -> Outcome:
        """Run one rollout; raises InfrastructureError when its log cannot be written."""
        started = time.perf_counter()
        os.chdir(self._home)  # the last policy may have gone elsewhere, and a plan's paths are relative
        try:
            scenario = self._scenario(job)
        except InputError as fault:
            return _broken(SCENARIO_ERROR, fault)
        try:
            make_policy = self._policy(job)
            outcome = _outcome(self._drive(job, scenario, make_policy))
        except (PluginError, PlanError) as fault:
            outcome = _broken(POLICY_ERROR, fault)
        return replace(
            outcome,
            parameters=plain(scenario.parameters),
            conditions=in_force(scenario),
            faults=fault_words(scenario),
            scenario_hash=scenario.content_hash,
            wall_s=time.perf_counter() - started,
        )

    def _drive(self, job: Job, scenario: Scenario, make_policy: PolicyFactory) -> RolloutResult:
        """Run the rollout in the simulation of the one before, unless that one broke: a reset repeats to the bit, but what
        a broken drive leaves behind nobody has measured."""
        simulation = self._idle or Simulation(scenario)
        self._idle = None
        try:
            result = run_rollout(
                scenario,
                make_policy,
                policy_reference=job.policy_reference,
                policy_fingerprint=job.policy_fingerprint,
                out_dir=Path(job.out_dir),
                simulation=simulation,
            )
            if result.status == COMPLETED:
                self._idle = simulation
            return result
        finally:
            if self._idle is None:
                simulation.close()

    def _scenario(self, job: Job) -> Scenario:
        """The concrete scenario of a job, refused where its files are no longer those of the plan."""
        if self._path != job.scenario_path:
            self._path, self._logical = job.scenario_path, None
            self._first = self._drawn.pop(job.scenario_path, None)
        if self._first is not None and self._first.seed == job.seed:
            scenario = self._first
        else:
            self._logical = self._logical or load_scenario(job.scenario_path)
            scenario = self._logical.concrete(job.seed)
        if reading.inputs_sha256(scenario.inputs) != job.inputs_sha256:
            raise PlanError(f"plan_changed: the files of {job.scenario_path} are no longer those that were planned")
        return scenario

    def _policy(self, job: Job) -> PolicyFactory:
        """What makes the job's policy, refused where its source is no longer that of the plan."""
        if job.policy_reference not in self._factories:
            if policy_fingerprint(job.policy_reference) != job.policy_fingerprint:
                raise PlanError(f"plan_changed: the source of {job.policy_reference} is no longer that of the plan")
            self._factories[job.policy_reference] = load_policy(job.policy_reference)
        return self._factories[job.policy_reference]


def _outcome(result: RolloutResult) -> Outcome:
    """A rollout's result as its row keeps it."""
    completed = result.status == COMPLETED
    return Outcome(
        status=result.status,
        end_reason=str(result.end_reason or ""),
        passed=completed and result.passed,
        margin=result.margin.value if result.margin.valid else None,
        score=float(result.score) if completed else 0.0,
        reference=result.reference,
        steps=result.steps,
        duration_s=result.duration_s,
        metrics=plain_metrics(result.metrics),
        expectations=tuple(plain(asdict(item)) for item in result.expectations),
        content_hash=result.content_hash,
        error=result.error,
        error_traceback=result.error_traceback,
        renderer=result.renderer,
    )


def _broken(status: str, fault: BaseException) -> Outcome:
    """The outcome of a rollout that did not come to be driven."""
    trace = "".join(traceback.format_exception(fault))
    return Outcome(status=status, error=f"{type(fault).__name__}: {fault}", error_traceback=trace)
