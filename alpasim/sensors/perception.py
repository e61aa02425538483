"""Object perception as a driver could have it: range, view, occlusion, noise, misses, false detections, delay, track ids.

Answers who is on the list and what is said of them, by one level and the figures that a scenario writes itself. Level
`truth` is not made here: it is the plain object list of `objects.py`. Signals, the ego's own motion and its place on the
route stay true. Noise is drawn anew at each step, of the position in the plane and of the velocity; kind, size and heading
are true. All draws come from the sensors' own stream, and as many at each step whoever is seen.

The eye stands over the middle of the ego's roof. Other actors hide, and where a road rises so does the road: what lies behind a
crest is seen when a share of it stands above. Weather (`scenario/weather.py`) shortens the range, raises the chance of a miss, and
lets the noise grow as contrast falls (the error of locating an edge goes with one over its contrast).

| figure of level `good` | source |
|---|---|
| range 150 m, all round | assumed: between a roof lidar (120 m, HDL-64E) and a long-range radar (250 m, ARS 408) |
| 10 % of the silhouette in view | assumed; nuScenes' lowest class of visibility is 0 to 40 % |
| position sigma 0.2 m, growing by 2 mm a metre | CenterPoint on nuScenes: mean error 0.26 m in the plane, so 0.21 m along each axis |
| velocity sigma 0.23 m/s | CenterPoint on nuScenes: mean error 0.29 m/s |
| 2 % of the steps missed, 0.5 false detections a minute | assumed |
| 0.1 s delay | CenterPoint: 11 to 16 frames a second |
| ids kept for 1.5 s | CenterPoint's tracker: three frames at 2 Hz |

Every other level is `good` in the weather of its name, or in the scenario's own where that is worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.geometry import wrap_angles
from alpasim.measures import visible_fraction
from alpasim.memory import Memory, array, draw_on, draws, finite, read, within
from alpasim.road.relief import height_at
from alpasim.scenario.concrete import Environment, Scenario
from alpasim.scenario.senses import whole_steps
from alpasim.scenario.weather import conditions, worse
from alpasim.sensors.believing import shifted
from alpasim.sensors.crests import above_crests
from alpasim.sensors.objects import RANGE_M, perceived_rows
from alpasim.sensors.track_ids import TrackIds
from alpasim.types import EGO, ActorKind, FloatArray, IntArray, Sight, Tracks, WorldState, frozen


@dataclass(frozen=True, slots=True)
class Figures:
    """What perception can do, in the words of the scenario file; the defaults take nothing away."""

    range_m: float = RANGE_M
    fov_deg: float = 360.0
    min_visible: float = 0.0
    position_sigma_m: float = 0.0
    position_sigma_per_m: float = 0.0
    speed_sigma_mps: float = 0.0
    miss: float = 0.0
    false_per_minute: float = 0.0
    delay_s: float = 0.0
    memory_s: float = math.inf


TRUTH = Figures()
GOOD = Figures(
    range_m=150.0,
    min_visible=0.1,
    position_sigma_m=0.2,
    position_sigma_per_m=0.002,
    speed_sigma_mps=0.23,
    miss=0.02,
    false_per_minute=0.5,
    delay_s=0.1,
    memory_s=1.5,
)
LEVELS: dict[str, tuple[Figures, Environment | None]] = {
    "truth": (TRUTH, None),
    "good": (GOOD, Environment()),
    "rainy": (GOOD, Environment(rain=0.5)),
    "night": (GOOD, Environment(light="night")),
    "rainy_night": (GOOD, Environment(rain=0.5, light="night")),
    "fog": (GOOD, Environment(visibility_m=80.0)),
}
"""Each level's figures in clear air by day, and the weather it has at least; weather does nothing to the truth."""

GHOST_MEAN_S = 0.5
"""How long a false detection lasts on average [s]; assumed."""
GHOST_KINDS = (ActorKind.CAR, ActorKind.PEDESTRIAN, ActorKind.UNKNOWN)
GHOST_EXTENTS = np.array([[4.5, 1.82, 1.5], [0.5, 0.6, 1.75], [0.8, 0.6, 0.5]])
_GHOST_DRAWS = 6


def figures_of(scenario: Scenario) -> Figures:
    """What the ego of this scenario can perceive: level, weather, then the figures that the file writes itself."""
    choice = scenario.perception
    if choice.level not in LEVELS:
        known = ", ".join(LEVELS)
        raise InputError(
            f"perception.level: unknown {choice.level!r}{did_you_mean(choice.level, LEVELS)}; known: {known}"
        )
    figures, weather = LEVELS[choice.level]
    if weather is not None:
        felt = conditions(worse(scenario.environment, weather))
        figures = replace(
            figures,
            range_m=min(figures.range_m * felt.range_share, felt.optical_range_m),
            miss=1.0 - (1.0 - figures.miss) * (1.0 - felt.dropout),
            position_sigma_m=figures.position_sigma_m / felt.contrast,
            position_sigma_per_m=figures.position_sigma_per_m / felt.contrast,
            speed_sigma_mps=figures.speed_sigma_mps / felt.contrast,
        )
    names = tuple(field.name for field in fields(Figures))
    for name in choice.written:
        if name not in names:
            raise InputError(f"perception: unknown {name!r}{did_you_mean(name, names)}; known: {', '.join(names)}")
    return replace(figures, **choice.written)


