"""Frames on their way to the driver: lost, frozen and late by hand-computed cases, by chance, and through a saved memory."""

from __future__ import annotations

import cmath
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.memory import settled
from alpasim.scenario.concrete import SenseFault
from alpasim.sensors.failing import READINGS, Feed, Perceived, feed_of, moved_along
from alpasim.types import Reading, Tracks, frozen

SEED = np.random.SeedSequence(3, spawn_key=(1,))
STEP_US = 100_000


def reading(step: int) -> Reading:
    return Reading(step * STEP_US, {"step": frozen(np.array([step]))})


def fault(kind: str, first: int, last: int | None = None, **more: object) -> SenseFault:
    """From step `first` until before step `last`."""
    until = None if last is None else last * STEP_US
    return SenseFault(kind, first * STEP_US, until, sensor="lidar", **more)  # type: ignore[arg-type]


def blackout(first: int, last: int | None = None, lost: float = 1.0) -> SenseFault:
    return fault("sensor_blackout", first, last, lost=lost)


def late(by: int, first: int = 0, last: int | None = None) -> SenseFault:
    return fault("sensor_delay", first, last, delay_us=by * STEP_US)


def feed(*faults: SenseFault) -> Feed[Reading]:
    made = feed_of("lidar", faults, SEED, READINGS)
    assert made is not None
    return made


def always(step: int) -> bool:
    return True


