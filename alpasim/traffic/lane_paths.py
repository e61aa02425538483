"""Ways along chains of lanes, as evenly sampled tables that kernels look up by arc length.

Answers where a lane's traffic goes (successors, the straightest unless told to turn), how fast its bends and limits let it
go, where its stop lines are, and how it ends. Which lanes lie beside one another is asked of `cross_section.py`, and who
drives there is `follow.py`'s matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle, wrap_angles
from alpasim.road.network import TRAFFIC_KINDS, Lane, RoadNetwork
from alpasim.road.polyline import arc_length, project
from alpasim.types import BoolArray, FloatArray, IntArray, frozen

Turn = Literal["left", "straight", "right"]

SPACING_M = 1.0
"""Distance between the rows of a table, at most [m]."""
CURVATURE_WINDOW_M = 5.0
"""The curvature at a place is the turn from this far before it to this far behind it, per metre [m]."""
BENDS = ((5.0, 0.25), (10.0, 0.25), (20.0, 0.0))
"""How a bend is told from the wobble of a recorded map: half of a stretch [m], and the turn over that stretch from which on it
counts [rad]. Short stretches find the corners, the longest one the wide bends."""

X, Y, HEADING, CURVATURE, BEND_SPEED, LIMIT_SPEED = range(6)
COLUMNS = 6

_MOST_LANES = 10_000
MOST_PATHS = 64
"""Ways that are remembered on one road."""


class PathTable(NamedTuple):
    """All ways of one scenario behind one another, for kernels.

    `points` (N, 6) holds the columns X, Y, HEADING (unwrapped) … LIMIT_SPEED; way p owns `rows[p]` rows from `first[p]` on,
    `spacing[p]` apart [m]. `dead_end[p]`: traffic must stop before its end instead of driving off. Its stop lines are
    `stop_s` and `stop_signal` from `stop_first[p]` to `stop_first[p + 1]`.
    """

    points: FloatArray
    first: IntArray
    rows: IntArray
    spacing: FloatArray
    dead_end: BoolArray
    stop_s: FloatArray
    stop_signal: IntArray
    stop_first: IntArray


@dataclass(frozen=True, slots=True)
class LanePath:
    """One way: its table, and which lane it runs on from where.

    `lanes` are the ids in order and `starts` (k,) where each begins [m]; `against` says that it runs against their
    direction; `forks` (j,) where a turn was chosen [m]. `entry` (m, 2) are the table's places on the first lane, and `entry_s`
    (m,) their arc lengths as the crow flies from one to the next [m].
    """

    points: FloatArray
    spacing: float
    dead_end: bool
    stops: tuple[tuple[float, int], ...]
    lanes: tuple[str, ...]
    starts: FloatArray
    against: bool
    forks: FloatArray
    entry: FloatArray
    entry_s: FloatArray

    @property
    def length_m(self) -> float:
        """Arc length [m]."""
        return self.spacing * (len(self.points) - 1)

    def lane_at(self, s: float) -> str:
        """The lane's id at an arc length."""
        return self.lanes[max(0, int(np.searchsorted(self.starts, s, side="right")) - 1)]

    def on_entry(self, x: float, y: float) -> tuple[float, float]:
        """Place along and across the first lane [m]."""
        s, d, _ = project(np.array([[x, y]]), self.entry, self.entry_s)
        share = self.spacing * (len(self.entry) - 1) / float(self.entry_s[-1])
        return float(s[0]) * share, float(d[0])


@dataclass(frozen=True, slots=True)
class Grip:
    """How hard ordinary drivers use the tyres [m/s^2]: sideways in bends, and braking before bends and lower limits."""

    sideways: float
    braking: float

    @classmethod
    def on(cls, friction: float) -> Grip:
        """2.5 and 1.5 m/s^2 where the road gives it, half and less of what it gives where it does not."""
        return cls(min(2.5, 0.5 * friction * 9.81), min(1.5, 0.35 * friction * 9.81))


_laid_out: WeakKeyDictionary[RoadNetwork, dict[tuple[str, bool, tuple[Turn, ...], float, Grip], LanePath]] = (
    WeakKeyDictionary()
)


def _line(lane: Lane, against: bool) -> FloatArray:
    """The lane's centre in the direction of travel."""
    return lane.centre[::-1] if against else lane.centre


def _direction(line: FloatArray, end: bool) -> float:
    """Heading of a line's first or last piece that has a length."""
    steps = np.diff(line, axis=0)
    steps = steps[np.hypot(steps[:, 0], steps[:, 1]) > 1e-9]
    if len(steps) == 0:
        return 0.0
    dx, dy = steps[-1 if end else 0]
    return math.atan2(dy, dx)


