"""Reads what an evaluation was asked for: files, suites, scenarios, policies; and writes its report.

Answers the questions of `questions.py` with plain values. Everything here needs roads, kernels and whatever a policy
imports, so it runs in workers, and in the parent only where there are none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alpasim.errors import InputError
from alpasim.evaluation import questions
from alpasim.evaluation.plan import PlannedScenario
from alpasim.evaluation.questions import Answer, Question
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy, policy_names
from alpasim.policy.protocol import needs_of
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.conditions import fault_words, in_force
from alpasim.scenario.library import find_scenarios, read_suite
from alpasim.scenario.loading import LogicalScenario, load_scenario


def answer(question: Question) -> Answer:
    """Whatever a question asks; raises what reading raises: ScenarioError, InputError, PluginError, OSError."""
    match question.about:
        case questions.FILES:
            return [str(path) for path in find_scenarios([Path(word) for word in question.words])]
        case questions.SUITE_SEEDS:
            return _suite_seeds(question.words)
        case questions.SCENARIO:
            path = question.words[0]
            logical = load_scenario(path)
            return described(logical, path, logical.concrete(question.seed))
        case questions.POLICY_NAMES:
            return policy_names(question.words)
        case questions.POLICY:
            return _policy(question.words[0])
        case questions.REPORT:
            return _report(question.words[0])
    raise ValueError(f"question about {question.about!r}, expected one of those in {questions.__name__}")


def described(logical: LogicalScenario, path: str, scenario: Scenario) -> dict[str, Any]:
    """What a plan needs to know of a scenario that can be drawn: its PlannedScenario, and the cameras of its own."""
    file = Path(path)
    planned = PlannedScenario(
        logical.name,
        str(file.parent.resolve() / file.name),
        inputs_sha256(scenario.inputs),
        in_force(scenario),
        fault_words(scenario),
    )
    cameras = scenario.sensors["camera"].own if "camera" in scenario.sensors else ()
    return {"planned": asdict(planned), "cameras": list(cameras)}


def _policy(reference: str) -> dict[str, Any]:
    """Fingerprint and needed sensors of a policy that loads."""
    needs = needs_of(load_policy(reference))
    return {"fingerprint": policy_fingerprint(reference), "needs": list(needs)}


def _suite_seeds(suites: Sequence[str]) -> list[int]:
    """The seeds that suites ask for; InputError where they do not agree."""
    asked = {read_suite(suite).seeds for suite in suites}
    if len(asked) > 1:
        listed = " and ".join(sorted(str(seeds) for seeds in asked))
        raise InputError(f"the suites ask for different seeds, {listed}: say which with --seeds")
    return list(asked.pop())


def _report(run_dir: str) -> str:
    """Where the report of a run now lies."""
    from alpasim.evaluation.report import write_report
    from alpasim.evaluation.summary import read_summary

    return str(write_report(read_summary(Path(run_dir))))


def inputs_sha256(inputs: Mapping[str, bytes]) -> str:
    """SHA-256 over the files a scenario was read from, by name and content."""
    digest = hashlib.sha256()
    for name in sorted(inputs):
        digest.update(f"{name}\0{len(inputs[name])}\0".encode())
        digest.update(inputs[name])
    return digest.hexdigest()
