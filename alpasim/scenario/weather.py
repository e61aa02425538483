"""What rain, snow, fog and light become in numbers: for the senses, for the pictures of cameras, and for the road's grip.

Answers how far, how clearly and how reliably things are made out in the scenario's environment, how much light there is, and
what grip a road has whose `environment.friction` is not written. The one place where weather becomes numbers; wind becomes a
force in `vehicle/wind.py`. Figures without a source are assumptions of this simulator and said to be so; they are meant to be
replaced where one's own are known (`perception:` and `environment.friction` in a scenario).

| what | becomes | source |
|---|---|---|
| `visibility_m` V | extinction 3.0 / V: what light loses over V is 95 % | meteorological optical range, WMO-No. 8 and CIE 17-31-018 |
| `rain` 0 … 1 | 0 … 50 mm/h | Met Office, showers: violent from 50 mm/h |
| rain of R mm/h | extinction 1.076 R^0.67 dB/km | ITU-R P.1814, Carboneur's constants |
| `snow` 0 … 1 | 0 … 4 mm/h of water; 5.53 S^1.38 dB/km, at 4 mm/h a visibility of 350 m | ITU-R P.1814, dry snow at 650 nm; heavy snow is below 400 m (AMS) |
| extinction | farthest object: 3.0 / extinction | the definition of the optical range |
| rain, snow on the lens, spray | range -30 %, -40 %; contrast -40 %, -50 %; dropouts +10 %, +15 % at full strength | assumed |
| night | range -40 %, contrast -40 %, dropouts +3 % | assumed; low beams reach 50 to 75 m (UN R112) |
| low sun | range -30 %, contrast -50 %, dropouts +5 % | assumed; glare from any side, as no sun stands in the scenario |
| dry road | friction 0.9 | Bosch Automotive Handbook: 0.85 new, 1.0 worn tyres on dry asphalt at 50 km/h |
| rain of 2.5, 10, 50 mm/h, no friction written | friction 0.65, 0.55, 0.50 | the same table: new tyres, water 0.2, 1 and 2 mm deep; which rain leaves which depth is assumed |
| `snow` of 0.25, 1, no friction written | friction 0.40, 0.25: slush, packed snow | Wallman and Aastroem, VTI meddelande 911A (2001): loose snow and slush 0.2 to 0.5, packed snow 0.2 to 0.3; which fall leaves which is assumed |
| night in a picture | 5 lx everywhere, and two low beams of 10,100 cd | EN 13201-2, class P4; UN R112, class B, point 75R |
| a camera's exposure at night | 40 lx look as by day | assumed |
| low sun in a picture | veil 10 E / angle^2, E 10,000 lx, against a scene of 2,000 cd/m2 | CIE 146 (Stiles and Holladay); E and scene assumed |

Between two points friction goes straight, and with both rain and snow the lower counts. A speed's own share in a wet road's
grip (aquaplaning) is not modelled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from alpasim.scenario.concrete import Environment

OPTICAL_DEPTH = 3.0
"""-ln 0.05: what is left at the end of the visibility is 5 %."""
FULL_RAIN_MM_PER_H = 50.0
FULL_SNOW_MM_PER_H = 4.0
_NEPER_PER_M = 1e-3 * math.log(10.0) / 10.0
"""One dB/km as extinction [1/m]."""

DRY_FRICTION = 0.9
WET_FRICTION = ((0.0, DRY_FRICTION), (0.05, 0.65), (0.2, 0.55), (1.0, 0.50))
SNOW_FRICTION = ((0.0, DRY_FRICTION), (0.25, 0.40), (1.0, 0.25))
"""Friction of the road by the strength of rain, of snow; straight between the points."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind of weather at full strength takes from the senses: shares of range and contrast, and chance of a miss."""

    range_loss: float = 0.0
    contrast_loss: float = 0.0
    dropout: float = 0.0


RAIN = Effect(0.3, 0.4, 0.10)
SNOW = Effect(0.4, 0.5, 0.15)
LIGHTS: dict[str, Effect] = {
    "day": Effect(),
    "night": Effect(0.4, 0.4, 0.03),
    "low_sun": Effect(0.3, 0.5, 0.05),
}


