"""What a road consists of: lanes, what joins them, what controls them, what lies on them.

Values only. `network.py` puts them together and answers questions about the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alpasim.types import FloatArray, SignalColour


class LaneKind(StrEnum):
    """What a lane is for; only DRIVING, SHOULDER, BUS and PARKING are drivable area for vehicles."""

    DRIVING = "driving"
    SHOULDER = "shoulder"
    BUS = "bus"
    PARKING = "parking"
    BICYCLE = "bicycle"
    SIDEWALK = "sidewalk"
    CROSSING = "crossing"


DRIVABLE_KINDS = frozenset({LaneKind.DRIVING, LaneKind.SHOULDER, LaneKind.BUS, LaneKind.PARKING})
"""Kinds of lanes that are pavement for vehicles."""

TRAFFIC_KINDS = frozenset({LaneKind.DRIVING, LaneKind.BUS})
"""Kinds of lanes that vehicles travel along, and that routes lead over."""


class LineMark(StrEnum):
    """How a lane border is painted."""

    NONE = "none"
    SOLID = "solid"
    DASHED = "dashed"
    KERB = "kerb"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The lane beside: its id, and whether its traffic runs our way."""

    lane: str
    same_direction: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane, its points in the direction of travel.

    `centre`, `left` and `right` are (k, 2) [m] with equal k, point i of each lying across the lane from the others.
    `speed_limit_mps` is inf where none is posted. `signal` is the row of the traffic light that controls its end (-1: none).
    """

    id: str
    kind: LaneKind
    centre: FloatArray
    left: FloatArray
    right: FloatArray
    left_mark: LineMark
    right_mark: LineMark
    speed_limit_mps: float
    left_neighbour: Neighbour | None
    right_neighbour: Neighbour | None
    successors: tuple[str, ...]
    predecessors: tuple[str, ...]
    in_junction: bool = False
    stop_line: FloatArray | None = None
    """(2, 2) end points of the stop line at or before the lane's end, where there is one [m]."""
    signal: int = -1


@dataclass(frozen=True, slots=True)
class SignalPhase:
    """A colour and how long it is shown [s]."""

    colour: SignalColour
    duration_s: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A traffic light with a fixed cycle that begins `offset_s` after time zero (the cycle also runs before it)."""

    id: str
    position: tuple[float, float]
    phases: tuple[SignalPhase, ...]
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SurfacePatch:
    """An area whose grip differs from the rest: closed polygon (k, 2) [m] and its friction coefficient; `kind` names it."""

    polygon: FloatArray
    friction: float
    kind: str = "patch"


@dataclass(frozen=True, slots=True)
class Course:
    """A named stretch of road with its own s: lanes are counted from the right, 1 first.

    `reference` (k, 2) [m] is the line that s is measured along; `lanes[i]` is lane i + 1's chain of lane ids in order;
    `oncoming` likewise for the other direction, counted from the side nearest to ours, 1 first.
    """

    name: str
    reference: FloatArray
    lanes: tuple[tuple[str, ...], ...]
    oncoming: tuple[tuple[str, ...], ...] = ()
    strips: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What lies beside the lanes, by name: (`shoulder` | `parking` | `sidewalk` | `sidewalk_left`, chain of lane ids)."""
