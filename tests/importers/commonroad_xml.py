"""Small CommonRoad files for tests: a straight road of two lanes, one car, one problem, and any of it exchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("ALPASIM_DATA") or Path(__file__).parents[3] / "shared" / "data") / "commonroad"
FILES = (
    "BEL_Putte-8_2_T-1",
    "DEU_Crit-1_1_T-1",
    "OSC_PedestrianCollision-1_1_T-1",
    "USA_Lanker-1_1_T-1",
    "USA_Lanker-1_3_T-1",
    "USA_Peach-4_8_T-1",
    "USA_US101-3_1_T-1",
    "USA_US101-4_1_T-1",
    "USA_US101-5_1_T-1",
    "ZAM_Over-1_1",
    "ZAM_Tutorial-1_2_T-1",
)


def real_file(name: str) -> Path:
    """A recorded file; skips the test where the data folder is not there."""
    path = DATA / f"{name}.xml"
    if not path.exists():
        pytest.skip(f"{path} is not there: fetch the CommonRoad files and name their folder's parent in ALPASIM_DATA")
    return path


def point(x: float, y: float) -> str:
    return f"<point><x>{x}</x><y>{y}</y></point>"


def value(tag: str, amount: object) -> str:
    return f"<{tag}><exact>{amount}</exact></{tag}>"


def span(tag: str, low: object, high: object) -> str:
    return f"<{tag}><intervalStart>{low}</intervalStart><intervalEnd>{high}</intervalEnd></{tag}>"


def bound(tag: str, points: list[tuple[float, float]], marking: str = "") -> str:
    mark = f"<lineMarking>{marking}</lineMarking>" if marking else ""
    return f"<{tag}>{''.join(point(x, y) for x, y in points)}{mark}</{tag}>"


def lanelet(
    key: object,
    *,
    y: float = 0.0,
    x: tuple[float, ...] = (0.0, 100.0, 200.0),
    rest: str = "",
    marks: tuple[str, str] = ("", ""),
    left: list[tuple[float, float]] | None = None,
    right: list[tuple[float, float]] | None = None,
) -> str:
    """A lanelet 3.5 m wide that runs along x, its centre at `y`."""
    left = left if left is not None else [(at, y + 1.75) for at in x]
    right = right if right is not None else [(at, y - 1.75) for at in x]
    body = bound("leftBound", left, marks[0]) + bound("rightBound", right, marks[1])
    return f'<lanelet id="{key}">{body}{rest}</lanelet>'


ROAD = lanelet(1, rest='<adjacentLeft ref="2" drivingDir="same"/>') + lanelet(
    2, y=3.5, rest='<adjacentRight ref="1" drivingDir="same"/>'
)


def state(
    step: object,
    x: float,
    y: float = 3.5,
    *,
    tag: str = "state",
    yaw: object = 0.0,
    speed: object = 10.0,
    rest: str = "",
    position: str = "",
) -> str:
    parts = f"<position>{position or point(x, y)}</position>"
    parts += value("orientation", yaw) if yaw is not None else ""
    parts += value("time", step)
    parts += value("velocity", speed) if speed is not None else ""
    return f"<{tag}>{parts}{rest}</{tag}>"


RECTANGLE = "<rectangle><length>4.5</length><width>1.9</width></rectangle>"


def dynamic(
    key: object = 42,
    *,
    kind: str = "car",
    shape: str = RECTANGLE,
    states: str | None = None,
    initial: str | None = None,
    rest: str = "",
) -> str:
    initial = initial if initial is not None else state(0, 50.0, tag="initialState")
    states = states if states is not None else "".join(state(k, 50.0 + k) for k in range(1, 11))
    trajectory = f"<trajectory>{states}</trajectory>" if states else ""
    body = f"<type>{kind}</type><shape>{shape}</shape>{initial}{trajectory}{rest}"
    return f'<dynamicObstacle id="{key}">{body}</dynamicObstacle>'


def static(key: object = 43, *, kind: str = "parkedVehicle", shape: str = RECTANGLE, initial: str | None = None) -> str:
    initial = initial if initial is not None else state(0, 150.0, tag="initialState", speed=None)
    return f'<staticObstacle id="{key}"><type>{kind}</type><shape>{shape}</shape>{initial}</staticObstacle>'


GOAL_BOX = "<rectangle><length>10</length><width>3</width><center><x>100</x><y>0</y></center></rectangle>"


def goal(position: str = GOAL_BOX, time: tuple[object, object] | None = (30, 40), rest: str = "") -> str:
    place = f"<position>{position}</position>" if position else ""
    return f"<goalState>{place}{span('time', *time) if time else ''}{rest}</goalState>"


def problem(key: object = 7, *, initial: str | None = None, goals: str | None = None) -> str:
    more = value("yawRate", 0.0) + value("slipAngle", 0.0)
    initial = initial if initial is not None else state(0, 10.0, 0.0, tag="initialState", rest=more)
    return f'<planningProblem id="{key}">{initial}{goals if goals is not None else goal()}</planningProblem>'


def document(
    *,
    road: str = ROAD,
    obstacles: str | None = None,
    problems: str | None = None,
    extra: str = "",
    version: str = "2020a",
    dt: object = 0.1,
    attributes: str = "",
    head: str = '<?xml version="1.0" encoding="UTF-8"?>\n',
    root: str = "commonRoad",
) -> str:
    obstacles = obstacles if obstacles is not None else dynamic()
    problems = problems if problems is not None else problem()
    names = f'commonRoadVersion="{version}" timeStepSize="{dt}" benchmarkID="ZAM_Test-1_1_T-1" {attributes}'
    return f"{head}<{root} {names}>\n{road}\n{obstacles}\n{extra}\n{problems}\n</{root}>\n"


def write(folder: Path, text: str, name: str = "test.xml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
