"""Whether a drive is over, and why: what is asked of every state once it has been measured.

Answers only that; what a collision or a goal is worth, metrics and scores say.
"""

from __future__ import annotations

from alpasim.metrics.scene import SceneMeasures
from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, EndReason, WorldState


def ending(scenario: Scenario, state: WorldState, scene: SceneMeasures) -> EndReason | None:
    """Why the drive ends with `state`, measured as `scene`; None while it goes on. A collision outranks the road's edge, and
    that the goal."""
    # What is low enough for the wheels to run over is met, and recorded, without ending the drive.
    if any(EGO in (one.first, one.second) and one.first_part != "wheel" for one in state.contacts):
        return EndReason.COLLISION
    if scene.centre_edge_m < -scenario.off_road_m:
        return EndReason.OFF_ROAD
    if scene.at_goal:
        return EndReason.GOAL_REACHED
    if state.time_us >= round(scenario.time_limit_s * 1e6):
        return EndReason.TIME_LIMIT
    return None
