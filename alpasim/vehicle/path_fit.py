"""What a tracker wants to know of a trajectory, taken from noisy poses: least-squares fits in the vehicle's own frame.

Two fits. Across: the path ahead as a parabola over distance, which gives its offset, direction and curvature without
dividing by a speed, so a path made at walking pace is as clear as one on the motorway. Along: distance over time as a
parabola, which gives place, speed and acceleration.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, IntArray


@compiled
def fit_parabola(x: FloatArray, y: FloatArray, count: int, order: int, scale: float) -> tuple[float, float, float]:
    """Least-squares c0 + c1 x + c2 x^2 through the first `count` of x and y, of at most `order` (0 to 2).

    `scale` is about the largest |x|; the normal equations are solved with x / scale, in a fixed order of operations.
    """
    matrix = np.zeros((3, 4))
    size = order + 1
    for k in range(count):
        u = x[k] / scale
        power = (1.0, u, u * u)
        for i in range(size):
            for j in range(size):
                matrix[i, j] += power[i] * power[j]
            matrix[i, 3] += power[i] * y[k]
    answer = np.zeros(3)
    for i in range(size):
        # Ridge of rounding size only: keeps coinciding points solvable.
        matrix[i, i] += 1e-12 * (1.0 + matrix[i, i])
        for row in range(i + 1, size):
            share = matrix[row, i] / matrix[i, i]
            for j in range(i, 4):
                matrix[row, j] -= share * matrix[i, j]
    for i in range(size - 1, -1, -1):
        rest = matrix[i, 3]
        for j in range(i + 1, size):
            rest -= matrix[i, j] * answer[j]
        answer[i] = rest / matrix[i, i]
    return answer[0], answer[1] / scale, answer[2] / (scale * scale)


@compiled
def path_ahead(
    times_us: IntArray,
    points: FloatArray,
    now_us: int,
    origin: tuple[float, float, float],
    reach_m: float,
    shortest_m: float,
) -> tuple[bool, float, float, float]:
    """The path from here on: whether there is one, and its offset c0 [m], slope c1 and half curvature c2 [1/m].

    `times_us` (k,), `points` (k, 2) world frame; `origin` x, y, course: the frame of the answer, left positive. Points from half a
    second ago to `reach_m` ahead count; a path shorter than `shortest_m` says nothing, its points are jitter.
    """
    x, y, course = origin
    cos, sin = math.cos(course), math.sin(course)
    along, across = np.empty(points.shape[0]), np.empty(points.shape[0])
    count, least, most = 0, 0.0, 0.0
    for k in range(points.shape[0]):
        if times_us[k] < now_us - 500_000:
            continue
        dx, dy = points[k, 0] - x, points[k, 1] - y
        ahead, left = cos * dx + sin * dy, cos * dy - sin * dx
        if count > 2 and (ahead > reach_m or times_us[k] > now_us + 4_000_000):
            break
        if count > 0 and math.hypot(ahead - along[count - 1], left - across[count - 1]) < 0.05:
            continue
        along[count], across[count] = ahead, left
        least = ahead if count == 0 else min(least, ahead)
        most = ahead if count == 0 else max(most, ahead)
        count += 1
    if count < 2 or most - least < shortest_m:
        return False, 0.0, 0.0, 0.0
    order = 2 if count > 2 else 1
    offset, slope, bend = fit_parabola(along, across, count, order, max(abs(least), abs(most)))
    return True, offset, slope, bend


@compiled
def progress_ahead(
    times_us: IntArray, points: FloatArray, now_us: int, origin: tuple[float, float, float], bend: float, window_s: float
) -> tuple[float, float, float]:
    """How far ahead the trajectory is now [m], its speed [m/s] and half its acceleration [m/s^2], along the path.

    The path is the parabola with half curvature `bend` in the frame `origin` (x, y, course). Poses within `window_s` count; after
    its last pose a trajectory stands still there.
    """
    x, y, course = origin
    cos, sin = math.cos(course), math.sin(course)
    n = points.shape[0]
    seconds, along = np.empty(n + 1), np.empty(n + 1)
    count, travelled = 0, 0.0
    before_x = before_y = 0.0
    for k in range(n):
        if k + 1 < n and times_us[k + 1] <= now_us:
            continue
        time = (times_us[k] - now_us) * 1e-6
        if count > 2 and time > window_s:
            break
        dx, dy = points[k, 0] - x, points[k, 1] - y
        ahead, left = cos * dx + sin * dy, cos * dy - sin * dx
        slope = bend * (ahead + before_x)
        length = math.sqrt(1.0 + slope * slope)
        travelled += (ahead - before_x + slope * (left - before_y)) / length
        before_x, before_y = ahead, left
        seconds[count], along[count] = time, travelled
        count += 1
    if count == 1:
        return along[0], 0.0, 0.0
    order = 2 if count > 3 else 1
    return fit_parabola(seconds, along, count, order, window_s)
