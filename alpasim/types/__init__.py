"""The values that travel between rooms: state, step, what the ego sees, what it decides.

Frames: the world is ENU metres (x east, y north, z up); the rig is x forward, y left, z up with its origin on the
ground under the rear axle; a pose without either word is a box centre in the world. Angles are radians,
counter-clockwise; everything inside is SI. Rotations are unit quaternions in x, y, z, w order. Every array that one
of these values holds is read-only.
"""

from alpasim.types.arrays import BoolArray, FloatArray, IntArray, frozen
from alpasim.types.driving import (
    Control,
    Decision,
    Factor,
    Observation,
    Reading,
    Reasoning,
    RolloutBrief,
    Route,
    Sight,
    Tracks,
    Trajectory,
)
from alpasim.types.kinds import VULNERABLE, ActorKind, EndReason, SignalColour
from alpasim.types.state import EGO, GROUND, PARTS, Bodies, Contact, EgoState, Motion, WorldState
from alpasim.types.stepping import MetricValue, Step
from alpasim.types.vehicle import VehicleParameters

__all__ = [
    "EGO",
    "GROUND",
    "PARTS",
    "VULNERABLE",
    "ActorKind",
    "Bodies",
    "BoolArray",
    "Contact",
    "Control",
    "Decision",
    "EgoState",
    "EndReason",
    "Factor",
    "FloatArray",
    "IntArray",
    "MetricValue",
    "Motion",
    "Observation",
    "Reading",
    "Reasoning",
    "RolloutBrief",
    "Route",
    "Sight",
    "SignalColour",
    "Step",
    "Tracks",
    "Trajectory",
    "VehicleParameters",
    "WorldState",
    "frozen",
]
