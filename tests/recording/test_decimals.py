"""Rows of floats as text: the same bytes as Python's own `json`, for every kind of number."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from alpasim.recording import codec
from alpasim.recording.decimals import NumberObject, rows_text, whole_text
from alpasim.types import Control, Decision, Factor, FloatArray, Reasoning, Trajectory

MANY = 30_000


def as_python_writes(rows: FloatArray) -> bytes:
    return json.dumps(rows.tolist(), separators=(",", ":")).encode()


def powers_and_neighbours() -> FloatArray:
    twos = [math.ldexp(1.0, exponent) for exponent in range(-1074, 1024)]
    tens = [float(f"{lead}e{exponent}") for exponent in range(-323, 308) for lead in ("1", "5", "9.5")]
    values = np.array([*twos, *tens, 0.0, 1e15, 1e16, 9999999999999998.0, 1e-4, 9.999e-5, 2.0**53 + 2.0])
    return np.concatenate([values, np.nextafter(values, 0.0), np.nextafter(values, 1e308), -values])


def draw(kind: str) -> FloatArray:
    rng = np.random.default_rng(20)
    if kind == "bits":
        values = rng.integers(0, 2**64, MANY, dtype=np.uint64).view(np.float64)
        return values[np.isfinite(values)]
    if kind == "metres":
        return rng.normal(0.0, 300.0, MANY)
    if kind == "rounded":
        return np.round(rng.normal(0.0, 300.0, MANY), 3)
    if kind == "whole":
        return rng.integers(-(10**17), 10**17, MANY).astype(np.float64)
    if kind == "single precision":
        return rng.normal(0.0, 30.0, MANY).astype(np.float32).astype(np.float64)
    return powers_and_neighbours()


@pytest.mark.parametrize("kind", ["bits", "metres", "rounded", "whole", "single precision", "powers"])
def test_numbers_are_written_as_python_writes_them(kind: str) -> None:
    values = draw(kind)
    rows = values[: len(values) // 3 * 3].reshape(-1, 3)
    assert rows_text(rows) == as_python_writes(rows)


def test_one_number_and_a_view_across_an_array() -> None:
    assert rows_text(np.array([[-0.0]])) == b"[[-0.0]]"
    across = np.arange(12.0).reshape(3, 4)[:, ::2]
    assert rows_text(across) == as_python_writes(across)


def test_what_json_lacks_is_a_string_that_names_it() -> None:
    quiet_nan, negative_nan = np.array([0x7FF8000000000000, 0xFFF8000000000001], dtype=np.uint64).view(np.float64)
    rows = np.array([[quiet_nan, negative_nan, math.inf, -math.inf, 1.7976931348623157e308]])
    assert rows_text(rows) == b'[["nan","nan","inf","-inf",1.7976931348623157e+308]]'


def test_whole_numbers_of_every_size() -> None:
    edges = [2**power + near for power in range(63) for near in (-1, 0, 1)]
    values = np.array([*edges, *(-value for value in edges), -(2**63), 2**63 - 1, 0], dtype=np.int64)
    assert whole_text(values) == json.dumps(values.tolist(), separators=(",", ":")).encode()
    assert whole_text(np.zeros(0, dtype=np.int64)) == b"[]"
    assert whole_text(np.arange(10)[::3]) == b"[0,3,6,9]"


def test_an_object_of_numbers_without_a_word_on_which_are_valid() -> None:
    names = ('a "quoted" name', "ü", "last")
    values = np.array([-0.0, 1e-7, 12.0])
    wanted = dict(zip(names, values.tolist(), strict=True))
    assert NumberObject(names).text(values) == json.dumps(wanted, separators=(",", ":")).encode()
    assert NumberObject(()).text(np.zeros(0)) == b"{}"


POSES = np.array([[1.0, -2.5, 0.1], [1e-7, 3e16, -0.0]])
REASONS = Reasoning("yield", "keep", "none", (Factor("vehicle", 7, (("speed", "slow"),)),), 'say "é"', "rule")


@pytest.mark.parametrize(
    "decision",
    [
        Decision(control=Control(0.25, -1.0)),
        Decision(trajectory=Trajectory(np.array([0, 100_000]), POSES, "world")),
        Decision(trajectory=Trajectory(np.array([0, 100_000]), POSES, "rig"), reasoning=REASONS),
        Decision(trajectory=Trajectory(np.array([0, 100_000]), np.array([[math.nan, 1.0, 0.0], [1.0, math.inf, 0.0]]))),
        Decision(trajectory=Trajectory(np.zeros(0, dtype=np.int64), np.zeros((0, 3)))),
    ],
    ids=["control", "trajectory", "reasons", "not finite", "empty"],
)
def test_a_decision_is_the_same_text_as_its_message(decision: Decision) -> None:
    moment = {"step": 3, "time_us": 300_000}
    reasons = None if decision.reasoning is None else codec.reasoning_message(decision.reasoning)
    written = codec.decision_text(codec.moment_text(3, 300_000), decision, reasons)
    assert written == codec.dump({**moment, **codec.decision_message(decision)})
