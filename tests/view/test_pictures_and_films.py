"""Files: PNGs that another reader understands, pictures and films of logs, moments chosen by name."""

from __future__ import annotations

import struct
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import Body, make_state

from alpasim.errors import InputError, RecordingError
from alpasim.policy.loading import load_policy
from alpasim.recording.reader import read_log
from alpasim.rollout import run_rollout
from alpasim.scenario.conditions import fault_words
from alpasim.scenario.loading import load_scenario
from alpasim.types import MetricValue
from alpasim.view import palette
from alpasim.view.from_log import film_from_log, picture_from_log, scenario_of, step_at, worst_step
from alpasim.view.picture import failing_at, picture_of, png_bytes, save_png
from alpasim.view.video import write_video

SCENARIO = """
schema: alpasim/scenario@1
title: A car stands in the lane
road: {straight: {lanes: 1, length_m: 200, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 1, s_m: 30, speed_kph: 36, goal: {s_m: 150}}
actors:
  broken_down: {kind: car, place: {lane: 1, s_m: 55}, drive: parked}
end: {time_limit_s: 4}
expect: [no_collision]
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a blind drive into a standing car."""
    folder = tmp_path_factory.mktemp("crash")
    (folder / "crash.scn.yaml").write_text(SCENARIO)
    scenario = load_scenario(folder / "crash.scn.yaml").concrete(0)
    result = run_rollout(
        scenario, load_policy("constant_speed"), policy_reference="constant_speed", out_dir=folder / "out"
    )
    assert result.log is not None and result.end_reason == "collision"
    return result.log


def decoded(data: bytes) -> np.ndarray:
    """A PNG without filters, read by hand."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, pixels, size = 8, b"", (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            pixels += body
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(pixels), dtype=np.uint8).reshape(size[1], 1 + 3 * size[0])
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(size[1], size[0], 3)


def test_a_png_holds_the_pixels() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    assert (decoded(png_bytes(picture)) == picture).all()
    with pytest.raises(ValueError, match="expected uint8"):
        png_bytes(picture.astype(float))  # type: ignore[arg-type]


def test_a_png_is_understood_by_pygame(tmp_path: Path) -> None:
    import pygame

    picture = np.random.default_rng(2).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    surface = pygame.image.load(save_png(picture, tmp_path / "new" / "folder" / "a.png"))
    assert surface.get_size() == (30, 20)
    assert surface.get_at((7, 5))[:3] == tuple(picture[5, 7])


def test_pictures_of_a_log_need_the_log_alone(crashed: Path, tmp_path: Path) -> None:
    pictures = [
        decoded(picture_from_log(crashed, at, tmp_path / f"{at}.png").read_bytes()) for at in ("worst", "end", 0, "1.0")
    ]
    assert all(picture.shape == (540, 960, 3) for picture in pictures)
    assert (pictures[2] != pictures[1]).any()
    assert (pictures[0] == pictures[1]).all(), "the drive ends with its first contact"


def test_moments_are_named_or_within_the_drive(crashed: Path) -> None:
    log = read_log(crashed)
    assert worst_step(log) == step_at(log, "end") == len(log.states) - 1
    assert step_at(log, 0.5) == 5 and step_at(log, "0") == 0
    with pytest.raises(InputError, match=r"moment 'wurst'.*did you mean 'worst'"):
        step_at(log, "wurst")
    for outside in (-1.0, 99.0, float("nan")):
        with pytest.raises(InputError, match="the drive lasts from 0 to"):
            step_at(log, outside)


def test_the_worst_of_a_drive_that_left_the_road_is_its_end(crashed: Path) -> None:
    """However near something was on the way there."""
    log = read_log(crashed)
    assert log.result is not None
    near = {**log.metrics[2], "time_to_collision": MetricValue(0.0, True)}
    untouched = replace(
        log,
        states=tuple(replace(state, contacts=()) for state in log.states),
        metrics=(*log.metrics[:2], near, *log.metrics[3:]),
    )
    assert worst_step(untouched) == 3
    left = replace(untouched, result=replace(log.result, end_reason="off_road"))
    assert worst_step(left) == len(log.states) - 1


def test_the_scenario_is_rebuilt_from_the_log(crashed: Path) -> None:
    log = read_log(crashed)
    scenario = scenario_of(log)
    assert scenario.title == "A car stands in the lane" and scenario.ids == log.header.ids


def test_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        picture_from_log(tmp_path / "nothing.mcap")


def test_a_film_shows_every_step(crashed: Path, tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="the [video] extra is not installed")
    film = film_from_log(crashed, tmp_path / "film.mp4", size=(320, 180))
    frames, seconds = ffmpeg.count_frames_and_secs(str(film))
    assert frames == len(read_log(crashed).states)
    assert seconds == pytest.approx(frames * 0.1, abs=0.11)


def test_films_without_the_extra_say_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'alpasim\[video\]'"):
        write_video([], tmp_path / "film.mp4", 10.0)


def test_bad_films_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the [video] extra is not installed")
    with pytest.raises(InputError, match="at least one frame"):
        write_video([], tmp_path / "film.mp4", 10.0)
    with pytest.raises(InputError, match=r"ends in \.mp4"):
        write_video([], tmp_path / "film.gif", 10.0)
    with pytest.raises(InputError, match="expected even numbers"):
        write_video([np.zeros((11, 20, 3), dtype=np.uint8)], tmp_path / "film.mp4", 10.0)


def test_a_picture_says_in_red_what_of_the_ego_fails_then(tmp_path: Path) -> None:
    faults = """
faults:
  - brake_loss: {from_s: 1, for_s: 2}
  - sensor_blackout: {sensor: objects, from_s: 1.5, for_s: 0.5}
  - sensor_blackout: {sensor: lidar, from_s: 1.5, for_s: 0.5}
  - puncture: {wheel: front_left, from_s: 3}
  - puncture: {wheel: rear_right, from_s: 3.5}
"""
    (tmp_path / "failing.scn.yaml").write_text(SCENARIO + faults)
    scenario = load_scenario(tmp_path / "failing.scn.yaml").concrete(0)
    assert failing_at(scenario, 900_000) == ()
    assert failing_at(scenario, 1_000_000) == ("fault: brake loss",)
    assert failing_at(scenario, 1_900_000) == ("fault: brake loss", "fault: sensor blackout (objects, lidar)")
    assert failing_at(scenario, 2_999_999) == ("fault: brake loss",)
    assert failing_at(scenario, 3_000_000) == ("fault: puncture (front left)",)
    assert failing_at(scenario, 3_500_000) == ("fault: puncture (front left, rear right)",)
    assert "puncture (rear right) from 3.5 s to the end" in fault_words(scenario)

    state = make_state(Body(60.0, 0.0, speed=5.0), Body(90.0, 4.0))

    def red(step: int) -> int:
        moment = replace(state, time_us=step * 100_000)
        corner = picture_of(scenario, [moment])[:160, :480].astype(np.int64)
        return int((np.abs(corner - palette.INK_ALARM[:3]).max(axis=2) < 30).sum())

    assert red(0) == 0 < red(10) < red(19)
