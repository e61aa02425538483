"""The lidar: distances against Bullet's ray test, hand-computed cases, noise, weather, labels, repeats, bad input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import Body, Frame, Scene, make_scenario, make_state

from alpasim.errors import InputError
from alpasim.scenario.concrete import Environment, Scenario
from alpasim.scenario.senses import LidarModel
from alpasim.sensors.ground_tables import tables_of
from alpasim.sensors.lidar import GROUND_HIT, NO_HIT, REFLECTIVITY, Lidar, cast_rays
from alpasim.sensors.materials import TERRAIN
from alpasim.sensors.sensor import SensorContext
from alpasim.types import ActorKind, WorldState

SEED = np.random.SeedSequence(3, spawn_key=(1, 7))
TRUE = {"noise_sigma_m": 0.0}


def lidar(scenario: Scenario, **options: float) -> Lidar:
    ids = np.arange(7_000, 7_000 + len(scenario.ids))
    return Lidar(SensorContext("lidar", scenario, LidarModel(**options), SEED, lambda: ids, lambda: None))  # type: ignore[arg-type, return-value]


def plain(actors: int = 1, **weather: float) -> Scenario:
    return replace(make_scenario(Scene(actors=actors)), environment=Environment(**weather))  # type: ignore[arg-type]


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    rotation = rng.normal(size=4)
    return np.asarray(rotation / np.linalg.norm(rotation))


def test_1000_random_rays_agree_with_bullet_within_a_centimetre() -> None:
    pybullet = pytest.importorskip("pybullet")
    rng = np.random.default_rng(11)
    count, reach = 80, 100.0
    position = np.column_stack((rng.uniform(-45.0, 45.0, (count, 2)), rng.uniform(0.3, 3.0, count)))
    rotation = np.array([random_rotation(rng) for _ in range(count)])
    extent = rng.uniform(0.3, 8.0, (count, 3))
    present = np.ones(count, dtype=bool)
    origin = np.array([0.0, 0.0, 1.8])
    position[0] = origin
    client = pybullet.connect(pybullet.DIRECT)
    bodies = {}
    ground = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=client)
    bodies[pybullet.createMultiBody(0.0, ground, physicsClientId=client)] = GROUND_HIT
    for row in range(1, count):
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_BOX, halfExtents=(0.5 * extent[row]).tolist(), physicsClientId=client
        )
        body = pybullet.createMultiBody(
            0.0,
            shape,
            basePosition=position[row].tolist(),
            baseOrientation=rotation[row].tolist(),
            physicsClientId=client,
        )
        bodies[body] = row
    azimuth, elevation = rng.uniform(-math.pi, math.pi, 50), rng.uniform(-0.5, 0.3, 20)
    boxes, relief = (position, rotation, extent, present, 0, reach), plain().road.relief
    distance, hits, cosine = cast_rays(
        origin, np.eye(3), azimuth, elevation, *boxes, relief.level, relief, tables_of(relief)
    )
    level, turn = np.meshgrid(elevation, azimuth, indexing="ij")
    towards = np.stack((np.cos(level) * np.cos(turn), np.cos(level) * np.sin(turn), np.sin(level)), axis=-1)
    ends = origin + reach * towards.reshape(-1, 3)
    met = pybullet.rayTestBatch([origin.tolist()] * len(ends), ends.tolist(), physicsClientId=client)
    pybullet.disconnect(client)
    assert len(met) == 1000
    boxes = 0
    for (body, _, share, _, normal), ours, row, lean, ray in zip(
        met, distance.ravel(), hits.ravel(), cosine.ravel(), towards.reshape(-1, 3), strict=True
    ):
        if body < 0:
            assert row == NO_HIT
            continue
        assert row == bodies[body]
        assert ours == pytest.approx(share * reach, abs=0.01)
        assert lean == pytest.approx(abs(float(np.dot(normal, ray))), abs=0.01)
        boxes += row >= 0
    assert boxes > 200, "hardly a box was met"


def test_straight_ahead_by_hand() -> None:
    # The lidar stands over the middle of the roof, 1.7 m up; the car ahead ends at x = 28, and a level ray passes over it.
    one = lidar(plain(), rings=3, azimuths=4, lowest_deg=-2.0, highest_deg=2.0, **TRUE)
    arrays = one.observe(make_state(Body(0), Body(30))).arrays
    assert arrays["range_m"][:, 0] == pytest.approx([28.0 / math.cos(math.radians(2.0)), 0.0, 0.0])
    assert arrays["track"][:, 0].tolist() == [7_001, NO_HIT, NO_HIT]
    assert arrays["intensity"][0, 0] == pytest.approx(REFLECTIVITY[ActorKind.CAR] * math.cos(math.radians(2.0)))
    # To the left there is the ground, 1.7 m below: grass, as the road ends 10 m from the lane's middle.
    assert arrays["range_m"][0, 1] == pytest.approx(1.7 / math.sin(math.radians(2.0)))
    assert arrays["track"][0, 1] == GROUND_HIT
    assert arrays["intensity"][0, 1] == pytest.approx(TERRAIN["grass"] * math.sin(math.radians(2.0)))
    assert arrays["mount"] == pytest.approx([1.25, 0.0, 1.7, 0.0])
    assert arrays["azimuth_rad"] == pytest.approx([0.0, 0.5 * math.pi, math.pi, 1.5 * math.pi])


def test_a_mount_of_its_own() -> None:
    one = lidar(plain(), rings=1, azimuths=4, lowest_deg=0.0, highest_deg=0.0, mount_x_m=3.25, mount_y_m=0.5,
                mount_z_m=0.6, mount_yaw_deg=90.0, **TRUE)  # fmt: skip
    # From the front bumper, 2 m ahead of the box centre, turned left: what was ahead is the last quarter's.
    arrays = one.observe(make_state(Body(0), Body(30))).arrays
    assert arrays["range_m"][0] == pytest.approx([0.0, 0.0, 0.0, 26.0])


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
def test_only_the_rig_frame_matters(yaw: float) -> None:
    bodies = (Body(0), Body(20, 3, yaw=0.4), Body(-15, -6, yaw=2.0, extent=(8.0, 2.5, 3.5), z=1.75))
    one = lidar(plain(2), rings=16, azimuths=90)
    here, there = make_state(*bodies), make_state(*bodies, frame=Frame(yaw, 500.0, -200.0))
    flat, moved = one.cast(here), one.cast(there)
    same = flat[1] == moved[1]
    assert same.mean() > 0.995  # a ray that grazes an edge may go either way
    assert moved[0][same & (flat[1] >= GROUND_HIT)] == pytest.approx(flat[0][same & (flat[1] >= GROUND_HIT)], abs=1e-6)


def test_nearer_boxes_hide_farther_ones() -> None:
    one = lidar(plain(2), rings=1, azimuths=360, lowest_deg=-1.0, highest_deg=-1.0, **TRUE)
    arrays = one.observe(make_state(Body(0), Body(15), Body(40))).arrays
    assert arrays["track"][0, 0] == 7_001
    assert 7_002 not in arrays["track"]


def test_absent_actors_and_the_ego_are_not_met() -> None:
    one = lidar(plain(1), rings=4, azimuths=36, lowest_deg=-80.0, highest_deg=0.0, **TRUE)
    tracks = one.observe(make_state(Body(0), Body(15, present=False))).arrays["track"]
    assert set(np.unique(tracks)) <= {GROUND_HIT, NO_HIT}


def wall(distance: float) -> WorldState:
    return make_state(Body(0), Body(distance + 0.5, extent=(1.0, 400.0, 40.0), z=20.0, kind=ActorKind.BARRIER))


def test_noise_has_its_spread() -> None:
    one = lidar(plain(), rings=1, azimuths=1, lowest_deg=0.0, highest_deg=0.0, noise_sigma_m=0.05)
    state = wall(20.0)
    errors = np.array([one.observe(state).arrays["range_m"][0, 0] for _ in range(4000)]) - 20.0
    assert abs(errors.mean()) < 4.0 * 0.05 / math.sqrt(4000)
    assert errors.std() == pytest.approx(0.05, rel=4.0 / math.sqrt(8000))


def farthest(**weather: float) -> float:
    """Where a wall is lost, by bisection."""
    scenario = replace(plain(**weather), actors=(replace(plain().actors[0], kind=ActorKind.CONE),))
    one = lidar(scenario, rings=1, azimuths=1, lowest_deg=0.0, highest_deg=0.0, **TRUE)
    near, far = 1.0, 130.0
    for _ in range(30):
        middle = 0.5 * (near + far)
        seen = any(one.observe(wall(middle)).arrays["range_m"][0, 0] > 0.0 for _ in range(30))
        near, far = (middle, far) if seen else (near, middle)
    return near


def test_range_is_that_of_an_80_per_cent_target_in_clear_air() -> None:
    assert farthest() == pytest.approx(120.0, abs=0.01)


def test_fog_shortens_the_range_as_the_light_is_lost() -> None:
    # The distance at which exp(-2 * 3 z / 100) / z^2 = 1 / 120^2, found by bisection here too, of a formula this time.
    near, far = 1.0, 120.0
    for _ in range(60):
        middle = 0.5 * (near + far)
        enough = math.exp(-0.06 * middle) / middle**2 >= 1.0 / 120.0**2
        near, far = (middle, far) if enough else (near, middle)
    assert farthest(visibility_m=100.0) == pytest.approx(near, abs=0.01)
    assert near < 45.0


def test_rain_loses_single_returns_and_light_does_not() -> None:
    state = wall(20.0)
    for environment, loss in ((Environment(rain=1.0), 0.1), (Environment(light="night"), 0.0)):
        one = lidar(replace(plain(), environment=environment), rings=40, azimuths=360, lowest_deg=-2.0, highest_deg=2.0)
        ahead = [one.observe(state).arrays["range_m"][:, :20] for _ in range(10)]
        lost = float(np.mean(np.array(ahead) == 0.0))
        assert lost == pytest.approx(loss, abs=4.0 * math.sqrt(0.1 * 0.9 / 8000) if loss else 0.0)


def test_a_reset_repeats_to_the_bit() -> None:
    one = lidar(plain(rain=0.7), rings=8, azimuths=90)
    state = make_state(Body(0), Body(12))
    first = [one.observe(state).arrays["range_m"].tobytes() for _ in range(3)]
    assert len(set(first)) == 3
    one.reset(state)
    assert [one.observe(state).arrays["range_m"].tobytes() for _ in range(3)] == first


def test_readings_are_read_only_and_dated() -> None:
    reading = lidar(plain()).observe(make_state(Body(0), Body(12), step=7))
    assert reading.time_us == 700_000
    assert all(not array.flags.writeable for array in reading.arrays.values())
    assert reading.arrays["range_m"].shape == (64, 360)


def test_a_rate_between_control_steps_is_refused() -> None:
    assert lidar(plain(), rate_hz=5.0).period_us == 200_000
    for rate in (3.0, 20.0, 1e-9 + 9.0):
        with pytest.raises(InputError, match=r"sensors.lidar.rate_hz: .* expected a whole multiple"):
            lidar(plain(), rate_hz=rate)
