"""The log's pictures for Foxglove: SceneUpdate, FrameTransforms and Log messages as protobuf bytes.

Answers what Foxglove shows. Nothing here is read back, and nothing enters a hash. The bytes are put together by hand,
because building 20 cubes a step with the generated classes costs more than the simulation; tests parse them with the
generated classes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.road.network import LineMark, RoadNetwork
from alpasim.road.unlevel import Bump, Raised
from alpasim.types import EGO, ActorKind, FloatArray, IntArray, WorldState

WORLD_FRAME, EGO_FRAME = "world", "ego"
_POSE = struct.Struct("<2sBdBdBd2sBdBdBdBd")
"""Fields 4 and 5 of a FrameTransform: position and rotation, every number behind its tag."""
MOST_ROADS = 8
"""Roads whose pictures a process remembers: a batch drives over few."""
_TIME_BYTES = 12
_F8 = np.dtype("<f8")
_LINE_STRIP = 0
_INFO = 2
_DELETE_MATCHING_ID = 0

Colour = tuple[float, float, float, float]
EGO_COLOUR: Colour = (0.10, 0.45, 0.95, 0.95)
STRUCK_COLOUR: Colour = (0.85, 0.10, 0.10, 0.95)
COLOURS: dict[ActorKind, Colour] = {
    ActorKind.CAR: (0.62, 0.66, 0.72, 0.9),
    ActorKind.VAN: (0.56, 0.60, 0.66, 0.9),
    ActorKind.TRUCK: (0.45, 0.48, 0.55, 0.9),
    ActorKind.BUS: (0.80, 0.62, 0.20, 0.9),
    ActorKind.TRAIN: (0.40, 0.30, 0.50, 0.9),
    ActorKind.MOTORCYCLE: (0.90, 0.50, 0.20, 0.9),
    ActorKind.BICYCLE: (0.95, 0.60, 0.10, 0.9),
    ActorKind.PEDESTRIAN: (0.95, 0.35, 0.45, 0.95),
    ActorKind.ANIMAL: (0.60, 0.42, 0.25, 0.95),
    ActorKind.DEBRIS: (0.50, 0.40, 0.30, 0.95),
    ActorKind.CONE: (1.00, 0.45, 0.05, 0.95),
    ActorKind.BARRIER: (0.80, 0.80, 0.30, 0.95),
    ActorKind.UNKNOWN: (0.70, 0.70, 0.70, 0.9),
}
_LINE_COLOURS: dict[LineMark, Colour] = {
    LineMark.NONE: (0.5, 0.5, 0.5, 0.3),
    LineMark.SOLID: (0.95, 0.95, 0.95, 0.9),
    LineMark.DASHED: (0.95, 0.95, 0.95, 0.5),
    LineMark.KERB: (0.75, 0.70, 0.60, 0.9),
}
_PATCH_COLOUR: Colour = (0.45, 0.75, 0.95, 0.9)
_HOLE_COLOUR: Colour = (0.80, 0.40, 0.20, 0.9)
_BUMP_COLOUR: Colour = (0.95, 0.75, 0.15, 0.9)


def _varint(value: int) -> bytes:
    """A non-negative integer as protobuf writes it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _block(field: int, payload: bytes) -> bytes:
    """A length-delimited field: text, bytes or a message."""
    return bytes([field << 3 | 2]) + _varint(len(payload)) + payload


def _text(field: int, text: str) -> bytes:
    """A string field; what is no Unicode text (lone surrogates) is replaced."""
    return _block(field, text.encode("utf-8", "replace"))


def _doubles(values: Sequence[float]) -> bytes:
    """Double fields from number 1 on, zeros included, so that their places in the bytes never move."""
    tagged = [part for field, value in enumerate(values, start=1) for part in (field << 3 | 1, value)]
    return struct.pack("<" + "Bd" * len(values), *tagged)


def _enum(field: int, value: int) -> bytes:
    """An enum or small integer field."""
    return bytes([field << 3]) + _varint(value)


@lru_cache(maxsize=1)
def _timestamp(time_us: int) -> bytes:
    """A google.protobuf.Timestamp of fixed length: both varints are padded, so that it can be patched in place."""
    seconds, micros = divmod(time_us, 1_000_000)
    return b"\x08" + _padded_varint(seconds) + b"\x10" + _padded_varint(micros * 1000)


