"""What goes into a kernel and comes out of it is what the Python function of the same text is given and answers."""

from __future__ import annotations

import gc
import inspect
import sys
import tracemalloc
from collections import namedtuple
from pathlib import Path
from typing import Any, NamedTuple, cast

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim.compiled import compiled, count_compiled, how_kernels_run, inner

pytestmark = pytest.mark.skipif(cast(Any, numba.config).DISABLE_JIT, reason="numba is told to compile nothing")


class Place(NamedTuple):
    x: float
    cells: Any


OtherPlace = namedtuple("OtherPlace", ["x", "cells"])


@compiled
def same(value):
    return value


@compiled
def described(row, whole, part, truth, pair):
    total = 0.0
    for k in range(len(row)):
        total += (k + 1) * row[k]
    return total, whole + 1, 2.0 * part, not truth, (pair[0] + pair[1], pair[1])


@compiled
def written(row, value):
    for k in range(len(row)):
        row[k] = value
    return len(row)


@compiled
def at(table, i, j):
    return table[i, j]


@compiled
def halves(row):
    doubled = np.empty(len(row))
    for k in range(len(row)):
        doubled[k] = 2.0 * row[k]
    return doubled, row, row[1:], len(row)


@compiled
def zeros(count):
    return np.zeros(count)


@compiled
def in_place(place):
    return place.x + place.cells[0]


@compiled
def weighted(value, weight, offset):
    return value * weight + offset


@compiled
def summed(one, ten=2.0, hundred=3.0):
    return one + 10.0 * ten + 100.0 * hundred


@compiled
def summed_of(one):
    return summed(one)


@compiled
def of_many(*values):
    return values[0]


@compiled
def swapped(one, other):
    return other, one, other


@compiled
def first_set(one, other):
    one[0] = 5.0
    return other[0]


@inner
def first_of(one, other):
    return one


@compiled
def kept_by_none(count):
    return first_of(np.ones(count), np.zeros(count))[0]


@compiled
def refused(value):
    if value > 0.0:
        raise ValueError("too much")
    return value


def python_of(kernel: Any) -> Any:
    """The function that a kernel was made of."""
    return getattr(kernel, "py_func", None) or kernel.__self__.__self__.function


floats = st.floats(allow_nan=False)
wholes = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=200, deadline=None)
@given(st.lists(floats, max_size=5), wholes.filter(lambda n: n < 2**63 - 1), floats, st.booleans(), floats, wholes)
def test_numbers_arrays_and_tuples_go_in_and_out(
    values: list[float], whole: int, part: float, truth: bool, one: float, two: int
) -> None:
    row = np.array(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        expected = python_of(described)(row, whole, part, truth, (one, two))
    found = described(row, whole, part, truth, (one, two))
    assert repr(found) == repr(tuple(_plain(value) for value in expected))


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value.item() if hasattr(value, "item") else value


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        -0.0,
        float("inf"),
        5e-324,
        3,
        -(2**63),
        2**63 - 1,
        True,
        False,
        np.float64(0.25),
        np.int64(-4),
        np.True_,
        np.False_,
        np.uint64(2**64 - 1),
        (1, 2.5, False),
        (),
        ((1, 2), (3.5,)),
    ],
)
def test_a_value_comes_back_as_pythons_own(value: Any) -> None:
    for _ in range(2):
        found = same(value)
        assert repr(found) == repr(_plain(value))
        assert type(found) is type(_plain(value))


def test_what_is_not_a_number_comes_back() -> None:
    assert np.isnan(same(float("nan")))


def test_numbers_that_64_bits_do_not_hold_are_refused() -> None:
    if how_kernels_run()[0]:
        assert same(2**63) == 2**63, "numba's own refuse it once they were called with a smaller one"
    with pytest.raises((OverflowError, ValueError)):
        same(2**64)


def arrays() -> dict[str, np.ndarray]:
    table = np.arange(12.0).reshape(3, 4)
    locked = table.copy()
    locked.flags.writeable = False
    return {
        "plain": table,
        "read only": locked,
        "columns first": np.asfortranarray(table),
        "a part": np.arange(48.0).reshape(6, 8)[::2, ::2],
        "backwards": table[::-1],
        "whole numbers": np.arange(12).reshape(3, 4),
        "long long": np.arange(12, dtype=np.longlong).reshape(3, 4),
        "bytes": np.arange(12, dtype=np.uint8).reshape(3, 4),
        "half as exact": table.astype(np.float32),
        "truths": table > 4.0,
        "unaligned": np.frombuffer(b"\0" + table.tobytes(), dtype=np.uint8)[1:].view(np.float64).reshape(3, 4),
        "other end first": table.astype(">f8"),
        "of one row": table[:1],
    }


def test_an_array_of_no_dimensions_is_one_of_its_own_kind() -> None:
    for _ in range(2):
        assert same(np.array(2.5)).tolist() == 2.5
        assert same((np.array(2.5), 1))[0] == 2.5


@pytest.mark.parametrize("name", arrays())
def test_every_kind_of_array_is_read_in_its_own_way(name: str) -> None:
    table = arrays()[name]
    if name == "other end first":
        with pytest.raises(Exception, match=r"(?i)unsupported array dtype|cannot determine"):
            at(table, 0, 0)
        return
    for _ in range(2):
        assert [[at(table, i, j) for j in range(4)] for i in range(len(table))] == table.tolist()


def test_kinds_of_arguments_may_alternate() -> None:
    kinds = [arrays()[name] for name in ("plain", "whole numbers", "a part", "read only", "columns first")]
    assert [at(table, 1, 2) for table in kinds * 3] == [table[1, 2] for table in kinds * 3]
    before = count_compiled()
    assert [at(table, 1, 2) for table in kinds] == [table[1, 2] for table in kinds]
    assert count_compiled() == before


