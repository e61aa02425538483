"""What rain, snow, fog and light do to the senses: the one place where weather becomes numbers.

Answers how far, how clearly and how reliably things are made out in the scenario's environment. What grip is left is
written by the scenario itself (`environment.friction`, `surfaces`). Figures without a source are assumptions of this
simulator and said to be so; they are meant to be replaced where a sensor's own are known (`perception:` in a scenario).

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
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alpasim.scenario.concrete import Environment

OPTICAL_DEPTH = 3.0
"""-ln 0.05: what is left at the end of the visibility is 5 %."""
FULL_RAIN_MM_PER_H = 50.0
FULL_SNOW_MM_PER_H = 4.0
_NEPER_PER_M = 1e-3 * math.log(10.0) / 10.0
"""One dB/km as extinction [1/m]."""


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
