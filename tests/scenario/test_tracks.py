"""Tracks survive their file to the bit, equal tracks are equal bytes, and damaged files are refused."""

from __future__ import annotations

import io
import random
import zipfile

import numpy as np
import pytest

from alpasim.errors import InputError
from alpasim.scenario.concrete import Track
from alpasim.scenario.tracks import dump_tracks, load_tracks


def track(count: int, seed: int, start: int = 0) -> Track:
    rng = np.random.default_rng(seed)
    times = start + np.cumsum(rng.integers(1, 200_000, count))
    return Track(times.astype(np.int64), rng.normal(0, 1e3, (count, 3)), rng.normal(0, 10, count))


TRACKS = {"23": track(40, 1), "ünal-7": track(1, 2, -500_000), "a b": track(7, 3)}


def test_tracks_survive_to_the_bit_in_their_order() -> None:
    read = load_tracks(dump_tracks(TRACKS), "x.tracks.npz")
    assert list(read) == list(TRACKS)
    for key, found in read.items():
        for name in ("times_us", "poses", "speed_mps"):
            first, second = getattr(found, name), getattr(TRACKS[key], name)
            assert first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
            assert not first.flags.writeable and first.flags.c_contiguous


def test_equal_tracks_are_equal_bytes_and_no_tracks_are_fine() -> None:
    assert dump_tracks(TRACKS) == dump_tracks(dict(TRACKS))
    assert load_tracks(dump_tracks({}), "x") == {}


def test_numpy_reads_the_columns_without_pickle() -> None:
    with np.load(io.BytesIO(dump_tracks(TRACKS)), allow_pickle=False) as columns:
        assert columns["ids"].tolist() == list(TRACKS)
        assert columns["counts"].tolist() == [40, 1, 7]
        np.testing.assert_array_equal(columns["x_m"], np.concatenate([t.poses[:, 0] for t in TRACKS.values()]))


def npz(**changes: np.ndarray | None) -> bytes:
    """The tracks above as numpy would write them, with columns exchanged, added, or (None) left out."""
    with np.load(io.BytesIO(dump_tracks(TRACKS)), allow_pickle=False) as columns:
        kept = {**{key: columns[key] for key in columns.files}, **changes}
    out = io.BytesIO()
    np.savez(out, **{key: value for key, value in kept.items() if value is not None})
    return out.getvalue()


STAMPS = np.concatenate([t.times_us for t in TRACKS.values()])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a tracks file"),
        (b"PK\x03\x04 nothing", "not a tracks file"),
        (npz(speed_mps=None), "expected the columns"),
        (npz(colour=np.zeros(3)), "expected the columns"),
        (npz(ids=np.array([1, 2, 3])), "expected text and integers"),
        (npz(counts=np.array([1.0, 2.0, 3.0])), "expected text and integers"),
        (npz(counts=np.array([40, 1, 8])), "do not add up to 48 stamps"),
        (npz(counts=np.array([41, 0, 7])), "do not add up to 48 stamps"),
        (npz(counts=np.array([41, 7])), "do not add up to 48 stamps"),
        (npz(ids=np.array(["a", "b", "a"])), "track 'a' is there twice"),
        (npz(times_us=STAMPS[::-1].copy()), "the times of track '23' do not rise"),
        (npz(x_m=np.zeros(47)), "columns are of different lengths"),
        (npz(x_m=np.full(48, np.nan)), "must be finite"),
        (npz(x_m=np.zeros((48, 1))), "column 'x_m' says (48, 1)"),
        (npz(y_m=np.zeros(48, dtype=np.int64)), "must be finite floating-point numbers"),
    ],
)
def test_damaged_files_are_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(InputError) as error:
        load_tracks(data, "my.tracks.npz")
    assert "my.tracks.npz" in str(error.value) and says in str(error.value)


def test_pickles_are_never_loaded() -> None:
    out = io.BytesIO()
    np.savez(out, allow_pickle=True, **{name: np.array([{}], dtype=object) for name in
             ("ids", "counts", "times_us", "x_m", "y_m", "yaw_rad", "speed_mps")})  # fmt: skip
    with pytest.raises(InputError, match="says"):
        load_tracks(out.getvalue(), "x")


def test_sizes_that_the_bytes_do_not_hold_are_refused_before_allocation() -> None:
    data = dump_tracks(TRACKS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (9**12,)})
    members["x_m.npy"] = header.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    with pytest.raises(InputError, match="x_m"):
        load_tracks(out.getvalue(), "x")


def test_flipped_bytes_never_raise_anything_else() -> None:
    data = dump_tracks(TRACKS)
    dice = random.Random(3)
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        cut = len(damaged) if dice.random() < 0.7 else dice.randrange(len(damaged))
        try:
            load_tracks(bytes(damaged[:cut]), "x")
        except InputError:
            continue
