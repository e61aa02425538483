"""Writes one rollout: `rollout.mcap` and, beside it, `reasoning.jsonl`.

Answers what a rollout leaves behind. While it is being driven the log is called `rollout.mcap.part` and is flushed every
FLUSH_STEPS steps, so that a killed rollout leaves what `reader.read_log` recovers; `finish` syncs it to disk and gives it
its name, so that a `rollout.mcap` is always whole.
"""

from __future__ import annotations

import base64
import json
import math
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from alpasim.recording import channels, codec, foxglove
from alpasim.recording.decimals import NumberObject
from alpasim.recording.hashing import ContentHash, packed_hash
from alpasim.recording.inputs import pack_inputs
from alpasim.recording.mcap_file import McapFile
from alpasim.recording.packing import pack_state
from alpasim.recording.versions import versions
from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, ActorKind, Contact, Decision, Step, WorldState
from alpasim.vehicle.frames import rig_from_box

LOG_NAME = "rollout.mcap"
PART_NAME = "rollout.mcap.part"
REASONING_NAME = "reasoning.jsonl"
FLUSH_STEPS = 50
"""Steps after which what was written is handed to the operating system: what a killed rollout loses at most."""
_CHUNK_BYTES = 2**20
_EGO_NUMBERS = NumberObject(
    ("x_m", "y_m", "z_m", "yaw_rad", "speed_mps", "yaw_rate_radps", "steering_angle_rad", "pedal")
)

_QUIET = b'"struck":[],"contacts":[],"events":[]'
"""What a state in which nothing happened says of that."""


