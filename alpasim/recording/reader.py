"""Reads a rollout log back: message by message, or as one Log.

Answers what happened in a rollout, from the log alone. A log that was cut short gives everything that is whole and says
`complete=False`; a log in which a bit has flipped is refused with RecordingError, by CRCs (`framing.py`), by the chained
state hashes and, at its end, by the content hash.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alpasim.errors import RecordingError
from alpasim.recording import channels, codec, framing
from alpasim.recording.hashing import ContentHash, packed_hash
from alpasim.recording.inputs import unpack_inputs
from alpasim.recording.packing import unpack_state
from alpasim.types import Control, Decision, MetricValue, WorldState


@dataclass(frozen=True, slots=True)
class Log:
    """One rollout as its log has it.

    `states` has one more entry than `decisions`, `controls` and `metrics`: entry k of those led from `states[k]` to
    `states[k + 1]`. `state_hashes[k]` is the chained hash of `states[k]`. `result` is None and `content_hash` empty where
    the log was cut before its end, and `complete` says whether the file was whole. `inputs` holds the scenario's files,
    `run` what may differ between equal rollouts: wall-clock times, host, renderer, traceback.
    """

    path: Path
    header: codec.Header
    states: tuple[WorldState, ...]
    state_hashes: tuple[bytes, ...]
    decisions: tuple[Decision, ...]
    controls: tuple[Control, ...]
    metrics: tuple[Mapping[str, MetricValue], ...]
    result: codec.ResultRecord | None
    content_hash: str
    complete: bool
    inputs: Mapping[str, bytes]
    run: Mapping[str, Any]

    @property
    def dt_s(self) -> float:
        """Seconds between two states."""
        return self.header.dt_us * 1e-6


class LogStream:
    """The messages of a log in file order, one chunk in memory at a time; `complete` holds after the last one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complete = False
        self.attachments: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[channels.Message]:
        try:
            file = self.path.open("rb")
        except OSError as cause:
            raise RecordingError(f"{self.path}: cannot be read: {cause.strerror}") from cause
        with file:
            source = framing.RecordFile(self.path, file)
            topics: dict[int, str] = {}
            for record in source.records():
                if record.opcode == framing.ATTACHMENT:
                    attachment = source.attachment(record)
                    self.attachments[attachment.name] = attachment.data
                elif record.opcode == framing.CHUNK:
                    yield from _chunk_messages(source, record, topics)
            self.complete = source.finished


