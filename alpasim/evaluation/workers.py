"""The parent's side of the workers: starts them, feeds them, hears them, caps what they print, replaces the dead.

Answers "what became of each job" as a stream of events, and questions. It knows nothing of plans and stores:
`evaluate.py` decides what runs next and keeps what happened. One thread, one `select`; a worker that hangs in native code is
killed all the same.
"""

from __future__ import annotations

import selectors
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from alpasim.errors import InfrastructureError
from alpasim.evaluation.compiling import SAY_EVERY_S, Notice, no_words
from alpasim.evaluation.events import Answered, Died, Event, StorageFailed, TimedOut, event_of
from alpasim.evaluation.forking import LAST_WORDS_S, Nursery
from alpasim.evaluation.jobs import Job
from alpasim.evaluation.questions import SCENARIO, Answer, Question, Refusal
from alpasim.evaluation.worker import ANSWERED, READY
from alpasim.evaluation.worker_pipes import Task, WorkerPipes

START_LIMIT_S = 900.0
"""How long a worker may take to import what it needs, or to answer a question; compiling kernels on a fresh machine is part of it:
a minute of computing, and many times as long by the clock where others compute beside it."""
MAX_STARTS = 3
"""So many workers, or nurseries, in a row that die before they are ready, and no more are started."""
MAX_ASKED = 3
"""A question whose worker dies is asked so often."""