def got(one: Feed[Reading], steps: range, looks: Callable[[int], bool] = always) -> list[tuple[int, int] | None]:
    """Time stamp and content, in steps, of what the driver has at each step."""
    found: list[tuple[int, int] | None] = []
    for step in steps:
        frame = one.pass_on(step * STEP_US, reading(step) if looks(step) else None)
        found.append(None if frame is None else (frame.time_us // STEP_US, int(frame.arrays["step"][0])))
    return found


def stamps(*faults: SenseFault, steps: int = 10, every: int = 1) -> list[int | None]:
    found = got(feed(*faults), range(steps), lambda step: step % every == 0)
    return [None if one is None else one[0] for one in found]


def test_what_does_not_fail_has_no_feed() -> None:
    assert feed_of("bev", (blackout(0),), SEED, READINGS) is None
    assert feed_of("lidar", (SenseFault("gps_drift", 0, None, noise_sigma_m=1.0),), SEED, READINGS) is None
    assert feed_of("lidar", (SenseFault("frozen_frame", 0, None, sensor="all"),), SEED, READINGS) is not None


@pytest.mark.parametrize(
    ("sensor", "name", "concerned"),
    [
        ("camera", "camera:front", True),
        ("camera", "camera", True),
        ("camera:front", "camera:front", True),
        ("camera:front", "camera", True),
        ("camera:rear", "camera", False),
        ("camera:rear", "camera:front", False),
        ("objects", "lidar", False),
        ("all", "signals", True),
    ],
)
def test_a_fault_is_of_the_sensors_that_its_name_means(sensor: str, name: str, concerned: bool) -> None:
    faults = (SenseFault("frozen_frame", 0, None, sensor=sensor),)
    assert (feed_of(name, faults, SEED, READINGS) is not None) is concerned


def test_nothing_comes_in_a_blackout() -> None:
    assert stamps(blackout(3, 6)) == [0, 1, 2, None, None, None, 6, 7, 8, 9]
    assert stamps(blackout(0, 2), steps=4) == [None, None, 2, 3]
    assert stamps(blackout(2), steps=5) == [0, 1, None, None, None]


def test_a_slow_sensors_lost_frame_is_missing_until_its_next() -> None:
    assert stamps(blackout(3, 6), every=4) == [0, 0, 0, 0, None, None, None, None, 8, 8]


def test_a_share_of_the_frames_is_lost_by_chance() -> None:
    count = 5000
    lost = sum(one is None for one in stamps(blackout(0, lost=0.3), steps=count)) / count
    assert lost == pytest.approx(0.3, abs=4.0 * np.sqrt(0.3 * 0.7 / count))
    both = sum(one is None for one in stamps(blackout(0, lost=0.3), blackout(0, lost=0.5), steps=count)) / count
    assert both == pytest.approx(1.0 - 0.7 * 0.5, abs=4.0 * np.sqrt(0.65 * 0.35 / count))


def test_a_frozen_frame_is_the_last_one_before() -> None:
    assert stamps(fault("frozen_frame", 3, 6)) == [0, 1, 2, 2, 2, 2, 6, 7, 8, 9]
    assert stamps(fault("frozen_frame", 0), steps=4) == [0, 0, 0, 0]


def test_a_frozen_frame_may_pretend_to_be_new() -> None:
    found = got(feed(fault("frozen_frame", 2, 4, stale_stamp=False)), range(6))
    assert found == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (5, 5)]
    both = (fault("frozen_frame", 2, 4, stale_stamp=False), fault("frozen_frame", 3, 4))
    assert got(feed(*both), range(5)) == [(0, 0), (1, 1), (2, 1), (1, 1), (4, 4)]


def test_late_frames_leave_the_last_one_until_they_come() -> None:
    assert stamps(late(3, 3, 7)) == [0, 1, 2, 2, 2, 2, 3, 7, 8, 9]
    assert stamps(late(3), steps=6) == [None, None, None, 0, 1, 2]
    assert stamps(late(1), late(3), steps=6) == [None, None, None, 0, 1, 2]


def test_a_slow_sensors_frame_may_arrive_between_its_looks() -> None:
    assert stamps(late(3), every=4) == [None, None, None, 0, 0, 0, 0, 4, 4, 4]


def test_a_lost_frame_is_missed_when_it_should_have_come() -> None:
    assert stamps(late(2), blackout(3, 5)) == [None, None, 0, 1, 2, None, None, 5, 6, 7]


def test_a_frozen_frame_can_be_late_and_lost() -> None:
    assert stamps(fault("frozen_frame", 3, 6), late(2)) == [None, None, 0, 1, 2, 2, 2, 2, 6, 7]
    assert stamps(fault("frozen_frame", 3, 6), blackout(4, 5)) == [0, 1, 2, 2, None, 2, 6, 7, 8, 9]


def spans() -> st.SearchStrategy[tuple[int, int | None]]:
    return st.tuples(st.integers(0, 20), st.none() | st.integers(1, 10)).map(
        lambda span: (span[0], None if span[1] is None else span[0] + span[1])
    )


any_fault = st.one_of(
    st.builds(lambda span, lost: blackout(*span, lost=lost), spans(), st.floats(0.1, 1.0)),
    st.builds(lambda span, stale: fault("frozen_frame", *span, stale_stamp=stale), spans(), st.booleans()),
    st.builds(lambda span, by: late(by, *span), spans(), st.integers(1, 8)),
)


@given(faults=st.lists(any_fault, min_size=1, max_size=4), every=st.integers(1, 5), cut=st.integers(0, 30))
def test_a_saved_memory_goes_on_as_if_nothing_had_been(faults: list[SenseFault], every: int, cut: int) -> None:
    def looks(step: int) -> bool:
        return step % every == 0

    whole = got(feed(*faults), range(40), looks)
    first, second = feed(*faults), feed(*faults)
    before = got(first, range(cut), looks)
    second.load(settled(first.save()))
    assert before + got(second, range(cut, 40), looks) == whole
    first.reset()
    assert got(first, range(40), looks) == whole


@given(faults=st.lists(any_fault, min_size=1, max_size=4), every=st.integers(1, 5))
def test_no_frame_comes_from_the_future_and_no_older_one_after_a_newer(faults: list[SenseFault], every: int) -> None:
    contents = [(-1, -1)]
    for step, one in enumerate(got(feed(*faults), range(40), lambda step: step % every == 0)):
        if one is not None:
            stamp, content = one
            assert content <= stamp <= step
            assert content >= contents[-1][1]
            contents.append(one)


@given(
    old=st.tuples(*[st.floats(-50.0, 50.0)] * 2, st.floats(-3.0, 3.0)),
    now=st.tuples(*[st.floats(-50.0, 50.0)] * 2, st.floats(-3.0, 3.0)),
)
def test_a_list_that_passes_for_new_looks_the_same_from_the_ego(
    old: tuple[float, float, float], now: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(0)
    tracks = Tracks(
        ids=np.array([4, 7]),
        kinds=np.array([0, 1]),
        position=rng.uniform(-30.0, 30.0, (2, 3)),
        yaw=np.array([0.3, -2.0]),
        velocity=rng.uniform(-9.0, 9.0, (2, 3)),
        extent=np.ones((2, 3)),
    )

    def seen(perceived: Perceived) -> np.ndarray:
        x, y, _, yaw = perceived.rig
        turn, here = cmath.exp(-1j * yaw), complex(x, y)
        position = perceived.tracks.position[:, 0] + 1j * perceived.tracks.position[:, 1]
        velocity = perceived.tracks.velocity[:, 0] + 1j * perceived.tracks.velocity[:, 1]
        return np.concatenate(((position - here) * turn, velocity * turn, perceived.tracks.yaw - yaw))

    before = Perceived(tracks, np.array([old[0], old[1], 0.0, old[2]]), 0)
    moved = moved_along(before, Perceived(tracks, np.array([now[0], now[1], 0.0, now[2]]), 100_000))
    assert seen(moved) == pytest.approx(seen(before), abs=1e-9)
    assert not moved.tracks.position.flags.writeable