def _choose(lane: Lane, options: list[Lane], against: bool, turn: Turn) -> Lane:
    """The way on: the one that turns least, or most to the left or right; the first of equals."""
    before = _direction(_line(lane, against), end=True)
    bends = [wrap_angle(_direction(_line(option, against), end=True) - before) for option in options]
    if turn == "straight":
        bends = [-abs(bend) for bend in bends]
    elif turn == "right":
        bends = [-bend for bend in bends]
    return options[int(np.argmax(np.round(bends, 9)))]


def lane_chain(
    road: RoadNetwork, lane_id: str, against: bool, turns: tuple[Turn, ...], reach_m: float
) -> tuple[list[Lane], list[int]]:
    """Lanes from `lane_id` on until the road ends or `reach_m` is covered, and after which of them a turn was chosen."""
    chain, forks = [road.lanes[road.lane_index[lane_id]]], list[int]()
    covered = float(arc_length(np.ascontiguousarray(chain[0].centre))[-1])
    while covered < reach_m and len(chain) < _MOST_LANES:
        ids = chain[-1].predecessors if against else chain[-1].successors
        options = [road.lanes[road.lane_index[name]] for name in ids]
        if not options:
            break
        turn: Turn = "straight"
        if len(options) > 1:
            turn = turns[len(forks)] if len(forks) < len(turns) else "straight"
            forks.append(len(chain) - 1)
        chain.append(_choose(chain[-1], options, against, turn))
        covered += float(arc_length(np.ascontiguousarray(chain[-1].centre))[-1])
    return chain, forks


def lane_path(
    road: RoadNetwork, lane_id: str, against: bool, turns: tuple[Turn, ...], reach_m: float, grip: Grip
) -> LanePath:
    """The way that traffic on a lane takes, from that lane's beginning; laid out once for all scenarios on this road."""
    laid = _laid_out.setdefault(road, {})
    key = (lane_id, against, turns, reach_m, grip)
    if key not in laid:
        if len(laid) >= MOST_PATHS:
            laid.clear()
        laid[key] = build_path(road, lane_id, against, turns, reach_m, grip)
    return laid[key]


def build_path(
    road: RoadNetwork, lane_id: str, against: bool, turns: tuple[Turn, ...], reach_m: float, grip: Grip
) -> LanePath:
    """`lane_path`, laid out anew."""
    chain, forks = lane_chain(road, lane_id, against, turns, reach_m)
    lines = [np.asarray(_line(lane, against), dtype=np.float64) for lane in chain]
    whole = np.ascontiguousarray(np.concatenate(lines))
    s_whole = arc_length(whole)
    ends = np.cumsum([len(line) for line in lines]) - 1
    starts = np.concatenate(([0.0], s_whole[ends[:-1]]))
    points, spacing = _table(whole, s_whole)
    limits = np.array([lane.speed_limit_mps for lane in chain])
    at = spacing * np.arange(len(points))
    limit = limits[np.maximum(np.searchsorted(starts, at, side="right") - 1, 0)]
    bend = np.sqrt(grip.sideways / np.maximum(_sharpest_bend(points[:, HEADING], spacing), 1e-9))
    points[:, BEND_SPEED] = _reachable(bend, spacing, grip.braking)
    points[:, LIMIT_SPEED] = _reachable(limit, spacing, grip.braking)
    first_m = starts[1] if len(starts) > 1 else spacing * (len(points) - 1)
    entry = np.ascontiguousarray(points[: math.ceil(first_m / spacing) + 2, :2])
    return LanePath(
        points=frozen(points),
        spacing=spacing,
        dead_end=_is_dead_end(road, chain[-1], against),
        stops=() if against else _stops(chain, starts, s_whole[ends]),
        lanes=tuple(lane.id for lane in chain),
        starts=starts,
        against=against,
        forks=s_whole[ends[forks]] if forks else np.empty(0),
        entry=entry,
        entry_s=arc_length(entry),
    )


