"""Contacts of one control step: Bullet's points of every substep merged into one `Contact` a pair of actors.

Answers who touched whom, where on both bodies, how hard, and how their velocities changed meanwhile. Touching the ground is
no contact. Bodies are told apart by row; how they move is read from the table of present motion that the world keeps.

A body is a box here, so Bullet never reports a wheel: only wheels that met something low, told by `add_wheel`, are one.

What a body gained is its change of velocity from before to after each part of a substep in which the pair pressed on each
other. An impulse over a mass would say what the other alone gave it, which is no change that anybody could have seen where the
body was pinched against something else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.geometry import axes_from_quaternion
from alpasim.types import EGO, PARTS, BoolArray, Contact, FloatArray
from alpasim.world.underbody import Strike

BODY_A, BODY_B, POINT_ON_B, NORMAL_ON_B, NORMAL_FORCE = 1, 2, 6, 7, 9
"""Places in one of Bullet's contact points; the normal on B points towards A."""

X, Y, YAW, VX, VY, YAW_RATE, Z, VZ = range(8)
"""Columns of the table of present motion (n, 8): box centre, velocity, heading and its rate, world frame."""

EDGE_M = 0.15
"""A point this much deeper under one face than under another may belong to both: the normal decides between them."""

Vector3 = tuple[float, float, float]
_NOTHING: Vector3 = (0.0, 0.0, 0.0)
Box = tuple[Vector3, tuple[float, float, float, float], Sequence[float]]
"""A body's box: centre [m], rotation (x, y, z, w), and length, width, height [m]."""


@dataclass(frozen=True, slots=True)
class WheelHit:
    """A wheel of the ego on the low body of a row: the impulse on the ego `push` (3,) [N s], where (3,) [m], how fast
    the two approached [m/s], and the impulse of the whole load with which the wheel pinches it on the ground [N s]."""

    row: int
    push: Vector3
    point: Vector3
    closing_speed_mps: float
    pinch_ns: float = 0.0


@dataclass(slots=True)
class _Merged:
    """What is known so far of one pair's contact in this control step; `gained` is what either one's velocity changed by."""

    impulse_ns: float
    largest_ns: float
    point: Vector3
    normal: Vector3
    closing_speed_mps: float
    substep: int
    parts: tuple[str, str] = ("front", "front")
    gained: tuple[Vector3, Vector3] = (_NOTHING, _NOTHING)