class RolloutWriter:
    """Records one rollout into the folder `out_dir`: header and first state at once, then one `write_step` a control
    step, then `finish`. `tracks` maps the track ids that the policy sees to actor ids. `renderer` names what drew the
    camera pictures, where anything did. Leaving the `with` block without `finish` keeps the `.part` file.

    Raises OSError when the disk is full or the folder cannot be written.
    """

    def __init__(
        self,
        out_dir: Path,
        scenario: Scenario,
        policy_reference: str,
        initial: WorldState,
        *,
        policy_fingerprint: str = "",
        tracks: Mapping[int, str] | None = None,
        renderer: str = "",
    ) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self._final = out_dir / LOG_NAME
        self._part = out_dir / PART_NAME
        self._reasoning_path = out_dir / REASONING_NAME
        self._final.unlink(missing_ok=True)
        self._reasoning_path.unlink(missing_ok=True)
        self._file = self._part.open("wb")
        self._reasoning_file: IO[bytes] | None = None
        self._vehicle = scenario.ego.vehicle
        self._tracks = dict(tracks or {})
        self._ids = initial.ids
        self._content = ContentHash()
        self._chain = b""
        self._last_text = ""
        self._scene = foxglove.SceneEncoder(initial.ids)
        library = f"alpasim {versions()['alpasim']}"
        self._mcap = McapFile(self._file, profile="alpasim", library=library, chunk_bytes=_CHUNK_BYTES)
        self._channels = _register_channels(self._mcap)
        header = _header(scenario, policy_reference, policy_fingerprint, self._tracks, initial)
        self._write_start(header, scenario, renderer)
        self._write_state(initial)
        self._mcap.flush()

    @property
    def path(self) -> Path:
        """Where the finished log lies."""
        return self._final

    def write_step(self, step: Step, metrics: codec.MetricRow) -> None:
        """Record one control step and the metric values measured on it."""
        before, after = step.before, step.after
        self._write_decision(before, step.decision)
        control = codec.control_text(codec.moment_text(before.step, before.time_us), step.control)
        self._hashed(channels.CONTROL, before.time_us, control)
        self._write_state(after)
        measured = codec.metrics_text(codec.moment_text(after.step, after.time_us), metrics)
        self._hashed(channels.METRICS, after.time_us, measured)
        if after.step % FLUSH_STEPS == 0:
            self._mcap.flush()

    def drawn_by(self, renderer: str) -> None:
        """Note name and version of what draws for the cameras; outside the content hash."""
        self._run(self._time_us, "drawing", renderer=renderer)

    def finish(self, result: codec.ResultRecord, *, wall_s: float = math.nan) -> str:
        """Write how it ended, sync and rename the file; returns the content hash."""
        end_us = self._time_us
        self._hashed(channels.RESULT, end_us, codec.dump(codec.result_message(result)))
        content_hash = self._content.hexdigest()
        self._run(
            end_us,
            "finished",
            content_hash=content_hash,
            wall_s=codec.number(wall_s),
            error=codec.shortened(result.error, codec.MAX_TEXT),
            error_traceback=codec.shortened(result.error_traceback, codec.MAX_TEXT),
        )
        self._mcap.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        self._part.replace(self._final)
        return content_hash

    def close(self) -> None:
        """Let go of the files; what was not finished stays as `.part`."""
        if not self._file.closed:
            self._file.close()
        if self._reasoning_file is not None and not self._reasoning_file.closed:
            self._reasoning_file.close()

    def __enter__(self) -> RolloutWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_start(self, header: codec.Header, scenario: Scenario, renderer: str) -> None:
        """Everything that comes before the first state."""
        message = codec.header_message(header)
        self._content.add(channels.HEADER, 0, codec.hashed_header(message))
        self._add(channels.HEADER, 0, codec.dump(message))
        self._run(
            0, "started", host=socket.gethostname(), pid=os.getpid(), machine=platform.platform(), renderer=renderer
        )
        self._add(channels.SCENE, 0, foxglove.road_message(scenario.road))
        self._mcap.attach(channels.INPUTS_ATTACHMENT, "application/zip", pack_inputs(scenario.inputs))

    def _run(self, time_us: int, event: str, **facts: Any) -> None:
        """A message of the channel for what may differ between equal rollouts."""
        wall_time = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._add(channels.RUN, time_us, codec.dump({"event": event, "wall_time": wall_time, **facts}))

    def _write_state(self, state: WorldState) -> None:
        """One state, exact and hashed, and the pictures of it."""
        packed = pack_state(state)
        self._chain = packed_hash(packed, self._ids, self._chain)
        self._time_us = state.time_us
        self._hashed(channels.STATE, state.time_us, _state_text(state, packed, self._chain))
        self._add(channels.SCENE, state.time_us, self._scene.encode(state))
        x, y, z, yaw = rig_from_box(state.position[EGO], float(state.yaw[EGO]), self._vehicle).tolist()
        turn = (0.0, 0.0, math.sin(yaw / 2.0), math.cos(yaw / 2.0))
        self._add(channels.TRANSFORMS, state.time_us, foxglove.transforms_message(state.time_us, (x, y, z), turn))
        for event in state.events:
            self._add(channels.TEXT, state.time_us, foxglove.text_message(state.time_us, "event", event))

    def _write_decision(self, state: WorldState, decision: Decision) -> None:
        """What the policy answered in `state`, once for the reader and, where it gave reasons, once for people."""
        moment = codec.moment_text(state.step, state.time_us)
        reasoning = None if decision.reasoning is None else codec.reasoning_message(decision.reasoning)
        self._hashed(channels.DECISION, state.time_us, codec.decision_text(moment, decision, reasoning))
        if reasoning is None:
            return
        for factor in reasoning["factors"]:
            factor["actor"] = self._tracks.get(factor["track_id"])
        told = {"step": state.step, "time_us": state.time_us, "time_s": state.time_us / 1e6, **reasoning}
        line = json.dumps(told, ensure_ascii=False)
        if self._reasoning_file is None:
            self._reasoning_file = self._reasoning_path.open("wb")
        self._reasoning_file.write(line.encode("utf-8", "backslashreplace") + b"\n")
        if reasoning["text"] != self._last_text:
            self._last_text = reasoning["text"]
            text = foxglove.text_message(state.time_us, "reasoning", self._last_text)
            self._add(channels.TEXT, state.time_us, text)

    def _hashed(self, topic: str, time_us: int, data: bytes) -> None:
        """Write a message of a channel that the content hash covers."""
        self._content.add(topic, time_us, data)
        self._add(topic, time_us, data)

    def _add(self, topic: str, time_us: int, data: bytes) -> None:
        """Write one message; times in MCAP are nanoseconds."""
        self._mcap.add(self._channels[topic], time_us * 1000, data)


