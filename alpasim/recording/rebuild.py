"""From a log back to the scenario that was driven, without any file but the log."""

from __future__ import annotations

from dataclasses import replace

from alpasim.errors import RecordingError
from alpasim.recording.reader import Log
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_inputs


def scenario_of(log: Log) -> Scenario:
    """The concrete scenario, drawn again from the log's copy of its files; RecordingError where it comes out another.

    Parameters that were set by hand are set again: the log has all values, though not which of them were drawn.
    """
    header = log.header
    if not log.inputs:
        raise RecordingError(f"{log.path}: the log holds no scenario files: it was cut before them")
    logical = load_inputs(header.source, log.inputs)
    scenario = logical.concrete(header.seed)
    if scenario.content_hash == header.scenario_hash:
        return scenario
    scenario = logical.concrete(header.seed, dict(header.parameters))
    if dict(scenario.parameters) != dict(header.parameters) or scenario.ids != header.ids:
        raise RecordingError(
            f"{log.path}: its scenario files give another scenario than the log was made of, "
            f"by alpasim {header.versions.get('alpasim', 'unknown')}"
        )
    return replace(scenario, content_hash=header.scenario_hash)
