"""Which lanes lie beside one another, as somebody who drives there counts them.

Answers what "left", "right", "lane 2" and "oncoming_1" mean from a lane, for drivers on their own side of the road and for
those who drive against the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass

from alpasim.road.network import TRAFFIC_KINDS, Lane, RoadNetwork


@dataclass(frozen=True, slots=True)
class CrossSection:
    """The lanes beside one another as a driver sees them, from right to left: (lane id, whether it is driven against).

    `own` is the driver's place among them, `numbered` the places of lanes 1, 2, … and `oncoming` those of the other
    direction, nearest first. Strips such as shoulders are lanes without a number.
    """

    lanes: tuple[tuple[str, bool], ...]
    own: int
    numbered: tuple[int, ...]
    oncoming: tuple[int, ...]

    def target(self, road: RoadNetwork, to: int | str) -> tuple[str, bool] | None:
        """The lane that `same`, `left`, `right`, a number from the right, `oncoming_N` or a strip's name means; None where
        there is none. Numbers and names are those of the first course that the driver's lane belongs to.
        """
        if to in ("same", "left", "right"):
            place = self.own + {"same": 0, "left": 1, "right": -1}[str(to)]
            return self.lanes[place] if 0 <= place < len(self.lanes) else None
        for course in road.courses.values():
            chains: dict[str, tuple[str, ...]] = dict(course.strips)
            chains |= {str(i): chain for i, chain in enumerate(course.lanes, start=1)}
            chains |= {f"oncoming_{i}": chain for i, chain in enumerate(course.oncoming, start=1)}
            if any(self.lanes[self.own][0] in chain for chain in chains.values()):
                wanted = chains.get(str(to), ())
                return next((lane for lane in self.lanes if lane[0] in wanted), None)
        places = {str(i): place for i, place in enumerate(self.numbered, start=1)}
        places |= {f"oncoming_{i}": place for i, place in enumerate(self.oncoming, start=1)}
        return self.lanes[places[str(to)]] if str(to) in places else None


def cross_section(road: RoadNetwork, lane_id: str, against: bool) -> CrossSection:
    """The lanes beside `lane_id` for somebody who drives along it, or against it."""
    lane = road.lanes[road.lane_index[lane_id]]
    home: Lane | None = lane
    if against:
        across = _leftmost(road, lane).left_neighbour
        home = road.lanes[road.lane_index[across.lane]] if across is not None else None
    ours: list[Lane] = []
    theirs: list[Lane] = _towards_right(road, _leftmost(road, lane)) if against else []
    if home is not None:
        left = _leftmost(road, home)
        ours = _towards_right(road, left)[::-1]
        if not against and left.left_neighbour is not None:
            theirs = _towards_right(road, road.lanes[road.lane_index[left.left_neighbour.lane]])
    lanes = [(one.id, False) for one in ours] + [(one.id, True) for one in theirs]
    driving = [one.kind in TRAFFIC_KINDS for one in (*ours, *theirs)]
    return CrossSection(
        lanes=tuple(lanes),
        own=lanes.index((lane_id, against)),
        numbered=tuple(i for i in range(len(ours)) if driving[i]),
        oncoming=tuple(i for i in range(len(ours), len(lanes)) if driving[i]),
    )


def _leftmost(road: RoadNetwork, lane: Lane) -> Lane:
    """The last lane to the left that runs the same way."""
    for _ in range(len(road.lanes)):
        beside = lane.left_neighbour
        if beside is None or not beside.same_direction:
            break
        lane = road.lanes[road.lane_index[beside.lane]]
    return lane


def _towards_right(road: RoadNetwork, lane: Lane) -> list[Lane]:
    """The lane and all to its right that run the same way, from left to right."""
    found = [lane]
    for _ in range(len(road.lanes)):
        beside = found[-1].right_neighbour
        if beside is None or not beside.same_direction:
            break
        found.append(road.lanes[road.lane_index[beside.lane]])
    return found