def _header(
    scenario: Scenario, policy_reference: str, policy_fingerprint: str, tracks: Mapping[int, str], initial: WorldState
) -> codec.Header:
    """What the log says of the rollout as a whole."""
    return codec.Header(
        scenario=scenario.name,
        title=scenario.title,
        scenario_hash=scenario.content_hash,
        seed=scenario.seed,
        parameters=scenario.parameters,
        dt_us=scenario.dt_us,
        substeps=scenario.substeps,
        ids=initial.ids,
        kinds=tuple(ActorKind(kind).name.lower() for kind in initial.kinds.tolist()),
        tracks=tracks,
        vehicle=asdict(scenario.ego.vehicle),
        environment=asdict(scenario.environment),
        policy=policy_reference,
        policy_fingerprint=policy_fingerprint,
        source=Path(scenario.source).name,
        versions=versions(),
    )


def _state_text(state: WorldState, packed: bytes, chain: bytes) -> bytes:
    """A state's message: what a person or a plot wants to see, and the exact bytes, which need no escapes."""
    ego, ids = state.ego, state.ids
    numbers = (
        *state.position[EGO].tolist(),
        state.yaw[EGO],
        ego.velocity_in_rig[0],
        ego.yaw_rate_radps,
        ego.steering_angle_rad,
        ego.pedal,
    )
    lists = _QUIET
    if state.contacts or state.events or state.struck.any():
        struck = [ids[row] for row in state.struck.nonzero()[0].tolist()]
        contacts = [_contact(ids, contact) for contact in state.contacts]
        lists = codec.dump({"struck": struck, "contacts": contacts, "events": list(state.events)})[1:-1]
    return b'%b,"ego":%b,"reverse":%b},"present":%d,%b,"packed":"%b","hash":"%b"}' % (
        codec.moment_text(state.step, state.time_us),
        _EGO_NUMBERS.text(np.array(numbers))[:-1],
        b"true" if ego.reverse else b"false",
        np.count_nonzero(state.present),
        lists,
        base64.b64encode(packed),
        chain.hex().encode(),
    )


def _contact(ids: tuple[str, ...], contact: Contact) -> dict[str, Any]:
    """What a person or a plot wants to see of a contact."""
    return {
        "first": _actor(ids, contact.first),
        "second": _actor(ids, contact.second),
        "impulse_ns": contact.impulse_ns,
        "closing_speed_mps": contact.closing_speed_mps,
        "first_part": contact.first_part,
        "second_part": contact.second_part,
        "first_delta_v_mps": float(np.linalg.norm(contact.first_delta_v)),
        "second_delta_v_mps": float(np.linalg.norm(contact.second_delta_v)),
        "point_m": contact.point.tolist(),
        "normal": contact.normal.tolist(),
    }


def _actor(ids: tuple[str, ...], row: int) -> str:
    """An actor's id, or `ground` for what is none."""
    return ids[row] if row >= 0 else "ground"


def _register_channels(mcap: McapFile) -> dict[str, int]:
    """Register every channel with its schema; channel ids by topic."""
    return {described[0]: mcap.register(*described) for described in _described()}


@cache
def _described() -> tuple[tuple[str, str, str, str, bytes], ...]:
    """Topic, encoding, schema's name, its encoding and itself of every channel."""
    found = [
        (topic, "json", topic.replace("/", "."), "jsonschema", json.dumps(schema).encode())
        for topic, schema in channels.JSON_SCHEMAS.items()
    ]
    foreign = channels.FOXGLOVE_SCHEMAS.items()
    return (*found, *((topic, "protobuf", name, "protobuf", _foxglove_schema(name)) for topic, name in foreign))


def _foxglove_schema(name: str) -> bytes:
    """The FileDescriptorSet that MCAP wants as a protobuf schema: the message's file and all it imports."""
    from foxglove_schemas_protobuf import FrameTransforms_pb2, Log_pb2, SceneUpdate_pb2

    files = {
        "foxglove.SceneUpdate": SceneUpdate_pb2.DESCRIPTOR,
        "foxglove.FrameTransforms": FrameTransforms_pb2.DESCRIPTOR,
        "foxglove.Log": Log_pb2.DESCRIPTOR,
    }
    found: dict[str, FileDescriptor] = {}
    _collect(files[name], found)
    out = FileDescriptorSet()
    for descriptor in found.values():
        descriptor.CopyToProto(out.file.add())
    return out.SerializeToString(deterministic=True)


def _collect(descriptor: FileDescriptor, found: dict[str, FileDescriptor]) -> None:
    """Add a descriptor after everything it depends on."""
    for dependency in descriptor.dependencies:
        _collect(dependency, found)
    found.setdefault(descriptor.name, descriptor)
