"""Obstacles that overlap others where the file puts them, and the obstacle that is the ego itself.

Authored actors must not overlap at the start; those of a recording may. So what stands inside something else becomes a
recording of standing still.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from alpasim.geometry import boxes_overlap
from alpasim.importers.commonroad.standing import Obstacle
from alpasim.importers.commonroad.values import Context
from alpasim.scenario.concrete import Track
from alpasim.types import frozen

Pose = tuple[float, float, float]

EGO_WIDTH_M = 1.61
"""Width of the sedan that stands for the ego [m]."""
EGO_REACH_M = 2.0
EGO_TURN_RAD = 0.2


def without_ego(
    obstacles: Iterable[Obstacle], ego_pose: Pose, context: Context
) -> tuple[list[Obstacle], Obstacle | None]:
    """The obstacles but the one that is the ego itself, and that one.

    A file made from another simulator's run often keeps the ego among its obstacles. It is taken for the ego where, at the
    start, its centre lies within 2 m of the ego's, it points the same way to within 0.2 rad, and it does not stand beside.
    """
    kept: list[Obstacle] = []
    ego: Obstacle | None = None
    for obstacle in obstacles:
        if not _is_ego(obstacle, ego_pose):
            kept.append(obstacle)
            continue
        text = f"obstacle {obstacle.actor.name} starts where the ego does, so it is the ego: dropped"
        context.findings.note(text, obstacle.line)
        if ego is None or ego.track is None:
            ego = obstacle
    return kept, ego


def _is_ego(obstacle: Obstacle, ego_pose: Pose) -> bool:
    pose = pose_at_start(obstacle)
    if pose is None:
        return False
    dx, dy = pose[0] - ego_pose[0], pose[1] - ego_pose[1]
    sideways = abs(dy * math.cos(ego_pose[2]) - dx * math.sin(ego_pose[2]))
    beside = sideways >= 0.5 * (EGO_WIDTH_M + obstacle.actor.extent[1])
    same_way = math.cos(pose[2] - ego_pose[2]) > math.cos(EGO_TURN_RAD)
    return math.hypot(dx, dy) < EGO_REACH_M and same_way and not beside


def pose_at_start(obstacle: Obstacle) -> Pose | None:
    """Box centre at time zero, None where the obstacle is not there then."""
    track = obstacle.track
    if track is None:
        return obstacle.actor.pose
    times = track.times_us
    if not times[0] <= 0 <= times[-1]:
        return None
    x, y, yaw = (float(np.interp(0.0, times, track.poses[:, column])) for column in range(3))
    return x, y, yaw


def standing_recordings(obstacles: list[Obstacle], end_s: float, context: Context) -> list[Obstacle]:
    """The same obstacles, those that stand inside another one as recordings of standing still until past `end_s`."""
    there = [(row, pose) for row, obstacle in enumerate(obstacles) if (pose := pose_at_start(obstacle)) is not None]
    inside: set[int] = set()
    for at, (row, pose) in enumerate(there):
        for other, other_pose in there[at + 1 :]:
            standing = {key for key in (row, other) if obstacles[key].track is None} - inside
            if standing and _overlap(obstacles[row], obstacles[other], pose, other_pose):
                inside |= standing
    return [_recorded(found, end_s, context) if row in inside else found for row, found in enumerate(obstacles)]


def _overlap(first: Obstacle, second: Obstacle, pose: Pose, other: Pose) -> bool:
    """Whether two boxes overlap; those too far apart are told so without asking exactly."""
    (length, width, _), (other_length, other_width, _) = first.actor.extent, second.actor.extent
    reach = 0.5 * (math.hypot(length, width) + math.hypot(other_length, other_width))
    if math.hypot(pose[0] - other[0], pose[1] - other[1]) > reach:
        return False
    return bool(boxes_overlap(*pose, length, width, *other, other_length, other_width))


def _recorded(obstacle: Obstacle, end_s: float, context: Context) -> Obstacle:
    if obstacle.actor.pose is None:
        return obstacle
    text = "obstacles that stand inside another one are replayed as standing, since only recordings may overlap"
    context.findings.note(text, obstacle.line)
    times = np.array([0, math.ceil(end_s + 1.0) * 1_000_000], dtype=np.int64)
    track = Track(frozen(times), frozen(np.array([obstacle.actor.pose] * 2, dtype=np.float64)), frozen(np.zeros(2)))
    return replace(obstacle, actor=replace(obstacle.actor, track=obstacle.actor.name, pose=None), track=track)
