"""How fast, beside people near the ego's way and beside standing vehicles, which may hide some or set off."""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import ActorKind, FloatArray

from .longitudinal import eased
from .parameters import KPH, DriverParameters
from .reasons import NEAR_PERSON, STANDING_ROW
from .route_kernels import ONCOMING_LEFT, SPEED_LIMIT, row_at
from .surroundings import ALONG, CLEAR, CROSSES, HIGH, KIND, LOW, RIGHT, STANDS, VULNERABLE_KIND

CAUTION_M = 80.0
"""Caution looks this far ahead of the front."""

QUEUE_GAP_M = 25.0
"""Standing vehicles no farther apart than this are a row."""

_VEHICLES = tuple(int(kind) for kind in (ActorKind.CAR, ActorKind.VAN, ActorKind.TRUCK, ActorKind.BUS))
_CYCLES = tuple(int(kind) for kind in (ActorKind.BICYCLE, ActorKind.MOTORCYCLE))


@compiled
def speed_beside_people(p: DriverParameters, track: FloatArray) -> float:
    """Speed at which the ego passes somebody unprotected beside its way, inf where it needs no caution."""
    clear, stands = track[CLEAR], track[STANDS] > 0.0
    if track[KIND] in _CYCLES and not stands:
        return math.inf if clear > 1.5 else max(p.caution_vulnerable, track[ALONG] + 15.0 * KPH)
    if clear > p.caution_width or (clear > 1.5 and not stands):
        return math.inf
    if clear < p.vulnerable_margin:
        return p.caution_touching
    return p.caution_close if clear < 1.0 else p.caution_vulnerable


@compiled
def stands_in_row(seen: FloatArray, i: int) -> bool:
    """Whether another vehicle stands on the same side near track `i`."""
    for j in range(seen.shape[0]):
        if j == i or not seen[j, STANDS] or seen[j, VULNERABLE_KIND]:
            continue
        near = seen[j, LOW] < seen[i, HIGH] + QUEUE_GAP_M and seen[j, HIGH] > seen[i, LOW] - QUEUE_GAP_M
        if near and (seen[j, RIGHT] > 0.0) == (seen[i, RIGHT] > 0.0):
            return True
    return False


@compiled
def speed_beside_vehicle(p: DriverParameters, table: FloatArray, seen: FloatArray, i: int, unposted: float) -> float:
    """Speed at which the ego passes a vehicle standing beside its way, inf where it needs no caution: it is nothing of the
    kind, too far off, or waits in the other direction's lane."""
    track = seen[i]
    kind, clear = track[KIND], track[CLEAR]
    if not track[STANDS] or kind not in _VEHICLES:
        return math.inf
    place = row_at(table, 0.5 * (track[LOW] + track[HIGH]))
    if track[RIGHT] > table[place, ONCOMING_LEFT] - 0.5:
        return math.inf
    limit = table[place, SPEED_LIMIT] if math.isfinite(table[place, SPEED_LIMIT]) else unposted
    fast = limit if limit > p.fast_road else 0.0
    if fast > 0.0 and clear < p.queue_width and stands_in_row(seen, i):
        return max(p.queue_share * fast, p.caution_parked)
    if clear < p.parked_width:
        return max(p.parked_share * fast, p.caution_parked)
    return math.inf


@compiled
def be_cautious(
    p: DriverParameters,
    table: FloatArray,
    seen: FloatArray,
    i: int,
    front: float,
    rear: float,
    speed: float,
    unposted: float,
) -> tuple[int, float, float]:
    """(cause or -1, acceleration, gap) because track `i` is close beside the ego's way, or stands there.

    `unposted` stands in where no limit is posted [m/s].
    """
    track = seen[i]
    if track[HIGH] <= rear or track[LOW] >= front + CAUTION_M or track[CROSSES]:
        return -1, 0.0, 0.0
    if track[CLEAR] <= -0.5 or track[CLEAR] >= max(p.caution_width, p.queue_width):
        return -1, 0.0, 0.0
    if track[VULNERABLE_KIND]:
        cause, fastest = NEAR_PERSON, speed_beside_people(p, track)
    else:
        cause, fastest = STANDING_ROW, speed_beside_vehicle(p, table, seen, i, unposted)
    if fastest >= speed + 3.0:
        return -1, 0.0, 0.0
    gap = max(track[LOW] - front, 0.0)
    need = (speed * speed - fastest * fastest) / (2.0 * max(gap - 2.0, 0.5 * speed, 1.0))
    allowed = eased(need, p.caution_deceleration, p.acceleration)
    return cause, max(allowed, -p.ordinary_deceleration), gap
