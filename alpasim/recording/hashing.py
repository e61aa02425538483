"""What makes two rollouts equal: a hash per state, chained, and one hash over everything that was driven.

Answers "is this the same drive, and if not, from which step on". Both hashes are taken over float64 and int64 bits,
never over pictures, wall-clock times, hosts or file paths.
"""

from __future__ import annotations

import hashlib

from alpasim.recording.packing import pack_state
from alpasim.types import WorldState

STATE_HASH_BYTES = 16
CONTENT_HASH_BYTES = 32


def state_hash(state: WorldState, previous: bytes = b"") -> bytes:
    """16 bytes over everything in `state`; given the hash of the state before, they stand for the whole drive up to here."""
    return packed_hash(pack_state(state), state.ids, previous)


def packed_hash(packed: bytes, ids: tuple[str, ...], previous: bytes = b"") -> bytes:
    """`state_hash` of a state whose packed bytes are already at hand."""
    digest = hashlib.blake2b(previous, digest_size=STATE_HASH_BYTES)
    digest.update(packed)
    digest.update("\0".join(ids).encode("utf-8", "surrogatepass"))
    return digest.digest()


class ContentHash:
    """Grows with every message of the hashed channels, in the order they are written."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=CONTENT_HASH_BYTES)

    def add(self, topic: str, time_us: int, data: bytes) -> None:
        """Take in one message; the lengths keep two messages from passing for one."""
        self._digest.update(f"{topic} {time_us} {len(data)}\n".encode())
        self._digest.update(data)

    def hexdigest(self) -> str:
        """The hash of everything added so far."""
        return self._digest.hexdigest()
