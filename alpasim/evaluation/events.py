"""What became of a job or a question that a worker had.

Answers what one message of a worker means for the task it was given; `workers.py` adds the ends of workers that said nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alpasim.evaluation.jobs import Job, Outcome
from alpasim.evaluation.questions import Answer, Question, Refusal, refusal_from_json
from alpasim.evaluation.worker import ANSWERED, DONE, FAILED, REFUSED
from alpasim.evaluation.worker_pipes import Task


@dataclass(frozen=True, slots=True)
class Done:
    """A job came back with its outcome."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Answered:
    """A question came back with its answer, or with what was refused."""

    job: Question
    answer: Answer | Refusal


@dataclass(frozen=True, slots=True)
class Died:
    """The worker ended during the job: by `signal_number`, or by itself with `exit_code` where that is 0; `output` is the
    end of what it printed, where Python's fault handler says where it was. `said` is what came in an answer's place, for
    which it was killed; `orphan` says that the process it was forked from died, and every worker with that."""

    job: Task
    signal_number: int
    exit_code: int
    output: str
    said: str = ""
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The job took longer than it may, and its worker was killed; `output` as for Died."""

    job: Task
    limit_s: float
    output: str


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The job's log could not be written: the disk is full, or the policy has limited or removed what its process may write.
    Its worker, which may go on without, has been replaced."""

    job: Task
    error: str


Event = Done | Answered | Died | TimedOut | StorageFailed


def event_of(task: Task, message: Mapping[str, Any]) -> Event:
    """What a message says about the task that its worker has."""
    kind = message["kind"]
    if isinstance(task, Question) and kind in (ANSWERED, REFUSED):
        return Answered(task, message["answer"] if kind == ANSWERED else refusal_from_json(message["refusal"]))
    if isinstance(task, Job) and kind == DONE:
        return Done(task, Outcome.from_json(message["outcome"]))
    if isinstance(task, Job) and kind == FAILED:
        return StorageFailed(task, str(message["error"]))
    raise ValueError(f"{kind!r} is no answer to a {type(task).__name__.lower()}")