def _chunk_messages(
    source: framing.RecordFile, chunk: framing.Record, topics: dict[int, str]
) -> Iterator[channels.Message]:
    """A chunk's messages with their topics; channels met on the way are added to `topics`."""
    for record in source.chunk_records(chunk):
        if record.opcode == framing.CHANNEL:
            number, topic = source.channel(record)
            topics[number] = topic
        elif record.opcode == framing.MESSAGE:
            message = source.message(record)
            if message.channel not in topics:
                raise source.fail(record.offset, f"a message of channel {message.channel}, which is not described")
            yield channels.Message(topics[message.channel], message.time_ns // 1000, message.data)


@dataclass(slots=True)
class _Collected:
    """What has been read so far."""

    path: Path
    header: codec.Header | None = None
    states: list[WorldState] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    metrics: list[Mapping[str, MetricValue]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    run: dict[str, Any] = field(default_factory=dict)
    content: ContentHash = field(default_factory=ContentHash)

    def add(self, message: channels.Message) -> None:
        """Take in one message of the file."""
        if message.topic not in channels.JSON_SCHEMAS:
            return
        where = f"{self.path}: {message.topic} at {message.time_us} us"
        value = codec.load(message.data, where)
        try:
            hashed = codec.hashed_header(value) if message.topic == channels.HEADER else message.data
            if message.topic in channels.HASHED:
                self.content.add(message.topic, message.time_us, hashed)
            self._take(message.topic, value, where)
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise RecordingError(f"{where}: {type(cause).__name__}: {cause}") from cause

    def _take(self, topic: str, value: dict[str, Any], where: str) -> None:
        """One decoded message."""
        if topic == channels.HEADER:
            if value.get("format") != channels.FORMAT:
                raise RecordingError(f"{where}: format {value.get('format')!r}, expected {channels.FORMAT!r}")
            self.header = codec.read_header(value)
        elif topic == channels.STATE:
            self._take_state(value, where)
        elif topic == channels.DECISION:
            self.decisions.append(codec.read_decision(value))
        elif topic == channels.CONTROL:
            self.controls.append(codec.read_control(value))
        elif topic == channels.METRICS:
            self.metrics.append(codec.read_metrics(value["values"]))
        elif topic == channels.RESULT:
            self.result = value
        elif topic == channels.RUN:
            self.run |= {f"{value['event']}_at": value["wall_time"]} | {
                key: item for key, item in value.items() if key not in ("event", "wall_time")
            }

    def _take_state(self, value: dict[str, Any], where: str) -> None:
        """A state, checked against the chain of hashes."""
        if self.header is None:
            raise RecordingError(f"{where}: a state before the header")
        try:
            packed = base64.b64decode(value["packed"], validate=True)
        except binascii.Error as cause:
            raise RecordingError(f"{where}: the packed state is no base64: {cause}") from cause
        found = packed_hash(packed, self.header.ids, self.hashes[-1] if self.hashes else b"")
        if found.hex() != value["hash"]:
            raise RecordingError(f"{where}: the state's hash is {found.hex()}, the log says {value['hash']}")
        state = unpack_state(packed, self.header.ids)
        if state.step != len(self.states):
            raise RecordingError(f"{where}: step {state.step}, expected {len(self.states)}")
        self.hashes.append(found)
        self.states.append(state)


def read_log(path: Path | str) -> Log:
    """The rollout in a log file, or in a rollout's folder, finished or not.

    Raises RecordingError where there is no log, where it holds not even one whole state, or where it is damaged.
    """
    file = find_log(Path(path))
    stream = LogStream(file)
    collected = _Collected(file)
    for message in stream:
        collected.add(message)
    if collected.header is None or not collected.states:
        raise RecordingError(f"{file}: holds no rollout: cut short before its first state")
    steps = min(len(collected.states) - 1, len(collected.decisions), len(collected.controls), len(collected.metrics))
    content_hash = _checked_end(collected, stream.complete)
    inputs = stream.attachments.get(channels.INPUTS_ATTACHMENT)
    return Log(
        path=file,
        header=collected.header,
        states=tuple(collected.states[: steps + 1]),
        state_hashes=tuple(collected.hashes[: steps + 1]),
        decisions=tuple(collected.decisions[:steps]),
        controls=tuple(collected.controls[:steps]),
        metrics=tuple(collected.metrics[:steps]),
        result=None if collected.result is None else codec.read_result(collected.result, collected.run),
        content_hash=content_hash,
        complete=stream.complete,
        inputs={} if inputs is None else unpack_inputs(inputs),
        run=collected.run,
    )


def _checked_end(collected: _Collected, complete: bool) -> str:
    """The content hash as the log has it, after comparing it with what was read; empty where the log ends before it."""
    stated = str(collected.run.get("content_hash", ""))
    if stated and stated != collected.content.hexdigest():
        raise RecordingError(
            f"{collected.path}: the content hash is {collected.content.hexdigest()}, the log says {stated}"
        )
    if complete and not stated:
        raise RecordingError(f"{collected.path}: a whole file without an end of the rollout")
    counts = {len(collected.decisions), len(collected.controls), len(collected.metrics), len(collected.states) - 1}
    if stated and len(counts) != 1:
        raise RecordingError(f"{collected.path}: states, decisions, controls and metrics differ in number: {counts}")
    return stated


def find_log(path: Path) -> Path:
    """The log that a path means: the file itself, or the one in a rollout's folder, a `.part` where nothing else is."""
    if path.is_dir():
        for name in ("rollout.mcap", "rollout.mcap.part"):
            if (path / name).is_file():
                return path / name
        raise RecordingError(f"{path}: no rollout.mcap in this folder")
    if not path.exists():
        raise RecordingError(f"{path}: no such file")
    return path
