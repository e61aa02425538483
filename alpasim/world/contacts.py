"""Contacts of one control step: Bullet's points of every substep merged into one `Contact` a pair of actors.

Touching the ground is no contact. Bodies are told apart by row; how they move is read from the table of present motion
that the world keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from alpasim.types import BoolArray, Contact, FloatArray

BODY_A, BODY_B, POINT_ON_B, NORMAL_ON_B, NORMAL_FORCE = 1, 2, 6, 7, 9
"""Places in one of Bullet's contact points; the normal on B points towards A."""

X, Y, YAW, VX, VY, YAW_RATE, Z, VZ = range(8)
"""Columns of the table of present motion (n, 8): box centre, velocity, heading and its rate, world frame."""


@dataclass(slots=True)
class _Merged:
    """What is known so far of one pair's contact in this control step."""

    impulse_ns: float
    largest_ns: float
    point: tuple[float, float, float]
    normal: tuple[float, float, float]
    closing_speed_mps: float
    substep: int


class ContactMerger:
    """Collects the contacts of one control step."""

    def __init__(self, row_of_body: Mapping[int, int]) -> None:
        self._row_of_body = row_of_body
        self._merged: dict[tuple[int, int], _Merged] = {}

    def begin(self) -> None:
        """Forget the last control step."""
        self._merged.clear()

    def add(
        self, points: Iterable[Any], substep: int, substep_s: float, motion: FloatArray, ignored: BoolArray
    ) -> list[tuple[int, int]]:
        """Merge Bullet's points of one substep; returns the pairs of rows that pushed on each other in it, in row
        order.

        `motion` (n, 8) is how all bodies moved just before; pairs set in `ignored` (n, n) are passed over.
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
            normal = point[NORMAL_ON_B] if a < b else tuple(-part for part in point[NORMAL_ON_B])
            place = point[POINT_ON_B]
            known = strongest.get(pair)
            if known is None:
                closing = closing_speed(motion[pair[0]], motion[pair[1]], place, normal)
                strongest[pair] = _Merged(impulse, impulse, place, normal, closing, substep)
                continue
            known.impulse_ns += impulse
            known.closing_speed_mps = max(
                known.closing_speed_mps, closing_speed(motion[pair[0]], motion[pair[1]], place, normal)
            )
            if impulse > known.largest_ns:
                known.largest_ns, known.point, known.normal = impulse, place, normal
        pairs = sorted(strongest)
        for pair in pairs:
            self._merge(pair, strongest[pair])
        return pairs

    def _merge(self, pair: tuple[int, int], found: _Merged) -> None:
        """Add one substep's contact of a pair to those before it; point and normal follow the largest impulse."""
        found.largest_ns = found.impulse_ns
        known = self._merged.get(pair)
        if known is None:
            self._merged[pair] = found
            return
        known.impulse_ns += found.impulse_ns
        if found.largest_ns > known.largest_ns:
            known.largest_ns, known.point, known.normal = found.largest_ns, found.point, found.normal

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
            )
            for pair, merged in sorted(self._merged.items())
        )


def closing_speed(
    first: FloatArray, second: FloatArray, point: tuple[float, float, float], normal: tuple[float, float, float]
) -> float:
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


def _fixed_array(values: tuple[float, float, float]) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
