"""Speed: against the limit, at the end, and how hard it was taken off.

Answers nuPlan's speed-limit score with the two figures it is made of. Where no limit is posted none is exceeded; where
the ego is on no lane, its limit is not known and the step is not measurable.
"""

from __future__ import annotations

from typing import Literal

from alpasim.memory import Memory, read
from alpasim.metrics.protocol import INVALID, Aggregation, RunningSum, SceneMetric, running_sum
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import MetricValue

OVERSPEED_SCALE_MPS = 2.23
"""Mean overspeed at which nuPlan's score reaches 0 [m/s]."""


def _excess(scene: SceneMeasures) -> MetricValue:
    if scene.lane.row < 0:
        return INVALID
    return MetricValue(max(scene.speed_mps - scene.lane.limit_mps, 0.0))


def _speed(scene: SceneMeasures) -> MetricValue:
    return MetricValue(scene.speed_mps)


def _deceleration(scene: SceneMeasures) -> MetricValue:
    if scene.touches:
        return INVALID
    ahead = scene.state.ego.speed_mps + (0.0 if scene.step is None else scene.step.before.ego.speed_mps)
    lost = -float(scene.state.ego.acceleration_in_rig[0])
    return MetricValue(max(0.0, -lost if ahead < 0.0 else lost))


SPEED_LIMIT_EXCESS = SceneMetric(
    name="speed_limit_excess_mps",
    unit="m/s",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="largest excess of the ego's speed over the limit of its lane; not measurable off the lanes",
    measure=_excess,
)

FINAL_SPEED = SceneMetric(
    name="final_speed",
    unit="m/s",
    aggregation=Aggregation.LAST,
    better="lower",
    formula="speed of the ego's centre at the last step",
    measure=_speed,
)

MAX_SPEED = SceneMetric(
    name="max_speed",
    unit="m/s",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="largest speed of the ego's centre",
    measure=_speed,
)

MAX_DECELERATION = SceneMetric(
    name="max_deceleration",
    unit="m/s^2",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="largest mean deceleration along the ego's motion over one step; steps in which something touches it are left out",
    measure=_deceleration,
)


def _excess_rate(scene: SceneMeasures) -> float:
    """The excess [m/s]; a step off the lanes adds nothing."""
    excess = _excess(scene)
    return excess.value if excess.valid else 0.0


SpeedLimitIntegral = running_sum("speed_limit_excess_integral_m", "m", "sum of speed_limit_excess_mps dt", _excess_rate)


class SpeedLimitCompliance(RunningSum):
    """nuPlan's speed-limit score."""

    name = "speed_limit_compliance"
    unit = "1"
    better: Literal["higher", "lower"] = "higher"
    formula = "max(0, 1 - speed_limit_excess_integral_m / (2.23 m/s * T)), T the time driven"
    cumulative = False
    rate = staticmethod(_excess_rate)

    def __init__(self) -> None:
        super().__init__()
        self._duration = 0.0

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with no excess and no time."""
        super().reset(scene)
        self._duration = 0.0

    def update(self, scene: SceneMeasures) -> MetricValue:
        """Score of the drive up to now."""
        integral = super().update(scene).value
        self._duration += scene.dt_s
        return MetricValue(max(0.0, 1.0 - integral / (OVERSPEED_SCALE_MPS * self._duration)))

    def save(self) -> Memory:
        """The integral and the time so far."""
        return {**super().save(), "duration": self._duration}

    def load(self, memory: Memory) -> None:
        """Go on from them."""
        super().load(memory)
        self._duration = read(memory, "duration", float)