class Workers:
    """`count` worker processes that each make their runner from `runner` (`module:name`, called without arguments).

    `give` a job while there are `idle` workers, then `wait` for events; or `ask` questions. A worker that dies or overruns
    `limit_s` is replaced, and so is the nursery that they are forked from. Raises InfrastructureError when workers cannot
    be started. `say` is told a line where somebody who waits should know why: kernels are being compiled, or
    many questions asked.
    """

    def __init__(self, count: int, runner: str, limit_s: float, say: Callable[[str], None] = no_words) -> None:
        self._runner = runner
        self._limit_s = limit_s
        self._started = 0
        self._failed_starts = 0
        self._selector = selectors.DefaultSelector()
        self._workers: list[WorkerPipes] = []
        self._count = count
        self._nursery: Nursery | None = None
        self._say = say
        self._compiling = Notice(say)

    def __enter__(self) -> Workers:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End every worker at once, and the nursery."""
        workers = list(self._workers)
        for worker in workers:
            worker.signal()
        for worker in workers:
            self._remove(worker)
            worker.kill()
        if self._nursery is not None:
            self._forget_nursery(LAST_WORDS_S if any(worker.ready for worker in workers) else 0.0)

    @property
    def idle(self) -> list[int]:
        """Numbers of the workers that wait for a job."""
        return [worker.number for worker in self._workers if worker.ready and worker.task is None]

    @property
    def running(self) -> list[Job]:
        """Jobs that workers have."""
        return [worker.task for worker in self._workers if isinstance(worker.task, Job)]

    def drawn_by(self, number: int) -> tuple[str, ...]:
        """Paths of the scenarios that a worker has answered for and may still hold, in the order in which it was asked."""
        return tuple(self._numbered(number).drawn)

    def give(self, task: Task, number: int) -> None:
        """Hand a job or a question to the idle worker of that number."""
        self._numbered(number).give(task)

    def policy_of(self, number: int) -> str:
        """Reference of the one policy that has run in a worker, empty where none has."""
        return self._numbered(number).policy

    def renew(self, number: int) -> None:
        """End an idle worker and start another, which knows of no policy and has drawn nothing."""
        worker = self._numbered(number)
        self._remove(worker)
        worker.kill()
        self._start()

    def ask(self, questions: Sequence[Question]) -> list[Answer | Refusal]:
        """What the workers answer, in the order of the questions; whoever is idle gets the next one.

        A refusal stands in the answer's place, for the caller to raise. Raises InfrastructureError for a question that
        again and again ends its worker.
        """
        waiting, asked, answers = deque(questions), Counter[int](), dict[int, Answer | Refusal]()
        due = time.monotonic() + SAY_EVERY_S
        while len(answers) < len(questions):
            if answers and time.monotonic() >= due:
                self._say(f"read {len(answers)} of {len(questions)} scenarios and policies")
                due = time.monotonic() + SAY_EVERY_S
            while waiting and (number := self._idle_for(waiting[0])) is not None:
                question = waiting.popleft()
                asked[question.index] += 1
                self.give(question, number)
            for event in self.wait(1.0):
                if isinstance(event, Answered):
                    answers[event.job.index] = event.answer
                elif isinstance(event, Died | TimedOut) and isinstance(event.job, Question):
                    if asked[event.job.index] == MAX_ASKED or isinstance(event, TimedOut):
                        raise InfrastructureError(f"{event.job}: no worker survives it:\n{event.output}")
                    waiting.appendleft(event.job)
        return [answers[question.index] for question in questions]

    def wait(self, seconds: float) -> Iterator[Event]:
        """What happens within that time; returns early when something does."""
        for key, _ in self._selector.select(seconds):
            worker = key.data
            if worker is self._nursery:
                self._hear_nursery(key.fd)
            elif worker not in self._workers:
                continue
            elif key.fd == worker.printed:
                if not worker.read_output():
                    self._selector.unregister(worker.printed)
            else:
                yield from self._hear(worker)
        if self._nursery is not None:
            yield from self._bury(self._nursery)
        yield from self._overdue()

    def _idle_for(self, question: Question) -> int | None:
        """An idle worker for a question; where those that are idle have run another policy, one of them is renewed."""
        idle = self.idle
        fit = next((number for number in idle if self._numbered(number).fits(question)), None)
        if fit is None and idle:
            self.renew(idle[0])
        return fit

    def _numbered(self, number: int) -> WorkerPipes:
        return next(worker for worker in self._workers if worker.number == number)

    def _start(self) -> None:
        """One more worker, and a nursery where there is none."""
        if self._nursery is None:
            self._nursery = Nursery(self._runner)
            self._selector.register(self._nursery.control, selectors.EVENT_READ, self._nursery)
            self._selector.register(self._nursery.printed, selectors.EVENT_READ, self._nursery)
        worker = WorkerPipes(self._started, self._nursery)
        self._started += 1
        self._workers.append(worker)
        self._selector.register(worker.results, selectors.EVENT_READ, worker)
        self._selector.register(worker.printed, selectors.EVENT_READ, worker)

    def _remove(self, worker: WorkerPipes) -> None:
        """Forget a worker before its pipes are closed."""
        self._workers.remove(worker)
        self._unregister(worker.results, worker.printed)

    def _unregister(self, *descriptors: int) -> None:
        """Hear these no more; one that has closed its output is not heard already."""
        for descriptor in descriptors:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)

    def _hear_nursery(self, descriptor: int) -> None:
        """Ends of workers, or what the nursery prints."""
        assert self._nursery is not None
        if descriptor != self._nursery.printed:
            self._nursery.hear()
            if self._nursery.compiled:
                self._compiling(self._nursery.compiled)
        elif not self._nursery.output.take(descriptor):
            self._selector.unregister(descriptor)

    def _bury(self, nursery: Nursery) -> Iterator[Event]:
        """Replace workers that have ended, also where a child that the policy forked holds their pipes open; and the
        nursery, which takes its workers with it."""
        for worker in list(self._workers):
            if worker in self._workers and nursery.code(worker.number) is not None:
                yield from self._hear(worker)
                if worker in self._workers:
                    yield from self._replace(worker)
        if self._nursery is nursery and nursery.gone:
            code = self._forget_nursery(LAST_WORDS_S)
            if not any(worker.ready for worker in self._workers):
                self._count_failed_start(code, nursery.output.text())
            for worker in list(self._workers):
                yield from self._replace(worker)

    def _forget_nursery(self, wait_s: float) -> int:
        """End it, by itself within `wait_s`; returns its exit code."""
        assert self._nursery is not None
        nursery, self._nursery = self._nursery, None
        self._unregister(nursery.control.fileno(), nursery.printed)
        return nursery.end(wait_s)

    def _hear(self, worker: WorkerPipes) -> Iterator[Event]:
        """What a worker says, or that it says nothing any more, or nothing that can be understood."""
        try:
            messages = worker.read_results()
            events = [self._understood(worker, message) for message in messages or ()]
        except (ValueError, TypeError, KeyError, RecursionError) as fault:
            worker.signal()
            yield from self._replace(worker, f"{type(fault).__name__}: {fault}"[:200])
            return
        yield from (event for event in events if event is not None)
        lost = any(isinstance(event, StorageFailed) for event in events)
        if lost:
            worker.signal()
        if lost or messages is None:
            yield from self._replace(worker)

    def _understood(self, worker: WorkerPipes, message: Mapping[str, Any]) -> Event | None:
        """A message as an event; None for one that only says that a worker is ready. ValueError, TypeError or KeyError for one
        that no worker writes by itself."""
        task, kind = worker.task, message["kind"]
        if kind == READY and not worker.ready:
            worker.pid, self._failed_starts = int(message["pid"]), 0
            return None
        if task is None or message["task"] != task.index:
            raise ValueError(f"{kind!r} for what it was not given")
        event = event_of(task, message)
        worker.finish_task()
        if kind == ANSWERED and isinstance(task, Question) and task.about == SCENARIO:
            worker.drawn.append(message["answer"]["planned"]["path"])
        return event

    def _replace(self, worker: WorkerPipes, said: str = "") -> Iterator[Event]:
        """A dead worker's job is reported; another worker takes its place."""
        self._remove(worker)
        code = worker.last_words()
        worker.keep_output()
        if not worker.ready and not worker.orphan:
            self._count_failed_start(code, worker.output.text())
        if worker.task is not None:
            output = worker.output.text()[-4000:]
            yield Died(worker.task, max(0, -code), max(0, code), output, said, worker.orphan)
        self._start()

    def _count_failed_start(self, code: int, output: str) -> None:
        """Give up where process after process dies before it is ready."""
        self._failed_starts += 1
        if self._failed_starts >= MAX_STARTS:
            raise InfrastructureError(f"worker processes do not start (exit code {code}):\n{output[-4000:]}")

    def _overdue(self) -> Iterator[Event]:
        """Kill and replace workers whose job, or whose start, takes too long."""
        for worker in list(self._workers):
            limit = self._limit_s if isinstance(worker.task, Job) else START_LIMIT_S
            if (worker.ready and worker.task is None) or time.monotonic() - worker.started < limit:
                continue
            self._remove(worker)
            worker.kill()
            worker.keep_output()
            if not worker.ready:
                raise InfrastructureError(
                    f"a worker process did not start within {START_LIMIT_S:.0f} s; expected less even where kernels are compiled"
                )
            assert worker.task is not None
            yield TimedOut(worker.task, limit, worker.output.text()[-4000:])
            self._start()
