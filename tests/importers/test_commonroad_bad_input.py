"""Bad files get one clear message with the place, and never anything but this package's own errors."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest
from commonroad_xml import (
    FILES,
    ROAD,
    document,
    dynamic,
    goal,
    lanelet,
    point,
    problem,
    real_file,
    state,
    static,
    write,
)

from alpasim.errors import AlpasimError, InputError, UnsupportedError
from alpasim.importers import xml_tree
from alpasim.importers.commonroad import read_commonroad

DTD = '<?xml version="1.0"?>\n<!DOCTYPE commonRoad [<!ENTITY a "{}">{}]>\n'


def refused(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "bad.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(InputError) as error:
        read_commonroad(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_a_document_type_declaration_is_refused_before_anything_expands(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY {chr(98 + k)} "{("&" + chr(97 + k) + ";") * 10}">' for k in range(20))
    message = refused(tmp_path, document(head=DTD.format("ha" * 10, laughs), extra="&u;"))
    assert "bad.xml:2: a document type declaration (<!DOCTYPE commonRoad>) is refused" in message


def test_files_that_are_not_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found a directory"):
        read_commonroad(tmp_path)
    write(tmp_path, document(), "USA_Here-1_1.xml")
    with pytest.raises(InputError, match=r"no such file \(did you mean 'USA_Here-1_1.xml'\?\)"):
        read_commonroad(tmp_path / "USA_Hear-1_1.xml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "the file is empty"),
        (b"  \n ", "the file is empty"),
        (bytes(range(256)) * 8, "looks like a binary file"),
        ("{}", "not well-formed XML"),
        (document().split("<planningProblem")[0], "not well-formed XML: no element found"),
        (document()[:-200], "not well-formed XML: unclosed token"),
        ("<?xml version='1.0' encoding='klingon'?><a/>", "encoding"),
        ("<?xml version='1.0' encoding='shift_jis'?><a/>", "encoding"),
        ("<OpenSCENARIO/>", "expected the root element <commonRoad>, found <OpenSCENARIO>"),
        (document(root="commonroad"), "did you mean 'commonRoad'?"),
        (document(version="2017a"), "commonRoadVersion '2017a' is not read; expected 2018b or 2020a"),
        (document(version="2020b"), "did you mean '2020a'?"),
        (document(dt="-0.1"), "expected seconds in (0, 60], found '-0.1'"),
        (document(dt="0"), "expected seconds in (0, 60]"),
        (document(dt="nan"), "expected seconds in (0, 60]"),
        (document(dt="fast"), "expected a number of seconds, found 'fast'"),
        (document(road=""), "no <lanelet>"),
        (document(problems=""), "no <planningProblem>"),
        (document(problems=problem(goals="")), "expected a <goalState>, found none"),
        (document(problems=problem(goals=goal(time=(0, 0)))), "goal's time ends at step 0"),
        (document(road=lanelet(1) + lanelet(1, y=3.5)), "lanelet id '1' is there twice"),
        (document(road=lanelet(1, x=(0.0,))), "needs at least 2 different points"),
        (document(road=lanelet(1, left=[(1, 1), (1, 1)])), "needs at least 2 different points"),
        (document(road=lanelet(1, left=[(0, 1), (9, 1)], right=[(9, -1), (0, -1)])), "centre line has no length"),
        (document(road=lanelet("")), "attribute 'id' is missing or empty"),
        (document(obstacles=dynamic(initial="")), "expected a <initialState>, found none"),
        (document(obstacles=dynamic(1) + dynamic(1)), "obstacle id '1' is there twice"),
        (document(obstacles=dynamic(initial=state(0, float("nan"), tag="initialState"))), "expected a finite number, found 'nan'"),
        (document(obstacles=dynamic(initial=state(0, 1e300, tag="initialState"))), "lies beyond"),
        (document(obstacles=dynamic(states=state(2, 51) + state(1, 52))), "time steps must rise"),
        (document(obstacles=dynamic(states=state(1.5, 51))), "expected a whole number, found '1.5'"),
        (document(obstacles=dynamic(states=state(1, 51, speed="1,5"))), "expected a number, found '1,5'"),
        (document(obstacles=dynamic(shape="<rectangle><length>0</length><width>1</width></rectangle>")), "above 0 m"),
        (document(obstacles=dynamic(shape="<cuboid/>")), "expected a rectangle, circle or polygon, found <cuboid>"),
        (document(obstacles=dynamic(shape=f"<polygon>{point(0, 0)}{point(1, 1)}</polygon>")), "at least 3 points"),
        (document(obstacles=static().replace("staticObstacle", "obstacle")), "expected a <role>, found none"),
        (document(road=ROAD.replace("same", "sideways")), "drivingDir: expected same or opposite"),
        (document(extra='<trafficLight id="1"><cycle><cycleElement><color>blue</color><duration>3</duration></cycleElement></cycle></trafficLight>'), "expected one of red, yellow"),
        ("<a>" * 100 + "</a>" * 100, "nested more than 64 deep"),
    ],
)  # fmt: skip
def test_bad_content_is_named(tmp_path: Path, text: str | bytes, says: str) -> None:
    assert says in refused(tmp_path, text)


def test_messages_carry_the_line(tmp_path: Path) -> None:
    text = document(obstacles="\n\n" + dynamic(initial=state(0, 1.0, yaw="left", tag="initialState")))
    assert "bad.xml:6: <exact>: expected a number, found 'left'" in refused(tmp_path, text)


@pytest.mark.parametrize(
    "rest", ['<successor ref="99"/>', '<adjacentLeft ref="99" drivingDir="same"/>', '<trafficSignRef ref="99"/>',
             '<stopLine><lineMarking>solid</lineMarking><trafficLightRef ref="99"/></stopLine>']
)  # fmt: skip
def test_references_to_nothing_are_listed_and_can_be_dropped(tmp_path: Path, rest: str) -> None:
    path = write(tmp_path, document(road=lanelet(1, rest=rest)))
    with pytest.raises(UnsupportedError, match=r"99, a .* that is not in the file, at line 3"):
        read_commonroad(path)
    kept = read_commonroad(path, drop_unsupported=True)
    assert any("99, a" in note for note in kept.notes)
    assert kept.road.lanes[0].successors == () and kept.road.lanes[0].left_neighbour is None


def test_too_many_elements_and_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, document())
    with monkeypatch.context() as patch:
        patch.setattr(xml_tree, "MAX_ELEMENTS", 20)
        with pytest.raises(InputError, match="more than 20 elements"):
            read_commonroad(path)
    monkeypatch.setattr(xml_tree, "MAX_BYTES", 20)
    with pytest.raises(InputError, match="more than the 20"):
        read_commonroad(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = document(head=f'<?xml version="1.0" encoding="{name}"?>\n', attributes='author="Müller"')
    path = tmp_path / "encoded.xml"
    path.write_bytes(text.encode(encoding))
    assert any("author: Müller" in note for note in read_commonroad(path).notes)


def damaged(root: ElementTree.Element, dice: random.Random) -> bytes:
    """The tree with a few elements gone, doubled, emptied or given other words."""
    parents = [parent for parent in root.iter() if len(parent)]
    for _ in range(dice.randint(1, 4)):
        parent = dice.choice(parents)
        if not len(parent):
            continue
        child = dice.choice(list(parent))
        action = dice.randrange(5)
        if action == 0:
            parent.remove(child)
        elif action == 1:
            parent.append(child)
        elif action == 2:
            child.text = dice.choice(["", "x", "-1", "1e400", "99999999999999999999", "0", "0x10", "\u0661"])
        elif action == 3:
            child.attrib.clear()
        else:
            child.tag = dice.choice(["point", "state", "exact", "lanelet", "rectangle"])
    return ElementTree.tostring(root)


@pytest.mark.parametrize("name", ["ZAM_Tutorial-1_2_T-1", "OSC_PedestrianCollision-1_1_T-1", "USA_Peach-4_8_T-1"])
@pytest.mark.parametrize("drop", [False, True])
def test_a_damaged_file_loads_or_is_refused(tmp_path: Path, name: str, drop: bool) -> None:
    assert name in FILES
    source = real_file(name).read_bytes()
    dice = random.Random(f"{name} {drop}")
    path = tmp_path / "damaged.xml"
    outcomes = {"loaded": 0, "refused": 0}
    for _ in range(12):
        path.write_bytes(damaged(ElementTree.fromstring(source), dice))
        try:
            read_commonroad(path, drop_unsupported=drop)
            outcomes["loaded"] += 1
        except AlpasimError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 0


def test_a_small_damaged_file_loads_or_is_refused(tmp_path: Path) -> None:
    source = document(obstacles=dynamic() + static(), extra='<trafficLight id="5"><active>true</active></trafficLight>')
    dice = random.Random(1)
    path = tmp_path / "damaged.xml"
    loaded = 0
    for _ in range(300):
        path.write_bytes(damaged(ElementTree.fromstring(source), dice))
        try:
            read_commonroad(path, drop_unsupported=True)
            loaded += 1
        except AlpasimError:
            continue
    assert 0 < loaded < 300
