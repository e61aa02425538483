"""What a part of a running drive remembers, as plain values: asking for it, and taking it back with checks.

Every part of a drive that keeps something from step to step (a behaviour, a metric, a sensor, the bodies) offers `save` and
`load`. A memory holds dicts with text keys, lists, text, numbers, booleans, None and numpy arrays of numbers, and nothing
that is changed later. How a memory is written to a file is the matter of `recording/snapshot.py`; a memory that does not fit
may come from such a file, so that misfits are raised as RecordingError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from alpasim.errors import InputError, RecordingError

Memory = dict[str, Any]
Value = TypeVar("Value")


class Remembers(Protocol):
    """A part whose memory can be taken out and put back."""

    def save(self) -> Memory:
        """Everything that its future depends on besides what it was built from; empty where that is nothing."""
        ...

    def load(self, memory: Memory) -> None:
        """Go on from what `save` returned. Called after a reset; raises RecordingError for what does not fit."""
        ...


def can_remember(part: object) -> TypeGuard[Remembers]:
    """Whether a part offers a memory; many times quicker than asking the protocol, and asked at every step."""
    return callable(getattr(part, "save", None)) and callable(getattr(part, "load", None))


def remembering(part: object, title: str) -> Remembers:
    """`part` itself, or InputError where it offers no memory; `title` is what a user calls it."""
    if can_remember(part):
        return part
    raise InputError(
        f"{title} keeps no memory that a snapshot could hold: give {type(part).__name__} save() and load(memory)"
    )


def settled(value: Any, path: str = "memory") -> Any:
    """A copy of plain values that nothing can change any more; InputError where a part saved something else."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        copy = value.copy()
        copy.flags.writeable = False
        return copy
    if isinstance(value, Mapping) and all(type(key) is str and not key.startswith("$") for key in value):
        return {key: settled(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [settled(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise InputError(
        f"{path} is {_shown(value)}: a snapshot holds dicts with text keys, lists, text, numbers, booleans, None and arrays"
    )


def read(memory: Mapping[str, Any], name: str, kind: type[Value]) -> Value:
    """The entry of that name, of that very type."""
    if not isinstance(memory, Mapping):
        raise RecordingError(f"snapshot: {_shown(memory)} where values with names were expected, {name!r} among them")
    if name not in memory:
        raise RecordingError(f"snapshot: {name!r} is missing among {', '.join(sorted(memory)) or 'nothing'}")
    value = memory[name]
    if type(value) is not kind:
        raise RecordingError(f"snapshot: {name!r} is {_shown(value)}, expected {kind.__name__}")
    return value


def fill(memory: Mapping[str, Any], name: str, into: NDArray[Any]) -> None:
    """Copy the array of that name into `into`, whose shape and type it must have."""
    into[...] = array(memory, name, into.dtype.type, into.shape)


def array(memory: Mapping[str, Any], name: str, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """A copy of the array of that name; -1 in `shape` stands for any length."""
    found = read(memory, name, np.ndarray)
    fits = found.ndim == len(shape) and all(want in (-1, has) for want, has in zip(shape, found.shape, strict=True))
    if not fits or found.dtype != np.dtype(dtype):
        raise RecordingError(
            f"snapshot: {name!r} is {found.dtype} of shape {found.shape}, expected {np.dtype(dtype)} of shape {shape}"
        )
    return found.copy()


def finite(memory: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A copy of the float array of that name, every value of which has to be finite."""
    found = array(memory, name, np.float64, shape)
    if not np.isfinite(found).all():
        raise RecordingError(f"snapshot: {name!r} holds values that are not finite")
    return found


def within(value: int, count: int, name: str) -> int:
    """`value` itself where it is an index into `count` things."""
    if type(value) is not int or not 0 <= value < count:
        raise RecordingError(f"snapshot: {name} is {_shown(value)}, expected a whole number from 0 to {count - 1}")
    return value


def draws(rng: np.random.Generator) -> Memory:
    """Where a stream of random numbers stands."""
    return dict(rng.bit_generator.state)


def draw_on(rng: np.random.Generator, memory: Mapping[str, Any], name: str) -> None:
    """Set a stream to where the memory of that name has it."""
    try:
        rng.bit_generator.state = read(memory, name, dict)
    except (KeyError, TypeError, ValueError, OverflowError) as cause:
        raise RecordingError(f"snapshot: {name!r} is no state of a random stream: {cause!r}") from cause


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, np.ndarray) else f"an array of shape {value.shape}"
    return f"{type(value).__name__} {text[:60]}"
