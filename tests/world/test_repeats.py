"""A world repeats itself to the bit: after a reset, in another process, beside another world; and leaves nothing
behind."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from proving_ground import Drive, car, scenario

from alpasim.scenario.concrete import Scenario
from alpasim.types import Control, WorldState


def pile_up(speed: float = 22.0, friction: float = 0.8) -> Scenario:
    """A drive with everything in it: near misses, hits of all kinds, chains, swerving."""
    actors = [car(f"parked{i}", 25.0 + 6.0 * i, 0.5 * i - 1.0, 0.2 * i) for i in range(4)]
    actors += [car("crossing", 60.0, -30.0, 1.4, 11.0), car("oncoming", 120.0, 1.9, 3.1, 14.0)]
    actors += [car("walker", 35.0, -4.0, 1.5, 1.5, extent=(0.5, 0.5, 1.75), mass_kg=75.0)]
    actors += [car(f"queue{i}", 200.0 + 9.0 * i, 0.0, 0.0, 10.0 - 3.0 * i) for i in range(3)]
    return scenario(speed=speed, friction=friction, actors=actors)


def control(step: int) -> Control:
    return Control(0.12 * float(np.sin(0.35 * step)), 0.4 if step < 12 else -0.5)


def digest(state: WorldState) -> bytes:
    hashed = hashlib.sha256()
    for array in (state.position, state.rotation, state.velocity, state.angular_velocity, state.struck, state.present):
        hashed.update(np.ascontiguousarray(array).tobytes())
    hashed.update(state.ego.wheel_load.tobytes() + state.ego.velocity_in_rig.tobytes())
    for contact in state.contacts:
        hashed.update(repr((contact.first, contact.second, contact.impulse_ns, contact.substep)).encode())
    return hashed.digest()


def driven(drive: Drive, steps: int = 60) -> list[bytes]:
    return [digest(drive.state), *(digest(drive.step(control(k))) for k in range(steps))]


def whole_drive() -> str:
    with Drive(pile_up()) as drive:
        return hashlib.sha256(b"".join(driven(drive))).hexdigest()


def test_the_pile_up_is_one() -> None:
    with Drive(pile_up()) as drive:
        driven(drive)
        assert drive.state.struck.sum() >= 4


def test_a_reset_world_repeats_a_fresh_one_to_the_bit() -> None:
    with Drive(pile_up()) as drive:
        fresh = driven(drive)
        for steps in (60, 13, 40):
            drive.reset(pile_up())
            driven(drive, steps)
        drive.reset(pile_up())
        assert driven(drive) == fresh


def test_what_was_driven_before_leaves_no_trace() -> None:
    with Drive(pile_up(15.0, 0.3)) as drive:
        driven(drive, 47)
        drive.reset(pile_up())
        reused = driven(drive)
    with Drive(scenario(actors=[car("other", 9.0)], speed=20.0)) as drive:
        driven(drive, 20)
        drive.reset(pile_up())
        rebuilt = driven(drive)
    with Drive(pile_up()) as drive:
        assert driven(drive) == reused == rebuilt


def test_another_process_repeats_it_to_the_bit() -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "benchmarks")]
    code = f"import sys; sys.path[:0] = {paths!r}; import test_repeats; print(test_repeats.whole_drive())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == whole_drive()


def test_two_worlds_in_one_process_do_not_touch() -> None:
    with Drive(pile_up()) as alone:
        expected = driven(alone)
    with Drive(pile_up()) as first, Drive(pile_up(17.0, 0.5)) as second:
        found = [digest(first.state)]
        for k in range(60):
            found.append(digest(first.step(control(k))))
            second.step(control(2 * k))
        assert found == expected


def test_closing_twice_is_fine_and_other_worlds_go_on() -> None:
    first, second = Drive(pile_up()), Drive(pile_up())
    first.close()
    first.close()
    assert driven(second, 3)
    second.close()


def resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def test_resets_and_rebuilds_do_not_grow_memory() -> None:
    small = scenario(speed=10.0, actors=[car("one", 12.0)])
    with Drive(pile_up()) as drive:
        for k in range(50):
            drive.reset(pile_up() if k % 2 else small)
            drive.run(0.2)
        gc.collect()
        before = resident_kb()
        for k in range(500):
            drive.reset(pile_up() if k % 5 == 0 else small)
            drive.run(0.2)
        gc.collect()
        assert resident_kb() - before < 4_000