class ContactMerger:
    """Collects the contacts of one control step; `row_of_body` tells Bullet's bodies apart."""

    def __init__(self, row_of_body: Mapping[int, int]) -> None:
        self._row_of_body = row_of_body
        self._merged: dict[tuple[int, int], _Merged] = {}
        self._pressing: list[tuple[int, int]] = []

    def begin(self) -> None:
        """Forget the last control step."""
        self._merged.clear()
        self._pressing.clear()

    def add(
        self,
        points: Iterable[Any],
        substep: int,
        substep_s: float,
        motion: FloatArray,
        ignored: BoolArray,
        box_of: Callable[[int], Box],
    ) -> list[tuple[int, int]]:
        """Merge Bullet's points of a substep, or of a part of one, that lasted `substep_s`; returns the pairs of rows that
        pushed on each other in it, in row order.

        `motion` (n, 8) is how all bodies moved just before, and `box_of` says where a row's box was; pairs set in
        `ignored` (n, n) are passed over.
        """
        strongest: dict[tuple[int, int], _Merged] = {}
        for point in points:
            impulse = point[NORMAL_FORCE] * substep_s
            a, b = self._row_of_body.get(point[BODY_A], -1), self._row_of_body.get(point[BODY_B], -1)
            if impulse <= 0.0 or a < 0 or b < 0:
                continue
            pair = (a, b) if a < b else (b, a)
            if ignored[pair]:
                continue
            sign = 1.0 if a < b else -1.0
            nx, ny, nz = point[NORMAL_ON_B]
            normal = (sign * nx, sign * ny, sign * nz)
            place = point[POINT_ON_B]
            closing = closing_speed(motion[pair[0]], motion[pair[1]], place, normal)
            known = strongest.get(pair)
            if known is None:
                strongest[pair] = _Merged(impulse, impulse, place, normal, closing, substep)
                continue
            known.impulse_ns += impulse
            known.closing_speed_mps = max(known.closing_speed_mps, closing)
            if impulse > known.largest_ns:
                known.largest_ns, known.point, known.normal = impulse, place, normal
        pairs = sorted(strongest)
        for pair in pairs:
            found = strongest[pair]
            found.parts = (
                part_of(found.point, found.normal, *box_of(pair[0])),
                part_of(found.point, _less(found.normal), *box_of(pair[1])),
            )
            self._merge(pair, found)
        return pairs

    def add_wheel(self, hit: WheelHit, substep: int, box: Box) -> None:
        """Add that a wheel of the ego met a low body, whose box that is."""
        impulse = math.hypot(*hit.push)
        if impulse <= 0.0:
            return
        x, y, z = hit.push
        normal = (x / impulse, y / impulse, z / impulse)
        found = _Merged(impulse, impulse, hit.point, normal, hit.closing_speed_mps, substep)
        found.parts = ("wheel", part_of(hit.point, _less(normal), *box))
        self._merge((EGO, hit.row), found)

    def add_strike(self, hit: Strike, substep: int, own: Box, box: Box) -> None:
        """Add that the ego's lower edge struck a low body, given both boxes."""
        found = _Merged(hit.impulse_ns, hit.impulse_ns, hit.point, hit.normal, hit.closing_speed_mps, substep)
        found.parts = (part_of(hit.point, hit.normal, *own), part_of(hit.point, _less(hit.normal), *box))
        self._merge((EGO, hit.row), found)

    def end_part(self, gained: Callable[[int], Vector3]) -> None:
        """After each part of a substep: note what those gained that pressed on each other in it; `gained` says by how much the
        velocity of a row's centre of mass has changed."""
        for pair in self._pressing:
            merged = self._merged[pair]
            first, second = merged.gained
            merged.gained = _sum(first, gained(pair[0])), _sum(second, gained(pair[1]))
        self._pressing.clear()

    def _merge(self, pair: tuple[int, int], found: _Merged) -> None:
        """Add one substep's contact of a pair to those before it; point, normal and parts follow the largest impulse."""
        found.largest_ns = found.impulse_ns
        if pair not in self._pressing:
            self._pressing.append(pair)
        known = self._merged.get(pair)
        if known is None:
            self._merged[pair] = found
            return
        known.impulse_ns += found.impulse_ns
        if found.largest_ns > known.largest_ns:
            known.largest_ns, known.point, known.normal = found.largest_ns, found.point, found.normal
            known.parts = found.parts

    def contacts(self) -> tuple[Contact, ...]:
        """The control step's contacts, by pair of rows."""
        return tuple(
            Contact(
                first=pair[0],
                second=pair[1],
                impulse_ns=merged.impulse_ns,
                point=_fixed_array(merged.point),
                normal=_fixed_array(merged.normal),
                closing_speed_mps=merged.closing_speed_mps,
                substep=merged.substep,
                first_part=merged.parts[0],
                second_part=merged.parts[1],
                first_delta_v=_fixed_array(merged.gained[0]),
                second_delta_v=_fixed_array(merged.gained[1]),
            )
            for pair, merged in sorted(self._merged.items())
        )


def part_of(point: Vector3, push: Vector3, centre: Vector3, rotation: Sequence[float], extent: Sequence[float]) -> str:
    """The one of PARTS of a box that was hit at `point`, the box being pushed along `push`.

    The nearest face; of faces that are about as near (`EDGE_M`, at most a quarter of the shortest side: a corner or an
    edge was hit), the one that faces the push most squarely.
    """
    axes = axes_from_quaternion(rotation)
    within = 0.25 * min(extent)
    depth, facing = [], []
    for axis, side in zip(axes, extent, strict=True):
        place = sum((p - c) * a for p, c, a in zip(point, centre, axis, strict=True))
        outward = -sum(p * a for p, a in zip(push, axis, strict=True))
        depth += [abs(0.5 * side - place), abs(0.5 * side + place)]
        facing += [outward, -outward]
    limit = min(depth) + min(EDGE_M, within)
    near = [face for face in range(6) if depth[face] <= limit and facing[face] > 0.0]
    return PARTS[max(near or range(6), key=lambda face: facing[face])]


def _sum(first: Vector3, second: Vector3) -> Vector3:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def _less(vector: Vector3) -> Vector3:
    return -vector[0], -vector[1], -vector[2]


def closing_speed(first: FloatArray, second: FloatArray, point: Vector3, normal: Vector3) -> float:
    """Speed at which two bodies approach at a point along the normal that points from the second to the first; 0 where
    they part [m/s]. Both are rows of the table of present motion."""
    part = 0.0
    for row, sign in ((first, -1.0), (second, 1.0)):
        arm_x, arm_y = point[0] - float(row[X]), point[1] - float(row[Y])
        rate = float(row[YAW_RATE])
        part += sign * (float(row[VX]) - rate * arm_y) * normal[0]
        part += sign * (float(row[VY]) + rate * arm_x) * normal[1]
        part += sign * float(row[VZ]) * normal[2]
    return max(0.0, part)


def _fixed_array(values: Vector3) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
