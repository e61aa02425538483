"""What does not fit together is refused when the road is built, and said clearly."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from roads import lane

from alpasim.errors import InputError
from alpasim.road.network import Course, Neighbour, RoadNetwork, Signal, SignalPhase, SurfacePatch
from alpasim.types import SignalColour

LINE = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
GREEN = SignalPhase(SignalColour.GREEN, 5.0)


def with_nan() -> np.ndarray:
    line = LINE.copy()
    line[1, 1] = math.nan
    return line


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"left": with_nan()}, r"lane 'a': left point 1 is \[10\.0, nan\], expected finite"),
        ({"right": LINE[:2]}, r"centre, left and right have \(3, 3, 2\) points"),
        ({"centre": LINE[:1]}, r"centre has shape \(1, 2\), expected \(k, 2\) with k at least 2"),
        ({"centre": LINE.astype(np.float32)}, "expected a float64 array"),
        ({"successors": ("bb",)}, r"has successor 'bb', which does not exist \(did you mean 'b'\?\)"),
        ({"predecessors": ("c",)}, "has predecessor 'c', which does not exist"),
        ({"left_neighbour": Neighbour("z", True)}, "has left neighbour 'z', which does not exist"),
        ({"right_neighbour": Neighbour("a", True)}, "is its own right neighbour"),
        ({"speed_limit_mps": math.nan}, "speed limit is nan"),
        ({"speed_limit_mps": 0.0}, r"speed limit is 0\.0"),
        ({"signal": 0}, "signal is 0, expected -1 or a row of the 0 signals"),
        ({"stop_line": LINE}, "stop_line has 3 points, expected 2"),
    ],
)
def test_lanes(changes: dict[str, Any], message: str) -> None:
    first = dataclasses.replace(lane("a", LINE), **changes)
    with pytest.raises(InputError, match=message):
        RoadNetwork([first, lane("b", LINE + 5.0)])


def test_the_rest() -> None:
    lanes = [lane("a", LINE)]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"lanes": []}, "has no lanes"),
        ({"lanes": [*lanes, lane("a", LINE)]}, "lane 'a' appears twice"),
        ({"signals": [Signal("s", (0.0, 0.0), ())]}, "signal 's': has no phases"),
        ({"signals": [Signal("s", (0.0, 0.0), (GREEN,), math.inf)]}, "offset is inf"),
        ({"signals": [Signal("s", (0.0, 0.0), (SignalPhase(SignalColour.RED, 0.0),))]}, "phase 0 lasts 0.0 s"),
        ({"signals": [Signal("s", (0.0, 0.0), (GREEN,))] * 2}, "signal 's' appears twice"),
        ({"surfaces": [SurfacePatch(LINE[:2], 0.5)]}, "at least 3"),
        ({"surfaces": [SurfacePatch(LINE, 0.0)]}, "friction is 0.0, expected a positive number"),
        ({"courses": [Course("c", LINE, (("a", "x"),))]}, "course 'c': lists lane 'x', which does not exist"),
        ({"courses": [Course("c", LINE, ((),))]}, "has no lane ids"),
        ({"courses": [Course("c", with_nan(), (("a",),))]}, "reference point 1"),
    ]
    for changes, message in cases:
        with pytest.raises(InputError, match=message):
            RoadNetwork(**({"lanes": lanes} | changes))
