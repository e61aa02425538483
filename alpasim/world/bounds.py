"""Whether every body is still in a finite world: the check of each control step, on the way in and on the way out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from alpasim.compiled import compiled
from alpasim.errors import PhysicsDiverged
from alpasim.types import Bodies, BoolArray, Control, FloatArray, Motion, WorldState

FARTHEST_M = 1e7
"""Largest coordinate; recorded maps in projected coordinates reach several million metres."""

FASTEST_MPS = 500.0
FASTEST_RADPS = 2e4
"""Highest speeds: of anything [m/s], and how fast what is 5 cm wide turns if its edges move so fast [rad/s]. Small things that are
hit at a corner really turn by hundreds of radians a second."""

QUANTITIES = ("", "position", "velocity", "rotation", "angular velocity")


@compiled
def _within(values: FloatArray, row: int, limit: float) -> bool:
    """Whether all of a row is finite and at most `limit` in magnitude (nan compares false)."""
    bad = 0
    for j in range(values.shape[1]):
        bad += not abs(values[row, j]) <= limit
    return bad == 0


@compiled
def first_out_of_bounds(
    present: BoolArray, position: FloatArray, velocity: FloatArray, rotation: FloatArray, spin: FloatArray
) -> tuple[int, int]:
    """Row and quantity (see QUANTITIES, 0: all well) of the first present body out of bounds; arrays (n, any)."""
    for row in range(present.shape[0]):
        if not present[row]:
            continue
        if not _within(position, row, FARTHEST_M):
            return row, 1
        if not _within(velocity, row, FASTEST_MPS):
            return row, 2
        if not _within(rotation, row, FARTHEST_M):
            return row, 3
        if not _within(spin, row, FASTEST_RADPS):
            return row, 4
    return -1, 0


@compiled
def first_asked_out_of_bounds(
    present: BoolArray, position: FloatArray, velocity: FloatArray, yaw: FloatArray, yaw_rate: FloatArray
) -> tuple[int, int]:
    """The same for what behaviours ask of all rows but the ego's; `yaw` and `yaw_rate` (n,)."""
    for row in range(1, present.shape[0]):
        if not present[row]:
            continue
        if not _within(position, row, FARTHEST_M):
            return row, 1
        if not _within(velocity, row, FASTEST_MPS):
            return row, 2
        if not abs(yaw[row]) <= FARTHEST_M:
            return row, 3
        if not abs(yaw_rate[row]) <= FASTEST_RADPS:
            return row, 4
    return -1, 0


def check_motion(motion: Motion, ids: Sequence[str], step: int) -> None:
    """PhysicsDiverged where a behaviour wants its actor somewhere that is not finite or out of bounds."""
    row, quantity = first_asked_out_of_bounds(
        motion.present, motion.position, motion.velocity, motion.yaw, motion.yaw_rate
    )
    if quantity:
        values = (motion.position, motion.velocity, motion.yaw, motion.yaw_rate)[quantity - 1][row]
        raise PhysicsDiverged(
            f"{ids[row]}: its behaviour asks for {QUANTITIES[quantity]} {values.tolist()} at step {step}", row
        )


def check_bodies(bodies: Bodies, ids: Sequence[str], step: int) -> None:
    """PhysicsDiverged where a body is somewhere that is not finite or out of bounds."""
    row, quantity = first_out_of_bounds(
        bodies.present, bodies.position, bodies.velocity, bodies.rotation, bodies.angular_velocity
    )
    if quantity:
        values = (bodies.position, bodies.velocity, bodies.rotation, bodies.angular_velocity)[quantity - 1][row]
        limit = (FARTHEST_M, FASTEST_MPS, FARTHEST_M, FASTEST_RADPS)[quantity - 1]
        what = "out of bounds" if all(map(math.isfinite, values)) else "not finite"
        found = f"{ids[row]}: {QUANTITIES[quantity]} {what} at step {step}: {values.tolist()}"
        raise PhysicsDiverged(f"{found}, expected at most {limit:g} in magnitude", row)


def explained(fault: PhysicsDiverged, state: WorldState, control: Control) -> PhysicsDiverged:
    """`fault` with what led to it: the body's last good `state`, and the ego's `control` in the step that broke."""
    row = fault.row
    before = f"position {state.position[row].tolist()}, velocity {state.velocity[row].tolist()}"
    if not state.present[row]:
        before = "not there"
    drive = f"steer {control.steer!r}, pedal {control.pedal!r}, {'reverse' if control.reverse else 'forward'}"
    return PhysicsDiverged(
        f"{fault}; at step {state.step} ({state.time_s:.2f} s) {state.ids[row]} was still well: {before}; "
        f"the ego's control there: {drive}",
        row,
    )
