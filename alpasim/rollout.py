"""One rollout: a policy drives a scenario to its end, every step is measured and, if asked, recorded.

Answers "how did this drive go" with a RolloutResult, whatever broke on the way: this is the one place that catches every
exception, because a policy is foreign code, and its fault must end its own rollout and nothing else.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from alpasim.errors import InfrastructureError, PhysicsDiverged, PolicyFault, PolicyRaised
from alpasim.metrics.scores import ExpectationResult, expectation_results, pass_margin, rollout_passed, scene_score
from alpasim.policy.protocol import PolicyFactory, needs_of
from alpasim.recording.codec import ResultRecord, unfinished_message
from alpasim.recording.writer import RolloutWriter
from alpasim.scenario.concrete import Scenario
from alpasim.simulation import Simulation
from alpasim.types import EndReason, MetricValue

COMPLETED = "completed"
INFRASTRUCTURE = "infrastructure_error"
OUT_OF_MEMORY = "policy_oom"
NO_SCORE = MetricValue(0.0)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """How one rollout went.

    `status` is `completed` when the drive ran to its end, however badly, and names what broke otherwise. `score` is the
    scene score in [0, 1], 0 for whatever broke; `passed` says that it completed and every required expectation holds, and
    `margin` by how much (`metrics.scores.pass_margin`). `reference` says what progress was measured against: `recorded` or
    `route`.
    `renderer` names what drew the pictures of its cameras, empty where it had none. `wall_s` is the only field that may differ
    between two equal rollouts on one machine.
    """

    scenario: str
    policy: str
    seed: int
    status: str
    end_reason: EndReason
    passed: bool
    margin: MetricValue
    score: float
    reference: str
    metrics: Mapping[str, MetricValue]
    expectations: tuple[ExpectationResult, ...]
    steps: int
    duration_s: float
    content_hash: str
    log: Path | None = None
    error: str = ""
    error_traceback: str = ""
    renderer: str = ""
    wall_s: float = 0.0


class _Drive:
    """The loop itself, which remembers whose code was running when something broke."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.writer: RolloutWriter | None = None
        self.in_policy = False
        self.process = os.getpid()

    def run(
        self, make: PolicyFactory, scenario: Scenario, start_log: Callable[[Simulation], RolloutWriter] | None
    ) -> None:
        """Observe, decide, step, record, until the simulation says why it ended."""
        simulation = self.simulation
        simulation.reset(scenario)
        if start_log is not None:
            self.writer = start_log(simulation)
        policy = self._ask(make)
        self._ask(simulation.use_sensors, self._ask(needs_of, policy))
        observation = simulation.observe()
        if self.writer is not None and simulation.renderer:
            self.writer.drawn_by(simulation.renderer)
        self._ask(policy.reset, simulation.brief)
        while simulation.end_reason is None:
            asked = time.perf_counter()
            decision = self._ask(policy.decide, observation)
            step = simulation.step(decision, time.perf_counter() - asked)
            if self.writer is not None:
                latest = simulation.metrics.latest
                assert latest is not None  # a step has been measured
                self.writer.write_step(step, latest)
            observation = simulation.observe()

    def _ask(self, call: Callable[..., Answer], *arguments: object) -> Answer:
        """Let the policy's code run; what it raises to leave the whole program ends its own rollout only."""
        self.in_policy = True
        try:
            answer = call(*arguments)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as left:
            raise PolicyRaised(f"the policy left the program: {_told(left)}") from left
        finally:
            if os.getpid() != self.process:
                os._exit(0)  # a child that the policy forked has come back into a drive that is its parent's
        self.in_policy = False
        return answer

    def blame(self, caught: Exception) -> _Ending:
        """What broke and how the drive is said to have ended; a full disk is no driver's fault and is raised instead."""
        message, trace = _told(caught), _text("".join(traceback.format_exception(caught)))
        if self.in_policy or isinstance(caught, PolicyFault):
            status = PolicyRaised.status if not isinstance(caught, MemoryError) else OUT_OF_MEMORY
            status = caught.status if isinstance(caught, PolicyFault) else status
            return _Ending(status, EndReason.POLICY_FAULT, message, trace)
        if isinstance(caught, PhysicsDiverged):
            return _Ending(caught.status, EndReason.PHYSICS_DIVERGED, message, trace)
        if isinstance(caught, OSError):
            raise _unwritable(caught) from caught
        return _Ending(INFRASTRUCTURE, EndReason.INFRASTRUCTURE, message, trace)


