"""What the reference driver makes of senses that flicker, jitter or go dark: tracks held and smoothed, lights remembered.

A list that is true is passed on as it is. How much a list jitters shows in places that do not follow from speeds; where it
does, velocities are averaged (the steady gain of a Kalman filter for a speed that wanders) and what hardly moves stands. A track
that is missing is held for a moment at its speed. Where no list came and everything is missing the driver is blind: it holds all
that it saw for longer, and expects those who drive to be braking. An empty list that did come is an empty road. Lights that all read off at once are not recognised:
a red one is taken to be red still, a green one to be turning yellow.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from alpasim.compiled import compiled
from alpasim.types import FloatArray, IntArray, SignalColour, Tracks

HELD_S, BLIND_S = 0.5, 4.0
"""How long a missing track is held: one that is missing alone, and one of many."""
LIGHTS_S = 6.0
"""How long lights that are not recognised any more are remembered."""
KNOWN_S = 0.5
"""Only who has been seen for so long is held; false detections come and go more quickly."""
EXPECTED_BRAKING = 2.5
"""Of everybody, while the driver is blind [m/s^2]."""
TRUE_M = 0.05
"""A list whose places are this near to what its speeds say is true [m]."""
WANDER_MPS = 0.2
"""How much a speed may change in one step without surprise: 2 m/s^2 for 0.1 s."""
X, Y, VX, VY, RAW_X, RAW_Y, RAW_VX, RAW_VY, SEEN_S, MISSING_S, KIND, YAW, Z, LENGTH, WIDTH, HEIGHT = range(16)


@compiled
def strayed(
    place: FloatArray, velocity: FloatArray, before: FloatArray, speed_before: FloatArray, dt_s: float
) -> tuple[float, float]:
    """Sums over all tracks of how far places (k, 3) are from what speeds (k, 3) say [m], and of how much speeds jump [m/s]."""
    apart = jump = 0.0
    for i in range(place.shape[0]):
        vx, vy, old_vx, old_vy = velocity[i, 0], velocity[i, 1], speed_before[i, 0], speed_before[i, 1]
        ahead, aside = 0.5 * (old_vx + vx) * dt_s, 0.5 * (old_vy + vy) * dt_s
        apart += math.hypot(place[i, 0] - before[i, 0] - ahead, place[i, 1] - before[i, 1] - aside)
        jump += 0.5 * (abs(vx - old_vx) + abs(vy - old_vy))
    return apart, jump


class SteadyTracks:
    """Memory of the tracks, one row a track as above; `jitter_m` and `jitter_mps` say how noisy the list is. Plain data.

    While the same tracks are listed step after step and the list is true, the list itself is the memory: `_list` holds it,
    taken over `_unwritten` steps ago by the rows, which are brought up to date when somebody asks for them.
    """

    def __init__(self) -> None:
        self._rows: dict[int, list[float]] = {}
        self._list: Tracks | None = None
        self._unwritten, self._dt_s = 0, 0.0
        self.jitter_m, self.jitter_mps, self.steps = 0.0, 0.0, 0

    @property
    def rows(self) -> dict[int, list[float]]:
        """One row a track, up to date."""
        listed, unwritten = self._list, self._unwritten
        if listed is not None and unwritten:
            self._unwritten = 0
            for track, raw, body in zip(listed.ids.tolist(), _moving(listed), _lasting(listed), strict=True):
                seen_s = self._rows[track][SEEN_S]
                for _ in range(unwritten):
                    seen_s = self._dt_s + seen_s
                self._rows[track] = [*raw, *raw, seen_s, 0.0, *body]
        return self._rows

    @property
    def noisy(self) -> bool:
        """Whether the list is worth smoothing."""
        return self.jitter_m > TRUE_M

    def update(self, tracks: Tracks, dt_s: float, came: bool = False) -> Tracks:
        """The list as the driver takes it: smoothed where it jitters, and with those who are missing. `came` says that an empty
        list is one that perception sent."""
        felt = self._feel_same(tracks, dt_s)
        if felt and not self.noisy:
            self._list, self._unwritten = tracks, self._unwritten + 1
            return tracks
        before, self._rows, self._list = self.rows, {}, None
        listed, ids = _moving(tracks), tracks.ids.tolist()
        if not felt:
            self._feel_jitter(before, ids, listed, dt_s)
        blind = not listed and bool(before) and not came
        for track, raw, body in zip(ids, listed, _lasting(tracks), strict=True):
            known = before.pop(track, None)
            place = raw if known is None or not self.noisy else self._smoothed(known, raw, dt_s)
            self._rows[track] = [*place, *raw, dt_s + (known[SEEN_S] if known else 0.0), 0.0, *body]
        for track, row in before.items():
            if row[SEEN_S] >= KNOWN_S and row[MISSING_S] + 0.5 * dt_s <= (BLIND_S if blind else HELD_S):
                self._rows[track] = self._gone_on(row, dt_s, blind)
        if not self.noisy and len(self._rows) == len(listed):
            self._list, self._dt_s = tracks, dt_s
            return tracks
        return self._told()

    def save(self) -> dict[str, Any]:
        """Plain data."""
        rows = {str(track): list(row) for track, row in self.rows.items()}
        return {"rows": rows, "jitter": [self.jitter_m, self.jitter_mps], "steps": self.steps}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self._rows = {int(track): [float(value) for value in row] for track, row in memory["rows"].items()}
        self._list, self._unwritten = None, 0
        self.jitter_m, self.jitter_mps = memory["jitter"]
        self.steps = memory["steps"]

    def _feel_same(self, tracks: Tracks, dt_s: float) -> bool:
        """`_feel_jitter` where the list holds the same tracks as the one before, which was true; False where it does not."""
        before = self._list
        if before is None or dt_s != self._dt_s or not len(tracks.ids):
            return False
        if tracks.ids is not before.ids and tracks.ids.tobytes() != before.ids.tobytes():
            return False
        self._average(
            *strayed(tracks.position, tracks.velocity, before.position, before.velocity, dt_s), len(tracks.ids)
        )
        return True

    def _feel_jitter(
        self, before: dict[int, list[float]], ids: list[int], listed: list[list[float]], dt_s: float
    ) -> None:
        """Average how far places are from what speeds say, and how much speeds jump, over about the last two seconds."""
        pairs = [(before[track], raw) for track, raw in zip(ids, listed, strict=True) if track in before]
        pairs = [(row, raw) for row, raw in pairs if row[MISSING_S] == 0.0]
        if not pairs:
            return
        apart = jump = 0.0
        for row, (x, y, vx, vy) in pairs:
            ahead, aside = 0.5 * (row[RAW_VX] + vx) * dt_s, 0.5 * (row[RAW_VY] + vy) * dt_s
            apart += math.hypot(x - row[RAW_X] - ahead, y - row[RAW_Y] - aside)
            jump += 0.5 * (abs(vx - row[RAW_VX]) + abs(vy - row[RAW_VY]))
        self._average(apart, jump, len(pairs))

    def _average(self, apart: float, jump: float, count: int) -> None:
        """Let sums over `count` tracks count towards the averages."""
        self.steps += 1
        share = 1.0 / min(self.steps, 20) / count
        self.jitter_m += share * apart - share * count * self.jitter_m
        self.jitter_mps += share * jump - share * count * self.jitter_mps

    def _gain(self) -> float:
        """Of a speed that wanders by WANDER_MPS a step and is seen with the jitter's spread (a normal one jumps by 1.13 of it)."""
        ratio = (WANDER_MPS / max(self.jitter_mps / 1.13, 1e-3)) ** 2
        return 0.5 * (math.sqrt(ratio * ratio + 4.0 * ratio) - ratio)

    def _smoothed(self, row: list[float], raw: list[float], dt_s: float) -> list[float]:
        gain = self._gain()
        vx, vy = row[VX] + gain * (raw[2] - row[VX]), row[VY] + gain * (raw[3] - row[VY])
        x, y = row[X] + vx * dt_s, row[Y] + vy * dt_s
        return [x + 0.4 * (raw[0] - x), y + 0.4 * (raw[1] - y), vx, vy]

    def _gone_on(self, row: list[float], dt_s: float, blind: bool) -> list[float]:
        """A missing track one step later."""
        row = list(row)
        row[X], row[Y], row[MISSING_S] = row[X] + row[VX] * dt_s, row[Y] + row[VY] * dt_s, row[MISSING_S] + dt_s
        speed = math.hypot(row[VX], row[VY])
        left = max(1.0 - EXPECTED_BRAKING * dt_s / speed, 0.0) if blind and speed > 0.0 else 1.0
        row[VX], row[VY] = left * row[VX], left * row[VY]
        return row

    def _told(self) -> Tracks:
        """The rows as a list; who moves no faster than its own jitter stands."""
        table = np.array(list(self._rows.values()), dtype=np.float64).reshape(-1, 16)
        slow = 2.0 * self.jitter_mps * math.sqrt(self._gain()) if self.noisy else 0.0
        velocity = np.column_stack((table[:, VX], table[:, VY], np.zeros(len(table))))
        velocity[np.hypot(table[:, VX], table[:, VY]) < slow] = 0.0
        return Tracks(
            ids=np.array(list(self._rows), dtype=np.int64),
            kinds=table[:, KIND].astype(np.int64),
            position=np.ascontiguousarray(table[:, [X, Y, Z]]),
            yaw=np.ascontiguousarray(table[:, YAW]),
            velocity=velocity,
            extent=np.ascontiguousarray(table[:, [LENGTH, WIDTH, HEIGHT]]),
        )


