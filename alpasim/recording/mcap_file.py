"""Writes an MCAP file: chunks of messages with their indexes, attachments, and a summary at the end.

Answers how messages become a file; what they say is the matter of `writer.py`. Messages are written by the thousand and put
together here; every other record is rare and comes from the package `mcap`, whose own writer spends as long on a message's
frame as on compressing it. Format: https://mcap.dev/spec.
"""

from __future__ import annotations

import struct
import threading
import zlib
from typing import IO

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Schema,
    Statistics,
    SummaryOffset,
)

MAGIC = b"\x89MCAP0\r\n"
COMPRESSION_LEVEL = 1
"""Of zstd. The next ones take longer and save little: most of a log is numbers that hardly repeat."""
_MESSAGE = struct.Struct("<BQHIQQ")
_MESSAGE_HEAD = 22
"""Bytes of a message record before its data, its own frame not counted."""


class McapFile:
    """An MCAP file being written to `stream`, which is left open: `register` channels, `add` messages, then `finish`.

    A chunk ends when it holds `chunk_bytes` and at each `flush`; what has been flushed can be read although the file has no
    end. Raises OSError where the disk is full.
    """

    def __init__(self, stream: IO[bytes], *, profile: str, library: str, chunk_bytes: int) -> None:
        self._stream = stream
        self._chunk_bytes = chunk_bytes
        self._crc, self._offset = 0, 0
        self._schemas: list[Schema] = []
        self._channels: list[Channel] = []
        self._chunks: list[ChunkIndex] = []
        self._attachments: list[AttachmentIndex] = []
        self._counts: dict[int, int] = {}
        self._begin_chunk()
        self._write(MAGIC + _record(Header(profile, library)))

    def register(self, topic: str, encoding: str, schema_name: str, schema_encoding: str, schema: bytes) -> int:
        """A new channel with a schema of its own; returns the channel's number."""
        number = len(self._channels) + 1
        self._schemas.append(Schema(id=number, data=schema, encoding=schema_encoding, name=schema_name))
        self._channels.append(Channel(id=number, topic=topic, message_encoding=encoding, schema_id=number, metadata={}))
        for record in (self._schemas[-1], self._channels[-1]):
            data = _record(record)
            self._parts.append(data)
            self._size += len(data)
        return number

    def add(self, channel: int, time_ns: int, data: bytes) -> None:
        """One message at a time [ns]."""
        places = self._places.get(channel)
        if places is None:
            places = self._places[channel] = []
        places += (time_ns, self._size)
        self._parts.append(_MESSAGE.pack(Opcode.MESSAGE, _MESSAGE_HEAD + len(data), channel, 0, time_ns, time_ns))
        self._parts.append(data)
        self._size += _MESSAGE.size + len(data)
        if self._size > self._chunk_bytes:
            self._end_chunk()

    def attach(self, name: str, media_type: str, data: bytes) -> None:
        """One attachment, at time zero."""
        record = _record(Attachment(create_time=0, log_time=0, name=name, media_type=media_type, data=data))
        self._attachments.append(
            AttachmentIndex(
                offset=self._offset,
                length=len(record),
                log_time=0,
                create_time=0,
                data_size=len(data),
                name=name,
                media_type=media_type,
            )
        )
        self._write(record)

    def flush(self) -> None:
        """End the chunk and hand everything to the operating system."""
        self._end_chunk()
        self._stream.flush()

    def finish(self) -> None:
        """Write what is left, the summary and the file's end."""
        self._end_chunk()
        self._write(_record(DataEnd(self._crc)))
        start = self._offset
        groups: list[tuple[Opcode, list[bytes]]] = [
            (Opcode.SCHEMA, [_record(one) for one in self._schemas]),
            (Opcode.CHANNEL, [_record(one) for one in self._channels]),
            (Opcode.STATISTICS, [_record(self._statistics())]),
            (Opcode.CHUNK_INDEX, [_record(one) for one in self._chunks]),
            (Opcode.ATTACHMENT_INDEX, [_record(one) for one in self._attachments]),
        ]
        summary, offsets = b"", []
        for opcode, records in groups:
            group = b"".join(records)
            if group:
                offsets.append(SummaryOffset(opcode, start + len(summary), len(group)))
            summary += group
        offsets_start = start + len(summary)
        summary += b"".join(_record(one) for one in offsets)
        # The checksum takes in the footer up to the checksum itself.
        head = struct.pack("<BQQQ", Opcode.FOOTER, 20, start, offsets_start)
        footer = Footer(summary_start=start, summary_offset_start=offsets_start, summary_crc=zlib.crc32(summary + head))
        self._write(summary + _record(footer) + MAGIC)

    def _statistics(self) -> Statistics:
        """What the file holds."""
        return Statistics(
            attachment_count=len(self._attachments),
            channel_count=len(self._channels),
            channel_message_counts=self._counts,
            chunk_count=len(self._chunks),
            message_count=sum(self._counts.values()),
            message_start_time=min((chunk.message_start_time for chunk in self._chunks), default=0),
            message_end_time=max((chunk.message_end_time for chunk in self._chunks), default=0),
            metadata_count=0,
            schema_count=len(self._schemas),
        )

    def _begin_chunk(self) -> None:
        """Collect from nothing: `_places` has for each channel the times and places of its messages, one after the other."""
        self._parts: list[bytes] = []
        self._size = 0
        self._places: dict[int, list[int]] = {}

    def _end_chunk(self) -> None:
        """Compress and write what was collected, with the index of its messages."""
        if not self._places:
            return
        content = b"".join(self._parts)
        data = _compressor().compress(content)
        earliest = min(min(places[::2]) for places in self._places.values())
        latest = max(max(places[::2]) for places in self._places.values())
        chunk = _record(
            Chunk(
                compression="zstd",
                data=data,
                message_start_time=earliest,
                message_end_time=latest,
                uncompressed_crc=zlib.crc32(content),
                uncompressed_size=len(content),
            )
        )
        start = self._offset
        self._write(chunk)
        index_start, offsets = self._offset, {}
        for channel, places in self._places.items():
            offsets[channel] = self._offset
            self._counts[channel] = self._counts.get(channel, 0) + len(places) // 2
            size = 8 * len(places)
            self._write(struct.pack(f"<BQHI{len(places)}Q", Opcode.MESSAGE_INDEX, 6 + size, channel, size, *places))
        self._chunks.append(
            ChunkIndex(
                message_start_time=earliest,
                message_end_time=latest,
                chunk_start_offset=start,
                chunk_length=len(chunk),
                message_index_offsets=offsets,
                message_index_length=self._offset - index_start,
                compression="zstd",
                compressed_size=len(data),
                uncompressed_size=len(content),
            )
        )
        self._begin_chunk()

    def _write(self, data: bytes) -> None:
        """Bytes of the file, counted and summed."""
        self._crc = zlib.crc32(data, self._crc)
        self._stream.write(data)
        self._offset += len(data)


_own = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """One for the thread, because its tables are larger than a chunk, and because two threads that use one crash the process."""
    found: zstandard.ZstdCompressor | None = getattr(_own, "compressor", None)
    if found is None:
        found = _own.compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
    return found


def _record(record: McapRecord) -> bytes:
    """A record's bytes, frame included."""
    builder = RecordBuilder()
    record.write(builder)
    data: bytes = builder.end()  # type: ignore[no-untyped-call]
    return data