@dataclass(frozen=True, slots=True)
class Illumination:
    """The light of a picture, in shares of what the same thing looks like by day.

    `ambient` lights everything. The ego's low beams add (`beam_m` / distance)^2 to what faces them, at most what is left to 1,
    out to `beam_reach_m` and `beam_half_angle_rad` to each side of straight ahead; `beam_m` 0: they do not count. A sun
    `sun_elevation_rad` above the horizon lays a veil of white over what is `angle` away from it: `veil(angle)`.
    """

    ambient: float = 1.0
    beam_m: float = 0.0
    beam_reach_m: float = 0.0
    beam_half_angle_rad: float = 0.0
    sun_elevation_rad: float = math.nan
    veil_deg: float = 0.0

    def veil(self, angle_rad: float) -> float:
        """Share of white in what is seen `angle_rad` from the sun, 0 to 1: r / (1 + r) for a veil r times as bright as the scene,
        r = (`veil_deg` / angle in degrees)^2."""
        if self.veil_deg == 0.0:
            return 0.0
        ratio = (self.veil_deg / max(math.degrees(angle_rad), 1.0)) ** 2
        return ratio / (1.0 + ratio)


_NIGHT_LX, _BEAMS_CD, _EXPOSED_LX = 5.0, 2.0 * 10_100.0, 40.0
_SUN_LX, _SCENE_CDPM2 = 10_000.0, 2_000.0
ILLUMINATION: dict[str, Illumination] = {
    "day": Illumination(),
    "night": Illumination(
        ambient=_NIGHT_LX / _EXPOSED_LX,
        beam_m=math.sqrt(_BEAMS_CD / _EXPOSED_LX),
        beam_reach_m=75.0,
        beam_half_angle_rad=math.radians(30.0),
    ),
    "low_sun": Illumination(
        ambient=0.8,
        sun_elevation_rad=math.radians(8.0),
        veil_deg=math.sqrt(10.0 * _SUN_LX / _SCENE_CDPM2),
    ),
}
"""Pictures by `environment.light`; the low sun's 8 degrees and 0.8, the beams' angle and their reach of 75 m (UN R112) are chosen."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The environment as the senses feel it.

    `extinction_per_m` is what air, rain and snow take from light; `optical_range_m` the farthest that anything is made out;
    `range_share` of a sensor's own range is left; `contrast` in (0, 1] is what is left of it beside extinction; `dropout` is
    the chance that something in range is missed in one look, `wet_dropout` what rain and snow alone have of it, for senses that
    bring their own light; `rain_mm_per_h` is for who needs the drops themselves.
    """

    extinction_per_m: float = 0.0
    optical_range_m: float = math.inf
    range_share: float = 1.0
    contrast: float = 1.0
    dropout: float = 0.0
    wet_dropout: float = 0.0
    rain_mm_per_h: float = 0.0


def conditions(environment: Environment) -> Conditions:
    """What the senses feel of an environment."""
    rain, snow = FULL_RAIN_MM_PER_H * environment.rain, FULL_SNOW_MM_PER_H * environment.snow
    extinction = OPTICAL_DEPTH / environment.visibility_m
    extinction += _NEPER_PER_M * (1.076 * rain**0.67 + 5.53 * snow**1.38)
    range_share, contrast, seen = 1.0, 1.0, 1.0
    for effect, strength in ((RAIN, environment.rain), (SNOW, environment.snow), (LIGHTS[environment.light], 1.0)):
        range_share *= 1.0 - strength * effect.range_loss
        contrast *= 1.0 - strength * effect.contrast_loss
        seen *= 1.0 - strength * effect.dropout
    return Conditions(
        extinction_per_m=extinction,
        optical_range_m=OPTICAL_DEPTH / extinction if extinction > 0.0 else math.inf,
        range_share=range_share,
        contrast=contrast,
        dropout=1.0 - seen,
        wet_dropout=1.0 - (1.0 - environment.rain * RAIN.dropout) * (1.0 - environment.snow * SNOW.dropout),
        rain_mm_per_h=rain,
    )


def illumination(environment: Environment) -> Illumination:
    """The light in which cameras see an environment."""
    return ILLUMINATION[environment.light]


def road_friction(rain: float, snow: float) -> float:
    """Friction of a road in rain and snow of these strengths, 0 to 1, for a scenario that does not say."""
    return min(_between(rain, WET_FRICTION), _between(snow, SNOW_FRICTION))


def _between(strength: float, points: tuple[tuple[float, float], ...]) -> float:
    """The value at a strength on the line through `points`, which rise in strength."""
    for (low, before), (high, after) in pairwise(points):
        if strength <= high:
            return before + (after - before) * (strength - low) / (high - low)
    return points[-1][1]


def worse(one: Environment, other: Environment) -> Environment:
    """The worse of two environments in everything that the senses feel; grip is that of the first."""
    darker = one.light if one.light != "day" else other.light
    return Environment(
        friction=one.friction,
        rain=max(one.rain, other.rain),
        visibility_m=min(one.visibility_m, other.visibility_m),
        snow=max(one.snow, other.snow),
        light=darker,
    )