def _padded_varint(value: int) -> bytes:
    """Five bytes that hold any value below 2^35."""
    first, second, third, fourth = value & 0x7F, value >> 7 & 0x7F, value >> 14 & 0x7F, value >> 21 & 0x7F
    return bytes((first | 0x80, second | 0x80, third | 0x80, fourth | 0x80, value >> 28 & 0x7F))


_FRAMES = _text(2, WORLD_FRAME) + _text(3, EGO_FRAME)
_TRANSFORM_HEAD = (
    bytes([1 << 3 | 2]) + _varint(2 + _TIME_BYTES + len(_FRAMES) + _POSE.size) + bytes([1 << 3 | 2, _TIME_BYTES])
)


def transforms_message(time_us: int, rig_position: Sequence[float], rotation: Sequence[float]) -> bytes:
    """A FrameTransforms with the one transform world -> ego rig; `rotation` is x, y, z, w."""
    (x, y, z), (i, j, k, w) = rig_position, rotation
    pose = _POSE.pack(b"\x22\x1b", 9, x, 17, y, 25, z, b"\x2a\x24", 9, i, 17, j, 25, k, 33, w)
    return b"".join((_TRANSFORM_HEAD, _timestamp(time_us), _FRAMES, pose))


def text_message(time_us: int, name: str, text: str) -> bytes:
    """A Log line from `name`."""
    return _block(1, _timestamp(time_us)) + _enum(2, _INFO) + _text(3, text) + _text(4, name)


@lru_cache(maxsize=MOST_ROADS)
def road_message(road: RoadNetwork) -> bytes:
    """A SceneUpdate with one entity: every lane border as a line, and round every patch, bump, kerb and hole one."""
    drawn: list[tuple[FloatArray, Colour]] = []
    for lane in road.lanes:
        drawn += [(lane.left, _LINE_COLOURS[lane.left_mark]), (lane.right, _LINE_COLOURS[lane.right_mark])]
    drawn += [(_closed(patch.polygon), _PATCH_COLOUR) for patch in road.surfaces]
    for part in road.parts:
        if isinstance(part, Raised):
            drawn.append((_closed(part.polygon), _LINE_COLOURS[LineMark.KERB] if part.height > 0.0 else _HOLE_COLOUR))
        elif isinstance(part, Bump):
            drawn.append((_closed(part.corners()), _BUMP_COLOUR))
    lines = [_line(points, road.rise(points)[:, 0], colour) for points, colour in drawn]
    return _block(2, _entity_head(0, "road") + b"".join(_block(11, line) for line in lines))


def _closed(ring: FloatArray) -> FloatArray:
    return np.concatenate([ring, ring[:1]])


def _line(points: FloatArray, heights: FloatArray, colour: Colour) -> bytes:
    """A LinePrimitive strip through (k, 2) points at heights (k,) of the ground, two pixels wide at any zoom."""
    row = np.dtype([("tags", "V3"), ("x", "<f8"), ("y_tag", "u1"), ("y", "<f8"), ("z_tag", "u1"), ("z", "<f8")])
    table = np.zeros(len(points), dtype=row)
    table["tags"] = np.void(bytes([5 << 3 | 2, 27, 1 << 3 | 1]))
    table["y_tag"], table["z_tag"] = 2 << 3 | 1, 3 << 3 | 1
    table["x"], table["y"], table["z"] = points[:, 0], points[:, 1], heights
    pose = _block(2, _block(1, _doubles((0.0, 0.0, 0.0))) + _block(2, _doubles((0.0, 0.0, 0.0, 1.0))))
    width = bytes([3 << 3 | 1]) + struct.pack("<d", 2.0) + _enum(4, 1)
    return _enum(1, _LINE_STRIP) + pose + width + table.tobytes() + _block(6, _doubles(colour))


def _entity_head(time_us: int, entity_id: str) -> bytes:
    """The fields of a SceneEntity that come before its shapes."""
    return _block(1, _timestamp(time_us)) + _text(2, WORLD_FRAME) + _text(3, entity_id)


