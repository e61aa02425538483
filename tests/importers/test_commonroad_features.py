"""What real files elsewhere hold: each odd feature in a small file, with what must come of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from commonroad_xml import (
    GOAL_BOX,
    RECTANGLE,
    ROAD,
    document,
    dynamic,
    goal,
    lanelet,
    point,
    problem,
    span,
    state,
    static,
    value,
    write,
)

from alpasim.errors import InputError, UnsupportedError
from alpasim.importers.commonroad import read_commonroad
from alpasim.importers.imported import ImportedScenario
from alpasim.road.network import Lane, LaneKind, LineMark
from alpasim.types import ActorKind, SignalColour


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read(drop: bool = False, number: int | None = None, **parts: object) -> ImportedScenario:
        path = write(tmp_path, document(**parts))  # type: ignore[arg-type]
        return read_commonroad(path, drop_unsupported=drop, problem=number)

    return read


def notes(imported: ImportedScenario) -> str:
    return "\n".join(imported.notes)


def lane_of(imported: ImportedScenario, key: str) -> Lane:
    return imported.road.lanes[imported.road.lane_index[key]]


def names_of(error: pytest.ExceptionInfo[UnsupportedError]) -> list[str]:
    return [name for name, _ in error.value.elements]


# obstacles


def test_2018b_obstacles_have_roles(load) -> None:  # type: ignore[no-untyped-def]
    moving = dynamic(1).replace("dynamicObstacle", "obstacle").replace("<type>", "<role>dynamic</role><type>")
    stands = static(2).replace("staticObstacle", "obstacle").replace("<type>", "<role>static</role><type>")
    imported = load(version="2018b", obstacles=moving + stands)
    assert [(actor.name, actor.track) for actor in imported.actors] == [("car_1", "1"), ("car_2", None)]
    assert imported.actors[1].pose == (150.0, 3.5, 0.0)


@pytest.mark.parametrize(
    ("dt", "step_us"), [("0.04", 40_000), ("0.1", 100_000), ("0.2", 200_000), ("0.033333", 33_333)]
)
def test_times_are_steps_of_the_file(load, dt: str, step_us: int) -> None:  # type: ignore[no-untyped-def]
    imported = load(dt=dt)
    assert imported.tracks["42"].times_us.tolist() == [k * step_us for k in range(11)]


def test_a_car_that_comes_late_and_leaves_early_is_there_only_between(load) -> None:  # type: ignore[no-untyped-def]
    late = dynamic(initial=state(5, 10.0, tag="initialState"), states=state(6, 11.0) + state(7, 12.0))
    track = load(obstacles=late).tracks["42"]
    assert track.times_us.tolist() == [500_000, 600_000, 700_000]


def test_a_gap_in_a_trajectory_keeps_its_stamps_and_is_noted(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(obstacles=dynamic(states=state(1, 51.0) + state(4, 54.0)))
    assert imported.tracks["42"].times_us.tolist() == [0, 100_000, 400_000]
    assert "gaps in trajectories" in notes(imported)


def test_a_moving_obstacle_without_a_trajectory_is_there_for_one_stamp(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(obstacles=dynamic(states=""))
    assert imported.tracks["42"].times_us.tolist() == [0]
    assert "without a trajectory" in notes(imported)


def test_shape_centres_and_orientations_move_the_box(load) -> None:  # type: ignore[no-untyped-def]
    shape = "<rectangle><length>4</length><width>2</width><orientation>0.5</orientation><center><x>1</x><y>0.5</y></center></rectangle>"
    imported = load(
        obstacles=dynamic(shape=shape, initial=state(0, 50.0, 3.0, yaw=math.pi / 2, tag="initialState"), states="")
    )
    # one metre ahead is north of (50, 3), half a metre left is west of it
    np.testing.assert_allclose(imported.tracks["42"].poses[0], [49.5, 4.0, math.pi / 2 + 0.5])
    assert imported.actors[0].extent[:2] == (4.0, 2.0)


def test_a_shifted_origin_moves_the_box_against_the_shift(load) -> None:  # type: ignore[no-untyped-def]
    shape = "<rectangle><length>4</length><width>2</width><originXShift>-1.2</originXShift></rectangle>"
    imported = load(obstacles=dynamic(shape=shape))
    assert imported.tracks["42"].poses[0, 0] == pytest.approx(51.2)


def test_circles_polygons_and_several_shapes_become_boxes_and_say_so(load) -> None:  # type: ignore[no-untyped-def]
    circle = "<circle><radius>0.4</radius></circle>"
    polygon = f"<polygon>{point(-1, -1)}{point(3, -1)}{point(3, 2)}</polygon>"
    both = "<circle><radius>0.5</radius></circle>" + RECTANGLE
    found = load(
        obstacles=dynamic(1, shape=circle, kind="pedestrian") + dynamic(2, shape=polygon) + dynamic(3, shape=both)
    )
    assert [actor.extent[:2] for actor in found.actors] == [(0.8, 0.8), (4.0, 3.0), (4.5, 1.9)]
    assert found.tracks["2"].poses[0].tolist() == [51.0, 4.0, 0.0]
    for text in ("circle becomes", "polygon becomes", "several parts"):
        assert text in notes(found)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("bus", ActorKind.BUS), ("taxi", ActorKind.CAR), ("priorityVehicle", ActorKind.CAR), ("pillar", ActorKind.BARRIER),
     ("unknown", ActorKind.UNKNOWN), ("motorcycle", ActorKind.MOTORCYCLE), ("train", ActorKind.TRAIN)],
)  # fmt: skip
def test_kinds_by_type(load, word: str, kind: ActorKind) -> None:  # type: ignore[no-untyped-def]
    imported = load(obstacles=dynamic(kind=word))
    assert imported.actors[0].kind is kind
    assert (f"obstacle type {word} becomes" in notes(imported)) == (word not in ("bus", "motorcycle", "train"))


def test_an_unknown_word_for_a_type_is_unsupported(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnsupportedError, match="obstacle type 'hovercraft' at line") as error:
        load(obstacles=dynamic(kind="hovercraft"))
    assert len(error.value.elements) == 1


def test_set_based_predictions_are_named_with_their_line_and_can_be_dropped(load) -> None:  # type: ignore[no-untyped-def]
    occupancy = f"<occupancySet><occupancy><shape>{RECTANGLE}</shape>{value('time', 1)}</occupancy></occupancySet>"
    phantom = f'\n<phantomObstacle id="9">{occupancy}</phantomObstacle>'
    obstacles = dynamic(1, states="", rest=occupancy) + phantom + dynamic(2, initial=state(0, 90.0, tag="initialState"))
    with pytest.raises(UnsupportedError) as error:
        load(obstacles=obstacles)
    lines = [line for _, line in error.value.elements]
    assert names_of(error) == [
        "<occupancySet> of obstacle 1, a set-based prediction,",
        "<phantomObstacle> 9, a set-based prediction,",
    ]
    assert lines[1] == lines[0] + 1
    imported = load(obstacles=obstacles, drop=True)
    assert [actor.name for actor in imported.actors] == ["car_2"]
    assert sum("dropped, because it is not supported" in note for note in imported.notes) == 2


def test_environment_obstacles_become_barriers_where_a_box_stands_for_them(load) -> None:  # type: ignore[no-untyped-def]
    house = f"<polygon>{point(10, 20)}{point(30, 20)}{point(30, 30)}{point(10, 30)}</polygon>"
    wedge = f"<polygon>{point(10, 20)}{point(30, 20)}{point(10, 30)}</polygon>"
    text = '<environmentObstacle id="5"><type>building</type><shape>{}</shape></environmentObstacle>'
    building = load(obstacles=text.format(house)).actors[0]
    assert building.kind is ActorKind.BARRIER and building.extent == (20.0, 10.0, 6.0)
    assert building.pose == pytest.approx((20.0, 25.0, 0.0))
    with pytest.raises(UnsupportedError, match="environment obstacle 5, which no box stands for"):
        load(obstacles=text.format(wedge))


def test_a_wall_longer_than_an_actor_may_be_becomes_several(load) -> None:  # type: ignore[no-untyped-def]
    wall = "<rectangle><length>250</length><width>0.3</width></rectangle>"
    imported = load(
        obstacles=static(
            kind="roadBoundary", shape=wall, initial=state(0, 0.0, 9.0, tag="initialState", yaw=math.pi / 2)
        )
    )
    assert [actor.extent[0] for actor in imported.actors] == pytest.approx([250 / 3] * 3)
    assert [actor.pose[1] for actor in imported.actors if actor.pose] == pytest.approx([9 - 250 / 3, 9, 9 + 250 / 3])


def test_what_stands_inside_something_else_is_a_recording_of_standing(load) -> None:  # type: ignore[no-untyped-def]
    inside = static(1, initial=state(0, 51.0, 3.0, tag="initialState")) + static(2)
    imported = load(obstacles=dynamic() + inside)
    assert [actor.track for actor in imported.actors] == ["42", "car_1", None]
    track = imported.tracks["car_1"]
    assert track.poses.tolist() == [[51.0, 3.0, 0.0]] * 2 and track.speed_mps.tolist() == [0.0, 0.0]
    assert track.times_us[0] == 0 and track.times_us[-1] > 4_000_000
    assert "replayed as standing" in notes(imported)


def test_vehicle_lights_are_noted_once(load) -> None:  # type: ignore[no-untyped-def]
    lights = f"{value('time', 0)}<horn>true</horn><indicatorLeft>false</indicatorLeft>"
    rest = f"<initialSignalState>{lights}</initialSignalState><signalSeries><signalState>{lights}</signalState></signalSeries>"
    imported = load(obstacles=dynamic(rest=rest))
    assert "lights and horns of vehicles are not kept (2 times" in notes(imported)


def test_states_with_intervals_and_shapes_use_the_middle(load) -> None:  # type: ignore[no-untyped-def]
    box = "<rectangle><length>2</length><width>2</width><center><x>60</x><y>3</y></center></rectangle>"
    uncertain = state(0, 0.0, tag="initialState", position=box, speed=None, yaw=None)
    uncertain = uncertain.replace(
        "</initialState>", span("velocity", 8, 12) + span("orientation", -0.1, 0.3) + "</initialState>"
    )
    imported = load(obstacles=dynamic(initial=uncertain, states=""))
    np.testing.assert_allclose(imported.tracks["42"].poses[0], [60.0, 3.0, 0.1])
    assert imported.tracks["42"].speed_mps.tolist() == [10.0]
    assert "uncertain position" in notes(imported) and "uncertain <velocity>" in notes(imported)


def test_missing_headings_and_speeds_come_from_the_motion(load) -> None:  # type: ignore[no-untyped-def]
    states = "".join(state(k, 50.0, 3.5 + 0.5 * k, yaw=None, speed=None) for k in range(1, 4))
    first = state(0, 50.0, 3.5, yaw=None, speed=None, tag="initialState")
    track = load(obstacles=dynamic(initial=first, states=states)).tracks["42"]
    np.testing.assert_allclose(track.poses[:, 2], math.pi / 2)
    np.testing.assert_allclose(track.speed_mps, 5.0)


def test_velocities_along_both_axes_become_heading_and_speed(load) -> None:  # type: ignore[no-untyped-def]
    first = state(0, 50.0, yaw=None, speed=3.0, rest=value("velocityY", 4.0), tag="initialState")
    track = load(obstacles=dynamic(initial=first, states="")).tracks["42"]
    assert track.poses[0, 2] == pytest.approx(math.atan2(4, 3)) and track.speed_mps[0] == pytest.approx(5.0)


def test_speeds_keep_their_sign(load) -> None:  # type: ignore[no-untyped-def]
    track = load(obstacles=dynamic(states=state(1, 49.8, speed=-2.0))).tracks["42"]
    assert track.speed_mps.tolist() == [10.0, -2.0]


def test_headings_do_not_jump_by_whole_turns(load) -> None:  # type: ignore[no-untyped-def]
    states = state(1, 49.0, yaw=3.1) + state(2, 48.0, yaw=-3.1)
    track = load(obstacles=dynamic(states=states, initial=state(0, 50.0, yaw=3.0, tag="initialState"))).tracks["42"]
    assert track.poses[:, 2].tolist() == pytest.approx([3.0, 3.1, 2 * math.pi - 3.1])


@pytest.mark.parametrize(
    ("x", "y", "yaw", "dropped"),
    [(10.0, 0.0, 0.0, True), (11.9, 0.0, 0.1, True), (12.1, 0.0, 0.0, False), (10.0, 0.0, math.pi, False),
     (10.0, 1.95, 0.0, False)],
)  # fmt: skip
def test_an_obstacle_that_starts_where_the_ego_does_is_the_ego(
    load, x: float, y: float, yaw: float, dropped: bool
) -> None:  # type: ignore[no-untyped-def]
    copy = dynamic(initial=state(0, x, y, yaw=yaw, tag="initialState"), states=state(1, x + 1.0, y, yaw=yaw))
    imported = load(obstacles=copy)
    assert (imported.actors == ()) == dropped
    assert (imported.reference == "42") == dropped
    assert ("it is the ego: dropped" in notes(imported)) == dropped
    assert "42" in imported.tracks


def test_an_obstacle_that_reaches_the_egos_start_later_stays(load) -> None:  # type: ignore[no-untyped-def]
    late = dynamic(initial=state(3, 10.0, 0.0, tag="initialState"), states=state(4, 11.0, 0.0))
    assert len(load(obstacles=late).actors) == 1


# planning problems


def test_of_several_problems_the_first_is_taken_or_the_one_asked_for(load) -> None:  # type: ignore[no-untyped-def]
    other = problem(8, initial=state(0, 30.0, 3.5, tag="initialState", speed=5))
    first, second = load(problems=problem(7) + other), load(problems=problem(7) + other, number=8)
    assert first.ego_pose[0] == 10.0 and "planning problem 8" in notes(first)
    assert second.ego_pose[0] == 30.0 and second.ego_speed_mps == 5.0 and "planning problem 7" in notes(second)
    with pytest.raises(InputError, match="no planning problem 9; the file has 7, 8"):
        load(problems=problem(7) + other, number=9)


def test_a_goal_of_time_alone_has_no_region(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(problems=problem(goals=goal("")))
    assert imported.goal.regions == () and (imported.goal.after_s, imported.goal.before_s) == (3.0, 4.0)


def test_goal_shapes_become_polygons_around_them(load) -> None:  # type: ignore[no-untyped-def]
    circle = "<circle><radius>2</radius><center><x>50</x><y>1</y></center></circle>"
    polygon = f"<polygon>{point(80, 0)}{point(90, 0)}{point(90, 2)}</polygon>"
    imported = load(problems=problem(goals=goal(GOAL_BOX) + goal(circle) + goal(polygon)))
    box, ring, triangle = imported.goal.regions
    assert sorted(map(tuple, box.tolist())) == [(95.0, -1.5), (95.0, 1.5), (105.0, -1.5), (105.0, 1.5)]
    distances = np.hypot(ring[:, 0] - 50, ring[:, 1] - 1)
    assert distances.min() >= 2.0 and distances.max() < 2.02
    assert triangle.tolist() == [[80, 0], [90, 0], [90, 2]]


def test_goal_rectangles_turn(load) -> None:  # type: ignore[no-untyped-def]
    turned = GOAL_BOX.replace("<center>", f"<orientation>{math.pi / 2}</orientation><center>")
    region = load(problems=problem(goals=goal(turned))).goal.regions[0]
    np.testing.assert_allclose([np.ptp(region[:, 0]), np.ptp(region[:, 1])], [3.0, 10.0])


def test_goal_lanelets_become_their_area(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(problems=problem(goals=goal('<lanelet ref="1"/><lanelet ref="2"/>')))
    assert len(imported.goal.regions) == 2
    assert imported.goal.regions[1][:, 1].min() == pytest.approx(1.75)
    assert imported.goal.regions[1][:, 1].max() == pytest.approx(5.25)
    with pytest.raises(InputError, match="lanelet '77' is not in the file"):
        load(problems=problem(goals=goal('<lanelet ref="77"/>')))


def test_goal_bounds_on_speed_and_heading_are_kept(load) -> None:  # type: ignore[no-untyped-def]
    rest = span("velocity", 5.5, 11.5) + span("orientation", -0.25, 0.5)
    imported = load(problems=problem(goals=goal(rest=rest)))
    assert imported.goal.speed_mps == (5.5, 11.5) and imported.goal.heading_rad == (-0.25, 0.5)


def test_a_goal_state_with_other_bounds_is_named(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(problems=problem(goals=goal() + goal(time=(10, 20))))
    assert len(imported.goal.regions) == 1 and imported.goal.before_s == 4.0
    assert "has other bounds than the first one and is left out" in notes(imported)


def test_without_a_goal_time_the_drive_ends_with_the_recording(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(problems=problem(goals=goal(time=None)))
    assert imported.time_limit_s == 1.0 and imported.goal.before_s == math.inf


def test_a_goal_time_between_two_control_steps_is_widened(load) -> None:  # type: ignore[no-untyped-def]
    exact_goal = goal(time=None, rest=value("time", 33))
    imported = load(problems=problem(goals=exact_goal), dt="0.04")  # 1.32 s
    assert (imported.goal.after_s, imported.goal.before_s, imported.time_limit_s) == (1.3, 1.4, 1.4)
    assert "widened" in notes(imported)


def test_time_zero_is_where_the_problem_starts(load) -> None:  # type: ignore[no-untyped-def]
    late = problem(initial=state(4, 10.0, 0.0, tag="initialState"))
    light = '<trafficLight id="3"><cycle><cycleElement><duration>10</duration><color>red</color></cycleElement><timeOffset>6</timeOffset></cycle></trafficLight>'
    imported = load(problems=late, extra=light)
    assert imported.tracks["42"].times_us[0] == -400_000
    assert imported.goal.before_s == pytest.approx(3.6)
    assert imported.road.signals[0].offset_s == pytest.approx(0.2)
    assert "time zero is step 4" in notes(imported)


def test_an_uncertain_start_is_taken_at_its_centre(load) -> None:  # type: ignore[no-untyped-def]
    ring = "<circle><radius>1</radius><center><x>12</x><y>0</y></center></circle>"
    imported = load(problems=problem(initial=state(0, 0.0, tag="initialState", position=ring)))
    assert imported.ego_pose == pytest.approx((12.0, 0.0, 0.0))
    assert "uncertain position" in notes(imported)


def test_far_coordinates_are_recentred_on_whole_metres(load) -> None:  # type: ignore[no-untyped-def]
    east, north = 691_000.25, 5_335_000.5
    road = lanelet(
        1, left=[(east, north + 2), (east + 200, north + 2)], right=[(east, north - 2), (east + 200, north - 2)]
    )
    region = GOAL_BOX.replace("<x>100</x><y>0</y>", f"<x>{east + 100}</x><y>{north}</y>")
    imported = load(
        road=road,
        obstacles=dynamic(initial=state(0, east + 50, north, tag="initialState"), states=state(1, east + 51, north)),
        problems=problem(initial=state(0, east + 10, north, tag="initialState"), goals=goal(region)),
    )
    dx, dy = imported.offset_m
    assert (dx, dy) == (691_010.0, 5_335_000.0)
    assert (imported.ego_pose[0] + dx, imported.ego_pose[1] + dy) == (east + 10, north)
    np.testing.assert_allclose(imported.tracks["42"].poses[:, 0] + dx, [east + 50, east + 51], atol=1e-6)
    np.testing.assert_allclose(imported.road.lanes[0].left[0] + [dx, dy], [east, north + 2], atol=1e-6)
    assert imported.goal.regions[0][:, 0].max() + dx == pytest.approx(east + 105)
    assert "minus (691010, 5335000) m" in notes(imported)


# roads


def test_lanelet_types_decide_the_kind(load) -> None:  # type: ignore[no-untyped-def]
    words = {
        "urban": LaneKind.DRIVING, "sidewalk": LaneKind.SIDEWALK, "crosswalk": LaneKind.CROSSING,
        "bicycleLane": LaneKind.BICYCLE, "busLane": LaneKind.BUS, "shoulder": LaneKind.SHOULDER,
        "parking": LaneKind.PARKING, "driveWay": LaneKind.DRIVING, "unknown": LaneKind.DRIVING, "border": LaneKind.SHOULDER,
    }  # fmt: skip
    more = "".join(
        lanelet(10 + k, y=20.0 + 10 * k, rest=f"<laneletType>{word}</laneletType><laneletType>urban</laneletType>")
        for k, word in enumerate(words)
    )
    imported = load(road=ROAD + more)
    assert [lane.kind for lane in imported.road.lanes[2:]] == list(words.values())
    assert "laneletType border becomes a shoulder lane" in notes(imported)


def test_users_decide_where_the_type_does_not(load) -> None:  # type: ignore[no-untyped-def]
    more = lanelet(3, y=9, rest="<userBidirectional>pedestrian</userBidirectional>") + lanelet(
        4, y=14, rest="<userOneWay>bicycle</userOneWay>"
    )
    imported = load(road=ROAD + more + lanelet(5, y=20, rest="<userBidirectional>vehicle</userBidirectional>"))
    assert [lane.kind for lane in imported.road.lanes[2:]] == [LaneKind.SIDEWALK, LaneKind.BICYCLE, LaneKind.DRIVING]
    assert "used one way" in notes(imported)


def test_unknown_words_of_the_road_are_all_listed_at_once(load) -> None:  # type: ignore[no-untyped-def]
    rest = "<laneletType>canal</laneletType><userOneWay>ship</userOneWay><swell>3</swell>"
    with pytest.raises(UnsupportedError) as error:
        load(road=ROAD + "\n" + lanelet(3, y=9, rest=rest, marks=("zigzag", "")), extra='<lighthouse id="1"/>')
    assert names_of(error) == [
        "<swell> in <lanelet>", "<userOneWay> 'ship'", "laneletType 'canal'", "line marking 'zigzag'",
        "<lighthouse> in <commonRoad>",
    ]  # fmt: skip
    assert "unsupported: <swell> in <lanelet> at line 4" in str(error.value)


def test_markings(load) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1, marks=("broad_dashed", "curb")) + lanelet(2, y=3.5, marks=("no_marking", "solid"))
    imported = load(road=road)
    first, second = imported.road.lanes
    assert (first.left_mark, first.right_mark) == (LineMark.DASHED, LineMark.KERB)
    assert (second.left_mark, second.right_mark) == (LineMark.NONE, LineMark.SOLID)
    assert "line marking broad_dashed becomes dashed" in notes(imported)


def test_oncoming_neighbours_run_the_other_way(load) -> None:  # type: ignore[no-untyped-def]
    ours = lanelet(1, rest='<adjacentLeft ref="2" drivingDir="opposite"/>')
    theirs = lanelet(
        2,
        left=[(200, 1.75), (0, 1.75)],
        right=[(200, 5.25), (0, 5.25)],
        rest='<adjacentLeft ref="1" drivingDir="opposite"/>',
    )
    imported = load(road=ours + theirs)
    beside = lane_of(imported, "1").left_neighbour
    assert beside is not None and beside.lane == "2" and not beside.same_direction
    assert lane_of(imported, "2").centre.tolist() == [[200.0, 3.5], [0.0, 3.5]]


def test_unequal_bounds_get_equal_counts_and_keep_every_point(load) -> None:  # type: ignore[no-untyped-def]
    left = [(0.0, 2.0), (30.0, 2.0), (120.0, 2.0)]
    right = [(0.0, -2.0), (60.0, -2.0), (90.0, -2.0), (120.0, -2.0)]
    lane = load(road=lanelet(1, left=left, right=right)).road.lanes[0]
    assert len(lane.left) == len(lane.right) == len(lane.centre) == 5
    np.testing.assert_allclose(lane.left[:, 0], [0, 30, 60, 90, 120], atol=1e-6)
    np.testing.assert_allclose(lane.right[:, 0], lane.left[:, 0], atol=1e-6)


@pytest.mark.parametrize("repeated", [0, 1, 2, 3])
def test_repeated_points_are_left_out(load, repeated: int) -> None:  # type: ignore[no-untyped-def]
    along = [0.0, 40.0, 80.0, 200.0]
    along.insert(repeated, along[repeated])
    lane = load(road=lanelet(1, x=tuple(along))).road.lanes[0]
    assert lane.centre[:, 0].tolist() == [0.0, 40.0, 80.0, 200.0]


def test_stop_lines_lie_at_their_points_or_at_the_lanes_end(load) -> None:  # type: ignore[no-untyped-def]
    mark = "<lineMarking>solid</lineMarking>"
    at_points = f"<stopLine>{point(180, 1.75)}{point(180, -1.75)}{mark}</stopLine>"
    imported = load(road=lanelet(1, rest=at_points) + lanelet(2, y=3.5, rest=f"<stopLine>{mark}</stopLine>"))
    first, second = imported.road.lanes
    assert first.stop_line is not None and first.stop_line.tolist() == [[180.0, 1.75], [180.0, -1.75]]
    assert second.stop_line is not None and second.stop_line.tolist() == [[200.0, 5.25], [200.0, 1.75]]


def sign(key: object, word: str, *values: object) -> str:
    extra = "".join(f"<additionalValue>{amount}</additionalValue>" for amount in values)
    element = f"<trafficSignElement><trafficSignID>{word}</trafficSignID>{extra}</trafficSignElement>"
    return f'<trafficSign id="{key}">{element}<position>{point(0, 5)}</position><virtual>true</virtual></trafficSign>'


@pytest.mark.parametrize("word", ["274", "R2-1", "C43", "274.1"])
def test_the_lowest_speed_limit_sign_holds(load, word: str) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1, rest='<trafficSignRef ref="11"/><trafficSignRef ref="12"/>')
    imported = load(road=road, extra=sign(11, word, 13.9) + sign(12, word, 8.3))
    assert imported.road.lanes[0].speed_limit_mps == 8.3


def test_other_signs_are_named(load) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1, rest='<trafficSignRef ref="11"/>')
    imported = load(road=road, extra=sign(11, "206"))
    assert imported.road.lanes[0].speed_limit_mps == math.inf
    assert "traffic sign 206 has no effect here" in notes(imported)


def test_2018b_lanelets_carry_their_limit(load) -> None:  # type: ignore[no-untyped-def]
    assert (
        load(version="2018b", road=lanelet(1, rest="<speedLimit>23</speedLimit>")).road.lanes[0].speed_limit_mps == 23.0
    )


def light(key: object, *phases: tuple[str, int], offset: int | None = None, rest: str = "") -> str:
    parts = "".join(
        f"<cycleElement><duration>{steps}</duration><color>{colour}</color></cycleElement>" for colour, steps in phases
    )
    shift = f"<timeOffset>{offset}</timeOffset>" if offset is not None else ""
    return f'<trafficLight id="{key}"><cycle>{parts}{shift}</cycle>{rest}</trafficLight>'


def test_lights_cycle_in_steps_of_the_file(load) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1, rest='<trafficLightRef ref="5"/>')
    extra = light(5, ("red", 50), ("redYellow", 10), ("green", 100), ("inactive", 5), offset=20)
    imported = load(road=road, extra=extra, dt="0.2")
    signal = imported.road.signals[0]
    assert [(phase.colour, round(phase.duration_s, 9)) for phase in signal.phases] == [
        (SignalColour.RED, 10.0), (SignalColour.RED_YELLOW, 2.0), (SignalColour.GREEN, 20.0), (SignalColour.OFF, 1.0),
    ]  # fmt: skip
    assert signal.offset_s == pytest.approx(4.0)
    assert signal.position == (200.0, -1.75)
    assert imported.road.lanes[0].signal == 0


def test_inactive_lights_are_off(load) -> None:  # type: ignore[no-untyped-def]
    imported = load(extra=light(5, ("red", 50), rest=f"<position>{point(1, 2)}</position><active>false</active>"))
    assert [phase.colour for phase in imported.road.signals[0].phases] == [SignalColour.OFF]
    assert "not active" in notes(imported)


def test_of_several_lights_the_one_for_the_lanes_ways_on_is_taken(load) -> None:  # type: ignore[no-untyped-def]
    refs = '<trafficLightRef ref="5"/><trafficLightRef ref="6"/>'
    road = lanelet(1, rest='<successor ref="3"/>' + refs) + lanelet(3, x=(200.0, 250.0), rest='<predecessor ref="1"/>')
    extra = light(5, ("red", 50), rest="<direction>left</direction>")
    extra += light(6, ("green", 50), rest="<direction>straightRight</direction>")
    extra += (
        '<intersection id="9"><incoming id="10"><incomingLanelet ref="1"/><successorsStraight ref="3"/>'
        '<isLeftOf ref="10"/></incoming><crossing><crossingLanelet ref="3"/></crossing></intersection>'
    )
    imported = load(road=road, extra=extra)
    assert imported.road.signals[lane_of(imported, "1").signal].id == "6"
    assert lane_of(imported, "3").in_junction and not lane_of(imported, "1").in_junction
    assert "obeys traffic light 6 alone, not 5" in notes(imported) and "isLeftOf" in notes(imported)


def test_heights_of_points_are_noted(load) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1).replace("<x>100.0</x><y>1.75</y>", "<x>100.0</x><y>1.75</y><z>3.5</z>")
    assert "the road is flat" in notes(load(road=road))


def test_location_weather_and_tags_are_kept_as_words(load) -> None:  # type: ignore[no-untyped-def]
    extra = (
        "<location><geoNameId>1</geoNameId><environment><weather>fog</weather><underground>wet</underground></environment>"
        "</location><scenarioTags><urban/><critical/></scenarioTags>"
    )
    imported = load(extra=extra)
    assert "environment weather fog" in notes(imported) and "environment underground wet" in notes(imported)
    assert imported.tags["keywords"] == ["urban", "critical"]
    assert load(version="2018b", attributes='tags="rural  two_lane"').tags["keywords"] == ["rural", "two_lane"]


def test_surplus_attributes_text_and_second_elements_are_unsupported(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnsupportedError) as error:
        load(attributes='mood="calm"', extra="stray words", obstacles=dynamic(rest="<type>bus</type>"))
    assert set(names_of(error)) == {
        "attribute 'mood' of <commonRoad>", "text 'stray words' in <commonRoad>", "<type> in <dynamicObstacle>",
    }  # fmt: skip


def test_attributes_of_the_xml_itself_are_not_content(load) -> None:  # type: ignore[no-untyped-def]
    load(attributes='xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"')


def test_intersections_of_later_writers_name_outgoing_lanelets(load) -> None:  # type: ignore[no-untyped-def]
    road = lanelet(1, rest='<successor ref="3"/>') + lanelet(3, x=(200.0, 250.0), rest='<predecessor ref="1"/>')
    extra = (
        '<intersection id="9"><incoming id="10"><incomingLanelet ref="1"/><outgoingId ref="11"/><outgoingStraight ref="3"/>'
        '</incoming><outgoing id="11"><outgoingLanelet ref="3"/></outgoing></intersection>'
    )
    imported = load(road=road, extra=extra)
    assert [lane.in_junction for lane in imported.road.lanes] == [False, True]
