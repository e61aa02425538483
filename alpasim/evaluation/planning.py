"""From what a user asked for to a Plan: reads every scenario and finds every policy before anything runs.

Answers "what exactly shall be run", or every fault of what was asked for at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alpasim.errors import Fault, InputError, PluginError, ScenarioError
from alpasim.evaluation.plan import Plan, PlannedPolicy, PlannedScenario
from alpasim.policy.fingerprint import policy_fingerprint
from alpasim.policy.loading import load_policy, policy_names
from alpasim.policy.protocol import PolicyFactory, check_needs
from alpasim.recording.versions import versions
from alpasim.scenario.conditions import fault_words, in_force
from alpasim.scenario.loading import find_scenarios, load_scenario


def make_plan(
    targets: Sequence[str | Path],
    policies: Sequence[str],
    seeds: Sequence[int],
    *,
    limits: Mapping[str, str] | None = None,
) -> Plan:
    """The plan for scenario files, folders, suites or `builtin`, with policies by reference.

    Each scenario is drawn with the first seed, so that a file that cannot be driven at all is refused now. Raises
    ScenarioError with the faults of all files, PluginError for a policy that is not there or does not import, InputError
    where nothing was asked for.
    """
    if not targets or not policies or not seeds:
        missing = "scenarios" if not targets else "policies" if not policies else "seeds"
        raise InputError(f"nothing to run: no {missing} were given")
    doubled = sorted({reference for reference in policies if list(policies).count(reference) > 1})
    if doubled:
        raise InputError(f"policy {doubled[0]!r} is given more than once")
    code = {**versions(), **(limits or {})}
    planned, drivers = _planned_policies(policies)
    return Plan(
        scenarios=_planned_scenarios(find_scenarios([Path(target) for target in targets]), seeds[0], drivers),
        policies=planned,
        seeds=tuple(seeds),
        code=code,
    )


def _planned_scenarios(
    paths: Sequence[Path], seed: int, drivers: Mapping[str, PolicyFactory]
) -> tuple[PlannedScenario, ...]:
    """Every scenario with a name of its own; the faults of all of them together. It has the cameras that the drivers ask for."""
    faults: list[Fault] = []
    found: list[PlannedScenario] = []
    for path in paths:
        try:
            logical = load_scenario(path)
            concrete = logical.concrete(seed)
            hashed = inputs_sha256(concrete.inputs)
            file = str(path.parent.resolve() / path.name)
            found.append(PlannedScenario(logical.name, file, hashed, in_force(concrete), fault_words(concrete)))
        except ScenarioError as error:
            faults += error.faults
        else:
            own = concrete.sensors["camera"].own if "camera" in concrete.sensors else ()
            for reference, driver in drivers.items():
                check_needs(driver, f"{path}: {reference}", own)
    if faults:
        raise ScenarioError(faults)
    names = _distinct([(planned.name, Path(planned.path).parent.name) for planned in found])
    return tuple(replace(planned, name=name) for name, planned in zip(names, found, strict=True))


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


def _planned_policies(references: Sequence[str]) -> tuple[tuple[PlannedPolicy, ...], dict[str, PolicyFactory]]:
    """Every policy with its fingerprint, and what makes each by its reference; PluginError naming all that cannot be loaded."""
    faults: list[str] = []
    planned: list[PlannedPolicy] = []
    drivers: dict[str, PolicyFactory] = {}
    for name, reference in zip(policy_names(references), references, strict=True):
        try:
            drivers[reference] = load_policy(reference)
            planned.append(PlannedPolicy(name, reference, policy_fingerprint(reference)))
        except PluginError as error:
            faults.append(str(error))
    if faults:
        raise PluginError("\n".join(faults))
    return tuple(planned), drivers


def inputs_sha256(inputs: Mapping[str, bytes]) -> str:
    """SHA-256 over the files a scenario was read from, by name and content."""
    digest = hashlib.sha256()
    for name in sorted(inputs):
        digest.update(f"{name}\0{len(inputs[name])}\0".encode())
        digest.update(inputs[name])
    return digest.hexdigest()