@compiled
def _put(
    rows: IntArray,
    position: NDArray[np.uint8],
    rotation: NDArray[np.uint8],
    stamp: NDArray[np.uint8],
    pose_starts: IntArray,
    time_starts: IntArray,
    buffer: NDArray[np.uint8],
) -> None:
    """Write the bytes of poses (n, 24), (n, 32) and of a time into every entity of `buffer`, one for each of `rows`.

    Within a pose: two bytes of head and 27 of position, two bytes of head and 36 of rotation; each double has a tag.
    """
    for i in range(rows.shape[0]):
        row, start = rows[i], pose_starts[i] + 3
        for number in range(3):
            for k in range(8):
                buffer[start + 9 * number + k] = position[row, 8 * number + k]
        start += 29
        for number in range(4):
            for k in range(8):
                buffer[start + 9 * number + k] = rotation[row, 8 * number + k]
        for k in range(stamp.shape[0]):
            buffer[time_starts[i] + k] = stamp[k]


class SceneEncoder:
    """Turns states into SceneUpdate bytes: one cube an actor, put together once and then only given new poses.

    The bytes are built anew when somebody appears, vanishes or is struck; a vanished actor is deleted by its id.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        self._ids = ids
        self._shown: tuple[bytes, bytes] | None = None
        self._rows = np.zeros(0, dtype=np.int64)
        self._buffer = np.zeros(0, dtype=np.uint8)
        self._pose_starts = np.zeros(0, dtype=np.int64)
        self._time_starts = np.zeros(0, dtype=np.int64)

    def encode(self, state: WorldState) -> bytes:
        """The SceneUpdate of one state."""
        shown = (state.present.tobytes(), state.struck.tobytes())
        deletions = b""
        if shown != self._shown:
            deletions = self._deletions(state)
            self._build(state)
            self._shown = shown
        position = np.ascontiguousarray(state.position, _F8).view(np.uint8)
        rotation = np.ascontiguousarray(state.rotation, _F8).view(np.uint8)
        stamp = np.frombuffer(_timestamp(state.time_us), dtype=np.uint8)
        _put(self._rows, position, rotation, stamp, self._pose_starts, self._time_starts, self._buffer)
        return deletions + self._buffer.tobytes()

    def _deletions(self, state: WorldState) -> bytes:
        """Deletions of the actors that were shown and are no longer there."""
        gone = self._rows[~state.present[self._rows]]
        stamp = _block(1, _timestamp(state.time_us))
        return b"".join(
            _block(1, stamp + _enum(2, _DELETE_MATCHING_ID) + _text(3, self._ids[row])) for row in gone.tolist()
        )

    def _build(self, state: WorldState) -> None:
        """Lay the entities of everybody present one after the other and note where poses and times lie."""
        self._rows = np.flatnonzero(state.present)
        parts, pose_starts, time_starts, length = [], [], [], 0
        for row in self._rows.tolist():
            entity, pose_at = self._entity(state, row)
            block = _block(2, entity)
            inner = len(block) - len(entity)
            pose_starts.append(length + inner + pose_at)
            time_starts.append(length + inner + 2)
            parts.append(block)
            length += len(block)
        self._buffer = np.frombuffer(b"".join(parts), dtype=np.uint8).copy()
        self._pose_starts = np.array(pose_starts, dtype=np.int64)
        self._time_starts = np.array(time_starts, dtype=np.int64)

    def _entity(self, state: WorldState, row: int) -> tuple[bytes, int]:
        """One actor's SceneEntity, and where in it the pose's content begins."""
        colour = COLOURS[ActorKind(int(state.kinds[row]))]
        if row == EGO:
            colour = EGO_COLOUR
        elif state.struck[row]:
            colour = STRUCK_COLOUR
        position = _block(1, _doubles(state.position[row].tolist()))
        rotation = _block(2, _doubles(state.rotation[row].tolist()))
        pose = _block(1, position + rotation)
        cube = pose + _block(2, _doubles(state.extent[row].tolist())) + _block(3, _doubles(colour))
        head = _entity_head(state.time_us, self._ids[row])
        shape = _block(8, cube)
        pose_at = len(head) + (len(shape) - len(cube)) + (len(pose) - len(position) - len(rotation))
        return head + shape, pose_at
