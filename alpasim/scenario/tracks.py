"""Recorded motions as one file of plain columns: `.npz` with fixed bytes and without pickle.

The file is an uncompressed zip of seven `.npy` columns: `ids` (n,) text, `counts` (n,) how many stamps each track has,
then the stamps of all tracks one after the other, `times_us`, `x_m`, `y_m`, `yaw_rad`, `speed_mps`. `numpy.load` reads
it; equal tracks give equal bytes on every machine. Does not know who replays a track.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from alpasim.errors import InputError
from alpasim.scenario.concrete import Track
from alpasim.types import frozen

MAX_BYTES = 1024 * 1024 * 1024
_STAMPS = ("times_us", "x_m", "y_m", "yaw_rad", "speed_mps")
_COLUMNS = ("ids", "counts", *_STAMPS)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def dump_tracks(tracks: Mapping[str, Track]) -> bytes:
    """The bytes of a tracks file, tracks in the mapping's order."""
    kept = list(tracks.values())
    times = [track.times_us for track in kept]
    poses = [track.poses for track in kept]
    columns = {
        "ids": np.array(list(tracks), dtype=f"<U{max([1, *map(len, tracks)])}"),
        "counts": np.array([len(track.times_us) for track in kept], dtype="<i8"),
        "times_us": np.concatenate([np.empty(0, np.int64), *times]).astype("<i8"),
        "x_m": np.concatenate([np.empty(0), *(pose[:, 0] for pose in poses)]).astype("<f8"),
        "y_m": np.concatenate([np.empty(0), *(pose[:, 1] for pose in poses)]).astype("<f8"),
        "yaw_rad": np.concatenate([np.empty(0), *(pose[:, 2] for pose in poses)]).astype("<f8"),
        "speed_mps": np.concatenate([np.empty(0), *(track.speed_mps for track in kept)]).astype("<f8"),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, column in columns.items():
            body = io.BytesIO()
            np.lib.format.write_array(body, column, version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            member.create_system = 3
            archive.writestr(member, body.getvalue())
    return out.getvalue()


def load_tracks(data: bytes, name: str) -> dict[str, Track]:
    """The tracks of a file's bytes by id; `name` stands in messages. Raises InputError where anything is amiss."""
    columns = _columns(data, name)
    ids, counts = columns["ids"], columns["counts"]
    stamps = [columns[key] for key in _STAMPS]
    if ids.dtype.kind != "U" or any(column.dtype.kind not in "iu" for column in (counts, stamps[0])):
        raise InputError(
            f"{name}: column types are {ids.dtype}, {counts.dtype}, {stamps[0].dtype}; expected text and integers"
        )
    if any(column.dtype.kind != "f" or not np.isfinite(column).all() for column in stamps[1:]):
        raise InputError(f"{name}: poses and speeds must be finite floating-point numbers")
    total = len(stamps[0])
    if len(counts) != len(ids) or (counts < 1).any() or int(counts.sum()) != total:
        raise InputError(f"{name}: {len(ids)} ids and {len(counts)} counts do not add up to {total} stamps")
    if any(len(column) != total for column in stamps):
        raise InputError(f"{name}: columns are of different lengths: {[len(column) for column in stamps]}")
    try:
        keys = ids.tolist()
    except ValueError as fault:
        raise InputError(f"{name}: column 'ids' is damaged: {fault}") from fault
    ends = np.cumsum(counts)
    tracks: dict[str, Track] = {}
    for key, start, end in zip(keys, (ends - counts).tolist(), ends.tolist(), strict=True):
        if key in tracks:
            raise InputError(f"{name}: track {key!r} is there twice")
        tracks[key] = _track(key, [column[start:end] for column in stamps], name)
    return tracks


def _track(key: str, parts: list[np.ndarray], name: str) -> Track:
    times = parts[0].astype(np.int64)
    if (np.diff(times) <= 0).any():
        raise InputError(f"{name}: the times of track {key!r} do not rise")
    poses = np.ascontiguousarray(np.stack(parts[1:4], axis=1), dtype=np.float64)
    return Track(times_us=frozen(times), poses=frozen(poses), speed_mps=frozen(parts[4].astype(np.float64)))


def _columns(data: bytes, name: str) -> dict[str, np.ndarray]:
    """Every column of the archive; sizes are checked against the bytes that are there before anything is allocated."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            expected = {f"{column}.npy" for column in _COLUMNS}
            if set(sizes) != expected:
                raise InputError(f"{name}: expected the columns {sorted(expected)}, found {sorted(sizes)}")
            if sum(sizes.values()) > MAX_BYTES:
                raise InputError(f"{name}: holds more than {MAX_BYTES} bytes")
            return {column: _column(archive.read(f"{column}.npy"), column, name) for column in _COLUMNS}
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError) as fault:
        raise InputError(f"{name}: not a tracks file, or a damaged one: {fault}") from fault


def _column(data: bytes, column: str, name: str) -> np.ndarray:
    body = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(body)
        if version != (1, 0):
            raise InputError(f"{name}: column {column!r} is of .npy version {version}, expected 1.0")
        shape, _, dtype = np.lib.format.read_array_header_1_0(body)
    except (ValueError, EOFError) as fault:
        raise InputError(f"{name}: column {column!r} is damaged: {fault}") from fault
    rest = data[body.tell() :]
    if dtype.hasobject or len(shape) != 1 or dtype.itemsize == 0 or len(rest) != shape[0] * dtype.itemsize:
        raise InputError(f"{name}: column {column!r} says {shape} of {dtype}, which its {len(rest)} bytes are not")
    return np.frombuffer(rest, dtype=dtype)
