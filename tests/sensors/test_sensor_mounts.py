"""What is mounted on the ego goes with its body: dives, rolls, heave and a car on its roof, against closed forms and Bullet."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state, make_vehicle

from alpasim.scenario.senses import LidarModel
from alpasim.sensors.camera import CameraSpec, Mount
from alpasim.sensors.lidar import GROUND_HIT, NO_HIT, Lidar
from alpasim.sensors.sensor import SensorContext
from alpasim.types import EGO, FloatArray, WorldState
from alpasim.vehicle.frames import following_rig, mounted_rig, rig_from_box

FRONT = CameraSpec.with_fov("front", 320, 180, 90.0, Mount(1.5, 0.2, 1.4, yaw=0.3, pitch=0.1))
POSES = [(0.0, 0.0, 0.0), (0.02, 0.06, 1.2), (-0.3, 0.1, -2.0), (0.0, -0.4, 3.0), (1.7, 0.2, 0.5), (math.pi, 0.0, 0.7)]
"""Roll, pitch, yaw of the body [rad], up to a car on its roof."""


def turned(state: WorldState, roll: float, pitch: float, yaw: float, z: float = 0.75) -> WorldState:
    """The ego with its body turned: about x, then y, then z of the world."""
    pybullet = pytest.importorskip("pybullet")
    rotation, position = state.rotation.copy(), state.position.copy()
    rotation[EGO] = pybullet.getQuaternionFromEuler((roll, pitch, yaw))
    position[EGO, 2] = z
    heading = state.yaw.copy()
    heading[EGO] = yaw
    return replace(state, rotation=rotation, position=position, yaw=heading)


def lidar(actors: int = 0, **options: float) -> Lidar:
    scenario = make_scenario(Scene(actors=actors))
    ids = np.arange(7_000, 7_001 + actors)
    wanted = LidarModel(noise_sigma_m=0.0, **options)
    return Lidar(SensorContext("lidar", scenario, wanted, np.random.SeedSequence(3), lambda: ids, lambda: None))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(("roll", "pitch", "yaw"), POSES)
def test_mounts_are_where_bullet_puts_what_is_fixed_to_a_body(roll: float, pitch: float, yaw: float) -> None:
    pybullet = pytest.importorskip("pybullet")
    state, vehicle = turned(make_state(Body(20.0, 3.0)), roll, pitch, yaw, 0.9), make_vehicle()
    rig = mounted_rig(state.position[EGO], state.rotation[EGO], vehicle)
    place, rotation = FRONT.pose(rig)
    # From the box centre: the rear axle is 1.25 m behind it, the ground at rest half the height below.
    on_body = (-1.25 + 1.5, 0.2, -0.75 + 1.4)
    held = state.position[EGO].tolist(), state.rotation[EGO].tolist()
    there, _ = pybullet.multiplyTransforms(*held, on_body, (0.0, 0.0, 0.0, 1.0))
    assert place == pytest.approx(there, abs=1e-6)
    axis = np.array(pybullet.multiplyTransforms((0, 0, 0), held[1], FRONT.mount.rotation[:, 2], (0, 0, 0, 1))[0])
    assert rotation[:, 2] == pytest.approx(axis, abs=1e-6)
    assert FRONT.project((place + 7.0 * axis)[None], rig)[0] == pytest.approx((160.0, 90.0, 7.0), abs=1e-3)


@pytest.mark.parametrize(("roll", "pitch", "yaw"), [*POSES, (0.0, 0.5 * math.pi - 1e-3, 0.4), (0.0, -1.5, -2.2)])
def test_what_follows_a_body_keeps_level_and_behind_it_however_the_body_leans(
    roll: float, pitch: float, yaw: float
) -> None:
    state = turned(make_state(Body(20.0, 3.0)), roll, pitch, yaw, 0.9)
    rig = following_rig(state.position[EGO], state.rotation[EGO], make_vehicle())
    ahead = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    # The rear axle is 1.25 m behind the box's centre, the rig half its height of 1.5 m below.
    assert rig.place == pytest.approx(np.array([20.0, 3.0, 0.15]) - 1.25 * ahead, abs=1e-6)
    assert rig.rotation[:, 0] == pytest.approx(ahead, abs=1e-6)
    assert rig.rotation[:, 2] == pytest.approx((0.0, 0.0, 1.0))


def test_upright_on_level_ground_it_is_the_drivers_own_rig() -> None:
    state, vehicle = make_state(Body(20.0, 3.0, 0.8)), make_vehicle()
    rig = mounted_rig(state.position[EGO], state.rotation[EGO], vehicle)
    x, y, z, yaw = rig_from_box(state.position[EGO], float(state.yaw[EGO]), vehicle)
    assert rig.place == pytest.approx((x, y, z))
    assert rig.rotation[:, 0] == pytest.approx((math.cos(yaw), math.sin(yaw), 0.0))


def test_braking_lowers_the_rays_by_the_dive() -> None:
    dive, sag = 0.03, 0.04
    state = turned(make_state(Body(0.0)), 0.0, dive, 0.0, 0.75 - sag)
    one = lidar(rings=5, azimuths=4, lowest_deg=-20.0, highest_deg=-4.0)
    distance, hits, cosine = one.cast(state)
    # The mount is 0.95 m above the box centre; turned about its middle it comes down by 1 - cos.
    height = 0.75 - sag + 0.95 * math.cos(dive)
    elevation = np.radians([-20.0, -16.0, -12.0, -8.0, -4.0])
    assert (hits == GROUND_HIT).all()
    assert distance[:, 0] == pytest.approx(height / np.sin(dive - elevation), rel=1e-9)
    assert distance[:, 2] == pytest.approx(height / np.sin(-dive - elevation), rel=1e-9)
    # To the sides the axis about which the body turns keeps its direction, and rays lean with the axis upwards.
    assert distance[:, 1] == pytest.approx(height / (-np.sin(elevation) * math.cos(dive)), rel=1e-9)
    assert cosine[:, 0] == pytest.approx(np.sin(dive - elevation))


def test_a_car_on_its_side_scans_the_road_in_a_line() -> None:
    # Rolled to the right, what was its left looks up and its level rays go in an upright plane across the road's ground.
    state = turned(make_state(Body(0.0)), 0.5 * math.pi, 0.0, 0.0, 1.0)
    distance, hits, _ = lidar(rings=1, azimuths=8, lowest_deg=0.0, highest_deg=0.0, mount_z_m=0.75).cast(state)
    assert hits[0].tolist() == [NO_HIT, NO_HIT, NO_HIT, NO_HIT, NO_HIT, GROUND_HIT, GROUND_HIT, GROUND_HIT]
    assert distance[0, 5:] == pytest.approx([math.sqrt(2.0), 1.0, math.sqrt(2.0)])


def test_a_lidar_pressed_into_the_ground_sees_nothing() -> None:
    state = turned(make_state(Body(0.0), Body(12.0)), math.pi, 0.0, 0.0)
    reading = lidar(1, rings=8, azimuths=36, lowest_deg=-80.0, highest_deg=80.0).observe(state)
    assert not reading.arrays["range_m"].any()
    assert (reading.arrays["track"] == NO_HIT).all()
    # One low on the body, which is high above the road now, sees it above its own head.
    high = lidar(1, rings=2, azimuths=4, lowest_deg=-30.0, highest_deg=30.0, mount_z_m=0.5, mount_x_m=1.25).cast(state)
    assert high[1][1].tolist() == [GROUND_HIT] * 4
    assert high[1][0].tolist() == [NO_HIT] * 4
    assert high[0][1] == pytest.approx(2.0 * 1.0)


@pytest.mark.parametrize(("roll", "pitch", "yaw"), POSES)
@pytest.mark.parametrize("reach_up", [(-25.0, 2.0), (-89.0, 89.0), (-70.0, 60.0)])
def test_no_box_is_missed_however_the_body_lies(
    roll: float, pitch: float, yaw: float, reach_up: tuple[float, float]
) -> None:
    pybullet = pytest.importorskip("pybullet")
    rng = np.random.default_rng(int(100 + 10 * roll))
    bodies = [Body(*rng.uniform(-25.0, 25.0, 2), yaw=rng.uniform(-3, 3), z=rng.uniform(0.3, 6.0)) for _ in range(40)]
    state = turned(make_state(Body(0.0), *bodies), roll, pitch, yaw, 2.5)
    one = lidar(40, rings=21, azimuths=48, lowest_deg=reach_up[0], highest_deg=reach_up[1])
    distance, hits, _ = one.cast(state)
    origin, turn = one.pose(state)
    client = pybullet.connect(pybullet.DIRECT)
    rows = {}
    for row in range(1, 41):
        half = (0.5 * state.extent[row]).tolist()
        shape = pybullet.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half, physicsClientId=client)
        place = {"basePosition": state.position[row].tolist(), "baseOrientation": state.rotation[row].tolist()}
        rows[pybullet.createMultiBody(0.0, shape, **place, physicsClientId=client)] = row
    ground = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=client)
    rows[pybullet.createMultiBody(0.0, ground, physicsClientId=client)] = GROUND_HIT
    rays = directions(*angles(21, 48, reach_up)) @ turn.T
    ends = (origin + 100.0 * rays).tolist()
    met = pybullet.rayTestBatch([origin.tolist()] * len(ends), ends, physicsClientId=client)
    pybullet.disconnect(client)
    wrong = 0
    for (number, _, share, _, _), row, far in zip(met, hits.ravel(), distance.ravel(), strict=True):
        if far > 99.0:
            continue
        same = row == (NO_HIT if number < 0 else rows[number])
        wrong += not same
        if same and row != NO_HIT:
            assert far == pytest.approx(100.0 * share, abs=0.02)
    assert wrong <= 3, "a ray that grazes an edge may go either way, no more"
    assert (hits >= 0).sum() > 40


def angles(rings: int, azimuths: int, reach_up: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    return 2.0 * math.pi / azimuths * np.arange(azimuths), np.radians(np.linspace(*reach_up, rings))


def directions(azimuth: FloatArray, elevation: FloatArray) -> FloatArray:
    up, around = np.meshgrid(elevation, azimuth, indexing="ij")
    rays = np.stack((np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)), axis=-1)
    return np.asarray(rays.reshape(-1, 3))
