"""Pictures are looked at by people; tests hold what must be in them, by colour and by place."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pygame
import pytest
from builders import Body, make_contact, make_state, straight_road

from alpasim.road.lanes import Signal, SignalPhase, SurfacePatch
from alpasim.road.network import RoadNetwork
from alpasim.types import ActorKind, SignalColour, Trajectory, frozen
from alpasim.view import palette
from alpasim.view.camera import Camera, Projection
from alpasim.view.canvas import UInt8Array, ribbon, wrapped
from alpasim.view.overlay import Mark
from alpasim.view.topdown import SIZE, draw

ROAD = straight_road()
CAMERA = Camera(60.0, 4.0, 60.0)
SIZES = {
    ActorKind.PEDESTRIAN: (0.5, 0.5, 1.7),
    ActorKind.CONE: (0.4, 0.4, 0.7),
    ActorKind.BICYCLE: (1.8, 0.6, 1.7),
    ActorKind.MOTORCYCLE: (2.1, 0.8, 1.4),
    ActorKind.ANIMAL: (1.5, 0.6, 1.2),
    ActorKind.DEBRIS: (1.2, 0.8, 0.5),
    ActorKind.BARRIER: (3.0, 0.5, 0.9),
    ActorKind.TRUCK: (12.0, 2.5, 3.5),
    ActorKind.BUS: (12.0, 2.5, 3.2),
    ActorKind.TRAIN: (25.0, 2.8, 3.5),
}


def colour_at(picture: UInt8Array, x: float, y: float, camera: Camera = CAMERA) -> tuple[int, ...]:
    """The pixel at a place of the world."""
    column, row = Projection(camera, *SIZE).pixels(np.array([[x, y]]))[0]
    return tuple(int(value) for value in picture[round(float(row)), round(float(column))])


def close(found: Sequence[int], wanted: Sequence[int], within: int = 30) -> bool:
    return all(abs(a - b) <= within for a, b in zip(found, wanted[:3], strict=True))


def has(picture: UInt8Array, colour: Sequence[int], within: int = 12) -> bool:
    """Whether a colour occurs anywhere."""
    return bool((np.abs(picture.astype(int) - np.array(colour[:3])) <= within).all(axis=2).any())


def test_pavement_ground_and_ego_are_where_they_belong() -> None:
    picture = draw(ROAD, make_state(Body(60.0, 0.0)), camera=CAMERA)
    assert picture.shape == (540, 960, 3) and picture.dtype == np.uint8
    assert colour_at(picture, 75.0, 0.7) == palette.ASPHALT
    assert colour_at(picture, 60.0, 16.0) == palette.GROUND
    assert close(colour_at(picture, 61.6, 0.0), palette.EGO)


@pytest.mark.parametrize("kind", list(ActorKind))
def test_every_kind_is_drawn_where_it_is(kind: ActorKind) -> None:
    other = Body(75.0, 4.0, 0.3, extent=SIZES.get(kind, (4.5, 1.8, 1.5)), kind=kind)
    state = make_state(Body(50.0, 0.0), other)
    with_it, without = (
        draw(ROAD, one, camera=CAMERA) for one in (state, replace(state, present=frozen(np.array([True, False]))))
    )
    changed = np.argwhere((with_it != without).any(axis=2))
    assert len(changed) > 40
    middle = changed.mean(axis=0)[::-1]
    wanted = Projection(CAMERA, *SIZE).pixels(np.array([[75.0, 4.0]]))[0]
    assert np.hypot(*(middle - wanted)) < 12.0
    reach = 0.5 * math.hypot(*other.extent[:2]) * Projection(CAMERA, *SIZE).scale + 20.0
    assert np.hypot(*(changed[:, ::-1] - wanted).T).max() < reach


def test_kinds_can_be_told_apart() -> None:
    pictures = [
        draw(
            ROAD, make_state(Body(50.0, 0.0), Body(75.0, 4.0, extent=(4.0, 2.0, 1.5), kind=kind)), camera=CAMERA
        ).tobytes()
        for kind in ActorKind
    ]
    assert len(set(pictures)) == len(ActorKind)


def test_lights_show_their_colour_on_the_stop_line_and_in_the_housing() -> None:
    lanes = [replace(lane) for lane in ROAD.lanes]
    lanes[0] = replace(lanes[0], stop_line=np.array([[70.0, -2.0], [70.0, 2.0]]), signal=0)
    signal = Signal("light", (72.0, -5.0), (SignalPhase(SignalColour.RED, 10.0),))
    road = RoadNetwork(lanes, [signal])
    for colour in (SignalColour.RED, SignalColour.YELLOW, SignalColour.GREEN):
        picture = draw(road, make_state(Body(50.0, 0.0), signals=(int(colour),)), camera=CAMERA)
        assert has(picture, palette.SIGNALS[colour])
        for other in (SignalColour.RED, SignalColour.YELLOW, SignalColour.GREEN):
            assert other is colour or not has(picture, palette.SIGNALS[other], 4)


def test_ice_is_bluish() -> None:
    ice = SurfacePatch(np.array([[65.0, -2.0], [80.0, -2.0], [80.0, 2.0], [65.0, 2.0]]), 0.1, "ice")
    picture = draw(RoadNetwork(ROAD.lanes, surfaces=[ice]), make_state(Body(50.0, 0.0)), camera=CAMERA)
    red, _, blue = colour_at(picture, 75.0, 0.7)
    assert blue > red + 20


def test_the_plan_lies_on_the_road_ahead_of_the_ego() -> None:
    state = make_state(Body(50.0, 0.0, speed=10.0))
    poses = np.column_stack([np.linspace(50.0, 75.0, 20), np.zeros(20), np.zeros(20)])
    plan = Trajectory(np.arange(20, dtype=np.int64) * 100_000, poses)
    plain, planned = draw(ROAD, state, camera=CAMERA), draw(ROAD, state, camera=CAMERA, plan=plan)
    assert close(colour_at(planned, 65.0, 0.0), palette.PLAN, 60)
    assert colour_at(planned, 65.0, 4.6) == colour_at(plain, 65.0, 4.6)
    with pytest.raises(ValueError, match="rig frame"):
        draw(ROAD, state, plan=replace(plan, frame="rig"))


def test_a_contact_of_the_ego_flashes() -> None:
    contact = replace(make_contact(1, normal=(-1.0, 0.0, 0.0)), point=np.array([62.0, 0.0, 0.5]))
    calm = make_state(Body(60.0, 0.0), Body(64.0, 0.0))
    hit = replace(calm, contacts=(contact,), struck=frozen(np.array([True, True])))
    before, after = draw(ROAD, calm, camera=CAMERA), draw(ROAD, hit, camera=CAMERA)
    assert not has(before, palette.FLASH[1]) and has(after, palette.FLASH[1])
    assert close(colour_at(after, 62.0, 0.0), palette.FLASH[2], 60)


def test_words_marks_names_goal_and_trail_show() -> None:
    state = make_state(Body(60.0, 0.0, speed=5.0), Body(70.0, 4.0))
    plain = draw(ROAD, state, camera=CAMERA)
    for more in (
        {"caption": ("A title",)},
        {"failing": ("fault: brake loss",)},
        {"sentence": "Wait because the light is red."},
        {"headline": "yield"},
        {"marks": (Mark(65.0, 0.0, "here"),)},
        {"names": ("", "other")},
        {"goal": (np.array([[80.0, -2.0], [85.0, -2.0], [85.0, 2.0], [80.0, 2.0]]),)},
        {"trail": np.column_stack([np.linspace(40.0, 60.0, 30), np.zeros(30)])},
    ):
        assert (draw(ROAD, state, camera=CAMERA, **more) != plain).any(), more  # type: ignore[arg-type]


def test_the_same_scene_gives_the_same_pixels_and_arrays_are_left_alone() -> None:
    state = make_state(Body(60.0, 0.0, speed=5.0), Body(70.0, 4.0))
    first = draw(ROAD, state)
    assert (first == draw(ROAD, state)).all()
    assert not state.position.flags.writeable


@pytest.mark.parametrize("size", [(320, 180), (641, 363), (1280, 720)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    assert draw(ROAD, make_state(Body(60.0, 0.0)), size=size, sentence="word " * 200).shape == (size[1], size[0], 3)


def test_odd_text_does_not_break_a_picture() -> None:
    state = make_state(Body(60.0, 0.0))
    for words in ("", " ", "x" * 500, "Ünïcödé … 中文", "tab\tand\nline", "nul\0byte"):
        draw(ROAD, state, sentence=words, caption=(words,), names=(words,))


def test_far_away_and_degenerate_things_are_no_trouble() -> None:
    far = make_state(Body(60.0, 0.0), Body(1e6, 1e6), Body(60.0, 0.0, extent=(0.01, 0.01, 0.01)))
    draw(ROAD, far, plan=np.zeros((5, 2)), trail=np.full((3, 2), 60.0), camera=Camera(0.0, 0.0, 5_000.0))


def test_lines_have_their_width() -> None:
    outline = ribbon(np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 0.0], [10.0, 10.0]]), 2.0)
    assert outline is not None
    x, y = outline[:, 0], outline[:, 1]
    area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    assert area == pytest.approx(2.0 * 20.0)
    assert ribbon(np.zeros((3, 2)), 1.0) is None


def test_long_sentences_are_broken_and_cut() -> None:
    lines = wrapped("slow down because the road is wet " * 20, 15, 300, 3)
    assert len(lines) == 3 and lines[-1].endswith("…")
    assert wrapped("short", 15, 300, 3) == ["short"] and wrapped("", 15, 300, 3) == []


def test_pictures_go_on_when_somebody_shuts_pygame_down() -> None:
    """Gymnasium's window does when it closes, and the next one starts pygame again: fonts of before are dead then."""
    state = make_state(Body(60.0, 0.0))
    expected = draw(ROAD, state, camera=CAMERA, headline="a line of words")
    for start_again in (pygame.font.init, lambda: None):
        pygame.quit()
        start_again()
        np.testing.assert_array_equal(draw(ROAD, state, camera=CAMERA, headline="a line of words"), expected)


def test_nothing_opens_a_window_or_plays_a_sound_or_prints() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests']\n"
        "from builders import Body, make_state, straight_road\n"
        "from alpasim.view.topdown import draw\n"
        "draw(straight_road(), make_state(Body(60.0, 0.0)))\n"
        "import pygame\n"
        "assert not pygame.display.get_init() and pygame.mixer.get_init() is None\n"
    )
    clean = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "SDL_VIDEODRIVER")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=clean, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
