"""What must hold for lanes, signals, surfaces, courses and relief before they make a road; every breach is an InputError.

Checks form and references only: whether a road is sensible to drive on is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.road.lanes import Course, Lane, Signal, SurfacePatch
from alpasim.road.soil import SOILS
from alpasim.road.unlevel import Bump, CrossSlope, Grade, Part, Raised
from alpasim.types import FloatArray


def check_road(
    lanes: Sequence[Lane],
    signals: Sequence[Signal],
    surfaces: Sequence[SurfacePatch],
    courses: Sequence[Course],
    parts: Sequence[Part],
    terrain: str,
) -> None:
    """Raise InputError at the first thing that is wrong."""
    if not lanes:
        raise InputError("road: has no lanes, expected at least one")
    _unique("lane", (lane.id for lane in lanes))
    _unique("signal", (signal.id for signal in signals))
    _unique("course", (course.name for course in courses))
    known = {lane.id for lane in lanes}
    for lane in lanes:
        _check_lane(lane, known, len(signals))
    for signal in signals:
        _check_signal(signal)
    for number, patch in enumerate(surfaces):
        where = f"road: surface {number} ({patch.kind})"
        _check_points(where, "polygon", patch.polygon, at_least=3)
        if not (np.isfinite(patch.friction) and patch.friction > 0.0):
            raise InputError(f"{where}: friction is {patch.friction}, expected a positive number")
    for course in courses:
        where = f"road: course {course.name!r}"
        _check_points(where, "reference", course.reference, at_least=2)
        for chain in (*course.lanes, *course.oncoming, *(ids for _, ids in course.strips)):
            if not chain:
                raise InputError(f"{where}: a lane of it has no lane ids, expected at least one")
            _check_known(where, "lists lane", chain, known)
    for number, part in enumerate(parts):
        _check_part(f"road: relief {number}", part)
    if terrain not in SOILS:
        raise InputError(
            f"road: unknown terrain {terrain!r}{did_you_mean(terrain, SOILS)}, expected one of {', '.join(SOILS)}"
        )


def _check_part(where: str, part: Part) -> None:
    values = asdict(part)
    for name in ("line", "polygon"):
        if name in values:
            _check_points(where, name, values[name], at_least=2 if name == "line" else 3)
    for name, value in values.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise InputError(f"{where}: {name} is {value}, expected a finite number")
    if isinstance(part, Grade | CrossSlope) and not 0.0 < 2.0 * part.ease <= (part.end - part.begin) * (1.0 + 1e-9):
        length = part.end - part.begin
        raise InputError(
            f"{where}: ease is {part.ease:g} m, expected more than 0 and at most half its length {length:g} m"
        )
    if isinstance(part, CrossSlope) and not part.right < part.left:
        raise InputError(f"{where}: reaches from {part.right:g} to {part.left:g} m, expected left to be more")
    if isinstance(part, Raised) and not part.face > 0.0:
        raise InputError(f"{where}: its face is {part.face:g} m wide, expected more than 0")
    if isinstance(part, Bump) and not (part.length > 0.0 and part.right + part.left > 0.0):
        raise InputError(f"{where}: is {part.length:g} m by {part.right + part.left:g} m, expected more than 0")


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"road: {what} {name!r} appears twice, expected unique ids")
        seen.add(name)


def _check_points(where: str, name: str, points: FloatArray, at_least: int) -> None:
    if not isinstance(points, np.ndarray) or points.dtype != np.float64:
        raise InputError(f"{where}: {name} is {type(points).__name__}, expected a float64 array")
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < at_least:
        raise InputError(f"{where}: {name} has shape {points.shape}, expected (k, 2) with k at least {at_least}")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise InputError(f"{where}: {name} point {bad[0]} is {points[bad[0]].tolist()}, expected finite coordinates")


def _check_known(where: str, verb: str, ids: Iterable[str], known: set[str]) -> None:
    for lane_id in ids:
        if lane_id not in known:
            raise InputError(f"{where}: {verb} {lane_id!r}, which does not exist{did_you_mean(lane_id, sorted(known))}")


def _check_lane(lane: Lane, known: set[str], signals: int) -> None:
    where = f"road: lane {lane.id!r}"
    for name, points in (("centre", lane.centre), ("left", lane.left), ("right", lane.right)):
        _check_points(where, name, points, at_least=2)
    lengths = len(lane.centre), len(lane.left), len(lane.right)
    if len(set(lengths)) != 1:
        raise InputError(f"{where}: centre, left and right have {lengths} points, expected equal numbers")
    if not lane.speed_limit_mps > 0.0:
        raise InputError(f"{where}: speed limit is {lane.speed_limit_mps} m/s, expected a positive number or inf")
    _check_known(where, "has successor", lane.successors, known)
    _check_known(where, "has predecessor", lane.predecessors, known)
    for side, neighbour in (("left", lane.left_neighbour), ("right", lane.right_neighbour)):
        if neighbour is not None:
            _check_known(where, f"has {side} neighbour", (neighbour.lane,), known)
            if neighbour.lane == lane.id:
                raise InputError(f"{where}: is its own {side} neighbour")
    if not -1 <= lane.signal < signals:
        raise InputError(f"{where}: signal is {lane.signal}, expected -1 or a row of the {signals} signals")
    if lane.stop_line is not None:
        _check_points(where, "stop_line", lane.stop_line, at_least=2)
        if len(lane.stop_line) != 2:
            raise InputError(f"{where}: stop_line has {len(lane.stop_line)} points, expected 2")


def _check_signal(signal: Signal) -> None:
    where = f"road: signal {signal.id!r}"
    if not signal.phases:
        raise InputError(f"{where}: has no phases, expected at least one")
    if not np.isfinite(signal.offset_s):
        raise InputError(f"{where}: offset is {signal.offset_s} s, expected a finite number")
    for number, phase in enumerate(signal.phases):
        if not (np.isfinite(phase.duration_s) and phase.duration_s >= 1e-3):
            raise InputError(f"{where}: phase {number} lasts {phase.duration_s} s, expected at least 0.001 s")
