"""What the reference driver makes of senses that flicker, jitter or go dark: tracks held and smoothed, lights remembered.

A list that is true is passed on as it is. How much a list jitters shows in places that do not follow from speeds; where it
does, velocities are averaged (the steady gain of a Kalman filter for a speed that wanders) and what hardly moves stands. A track
that is missing is held for a moment at its speed. Where everything is missing at once the driver takes itself to be blind: it
holds all that it saw for longer, and expects those who drive to be braking. Lights that all read off at once are not recognised:
a red one is taken to be red still, a green one to be turning yellow.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from alpasim.types import IntArray, SignalColour, Tracks

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


class SteadyTracks:
    """Memory of the tracks, one row a track as above; `jitter_m` and `jitter_mps` say how noisy the list is. Plain data."""

    def __init__(self) -> None:
        self.rows: dict[int, list[float]] = {}
        self.jitter_m, self.jitter_mps, self.steps = 0.0, 0.0, 0

    @property
    def noisy(self) -> bool:
        """Whether the list is worth smoothing."""
        return self.jitter_m > TRUE_M

    def update(self, tracks: Tracks, dt_s: float) -> Tracks:
        """The list as the driver takes it: smoothed where it jitters, and with those who are missing."""
        listed = np.column_stack((tracks.position[:, :2], tracks.velocity[:, :2])).tolist()
        still = np.column_stack((tracks.kinds, tracks.yaw, tracks.position[:, 2], tracks.extent)).tolist()
        self._feel_jitter(tracks.ids.tolist(), listed, dt_s)
        before, self.rows = self.rows, {}
        blind = not listed and bool(before)
        for track, raw, body in zip(tracks.ids.tolist(), listed, still, strict=True):
            known = before.pop(track, None)
            place = raw if known is None or not self.noisy else self._smoothed(known, raw, dt_s)
            self.rows[track] = [*place, *raw, dt_s + (known[SEEN_S] if known else 0.0), 0.0, *body]
        for track, row in before.items():
            if row[SEEN_S] >= KNOWN_S and row[MISSING_S] + 0.5 * dt_s <= (BLIND_S if blind else HELD_S):
                self.rows[track] = self._gone_on(row, dt_s, blind)
        if not self.noisy and len(self.rows) == len(listed):
            return tracks
        return self._told()

    def save(self) -> dict[str, Any]:
        """Plain data."""
        rows = {str(track): list(row) for track, row in self.rows.items()}
        return {"rows": rows, "jitter": [self.jitter_m, self.jitter_mps], "steps": self.steps}

    def load(self, memory: dict[str, Any]) -> None:
        """What `save` returned."""
        self.rows = {int(track): [float(value) for value in row] for track, row in memory["rows"].items()}
        self.jitter_m, self.jitter_mps = memory["jitter"]
        self.steps = memory["steps"]

    def _feel_jitter(self, ids: list[int], listed: list[list[float]], dt_s: float) -> None:
        """Average how far places are from what speeds say, and how much speeds jump, over about the last two seconds."""
        pairs = [(self.rows[track], raw) for track, raw in zip(ids, listed, strict=True) if track in self.rows]
        pairs = [(row, raw) for row, raw in pairs if row[MISSING_S] == 0.0]
        if not pairs:
            return
        self.steps += 1
        share = 1.0 / min(self.steps, 20) / len(pairs)
        apart = jump = 0.0
        for row, (x, y, vx, vy) in pairs:
            ahead, aside = 0.5 * (row[RAW_VX] + vx) * dt_s, 0.5 * (row[RAW_VY] + vy) * dt_s
            apart += math.hypot(x - row[RAW_X] - ahead, y - row[RAW_Y] - aside)
            jump += 0.5 * (abs(vx - row[RAW_VX]) + abs(vy - row[RAW_VY]))
        self.jitter_m += share * apart - share * len(pairs) * self.jitter_m
        self.jitter_mps += share * jump - share * len(pairs) * self.jitter_mps

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
        table = np.array(list(self.rows.values()), dtype=np.float64).reshape(-1, 16)
        slow = 2.0 * self.jitter_mps * math.sqrt(self._gain()) if self.noisy else 0.0
        velocity = np.column_stack((table[:, VX], table[:, VY], np.zeros(len(table))))
        velocity[np.hypot(table[:, VX], table[:, VY]) < slow] = 0.0
        return Tracks(
            ids=np.array(list(self.rows), dtype=np.int64),
            kinds=table[:, KIND].astype(np.int64),
            position=np.ascontiguousarray(table[:, [X, Y, Z]]),
            yaw=np.ascontiguousarray(table[:, YAW]),
            velocity=velocity,
            extent=np.ascontiguousarray(table[:, [LENGTH, WIDTH, HEIGHT]]),
        )


class SteadyLights:
    """Memory of the lights; plain data."""

    def __init__(self) -> None:
        self.colours: list[int] = []
        self.unseen_s = 0.0

    def update(self, signals: IntArray, dt_s: float) -> IntArray:
        """The lights as the driver takes them."""
        if (signals != SignalColour.OFF).any() or not self.colours:
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
