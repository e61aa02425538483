"""The part of the vehicles' page that is about ground that is not level: checks of `ground_checks.py` and their plots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from energy_checks import GROUNDS, gained, mean_gain
from ground_checks import (
    KERB_M,
    KERB_SPEEDS,
    climbing,
    crossing,
    hills,
    kerb,
    raised,
    reversing_circle,
    soft_ground,
    split_braking,
    trip_speed,
    tripped,
)
from quarter_car import bounced
from vehicle_checks import Check

from alpasim.scenario.vehicles import vehicle_names
from alpasim.types import VehicleParameters

TERRAINS = ("snow", "gravel", "grass", "mud", "sand")
BUMP_SPEEDS = (3.0, 6.0, 12.0)
ROLLS, ENERGY_BOUND = 6, 0.1
HARD_GROUND, HARD_FOR = "against a 0.3 m edge", ("bicycle", "motorcycle", "van")
TRIP_SPEEDS = (3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)


class Page(Protocol):
    """What is written to."""

    checks: list[Check]

    def add(self, text: str) -> None: ...

    def hold(self, checks: list[Check]) -> None: ...

    def picture(self, name: str, title: str, draw: Callable[[Any], None], **axes: str) -> None: ...


def ground_parts(page: Page, model: VehicleParameters, table: Callable[..., str]) -> None:
    """All of it, for the sedan `model`."""
    _slopes(page, model)
    _bumps(page)
    _kerbs(page, model, table)
    _energy(page, table)
    _soils(page)


def _slopes(page: Page, model: VehicleParameters) -> None:
    page.add(
        "## Slopes\n\nBraked on a hill the sedan must stand; the millimetre is what it rolls while the brakes build up. On ice it"
        " slides with g(sin θ − μ cos θ), without brakes it rolls with g(sin θ − c_r) against the air, and stands where c_r is"
        " more than the slope. Full power climbs at the speed at which P/v is what weight, air and rolling take."
    )
    page.hold([*hills(model), *(climbing(model, grade) for grade in (0.08, 0.12, 0.2))])


def _bumps(page: Page) -> None:
    page.add(
        "## Speed bump\n\nA bump of 3.6 m and 0.1 m (a cosine's wave) against two quarter cars, one after each axle, that follow"
        " the envelope of a rigid disc and are integrated on their own with scipy; the body has the pitch inertia with which"
        " axles move apart from each other. Highest rise of the middle. The quarter cars keep their speed, the sedan is slowed"
        " by the bump, so at walking pace the two drift apart in time."
    )
    found = {speed: bounced(speed, 0.1) for speed in BUMP_SPEEDS}
    checks = [
        Check(f"highest rise at {speed:.0f} m/s [m]", float(driven.max()), float(expected.max()), 0.05)
        for speed, (_, driven, expected) in found.items()
    ]
    page.hold(checks)

    def draw(axis: Any) -> None:
        for index, (speed, (time_s, driven, expected)) in enumerate(found.items()):
            axis.plot(time_s, 1000.0 * driven, color=f"C{index}", label=f"measured, {speed:.0f} m/s")
            axis.plot(time_s, 1000.0 * expected, "k--", lw=0.8, label="quarter cars" if index == 0 else None)

    page.picture("bump", "Rise of the body over a speed bump", draw, xlabel="s", ylabel="mm")


def _kerbs(page: Page, model: VehicleParameters, table: Callable[..., str]) -> None:
    page.add(
        f"## Kerbs and holes\n\nRolling freely up a kerb of {KERB_M} m, up and down again four metres on, and through a hole of 0.8 m"
        " and 0.08 m. Nobody gains energy of motion and height; what is lost goes into the dampers. Four phases of a substep."
        " The wheel is rigid and has no mass, and its load is limited to eight times the static one: a real tyre yields, so"
        " peak loads, and the speed lost, are rough. At 2 m/s the sedan may roll back from the kerb."
    )
    rows, checks = [], []
    speeds = {}
    for speed in KERB_SPEEDS:
        up, least, most = kerb(speed)
        over, _, _ = kerb(speed, there_and_down=True)
        hole, left = crossing(speed, [raised(-0.08, 10.0, 10.8)])
        speeds[speed] = (least, most)
        rows.append((speed, up, f"{least:.2f} to {most:.2f}", over, hole, left))
        for name, energy in (("kerb", up), ("kerb and down", over), ("hole", hole)):
            checks.append(Check(f"{name} at {speed:.0f} m/s: energy gained [J]", max(0.0, energy), 0.0, 1e-3))
    page.checks += checks
    heads = (
        "speed [m/s]",
        "kerb: energy gained, at most [J]",
        "speed after [m/s]",
        "and down [J]",
        "hole [J]",
        "after it [m/s]",
    )
    page.add(table(heads, rows))
    page.add(
        "Sliding sideways into a kerb of 0.15 m stops the wheels. A rigid body then tips over from"
        f" {trip_speed(model):.1f} m/s (angular momentum about the wheels, energy up to the balance point). On springs"
        " it takes somewhat more, the more so as the shoulder climbs and the body rolls before the wheels stop."
    )
    over = [speed for speed in TRIP_SPEEDS if tripped(speed)]
    first = min(over, default=0.0)
    page.hold([Check("least speed that tips it over [m/s]", first, trip_speed(model), 0.25)])

    def draw(axis: Any) -> None:
        lost = np.array([[speed - most, speed - least] for speed, (least, most) in speeds.items()])
        axis.fill_between(list(speeds), lost[:, 0], lost[:, 1], alpha=0.4, label="lost at the kerb, by phase")
        risen = [speed - np.sqrt(max(speed**2 - 2 * 9.81 * KERB_M, 0.0)) for speed in speeds]
        axis.plot(list(speeds), risen, "k--", label="what its height alone costs")

    page.picture("kerb", "Speed lost at a kerb", draw, xlabel="speed [m/s]", ylabel="m/s")


def _energy(page: Page, table: Callable[..., str]) -> None:
    page.add(
        f"## Energy without drive, by vehicle and ground\n\n{ROLLS} random rolls of 5 s on each: at any angle and speed, straight or"
        " turning, off, along and against edges, tipping over and coming to rest. Air and rolling resistance are taken away. Told"
        " is the most by which the energy of motion, height, springs and bars ever rose above what it had been, as a share of what"
        " was at hand: motion at the start and a fall of half a metre. Forces are potentials (springs, bars with a wheel that"
        " hangs, the disc's height over the ground, whose slopes along and aside are differences along its way) or oppose the very"
        " point on which they act (tyres, dampers, walls); what is left comes from substeps of 10 ms, in which a disc comes to an"
        " edge or a wall, most for two-wheelers against an edge of 0.3 m: a rigid wheel of 12 kg that meets a wall at 3 m/s goes 3 cm in"
        " one, about as far as the edge is steep. So the single worst is bound loosely, and what is misjudged has to shrink with the"
        " substep: to at most half in a quarter of it, the mean over the rolls of the three for which it is most."
    )
    found = {name: [gained(name, ground, ROLLS) for ground in GROUNDS] for name in vehicle_names()}
    for name, shares in found.items():
        page.checks += [
            Check(f"{name}, {ground}: energy gained [share]", share, 0.0, ENERGY_BOUND)
            for ground, share in zip(GROUNDS, shares, strict=True)
        ]
    rows = [(ground, *(f"{found[name][k]:.2%}" for name in found)) for k, ground in enumerate(GROUNDS)]
    page.add(table(("ground", *found), rows))
    worst = max(max(shares) for shares in found.values())
    page.add(f"The largest is {worst:.2%}; the bound is {ENERGY_BOUND:.0%}.")
    means = [
        float(np.mean([mean_gain(name, HARD_GROUND, ROLLS, dt_us) for name in HARD_FOR]))
        for dt_us in (10_000, 5_000, 2_500)
    ]
    page.checks.append(
        Check("energy misjudged in a quarter of the substep", max(0.0, means[2] / means[0] - 0.5), 0.0, 0.0)
    )
    names = ", ".join(HARD_FOR)
    page.add(
        table(("mean gain, " + HARD_GROUND, "10 ms", "5 ms", "2.5 ms"), [(names, *(f"{one:.2%}" for one in means))])
    )


def _soils(page: Page) -> None:
    page.add(
        "## Soft and split ground, and reversing\n\nCoasting beside the road: rolling resistance of tyre and ground and the air;"
        " shaking takes some more out of the dampers, which the closed form leaves out. Braking with the left wheels on"
        " slippery ground: yaw acceleration from the difference of brake forces times half the track. Reversing: yaw rate"
        " v tan δ / L, to the other side than the wheel is turned."
    )
    soils = [soft_ground(terrain) for terrain in TERRAINS]
    page.hold([*soils, split_braking(), *(reversing_circle(steer) for steer in (0.5, -0.5, 1.0))])

    def draw(axis: Any) -> None:
        places = np.arange(len(TERRAINS))
        axis.bar(places - 0.2, [one.measured for one in soils], 0.4, label="measured")
        axis.bar(places + 0.2, [one.expected for one in soils], 0.4, label="rolling and air")
        axis.set_xticks(places, TERRAINS)

    page.picture("soils", "Deceleration of coasting off the road, 10 m/s", draw, xlabel="ground", ylabel="m/s²")
