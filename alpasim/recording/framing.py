"""The records of an MCAP file, checked byte by byte: what is whole is handed out, what is cut is said, what is damaged
is refused.

Answers "which records of this file can be trusted". A file without the closing magic was cut short: its complete records
are good, each chunk and attachment by its own CRC. A file with the closing magic is covered by the data section's and the
summary's CRC as well. The `mcap` package reads such files too, but stops at the first incomplete record with an error,
trusts the sizes it finds, and does not check attachments or the summary.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from alpasim.errors import RecordingError

MAGIC = b"\x89MCAP0\r\n"
MAX_RECORD_BYTES = 2**30
MAX_CHUNK_BYTES = 2**28
"""A record or a chunk's content that claims more than this is refused unread."""

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ATTACHMENT, DATA_END = 0x09, 0x0F
_KNOWN = frozenset(range(HEADER, DATA_END + 1))
_FRAME = struct.Struct("<BQ")
_CHUNK_HEAD = struct.Struct("<QQQII")
_MESSAGE_HEAD = struct.Struct("<HIQQ")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file: its kind, its content, and where it begins."""

    opcode: int
    content: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried by the log."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message with its channel's number and its time [ns]."""

    channel: int
    time_ns: int
    data: bytes


class RecordFile:
    """The records of one open file in order; after the last one `finished` says whether the file was whole."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.finished = False
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._closed_properly = self._ends_with_magic()
        self._summary_crc = 0

    def _ends_with_magic(self) -> bool:
        """Whether the writer came to its end."""
        if self._size < 2 * len(MAGIC):
            return False
        self._file.seek(-len(MAGIC), os.SEEK_END)
        return self._file.read(len(MAGIC)) == MAGIC

    def fail(self, offset: int, what: str) -> RecordingError:
        """The error for something wrong at a place of this file."""
        return RecordingError(f"{self.path}: damaged at byte {offset}: {what}")

    def records(self) -> Iterator[Record]:
        """Every complete record up to the end of the file or the cut; RecordingError at the first damaged one."""
        self._file.seek(0)
        start = self._file.read(len(MAGIC))
        if start != MAGIC:
            if start and MAGIC.startswith(start):
                return
            what = "an empty file" if not start else f"it begins with {start!r}"
            raise RecordingError(f"{self.path}: not a rollout log: {what}, expected an MCAP file")
        crc = zlib.crc32(start)
        offset, in_summary = len(MAGIC), False
        while True:
            frame = self._file.read(_FRAME.size)
            record = self._record(frame, offset)
            if record is None:
                return
            if record.opcode == DATA_END:
                self._check_data_crc(record, crc)
                in_summary, crc = True, 0
            elif record.opcode == FOOTER:
                yield record
                self._check_footer(record, frame, crc if in_summary else None)
                return
            else:
                crc = zlib.crc32(record.content, zlib.crc32(frame, crc))
            yield record
            offset += _FRAME.size + len(record.content)

    def _record(self, frame: bytes, offset: int) -> Record | None:
        """The record at `offset`, None where the file was cut before its end."""
        if len(frame) < _FRAME.size:
            self._allow_cut(offset)
            return None
        opcode, length = _FRAME.unpack(frame)
        if opcode not in _KNOWN:
            raise self.fail(offset, f"no record of kind {opcode:#04x} exists")
        if length > self._size - offset - _FRAME.size:
            self._allow_cut(offset)
            return None
        if length > MAX_RECORD_BYTES:
            raise self.fail(offset, f"a record claims {length} bytes, at most {MAX_RECORD_BYTES} are read")
        return Record(opcode, self._file.read(length), offset)

    def _allow_cut(self, offset: int) -> None:
        """A record that is not all there is a cut, unless the file's end is."""
        if self._closed_properly:
            raise self.fail(offset, "a record reaches beyond the end of the file")

    def _check_data_crc(self, record: Record, crc: int) -> None:
        """The data section as a whole."""
        if len(record.content) != 4:
            raise self.fail(record.offset, f"the data section's end has {len(record.content)} bytes, expected 4")
        expected = int.from_bytes(record.content, "little")
        if expected != crc:
            raise self.fail(record.offset, f"the data section's checksum is {crc:#010x}, expected {expected:#010x}")

    def _check_footer(self, record: Record, frame: bytes, crc: int | None) -> None:
        """The summary section, and that nothing but the magic follows."""
        if crc is None or len(record.content) != 20:
            raise self.fail(record.offset, "a footer in the wrong place or of the wrong size")
        found = zlib.crc32(record.content[:16], zlib.crc32(frame, crc))
        expected = int.from_bytes(record.content[16:], "little")
        if found != expected:
            raise self.fail(record.offset, f"the summary's checksum is {found:#010x}, expected {expected:#010x}")
        rest = self._file.read(len(MAGIC) + 1)
        if rest == MAGIC:
            self.finished = True
        elif not MAGIC.startswith(rest):
            raise self.fail(record.offset + _FRAME.size + 20, f"found {rest!r}, expected the closing magic")

    def attachment(self, record: Record) -> Attachment:
        """An attachment's name and data, checked by its own CRC."""
        content = record.content
        if len(content) < 36 or zlib.crc32(content[:-4]) != int.from_bytes(content[-4:], "little"):
            raise self.fail(record.offset, "an attachment whose checksum does not hold")
        name, at = _prefixed(content, 16)
        _, at = _prefixed(content, at)
        length = int.from_bytes(content[at : at + 8], "little")
        if at + 8 + length + 4 != len(content):
            raise self.fail(record.offset, f"an attachment of {length} bytes in a record of {len(content)}")
        return Attachment(name.decode("utf-8", "replace"), content[at + 8 : -4])

    def chunk(self, record: Record) -> bytes:
        """A chunk's content, decompressed and checked by its CRC."""
        content = record.content
        if len(content) < _CHUNK_HEAD.size:
            raise self.fail(record.offset, f"a chunk of {len(content)} bytes")
        _, _, size, crc, name_length = _CHUNK_HEAD.unpack_from(content)
        at = _CHUNK_HEAD.size + name_length
        compression = content[_CHUNK_HEAD.size : at]
        if at + 8 > len(content) or int.from_bytes(content[at : at + 8], "little") != len(content) - at - 8:
            raise self.fail(record.offset, "a chunk whose lengths do not add up")
        if size > MAX_CHUNK_BYTES:
            raise self.fail(record.offset, f"a chunk claims {size} bytes, at most {MAX_CHUNK_BYTES} are read")
        data = self._decompressed(record, compression, content[at + 8 :], size)
        if len(data) != size or zlib.crc32(data) != crc:
            raise self.fail(record.offset, f"a chunk of {len(data)} bytes whose checksum does not hold")
        return data

    def _decompressed(self, record: Record, compression: bytes, data: bytes, size: int) -> bytes:
        """`data` decompressed, never to more than `size` bytes, whatever the compressed frame itself claims."""
        if compression == b"":
            return data
        if compression != b"zstd":
            raise self.fail(record.offset, f"a chunk compressed as {compression!r}, expected zstd")
        try:
            claimed = zstandard.frame_content_size(data)
            if claimed not in (-1, size):
                raise self.fail(record.offset, f"a chunk of {size} bytes whose frame claims {claimed}")
            return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
        except zstandard.ZstdError as cause:
            raise self.fail(record.offset, f"a chunk that does not decompress: {cause}") from cause

    def chunk_records(self, record: Record) -> Iterator[Record]:
        """Schemas, channels and messages of a chunk; all of them lie at the chunk's own place."""
        data = self.chunk(record)
        at = 0
        while at < len(data):
            if at + _FRAME.size > len(data):
                raise self.fail(record.offset, "a chunk that ends within a record")
            opcode, length = _FRAME.unpack_from(data, at)
            at += _FRAME.size
            if length > len(data) - at:
                raise self.fail(record.offset, "a chunk that ends within a record")
            yield Record(opcode, data[at : at + length], record.offset)
            at += length

    def message(self, record: Record) -> RawMessage:
        """A message record taken apart."""
        if len(record.content) < _MESSAGE_HEAD.size:
            raise self.fail(record.offset, f"a message of {len(record.content)} bytes")
        channel, _, time_ns, _ = _MESSAGE_HEAD.unpack_from(record.content)
        return RawMessage(channel, time_ns, record.content[_MESSAGE_HEAD.size :])

    def channel(self, record: Record) -> tuple[int, str]:
        """A channel record's number and topic."""
        topic, _ = _prefixed(record.content, 4)
        return int.from_bytes(record.content[:2], "little"), topic.decode("utf-8", "replace")


def _prefixed(content: bytes, at: int) -> tuple[bytes, int]:
    """The length-prefixed text at `at`, and where it ends."""
    length = int.from_bytes(content[at : at + 4], "little")
    return content[at + 4 : at + 4 + length], at + 4 + length
