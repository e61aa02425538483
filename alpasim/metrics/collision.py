"""Collisions of the ego: that it was touched, on which side, by whose doing and how hard.

Answers with AlpaSim's names. Every touch counts, not only the last one found, sides belong to the ego's body and not to
its heading in the world, and fault asks who moved into whom (`touch.py`). Contact with the ground or the road's edge is
no collision here: `offroad` watches that.
"""

from __future__ import annotations

from alpasim.metrics.protocol import INVALID, NO, YES, Aggregation, SceneMetric
from alpasim.metrics.scene import SceneMeasures
from alpasim.metrics.touch import Side
from alpasim.types import MetricValue


def _any(scene: SceneMeasures) -> MetricValue:
    return YES if scene.touches else NO


def _front(scene: SceneMeasures) -> MetricValue:
    return YES if any(touch.side is Side.FRONT for touch in scene.touches) else NO


def _rear(scene: SceneMeasures) -> MetricValue:
    return YES if any(touch.side is Side.REAR for touch in scene.touches) else NO


def _lateral(scene: SceneMeasures) -> MetricValue:
    return YES if any(touch.side in (Side.LEFT, Side.RIGHT) for touch in scene.touches) else NO


def _at_fault(scene: SceneMeasures) -> MetricValue:
    return YES if any(touch.at_fault for touch in scene.touches) else NO


def _impact_speed(scene: SceneMeasures) -> MetricValue:
    if not scene.new_touches:
        return INVALID
    return MetricValue(max(touch.impact_speed_mps for touch in scene.new_touches))


COLLISION_ANY = SceneMetric(
    name="collision_any",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where any other body touches the ego (solved contact, or footprints and heights that overlap)",
    measure=_any,
)

COLLISION_FRONT = SceneMetric(
    name="collision_front",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where a touch came from within 45 deg of straight ahead in the ego's own axes",
    measure=_front,
)

COLLISION_REAR = SceneMetric(
    name="collision_rear",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where a touch came from within 45 deg of straight behind in the ego's own axes",
    measure=_rear,
)

COLLISION_LATERAL = SceneMetric(
    name="collision_lateral",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where a touch came from the left or the right: more than 45 deg from ahead and from behind",
    measure=_lateral,
)

COLLISION_AT_FAULT = SceneMetric(
    name="collision_at_fault",
    unit="bool",
    aggregation=Aggregation.MAX,
    better="lower",
    formula="1 where, just before a touch, the ego moved (> 0.1 m/s) and the other stood (<= 0.1 m/s) or the ego did at "
    "least half of the closing along the contact normal",
    measure=_at_fault,
)

IMPACT_SPEED = SceneMetric(
    name="impact_speed",
    unit="m/s",
    aggregation=Aggregation.FIRST,
    better="lower",
    formula="closing speed along the contact normal just before the first touch (the physics' own where it solved the "
    "contact); of several at once the fastest",
    measure=_impact_speed,
)
