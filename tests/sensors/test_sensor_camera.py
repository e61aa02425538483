from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.errors import InputError
from alpasim.sensors.camera import (
    ALPAMAYO,
    CAMERAS,
    MAX_SIDE,
    CameraSpec,
    Mount,
    actor_class,
    camera,
    cameras,
    class_names,
)
from alpasim.types import ActorKind
from alpasim.vehicle.frames import level_rig

AHEAD = Mount(1.5, 0.0, 1.4)
LEVEL_RIG = level_rig(np.zeros(4))


def a_camera(**changes: object) -> CameraSpec:
    return replace(CameraSpec.with_fov("test", 320, 180, 90.0, AHEAD), **changes)  # type: ignore[arg-type]


def test_a_point_worked_out_by_hand() -> None:
    # 90 degrees across 320 pixels: the focal length is 160. The point lies 10 m ahead of the lens, 2 m left, 1 m below it.
    u, v, depth = a_camera().project(np.array([[11.5, 2.0, 0.4]]), LEVEL_RIG)[0]
    assert (u, v, depth) == pytest.approx((160.0 - 160.0 * 0.2, 90.0 + 160.0 * 0.1, 10.0))


def test_a_rig_that_is_moved_and_turned_takes_its_camera_along() -> None:
    # The rig stands at (5, 3) and looks north: 10 m ahead of the lens is y = 14.5, its left is west.
    u, v, depth = a_camera().project(np.array([[3.0, 14.5, 0.4]]), level_rig(np.array([5.0, 3.0, 0.0, math.pi / 2])))[0]
    assert (u, v, depth) == pytest.approx((160.0 - 160.0 * 0.2, 106.0, 10.0))


@pytest.mark.parametrize(
    ("mount", "point"),
    [
        (Mount(0.0, 0.0, 0.0, yaw=math.pi / 2), (0.0, 7.0, 0.0)),
        (Mount(0.0, 0.0, 0.0, yaw=-math.pi / 2), (0.0, -7.0, 0.0)),
        (Mount(0.0, 0.0, 0.0, yaw=math.pi), (-7.0, 0.0, 0.0)),
        (Mount(0.0, 0.0, 7.0, pitch=math.pi / 2), (0.0, 0.0, 0.0)),
        (Mount(0.0, 0.0, 0.0, pitch=-0.3), (7.0 * math.cos(0.3), 0.0, 7.0 * math.sin(0.3))),
        (Mount(0.0, 0.0, 0.0, roll=1.0), (7.0, 0.0, 0.0)),
    ],
)
def test_a_mount_turns_the_axis_left_then_down(mount: Mount, point: tuple[float, float, float]) -> None:
    u, v, depth = a_camera(mount=mount).project(np.array([point]), LEVEL_RIG)[0]
    assert (u, v, depth) == pytest.approx((160.0, 90.0, 7.0))


def test_a_camera_rolled_clockwise_sees_the_sky_on_its_left() -> None:
    u, v, _ = a_camera(mount=Mount(0.0, 0.0, 0.0, roll=math.pi / 2)).project(np.array([[5.0, 0.0, 1.0]]), LEVEL_RIG)[0]
    assert (u, v) == pytest.approx((160.0 - 160.0 / 5.0, 90.0))


@given(st.floats(-3.1, 3.1), st.floats(-1.2, 1.2), st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.floats(20.0, 165.0))
def test_what_is_projected_lies_on_its_ray(yaw: float, pitch: float, roll: float, heading: float, fov: float) -> None:
    spec = CameraSpec.with_fov("test", 64, 48, fov, Mount(1.0, -0.5, 1.2, yaw, pitch, roll))
    rig = level_rig(np.array([100.0, -50.0, 0.3, heading]))
    place, rotation = spec.pose(rig)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    rays = spec.rays()
    for row, column in ((0, 0), (47, 63), (20, 40)):
        point = place + rotation @ (9.0 * rays[row, column])
        u, v, depth = spec.project(point[None], rig)[0]
        assert (u, v, depth) == pytest.approx((column + 0.5, row + 0.5, 9.0))


