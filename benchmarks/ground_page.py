"""The part of the vehicles' page that is about ground that is not level: checks of `ground_checks.py` and their plots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from energy_checks import GROUNDS, gained, places_gain
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
ROLLS, ENERGY_BOUND = 6, 0.0005
HARD_GROUNDS, HARD_FOR = ("against a 0.3 m edge", "up a 0.12 m kerb"), ("bicycle", "motorcycle", "van")
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
        " was at hand: motion at the start and a fall of half a metre.\n\nForces are potentials (springs, bars with a wheel that"
        " hangs, the disc's height over the ground, whose slopes along and aside are differences along its way) or oppose the very"
        " point on which they act (tyres, dampers, walls). What an edge within a substep takes would still be known a substep late."
        " So the vehicle keeps account, substep by substep, of what energy it has: where that is more than it was, and than drive and"
        " wind have given, the rest is taken out of its motion, out of motion against the edge first; and no wheel is lifted"
        " by more than there is energy for. What falls over and sinks into the ground is lifted out of it at the cost of its motion,"
        " and an edge yields to a wheel that nothing but pressing would lift. The engine's velocity lies between two places: height and springs count with the mean of"
        " what they hold at both. What 0.1 mm of the vehicle's height are worth is left alone, 0.02 %: the"
        " ground is looked at in steps of 4 cm, and taking rises that small would brake on every bump."
    )
    found = {name: [gained(name, ground, ROLLS) for ground in GROUNDS] for name in vehicle_names()}
    for name, shares in found.items():
        page.checks += [
            Check(f"{name}, {ground}: energy gained [share]", share, 0.0, ENERGY_BOUND)
            for ground, share in zip(GROUNDS, shares, strict=True)
        ]
    rows = [(ground, *(f"{found[name][k]:.3%}" for name in found)) for k, ground in enumerate(GROUNDS)]
    page.add(table(("ground", *found), rows))
    worst = max(max(shares) for shares in found.values())
    page.add(f"The largest is {worst:.3%}; the bound is {ENERGY_BOUND:.2%}. Others, in other substeps:")
    rows = []
    for dt_us in (10_000, 5_000, 2_500):
        shares = [gained(name, ground, ROLLS, 3.0, dt_us, seed=1) for name in HARD_FOR for ground in HARD_GROUNDS]
        page.checks.append(Check(f"{dt_us / 1000:g} ms: energy gained [share]", max(shares), 0.0, ENERGY_BOUND))
        rows.append((f"{dt_us / 1000:g} ms", *(f"{share:.3%}" for share in shares)))
    page.add(table(("substep", *(f"{name}, {ground}" for name in HARD_FOR for ground in HARD_GROUNDS)), rows))
    ends = [gain for name in HARD_FOR for ground in HARD_GROUNDS for gain in places_gain(name, ground, ROLLS)]
    page.add(
        f"And with no convention at all, {len(ends)} rolls of these that begin and end on even ground, upright and quiet: motion and"
        " height at the end, off what they were at the start."
    )
    page.hold([Check("gained from even ground to even ground, at most [share]", max(0.0, max(ends)), 0.0, 2e-4)])


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
