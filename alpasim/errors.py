"""Everything this package raises on purpose.

AlpasimError
├── InputError                    exit 2: something a user wrote or named is wrong
│   ├── ScenarioError             a scenario file, with every fault and its place
│   ├── UnsupportedError          a foreign file holds something the importer cannot carry over
│   ├── PluginError               a name that no entry point has, or one whose import fails
│   ├── RecordingError            a log that is damaged, cut short, or not a log
│   └── PlanError                 a results folder that belongs to another plan
├── PolicyFault                   ends one rollout with a status, never the batch
│   ├── PolicyRaised              status policy_error
│   ├── PolicyInvalidAction       status policy_invalid_action
│   └── PolicyCrashed             status policy_crashed
├── PhysicsDiverged               status physics_diverged: a state that is not finite or out of bounds
└── InfrastructureError           exit 3: the machine failed us (disk full, worker would not start)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_SAME = {
    "actors": "agents npcs vehicles cars objects participants entities traffic",
    "events": "triggers conditions scripts",
    "environment": "weather conditions",
    "surfaces": "ice_patch patches puddle",
    "relief": "heights elevation",
    "goal": "destination target finish",
    "kind": "type class category",
    "place": "position spawn start location pose",
    "drive": "behaviour behavior controller policy motion",
    "size_m": "dimensions extent",
    "friction": "mu grip friction_coefficient",
    "visibility_m": "fog",
    "light": "time_of_day sun",
    "s_m": "distance_m",
    "x_m": "position_x",
    "time_limit_s": "timeout duration_s max_time_s",
    "kerb": "curb",
    "speed_bump": "bump hump speed_hump",
    "pothole": "hole",
    "grade": "slope incline gradient hill",
    "cross_slope": "banking camber superelevation",
    "car": "vehicle sedan auto suv taxi",
    "truck": "lorry hgv trailer",
    "train": "tram",
    "motorcycle": "motorbike scooter",
    "bicycle": "cyclist bike",
    "pedestrian": "ped person human child walker adult",
    "animal": "deer dog cat",
    "debris": "obstacle box cargo tyre tire",
    "barrier": "wall fence",
    "follow": "idm cruise car_following acc",
    "parked": "static stationary standing none",
    "path": "waypoints trajectory route",
    "replay": "recorded log",
    "stop": "brake halt",
    "change_lane": "cut_in merge",
    "time_headway": "ttc thw time_gap time_to_collision",
    "wet": "water puddle",
    "mud": "dirt soil",
    "low_sun": "dusk dawn sunset sunrise",
    "night": "dark",
    "no_collision": "no_crash collision_free",
    "reaches_goal": "goal_reached arrives",
    "puncture": "flat_tyre flat_tire blowout",
    "brake_loss": "brake_failure no_brakes",
    "sensor_blackout": "blackout",
    "frozen_frame": "freeze",
    "sensor_delay": "latency",
    "gps_drift": "gps",
    "speedometer": "odometer odometry wheel_speed",
    "camera": "image rgb",
    "lidar": "point_cloud",
    "bev": "raster birdview",
}
"""What a word of this package is called elsewhere, for words that are too unlike for their letters to tell."""
_MEANT: dict[str, list[str]] = {}
for _ours, _others in _SAME.items():
    for _other in _others.split():
        _MEANT.setdefault(_other, []).append(_ours)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known word that means the same or is nearest, or the empty string where none is near."""
    candidates = list(known)
    near = _same(word, candidates) or difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if not near:
        lowered = {name.lower(): name for name in candidates}
        near = [lowered[hit] for hit in difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)]
    return f" (did you mean {near[0]!r}?)" if near else ""


def _same(word: str, candidates: list[str]) -> list[str]:
    """Candidates of the same meaning: other names of the same thing, in one or many, and the same parts in another order."""
    plain = word.lower().replace("-", "_").replace(" ", "_")
    if plain in candidates:
        return [plain]
    meant = [ours for form in (plain, f"{plain}s", plain.removesuffix("s")) for ours in _MEANT.get(form, ())]
    parts = sorted(plain.split("_"))
    return [ours for ours in meant if ours in candidates] + [
        name for name in candidates if len(parts) > 1 and name != word and sorted(name.split("_")) == parts
    ]


class AlpasimError(Exception):
    """Base of everything raised on purpose; `exit_code` is what the command line returns for it."""

    exit_code = 2


class InputError(AlpasimError):
    """Something a user wrote or named is wrong: the message says where, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in one place of a file; line and column count from 1, 0 where there is no place."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ScenarioError(InputError):
    """A scenario file is wrong; `faults` holds every fault found, in file order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UnsupportedError(InputError):
    """A foreign file holds elements that cannot be carried over; each is named with its line."""

    def __init__(self, file: str, elements: Iterable[tuple[str, int]]) -> None:
        self.file = file
        self.elements = tuple(elements)
        rows = [f"{file}:{line}: unsupported: {name} at line {line}" for name, line in self.elements]
        super().__init__("\n".join(rows))


class PluginError(InputError):
    """A plugin's name is unknown, or its module does not import."""


class RecordingError(InputError):
    """A log cannot be read: damaged, cut short, or not a log at all."""


class PlanError(InputError):
    """A results folder belongs to another plan, or is being written by another process."""


class PolicyFault(AlpasimError):
    """A policy broke: this ends its rollout with `status` and the traceback, and never the batch."""

    status = "policy_error"


class PolicyRaised(PolicyFault):
    """The policy raised an exception of its own, which is this exception's cause."""


class PolicyInvalidAction(PolicyFault):
    """The policy returned something that is not a finite Decision of the right shape."""

    status = "policy_invalid_action"


class PolicyCrashed(PolicyFault):
    """The process that ran the policy died."""

    status = "policy_crashed"


class PhysicsDiverged(AlpasimError):
    """A body's state left the finite world; the message names body, quantity and step, its last good state and the control.

    `row` is the body's row in the state.
    """

    status = "physics_diverged"

    def __init__(self, message: str, row: int = 0) -> None:
        super().__init__(message)
        self.row = row


class InfrastructureError(AlpasimError):
    """The machine failed: disk full, a worker that cannot start."""

    exit_code = 3