def _table(line: FloatArray, s: FloatArray) -> tuple[FloatArray, float]:
    """Even samples of a line with heading and curvature; the speeds are filled in later."""
    steps = max(1, math.ceil(float(s[-1]) / SPACING_M - 1e-9))
    spacing = max(float(s[-1]), 1e-6) / steps
    at = spacing * np.arange(steps + 1)
    points = np.zeros((steps + 1, COLUMNS))
    points[:, X], points[:, Y] = np.interp(at, s, line[:, 0]), np.interp(at, s, line[:, 1])
    chords = np.diff(points[:, :2], axis=0)
    headings = np.arctan2(chords[:, 1], chords[:, 0])
    turns = wrap_angles(np.diff(headings))
    piece = headings[0] + np.concatenate(([0.0], np.cumsum(turns)))
    inner = 0.5 * (piece[1:] + piece[:-1])
    first = piece[0] - 0.5 * (turns[0] if len(turns) else 0.0)
    last = piece[-1] + 0.5 * (turns[-1] if len(turns) else 0.0)
    points[:, HEADING] = np.concatenate(([first], inner, [last]))
    points[:, CURVATURE] = _curvature(points[:, HEADING], spacing, CURVATURE_WINDOW_M)
    return points, spacing


def _curvature(heading: FloatArray, spacing: float, window_m: float) -> FloatArray:
    """Turn per metre over a window round each row, shorter at the ends [1/m]."""
    window, rows = max(1, round(window_m / spacing)), np.arange(len(heading))
    low, high = np.maximum(rows - window, 0), np.minimum(rows + window, len(heading) - 1)
    return np.asarray((heading[high] - heading[low]) / (spacing * (high - low)), dtype=np.float64)


def _sharpest_bend(heading: FloatArray, spacing: float) -> FloatArray:
    """Curvature of the bend that each row belongs to, the sharpest of several [1/m].

    The turn over a stretch blurs where a bend begins, so every row near the stretch's middle takes its full curvature.
    """
    sharpest = np.zeros(len(heading))
    for window_m, least_turn in BENDS:
        curvature = np.abs(_curvature(heading, spacing, window_m))
        curvature[curvature * 2.0 * window_m < least_turn] = 0.0
        reach = max(1, round(window_m / spacing))
        blurred = np.lib.stride_tricks.sliding_window_view(np.pad(curvature, reach), 2 * reach + 1).max(axis=1)
        sharpest = np.maximum(sharpest, blurred)
    return sharpest


@compiled
def _reachable(speed: FloatArray, spacing: float, braking: float) -> FloatArray:
    """The fastest speeds that still let a driver brake in time for every slower place ahead."""
    capped = speed.copy()
    for i in range(len(capped) - 2, -1, -1):
        if capped[i] > capped[i + 1]:
            capped[i] = min(capped[i], math.sqrt(capped[i + 1] ** 2 + 2.0 * braking * spacing))
    return capped


def _stops(chain: list[Lane], starts: FloatArray, ends: FloatArray) -> tuple[tuple[float, int], ...]:
    """Where the lanes' traffic lights hold traffic back: the stop line, or the lane's end where none is drawn."""
    stops = []
    for lane, start, end in zip(chain, starts, ends, strict=True):
        if lane.signal < 0:
            continue
        at = float(end)
        if lane.stop_line is not None:
            centre = np.ascontiguousarray(lane.centre, dtype=np.float64)
            along, _, _ = project(np.ascontiguousarray(lane.stop_line, dtype=np.float64), centre, arc_length(centre))
            at = float(start) + float(np.mean(along))
        stops.append((at, lane.signal))
    return tuple(stops)


def _is_dead_end(road: RoadNetwork, lane: Lane, against: bool) -> bool:
    """True where the lane ends while a lane beside it goes on (a ramp's merging lane): its traffic must not drive on.

    A road that ends as a whole is open: its traffic drives off and is gone.
    """
    if (lane.predecessors if against else lane.successors) or against:
        return False
    for neighbour in (lane.left_neighbour, lane.right_neighbour):
        if neighbour is not None and neighbour.same_direction:
            beside = road.lanes[road.lane_index[neighbour.lane]]
            if beside.successors and beside.kind in TRAFFIC_KINDS:
                return True
    return False


def join(paths: list[LanePath]) -> PathTable:
    """All ways in one table, in list order."""
    count = np.array([len(path.points) for path in paths], dtype=np.int64)
    stops = [stop for path in paths for stop in path.stops]
    return PathTable(
        points=np.concatenate([path.points for path in paths]) if paths else np.empty((0, COLUMNS)),
        first=np.concatenate(([0], np.cumsum(count)[:-1])).astype(np.int64),
        rows=count,
        spacing=np.array([path.spacing for path in paths], dtype=np.float64),
        dead_end=np.array([path.dead_end for path in paths], dtype=np.bool_),
        stop_s=np.array([s for s, _ in stops], dtype=np.float64),
        stop_signal=np.array([signal for _, signal in stops], dtype=np.int64),
        stop_first=np.concatenate(([0], np.cumsum([len(path.stops) for path in paths]))).astype(np.int64),
    )
