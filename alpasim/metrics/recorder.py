"""Runs the metrics of one drive: measures each step once, hands it to every metric, keeps and aggregates the values.

Answers step values in a fixed order, for the log and for rewards, and the drive's result by name. What a metric means
stands in its own file, what the results are worth in `scores.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alpasim import plugins
from alpasim.errors import PluginError, RecordingError
from alpasim.memory import Memory, array, read, remembering
from alpasim.metrics.protocol import Concluding, Metric, SceneMetric, aggregate
from alpasim.metrics.reference import ReferenceKind
from alpasim.metrics.scene import SceneMeasures, SceneMeter
from alpasim.scenario.concrete import Scenario
from alpasim.types import BoolArray, FloatArray, MetricValue, Step, WorldState, frozen


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """All metrics at one step: `values` (m,), nan where `valid` (m,) is False, in the order of `names`."""

    names: tuple[str, ...]
    values: FloatArray
    valid: BoolArray

    def by_name(self) -> dict[str, MetricValue]:
        """The same as a mapping."""
        rows = zip(self.names, self.values.tolist(), self.valid.tolist(), strict=True)
        return {name: MetricValue(value, valid) for name, value, valid in rows}


_fitting: set[type] = set()
"""Classes that were found to have what a metric needs; to look for it takes longer than to make one."""


def load_metric(name: str) -> Metric:
    """A metric registered under `alpasim.metrics`: the instance itself, or a new one of the class.

    Raises PluginError for an unknown name, an import that fails, and an object that is no metric of that name.
    """
    registered = plugins.load(plugins.METRICS, name)
    metric: Metric = registered() if isinstance(registered, type) else registered
    if type(metric) not in _fitting and not isinstance(metric, Metric):
        raise PluginError(
            f"{plugins.METRICS}: {name!r} is {metric!r}, expected a metric (alpasim.metrics.protocol.Metric)"
        )
    if metric.name != name:
        raise PluginError(f"{plugins.METRICS}: {name!r} calls itself {metric.name!r}, expected the registered name")
    _fitting.add(type(metric))
    return metric


class Metrics:
    """The metrics of one Simulation. `reset` begins a drive, `update` takes each step, `results` may be asked at any time.

    `names` chooses among the registered metrics, all by default; `metrics` hands in metrics instead.
    """

    def __init__(
        self, scenario: Scenario, names: Sequence[str] | None = None, *, metrics: Sequence[Metric] | None = None
    ) -> None:
        if metrics is None:
            metrics = [load_metric(name) for name in (plugins.names(plugins.METRICS) if names is None else names)]
        self.metrics: tuple[Metric, ...] = tuple(metrics)
        self.names: tuple[str, ...] = tuple(metric.name for metric in self.metrics)
        self._meter = SceneMeter(scenario)
        # A SceneMetric's update only measures, so it is asked for that at once.
        self._updates = tuple(one.measure if type(one) is SceneMetric else one.update for one in self.metrics)
        self._steps: list[StepMetrics] = []
        self.scene: SceneMeasures | None = None

    @property
    def reference(self) -> ReferenceKind:
        """What progress and distances were measured against: the `recorded` path or the `route`."""
        return self._meter.reference.kind

    @property
    def cumulative(self) -> frozenset[str]:
        """Names of the metrics that run through the drive, so that a step's share is their change."""
        return frozenset(metric.name for metric in self.metrics if metric.cumulative)

    @property
    def yes_or_no(self) -> frozenset[str]:
        """Names of the metrics that are true or false, and never more or less so."""
        return frozenset(metric.name for metric in self.metrics if metric.unit == "bool")

    @property
    def latest(self) -> StepMetrics | None:
        """The newest step's values, None before the first."""
        return self._steps[-1] if self._steps else None

    def reset(self, state: WorldState) -> None:
        """Begin a drive at `state`, which is not counted itself."""
        self._steps = []
        self.scene = self._meter.reset(state)
        for metric in self.metrics:
            metric.reset(self.scene)

    def update(self, step: Step) -> StepMetrics:
        """Measure one step."""
        self.scene = scene = self._meter.measure(step)
        found = [update(scene) for update in self._updates]
        try:
            values = np.array([one.value if one.valid else math.nan for one in found], dtype=np.float64)
        except AttributeError:
            raise PluginError(_not_a_value(self.names, found)) from None
        valid = values == values  # what is nan is not valid
        latest = StepMetrics(self.names, frozen(values), frozen(valid))
        self._steps.append(latest)
        return latest

    def save(self) -> Memory:
        """Every step's values, what the scene remembers, and what each metric does.

        Raises InputError where a metric keeps no memory that can be saved.
        """
        count = len(self._steps)
        return {
            "names": list(self.names),
            "values": np.array([step.values for step in self._steps], dtype=np.float64).reshape(count, len(self.names)),
            "valid": np.array([step.valid for step in self._steps], dtype=np.bool_).reshape(count, len(self.names)),
            "scene": self._meter.save(),
            "metrics": {metric.name: remembering(metric, f"metric {metric.name!r}").save() for metric in self.metrics},
        }

    def load(self, state: WorldState, memory: Memory) -> None:
        """Go on in `state` from what `save` returned; RecordingError where that holds other metrics."""
        names, width = read(memory, "names", list), len(self.names)
        if tuple(names) != self.names:
            raise RecordingError(f"snapshot: it measures {', '.join(names)}; this simulation {', '.join(self.names)}")
        values = array(memory, "values", np.float64, (-1, width))
        valid = array(memory, "valid", np.bool_, (len(values), width))
        self.reset(state)
        self._meter.load(read(memory, "scene", dict))
        saved = read(memory, "metrics", dict)
        for metric in self.metrics:
            remembering(metric, f"metric {metric.name!r}").load(read(saved, metric.name, dict))
        rows = zip(frozen(values), frozen(valid), strict=True)
        self._steps = [StepMetrics(self.names, *row) for row in rows]

    def values_by_name(self) -> dict[str, MetricValue]:
        """The newest step's values by name; empty before the first step."""
        return self._steps[-1].by_name() if self._steps else {}

    def results(self) -> dict[str, MetricValue]:
        """The drive's value of every metric so far; not valid where no step's value was."""
        values = np.array([step.values for step in self._steps]).reshape(len(self._steps), len(self.metrics))
        valid = np.array([step.valid for step in self._steps], dtype=np.bool_).reshape(values.shape)
        return {
            metric.name: metric.result()
            if isinstance(metric, Concluding)
            else aggregate(values[:, i], valid[:, i], metric.aggregation)
            for i, metric in enumerate(self.metrics)
        }


def _not_a_value(names: Sequence[str], found: Sequence[object]) -> str:
    """What to say of the first metric whose answer is no MetricValue."""
    name, answer = next((name, one) for name, one in zip(names, found, strict=True) if not isinstance(one, MetricValue))
    return f"{plugins.METRICS}: {name!r} answered {answer!r}, expected a MetricValue"