def test_another_size_keeps_the_view() -> None:
    wide = camera("camera_front_wide_120fov")
    small = wide.resized(320, 180)
    assert (small.fov_deg, small.vertical_fov_deg) == pytest.approx((wide.fov_deg, wide.vertical_fov_deg))
    assert wide.fov_deg == pytest.approx(120.0)
    point = np.array([[30.0, 4.0, 1.0]])
    across, down = 320 / wide.width, 180 / wide.height
    u, v, _ = wide.project(point, LEVEL_RIG)[0]
    assert small.project(point, LEVEL_RIG)[0, :2] == pytest.approx((u * across, v * down))


def test_alpamayos_cameras_are_there_under_their_names() -> None:
    found = cameras(ALPAMAYO)
    assert [(spec.width, spec.height, spec.rate_hz) for spec in found] == [(1900, 1080, 10.0)] * 4
    assert [round(spec.fov_deg) for spec in found] == [120, 120, 120, 30]
    assert found[0].mount.yaw > 0.0 > found[2].mount.yaw, "left looks left, right looks right"
    assert [spec.width for spec in cameras(ALPAMAYO, 320, 180)] == [320] * 4


def test_every_camera_is_called_what_its_key_says() -> None:
    assert all(spec.name == name for name, spec in CAMERAS.items())


def test_a_misspelt_camera_gets_a_suggestion() -> None:
    with pytest.raises(
        InputError, match=r"unknown camera 'camera_front_wide'.*did you mean 'camera_front_wide_120fov'"
    ):
        camera("camera_front_wide")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"width": 0, "height": 0}, "width is 0 pixels, expected 1 to"),
        ({"height": -5}, "height is -5 pixels"),
        ({"width": 100_000, "height": 100_000}, "width is 100000 pixels"),
        ({"width": MAX_SIDE, "height": MAX_SIDE, "cx": 10.0, "cy": 10.0}, "more than 16,000,000 pixels"),
        ({"width": 320.5}, "width is 320.5, expected a whole number"),
        ({"fx": 0.0}, "fx is 0 pixels, expected more than 0"),
        ({"fy": math.nan}, "fy is nan pixels"),
        ({"fx": 1e9}, "fov is .* degrees, expected 1 to 170"),
        ({"fx": 1e-3}, "fov is 1(79|80).* degrees, expected"),
        ({"cx": -1.0}, "cx is -1 pixels, expected 0 to 320"),
        ({"cy": math.inf}, "cy is inf pixels"),
        ({"rate_hz": 0.0}, "rate is 0 Hz, expected more than 0"),
        ({"rate_hz": -10.0}, "rate is -10 Hz"),
        ({"rate_hz": math.inf}, "rate is inf Hz"),
        ({"mount": Mount(math.nan, 0.0, 0.0)}, "expected finite numbers"),
        ({"channels": ()}, "it takes no picture"),
        ({"channels": ("rgb", "dept")}, "unknown channel 'dept' .did you mean 'depth'"),
    ],
)
def test_what_no_camera_has_is_refused_with_its_name(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=f"camera 'test': .*{complaint}"):
        a_camera(**changes)


@pytest.mark.parametrize("fov", [0.0, -30.0, 180.0, 400.0, math.nan])
def test_no_camera_sees_nothing_or_a_half_space(fov: float) -> None:
    with pytest.raises(InputError, match=r"camera 'test': fov is .* degrees, expected 1 to 170"):
        CameraSpec.with_fov("test", 320, 180, fov, AHEAD)


def test_a_camera_without_a_size_is_told_so() -> None:
    with pytest.raises(InputError, match="camera 'test': width is 0 pixels"):
        CameraSpec.with_fov("test", 0, 0, 90.0, AHEAD)


def test_every_semantic_code_has_one_name() -> None:
    names = class_names()
    assert len(set(names.values())) == len(names)
    assert names[0] == "sky"
    assert names[actor_class(ActorKind.PEDESTRIAN)] == "pedestrian"
    assert max(names) < 256