def sight_of(scenario: Scenario) -> Sight:
    """What a driver is told of its perception: what stands on a data sheet, and what the weather leaves of the range."""
    figures = figures_of(scenario)
    clear, _ = LEVELS[scenario.perception.level]
    return Sight(
        range_m=figures.range_m,
        clear_range_m=float(scenario.perception.written.get("range_m", clear.range_m)),
        position_sigma_m=figures.position_sigma_m,
        position_sigma_per_m=figures.position_sigma_per_m,
        speed_sigma_mps=figures.speed_sigma_mps,
        field_of_view_rad=math.radians(figures.fov_deg),
        delay_s=figures.delay_s,
        period_s=scenario.dt_us / 1e6,
    )


NO_TRACKS = Tracks(
    ids=frozen(np.zeros(0, dtype=np.int64)),
    kinds=frozen(np.zeros(0, dtype=np.int64)),
    position=frozen(np.zeros((0, 3))),
    yaw=frozen(np.zeros(0)),
    velocity=frozen(np.zeros((0, 3))),
    extent=frozen(np.zeros((0, 3))),
)
"""An empty object list."""


_TRACKS: dict[str, tuple[type, tuple[int, ...]]] = {
    "ids": (np.int64, ()),
    "kinds": (np.int64, ()),
    "position": (np.float64, (3,)),
    "yaw": (np.float64, ()),
    "velocity": (np.float64, (3,)),
    "extent": (np.float64, (3,)),
}
"""Type and shape of a track list's arrays, for one track."""


def save_tracks(tracks: Tracks) -> Memory:
    """An object list as a memory."""
    return {name: getattr(tracks, name) for name in _TRACKS}


def load_tracks(saved: Memory) -> Tracks:
    """The list that `save_tracks` was given."""
    count = len(read(saved, "ids", np.ndarray))
    return Tracks(
        **{name: frozen(array(saved, name, kind, (count, *shape))) for name, (kind, shape) in _TRACKS.items()}
    )


