"""A WorldState as bytes and back, exact to the last bit.

Answers "which bytes stand for this state": the log stores them and the hashes are taken over them, so that both cover
the same thing. Actor ids are not among them; they are fixed for a whole rollout and stand in the log's header.

Layout, little-endian: eight int64 (layout version, step, time_us, actors n, signals m, contacts k, length of the events'
text, 1 where the ego's reverse gear is engaged or else 0), then float64 arrays (position, rotation, yaw, velocity, angular velocity, extent, the ego's 13 numbers, per
contact impulse, point, normal, closing speed and what both velocities changed by), int64 arrays (kinds, signals, per
contact first, second, substep and both parts as places in PARTS),
then bytes (present, struck, wheel_slipping) and the fired events as JSON.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpasim.errors import RecordingError
from alpasim.types import PARTS, Contact, EgoState, FloatArray, WorldState

LAYOUT_VERSION = 2
_HEAD = struct.Struct("<8q")
_EGO = struct.Struct("<3d")
_F8, _I8, _FLAG = np.dtype("<f8"), np.dtype("<i8"), np.dtype(np.bool_)
_PER_ACTOR = (("position", 3), ("rotation", 4), ("yaw", 1), ("velocity", 3), ("angular_velocity", 3), ("extent", 3))
_EGO_NUMBERS = 13
_CONTACT_NUMBERS = 14
_CONTACT_ROWS = 5
MAX_ACTORS = 100_000
"""A packed state that claims more actors, signals or contacts than this is refused as damaged."""


def pack_state(state: WorldState) -> bytes:
    """Everything in `state` but its ids."""
    events = json.dumps(state.events).encode() if state.events else b""
    ego, contacts = state.ego, state.contacts
    head = _HEAD.pack(
        LAYOUT_VERSION,
        state.step,
        state.time_us,
        len(state.kinds),
        len(state.signals),
        len(contacts),
        len(events),
        int(ego.reverse),
    )
    return b"".join(
        (
            head,
            *[_bytes(getattr(state, name), _F8) for name, _ in _PER_ACTOR],
            _bytes(ego.velocity_in_rig, _F8),
            _bytes(ego.acceleration_in_rig, _F8),
            _EGO.pack(ego.yaw_rate_radps, ego.steering_angle_rad, ego.pedal),
            _bytes(ego.wheel_load, _F8),
            *[_contact_numbers(contact) for contact in contacts],
            _bytes(state.kinds, _I8),
            _bytes(state.signals, _I8),
            *[_contact_rows(contact) for contact in contacts],
            _bytes(state.present, _FLAG),
            _bytes(state.struck, _FLAG),
            _bytes(ego.wheel_slipping, _FLAG),
            events,
        )
    )


def _bytes(array: NDArray[np.generic], dtype: np.dtype[Any]) -> bytes:
    """The array's values in one fixed byte order and width, row by row."""
    return (array if array.dtype is dtype else array.astype(dtype)).tobytes()


def _contact_numbers(contact: Contact) -> bytes:
    """The float64 values of one contact."""
    return struct.pack(
        "<14d",
        contact.impulse_ns,
        *contact.point.tolist(),
        *contact.normal.tolist(),
        contact.closing_speed_mps,
        *contact.first_delta_v.tolist(),
        *contact.second_delta_v.tolist(),
    )


def _contact_rows(contact: Contact) -> bytes:
    """The int64 values of one contact."""
    parts = PARTS.index(contact.first_part), PARTS.index(contact.second_part)
    return struct.pack("<5q", contact.first, contact.second, contact.substep, *parts)


