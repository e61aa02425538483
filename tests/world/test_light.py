"""Night, low sun and wet air in the pictures of both renderers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state

from alpasim.errors import InputError
from alpasim.scenario.concrete import ActorSpec, Environment, Scenario
from alpasim.sensors.camera import CameraSpec, Mount, Renderer, SemanticClass
from alpasim.types import ActorKind, WorldState
from alpasim.world.rendering.choosing import RENDERERS, make_renderer

FRONT = CameraSpec.with_fov("front", 320, 180, 90.0, Mount(1.5, 0.0, 1.4), channels=("rgb", "semantic", "instance"))
NIGHT, LOW_SUN = Environment(light="night"), Environment(light="low_sun")


def seen(
    environment: Environment, *others: Body, behaviour: str = "follow", yaw: float = 0.0
) -> tuple[Scenario, WorldState]:
    """The ego at the beginning of a road along x, others ahead of it."""
    plain = make_scenario(Scene(actors=len(others)))
    actors = tuple(
        ActorSpec(f"actor_{i}", other.kind, other.extent, 100.0, 0.5, 0.1, (0.0, 0.0, 0.0), 0.0, behaviour)
        for i, other in enumerate(others, start=1)
    )
    return replace(plain, actors=actors, environment=environment), make_state(Body(20.0, 0.0, yaw), *others)


def colours(renderer: Renderer, environment: Environment, *others: Body, **words: object) -> np.ndarray:
    frame = renderer.render(*seen(environment, *others, **words), FRONT)  # type: ignore[arg-type]
    assert frame.rgb is not None
    return frame.rgb.astype(float)


def test_day_is_brighter_than_low_sun_and_low_sun_than_night(renderer: Renderer) -> None:
    car = Body(40.0, 0.5)
    day, low, night = (colours(renderer, each, car).mean() for each in (Environment(), LOW_SUN, NIGHT))
    assert day > 1.05 * low
    assert low > 2.0 * night
    assert night > 5.0, "not black: there are street lights"


@pytest.mark.parametrize(
    "environment",
    [
        NIGHT,
        LOW_SUN,
        Environment(light="night", visibility_m=80.0),
        Environment(rain=0.7),
        Environment(light="low_sun", snow=0.5),
    ],
    ids=["night", "low sun", "foggy night", "rain", "snow in low sun"],
)
def test_both_renderers_show_the_same_light(environment: Environment) -> None:
    try:
        pair = [make_renderer(name) for name in RENDERERS]
    except InputError as cause:
        pytest.skip(str(cause))
    tiny, gl = (colours(made, environment, Body(34.0, 0.5, 0.3), Body(60.0, 4.0, math.pi)) for made in pair)
    for made in pair:
        made.close()
    assert tiny.mean() == pytest.approx(gl.mean(), rel=0.03)
    assert np.abs(tiny - gl).mean() < 1.5


def test_low_beams_light_the_road_ahead_and_not_what_lies_aside(renderer: Renderer) -> None:
    frame = renderer.render(*seen(NIGHT), FRONT)
    assert frame.rgb is not None
    assert frame.semantic is not None
    # 12 m ahead of the lens, and as far ahead but 11 m aside, which is 43 degrees off the lamps' axis.
    row = 90 + int(160.0 * 1.4 / 12.0)
    ahead, aside = frame.rgb[row, 155].mean(), frame.rgb[row, 310].mean()
    by_day = colours(renderer, Environment())
    assert ahead / by_day[row, 155].mean() > 1.7 * aside / by_day[row, 310].mean()
    # The ground 4 degrees to either side of straight ahead at 200 m is beyond every low beam: street light alone.
    far = frame.semantic == SemanticClass.ROAD
    far[94:] = False
    assert far.any()
    assert frame.rgb[far].mean() < 0.5 * by_day[far].mean()


def test_lamps_show_at_night_but_for_those_of_parked_cars(renderer: Renderer) -> None:
    car = Body(38.0, 0.0)
    driving, parked = (colours(renderer, NIGHT, car, behaviour=way) for way in ("follow", "parked"))
    frame = renderer.render(*seen(NIGHT, car), FRONT)
    assert frame.instance is not None
    on_car = frame.instance == 1
    assert on_car.sum() > 100
    red, dull = (picture[..., 0] - picture[..., 1] for picture in (driving, parked))
    assert (red[on_car] > 150.0).sum() > 4, "tail lights"
    assert (dull[on_car] > 150.0).sum() == 0


def test_oncoming_low_beams_light_the_road_between(renderer: Renderer) -> None:
    oncoming = Body(120.0, 0.0, math.pi)
    with_car, parked = (colours(renderer, NIGHT, oncoming, behaviour=way) for way in ("follow", "parked"))
    # 85 m ahead, beyond the ego's own beams: 1.4 m below the lens is 2.6 pixels below the horizon.
    assert with_car[92, 157:163].mean() > 1.2 * parked[92, 157:163].mean()


def test_the_low_sun_stands_ahead_of_a_road_along_x_and_washes_out_what_is_near_it(renderer: Renderer) -> None:
    facing, away = (colours(renderer, LOW_SUN, yaw=yaw) for yaw in (0.0, math.pi))
    # 8 degrees up and 10 degrees to the left, through a focal length of 160 pixels.
    u, v = (
        160.0 - 160.0 * math.tan(math.radians(10.0)),
        90.0 - 160.0 * math.tan(math.radians(8.0)) / math.cos(math.radians(10.0)),
    )
    brightest = facing.sum(axis=2)
    assert brightest[int(v), int(u)] > 0.99 * brightest.max()
    assert brightest[int(v), int(u)] > away.sum(axis=2).max()

    # Paint against asphalt, 9 m ahead of the lens on the dashed line to the left, is harder to tell against the sun.
    def spread(picture: np.ndarray) -> float:
        return float(picture[100:130].std())

    assert facing[100:130].mean() > away[100:130].mean()
    assert spread(facing) / facing[100:130].mean() < spread(away) / away[100:130].mean()


def test_rain_takes_contrast_near_the_lens_and_more_far_away(renderer: Renderer) -> None:
    wall = Body(50.0, 0.0, extent=(1.0, 40.0, 6.0), kind=ActorKind.DEBRIS, z=3.0)
    dry, wet = colours(renderer, Environment(), wall), colours(renderer, Environment(rain=1.0), wall)
    fog = np.array([196.0, 201.0, 205.0])
    # At full strength 40 % of the contrast goes, and 1.076 * 50^0.67 dB/km on the way: 27.75 m to the wall's face.
    left = 0.6 * 10.0 ** (-1e-4 * 1.076 * 50.0**0.67 * (50.0 - 0.5 - 20.25))
    assert wet[88, 160] == pytest.approx(fog + (dry[88, 160] - fog) * left, abs=2.0)
