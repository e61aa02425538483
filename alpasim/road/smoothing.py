"""A line that can be driven from one that was recorded or put together: smooth, evenly sampled, never far from the original.

Answers with positions, headings and curvatures that a speed plan can use. Straights stay straight; what would move by more
than WAVE_M is a bend and not a wave of the recording, and there smoothing yields until the line is within BEND_M.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.polyline import arc_length
from alpasim.types import BoolArray, FloatArray

WAVE_M = 0.2
"""Waves of a line up to this are taken for noise and smoothed away [m]."""

BEND_M = 0.1
"""How far a smoothed line may stray from the original in and near a bend [m]."""

CORNER_M = 0.6
"""How far a line may cut a corner that is tighter than TIGHTEST [m]."""

TIGHTEST = 0.2
"""Curvature up to which cars can follow a line at walking pace [1/m]."""

_NEAR_POINTS = 20

STRONGEST = 1e6
"""Weight of the third differences where nothing speaks against it: waves below about 60 m at 1 m spacing disappear."""

WEAKEST = 0.1
"""Weight below which it is not lowered: about what rounds a corner between two points."""

_ROUNDS = 24


def smoothed(line: FloatArray) -> FloatArray:
    """The evenly sampled line (k, 2) with its waves taken out, within WAVE_M of itself; both ends are kept.

    Where lanes meet in a corner that no car can follow, the line cuts it by up to CORNER_M.
    """
    if len(line) < 5:
        return line.copy()
    bend = np.full(len(line), BEND_M)
    found = _within(line, bend)
    while True:
        tight = _around(np.abs(curvatures(found)) > TIGHTEST, 12) & (bend < CORNER_M)
        if not tight.any():
            return found
        bend[tight] = np.minimum(1.6 * bend[tight], CORNER_M)
        found = _within(line, bend)


def _within(line: FloatArray, bend: FloatArray) -> FloatArray:
    """The line smoothed as strongly as it can be within WAVE_M, and within `bend` (k,) where that is not enough [m]."""
    weight = np.full(len(line) - 3, STRONGEST)
    allowed = np.maximum(bend, WAVE_M)
    found = line.copy()
    for _ in range(_ROUNDS):
        found = whittaker(line, weight)
        strays = np.hypot(found[:, 0] - line[:, 0], found[:, 1] - line[:, 1]) > allowed
        yields = _around(strays, 6)[1:-2] & (weight > WEAKEST)
        if not yields.any():
            break
        near = _around(strays, _NEAR_POINTS)
        allowed[near] = bend[near]
        weight[yields] = np.maximum(weight[yields] * 0.3, WEAKEST)
        weight = _gradual(weight)
    return found


def _around(marked: BoolArray, reach: int) -> BoolArray:
    """The marked points and all within `reach` points of one."""
    count = np.concatenate([np.zeros(reach + 1), np.cumsum(marked), np.full(reach, marked.sum())])
    around: BoolArray = count[2 * reach + 1 :] > count[: -2 * reach - 1]
    return around


@compiled
def _gradual(weight: FloatArray) -> FloatArray:
    """The weights with no rise steeper than by a half from one to the next: sudden changes would show as jerks."""
    result = weight.copy()
    for i in range(1, len(result)):
        result[i] = min(result[i], 1.5 * result[i - 1])
    for i in range(len(result) - 2, -1, -1):
        result[i] = min(result[i], 1.5 * result[i + 1])
    return result


@compiled
def whittaker(line: FloatArray, weight: FloatArray) -> FloatArray:
    """Minimises the squared distance from `line` (k, 2) plus `weight` (k - 3,) times its squared third differences.

    The end points hold firm. Solves the banded normal equations by LDL', in one fixed order (Whittaker 1923; Eilers 2003).
    """
    k = line.shape[0]
    band = np.zeros((k, 4))
    rhs = line.copy()
    difference = np.array([-1.0, 3.0, -3.0, 1.0])
    for i in range(k):
        hold = 1e9 if i == 0 or i == k - 1 else 1.0
        band[i, 0] = hold
        rhs[i, 0], rhs[i, 1] = hold * line[i, 0], hold * line[i, 1]
    for j in range(k - 3):
        for a in range(4):
            for b in range(a, 4):
                band[j + a, b - a] += weight[j] * difference[a] * difference[b]
    for i in range(k):
        for step in range(1, 4):
            if i + step >= k:
                break
            factor = band[i, step] / band[i, 0]
            for other in range(step, 4):
                if i + other < k:
                    band[i + step, other - step] -= factor * band[i, other]
            rhs[i + step, 0] -= factor * rhs[i, 0]
            rhs[i + step, 1] -= factor * rhs[i, 1]
    for i in range(k - 1, -1, -1):
        for column in range(2):
            total = rhs[i, column]
            for step in range(1, 4):
                if i + step < k:
                    total -= band[i, step] * rhs[i + step, column]
            rhs[i, column] = total / band[i, 0]
    return rhs


@compiled
def headings(line: FloatArray) -> FloatArray:
    """Direction (k,) of a line at its points, unwrapped: that of the circle through each point and its neighbours."""
    k = line.shape[0]
    result = np.empty(k)
    previous = 0.0
    for i in range(k - 1):
        dx, dy = line[i + 1, 0] - line[i, 0], line[i + 1, 1] - line[i, 1]
        direction = math.atan2(dy, dx)
        if i > 0:
            direction = previous + (direction - previous + math.pi) % (2.0 * math.pi) - math.pi
        result[i] = direction
        previous = direction
    for i in range(k - 2, 0, -1):
        result[i] = 0.5 * (result[i] + result[i - 1])
    turn = result[1] - result[0] if k > 2 else 0.0
    result[k - 1] = previous + (previous - result[k - 2] if k > 2 else 0.0)
    result[0] -= turn
    return result


def curvatures(line: FloatArray) -> FloatArray:
    """Curvature (k,) of a line [1/m], left positive: turn from segment to segment over their mean length, ends continued."""
    if len(line) < 3:
        return np.zeros(len(line))
    step = np.diff(line, axis=0)
    length = np.diff(arc_length(line))
    cross = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    dot = step[:-1, 0] * step[1:, 0] + step[:-1, 1] * step[1:, 1]
    inner = np.arctan2(cross, dot) / (0.5 * (length[:-1] + length[1:]))
    return np.concatenate([inner[:1], inner, inner[-1:]])
