"""The figures of the reference driver, each with where it comes from.

Car following is the improved intelligent driver model with the constant-acceleration heuristic of Kesting, Treiber and
Helbing, "Enhanced intelligent driver model to access the impact of driving strategies on traffic capacity",
Phil. Trans. R. Soc. A 368 (2010) 4585, called KTH below; its table 1 is the source of the car-following figures.
"""

from __future__ import annotations

from typing import NamedTuple

KPH = 1.0 / 3.6
"""Metres per second in one kilometre per hour."""


class DriverParameters(NamedTuple):
    """How the reference driver drives. Lengths [m], times [s], speeds [m/s], accelerations [m/s^2].

    A tuple, so that kernels can take it.
    """

    # Car following (KTH table 1: T 1.5, a 1.4, b 2.0, s0 2.0, delta 4, coolness 0.99)
    time_headway_s: float = 1.5
    standstill_gap_m: float = 2.0
    acceleration: float = 1.4
    comfortable_deceleration: float = 2.0
    coolness: float = 0.99
    speed_exponent: float = 4.0
    gap_exponent: float = 2.0
    """How sharply the set speed and the desired gap are kept to: KTH's delta, and the square in its equation 2."""

    # Speed. Where no limit is posted: the larger of the speed met at the start and 50 km/h, the usual limit in towns.
    limit_share: float = 0.98
    unposted_speed: float = 50.0 * KPH
    lateral_acceleration: float = 2.0
    """In bends. Everyday drivers stay below 2 to 3; grip is unknown to the driver, so the lower end."""
    speed_deceleration: float = 1.5
    """Planned for bends and lower limits ahead; below the comfortable deceleration, so that it is met easily."""

    # Sight: the ego can stop within what crests let it see. Stopping sight distances of the AASHTO Green Book before 2001 are for
    # an object of 150 mm, about a car's ground clearance; sensors need less time than its 2.5 s for people.
    sight_object_m: float = 0.15
    sight_farthest_m: float = 200.0
    sight_half_length_m: float = 2.5
    """Half of a long car: perception's range is to the middle of things."""
    sight_deceleration: float = 3.4
    """The Green Book's for stopping sight distances, which most drivers exceed and wet roads give."""
    weather_deceleration: float = 2.5
    """The same where the weather takes from perception's range, for it lies on the road as well: packed snow and wet ice give
    friction of 0.2 to 0.3 (VTI meddelande 911A)."""
    reaction_s: float = 0.7

    # Braking. Bounds of ordinary driving are nuPlan's comfort bounds (longitudinal acceleration -4.05 to 2.40).
    ordinary_deceleration: float = 3.7
    emergency_deceleration: float = 9.0
    """Asked for when nothing less will do; the vehicle and the road give what they can."""

    # Who is in the way: gaps between the ego's side and the other's, beyond which it is beside us and not ahead of us
    side_margin: float = 0.25
    vulnerable_margin: float = 0.5
    waiting_margin: float = 0.3
    """The same for people who have been standing for `patience_s`: they wait or talk, and are passed at a walk."""
    cut_in_horizon_s: float = 2.5
    """Lateral motion is continued this long to see who will be in our lane."""
    drift_speed: float = 0.3
    """Lateral speeds below this are lane keeping, not a manoeuvre."""

    oncoming_width: float = 1.0
    """Oncoming traffic that is over the line is met slowly where it would pass nearer than this."""

    # Crossing road users
    prediction_s: float = 4.0
    pass_before_s: float = 1.0
    """Time by which the ego must have cleared a crossing before a vehicle enters it."""
    pass_before_vulnerable_s: float = 2.0
    pass_behind_s: float = 0.5
    """Time the ego waits after a crossing road user has left its way."""
    stop_before_m: float = 2.0

    # Caution: speeds from which a stop succeeds when somebody steps out; 30 km/h is the limit of play streets
    caution_vulnerable: float = 30.0 * KPH
    caution_close: float = 20.0 * KPH
    caution_touching: float = 7.0 * KPH
    """A walk, beside people nearer than `vulnerable_margin`."""
    caution_width: float = 2.5
    caution_parked: float = 32.0 * KPH
    parked_width: float = 1.5
    queue_width: float = 2.6
    """Beside two or more standing vehicles the whole next lane is near enough for one to pull out."""
    fast_road: float = 60.5 * KPH
    parked_share: float = 0.6
    queue_share: float = 0.5
    """Beside standing vehicles where the limit is above `fast_road`: these shares of it."""
    caution_deceleration: float = 2.0

    # Steering around what stands in the lane
    pass_gaps: tuple[float, ...] = (1.2, 0.6)
    """Passing distances to things and vehicles, the first that there is room for."""
    pass_gaps_vulnerable: tuple[float, ...] = (1.5, 1.0, 0.45)
    """The first is the legal distance to cyclists in towns in Germany, France and Spain; the last is for a walking pace."""
    edge_gap: float = 0.2
    patience_s: float = 3.0
    """A vehicle that stands may be about to drive on: passed only when it has been seen standing for so long."""
    queue_before_line_m: float = 60.0
    """Vehicles standing so near before a stop line wait there, and are not passed."""
    shift_acceleration: float = 1.5
    shift_acceleration_urgent: float = 4.5
    urgent_deceleration: float = 5.0
    """Needing to brake harder than this, the ego steers round at once, if there is a way."""

    # Smoothness: nuPlan's comfort bound on longitudinal jerk is 4.13
    jerk: float = 4.0
    gentle_stop_speed: float = 1.5

    # Traffic lights and stop lines
    stop_line_gap: float = 1.0
    stop_sign_wait_s: float = 1.0
