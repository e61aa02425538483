"""Savitzky–Golay smoothing and derivatives of a series sampled evenly in time.

Answers the value, first or second derivative of the parabola fitted to a window by least squares. Inside the series the
window is centred; near its ends the parabola of the first or last full window is read off, as SciPy's `mode="interp"`
does. Source: Savitzky and Golay 1964; the fit of a parabola has a closed form, so no linear algebra is needed.
"""

from __future__ import annotations

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray


@compiled
def fitted(series: FloatArray, first: int, window: int, at: int, derivative: int, delta: float) -> float:
    """Value (0), first (1) or second (2) derivative at point `at` of the parabola through `window` points from `first`.

    `window` is odd and at least 3; `delta` is the time between points [s].
    """
    half = window // 2
    n, s2, s4 = float(window), 0.0, 0.0
    y0, y1, y2 = 0.0, 0.0, 0.0
    for i in range(window):
        x = float(i - half)
        y = series[first + i]
        s2 += x * x
        s4 += x * x * x * x
        y0 += y
        y1 += x * y
        y2 += x * x * y
    curve = (n * y2 - s2 * y0) / (n * s4 - s2 * s2)
    slope = y1 / s2
    x = float(at - first - half)
    if derivative == 0:
        return (y0 - curve * s2) / n + slope * x + curve * x * x
    if derivative == 1:
        return (slope + 2.0 * curve * x) / delta
    return 2.0 * curve / (delta * delta)


@compiled
def smoothed(series: FloatArray, window: int, derivative: int, delta: float) -> FloatArray:
    """Every point's value or derivative (k,), fitted over `window` points; a shorter series uses its largest odd window.

    A series of fewer than 3 points has no parabola: the answer is then nan throughout.
    """
    count = series.shape[0]
    width = min(window, count if count % 2 == 1 else count - 1)
    result = np.full(count, np.nan)
    if width < 3:
        return result
    half = width // 2
    for i in range(count):
        first = min(max(i - half, 0), count - width)
        result[i] = fitted(series, first, width, i, derivative, delta)
    return result
