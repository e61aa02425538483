"""CommonRoad obstacles that stand → actors that are there from beginning to end.

A static obstacle has a place and a shape; an environment obstacle (a building, a pillar) has shapes in the world. A shape
that no box can stand for is unsupported.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from alpasim.importers.commonroad.bodies import HEIGHTS_M, MAX_SIZE_M, MIN_SIZE_M, TALL_M, read_body
from alpasim.importers.commonroad.states import read_state
from alpasim.importers.commonroad.values import SHAPES, Context, outline
from alpasim.importers.imported import ImportedActor
from alpasim.importers.xml_tree import Element
from alpasim.scenario.concrete import Track
from alpasim.types import ActorKind, FloatArray

STANDING_FILL = 0.75
"""Smallest share of its box that the outline of a building or the like must fill for the box to stand for it."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One obstacle: an actor, the track it replays where it moves, and the line it stands on in the file."""

    actor: ImportedActor
    track: Track | None
    line: int


def actor_name(kind: ActorKind, key: str) -> str:
    """An actor's name: its kind and the file's id, in the letters that names may have."""
    return f"{kind.name.lower()}_{re.sub('[^A-Za-z0-9_-]', '_', key)[:40]}"


def read_static(key: str, element: Element, context: Context) -> list[Obstacle]:
    """A static obstacle as one actor, or several where it is too long for one."""
    body = read_body(element, context)
    state = read_state(element.required_child("initialState"), context)
    if state.speed_mps:
        context.findings.note("static obstacles stand, whatever their velocity says", element.line)
    if state.yaw is None:
        context.findings.note("static obstacles without an orientation point along x", element.line)
    if state.step != context.start_step:
        context.findings.note("static obstacles are there from the start, whatever their time says", element.line)
    pose = body.box_pose(state.x, state.y, state.yaw or 0.0)
    return _standing(key, element, body.kind, body.extent, pose, context)


def read_environment(key: str, element: Element, context: Context) -> list[Obstacle]:
    """A building or the like: its shapes lie in the world, and each becomes the smallest box around it."""
    shape = element.required_child("shape")
    word = element.required_child("type")
    context.findings.note(f"environment obstacle {word.word()} becomes a standing barrier", element.line)
    height = TALL_M.get(word.word(), HEIGHTS_M[ActorKind.BARRIER])
    found: list[Obstacle] = []
    parts = shape.all(*SHAPES)
    if not parts:
        raise shape.error("expected a rectangle, circle or polygon, found none")
    for number, part in enumerate(parts):
        corners = outline(part, context)
        length, width, pose, fill = _smallest_box(corners)
        if min(length, width) < 1e-3 or fill < STANDING_FILL:
            name = f"<{part.tag}> of environment obstacle {key}, which no box stands for,"
            context.findings.unsupported(name, part.line)
            continue
        part_key = key if len(parts) == 1 else f"{key}_{number}"
        found += _standing(part_key, element, ActorKind.BARRIER, (length, width, height), pose, context)
    return found


def _smallest_box(corners: FloatArray) -> tuple[float, float, tuple[float, float, float], float]:
    """Length, width, pose x, y, yaw of the smallest box around a polygon, and the share of it that the polygon fills."""
    edges = np.diff(np.concatenate([corners, corners[:1]]), axis=0)
    best: tuple[float, float, tuple[float, float, float]] | None = None
    for yaw in np.arctan2(edges[:, 1], edges[:, 0]).tolist():
        cos, sin = math.cos(yaw), math.sin(yaw)
        along, across = corners[:, 0] * cos + corners[:, 1] * sin, corners[:, 1] * cos - corners[:, 0] * sin
        length, width = float(np.ptp(along)), float(np.ptp(across))
        if best is None or length * width < best[0] * best[1] - 1e-9:
            middle, side = 0.5 * float(along.min() + along.max()), 0.5 * float(across.min() + across.max())
            best = (length, width, (cos * middle - sin * side, sin * middle + cos * side, yaw))
    if best is None or best[0] * best[1] <= 0.0:
        return 0.0, 0.0, (0.0, 0.0, 0.0), 0.0
    x, y = corners[:, 0] - corners[0, 0], corners[:, 1] - corners[0, 1]
    area = 0.5 * abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))
    return *best, area / (best[0] * best[1])


def _standing(
    key: str,
    element: Element,
    kind: ActorKind,
    extent: tuple[float, float, float],
    pose: tuple[float, float, float],
    context: Context,
) -> list[Obstacle]:
    """Actors that stand at a pose; a box too long for one actor becomes several end to end."""
    length, width, height = extent
    if width > MAX_SIZE_M and width > length:
        length, width, pose = width, length, (pose[0], pose[1], pose[2] + 0.5 * math.pi)
    if width > MAX_SIZE_M:
        context.findings.unsupported(f"obstacle {key} of {length:g} m by {width:g} m", element.line)
        return []
    pieces = max(1, math.ceil(length / MAX_SIZE_M))
    if pieces > 1:
        context.findings.note(f"standing obstacles longer than {MAX_SIZE_M:g} m become several", element.line)
    found = []
    for piece in range(pieces):
        shift = length * ((piece + 0.5) / pieces - 0.5)
        centre = (pose[0] + shift * math.cos(pose[2]), pose[1] + shift * math.sin(pose[2]), pose[2])
        name = actor_name(kind, key) + (f"_part{piece}" if pieces > 1 else "")
        actor = ImportedActor(
            name, kind, (length / pieces, max(width, MIN_SIZE_M), height), pose=centre if pieces > 1 else pose
        )
        found.append(Obstacle(actor, None, element.line))
    return found
