"""Logs that were cut or damaged: everything whole is recovered, nothing wrong is ever handed out as right."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard
from drives import steps, write_drive

from alpasim.errors import RecordingError
from alpasim.recording import framing
from alpasim.recording.reader import Log, read_log
from alpasim.recording.writer import FLUSH_STEPS


@dataclass
class Whole:
    """A sound log: its bytes and what it says."""

    data: bytes
    log: Log


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    write_drive(folder, steps(2 * FLUSH_STEPS + 20, actors=2))
    return Whole((folder / "rollout.mcap").read_bytes(), read_log(folder))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("small")
    write_drive(folder, steps(3, actors=1))
    return Whole((folder / "rollout.mcap").read_bytes(), read_log(folder))


def is_beginning_of(part: Log, sound: Log) -> bool:
    """Whether everything in `part` is what the sound log has in the same place."""
    count = len(part.states)
    return (
        part.header == sound.header
        and part.state_hashes == sound.state_hashes[:count]
        and repr(part.decisions) == repr(sound.decisions[: count - 1])
        and part.controls == sound.controls[: count - 1]
        and repr(part.metrics) == repr(sound.metrics[: count - 1])
        and (part.result is None or part.result == sound.result)
        and part.inputs in ({}, sound.inputs)
    )


def test_a_log_cut_anywhere_gives_its_whole_beginning(whole: Whole, tmp_path: Path) -> None:
    size = len(whole.data)
    cut = tmp_path / "cut.mcap"
    recovered = 0
    for place in sorted({*range(0, size, size // 200), size - 1, size - 9}):
        cut.write_bytes(whole.data[:place])
        try:
            log = read_log(cut)
        except RecordingError as error:
            assert "before its first state" in str(error) or "empty" in str(error), error
            continue
        recovered += 1
        assert not log.complete
        assert is_beginning_of(log, whole.log)
    assert recovered > 150
    cut.write_bytes(whole.data[: size - 1])
    assert len(read_log(cut).states) == len(whole.log.states)


def test_a_killed_rollout_loses_less_than_one_flush(tmp_path: Path) -> None:
    drive = steps(FLUSH_STEPS + 7)
    write_drive(tmp_path, drive, finish=False)
    assert not (tmp_path / "rollout.mcap").exists()
    log = read_log(tmp_path)
    assert not log.complete
    assert log.result is None
    assert log.path.name == "rollout.mcap.part"
    assert len(log.decisions) == FLUSH_STEPS


def test_no_flipped_bit_passes_for_the_truth(small: Whole, tmp_path: Path) -> None:
    rng = random.Random(11)
    flipped = tmp_path / "flipped.mcap"
    for _ in range(1000):
        data = bytearray(small.data)
        place = rng.randrange(len(data))
        data[place] ^= 1 << rng.randrange(8)
        flipped.write_bytes(data)
        with pytest.raises(RecordingError) as caught:
            read_log(flipped)
        assert "flipped.mcap" in str(caught.value)


def test_no_flipped_bit_in_a_cut_log_gives_a_wrong_value(whole: Whole, tmp_path: Path) -> None:
    rng = random.Random(12)
    flipped = tmp_path / "flipped.mcap"
    part = whole.data[: len(whole.data) * 2 // 3]
    for _ in range(300):
        data = bytearray(part)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        flipped.write_bytes(data)
        try:
            log = read_log(flipped)
        except RecordingError:
            continue
        assert not log.complete
        assert is_beginning_of(log, whole.log)


def records_of(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Offset, kind and content of each record; an independent, trusting scan."""
    at = 8
    while at < len(data) - 8:
        opcode, length = struct.unpack_from("<BQ", data, at)
        yield at, opcode, data[at + 9 : at + 9 + length]
        at += 9 + length


def without(data: bytes, start: int, end: int) -> bytes:
    """`data` with a stretch taken out and the data section's checksum put right."""
    shorter = data[:start] + data[end:]
    place = next(at for at, opcode, _ in records_of(shorter) if opcode == framing.DATA_END)
    crc = struct.pack("<I", zlib.crc32(shorter[:place]))
    return shorter[: place + 9] + crc + shorter[place + 13 :]


def test_a_missing_stretch_with_sound_checksums_is_still_noticed(whole: Whole, tmp_path: Path) -> None:
    chunks = [(at, len(content) + 9) for at, opcode, content in records_of(whole.data) if opcode == framing.CHUNK]
    assert len(chunks) >= 3
    start, length = chunks[1]
    (tmp_path / "gap.mcap").write_bytes(without(whole.data, start, start + length))
    with pytest.raises(RecordingError, match="hash"):
        read_log(tmp_path / "gap.mcap")


def bomb(claimed: int, compressed: bytes) -> bytes:
    """An MCAP file with one chunk that claims to hold `claimed` bytes."""
    content = struct.pack("<QQQII", 0, 0, claimed, 0, 4) + b"zstd" + struct.pack("<Q", len(compressed)) + compressed
    return framing.MAGIC + struct.pack("<BQ", framing.CHUNK, len(content)) + content


def test_a_chunk_that_claims_ten_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mcap"
    path.write_bytes(bomb(10 * 2**30, b""))
    with pytest.raises(RecordingError, match="claims 10737418240 bytes"):
        read_log(path)


def test_a_compressed_frame_that_claims_more_than_its_chunk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.mcap"
    path.write_bytes(bomb(1000, zstandard.compress(bytes(50_000_000))))
    with pytest.raises(RecordingError, match="frame claims 50000000"):
        read_log(path)
    stream = zstandard.ZstdCompressor().compressobj()
    path.write_bytes(bomb(1000, stream.compress(bytes(50_000_000)) + stream.flush()))
    with pytest.raises(RecordingError, match="damaged"):
        read_log(path)


@pytest.mark.parametrize("data", [b"", b"\x89MC", b"<?xml version='1.0'?>", b"PK\x03\x04" + bytes(100), bytes(10_000)])
def test_what_is_no_log_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing.mcap"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=r"thing\.mcap"):
        read_log(path)


def test_a_directory_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no rollout\.mcap"):
        read_log(tmp_path)