def test_an_array_is_written_to_and_not_counted() -> None:
    row = np.zeros(4)
    before = sys.getrefcount(row)
    assert written(row, 2.5) == 4
    assert row.tolist() == [2.5] * 4
    assert sys.getrefcount(row) == before


def test_an_array_that_may_not_be_written_to_is_not() -> None:
    row = np.zeros(4)
    row.flags.writeable = False
    with pytest.raises(Exception, match=r"(?i)readonly|read-only|Cannot modify"):
        written(row, 1.0)
    assert not row.any()


def test_arrays_that_come_out_belong_to_python() -> None:
    row = np.arange(4.0)
    before = sys.getrefcount(row)
    doubled, again, rest, count = halves(row)
    assert (doubled.tolist(), rest.tolist(), count) == ([0.0, 2.0, 4.0, 6.0], [1.0, 2.0, 3.0], 4)
    assert again is row or again.base is not None
    again[1] = 7.0
    assert row[1] == rest[0] == 7.0, "what is handed back is the same memory"
    del again, rest
    gc.collect()
    assert sys.getrefcount(row) == before
    part = halves(np.arange(1000.0))[2]
    gc.collect()
    assert part.tolist() == list(range(1, 1000)), "a part keeps what it is a part of"


def test_memory_of_arrays_that_come_out_is_given_back() -> None:
    def resident() -> int:
        with Path("/proc/self/statm").open() as file:
            return int(file.read().split()[1]) * 4096

    zeros(10**6)
    before = resident()
    for _ in range(300):
        zeros(10**6)[:] = 1.0
    assert resident() - before < 40e6


def test_calls_leave_no_objects_behind() -> None:
    arguments = (np.arange(3.0), 1, 0.5, True, (1.0, 2))
    described(*arguments)
    tracemalloc.start()
    for _ in range(10):
        described(*arguments)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10_000):
        described(*arguments)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000


def test_an_array_that_cannot_be_made_is_an_error() -> None:
    zeros(3)
    for _ in range(2):
        with pytest.raises((RuntimeError, ValueError, MemoryError)):
            zeros(-1)
    assert zeros(3).tolist() == [0.0] * 3


def test_an_array_given_twice_is_one_array() -> None:
    row = np.zeros(3)
    before = sys.getrefcount(row)
    for _ in range(2):
        assert first_set(row, row) == 5.0
        assert [again is row for again in swapped(row, row)] == [True] * 3
    assert sys.getrefcount(row) == before


def test_parts_of_one_array_see_each_other() -> None:
    row = np.zeros(4)
    assert first_set(row[1:], row[1:3]) == 5.0
    assert row.tolist() == [0.0, 5.0, 0.0, 0.0]


def test_what_counts_no_arrays_may_not_answer_with_one() -> None:
    """Its caller would free an array twice."""
    row = np.ones(3)
    for _ in range(2):
        with pytest.raises(Exception, match="@compiled instead of @inner"):
            first_of(row, row)
        with pytest.raises(Exception, match="@compiled instead of @inner"):
            kept_by_none(3)


def test_an_error_that_a_kernel_raises_is_an_error() -> None:
    for _ in range(2):
        with pytest.raises((RuntimeError, ValueError), match=r"raised an error itself|too much"):
            refused(1.0)
        assert refused(-1.0) == -1.0


def test_named_tuples_are_told_apart_by_class() -> None:
    cells = np.arange(3.0)
    for _ in range(2):
        assert in_place(Place(2.0, cells)) == 2.0
        assert in_place(OtherPlace(3.0, cells)) == 3.0
    with pytest.raises(Exception, match=r"(?i)unknown attribute|typing"):
        in_place((2.0, cells))


def test_arguments_may_be_named() -> None:
    assert (
        weighted(2.0, weight=3.0, offset=1.0)
        == weighted(2.0, 3.0, 1.0)
        == weighted(offset=1.0, weight=3.0, value=2.0)
        == 7.0
    )


def test_arguments_may_be_left_out_where_the_function_has_values_for_them() -> None:
    for _ in range(2):
        assert summed(1.0) == summed_of(1.0) == 321.0
        assert summed(1.0, hundred=0.0) == 21.0
        assert summed(1.0, 0.0) == 301.0


def test_a_kernel_of_any_number_of_arguments_is_called_with_them() -> None:
    assert of_many(1.0, 2) == 1.0
    assert of_many(3.0) == 3.0


@pytest.mark.parametrize("arguments", [(), (1.0,), (1.0, 2.0, 3.0, 4.0)])
def test_arguments_are_counted(arguments: tuple[float, ...]) -> None:
    weighted(1.0, 2.0, 3.0)
    with pytest.raises(TypeError):
        weighted(*arguments)
    with pytest.raises(TypeError):
        weighted(1.0, 2.0, wait=3.0)


@pytest.mark.parametrize("value", [None, "a", [1.0], {}, object(), 1j])
def test_arguments_that_no_kernel_takes_are_numbas_error_and_leave_it_usable(value: Any) -> None:
    with pytest.raises(Exception, match=r".+"):
        weighted(value, 2.0, object())
    assert weighted(1.0, 2.0, 3.0) == 5.0


def test_a_kernel_looks_like_its_function() -> None:
    assert (same.__name__, same.__module__) == ("same", __name__)
    assert str(inspect.signature(summed)) == "(one, ten=2.0, hundred=3.0)"
    assert callable(same)
