"""The picture of one moment from above: road, everybody on it, what the ego plans and says.

Takes plain values (a road, a WorldState, arrays, texts), so that live rollouts, logs and reports draw alike. It reads no
files (`from_log.py`) and writes none (`picture.py`, `video.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alpasim.road.network import RoadNetwork
from alpasim.types import EGO, FloatArray, Trajectory, WorldState
from alpasim.view import palette
from alpasim.view.actors import draw_actors
from alpasim.view.camera import Camera, following
from alpasim.view.canvas import Canvas, UInt8Array
from alpasim.view.ground import draw_ground
from alpasim.view.overlay import (
    Mark,
    draw_goal,
    draw_marks,
    draw_plan,
    draw_trail,
    write_decision,
    write_marks,
    write_names,
    write_scale,
    write_status,
)
from alpasim.view.relief import write_relief

SIZE = (960, 540)


def draw(
    road: RoadNetwork,
    state: WorldState,
    *,
    camera: Camera | None = None,
    trail: FloatArray | None = None,
    plan: Trajectory | FloatArray | None = None,
    goal: Sequence[FloatArray] = (),
    caption: Sequence[str] = (),
    failing: Sequence[str] = (),
    headline: str = "",
    sentence: str = "",
    alarm: bool = False,
    marks: Sequence[Mark] = (),
    names: Sequence[str] = (),
    size: tuple[int, int] = SIZE,
) -> UInt8Array:
    """One picture, (height, width, 3) uint8 red, green, blue.

    `camera` follows the ego where none is given. `trail` (k, 2) [m] is where the ego's box centre has been; `plan` is a
    Trajectory in the world frame or points (k, 2) [m]; `goal` are regions (k, 2) [m]. `caption` stands under the speed,
    `failing` in red under that, `headline` and `sentence` in the decision's panel, red where `alarm`. `marks` are pointed out, contacts of `state`
    always; `names` stand under actors by row, "" for none.
    """
    canvas = Canvas(size, camera or following(state), palette.TERRAIN[road.terrain])
    draw_ground(canvas, road, state.signals)
    draw_goal(canvas, goal)
    if trail is not None:
        draw_trail(canvas, np.asarray(trail, dtype=np.float64))
    if plan is not None:
        draw_plan(canvas, plan_points(plan), float(state.extent[EGO, 1]))
    draw_actors(canvas, state, ego_cue=plan is None)
    every_mark = [*marks, *contact_marks(state)]
    draw_marks(canvas, every_mark)
    sheet = canvas.finish()
    write_relief(sheet, road)
    write_names(sheet, state, names)
    write_marks(sheet, every_mark)
    write_status(sheet, state, caption, failing)
    write_decision(sheet, headline, sentence, alarm)
    write_scale(sheet)
    return sheet.array()


def plan_points(plan: Trajectory | FloatArray) -> FloatArray:
    """Points (k, 2) [m] of a plan in the world frame; ValueError for one in the rig frame."""
    if isinstance(plan, Trajectory):
        if plan.frame != "world":
            raise ValueError("plan is in the rig frame; give it in the world frame (picture.plan_in_world)")
        return np.asarray(plan.poses[:, :2], dtype=np.float64)
    return np.asarray(plan, dtype=np.float64)[:, :2]


def contact_marks(state: WorldState) -> list[Mark]:
    """A flash where the ego touches somebody in this state, with the ego's part, whom it met, and which part of that."""
    return [
        Mark(
            float(contact.point[0]),
            float(contact.point[1]),
            f"{contact.first_part} - {state.ids[contact.second]} {contact.second_part}",
            "collision",
        )
        for contact in state.contacts
        if EGO in (contact.first, contact.second) and contact.second >= 0 and contact.first >= 0
    ]
