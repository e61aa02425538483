"""Which mesh an actor has: by kind, fitted to its box, painted by its row."""

from __future__ import annotations

from functools import lru_cache

from alpasim.types import EGO, ActorKind
from alpasim.world.rendering import people, things, vehicles
from alpasim.world.rendering.mesh import Mesh, fitted

EGO_PAINT = (34, 108, 190)
LOOKS = 24
"""Rows repeat their looks after so many."""


def body(kind: ActorKind, extent: tuple[float, float, float], row: int) -> Mesh:
    """An actor's mesh about its box centre, x forward, filling its box."""
    length, width, height = (round(float(side), 3) for side in extent)
    return _body(kind, (length, width, height), row % LOOKS if row else LOOKS)


def far_body(kind: ActorKind, extent: tuple[float, float, float], row: int) -> Mesh | None:
    """The same actor with less to it, for when it is small in the picture; None where there is no such mesh."""
    if kind is not ActorKind.CAR:
        return None
    paint = EGO_PAINT if row == EGO else vehicles.PAINTS[row % LOOKS % len(vehicles.PAINTS)]
    return fitted(vehicles.car(*extent, paint, far=True), extent)


@lru_cache(maxsize=512)
def _body(kind: ActorKind, extent: tuple[float, float, float], look: int) -> Mesh:
    return fitted(_shape(kind, *extent, look), extent)


def _shape(kind: ActorKind, length: float, width: float, height: float, look: int) -> Mesh:
    size = (length, width, height)
    paint = EGO_PAINT if look == LOOKS else vehicles.PAINTS[look % len(vehicles.PAINTS)]
    match kind:
        case ActorKind.CAR:
            return vehicles.car(*size, paint)
        case ActorKind.VAN:
            own = EGO_PAINT if look == LOOKS else vehicles.VAN_PAINTS[look % len(vehicles.VAN_PAINTS)]
            return vehicles.van(*size, own)
        case ActorKind.TRUCK:
            cab, cargo = vehicles.TRUCK_PAINTS, vehicles.CARGO_PAINTS
            return vehicles.truck(*size, cab[look % len(cab)], cargo[(look // 2) % len(cargo)])
        case ActorKind.BUS:
            return vehicles.bus(*size, vehicles.BUS_PAINTS[look % len(vehicles.BUS_PAINTS)])
        case ActorKind.TRAIN:
            return vehicles.train(*size, vehicles.TRAIN_PAINT)
        case ActorKind.MOTORCYCLE:
            return people.motorcycle(*size, look)
        case ActorKind.BICYCLE:
            return people.bicycle(*size, look)
        case ActorKind.PEDESTRIAN:
            return people.pedestrian(*size, look)
        case ActorKind.ANIMAL:
            return people.animal(*size, look)
        case ActorKind.CONE:
            return things.cone(*size)
        case ActorKind.BARRIER:
            return things.barrier(*size)
        case ActorKind.DEBRIS:
            return things.debris(*size)
        case _:
            return things.unknown(*size)