def _moving(tracks: Tracks) -> list[list[float]]:
    """x, y, vx, vy of each track."""
    moving: list[list[float]] = np.column_stack((tracks.position[:, :2], tracks.velocity[:, :2])).tolist()
    return moving


def _lasting(tracks: Tracks) -> list[list[float]]:
    """Kind, yaw, z and size of each track."""
    columns = (tracks.kinds, tracks.yaw, tracks.position[:, 2], tracks.extent)
    lasting: list[list[float]] = np.column_stack(columns).tolist()
    return lasting


class SteadyLights:
    """Memory of the lights; plain data."""

    def __init__(self) -> None:
        self.colours: list[int] = []
        self.unseen_s = 0.0

    def update(self, signals: IntArray, dt_s: float) -> IntArray:
        """The lights as the driver takes them."""
        if not self.colours or (signals != SignalColour.OFF).any():
            self.colours, self.unseen_s = signals.tolist(), 0.0
            return signals
        self.unseen_s += dt_s
        if self.unseen_s > LIGHTS_S:
            self.colours = []
            return signals
        remembered = np.array(self.colours, dtype=np.int64)
        remembered[remembered == SignalColour.GREEN] = SignalColour.YELLOW
        return remembered

    def save(self) -> dict[str, Any]:
        """Plain data."""
        return {"colours": list(self.colours), "unseen_s": self.unseen_s}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.colours, self.unseen_s = list(memory["colours"]), memory["unseen_s"]
