"""The closed vocabulary of reasoning: what a driver may say it does, and of what kind its reasons are.

Answers which words exist and what they mean; `alpasim/reasoning@1` is this set. The words are those of the Chain of
Causation of Alpamayo (arXiv 2511.00088): one longitudinal and one lateral decision at most, and factors of seven
categories. What a driver says in free text stands beside them and is not read here.
"""

from __future__ import annotations

from enum import StrEnum

SCHEMA = "alpasim/reasoning@1"
"""Id of the vocabulary and of the record's form."""


class Longitudinal(StrEnum):
    """What is done with the speed."""

    SET_SPEED_TRACKING = "set_speed_tracking"
    LEAD_OBSTACLE_FOLLOWING = "lead_obstacle_following"
    SPEED_ADAPTATION = "speed_adaptation"
    GAP_SEARCHING = "gap_searching"
    ACCELERATION_FOR_PASSING = "acceleration_for_passing"
    YIELD = "yield"
    STOP_FOR_STATIC_CONSTRAINTS = "stop_for_static_constraints"


class Lateral(StrEnum):
    """What is done with the place across the road."""

    LANE_KEEPING = "lane_keeping"
    MERGE_SPLIT = "merge_split"
    OUT_OF_LANE_NUDGE = "out_of_lane_nudge"
    IN_LANE_NUDGE = "in_lane_nudge"
    LANE_CHANGE = "lane_change"
    PULL_OVER = "pull_over"
    TURN = "turn"
    LATERAL_MANOEUVRE_ABORT = "lateral_manoeuvre_abort"


class Direction(StrEnum):
    """To which side a lateral decision goes."""

    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


class FactorCategory(StrEnum):
    """Of what kind a reason is."""

    CRITICAL_OBJECT = "critical_object"
    TRAFFIC_LIGHT = "traffic_light"
    YIELD_STOP_CONTROL = "yield_stop_control"
    ROAD_EVENT = "road_event"
    LANE = "lane"
    ROUTING_INTENT = "routing_intent"
    ODD_CONSTRAINT = "odd_constraint"


MEANINGS: dict[str, str] = {
    Longitudinal.SET_SPEED_TRACKING: "keeps or regains the speed it wants; nothing ahead constrains it",
    Longitudinal.LEAD_OBSTACLE_FOLLOWING: "keeps its distance to whoever drives or stands ahead in its lane",
    Longitudinal.SPEED_ADAPTATION: "changes speed for the road: a bend, a bump, a lower limit, grip, sight",
    Longitudinal.GAP_SEARCHING: "adjusts speed to reach a gap for a lane change or a merge",
    Longitudinal.ACCELERATION_FOR_PASSING: "speeds up to get past another road user",
    Longitudinal.YIELD: "lets a road user who has or takes the right of way go first",
    Longitudinal.STOP_FOR_STATIC_CONSTRAINTS: "stops for a red light, a stop line or something that blocks the way",
    Lateral.LANE_KEEPING: "stays centred in its lane",
    Lateral.MERGE_SPLIT: "follows a lane that joins another or parts from it",
    Lateral.OUT_OF_LANE_NUDGE: "leaves its lane a little to pass something, and returns",
    Lateral.IN_LANE_NUDGE: "moves to one side within its lane to keep clear of something",
    Lateral.LANE_CHANGE: "moves to the lane beside",
    Lateral.PULL_OVER: "moves to the edge of the road to stop or wait",
    Lateral.TURN: "turns at a junction or a roundabout, or turns round",
    Lateral.LATERAL_MANOEUVRE_ABORT: "breaks off a lateral manoeuvre and goes back",
    FactorCategory.CRITICAL_OBJECT: "a road user or a thing on the road",
    FactorCategory.TRAFFIC_LIGHT: "a signal and what it shows",
    FactorCategory.YIELD_STOP_CONTROL: "a stop line, a yield or stop sign, a crossing",
    FactorCategory.ROAD_EVENT: "roadworks, an accident, a closed lane, a bump",
    FactorCategory.LANE: "lanes and their lines: a bend, an end, a border",
    FactorCategory.ROUTING_INTENT: "where the route leads",
    FactorCategory.ODD_CONSTRAINT: "weather, light, grip, sight",
}
"""Every word in a sentence, for people and for prompts."""

SIDED: frozenset[str] = frozenset(
    {
        Lateral.OUT_OF_LANE_NUDGE,
        Lateral.IN_LANE_NUDGE,
        Lateral.LANE_CHANGE,
        Lateral.PULL_OVER,
        Lateral.MERGE_SPLIT,
        Lateral.TURN,
    }
)
"""Lateral decisions that may name a direction."""

NEEDS_SIDE: frozenset[str] = frozenset({Lateral.OUT_OF_LANE_NUDGE, Lateral.IN_LANE_NUDGE, Lateral.LANE_CHANGE})
"""Lateral decisions that mean nothing without a direction."""