class Perception:
    """The object list of one scenario under its figures: call `perceive` once a control step, in order.

    `seed` is the sensors' own stream; a reset starts its draws again. Raises InputError where the delay is not a whole
    number of control steps.
    """

    def __init__(self, scenario: Scenario, seed: np.random.SeedSequence, figures: Figures) -> None:
        self.figures = figures
        self._vehicle, self._relief = scenario.ego.vehicle, scenario.road.relief
        self._dt_us, self._dt_s = scenario.dt_us, scenario.dt_us * 1e-6
        self._delay_steps = whole_steps("perception.delay_s", figures.delay_s, scenario.dt_us)
        self._seed = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 0))
        self._ids = TrackIds(
            len(scenario.ids), scenario.time_limit_s, self._dt_s, figures.memory_s, np.random.default_rng(seed)
        )
        self._ghost_chance = 1.0 - math.exp(-figures.false_per_minute / 60.0 * self._dt_s)
        self._ghost_end = math.exp(-self._dt_s / GHOST_MEAN_S)
        self._half_view = math.radians(0.5 * figures.fov_deg)
        self.reset()

    @property
    def track_rows(self) -> dict[int, int]:
        """Which actor row stands behind each track number that may come up: for the log and for checks, never for a policy."""
        return self._ids.rows

    def current_ids(self) -> IntArray:
        """Present track number of every row (n,), seen or not."""
        return self._ids.current

    def reset(self) -> None:
        """Start of the rollout: nothing seen yet, the same draws to come."""
        self._rng = np.random.default_rng(self._seed)
        self._ids.reset()
        self._waiting: list[Tracks] = []
        self._ghosts: list[tuple[int, int, FloatArray, int]] = []

    def save(self) -> Memory:
        """Draws to come, numbers in use, lists on their way, and false detections that last."""
        return {
            "draws": draws(self._rng),
            "ids": self._ids.save(),
            "waiting": [save_tracks(tracks) for tracks in self._waiting],
            "ghosts": [
                {"track": track, "kind": kind, "pose": pose, "until": until}
                for track, kind, pose, until in self._ghosts
            ],
        }

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        draw_on(self._rng, memory, "draws")
        self._ids.load(read(memory, "ids", dict))
        self._waiting = [load_tracks(saved) for saved in read(memory, "waiting", list)]
        self._ghosts = [
            (
                read(saved, "track", int),
                within(read(saved, "kind", int), len(GHOST_KINDS), "'kind'"),
                finite(saved, "pose", (3,)),
                read(saved, "until", int),
            )
            for saved in read(memory, "ghosts", list)
        ]

    def taken_us(self, time_us: int) -> int | None:
        """When the list was taken that `perceive` gives at a time; None where none has come yet."""
        taken = time_us - self._delay_steps * self._dt_us
        return taken if taken >= 0 else None

    def perceive(self, state: WorldState, offset: FloatArray | None = None) -> Tracks:
        """The list as it reaches the driver now: what was seen `delay_s` ago, nothing before that. What is seen now is placed
        `offset` (3,) [m] beside where it is, for an ego that believes to be so far off."""
        seen = self._look(state)
        self._waiting.append(seen if offset is None else shifted(seen, offset))
        if len(self._waiting) <= self._delay_steps:
            return NO_TRACKS
        return self._waiting.pop(0)

    def in_view(self, state: WorldState) -> IntArray:
        """Rows in range, in the field of view and visible enough, without regard to misses."""
        figures = self.figures
        rows = perceived_rows(state.position, state.present, self._ids.current, figures.range_m)
        eye = np.array([*state.position[EGO, :2], state.position[EGO, 2] + 0.5 * self._vehicle.height_m])
        facing = float(state.yaw[EGO])
        if figures.min_visible <= 0.0:
            if figures.fov_deg >= 360.0:
                return rows
            bearing = np.arctan2(state.position[rows, 1] - eye[1], state.position[rows, 0] - eye[0]) - facing
            return rows[np.abs(wrap_angles(bearing)) <= self._half_view]
        wanted = np.zeros(state.present.shape[0], dtype=np.bool_)
        wanted[rows] = True
        share = visible_fraction(
            state.position, state.yaw, state.extent, state.present, eye, facing, self._half_view, wanted, EGO
        )
        if self._relief.rising:
            share *= above_crests(state.position, state.extent, eye, wanted, self._relief)
        return rows[share[rows] >= figures.min_visible]

    def _look(self, state: WorldState) -> Tracks:
        """What is seen at this very step."""
        figures, count = self.figures, state.present.shape[0]
        spread = self._rng.standard_normal((count, 4))
        luck = self._rng.random((count,))
        rows = self.in_view(state)
        rows = rows[luck[rows] >= figures.miss]
        ids = self._ids.seen(rows, state.step)
        position, velocity, spread = state.position[rows], state.velocity[rows], spread[rows]
        kinds, yaw, extent = state.kinds[rows], state.yaw[rows], state.extent[rows]
        if self._ghost_chance > 0.0:
            self._haunt(state)
            spread = np.vstack((spread, self._rng.standard_normal((len(self._ghosts), 4))))
            for track, kind, pose, _ in self._ghosts:
                ids, kinds, yaw = np.append(ids, track), np.append(kinds, GHOST_KINDS[kind]), np.append(yaw, pose[2])
                size, (x, y) = GHOST_EXTENTS[kind : kind + 1], pose[:2]
                place = np.array([[x, y, height_at(x, y, self._relief) + 0.5 * size[0, 2]]])
                position, extent = np.vstack((position, place)), np.vstack((extent, size))
                velocity = np.vstack((velocity, np.zeros((1, 3))))
        away = np.hypot(position[:, 0] - state.position[EGO, 0], position[:, 1] - state.position[EGO, 1])
        sigma = figures.position_sigma_m + figures.position_sigma_per_m * away
        position[:, :2] += sigma[:, None] * spread[:, :2]
        velocity[:, :2] += figures.speed_sigma_mps * spread[:, 2:]
        dx, dy = position[:, 0] - state.position[EGO, 0], position[:, 1] - state.position[EGO, 1]
        order = np.lexsort((ids, dx * dx + dy * dy))
        return Tracks(
            ids=frozen(ids[order]),
            kinds=frozen(kinds[order]),
            position=frozen(position[order]),
            yaw=frozen(yaw[order]),
            velocity=frozen(velocity[order]),
            extent=frozen(extent[order]),
        )

    def _haunt(self, state: WorldState) -> None:
        """False detections come and go; one stands still where it came up, at an even chance over range and view, and is seen
        there with the errors of all others, so that no exact figure gives it away."""
        draws = self._rng.random(_GHOST_DRAWS)
        self._ghosts = [ghost for ghost in self._ghosts if ghost[3] > state.step]
        if draws[0] >= self._ghost_chance:
            return
        bearing = float(state.yaw[EGO]) + (2.0 * draws[1] - 1.0) * self._half_view
        distance = 5.0 + draws[2] * max(self.figures.range_m - 5.0, 0.0)
        x = state.position[EGO, 0] + distance * math.cos(bearing)
        y = state.position[EGO, 1] + distance * math.sin(bearing)
        lasts = 1 + int(math.log(1.0 - draws[5]) / math.log(self._ghost_end))
        pose = np.array([x, y, 2.0 * math.pi * draws[4]])
        self._ghosts.append((self._ids.nobody(), int(3 * draws[3]), pose, state.step + lasts))
