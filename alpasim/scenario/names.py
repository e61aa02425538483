"""Checks every name in a scenario file that stands for something else: behaviours and their options, actors, expectations.

Answers "does that exist" on the plain data, so that a file with faults of form gets these faults in the same report. Needs no
road.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from alpasim import plugins
from alpasim.errors import Fault, PluginError, did_you_mean
from alpasim.scenario.expectations import expectation_faults
from alpasim.scenario.faults import Path, explain, fault_at
from alpasim.scenario.guard import Node
from alpasim.scenario.values import EGO_NAME


def check_names(root: Node, data: Any, file: str) -> list[Fault]:
    """Faults of all names in the data that was made from the tree `root`."""
    if not isinstance(data, Mapping):
        return []
    actors = data.get("actors", {})
    actors = actors if isinstance(actors, Mapping) else {}
    faults: list[Fault] = []
    if EGO_NAME in actors:
        faults.append(
            fault_at(
                root,
                file,
                ("actors", EGO_NAME),
                "'ego' is the car under test; give this actor another name",
                at_key=True,
            )
        )
    for name, actor in actors.items():
        if isinstance(actor, Mapping):
            faults += _drive_faults(root, file, ("actors", name), actor, "tracks" in data)
    known = list(dict.fromkeys((EGO_NAME, *actors)))
    for path, found, allowed in _actor_references(data, actors):
        names = known if allowed else list(actors)
        if isinstance(found, str) and found not in names:
            listed = ", ".join(names) or "none"
            message = f"unknown actor {found!r}{did_you_mean(found, names)}; actors: {listed}"
            if found == EGO_NAME:
                message = f"the ego is driven by the policy, no event can command it; actors: {listed}"
            faults.append(fault_at(root, file, path, message, at_key=path[-1] == found))
    expected = data.get("expect", ())
    for index, entry in enumerate(expected if isinstance(expected, tuple) else ()):
        for keys, message in expectation_faults(entry):
            faults.append(fault_at(root, file, ("expect", index, *keys), message, at_key=bool(keys)))
    return faults


def behaviour_options(name: str, options: Mapping[str, Any]) -> BaseModel:
    """The behaviour's own reading of its options; raises PluginError or ValidationError."""
    return _options_model(name).model_validate(dict(options))


def behaviour_actions(name: str) -> frozenset[str]:
    """The actions of events that a behaviour can carry out."""
    return frozenset(getattr(plugins.load(plugins.BEHAVIOURS, name), "actions", frozenset()))


def behaviour_schema(name: str) -> dict[str, Any]:
    """JSON Schema of a behaviour's options."""
    return _options_model(name).model_json_schema(mode="validation")


def _options_model(name: str) -> type[BaseModel]:
    behaviour = plugins.load(plugins.BEHAVIOURS, name)
    model = getattr(behaviour, "Options", None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(f"behaviour {name!r} has no pydantic model named Options")
    return model


def _drive_faults(root: Node, file: str, at: Path, actor: Mapping[str, Any], has_tracks: bool) -> Iterator[Fault]:
    """Faults of an actor's behaviour, its options and what they need."""
    drive = actor.get("drive", "parked")
    if isinstance(drive, Mapping) and len(drive) == 1:
        name, options = next(iter(drive.items()))
    elif isinstance(drive, str):
        name, options = drive, {}
    else:
        return
    path: Path = (*at, "drive", name) if isinstance(drive, Mapping) else (*at, "drive")
    known = plugins.names(plugins.BEHAVIOURS)
    if name not in known:
        message = f"unknown behaviour {name!r}{did_you_mean(name, known)}; registered: {', '.join(known) or 'none'}"
        yield fault_at(root, file, path, message, at_key=isinstance(drive, Mapping))
        return
    if not isinstance(options, Mapping):
        return
    model = _options_model(name)
    try:
        model.model_validate(dict(options))
    except ValidationError as error:
        yield from explain(error, model, root, file, path, data=options)
    if name == "replay" and not has_tracks:
        yield fault_at(root, file, path, "replay needs recorded tracks, expected 'tracks: {file: …}' in this scenario")
    if "place" not in actor and name != "replay":
        yield fault_at(
            root, file, at, "missing key 'place': where the actor starts (only replayed actors need none)", at_key=True
        )


def _actor_references(data: Mapping[str, Any], actors: Mapping[str, Any]) -> Iterator[tuple[Path, Any, bool]]:
    """Every (path, name, whether the ego may be meant) at which the file names an actor."""
    for name, actor in actors.items():
        place = actor.get("place") if isinstance(actor, Mapping) else None
        if isinstance(place, Mapping):
            for word in ("ahead_of", "behind"):
                if word in place:
                    yield ("actors", name, "place", word), place[word], True
    events = data.get("events", ())
    for index, event in enumerate(events if isinstance(events, tuple) else ()):
        if not isinstance(event, Mapping):
            continue
        yield from _in_conditions(event.get("when"), ("events", index, "when"))
        then = event.get("then")
        for name in then if isinstance(then, Mapping) else ():
            yield ("events", index, "then", name), name, False


def _in_conditions(value: Any, path: Path) -> Iterator[tuple[Path, Any, bool]]:
    if isinstance(value, tuple):
        for index, below in enumerate(value):
            yield from _in_conditions(below, (*path, index))
    elif isinstance(value, Mapping):
        for key, below in value.items():
            if key in ("of", "to"):
                yield (*path, key), below, True
            else:
                yield from _in_conditions(below, (*path, key))
