"""What a log tells of a failure: the picture of its last moment, who touched the ego, and the reasons given before it.

Answers "what happened there" for the report. A log that is missing or damaged is said to be so, and costs its picture
only.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from pathlib import Path

from alpasim.errors import InputError, RecordingError
from alpasim.recording.reader import Log, read_log
from alpasim.recording.rebuild import scenario_of
from alpasim.types import EGO, Decision, Reasoning

LAST_SECONDS = 4.0
PICTURE_SIZE = (800, 450)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a driver said and for how long it stood: the decision in words, its reasons, and the sentence."""

    from_s: float
    to_s: float
    decision: str
    factors: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """The ego and an actor as they first met: when, with which of PARTS of either, and how fast they closed."""

    at_s: float
    ego_part: str
    actor: str
    actor_part: str
    closing_speed_mps: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log shows: a PNG as a data URI (empty where there is none), who touched the ego, what was said last, and
    what could not be shown."""

    picture: str = ""
    hits: tuple[Hit, ...] = ()
    said: tuple[Said, ...] = ()
    missing: str = ""


def evidence(rollout_dir: Path, *, picture: bool) -> Evidence:
    """The evidence in a rollout's folder."""
    try:
        log = read_log(rollout_dir)
    except RecordingError as error:
        return Evidence(missing=str(error))
    shown = Evidence(hits=hits(log), said=last_words(log))
    if not picture:
        return shown
    try:
        return replace(shown, picture=_picture(log))
    except InputError as error:
        return replace(shown, missing=f"no picture: {error}")


def _picture(log: Log) -> str:
    """The last state from above, with the plan of the decision that led to it."""
    from alpasim.view.picture import picture_of, png_bytes

    scenario = scenario_of(log)
    result = log.result
    ending = result.end_reason.replace("_", " ") if result is not None else "cut short"
    seconds = log.states[-1].time_us * 1e-6
    caption = (f"{log.header.scenario} · {log.header.policy} · seed {log.header.seed}", f"{ending} at {seconds:.1f} s")
    decision = log.decisions[-1] if log.decisions else None
    array = picture_of(scenario, log.states, decision=decision, caption=caption, size=PICTURE_SIZE)
    return "data:image/png;base64," + base64.b64encode(png_bytes(array)).decode("ascii")


def hits(log: Log) -> tuple[Hit, ...]:
    """Every actor that touched the ego, by the time of its first touch."""
    found: dict[int, Hit] = {}
    for state in log.states:
        for contact in state.contacts:
            row = contact.second
            if contact.first == EGO and row > EGO and row not in found:
                who, speed = state.ids[row], contact.closing_speed_mps
                found[row] = Hit(state.time_s, contact.first_part, who, contact.second_part, speed)
    return tuple(found.values())


def last_words(log: Log, seconds: float = LAST_SECONDS) -> tuple[Said, ...]:
    """What the driver said in the last seconds, equal sayings in a row as one."""
    dt_s = log.header.dt_us * 1e-6
    first = max(0, len(log.decisions) - round(seconds / dt_s))
    sayings: list[Said] = []
    for index in range(first, len(log.decisions)):
        said = _said(log, log.decisions[index], index * dt_s, dt_s)
        if said is None:
            continue
        before = sayings[-1] if sayings else None
        if before is not None and (before.decision, before.text) == (said.decision, said.text):
            sayings[-1] = Said(before.from_s, said.to_s, said.decision, said.factors, said.text)
        else:
            sayings.append(said)
    return tuple(sayings)


def _said(log: Log, decision: Decision, at_s: float, dt_s: float) -> Said | None:
    """One decision's reasons in words; None where it gave none."""
    reasoning = decision.reasoning
    if reasoning is None:
        return None
    return Said(at_s, at_s + dt_s, _decision_words(reasoning), _factor_words(log, reasoning), reasoning.text)


def _decision_words(reasoning: Reasoning) -> str:
    """`yield · lane change left`."""
    lateral = reasoning.lateral
    if lateral and reasoning.direction != "none":
        lateral = f"{lateral} {reasoning.direction}"
    return " · ".join(word.replace("_", " ") for word in (reasoning.longitudinal, lateral) if word)


def _factor_words(log: Log, reasoning: Reasoning) -> tuple[str, ...]:
    """Each reason with the actor behind its track: here the reader may know what the driver could not."""
    words = []
    for factor in reasoning.factors:
        claims = ", ".join(f"{name} {said}" for name, said in factor.claims)
        who = ""
        if factor.track_id is not None:
            who = f" {log.header.tracks.get(factor.track_id, 'nobody')} (track {factor.track_id})"
        words.append(f"{factor.category.replace('_', ' ')}{who}{': ' if claims else ''}{claims}")
    return tuple(words)
