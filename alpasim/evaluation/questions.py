"""What is asked of a worker besides driving: which files are meant, what a scenario draws, whether a policy loads.

Answers how a question and its answer travel as plain values, errors included: what a worker refuses is raised in the
parent as if it had been found there. Who answers is `reading.py`.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from alpasim import errors
from alpasim.errors import AlpasimError, Fault, InfrastructureError, ScenarioError

FILES, SUITE_SEEDS, SCENARIO = "files", "suite_seeds", "scenario"
POLICY_NAMES, POLICY, REPORT = "policy_names", "policy", "report"


@dataclass(frozen=True, slots=True)
class Question:
    """`about` is one of this module's words, `words` are the files, references or folders it is about; a scenario is drawn
    with `seed`. `index` is its place among those asked together."""

    index: int
    about: str
    words: tuple[str, ...]
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain values, not to be taken for a job's."""
        return {"question": asdict(self)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Question:
        """The question that `to_json` wrote."""
        asked = value["question"]
        return Question(**{**asked, "words": tuple(asked["words"])})

    def __str__(self) -> str:
        return f"{self.about} {' '.join(self.words)}"


Answer = Any
"""Plain values, as `reading.py` gives them."""
Refusal = AlpasimError | OSError


def refusal_to_json(fault: Refusal) -> dict[str, Any]:
    """What was refused, as plain values."""
    return {
        "error": type(fault).__name__,
        "message": str(fault),
        "faults": [asdict(one) for one in fault.faults] if isinstance(fault, ScenarioError) else [],
        "system": [fault.errno, fault.strerror, fault.filename] if isinstance(fault, OSError) else [],
        "trace": "".join(traceback.format_exception(fault)),
    }


def refusal_from_json(value: Mapping[str, Any]) -> Refusal:
    """The error that `refusal_to_json` wrote, with the worker's traceback as its note."""
    fault: Refusal
    if value["system"]:
        number, told, file = value["system"]
        fault = OSError(number, told, file) if number is not None else OSError(value["message"])
    elif value["error"] == ScenarioError.__name__:
        fault = ScenarioError(Fault(**one) for one in value["faults"])
    else:
        kind = getattr(errors, value["error"], None)
        if isinstance(kind, type) and issubclass(kind, AlpasimError):
            fault = kind(value["message"])
        else:
            fault = InfrastructureError(f"{value['error']}: {value['message']}")
    fault.add_note(f"in a worker:\n{value['trace']}")
    return fault
