"""A world's memory: what is loaded is what was saved, and what follows depends on the memory alone, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from proving_ground import Drive
from test_repeats import control, digest, pile_up

from alpasim.errors import RecordingError
from alpasim.memory import Memory


def flat(memory: Memory, path: str = "") -> dict[str, bytes]:
    """Every array of a memory as bytes, by its path."""
    found: dict[str, bytes] = {}
    for name, value in memory.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{name}.")
        else:
            found[path + name] = np.ascontiguousarray(value).tobytes()
    return found


def go_on(drive: Drive, steps: int = 20) -> list[bytes]:
    return [digest(drive.step(control(drive.state.step))) for _ in range(steps)]


@pytest.mark.parametrize("at", [0, 3, 7, 8, 9, 10, 14, 22, 35])
def test_what_follows_a_load_is_the_same_in_any_world(at: int) -> None:
    with Drive(pile_up()) as drive, Drive(pile_up(15.0, 0.3)) as dirty, Drive(pile_up()) as fresh:
        for k in range(at):
            drive.step(control(k))
        state, memory = drive.state, drive.world.save()
        for k in range(31):
            dirty.step(control(k))
        found = []
        for one in (drive, dirty, fresh, drive):
            one.scene = drive.scene
            one.world.load(drive.scene, state, memory)
            one.state = state
            assert flat(one.world.save()) == flat(memory)
            found.append(go_on(one))
    assert found[0] == found[1] == found[2] == found[3]


def test_a_loaded_world_goes_on_much_as_the_untouched_one() -> None:
    """Contacts are found anew, so that it is not to the bit; but nobody is thrown about by it."""
    with Drive(pile_up()) as drive, Drive(pile_up()) as other:
        for k in range(16):
            drive.step(control(k))
        assert drive.state.struck.any()
        other.world.load(drive.scene, drive.state, drive.world.save())
        other.state = drive.state
        for _ in range(5):
            step = drive.state.step
            assert np.abs(drive.step(control(step)).position - other.step(control(step)).position).max() < 0.05


def test_a_memory_of_another_scene_is_refused() -> None:
    with Drive(pile_up()) as drive:
        memory = drive.world.save()
        with pytest.raises(RecordingError, match="bodies"):
            drive.world.load(drive.scene, drive.state, {**memory, "bodies": memory["bodies"][:-1]})
        with pytest.raises(RecordingError, match="not finite"):
            drive.world.load(drive.scene, drive.state, {**memory, "bodies": memory["bodies"] * np.nan})
        with pytest.raises(RecordingError, match="'actors' is missing"):
            drive.world.load(drive.scene, drive.state, {"bodies": memory["bodies"], "ego": memory["ego"]})
