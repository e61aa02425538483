"""From a thought to words: a decision of the closed vocabulary, the factors behind it, and one sentence.

The sentence has the form of a causal trace: what is done, then `because`, then the one thing that decided it. Only what
decided is named: the strongest reason for the speed, and what the lateral plan goes round. Claims are what the driver saw:
`kind`, `motion` (standing, leading, cutting_in, oncoming, crossing), `side` (ahead, left, right), `distance_m`; for what is
no road user `colour`, `distance_m` or `limit_kph`.
"""

from __future__ import annotations

import math
from typing import Literal

from alpasim.reasoning.vocabulary import FactorCategory, Lateral, Longitudinal
from alpasim.types import ActorKind, Factor, FloatArray, Observation, Reasoning, SignalColour

from .driving import Thought
from .following import STOPPED
from .reasons import ROAD_CAUSES, Reason
from .route_kernels import CURVATURE, HEADING, LANE_LEFT, LANE_RIGHT, SPEED_LIMIT, row_at
from .surroundings import ACROSS, CROSSES, STANDING, STANDS

TURN_RADIUS_M = 30.0
TURN_ANGLE = math.radians(45.0)
TURN_AHEAD_M = 15.0
"""A turn is a bend tighter than this radius, by more than this angle, begun or this near."""

_THINGS = (ActorKind.DEBRIS, ActorKind.CONE, ActorKind.BARRIER, ActorKind.UNKNOWN)
_ON_FOOT = (ActorKind.PEDESTRIAN, ActorKind.ANIMAL)
_YIELDS = ("crossing", "oncoming")
_ADAPTS = ("bend", "crest", "range", "limit", "vulnerable", "standing_row")
_STOPS = ("signal", "stop_line")


def explain(thought: Thought, observation: Observation, table: FloatArray, half_width: float) -> Reasoning:
    """The reasoning record of one thought."""
    speed = max(observation.ego.speed_mps, 0.0)
    lateral, direction, lateral_factor = _lateral(thought, table, half_width)
    factors = [factor for factor in (_factor(thought, table), lateral_factor) if factor is not None]
    return Reasoning(
        longitudinal=_longitudinal(thought),
        lateral=lateral,
        direction=direction,
        factors=tuple(factors),
        text=_sentence(thought, table, speed, lateral, direction),
        source="policy",
    )


def _longitudinal(thought: Thought) -> Longitudinal:
    reason = thought.strongest
    if reason.cause in _YIELDS:
        return Longitudinal.YIELD
    if reason.cause in _ADAPTS:
        return Longitudinal.SPEED_ADAPTATION
    if reason.cause in _STOPS:
        return Longitudinal.STOP_FOR_STATIC_CONSTRAINTS
    if reason.track >= 0:
        around = thought.around
        if int(around.kinds[reason.track]) in _THINGS:
            return Longitudinal.STOP_FOR_STATIC_CONSTRAINTS
        return (
            Longitudinal.YIELD
            if around.is_vulnerable(reason.track) and around.seen[reason.track, STANDS]
            else (Longitudinal.LEAD_OBSTACLE_FOLLOWING)
        )
    return Longitudinal.SET_SPEED_TRACKING


def _factor(thought: Thought, table: FloatArray) -> Factor | None:
    """What the strongest reason points at; none for driving at the set speed."""
    reason = thought.strongest
    distance = ("distance_m", f"{reason.gap_m:.0f}")
    if reason.track >= 0:
        return _track_factor(thought, reason.track, reason.cause)
    if reason.cause == "signal":
        return Factor(FactorCategory.TRAFFIC_LIGHT, None, (("colour", _colour(thought)), distance))
    if reason.cause == "stop_line":
        return Factor(FactorCategory.YIELD_STOP_CONTROL, None, (distance,))
    if reason.cause == "bend":
        return Factor(FactorCategory.LANE, None, (("shape", "bend"), distance))
    if reason.cause == "crest":
        return Factor(FactorCategory.ODD_CONSTRAINT, None, (("sight", "crest"), distance))
    if reason.cause == "range":
        return Factor(FactorCategory.ODD_CONSTRAINT, None, (("sight", "range"),))
    if reason.cause == "limit":
        return Factor(FactorCategory.LANE, None, (("limit_kph", f"{_limit_ahead(thought, table):.0f}"), distance))
    return None


