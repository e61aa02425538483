"""What makes a road unlevel or its ground other than asphalt: grades, cross-slopes, kerbs, bumps, holes; kinds of ground.

Values and tables only. `raising.py` makes of them what kernels read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from alpasim.types import FloatArray

TERRAIN = "grass"
"""What lies beside a road that says nothing of it."""

FACE_M = 0.04
"""How wide the face of a kerb is: over it the ground rises from the street to full height [m]."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A stretch that rises by `grade` metres a metre from `begin` to `end` along `line` (k, 2) [m].

    Over the first and last `ease` metres the grade comes and goes evenly (parabolic vertical curves). What lies after it stays
    at the height reached, so that the whole gains grade * (end - begin - ease).
    """

    line: FloatArray
    begin: float
    end: float
    grade: float
    ease: float


@dataclass(frozen=True, slots=True)
class CrossSlope:
    """A stretch that rises by `slope` metres a metre to the left of `line` (k, 2) [m], and falls to its right.

    It comes and goes smoothly over `ease` metres within the stretch; beyond `right` and `left` of the line, both left
    positive, the ground goes on at the height it has there.
    """

    line: FloatArray
    begin: float
    end: float
    slope: float
    ease: float
    right: float
    left: float


@dataclass(frozen=True, slots=True)
class Raised:
    """An area (k, 2) at a height above the rest, below it where negative, with a face `face` wide inside its border [m]."""

    polygon: FloatArray
    height: float
    face: float = FACE_M
    kind: str = "kerb"


@dataclass(frozen=True, slots=True)
class Sidewalks:
    """Every sidewalk of the road raised by `height` [m], crossings left at street level."""

    height: float


@dataclass(frozen=True, slots=True)
class Bump:
    """A speed bump whose middle is at x, y: a cosine's wave of `length` along `heading`, `height` high, from `right` to
    `left` of its middle [m]."""

    x: float
    y: float
    heading: float
    length: float
    height: float
    right: float
    left: float

    def corners(self) -> FloatArray:
        """The area that it takes up, (4, 2) [m]."""
        cos, sin, half = math.cos(self.heading), math.sin(self.heading), 0.5 * self.length
        corners = ((half, -self.right), (half, self.left), (-half, self.left), (-half, -self.right))
        return np.array([(self.x + u * cos - v * sin, self.y + u * sin + v * cos) for u, v in corners])


Part = Grade | CrossSlope | Raised | Sidewalks | Bump
"""Anything that makes a road unlevel."""
