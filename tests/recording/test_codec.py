"""Metric values of a step as text, against json itself."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from alpasim.metrics.recorder import StepMetrics
from alpasim.recording.codec import metrics_text, moment_text
from alpasim.types import FloatArray

MOMENT = {"step": 3, "time_us": 300_000}


def row(values: FloatArray, valid: list[bool]) -> StepMetrics:
    """A step's values under names that need escapes too."""
    names = tuple(f'metric "{number}" ü' for number in range(len(values)))
    return StepMetrics(names, values, np.array(valid, dtype=np.bool_))


def expected(values: list[object], names: tuple[str, ...]) -> bytes:
    whole = {**MOMENT, "values": dict(zip(names, values, strict=True))}
    return json.dumps(whole, separators=(",", ":"), allow_nan=False).encode("ascii")


def test_values_that_are_not_finite_or_not_valid_have_words_of_their_own() -> None:
    values = np.array([1.5, math.nan, math.inf, -math.inf, math.nan, -0.0, 1e-7, 1e22, 7.0])
    step = row(values, [True, False, True, True, True, True, True, True, False])
    wanted: list[object] = [1.5, None, "inf", "-inf", "nan", -0.0, 1e-7, 1e22, None]
    assert metrics_text(moment_text(3, 300_000), step) == expected(wanted, step.names)


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_written_as_json_writes_them(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=40) * 10.0 ** generator.integers(-12, 12, 40)
    step = row(values, [True] * 40)
    assert metrics_text(moment_text(3, 300_000), step) == expected(values.tolist(), step.names)


def test_no_metrics_are_an_empty_object() -> None:
    step = row(np.zeros(0), [])
    assert metrics_text(moment_text(3, 300_000), step) == expected([], ())
