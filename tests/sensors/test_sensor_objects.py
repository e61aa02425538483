"""The object list: who is on it, what it hides, and where the ego is on its route."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, Frame, Scene, make_scenario, make_state

from alpasim.sensors.objects import ObjectSensor
from alpasim.types import ActorKind


def sensor(actors: int, seed: int = 0, **options: float) -> ObjectSensor:
    return ObjectSensor(make_scenario(Scene(actors=actors)), np.random.default_rng(seed), **options)


OTHERS = (Body(60), Body(30, 4, speed=7, kind=ActorKind.TRUCK, extent=(8.0, 2.5, 3.0)), Body(-20), Body(45))


def test_tracks_come_nearest_first_with_the_truth() -> None:
    observation = sensor(4).observe(make_state(Body(0, speed=10), *OTHERS))
    tracks = observation.tracks
    assert tracks.position[:, 0].tolist() == [-20, 30, 45, 60]
    assert tracks.kinds.tolist() == [ActorKind.CAR, ActorKind.TRUCK, ActorKind.CAR, ActorKind.CAR]
    assert tracks.velocity[1].tolist() == [7, 0, 0]
    assert tracks.extent[1].tolist() == [8.0, 2.5, 3.0]


def test_only_present_actors_within_range() -> None:
    others = (Body(199.9), Body(200.1), Body(10, present=False), Body(100, 173.3))
    tracks = sensor(4).observe(make_state(Body(0), *others)).tracks
    assert tracks.position[:, 0].tolist() == [199.9]
    assert len(sensor(4, range_m=50.0).observe(make_state(Body(0), *others)).tracks.ids) == 0


def test_numbers_stay_with_their_actors() -> None:
    one = sensor(4)
    first = one.observe(make_state(Body(0), *OTHERS)).tracks
    later = one.observe(make_state(Body(50), *OTHERS, step=1)).tracks
    rows = one.track_rows
    for tracks in (first, later):
        for track, position in zip(tracks.ids, tracks.position, strict=True):
            assert position[0] == OTHERS[rows[int(track)] - 1].x


def test_numbers_tell_nothing_of_the_row() -> None:
    # Over many rollouts the first actor of the script is as likely to carry the smallest number as any other.
    smallest = [int(np.argmin(list(sensor(4, seed).track_rows))) for seed in range(400)]
    counts = np.bincount(smallest, minlength=4)
    assert counts.min() > 60
    assert counts.max() < 140
    assert 0 not in sensor(4).track_rows.values()


def test_numbers_are_all_different_however_many_there_are() -> None:
    assert len(sensor(2000).track_rows) == 2000


def test_equal_distances_are_ordered_by_number_not_by_row() -> None:
    pair = (Body(10, 3), Body(10, -3))
    orders = set()
    for seed in range(20):
        tracks = sensor(2, seed).observe(make_state(Body(0), *pair)).tracks
        assert tracks.ids.tolist() == sorted(tracks.ids.tolist())
        orders.add(tuple(tracks.position[:, 1].tolist()))
    assert orders == {(3.0, -3.0), (-3.0, 3.0)}


def test_the_same_stream_gives_the_same_observation() -> None:
    state = make_state(Body(0), *OTHERS)
    first, again = sensor(4, 7).observe(state), sensor(4, 7).observe(state)
    assert first.tracks.ids.tolist() == again.tracks.ids.tolist()
    other = sensor(4, 8).observe(state)
    assert first.tracks.ids.tolist() != other.tracks.ids.tolist()


def test_a_reset_repeats_the_rollout() -> None:
    one = sensor(4)
    first = one.observe(make_state(Body(0), *OTHERS)).tracks.ids.tolist()
    one.observe(make_state(Body(80), *OTHERS))
    one.reset()
    assert one.observe(make_state(Body(0), *OTHERS)).tracks.ids.tolist() == first


@pytest.mark.parametrize("yaw", [0.0, 2.0])
def test_route_place_and_rig(yaw: float) -> None:
    frame = Frame(yaw, 40.0, -10.0)
    scenario = make_scenario(frame=frame)
    observation = ObjectSensor(scenario, np.random.default_rng(0)).observe(make_state(Body(50, 1.5), frame=frame))
    assert observation.route_s == pytest.approx(50.0)
    assert observation.route_d == pytest.approx(1.5)
    # The rear axle lies 1.25 m behind the box centre, the ground 0.75 m below it.
    expected = [*frame.points([[48.75, 1.5]])[0], 0.0, yaw]
    assert observation.rig_pose == pytest.approx(expected)


def test_everything_is_read_only_and_nothing_names_the_actor() -> None:
    observation = sensor(4).observe(make_state(Body(0), *OTHERS, signals=(1, 4)))
    tracks = observation.tracks
    for array in (tracks.ids, tracks.kinds, tracks.position, tracks.yaw, tracks.velocity, tracks.extent):
        assert not array.flags.writeable
    assert not observation.rig_pose.flags.writeable
    assert observation.signals.tolist() == [1, 4]
    assert "actor" not in repr(observation)
    assert math.isfinite(observation.route_s)
