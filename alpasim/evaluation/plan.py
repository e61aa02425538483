"""What an evaluation is going to run, decided before anything runs.

Answers which rollouts there are, in which order, and whether two plans are the same one. The plan is the denominator of
every figure: a rollout that broke, or never ran, is still one of its rows. Reading scenarios and policies from disk is
`planning.py`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from alpasim.errors import InputError, PlanError

MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class PlannedScenario:
    """A scenario by the name that tables and folders use, where its file lies, and a SHA-256 over all it was read from.

    `conditions` and `faults` are for readers: grip, weather and light, and what fails on the ego, as the first seed draws them.
    """

    name: str
    path: str
    inputs_sha256: str
    conditions: str = ""
    faults: tuple[str, ...] = ()

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> PlannedScenario:
        """The scenario whose fields these are, as JSON keeps them."""
        return PlannedScenario(**{**value, "faults": tuple(value.get("faults", ()))})


@dataclass(frozen=True, slots=True)
class PlannedPolicy:
    """A policy by the name that tables and folders use, the reference that loads it, and a SHA-256 over its source."""

    name: str
    reference: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PlannedRollout:
    """One row: its place in the plan from 0, and what is driven by whom with which seed."""

    index: int
    scenario: PlannedScenario
    policy: PlannedPolicy
    seed: int

    @property
    def folder(self) -> str:
        """Where its log goes, relative to the run's folder."""
        return str(PurePosixPath("rollouts", self.scenario.name, self.policy.name, str(self.seed)))

    def __str__(self) -> str:
        return f"{self.scenario.name} x {self.policy.name} x seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Every scenario with every policy and every seed. `code` is what else the results depend on: versions, a hash of the
    simulator's own sources, and the limits that the rollouts run under."""

    scenarios: tuple[PlannedScenario, ...]
    policies: tuple[PlannedPolicy, ...]
    seeds: tuple[int, ...]
    code: Mapping[str, str] = field(default_factory=dict)

    @property
    def rollouts(self) -> tuple[PlannedRollout, ...]:
        """All rows in their order: by scenario, then policy, then seed."""
        triples = [(s, p, seed) for s in self.scenarios for p in self.policies for seed in self.seeds]
        return tuple(PlannedRollout(index, *triple) for index, triple in enumerate(triples))

    @property
    def hash(self) -> str:
        """SHA-256 over everything that decides results, and nothing of where files lie."""
        return hashlib.sha256(json.dumps(self._identity(), sort_keys=True).encode()).hexdigest()

    def _identity(self) -> dict[str, Any]:
        """The parts of a plan that make it this plan."""
        return {
            "scenarios": [[scenario.name, scenario.inputs_sha256] for scenario in self.scenarios],
            "policies": [[policy.name, policy.fingerprint] for policy in self.policies],
            "seeds": list(self.seeds),
            "code": dict(self.code),
        }

    def to_json(self) -> dict[str, Any]:
        """The plan as plain values, for the manifest."""
        return {**asdict(self), "code": dict(self.code), "hash": self.hash}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote; PlanError where it is none."""
        try:
            plan = Plan(
                scenarios=tuple(PlannedScenario.from_json(item) for item in value["scenarios"]),
                policies=tuple(PlannedPolicy(**item) for item in value["policies"]),
                seeds=tuple(int(seed) for seed in value["seeds"]),
                code=dict(value["code"]),
            )
            stated = value["hash"]
        except (KeyError, TypeError, ValueError) as cause:
            raise PlanError(f"the manifest's plan cannot be read: {type(cause).__name__}: {cause}") from cause
        if stated != plan.hash:
            raise PlanError("the manifest's plan was changed by hand: its hash does not fit")
        return plan

    def differences(self, other: Plan) -> list[str]:
        """What tells `other` from this plan, one line a part; empty where they are the same plan."""
        mine, theirs = self._identity(), other._identity()
        lines = _list_differences(
            "scenario", dict(mine["scenarios"]), dict(theirs["scenarios"]), "its files have changed"
        )
        lines += _list_differences("policy", dict(mine["policies"]), dict(theirs["policies"]), "its source has changed")
        if self.seeds != other.seeds:
            lines.append(f"seeds: {seeds_text(self.seeds)} there, {seeds_text(other.seeds)} now")
        for key in sorted({*self.code, *other.code}):
            before, now = self.code.get(key, "nothing"), other.code.get(key, "nothing")
            if before != now:
                words = "code (alpasim's own sources have changed)" if key == "code" else key
                lines.append(f"{words}: {before[:16]} there, {now[:16]} now")
        if not lines and mine != theirs:
            lines.append("order: the same scenarios and policies in another order")
        return lines


def _list_differences(kind: str, there: Mapping[str, str], now: Mapping[str, str], changed: str) -> list[str]:
    """Names that came, went or changed."""
    lines = [f"{kind} {name!r}: there, but not asked for now" for name in there if name not in now]
    lines += [f"{kind} {name!r}: asked for now, but not there" for name in now if name not in there]
    return lines + [f"{kind} {name!r}: {changed}" for name in there if name in now and there[name] != now[name]]


def parse_seeds(text: str | int) -> tuple[int, ...]:
    """`3` means the seeds 0, 1 and 2; `3,5,8` means those; InputError for anything else."""
    words = [word.strip() for word in str(text).split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise InputError(f"seeds: found {text!r}, expected a number (3 is 0, 1, 2) or a list (3,5,8)")
    numbers = tuple(int(word) for word in words)
    if len(numbers) == 1:
        if not 1 <= numbers[0] <= 1_000_000:
            raise InputError(f"seeds: found {text!r}, expected a number from 1 to 1000000")
        return tuple(range(numbers[0]))
    if max(numbers) > MAX_SEED:
        raise InputError(f"seeds: found {max(numbers)}, expected at most {MAX_SEED}")
    if len(set(numbers)) != len(numbers):
        raise InputError(f"seeds: {text!r} names one of them more than once")
    return numbers


def seeds_text(seeds: tuple[int, ...]) -> str:
    """Seeds as a person would write them."""
    if len(seeds) > 2 and seeds == tuple(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(str(seed) for seed in seeds)
