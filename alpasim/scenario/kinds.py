"""What an actor of each kind measures, weighs and is made of where its file does not say.

Answers "how big is a van here". Sizes are length, width, height [m]; masses [kg] are of the body with its rider, driver or
usual load. Legal limits are those of directive 96/53/EC (width 2.55 m); the rest are round values of common models, and
a scenario that depends on one writes its own `size_m` and `mass_kg`.

Restitution: 0.1 for two vehicles (0.32 each, products count). Collisions at medium and high speed have about 0.1, those with a change
of velocity of 1 to 2 m/s 0.2 to 0.4 (SAE 931842); it falls with the speed of the impact (SAE 1999-01-0097). One value for all
speeds is too stiff for a touch while parking by that much. For trucks and buses no such series is at hand: 0.32 is assumed,
since the car crushes against their frames as against a barrier. Friction: a struck vehicle slides with its wheels across or
damaged, 0.7 of the road's grip; what slides on its side or on steel, 0.5; people and animals 0.6 (measured throws of
pedestrians give 0.5 to 0.7 on asphalt); cones, boxes and barriers are assumed by their material.
"""

from __future__ import annotations

from dataclasses import dataclass

from alpasim.types import ActorKind

TURNING_RADIUS_M = {
    ActorKind.CAR: 5.0,
    ActorKind.VAN: 6.0,
    ActorKind.TRUCK: 9.0,
    ActorKind.BUS: 10.0,
    ActorKind.TRAIN: 20.0,
    ActorKind.MOTORCYCLE: 2.5,
    ActorKind.BICYCLE: 2.0,
}
"""The tightest circle of a vehicle's box centre [m], round values of common models (directive 97/27/EC lets a truck or bus turn
between circles of 12.5 m and 5.3 m). Whoever is not in it turns on the spot."""

WHEEL_RADIUS_M = {
    ActorKind.CAR: 0.32,
    ActorKind.VAN: 0.34,
    ActorKind.TRUCK: 0.5,
    ActorKind.BUS: 0.48,
    ActorKind.MOTORCYCLE: 0.3,
    ActorKind.BICYCLE: 0.34,
    ActorKind.UNKNOWN: 0.32,
}
"""Rolling radius of the wheels on which a kind's wrecks climb kerbs [m], round values of common tyres."""


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """Body of a kind: `extent` [m], `mass_kg`, contact `friction` and `restitution` (contacts multiply both bodies'),
    and what they are the figures of (`basis`)."""

    extent: tuple[float, float, float]
    mass_kg: float
    friction: float
    restitution: float
    basis: str


KINDS: dict[ActorKind, KindDefaults] = {
    ActorKind.CAR: KindDefaults((4.5, 1.82, 1.5), 1500.0, 0.7, 0.32, "compact to mid-size car, kerb mass and driver"),
    ActorKind.VAN: KindDefaults((5.9, 2.0, 2.5), 2500.0, 0.7, 0.32, "3.5 t delivery van, half loaded"),
    ActorKind.TRUCK: KindDefaults(
        (10.0, 2.55, 3.8), 14_000.0, 0.7, 0.32, "18 t two-axle truck, half loaded; legal width"
    ),
    ActorKind.BUS: KindDefaults((12.0, 2.55, 3.2), 13_000.0, 0.7, 0.32, "12 m city bus, lightly loaded; legal width"),
    ActorKind.TRAIN: KindDefaults((30.0, 2.65, 3.6), 40_000.0, 0.5, 0.1, "30 m low-floor tram"),
    ActorKind.MOTORCYCLE: KindDefaults((2.2, 0.8, 1.6), 290.0, 0.5, 0.2, "naked bike of 210 kg with an 80 kg rider"),
    ActorKind.BICYCLE: KindDefaults((1.8, 0.6, 1.75), 90.0, 0.5, 0.2, "city bicycle of 15 kg with a 75 kg rider"),
    ActorKind.PEDESTRIAN: KindDefaults((0.5, 0.6, 1.75), 75.0, 0.6, 0.1, "adult, one step's length"),
    ActorKind.ANIMAL: KindDefaults((1.4, 0.5, 1.3), 80.0, 0.6, 0.1, "fallow deer"),
    ActorKind.DEBRIS: KindDefaults((0.8, 0.6, 0.5), 25.0, 0.6, 0.1, "lost box of cargo"),
    ActorKind.CONE: KindDefaults((0.4, 0.4, 0.75), 4.0, 0.7, 0.2, "750 mm road cone"),
    ActorKind.BARRIER: KindDefaults((2.0, 0.5, 1.0), 350.0, 0.7, 0.1, "water-filled barrier element"),
    ActorKind.UNKNOWN: KindDefaults((4.5, 1.82, 1.5), 1500.0, 0.7, 0.32, "taken for a car"),
}

KIND_WORDS: dict[str, ActorKind] = {kind.name.lower(): kind for kind in ActorKind}
"""The words of the scenario language."""

ROAD_BOUND = frozenset({ActorKind.CAR, ActorKind.VAN, ActorKind.TRUCK, ActorKind.BUS, ActorKind.MOTORCYCLE})
"""Kinds that start on the drivable area unless their place says `off_road: true`."""