@dataclass(frozen=True, slots=True)
class _Ending:
    status: str
    end_reason: EndReason
    error: str = ""
    error_traceback: str = ""


def _told(caught: BaseException) -> str:
    """`ValueError: the message`, also of an exception that cannot say what it is."""
    try:
        words = str(caught)
    except Exception as fault:
        words = f"no message: its __str__ raised {type(fault).__name__}"
    return _text(f"{type(caught).__name__}: {words}")


def _text(words: str) -> str:
    """What foreign code said as text that every file can hold: lone surrogates as escapes."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")


def _unwritable(cause: OSError) -> InfrastructureError:
    return InfrastructureError(f"the log of this rollout cannot be written: {cause}")


def run_rollout(
    scenario: Scenario,
    make_policy: PolicyFactory,
    *,
    policy_reference: str,
    policy_fingerprint: str = "",
    out_dir: Path | None = None,
    simulation: Simulation | None = None,
) -> RolloutResult:
    """Drive `scenario` with a fresh policy from reset to its end; with `out_dir`, write `rollout.mcap` and `reasoning.jsonl` there.

    A `simulation` handed in is reset to the scenario and left open, so that a batch need not start a physics client for
    each rollout. Whatever the policy does ends up in the result; raises InfrastructureError when the log cannot be written.
    """

    def start_log(simulation: Simulation) -> RolloutWriter:
        assert out_dir is not None
        return RolloutWriter(
            out_dir,
            scenario,
            policy_reference,
            simulation.state,
            policy_fingerprint=policy_fingerprint,
            tracks=simulation.track_actors,
        )

    started = time.perf_counter()
    drive = _Drive(simulation or Simulation(scenario))
    try:
        try:
            drive.run(make_policy, scenario, None if out_dir is None else start_log)
            assert drive.simulation.end_reason is not None
            ending = _Ending(COMPLETED, drive.simulation.end_reason)
        except Exception as caught:
            ending = drive.blame(caught)
        try:
            return _conclude(drive, scenario, policy_reference, ending, started)
        except OSError as caught:
            raise _unwritable(caught) from caught
    finally:
        if drive.writer is not None:
            drive.writer.close()
        if simulation is None:
            drive.simulation.close()


def _conclude(
    drive: _Drive, scenario: Scenario, policy_reference: str, ending: _Ending, started: float
) -> RolloutResult:
    """Score what was driven, finish the log, and put the result together."""
    simulation = drive.simulation
    completed = ending.status == COMPLETED
    metrics = simulation.metrics.results()
    expectations = expectation_results(scenario.expect, metrics)
    score = scene_score(metrics) if completed else NO_SCORE
    passed = rollout_passed(completed, expectations)
    steps = simulation.steps_done
    wall_s = time.perf_counter() - started
    record = ResultRecord(
        status=ending.status,
        end_reason=ending.end_reason,
        passed=passed,
        score=score.value if score.valid else 0.0,
        steps=steps,
        metrics=metrics,
        expectations=tuple(asdict(one) for one in expectations),
        unfinished={} if simulation.begun is None else unfinished_message(simulation.state, *simulation.begun),
        error=ending.error,
        error_traceback=ending.error_traceback,
    )
    content_hash = "" if drive.writer is None else drive.writer.finish(record, wall_s=wall_s)
    return RolloutResult(
        scenario=scenario.name,
        policy=policy_reference,
        seed=scenario.seed,
        status=ending.status,
        end_reason=ending.end_reason,
        passed=passed,
        margin=pass_margin(expectations, simulation.metrics.yes_or_no),
        score=record.score,
        reference=str(simulation.metrics.reference),
        metrics=metrics,
        expectations=expectations,
        steps=steps,
        duration_s=steps * scenario.dt_us / 1e6,
        content_hash=content_hash,
        log=None if drive.writer is None else drive.writer.path,
        error=ending.error,
        error_traceback=ending.error_traceback,
        renderer=simulation.renderer,
        wall_s=wall_s,
    )
