"""CommonRoad intersections → which lanelets lie within a junction, and which ways lead on from an incoming lanelet."""

from __future__ import annotations

from collections.abc import Mapping

from alpasim.importers.commonroad.lanelets import Lanelet
from alpasim.importers.commonroad.values import Context
from alpasim.importers.xml_tree import Element

TURNS = {
    "successorsLeft": "left",
    "successorsStraight": "straight",
    "successorsRight": "right",
    "outgoingLeft": "left",
    "outgoingStraight": "straight",
    "outgoingRight": "right",
}


def read_intersections(root: Element, lanelets: Mapping[str, Lanelet], context: Context) -> dict[str, frozenset[str]]:
    """Mark lanelets within junctions, and give the ways on (`left`, `straight`, `right`) of each incoming lanelet."""
    ways: dict[str, frozenset[str]] = {}
    for intersection in root.all("intersection"):
        intersection.attribute("id")
        for incoming in intersection.all("incoming"):
            incoming.attribute("id")
            incoming.attribute("outgoingId")
            for reference in incoming.all("outgoingId"):
                reference.attribute("ref")
            arms = _lanelets(incoming.all("incomingLanelet"), lanelets, context)
            turns = set()
            for tag, turn in TURNS.items():
                for inner in _lanelets(incoming.all(tag), lanelets, context):
                    inner.in_junction = True
                    turns.add(turn)
            for arm in arms:
                ways[arm.id] = ways.get(arm.id, frozenset()) | frozenset(turns)
            for reference in incoming.all("isLeftOf"):
                reference.attribute("ref")
                context.findings.note("right of way at intersections (isLeftOf) is not kept", reference.line)
        for outgoing in intersection.all("outgoing"):
            outgoing.attribute("id")
            _lanelets(outgoing.all("outgoingLanelet"), lanelets, context)
        for crossing in intersection.all("crossing"):
            crossing.attribute("id")
            for lanelet in _lanelets(crossing.all("crossingLanelet"), lanelets, context):
                lanelet.in_junction = True
    return ways


def _lanelets(references: list[Element], lanelets: Mapping[str, Lanelet], context: Context) -> list[Lanelet]:
    found = []
    for reference in references:
        key = reference.required_attribute("ref")
        if key in lanelets:
            found.append(lanelets[key])
        else:
            context.findings.unsupported(f"<{reference.tag}> {key}, a lanelet that is not in the file,", reference.line)
    return found
