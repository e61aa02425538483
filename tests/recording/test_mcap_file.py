"""MCAP files against another implementation: the `mcap` package reads back what was written, index, checksums and all."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter

import mcap.reader
import pytest
from mcap.stream_reader import StreamReader

from alpasim.recording.mcap_file import McapFile

ROUNDS = 40


def written(chunk_bytes: int, *, flush_every: int = 0) -> bytes:
    stream = io.BytesIO()
    file = McapFile(stream, profile="p", library="l", chunk_bytes=chunk_bytes)
    words = file.register("words", "json", "words.schema", "jsonschema", b"{}")
    noise = file.register("noise", "protobuf", "noise.schema", "protobuf", b"\x00")
    file.add(words, 0, b'{"begin":1}')
    file.attach("inputs.zip", "application/zip", b"attached" * 100)
    for number in range(1, ROUNDS):
        file.add(words, number * 1000, b'{"number":%d}' % number)
        file.add(noise, number * 1000, bytes(range(number)))
        if flush_every and number % flush_every == 0:
            file.flush()
    file.finish()
    return stream.getvalue()


@pytest.mark.parametrize(("chunk_bytes", "flush_every"), [(2**20, 0), (100, 0), (2**20, 7)])
def test_another_reader_finds_every_message_in_order(chunk_bytes: int, flush_every: int) -> None:
    reader = mcap.reader.make_reader(io.BytesIO(written(chunk_bytes, flush_every=flush_every)), validate_crcs=True)
    found = [
        ("" if schema is None else schema.name, channel.topic, message.log_time, message.data)
        for schema, channel, message in reader.iter_messages()
    ]
    words = [(time, data) for name, topic, time, data in found if topic == "words" and name == "words.schema"]
    noise = [(time, data) for name, topic, time, data in found if topic == "noise" and name == "noise.schema"]
    assert words == [(0, b'{"begin":1}'), *((n * 1000, b'{"number":%d}' % n) for n in range(1, ROUNDS))]
    assert noise == [(n * 1000, bytes(range(n))) for n in range(1, ROUNDS)]


def test_the_summary_counts_what_is_there() -> None:
    data = written(300)
    summary = mcap.reader.make_reader(io.BytesIO(data), validate_crcs=True).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    kinds = Counter(type(record).__name__ for record in StreamReader(io.BytesIO(data), emit_chunks=True).records)
    assert summary.statistics.message_count == 2 * ROUNDS - 1
    assert summary.statistics.chunk_count == len(summary.chunk_indexes) == kinds["Chunk"] > 1
    assert (summary.statistics.message_start_time, summary.statistics.message_end_time) == (0, (ROUNDS - 1) * 1000)
    assert {channel.topic for channel in summary.channels.values()} == {"words", "noise"}
    assert [attachment.name for attachment in summary.attachment_indexes] == ["inputs.zip"]
    for index in summary.chunk_indexes:
        assert data[index.chunk_start_offset] == 6  # a chunk record begins there


def test_one_channel_is_found_through_the_index_alone() -> None:
    reader = mcap.reader.make_reader(io.BytesIO(written(200)), validate_crcs=True)
    chosen = [message.log_time for _, _, message in reader.iter_messages(["noise"])]
    assert chosen == [number * 1000 for number in range(1, ROUNDS)]


def test_an_attachment_comes_back_whole() -> None:
    reader = mcap.reader.make_reader(io.BytesIO(written(2**20)), validate_crcs=True)
    assert [attachment.data for attachment in reader.iter_attachments()] == [b"attached" * 100]


THREADS = """
import io, os, threading
import mcap.reader
from alpasim.recording.mcap_file import McapFile

def write(k):
    data = bytes([k]) * 100_000 + os.urandom(2_000) * 100
    for _ in range(60):
        stream = io.BytesIO()
        file = McapFile(stream, profile="p", library="l", chunk_bytes=1_000)
        channel = file.register("t", "json", "s", "jsonschema", b"{}")
        for time_ns in range(3):
            file.add(channel, time_ns, data)
        file.finish()
    found = [m.data for _, _, m in mcap.reader.make_reader(io.BytesIO(stream.getvalue()), validate_crcs=True).iter_messages()]
    right.append(found == [data] * 3)

right = []
threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(right))
"""


def test_threads_that_write_files_side_by_side_do_not_meet() -> None:
    """In a process of its own: a compressor that two threads share ends it."""
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "4"), done.stderr
