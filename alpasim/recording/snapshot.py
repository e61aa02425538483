"""A moment of a drive as a value: everything that its future depends on, and the file that holds it.

Answers which bytes stand for a moment. Who takes one and goes on from it is `Simulation`; what is in it each part of the
drive says itself (`alpasim.memory`).

The file is a zip archive without compression or times, so that equal moments are equal bytes: `snapshot.json` with an array
as `{"$array": [type, offset, shape]}` and a number that JSON lacks as `{"$number": "nan"}`, `arrays.bin` with the arrays,
little-endian and in C order, each from a multiple of 8 bytes on, and the scenario's own files under `inputs/`.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from alpasim.errors import RecordingError
from alpasim.memory import Memory, array, read
from alpasim.recording.packing import unpack_state
from alpasim.recording.versions import changed_since
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_inputs
from alpasim.types import EGO, FloatArray, IntArray, WorldState

FORMAT = "alpasim/snapshot@2"
MAX_BYTES = 2**30
"""A file that is larger, or unpacks to more, is refused unread."""
_HEAD, _ARRAYS, _INPUTS = "snapshot.json", "arrays.bin", "inputs/"
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ARRAY, _NUMBER = "$array", "$number"
_TYPES = {name: np.dtype(name) for name in ("|b1", "|u1", "<i4", "<i8", "<f4", "<f8")}
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One moment of a drive. Equal where every bit is equal.

    `name`, `source`, `content_hash`, `seed`, `parameters` and `inputs` are the scenario's. `memory` holds plain values and
    arrays, none of which are ever changed. `versions` are those that it was taken with: another simulator goes on otherwise, or not
    at all.
    """

    name: str
    source: str
    content_hash: str
    seed: int
    parameters: Mapping[str, float | int | str]
    ids: tuple[str, ...]
    step: int
    time_us: int
    memory: Memory
    inputs: Mapping[str, bytes]
    versions: Mapping[str, str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @property
    def digest(self) -> str:
        """A hash of all its bytes."""
        return hashlib.blake2b(self.to_bytes(), digest_size=16).hexdigest()

    def to_bytes(self) -> bytes:
        """The file's bytes, the same wherever the moment is the same."""
        blob = bytearray()
        head = {
            "format": FORMAT,
            "name": self.name,
            "source": self.source,
            "content_hash": self.content_hash,
            "seed": self.seed,
            "parameters": _plain(dict(self.parameters), blob),
            "ids": list(self.ids),
            "step": self.step,
            "time_us": self.time_us,
            "memory": _plain(self.memory, blob),
            "versions": dict(self.versions),
        }
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            text = json.dumps(head, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")
            archive.writestr(zipfile.ZipInfo(_HEAD, _NO_TIME), text)
            archive.writestr(zipfile.ZipInfo(_ARRAYS, _NO_TIME), bytes(blob))
            for name in sorted(self.inputs):
                archive.writestr(zipfile.ZipInfo(_INPUTS + name, _NO_TIME), self.inputs[name])
        return out.getvalue()

    def write(self, path: Path | str) -> None:
        """Write the file; OSError where that cannot be done."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "snapshot") -> Snapshot:
        """The moment that `to_bytes` was called on; RecordingError, naming `name`, for anything else.

        A file is refused as a whole unless writing it again gives its very bytes.
        """
        files = _unpacked(data, name)
        try:
            head = json.loads(files[_HEAD].decode("ascii"))
            snapshot = cls._read(head, files)
            again = snapshot.to_bytes()
        except (KeyError, ValueError, TypeError, RecursionError) as cause:
            raise RecordingError(f"{name}: damaged, or no snapshot: {cause!r}") from cause
        except RecordingError as cause:
            raise RecordingError(f"{name}: {cause}") from cause
        if again != data:
            raise RecordingError(f"{name}: damaged: written again it gives other bytes")
        return snapshot

    @classmethod
    def read(cls, path: Path | str) -> Snapshot:
        """The moment in a file; RecordingError where there is none, or where it is damaged."""
        try:
            if Path(path).stat().st_size > MAX_BYTES:
                raise RecordingError(f"{path}: larger than {MAX_BYTES} bytes, no snapshot is")
            data = Path(path).read_bytes()
        except OSError as cause:
            raise RecordingError(f"{path}: cannot be read: {cause.strerror}") from cause
        return cls.from_bytes(data, str(path))

    @classmethod
    def _read(cls, head: Any, files: Mapping[str, bytes]) -> Snapshot:
        """The value from the parts of a file."""
        found = read(head, "format", str)
        if found != FORMAT:
            raise RecordingError(f"format {found!r}, expected {FORMAT!r}")
        blob = files[_ARRAYS]
        ids = tuple(read(head, "ids", list))
        if any(type(one) is not str for one in ids):
            raise RecordingError("actor ids that are no text")
        return cls(
            name=read(head, "name", str),
            source=read(head, "source", str),
            content_hash=read(head, "content_hash", str),
            seed=read(head, "seed", int),
            parameters=_value(read(head, "parameters", dict), blob),
            ids=ids,
            step=read(head, "step", int),
            time_us=read(head, "time_us", int),
            memory=_value(read(head, "memory", dict), blob),
            inputs={name.removeprefix(_INPUTS): files[name] for name in files if name.startswith(_INPUTS)},
            versions=_texts(read(head, "versions", dict)),
        )

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """Versions that are others here and now: name to what it was taken with and what there is."""
        return changed_since(self.versions)

    @property
    def aged(self) -> str:
        """What has changed since, as the end of a sentence; empty where nothing has."""
        return "".join(f"; {name} was {then[:16]}, is {now[:16]}" for name, (then, now) in self.changed.items())

    def scenario(self) -> Scenario:
        """The scenario that was driven, from the copy of its files in here; RecordingError where it comes out another."""
        if not self.inputs:
            raise RecordingError(f"the snapshot of {self.name!r} holds no scenario files: it was not made of any")
        logical = load_inputs(self.source, self.inputs)
        for scenario in (logical.concrete(self.seed), logical.concrete(self.seed, dict(self.parameters))):
            if scenario.content_hash == self.content_hash:
                return scenario
        raise RecordingError(f"the files in the snapshot of {self.name!r} give another scenario than it was made of")


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    if any(type(value) is not str for value in values.values()):
        raise RecordingError("versions that are no text")
    return dict(values)


def state_of(snapshot: Snapshot, scenario: Scenario, kinds: IntArray, extent: FloatArray) -> WorldState:
    """The state that a moment holds; RecordingError where it is none of the scenario, whose rows are `kinds` (n,) and `extent`
    (n, 3) [m], at the moment's step."""
    step = snapshot.step
    state = unpack_state(array(snapshot.memory, "state", np.uint8, (-1,)).tobytes(), scenario.ids)
    same = np.array_equal(state.kinds, kinds) and np.array_equal(state.extent, extent)
    when = state.step == step >= 0 and state.time_us == step * scenario.dt_us
    signals = len(state.signals) == len(scenario.road.signals)
    moving = (state.position, state.rotation, state.yaw, state.velocity, state.angular_velocity)
    finite = all(bool(np.isfinite(values).all()) for values in moving)
    if not (same and when and signals and finite and bool(state.present[EGO])):
        raise RecordingError(f"snapshot: its state is none of scenario {scenario.name!r} at step {step}")
    return state


def _unpacked(data: bytes, name: str) -> dict[str, bytes]:
    """The members of the archive, every one checked against its CRC."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > MAX_BYTES:
                raise RecordingError(f"{name}: claims {total} bytes, at most {MAX_BYTES} are read")
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise RecordingError(f"{name}: compressed, which no snapshot is")
            if any(PurePosixPath(member.filename).is_absolute() for member in members):
                raise RecordingError(f"{name}: holds a file with an absolute path")
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, ValueError) as cause:
        raise RecordingError(f"{name}: damaged, or no snapshot: {cause}") from cause
    except (RuntimeError, IndexError, KeyError, OverflowError) as cause:  # what zipfile lets through of forged headers
        raise RecordingError(f"{name}: damaged, or no snapshot: {cause!r}") from cause


def _plain(value: Any, blob: bytearray) -> Any:
    """A memory as JSON, its arrays appended to `blob`."""
    if isinstance(value, dict):
        if any(type(key) is not str or key.startswith("$") for key in value):
            raise TypeError(f"a memory's keys have to be text that does not begin with '$': {list(value)!r}")
        return {key: _plain(value[key], blob) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, blob) for item in value]
    if isinstance(value, np.ndarray):
        return {_ARRAY: _appended(value, blob)}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_NUMBER: repr(float(value))}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a memory: {value!r}")


def _appended(values: np.ndarray, blob: bytearray) -> list[Any]:
    """Add an array's bytes; returns type, offset and shape."""
    kind = values.dtype.newbyteorder("<").str
    if kind not in _TYPES:
        raise TypeError(f"an array of {values.dtype} has no place in a memory")
    blob.extend(bytes(-len(blob) % 8))
    offset = len(blob)
    blob.extend(np.ascontiguousarray(values, dtype=_TYPES[kind]).tobytes())
    return [kind, offset, list(values.shape)]


def _value(value: Any, blob: bytes) -> Any:
    """What `_plain` was given; arrays are read-only."""
    if isinstance(value, list):
        return [_value(item, blob) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_NUMBER}:
        return _NOT_FINITE[value[_NUMBER]]
    if value.keys() == {_ARRAY}:
        kind, offset, shape = value[_ARRAY]
        if any(type(size) is not int or size < 0 for size in (offset, *shape)):
            raise ValueError(f"an array at {offset!r} of shape {shape!r}")
        return np.frombuffer(blob, dtype=_TYPES[kind], count=math.prod(shape), offset=offset).reshape(shape)
    return {key: _value(item, blob) for key, item in value.items()}
