"""Pictures as files: a PNG of an array, a picture of a rollout's step."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alpasim.scenario.concrete import Scenario
from alpasim.scenario.conditions import faults_of, part_of
from alpasim.types import EGO, Decision, EndReason, FloatArray, Trajectory, WorldState
from alpasim.view.camera import Camera
from alpasim.view.canvas import UInt8Array
from alpasim.view.topdown import SIZE, draw

BAD_ENDS = (EndReason.COLLISION, EndReason.OFF_ROAD, EndReason.POLICY_FAULT, EndReason.PHYSICS_DIVERGED)
"""Ends that turn the panel red."""


def png_bytes(array: UInt8Array) -> bytes:
    """A picture (height, width, 3) uint8 as a PNG; equal pixels give equal bytes."""
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise ValueError(f"picture is {array.dtype} of shape {array.shape}, expected uint8 (height, width, 3)")
    height, width = array.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 1:] = array.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def save_png(array: UInt8Array, path: Path | str) -> Path:
    """Write a picture (height, width, 3) uint8 and return where it lies; folders are made."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(png_bytes(array))
    return file


def picture_of(
    scenario: Scenario,
    states: Sequence[WorldState],
    step: int = -1,
    *,
    decision: Decision | None = None,
    caption: Sequence[str] = (),
    ending: str = "",
    camera: Camera | None = None,
    names: bool = False,
    size: tuple[int, int] = SIZE,
) -> UInt8Array:
    """The moment `states[step]` of a drive, with the way there, the plan of `decision` and its words.

    `ending` says in a word how the drive ended there; contacts of the ego and bad ends turn the panel red. Faults that the ego
    has at that moment stand in red.
    """
    index = range(len(states))[step]
    state = states[index]
    trail = np.array([earlier.position[EGO, :2] for earlier in states[: index + 1]])
    reasoning = decision.reasoning if decision is not None else None
    touched = any(EGO in (contact.first, contact.second) for contact in state.contacts)
    words = [ending or ("collision" if touched else "")]
    words += [reasoning.longitudinal or "", reasoning.lateral or ""] if reasoning else []
    return draw(
        scenario.road,
        state,
        camera=camera,
        trail=trail,
        plan=plan_in_world(decision.trajectory, state, scenario) if decision is not None else None,
        goal=scenario.ego.goal.regions,
        caption=tuple(caption),
        failing=failing_at(scenario, state.time_us),
        headline="  ·  ".join(word.replace("_", " ") for word in words if word),
        sentence=reasoning.text if reasoning else "",
        alarm=touched or ending in BAD_ENDS,
        names=("", *state.ids[1:]) if names else (),
        size=size,
    )


def failing_at(scenario: Scenario, time_us: int) -> tuple[str, ...]:
    """What of the ego's vehicle and senses fails at a time, a line each."""
    words: dict[str, str] = {}
    for fault in faults_of(scenario):
        if fault.active(time_us):
            words[fault.kind] = ", ".join(filter(None, (words.get(fault.kind, ""), part_of(fault))))
    return tuple(f"fault: {kind.replace('_', ' ')}" + (f" ({parts})" if parts else "") for kind, parts in words.items())


def plan_in_world(plan: Trajectory | None, state: WorldState, scenario: Scenario) -> FloatArray | None:
    """Points (k, 2) [m] of a plan in the world frame, whichever frame it is in; None where there is none."""
    if plan is None:
        return None
    if plan.frame == "world":
        return np.asarray(plan.poses[:, :2])
    yaw = float(state.yaw[EGO])
    back = scenario.ego.vehicle.rear_axle_x_m
    x = float(state.position[EGO, 0]) + back * math.cos(yaw)
    y = float(state.position[EGO, 1]) + back * math.sin(yaw)
    turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    return np.asarray(plan.poses[:, :2] @ turn + (x, y))
