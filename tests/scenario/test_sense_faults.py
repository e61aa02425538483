"""Faults of the senses as a scenario file writes them: what they become, and what is said of wrong ones, with the place."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from scenario_files import PLAIN, faults_of

from alpasim.scenario.concrete import SenseFault
from alpasim.scenario.loading import load_scenario
from alpasim.scenario.senses import PRESET_CAMERAS
from alpasim.sensors.camera import CAMERAS

FIRST_LINE = PLAIN.count("\n") + 1


def written(tmp_path: Path, *faults: str, more: str = "") -> Path:
    file = tmp_path / "one.scn.yaml"
    file.write_text(PLAIN + "faults:\n" + "".join(f"  - {fault}\n" for fault in faults) + more, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sensor_blackout: {}", SenseFault("sensor_blackout", 0, None, sensor="all", lost=1.0)),
        (
            "sensor_blackout: {sensor: camera, from_s: 2, for_s: 1.5, strength: 0.4}",
            SenseFault("sensor_blackout", 2_000_000, 3_500_000, sensor="camera", lost=0.4),
        ),
        ("frozen_frame: {sensor: lidar}", SenseFault("frozen_frame", 0, None, sensor="lidar")),
        (
            'frozen_frame: {sensor: "camera:front", stale_stamp: false}',
            SenseFault("frozen_frame", 0, None, sensor="camera:front", stale_stamp=False),
        ),
        (
            "sensor_delay: {sensor: signals, from_s: 1, delay_s: 0.3}",
            SenseFault("sensor_delay", 1_000_000, None, sensor="signals", delay_us=300_000),
        ),
        (
            "speedometer: {scale: 1.1, bias_mps: -2, from_s: 1, for_s: 2}",
            SenseFault("speedometer", 1_000_000, 3_000_000, scale=1.1, bias_mps=-2.0),
        ),
        ("speedometer: {frozen: true}", SenseFault("speedometer", 0, None, frozen=True)),
    ],
)
def test_what_is_written_becomes_si(tmp_path: Path, text: str, expected: SenseFault) -> None:
    scenario = load_scenario(written(tmp_path, text)).concrete(0)
    assert scenario.sense_faults == (expected,)
    assert scenario.faults == ()


def test_a_drift_becomes_a_velocity(tmp_path: Path) -> None:
    text = "gps_drift: {rate_mps: 0.5, to_deg: 210, limit_m: 3, noise_sigma_m: 0.1}"
    (found,) = load_scenario(written(tmp_path, text)).concrete(0).sense_faults
    assert found.drift_mps == pytest.approx((-0.25 * math.sqrt(3.0), -0.25))
    assert (found.limit_m, found.noise_sigma_m, found.sensor) == (3.0, 0.1, "")


def test_faults_of_vehicle_and_senses_stand_side_by_side(tmp_path: Path) -> None:
    file = written(tmp_path, "brake_loss: {strength: 0.5}", "sensor_blackout: {}", "puncture: {wheel: rear_left}")
    scenario = load_scenario(file).concrete(0)
    assert [fault.kind for fault in scenario.faults] == ["brake_loss", "puncture"]
    assert [fault.kind for fault in scenario.sense_faults] == ["sensor_blackout"]


def test_figures_and_sensors_can_be_drawn(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "  gap_m: {uniform: [40, 80]}", "  gap_m: 60\n  dark_s: {uniform: [1, 2]}\n  what: {choice: [bev]}"
    )
    file = tmp_path / "one.scn.yaml"
    file.write_text(text + "faults: [{sensor_blackout: {sensor: $what, from_s: $dark_s}}]\n", encoding="utf-8")
    found = {load_scenario(file).concrete(seed).sense_faults[0] for seed in range(5)}
    assert len(found) == 5
    assert all(one.sensor == "bev" and 1_000_000 <= one.from_us <= 2_000_000 for one in found)


def test_a_camera_of_the_scenarios_own_can_fail(tmp_path: Path) -> None:
    own = "sensors: {camera: {own: {hood: {fov_deg: 60, x_m: 1, z_m: 1}}}}\n"
    file = written(tmp_path, 'sensor_blackout: {sensor: "camera:hood"}', more=own)
    assert load_scenario(file).concrete(0).sense_faults[0].sensor == "camera:hood"
    assert "unknown sensor 'camera:hood'" in str(
        faults_of(written(tmp_path, 'sensor_blackout: {sensor: "camera:hood"}'))[0]
    )


def test_the_file_knows_the_preset_cameras() -> None:
    assert tuple(CAMERAS) == PRESET_CAMERAS


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("sensor_blackuot: {}", "faults[0].sensor_blackuot", "did you mean 'sensor_blackout'"),
        ("sensor_blackout: {sensor: objets}", "faults[0].sensor_blackout.sensor", "did you mean 'objects'"),
        ('frozen_frame: {sensor: "camera:frnt"}', "faults[0].frozen_frame.sensor", "did you mean 'camera:front'"),
        ("sensor_delay: {sensor: ''}", "faults[0].sensor_delay.sensor", "at least 1 characters"),
        ("sensor_delay: {sensor: lidar}", "faults[0].sensor_delay", "missing key 'delay_s'"),
        (
            "sensor_delay: {delay_s: 0.25}",
            "faults[0].sensor_delay.delay_s",
            "whole multiple of the control step of 0.1 s",
        ),
        ("sensor_delay: {delay_s: 0}", "faults[0].sensor_delay.delay_s", "more than 0"),
        ("sensor_delay: {delay_s: 11}", "faults[0].sensor_delay.delay_s", "at most 10"),
        ("sensor_delay: {delay_ms: 300}", "faults[0].sensor_delay.delay_ms", "expected delay_s"),
        ("sensor_blackout: {strength: 0}", "faults[0].sensor_blackout.strength", "more than 0"),
        ("sensor_blackout: {strength: 1.01}", "faults[0].sensor_blackout.strength", "at most 1"),
        ("frozen_frame: {stale_stamp: 1}", "faults[0].frozen_frame.stale_stamp", "expected true or false"),
        ("gps_drift: {}", "faults[0].gps_drift", "neither rate_mps nor noise_sigma_m"),
        ("gps_drift: {rate_mps: -1}", "faults[0].gps_drift.rate_mps", "at least 0"),
        ("gps_drift: {rate_mps: 1, limit_m: 0}", "faults[0].gps_drift.limit_m", "more than 0"),
        ("gps_drift: {rate_mps: 1, sensor: all}", "faults[0].gps_drift.sensor", "unknown key"),
        ("speedometer: {}", "faults[0].speedometer", "a speedometer that is right"),
        ("speedometer: {frozen: true, scale: 0.5}", "faults[0].speedometer", "expected one of the two"),
        ("speedometer: {scale: -1}", "faults[0].speedometer.scale", "at least 0"),
        ("speedometer: {bias_mps: 1e9}", "faults[0].speedometer.bias_mps", "at most 100"),
        ("speedometer: {bias_kph: 3}", "faults[0].speedometer.bias_kph", "expected bias_mps"),
        ("gps_drift: {rate_mps: .nan}", "", "nan"),
        ("gps_drift: {rate_mps: 1e300}", "faults[0].gps_drift.rate_mps", "at most 1000"),
        ("gps_drift: {rate_kph: 3}", "faults[0].gps_drift.rate_kph", "expected rate_mps"),
        ("sensor_blackout: {from_s: 45}", "faults[0].sensor_blackout.from_s", "the scenario ends at 45 s"),
        ("brake_loss: {from_s: 46}", "faults[0].brake_loss.from_s", "the scenario ends at 45 s"),
        ("sensor_blackout: {from_s: -1}", "faults[0].sensor_blackout.from_s", "at least 0"),
        ("sensor_blackout: {for_s: 0}", "faults[0].sensor_blackout.for_s", "more than 0"),
        ("{sensor_blackout: {}, gps_drift: {rate_mps: 1}}", "faults[0]", "expected exactly one of"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, where: str, told: str) -> None:
    found = faults_of(written(tmp_path, text))
    assert any(told in fault.message and fault.path.startswith(where) for fault in found), found
    assert all(re.fullmatch(r".*one\.scn\.yaml", fault.file) and fault.line == FIRST_LINE + 1 for fault in found), found


def test_faults_of_several_entries_are_all_told(tmp_path: Path) -> None:
    file = written(tmp_path, "sensor_blackout: {sensor: lidr, from_s: 99}", "sensor_delay: {delay_s: 0.05}")
    assert sorted((fault.line - FIRST_LINE, fault.path.rpartition(".")[2]) for fault in faults_of(file)) == [
        (1, "from_s"),
        (1, "sensor"),
        (2, "delay_s"),
    ]
