"""The light of a picture: its colours by day, at night and under a low sun, and the lamps that shine at night.

Answers what both renderers need to light a scene alike; how bright is which light stands in `scenario/weather.py`, here it
becomes colours and directions. By day everything is as in `sky.py`. At night all is lit by `ambient` and by low beams: the
ego's and those of the nearest vehicles, whose lamps also show; vehicles that are parked keep theirs off. The low sun stands
where a road that begins along x leads to, a little to its left. There are no shadows.

A low beam adds (beam_m / distance)^2 ahead of its lamp, fading to the sides, downwards and, sharply, above the level of the
lamp, at most up to daylight; the shares, not powers, as those of the weather's table are of what is seen in a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from alpasim.geometry import axes_from_quaternion
from alpasim.scenario.concrete import Environment, Scenario
from alpasim.scenario.weather import Illumination, conditions, illumination
from alpasim.types import EGO, ActorKind, BoolArray, FloatArray, WorldState, frozen
from alpasim.world.rendering.sky import AMBIENT, DIFFUSE, FOG, HORIZON, SUN_DIRECTION, ZENITH

SUN_AZIMUTH = math.radians(10.0)
"""Where the low sun stands, from x counter-clockwise."""
MOST_LAMPS = 6
"""So many vehicles light the road, the ego first."""
NO_BEAMS: FloatArray = frozen(np.zeros((MOST_LAMPS, 10)))
"""`beams` of nobody."""
UPWARDS_OF_LAMPS = 0.45
"""Slope of the direction that beams are taken to come from where a surface's brightness depends on how it faces them: light
that a rough road throws back counts for it, which a lamp at its own height alone would leave black."""

BELOW, CUT_LOW, CUT_HIGH, STRAY = 0.35, -0.012, 0.03, 0.05
"""Shape of a low beam in slopes to its axis: its width downwards, where it is cut off above, and what strays over that."""
TONE = 1.0 / 2.2
"""Power that makes light into the brightness of a picture: that of sRGB, in which all colours are given."""
LAMP_HEIGHT = 0.43
MOST_LAMP_HEIGHT_M = 0.95

_HEADLAMPS = (ActorKind.CAR, ActorKind.VAN, ActorKind.TRUCK, ActorKind.BUS, ActorKind.TRAIN, ActorKind.MOTORCYCLE)
_LOW_SUN_TINT = (1.0, 0.9, 0.74)
_LOW_SUN_HORIZON, _LOW_SUN_ZENITH = np.array((246.0, 206.0, 156.0)), np.array((116.0, 138.0, 178.0))
_NIGHT_TINT = (1.0, 0.95, 0.88)
_NIGHT_HORIZON, _NIGHT_ZENITH = np.array((40.0, 42.0, 52.0)), np.array((9.0, 12.0, 24.0))
VEIL_COLOUR = np.array((255.0, 240.0, 208.0))


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How a picture is lit. `plain` is daylight in which nothing but fog changes what is drawn.

    A surface shows its colour times `ambient` + `diffuse` cos (of its normal and the light), times `tint`, times, where it is
    `dark`, what ambient light and beams give. `sun` (3,) points to the light; at night it is the ego's lamps' matter. Then comes
    fog of colour `fog`, what weather leaves of contrast around it, and the sun's veil.
    """

    given: Illumination
    plain: bool
    dark: bool
    ambient: float
    diffuse: float
    sun: FloatArray
    tint: tuple[float, float, float]
    horizon: FloatArray
    zenith: FloatArray
    fog: FloatArray
    extinction: float
    contrast: float
    veil_deg: float

    @property
    def beam(self) -> tuple[float, float, float]:
        """Share of daylight everywhere, distance at which a beam is as bright [m], and where it ends [m]."""
        return (self.given.ambient if self.dark else 1.0, self.given.beam_m, self.given.beam_reach_m)

    @property
    def shape(self) -> tuple[float, float, float, float]:
        """How fast a beam falls to the sides and downwards, by the squares of slopes; what strays; the tone."""
        side = math.tan(self.given.beam_half_angle_rad) if self.dark else 1.0
        return 1.0 / side**2, 1.0 / BELOW**2, STRAY, TONE

    def direction(self, state: WorldState) -> FloatArray:
        """(3,) unit vector from which surfaces are lit."""
        if not self.dark:
            return self.sun
        yaw = float(state.yaw[EGO])
        towards = np.array([-math.cos(yaw), -math.sin(yaw), UPWARDS_OF_LAMPS])
        return np.asarray(towards / np.linalg.norm(towards))


