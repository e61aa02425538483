"""Where the ego is allowed to be: on the drivable area, and with the traffic of its lane.

Answers off road, distance to the border, and driving against the flow. Only geometry counts: what a line's paint forbids
is not asked here.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

import numpy as np

from alpasim.geometry import wrap_angle
from alpasim.memory import Memory, array
from alpasim.metrics.protocol import INVALID, NO, YES, Aggregation, SceneMetric
from alpasim.metrics.scene import SceneMeasures
from alpasim.types import EGO, MetricValue

OFFROAD_TOLERANCE_M = 0.3
"""How far a point of the footprint may lie outside the drivable area [m]: nuPlan's bound."""
WRONG_LANE_RAD = math.radians(120.0)
"""A lane whose direction differs by more than this from the ego's heading runs against it: AlpaSim's bound [rad]."""
FLOW_WINDOW_S = 1.0
AGAINST_FLOW_MINOR_M = 2.0
AGAINST_FLOW_MAJOR_M = 6.0
"""nuPlan's bounds on the way against the flow within one second [m]: up to the first is fine, beyond the second fails."""


def is_offroad(edge_m: float) -> bool:
    """True where a footprint point at this signed distance from the border [m, positive inside] is off the road."""
    return edge_m < -OFFROAD_TOLERANCE_M


def _offroad(scene: SceneMeasures) -> MetricValue:
    return YES if is_offroad(scene.least_edge_m) else NO


def _offroad_or_collision(scene: SceneMeasures) -> MetricValue:
    return YES if scene.touches or is_offroad(scene.least_edge_m) else NO


def _offroad_or_collision_at_fault(scene: SceneMeasures) -> MetricValue:
    if any(touch.at_fault for touch in scene.touches):
        return YES
    return _offroad(scene)


def _distance_to_boundary(scene: SceneMeasures) -> MetricValue:
    return MetricValue(max(scene.least_edge_m, 0.0))


def _wrong_lane(scene: SceneMeasures) -> MetricValue:
    if scene.lane.row < 0:
        return INVALID
    turn = abs(wrap_angle(float(scene.state.yaw[EGO]) - scene.lane.heading))
    return YES if turn > WRONG_LANE_RAD else NO


OFFROAD = SceneMetric(
    name="offroad",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where a corner or the middle of a side of the ego's footprint lies more than 0.3 m outside the drivable area",
    measure=_offroad,
)

OFFROAD_OR_COLLISION = SceneMetric(
    name="offroad_or_collision",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="offroad OR collision_any",
    measure=_offroad_or_collision,
)

OFFROAD_OR_COLLISION_AT_FAULT = SceneMetric(
    name="offroad_or_collision_at_fault",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="offroad OR collision_at_fault",
    measure=_offroad_or_collision_at_fault,
)

MIN_DISTANCE_TO_LANE_BOUNDARY = SceneMetric(
    name="min_distance_to_lane_boundary_m",
    unit="m",
    aggregation=Aggregation.MIN,
    better="higher",
    formula="smallest distance from the ego's footprint (corners, middles of sides) to the border of the drivable area; "
    "0 when not inside it",
    measure=_distance_to_boundary,
)

WRONG_LANE = SceneMetric(
    name="wrong_lane",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where every lane under the ego's centre runs more than 120 deg (wrapped) away from its heading; not "
    "measurable off the lanes",
    measure=_wrong_lane,
)


class AgainstFlow:
    """Way driven against the direction of the lane under the ego within the last second: nuPlan's driving direction."""

    name = "against_flow_m"
    unit = "m"
    aggregation = Aggregation.MAX
    better: Literal["higher", "lower"] = "lower"
    formula = (
        "way of the ego's centre against the direction of its lane, summed over the last 1 s; the largest of the drive"
    )
    cumulative = False

    def __init__(self) -> None:
        self._ways: deque[float] = deque()

    def reset(self, scene: SceneMeasures) -> None:
        """Begin with no way driven."""
        self._ways = deque(maxlen=max(1, round(FLOW_WINDOW_S / scene.dt_s)))

    def update(self, scene: SceneMeasures) -> MetricValue:
        """The last second's way against the flow [m]; a step off the lanes counts 0."""
        self._ways.append(self._against(scene))
        return MetricValue(sum(self._ways))

    def save(self) -> Memory:
        """The ways of the last second."""
        return {"ways": np.array(self._ways, dtype=np.float64)}

    def load(self, memory: Memory) -> None:
        """Go on from them."""
        self._ways = deque(array(memory, "ways", np.float64, (-1,)).tolist(), maxlen=self._ways.maxlen)

    @staticmethod
    def _against(scene: SceneMeasures) -> float:
        if scene.step is None or scene.lane.row < 0:
            return 0.0
        before, after = scene.step.before.position[EGO].tolist(), scene.step.after.position[EGO].tolist()
        dx, dy = float(after[0] - before[0]), float(after[1] - before[1])
        return max(0.0, -(dx * math.cos(scene.lane.heading) + dy * math.sin(scene.lane.heading)))


class DrivingDirection(AgainstFlow):
    """nuPlan's driving direction compliance: 1, 0.5 or 0 by the way against the flow."""

    name = "driving_direction_compliance"
    unit = "1"
    aggregation = Aggregation.MIN
    better: Literal["higher", "lower"] = "higher"
    formula = "1 where against_flow_m <= 2 m, 0.5 where <= 6 m, else 0"

    def update(self, scene: SceneMeasures) -> MetricValue:
        """Compliance by the last second's way against the flow."""
        way = super().update(scene).value
        return MetricValue(direction_compliance(way))


def direction_compliance(against_flow_m: float) -> float:
    """nuPlan's score of a way against the flow within one second."""
    if against_flow_m <= AGAINST_FLOW_MINOR_M:
        return 1.0
    return 0.5 if against_flow_m <= AGAINST_FLOW_MAJOR_M else 0.0