def _track_factor(thought: Thought, track: int, cause: str) -> Factor:
    around = thought.around
    claims = (
        ("kind", ActorKind(int(around.kinds[track])).name.lower()),
        ("motion", _motion(thought, track, cause)),
        ("side", _side(thought, track)),
        ("distance_m", f"{max(float(around.low[track]) - around.front, 0.0):.0f}"),
    )
    return Factor(FactorCategory.CRITICAL_OBJECT, int(around.ids[track]), claims)


def _motion(thought: Thought, track: int, cause: str) -> str:
    around = thought.around
    if around.speed[track] <= STANDING:
        return "standing"
    if cause in ("cut_in", "beside"):
        return "cutting_in"
    if around.seen[track, CROSSES]:
        return "crossing"
    return "oncoming" if around.along[track] < 0.0 else "leading"


def _side(thought: Thought, track: int) -> str:
    """Where a track is against the lane the ego drives in."""
    middle = 0.5 * float(thought.around.left[track] + thought.around.right[track])
    return "ahead" if abs(middle) < 1.0 else "left" if middle > 0.0 else "right"


def _colour(thought: Thought) -> str:
    line = thought.strongest.signal
    return SignalColour(int(thought.signals[line])).name.lower() if 0 <= line < len(thought.signals) else "red"


def _limit_ahead(thought: Thought, table: FloatArray) -> float:
    """The lower limit that the strongest reason is about [km/h]."""
    place = row_at(table, thought.around.rig_s + thought.strongest.gap_m + 0.5)
    return float(table[min(place + 1, len(table) - 1), SPEED_LIMIT]) * 3.6


def _lateral(
    thought: Thought, table: FloatArray, half_width: float
) -> tuple[Lateral, Literal["left", "right", "none"], Factor | None]:
    """The lateral decision, its side, and what it goes round."""
    way = thought.way
    around = thought.around
    if way is not None and abs(way.offset_m) > 0.1:
        row = table[row_at(table, around.front)]
        lane = float(row[LANE_LEFT] if way.offset_m > 0.0 else row[LANE_RIGHT])
        leaves = abs(way.offset_m) + half_width > lane
        tracks = [index for index, track in enumerate(around.ids.tolist()) if track == way.track_id]
        cause = "oncoming" if way.why == "evade" else "leader"
        factor = _track_factor(thought, tracks[0], cause) if tracks else None
        if factor is not None and thought.strongest.track == tracks[0]:
            factor = None  # named already
        return (
            Lateral.OUT_OF_LANE_NUDGE if leaves else Lateral.IN_LANE_NUDGE,
            "left" if way.offset_m > 0.0 else "right",
            factor,
        )
    turn = _turn_ahead(table, around.rig_s)
    if abs(turn) > TURN_ANGLE:
        return Lateral.TURN, "left" if turn > 0.0 else "right", Factor(FactorCategory.ROUTING_INTENT)
    return Lateral.LANE_KEEPING, "none", None


def _turn_ahead(table: FloatArray, s: float) -> float:
    """By how much the route turns in the tight bend that the ego is in or comes to, left positive [rad]; 0 without one."""
    first = row_at(table, s - 5.0)
    begin = None
    for row in range(first, len(table)):
        tight = abs(table[row, CURVATURE]) > 1.0 / TURN_RADIUS_M
        if begin is None:
            if tight:
                begin = row
            elif table[row, 2] > s + TURN_AHEAD_M:
                return 0.0
        elif not tight:
            return float(table[row, HEADING] - table[begin, HEADING])
    return 0.0 if begin is None else float(table[-1, HEADING] - table[begin, HEADING])