class _Cursor:
    """Takes arrays off packed bytes from front to back; the arrays are read-only views."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = _HEAD.size

    def floats(self, *shape: int) -> FloatArray:
        """The next float64 array of that shape."""
        return self._take(np.dtype("<f8"), shape)

    def ints(self, *shape: int) -> NDArray[np.int64]:
        """The next int64 array of that shape."""
        return self._take(np.dtype("<i8"), shape)

    def flags(self, count: int) -> NDArray[np.bool_]:
        """The next `count` flags."""
        return self._take(np.dtype(np.bool_), (count,))

    def _take(self, dtype: np.dtype, shape: tuple[int, ...]) -> NDArray:  # type: ignore[type-arg]
        count = int(np.prod(shape))
        array = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.offset).reshape(shape)
        self.offset += count * dtype.itemsize
        return array


def unpack_state(data: bytes, ids: tuple[str, ...]) -> WorldState:
    """The state that `pack_state` was given; raises RecordingError where the bytes cannot be one."""
    if len(data) < _HEAD.size:
        raise RecordingError(f"packed state: {len(data)} bytes, expected at least {_HEAD.size}")
    version, step, time_us, actors, signals, contacts, events_length, reverse = _HEAD.unpack_from(data)
    if version != LAYOUT_VERSION:
        raise RecordingError(f"packed state: layout version {version}, this reader knows {LAYOUT_VERSION}")
    if actors != len(ids):
        raise RecordingError(f"packed state: {actors} actors, the log's header names {len(ids)}")
    if not all(0 <= count <= MAX_ACTORS for count in (signals, contacts)) or events_length < 0:
        raise RecordingError(f"packed state: {signals} signals, {contacts} contacts, {events_length} bytes of events")
    if reverse not in (0, 1):
        raise RecordingError(f"packed state: {reverse} for the reverse gear, expected 0 or 1")
    expected = _packed_size(actors, signals, contacts) + events_length
    if len(data) != expected:
        raise RecordingError(f"packed state: {len(data)} bytes, expected {expected}")
    cursor = _Cursor(data)
    arrays = {name: cursor.floats(actors, width) if width > 1 else cursor.floats(actors) for name, width in _PER_ACTOR}
    ego_numbers = cursor.floats(_EGO_NUMBERS)
    contact_numbers = cursor.floats(contacts, _CONTACT_NUMBERS)
    kinds, signal_colours = cursor.ints(actors), cursor.ints(signals)
    contact_rows = cursor.ints(contacts, _CONTACT_ROWS)
    present, struck, slipping = cursor.flags(actors), cursor.flags(actors), cursor.flags(4)
    return WorldState(
        step=step,
        time_us=time_us,
        ids=ids,
        kinds=kinds,
        present=present,
        struck=struck,
        ego=_ego(ego_numbers, slipping, reverse=bool(reverse)),
        signals=signal_colours,
        contacts=tuple(_contact(numbers, rows) for numbers, rows in zip(contact_numbers, contact_rows, strict=True)),
        events=tuple(json.loads(data[cursor.offset :])) if events_length else (),
        **arrays,
    )


def _packed_size(actors: int, signals: int, contacts: int) -> int:
    """Bytes of a packed state without its events."""
    floats = actors * sum(width for _, width in _PER_ACTOR) + _EGO_NUMBERS + contacts * _CONTACT_NUMBERS
    ints = actors + signals + contacts * _CONTACT_ROWS
    return _HEAD.size + 8 * (floats + ints) + 2 * actors + 4


def _ego(numbers: FloatArray, slipping: NDArray[np.bool_], *, reverse: bool) -> EgoState:
    """The ego's state from its 13 numbers."""
    return EgoState(
        velocity_in_rig=numbers[0:3],
        acceleration_in_rig=numbers[3:6],
        yaw_rate_radps=float(numbers[6]),
        steering_angle_rad=float(numbers[7]),
        pedal=float(numbers[8]),
        wheel_load=numbers[9:13],
        wheel_slipping=slipping,
        reverse=reverse,
    )


def _contact(numbers: FloatArray, rows: NDArray[np.int64]) -> Contact:
    """One contact from its rows of numbers."""
    first, second, substep, first_part, second_part = rows.tolist()
    if not (0 <= first_part < len(PARTS) and 0 <= second_part < len(PARTS)):
        raise RecordingError(f"packed state: parts {first_part} and {second_part}, expected 0 to {len(PARTS) - 1}")
    return Contact(
        first=first,
        second=second,
        impulse_ns=float(numbers[0]),
        point=numbers[1:4],
        normal=numbers[4:7],
        closing_speed_mps=float(numbers[7]),
        substep=substep,
        first_part=PARTS[first_part],
        second_part=PARTS[second_part],
        first_delta_v=numbers[8:11],
        second_delta_v=numbers[11:14],
    )
