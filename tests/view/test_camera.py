"""From metres to pixels: what a camera shows, and where."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, make_state
from hypothesis import given
from hypothesis import strategies as st

from alpasim.view.camera import Camera, Projection, fitting, following

SIZE = (960, 540)


def at(camera: Camera, x: float, y: float) -> tuple[float, float]:
    pixels = Projection(camera, *SIZE).pixels(np.array([[x, y]]))[0]
    return float(pixels[0]), float(pixels[1])


def test_the_middle_is_the_middle_and_left_is_up() -> None:
    camera = Camera(10.0, 5.0, span_m=96.0)
    assert at(camera, 10.0, 5.0) == pytest.approx((480.0, 270.0))
    assert at(camera, 20.0, 5.0) == pytest.approx((580.0, 270.0))
    assert at(camera, 10.0, 15.0) == pytest.approx((480.0, 170.0))


@given(yaw=st.floats(-math.pi, math.pi), way=st.floats(1.0, 40.0))
def test_the_cameras_heading_points_right(yaw: float, way: float) -> None:
    camera = Camera(-3.0, 8.0, span_m=96.0, yaw=yaw)
    ahead = at(camera, -3.0 + way * math.cos(yaw), 8.0 + way * math.sin(yaw))
    assert ahead == pytest.approx((480.0 + 10.0 * way, 270.0), abs=1e-6)


@given(yaw=st.floats(-math.pi, math.pi), x=st.floats(-500.0, 500.0), y=st.floats(-500.0, 500.0))
def test_a_fitting_camera_shows_every_point(yaw: float, x: float, y: float) -> None:
    points = np.array([[x, y], [x + 80.0, y - 10.0], [x - 5.0, y + 120.0]])
    projection = Projection(fitting([points], SIZE, margin_m=5.0, yaw=yaw), *SIZE)
    pixels = projection.pixels(points)
    assert (pixels >= 0.0).all() and (pixels <= SIZE).all()


def test_a_following_camera_looks_ahead_and_farther_when_fast() -> None:
    slow, fast = (following(make_state(Body(0.0, 0.0, 0.5, speed=speed))) for speed in (0.0, 30.0))
    assert fast.span_m > slow.span_m
    x, y = at(fast, 0.0, 0.0)
    assert x == pytest.approx(0.3 * SIZE[0]) and y == pytest.approx(0.5 * SIZE[1])
