"""Branches of one moment differ by what differs between them, and by nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from branching_scenes import decision, street, with_recording

from alpasim.branching import BranchPoint, BranchResult, branch_point
from alpasim.errors import InputError, PluginError, RecordingError
from alpasim.policy.loading import load_policy
from alpasim.recording.reader import Log, read_log
from alpasim.rollout import run_rollout
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision, EndReason

CONTACT = 14
"""A step by which lorry and car have met and both slide."""
DECISIONS = tuple(decision(step) for step in range(60))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The street as the reference driver drives it."""
    out = tmp_path_factory.mktemp("rollout")
    run_rollout(street(), load_policy("idm"), policy_reference="idm", out_dir=out)
    return read_log(Path(out))


@pytest.fixture
def point() -> Iterator[BranchPoint]:
    with branch_point(street(), CONTACT, decisions=DECISIONS) as made:
        yield made


def test_the_way_to_the_point_is_the_log_to_the_bit(log: Log) -> None:
    with branch_point(log, 20) as point:
        assert point.step == 20
        assert np.array_equal(point.branch().state.position, log.states[20].position)
        assert point.decisions == log.decisions[20:]


def test_a_log_that_does_not_repeat_is_refused(log: Log) -> None:
    steered = replace(log.decisions[10], control=Control(1.0, 1.0), trajectory=None)
    forged = replace(log, decisions=(*log.decisions[:10], steered, *log.decisions[11:]))
    with pytest.raises(RecordingError, match="differs from the log at step 11"):
        branch_point(forged, 20)


def test_a_step_that_the_drive_has_not_is_refused(log: Log) -> None:
    for step in (-1, len(log.decisions) + 1):
        with pytest.raises(InputError, match=f"the drive has steps 0 to {len(log.decisions)}"):
            branch_point(log, step)


def test_the_factual_branch_repeated_differs_by_nothing(log: Log) -> None:
    for step in (0, 11, CONTACT, 40):
        with branch_point(log, step) as point:
            first = point.branch().run(seconds=3.0)
            other = point.branch().run([Decision(control=Control(-0.3, 0.8))] * 30)
            again = point.branch().run(seconds=3.0)
        assert first.state_hash == again.state_hash != other.state_hash
        assert repr(first.metrics) == repr(again.metrics)
        for here, there in zip(first.states, again.states, strict=True):
            assert np.abs(here.position - there.position).max() == 0.0
        assert first.decisions == tuple(log.decisions[step : step + len(first.decisions)])


def test_another_point_of_the_same_moment_has_the_same_branches(log: Log) -> None:
    hashes = []
    for _ in range(2):
        with branch_point(log, CONTACT) as point:
            hashes.append(point.branch().run(seconds=2.0).state_hash)
    assert hashes[0] == hashes[1]


def test_a_driver_goes_on_with_its_memory(log: Log) -> None:
    idm = load_policy("idm")
    with branch_point(log, 25, policy=idm) as point:
        one, other = point.branch().run(idm, seconds=2.0), point.branch().run(idm, seconds=2.0)
        anew = point.branch().run(load_policy("always_brake"), seconds=2.0)
    assert one.state_hash == other.state_hash != anew.state_hash
    assert anew.states[-1].ego.speed_mps < one.states[-1].ego.speed_mps


def test_removing_who_is_in_the_way_changes_the_outcome(point: BranchPoint) -> None:
    """Wreck and lorry lie ahead; without them the same decisions hit nothing. Both are still sliding when the branch begins."""
    assert point.branch().state.struck[[1, 2]].all()
    without: list[BranchResult] = []
    for names in ((), ("stander", "lorry")):
        branch = point.branch()
        branch.remove("changer")
        for name in names:
            branch.remove(name)
        without.append(branch.run([Decision(control=Control(0.0, 0.5))] * 60))
    factual, free = without
    assert factual.end_reason is EndReason.COLLISION
    assert free.end_reason is None
    assert free.metrics["collision_any"].value == 0.0
    assert not any(state.present[[1, 2]].any() for state in free.states)


def test_wrecks_slide_on_in_every_branch_alike(point: BranchPoint) -> None:
    factual = point.branch().run(seconds=1.5)
    slid = factual.states[-1].position[1, :2] - factual.states[0].position[1, :2]
    assert np.hypot(*slid) > 2.0
    changed = point.branch()
    changed.remove("cone")
    elsewhere = changed.run(seconds=1.5)
    for here, there in zip(factual.states, elsewhere.states, strict=True):
        assert np.abs(here.position[1:4] - there.position[1:4]).max() < 1e-9


def test_an_actor_is_moved_and_begins_anew_there(point: BranchPoint) -> None:
    branch = point.branch()
    x, y = branch.state.position[3, :2].tolist()
    branch.move("changer", (x + 60.0, y, 0.0), 5.0)
    assert branch.state.position[3, 0] == x + 60.0
    states = branch.run(seconds=1.0).states
    moved = states[-1].position[3, 0] - (x + 60.0)
    assert 4.5 < moved < 7.0
    assert abs(states[1].position[3, 0] - (x + 60.5)) < 0.1


def test_a_wreck_is_moved_and_slides_on_from_there(point: BranchPoint) -> None:
    branch = point.branch()
    branch.move("stander", (300.0, 0.0, 0.5), 0.0)
    end = branch.run(seconds=1.5).states[-1]
    assert np.hypot(end.position[1, 0] - 300.0, end.position[1, 1]) < 0.05
    assert abs(end.position[1, 2] - 0.5 * end.extent[1, 2]) < 0.03
    assert end.yaw[1] == pytest.approx(0.5, abs=0.02)


