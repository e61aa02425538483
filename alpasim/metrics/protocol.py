"""What a metric is: the names every report shows, one value a step, and how a drive's values become one.

A metric is registered under the entry-point group `alpasim.metrics`, as an instance (it keeps nothing between steps) or
as a class that is called without arguments for every rollout. It sees SceneMeasures and returns MetricValues; it does
not aggregate (`recorder.py`), score (`scores.py`) or end a rollout.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from alpasim.memory import Memory, read
from alpasim.types import BoolArray, FloatArray, MetricValue

if TYPE_CHECKING:
    from alpasim.metrics.scene import SceneMeasures

INVALID = MetricValue(math.nan, False)
"""What a metric answers where its question makes no sense."""

NO = MetricValue(0.0)
YES = MetricValue(1.0)


class Aggregation(StrEnum):
    """How the valid values of a drive's steps become the drive's one value."""

    MEAN = "mean"
    MEDIAN = "median"
    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"


@runtime_checkable
class Metric(Protocol):
    """One measure of a drive.

    `formula` is the definition as the report prints it; `better` says which way is good. `cumulative` marks a value that
    runs through the drive, like distance or progress, so that a reward counts its change and not its height.

    One that offers `save()` and `load(memory)` (`alpasim.memory`) can be part of a snapshot; `load` is called after `reset`.
    """

    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def aggregation(self) -> Aggregation: ...
    @property
    def better(self) -> Literal["higher", "lower"]: ...
    @property
    def formula(self) -> str: ...
    @property
    def cumulative(self) -> bool: ...

    def reset(self, scene: SceneMeasures) -> None:
        """Begin a drive whose first state `scene` measures; that state itself is not counted."""

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The value of the step that `scene` measures."""


@runtime_checkable
class Concluding(Protocol):
    """A metric that computes the drive's value itself, because it needs more than its steps' values."""

    def result(self) -> MetricValue:
        """The value of the whole drive so far."""


@dataclass(frozen=True, slots=True)
class SceneMetric:
    """A metric that only reads one scene: everything it needs is in SceneMeasures."""

    name: str
    unit: str
    aggregation: Aggregation
    better: Literal["higher", "lower"]
    formula: str
    measure: Callable[[SceneMeasures], MetricValue]
    cumulative: bool = False

    def reset(self, scene: SceneMeasures) -> None:
        """Nothing to begin: no step depends on another."""

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The value of the step that `scene` measures."""
        return self.measure(scene)

    def save(self) -> Memory:
        """Nothing is remembered."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is remembered."""


class RunningSum:
    """The integral over the drive so far of what `rate` says a second like each step adds; `running_sum` makes them."""

    name: str
    unit: str
    formula: str
    rate: Callable[[SceneMeasures], float]
    aggregation = Aggregation.LAST
    better: Literal["higher", "lower"] = "lower"
    cumulative = True

    def __init__(self) -> None:
        self._sum, self._dt_s = 0.0, 0.0

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with nothing."""
        self._sum, self._dt_s = 0.0, scene.dt_s

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The integral up to now."""
        self._sum += self.rate(scene) * self._dt_s
        return MetricValue(self._sum)

    def save(self) -> Memory:
        """The sum so far."""
        return {"sum": self._sum}

    def load(self, memory: Memory) -> None:
        """Go on from that sum."""
        self._sum = read(memory, "sum", float)


def running_sum(name: str, unit: str, formula: str, rate: Callable[[SceneMeasures], float]) -> type[RunningSum]:
    """The metric that integrates a rate over the drive."""
    row = {"name": name, "unit": unit, "formula": formula, "rate": staticmethod(rate), "__module__": rate.__module__}
    return type(name, (RunningSum,), row)


def aggregate(values: FloatArray, valid: BoolArray, aggregation: Aggregation) -> MetricValue:
    """One value from a drive's `values` (steps,), counting those whose `valid` is True; INVALID where none is."""
    counted: list[float] = values[valid].tolist()
    if not counted:
        return INVALID
    return MetricValue(float(_OVER[aggregation](counted)))


_OVER: dict[Aggregation, Callable[[list[float]], float]] = {
    Aggregation.MEAN: statistics.fmean,
    Aggregation.MEDIAN: statistics.median,
    Aggregation.MAX: max,
    Aggregation.MIN: min,
    Aggregation.FIRST: lambda counted: counted[0],
    Aggregation.LAST: lambda counted: counted[-1],
}
