"""From what a user asked for to a Plan: every scenario is read and every policy found before anything runs.

Answers "what exactly shall be run", or every fault of what was asked for at once. Reading is done by workers where there are
some, side by side, and each keeps what it has drawn for the rollouts it is given later; without them it is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alpasim.errors import AlpasimError, Fault, InputError, PluginError, ScenarioError
from alpasim.evaluation.plan import Plan, PlannedPolicy, PlannedScenario
from alpasim.evaluation.questions import FILES, POLICY, POLICY_NAMES, SCENARIO, Answer, Question, Refusal
from alpasim.recording.versions import versions

Ask = Callable[[Sequence[Question]], list[Answer | Refusal]]
"""Answers questions in their order, with a refusal where there is no answer: `Workers.ask`, or `ask_here`."""


def ask_here(questions: Sequence[Question]) -> list[Answer | Refusal]:
    """Answers from this process, one after the other."""
    from alpasim.evaluation.reading import answer

    answers: list[Answer | Refusal] = []
    for question in questions:
        try:
            answers.append(answer(question))
        except (AlpasimError, OSError) as fault:
            answers.append(fault)
    return answers


def make_plan(
    targets: Sequence[str | Path],
    policies: Sequence[str],
    seeds: Sequence[int],
    *,
    limits: Mapping[str, str] | None = None,
    ask: Ask = ask_here,
) -> Plan:
    """The plan for scenario files, folders, suites or `builtin`, with policies by reference.

    Each scenario is drawn with the first seed, so that a file that cannot be driven at all is refused now. Raises
    ScenarioError with the faults of all files, PluginError for a policy that is not there or does not import, InputError
    where nothing was asked for.
    """
    _must_be_lists(targets=targets, policies=policies, seeds=seeds)
    if not targets or not policies or not seeds:
        missing = "scenarios" if not targets else "policies" if not policies else "seeds"
        raise InputError(f"nothing to run: no {missing} were given")
    doubled = sorted({reference for reference in policies if list(policies).count(reference) > 1})
    if doubled:
        raise InputError(f"policy {doubled[0]!r} is given more than once")
    again = [seed for k, seed in enumerate(seeds) if seed in seeds[:k]]
    if again:
        raise InputError(f"seed {again[0]!r} is given more than once")
    code = {**versions(), **(limits or {})}
    words = tuple(str(target) for target in targets)
    paths, names = map(answered, ask([Question(0, FILES, words), Question(1, POLICY_NAMES, tuple(policies))]))
    questions = [Question(k, POLICY, (reference,)) for k, reference in enumerate(policies)]
    questions += [Question(len(policies) + k, SCENARIO, (path,), seeds[0]) for k, path in enumerate(paths)]
    answers = ask(questions)
    drivers, drawn = _loaded(answers[: len(policies)]), answers[len(policies) :]
    needs = {reference: driver["needs"] for reference, driver in zip(policies, drivers, strict=True)}
    named = zip(names, policies, drivers, strict=True)
    return Plan(
        scenarios=_planned_scenarios(paths, drawn, needs),
        policies=tuple(PlannedPolicy(name, reference, driver["fingerprint"]) for name, reference, driver in named),
        seeds=tuple(seeds),
        code=code,
    )


def _must_be_lists(**asked: object) -> None:
    """InputError for one thing in place of a list of things."""
    for name, found in asked.items():
        if isinstance(found, str) or not isinstance(found, Sequence):
            raise InputError(f"{name} is {found!r}, expected a list of them")


def answered(answer: Answer | Refusal) -> Answer:
    """The answer; raises what was refused."""
    if isinstance(answer, AlpasimError | OSError):
        raise answer
    return answer


def _planned_scenarios(
    paths: Sequence[str], answers: Sequence[Answer | Refusal], needs: Mapping[str, Sequence[str]]
) -> tuple[PlannedScenario, ...]:
    """Every scenario with a name of its own; the faults of all of them together. It has the cameras that drivers need."""
    faults: list[Fault] = []
    found: list[PlannedScenario] = []
    for path, answer in zip(paths, answers, strict=True):
        if isinstance(answer, ScenarioError):
            faults += answer.faults
        else:
            drawn = answered(answer)
            found.append(PlannedScenario.from_json(drawn["planned"]))
            _check_cameras(path, drawn["cameras"], needs)
    if faults:
        raise ScenarioError(faults)
    names = _distinct([(planned.name, Path(planned.path).parent.name) for planned in found])
    return tuple(replace(planned, name=name) for name, planned in zip(names, found, strict=True))


def _check_cameras(path: str, cameras: Sequence[str], needs: Mapping[str, Sequence[str]]) -> None:
    """PluginError where a driver needs a camera that the scenario has not; its other needs were checked as it was loaded."""
    for reference, words in needs.items():
        if any(word.startswith("camera") for word in words):
            from alpasim.policy.protocol import check_needs

            check_needs(words, f"{path}: {reference}", cameras)


def _distinct(names: Sequence[tuple[str, str]]) -> list[str]:
    """A folder name for each (name, parent folder): the name where it is alone, else with its parent's, else numbered."""
    plain = [name for name, _ in names]
    chosen: list[str] = []
    for name, parent in names:
        wanted = name if plain.count(name) == 1 else f"{parent}.{name}"
        safe = "".join(c if c.isalnum() or c in "._-" else "-" for c in wanted)[:120].strip(".-") or "scenario"
        number, unique = 2, safe
        while unique in chosen:
            unique, number = f"{safe}-{number}", number + 1
        chosen.append(unique)
    return chosen


def _loaded(answers: Sequence[Answer | Refusal]) -> list[dict[str, Any]]:
    """Fingerprint and needs of every policy; PluginError naming all that cannot be loaded."""
    faults = [answer for answer in answers if isinstance(answer, PluginError)]
    if faults:
        told = PluginError("\n".join(str(fault) for fault in faults))
        for note in (note for fault in faults for note in getattr(fault, "__notes__", ())):
            told.add_note(note)
        raise told from faults[0].__cause__
    return [answered(answer) for answer in answers]