def test_an_actor_is_driven_otherwise() -> None:
    with branch_point(street(), 0, decisions=DECISIONS) as point:
        still = point.branch()
        still.drive("lorry", "parked")
        stood = still.run(seconds=2.0)
        other = point.branch()
        other.drive("lorry", "path", {"waypoints": [{"x_m": 90.0, "y_m": -20.0}], "speed_mps": 4.0})
        went = other.run(seconds=2.0)
        follows = point.branch()
        follows.drive("lorry", "follow", {"speed_kph": 54, "turns": ["left"]})
        kept = follows.run(seconds=2.0)
        struck = point.branch().run(seconds=2.0)
    assert struck.states[-1].struck[2]
    for result in (stood, went, kept):
        assert not result.states[-1].struck.any()
    assert np.abs(np.diff([state.position[2] for state in stood.states], axis=0)).max() == 0.0
    way = np.diff([state.position[2, :2] for state in went.states], axis=0)
    assert np.hypot(*way.T) == pytest.approx(0.4, rel=2e-3)


def test_the_script_no_longer_reaches_who_left_it() -> None:
    with branch_point(street(), 5, decisions=DECISIONS) as point:
        branch = point.branch()
        branch.drive("changer", "parked")
        states = branch.run(seconds=2.0).states
    assert any("moves_over" in state.events for state in states)
    assert np.array_equal(states[-1].position[3], states[0].position[3])


def test_a_recorded_actor_is_driven_otherwise_but_not_moved() -> None:
    with branch_point(with_recording(street()), 10, decisions=DECISIONS) as point:
        branch = point.branch()
        with pytest.raises(InputError, match="'recorded' is driven by 'replay', which says itself where it is"):
            branch.move("recorded", (200.0, 1.75, 0.0))
        branch.drive("recorded", "follow", {"speed_kph": 20})
        branch.move("recorded", (200.0, float(branch.state.position[5, 1]), 0.0), 3.0)
        states = branch.run(seconds=1.0).states
    assert 202.0 < states[-1].position[5, 0] < 206.0


def test_a_snapshot_of_a_changed_branch_keeps_the_change() -> None:
    scenario = street()
    with branch_point(scenario, 5, decisions=DECISIONS) as point:
        branch = point.branch()
        branch.remove("walker")
        branch.drive("lorry", "path", {"waypoints": [{"x_m": 90.0, "y_m": -20.0}], "speed_mps": 4.0})
        simulation = branch._simulation
        for step in range(5, 12):
            branch.step(DECISIONS[step])
        snapshot = simulation.snapshot()
        here = [simulation.step(DECISIONS[step]).after for step in range(12, 30)]
    fresh = Simulation(scenario)
    fresh.restore(snapshot)
    assert fresh.snapshot() == snapshot
    there = [fresh.step(DECISIONS[step]).after for step in range(12, 30)]
    fresh.close()
    assert not here[-1].present[4]
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one.position, other.position) and np.array_equal(one.present, other.present)


def test_what_cannot_be_changed_is_said(point: BranchPoint) -> None:
    branch = point.branch()
    with pytest.raises(InputError, match=r"no actor 'lory' \(did you mean 'lorry'\?\); there are: stander, lorry"):
        branch.remove("lory")
    with pytest.raises(InputError, match="the ego cannot be changed"):
        branch.move("ego", (0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="'lorry' has been struck"):
        branch.drive("lorry", "parked")
    with pytest.raises(PluginError, match="did you mean 'follow'"):
        branch.drive("changer", "folow")
    with pytest.raises(InputError, match=r"changer: follow\.speed_kph: found -3"):
        branch.drive("changer", "follow", {"speed_kph": -3.0})
    with pytest.raises(InputError, match=r"changer: follow: unknown key 'sped'.*speed_kph"):
        branch.drive("changer", "follow", {"sped": 3.0})
    with pytest.raises(InputError, match=r"changer: path: missing key 'waypoints'"):
        branch.drive("changer", "path", {})
    with pytest.raises(InputError, match=r"expected x, y \[m\] and yaw"):
        branch.move("changer", (0.0, 0.0))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected finite metres"):
        branch.move("changer", (float("nan"), 0.0, 0.0))
    with pytest.raises(InputError, match="no lane at"):
        branch.move("changer", (0.0, 500.0, 0.0))
    branch.remove("cone")
    with pytest.raises(InputError, match="'cone' is not there"):
        branch.remove("cone")
    branch.step(DECISIONS[0])
    with pytest.raises(InputError, match="before a branch's first step"):
        branch.remove("changer")
    with pytest.raises(InputError, match="expected a time of 0 s or more"):
        branch.run(seconds=-1.0)
    point.branch()
    with pytest.raises(InputError, match="this branch is over"):
        branch.run()


def test_a_refused_change_leaves_the_branch_as_it_was(point: BranchPoint) -> None:
    factual = point.branch().run(seconds=2.0)
    branch = point.branch()
    for change in (lambda: branch.drive("changer", "folow"), lambda: branch.move("changer", (0.0, 500.0, 0.0))):
        with pytest.raises(InputError):
            change()
    assert branch.run(seconds=2.0).state_hash == factual.state_hash


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "branching.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "branching.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "factual: collision, collision 1" in printed
    assert "without the child: None, collision 0" in printed
