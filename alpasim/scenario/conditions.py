"""What makes a concrete scenario hard for the ego, in words: grip, weather and light, and what fails when.

Answers with short lines for pictures, reports and tables. What a fault or the weather does is found where it acts.
"""

from __future__ import annotations

import math

from alpasim.scenario.concrete import WHEELS, EgoFault, Scenario, SenseFault

PATCHES = 3
"""How many sorts of ground are told; the others are counted."""


def in_force(scenario: Scenario) -> str:
    """Grip, in brackets that of patches, weather and light in a line, what is ordinary left out."""
    weather = scenario.environment
    patches = list(dict.fromkeys(f"{patch.kind} {patch.friction:.2g}" for patch in scenario.road.surfaces))
    more = f" and {len(patches) - PATCHES} more" if len(patches) > PATCHES else ""
    words = [f"friction {weather.friction:.2g}" + (f" ({', '.join(patches[:PATCHES])}{more})" if patches else "")]
    words += [f"rain {weather.rain:.2g}"] if weather.rain else []
    words += [f"snow {weather.snow:.2g}"] if weather.snow else []
    words += [f"visibility {weather.visibility_m:.0f} m"] if math.isfinite(weather.visibility_m) else []
    words += [weather.light.replace("_", " ")] if weather.light != "day" else []
    words += [wind_words(weather.wind_mps)] if any(weather.wind_mps) else []
    words += [f"perception {scenario.perception.level}"] if scenario.perception.level != "truth" else []
    return ", ".join(words)


def wind_words(wind_mps: tuple[float, float]) -> str:
    """How fast the air moves and where to, in whole degrees from x counter-clockwise as `wind_to_deg` is written."""
    towards = round(math.degrees(math.atan2(wind_mps[1], wind_mps[0]))) % 360
    return f"wind {math.hypot(*wind_mps):.0f} m/s to {towards}°"


def faults_of(scenario: Scenario) -> tuple[EgoFault | SenseFault, ...]:
    """Everything that fails on the ego's vehicle and senses."""
    return (*scenario.faults, *scenario.sense_faults)


def fault_name(fault: EgoFault | SenseFault) -> str:
    """A fault's kind, and the sensor or the wheel that it is of."""
    return fault.kind.replace("_", " ") + (f" ({part_of(fault)})" if part_of(fault) else "")


def part_of(fault: EgoFault | SenseFault) -> str:
    """The sensor or the wheel that a fault is of, empty where it is of neither."""
    if isinstance(fault, SenseFault):
        return fault.sensor
    return WHEELS[fault.wheel].replace("_", " ") if fault.wheel >= 0 else ""


def fault_words(scenario: Scenario) -> tuple[str, ...]:
    """A line for each fault: what, from when, for how long."""
    lines = []
    for fault in faults_of(scenario):
        lasts = "to the end" if fault.until_us is None else f"for {(fault.until_us - fault.from_us) * 1e-6:.3g} s"
        lines.append(f"{fault_name(fault)} from {fault.from_us * 1e-6:.3g} s {lasts}")
    return tuple(lines)
