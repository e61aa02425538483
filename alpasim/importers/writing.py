"""Writes an import down: a short scenario file that a person can edit, and beside it the map and the tracks.

`<stem>.scn.yaml` names the other two with their sha256, so that a change to either is noticed. All three are written
beside their final names first and moved there together at the end; files that exist are kept unless `force` is set.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from alpasim.errors import InfrastructureError, InputError
from alpasim.importers.imported import ImportedActor, ImportedScenario
from alpasim.road.mapfile import dump_map
from alpasim.scenario.concrete import Goal
from alpasim.scenario.tracks import dump_tracks

SCHEMA = "alpasim/scenario@1"
WIDTH = 120


def write_import(imported: ImportedScenario, out_dir: Path | str, *, force: bool = False) -> Path:
    """Write the three files into `out_dir`, which is made where it is missing, and return the scenario file's path.

    Raises InputError where one of them exists and `force` is not set, InfrastructureError where the disk refuses.
    """
    folder = Path(out_dir)
    stem = file_stem(imported.name)
    contents = {f"{stem}.map.json": dump_map(imported.road).encode("utf-8")}
    if imported.tracks:
        contents[f"{stem}.tracks.npz"] = dump_tracks(imported.tracks)
    contents[f"{stem}.scn.yaml"] = scenario_text(imported, contents).encode("utf-8")
    _check_free(folder, list(contents), force)
    _write_all(folder, contents)
    return folder / f"{stem}.scn.yaml"


def file_stem(name: str) -> str:
    """The stem of the written files: the import's name in letters that every file system takes."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".") or "imported"


def scenario_text(imported: ImportedScenario, files: Mapping[str, bytes]) -> str:
    """The scenario file's text; `files` are the map's and the tracks' bytes by name."""
    by_suffix = {name.rsplit(".", 2)[-2]: (name, hashlib.sha256(data).hexdigest()) for name, data in files.items()}
    lines = [f"# Imported from {_one_line(imported.source)} (sha256 {imported.source_sha256})"]
    lines += [f"schema: {SCHEMA}", f"title: {_text(imported.title[:200])}", f"tags: {_flow(dict(imported.tags))}"]
    name, digest = by_suffix["map"]
    lines.append(f"road: {{map: {{file: {_text(name)}, sha256: {digest}}}}}")
    if "tracks" in by_suffix:
        name, digest = by_suffix["tracks"]
        lines.append(f"tracks: {{file: {_text(name)}, sha256: {digest}}}")
    lines += _ego(imported)
    if imported.actors:
        lines.append("actors:")
        lines += [f"  {actor.name}: {_actor(actor)}" for actor in imported.actors]
    lines.append(f"end: {{time_limit_s: {_number(imported.time_limit_s)}}}")
    # Recorded traffic yields to nobody: being run into by it is not the driver's failure.
    lines.append("expect: [no_collision_at_fault, reaches_goal]")
    if imported.notes:
        lines.append("notes:")
        lines += [f"  - {_text(note)}" for note in imported.notes]
    return "\n".join(lines) + "\n"


def _ego(imported: ImportedScenario) -> list[str]:
    lines = ["ego:", f"  vehicle: {_text(imported.vehicle)}", f"  pose: {_flow(_pose(imported.ego_pose))}"]
    lines.append(f"  speed_mps: {_number(imported.ego_speed_mps)}")
    if imported.reference is not None:
        lines.append(f"  reference: {{track: {_text(imported.reference)}}}")
    return [*lines, "  goal:", *_goal(imported.goal, imported.time_limit_s)]


def _goal(goal: Goal, time_limit_s: float) -> list[str]:
    lines = []
    if goal.regions:
        lines.append("    regions:")
        for region in goal.regions:
            lines += _wrapped([f"[{_number(x)}, {_number(y)}]" for x, y in region.tolist()])
    for key, bounds in (("speed_mps", goal.speed_mps), ("heading_rad", goal.heading_rad)):
        if bounds is not None:
            lines.append(f"    {key}: [{_number(bounds[0])}, {_number(bounds[1])}]")
    if goal.after_s > 0.0:
        lines.append(f"    after_s: {_number(goal.after_s)}")
    if math.isfinite(goal.before_s):
        lines.append(f"    before_s: {_number(goal.before_s)}")
    elif not goal.regions and goal.after_s <= 0.0:
        lines.append(f"    before_s: {_number(time_limit_s)}")
    return lines


def _wrapped(points: list[str]) -> list[str]:
    """A list of points as lines of an item, broken between points."""
    lines = ["      - ["]
    for row, point in enumerate(points):
        text = point + ("]" if row == len(points) - 1 else ", ")
        if len(lines[-1]) + len(text) > WIDTH and row:
            lines[-1] = lines[-1].rstrip()
            lines.append("         ")
        lines[-1] += text
    return lines


def _actor(actor: ImportedActor) -> str:
    words: dict[str, object] = {"kind": actor.kind.name.lower(), "size_m": [_rounded(size) for size in actor.extent]}
    if actor.track is not None:
        return _flow({**words, "drive": {"replay": {"id": actor.track}}})
    if actor.pose is None:
        raise InputError(f"actor {actor.name}: has neither a track nor a pose")
    return _flow({**words, "place": {**_pose(actor.pose), "off_road": True}, "drive": "parked"})


def _pose(pose: tuple[float, float, float]) -> dict[str, object]:
    yaw = math.remainder(pose[2], 2.0 * math.pi)
    return {"x_m": pose[0], "y_m": pose[1], "yaw_deg": math.degrees(yaw)}


def _rounded(size: float) -> float:
    """A measure to the micrometre, which is below what any recording knows and keeps the line short."""
    return round(size, 6)


def _flow(value: object) -> str:
    """A value in YAML's flow style, mappings in their own order."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    raise TypeError(f"no YAML for {type(value).__name__}")


def _number(value: float) -> str:
    """Digits that read back to the same number; the exponent has a sign and the mantissa a point, as YAML 1.1 wants it."""
    text = repr(float(value)) if isinstance(value, float) else str(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return text


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _text(value: str) -> str:
    """A string as YAML: plain where it is a harmless word, else in double quotes as JSON writes it."""
    if _PLAIN.match(value) and value.lower() not in _RESERVED:
        return value
    return "".join(_escaped(letter) for letter in json.dumps(value, ensure_ascii=False))


def _escaped(letter: str) -> str:
    """A letter that YAML takes as it is, or its escape."""
    if letter.isprintable() and letter != "\ufeff":
        return letter
    return f"\\U{ord(letter):08x}" if ord(letter) > 0xFFFF else f"\\u{ord(letter):04x}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _check_free(folder: Path, names: list[str], force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: expected a folder to write into, found a file")
    taken = [name for name in names if (folder / name).exists()]
    if taken and not force:
        raise InputError(
            f"{folder}: {', '.join(taken)} exist already; choose another folder, or --force to replace them"
        )
    for name in taken:
        if (folder / name).is_dir():
            raise InputError(f"{folder / name}: is a folder, expected a file to replace")


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write every file beside its name first, then move them all, the scenario file, which names the others, last."""
    pending: list[tuple[Path, Path]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            part = folder / f".{name}.{os.getpid()}.part"
            pending.append((part, folder / name))
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        while pending:
            pending[0][0].replace(pending[0][1])
            pending.pop(0)
    except OSError as cause:
        raise InfrastructureError(f"{folder}: cannot be written: {cause.strerror or cause}") from cause
    finally:
        for part, _ in pending:
            part.unlink(missing_ok=True)