@lru_cache(maxsize=64)
def light_of(environment: Environment) -> Light:
    """The light that an environment is seen in."""
    given, felt = illumination(environment), conditions(environment)
    by_day = conditions(replace(environment, light="day"))
    overcast = felt.extinction_per_m > 0.0
    day = Light(
        given=given,
        plain=by_day.contrast == 1.0,
        dark=False,
        ambient=AMBIENT,
        diffuse=DIFFUSE,
        sun=SUN_DIRECTION,
        tint=(1.0, 1.0, 1.0),
        horizon=FOG if overcast else HORIZON,
        zenith=FOG if overcast else ZENITH,
        fog=FOG,
        extinction=felt.extinction_per_m,
        contrast=by_day.contrast,
        veil_deg=given.veil_deg,
    )
    if given.beam_m > 0.0:
        fog = FOG * given.ambient
        return replace(
            day,
            plain=False,
            dark=True,
            tint=_NIGHT_TINT,
            horizon=fog if overcast else _NIGHT_HORIZON,
            zenith=fog if overcast else _NIGHT_ZENITH,
            fog=fog,
        )
    if math.isnan(given.sun_elevation_rad):
        return day
    up = given.sun_elevation_rad
    towards = np.array([math.cos(up) * math.cos(SUN_AZIMUTH), math.cos(up) * math.sin(SUN_AZIMUTH), math.sin(up)])
    fog = 0.5 * (FOG + _LOW_SUN_HORIZON)
    return replace(
        day,
        plain=False,
        ambient=given.ambient * (AMBIENT + DIFFUSE * float(SUN_DIRECTION[2])) - DIFFUSE * math.sin(up),
        diffuse=DIFFUSE,
        sun=frozen(towards),
        tint=_LOW_SUN_TINT,
        horizon=fog if overcast else _LOW_SUN_HORIZON,
        zenith=fog if overcast else _LOW_SUN_ZENITH,
        fog=fog,
    )


def lamps_lit(scenario: Scenario) -> BoolArray:
    """Which rows (n,) drive with their lights on at night: all that are not parked."""
    parked = [actor.behaviour == "parked" for actor in scenario.actors]
    return np.array([True, *(not stands for stands in parked)])


def beams(scenario: Scenario, state: WorldState, place: FloatArray) -> FloatArray:
    """Low beams of the ego and of the vehicles nearest to `place` (3,), (MOST_LAMPS, 10): lamp x, y, z, its forward and its
    upward axis, and 1 where there is one."""
    found = NO_BEAMS.copy()
    shining = lamps_lit(scenario) & state.present & np.isin(state.kinds, _HEADLAMPS)
    shining[EGO] = False
    rows = np.flatnonzero(shining)
    away = np.linalg.norm(state.position[rows] - place, axis=1)
    chosen = [EGO, *rows[np.lexsort((rows, away))][: MOST_LAMPS - 1].tolist()]
    for number, row in enumerate(chosen):
        forward, _, upward = np.array(axes_from_quaternion(state.rotation[row]))
        length, _, height = state.extent[row]
        lift = min(LAMP_HEIGHT * height, MOST_LAMP_HEIGHT_M) - 0.5 * height
        found[number, :3] = state.position[row] + 0.5 * length * forward + lift * upward
        found[number, 3:6], found[number, 6:9], found[number, 9] = forward, upward, 1.0
    return frozen(found)
