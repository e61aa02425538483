"""A world's memory with one actor changed: what `World.load` takes to go on without it, or with it somewhere else.

Answers what of the world's bookkeeping has to change with an actor. States and behaviours are changed elsewhere.
"""

from __future__ import annotations

import math

from alpasim.memory import Memory

PAIRS = ("recorded", "overlapping")
"""What is known of pairs of actors, as (n, n) arrays."""


def without(memory: Memory, row: int) -> Memory:
    """The actor is gone, struck or not."""
    edited = _copied(memory)
    actors = edited["actors"]
    for name in ("struck", "active", "fresh", "with_mass"):
        actors[name][row] = False
    for name in PAIRS:
        actors[name][row, :] = actors[name][:, row] = False
    actors["grip"][row] = 1.0
    edited["bodies"][row] = 0.0
    return edited


def anew(memory: Memory, row: int) -> Memory:
    """The actor has just arrived where it is: it goes through whom it overlaps until they have come apart, and no longer
    through others because both were recorded."""
    edited = _copied(memory)
    actors = edited["actors"]
    actors["fresh"][row] = True
    for name in PAIRS:
        actors[name][row, :] = actors[name][:, row] = False
    return edited


def placed(
    memory: Memory, row: int, pose: tuple[float, float, float], height_m: float, velocity: tuple[float, float]
) -> Memory:
    """The actor has just arrived at another pose (x, y, yaw), its centre at that height; one that was struck is still free."""
    edited = anew(memory, row)
    actors, (x, y, yaw), (vx, vy) = edited["actors"], pose, velocity
    actors["end"][row] = actors["now"][row] = (x, y, yaw, vx, vy, 0.0, height_m, 0.0)
    if actors["struck"][row]:
        turned = (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))
        edited["bodies"][row] = (x, y, height_m, *turned, vx, vy, 0.0, 0.0, 0.0, 0.0)
    return edited


def _copied(memory: Memory) -> Memory:
    """The memory with arrays of its own."""
    actors = {name: array.copy() for name, array in memory["actors"].items()}
    return {**memory, "bodies": memory["bodies"].copy(), "actors": actors}