def _sentence(
    thought: Thought,
    table: FloatArray,
    speed: float,
    lateral: Lateral,
    direction: str,
) -> str:
    """What is done and the one cause, as a person would say it."""
    reason = thought.strongest
    cause = _cause(thought, table)
    if lateral in (Lateral.OUT_OF_LANE_NUDGE, Lateral.IN_LANE_NUDGE) and thought.way is not None:
        where = "out of the lane" if lateral is Lateral.OUT_OF_LANE_NUDGE else "within the lane"
        around = thought.around
        tracks = [index for index, track in enumerate(around.ids.tolist()) if track == thought.way.track_id]
        if tracks and (reason.track < 0 or reason.track == tracks[0]):
            named = _named(thought, tracks[0])
            purpose = "make room for" if thought.way.why == "evade" else "pass"
            return (
                f"Move {direction} {where} to {purpose} {named} because it {_does(thought, tracks[0], reason.cause)}."
            )
    return f"{_deed(reason, thought.acceleration, speed)} because {cause}."


def _deed(reason: Reason, done: float, speed: float) -> str:
    """The longitudinal decision in words; `done` is the acceleration on its way to the reason's."""
    acceleration = reason.acceleration
    if speed < STOPPED and acceleration <= 0.0:
        return "Wait"
    if acceleration < -4.0:
        return "Brake hard"
    if speed >= STOPPED and done < -0.3 <= acceleration:
        return "Brake less"
    if reason.cause in _YIELDS and acceleration < -0.3:
        return "Slow down and yield"
    if reason.cause in _STOPS and acceleration < -0.3:
        return "Slow down to stop"
    if acceleration < -0.3:
        return "Slow down"
    if reason.cause in ("vulnerable", "standing_row") and acceleration >= -0.3:
        return "Stay slow"
    if acceleration > 0.3 and reason.cause in ROAD_CAUSES:
        return "Speed up a little"
    if acceleration > 0.3:
        return "Speed up" if reason.track < 0 else "Speed up but keep the distance"
    return "Keep the speed" if reason.track < 0 else "Keep the distance"


def _cause(thought: Thought, table: FloatArray) -> str:
    """The strongest reason as a clause."""
    reason = thought.strongest
    gap = f"{reason.gap_m:.0f} m ahead"
    if reason.track >= 0:
        around = thought.around
        where = gap if around.low[reason.track] > around.front else "beside us"
        named = _named(thought, reason.track)
        if reason.cause == "standing_row":
            return f"{named} stands close to our lane {where} and may hide somebody"
        if reason.cause == "vulnerable":
            return f"{named} is close to our lane {where}"
        return f"{named} {_does(thought, reason.track, reason.cause)} {where}"
    if reason.cause == "signal":
        return f"the traffic light {gap} is {_colour(thought).replace('_', ' and ')}"
    if reason.cause == "stop_line":
        return f"there is a stop line {gap}"
    if reason.cause == "bend":
        return f"the road bends {gap}" if reason.gap_m >= 1.0 else "the road bends"
    if reason.cause == "crest":
        return f"from {gap} on a crest hides too much of the road" if reason.gap_m >= 1.0 else "a crest hides the road"
    if reason.cause == "range":
        return f"nothing is seen beyond {thought.range_m:.0f} m"
    if reason.cause == "limit":
        return f"the limit falls to {_limit_ahead(thought, table):.0f} km/h {gap}"
    if reason.acceleration < -0.3:
        return f"the set speed here is {thought.wanted * 3.6:.0f} km/h"
    return f"nothing limits the set speed of {thought.wanted * 3.6:.0f} km/h"


def _named(thought: Thought, track: int) -> str:
    kind = ActorKind(int(thought.around.kinds[track])).name.lower()
    return f"the {'object' if kind == 'unknown' else kind}"


def _does(thought: Thought, track: int, cause: str) -> str:
    """What a track does, as a verb phrase."""
    around = thought.around
    motion = _motion(thought, track, cause)
    side = "left" if float(around.left[track] + around.right[track]) > 0.0 else "right"
    kind = int(around.kinds[track])
    if motion == "standing":
        return "lies in our lane" if kind == ActorKind.DEBRIS else "stands in our lane"
    if kind in _THINGS:
        return "slides in our lane"
    if motion == "cutting_in":
        return f"comes into our lane from the {side}"
    if motion == "crossing":
        return f"crosses our way from the {'right' if around.seen[track, ACROSS] > 0.0 else 'left'}"
    if motion == "oncoming":
        return "comes towards us in our lane"
    return "drives in our lane" if kind not in _ON_FOOT else "is in our lane"
