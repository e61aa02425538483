"""The guard: hostile YAML is refused before it costs anything, ambiguous YAML is refused, YAML 1.2's scalars are kept."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim.errors import ScenarioError
from alpasim.scenario import guard
from alpasim.scenario.guard import parse


def plain(text: str) -> object:
    return parse(text.encode(), "f").plain()


def refused(data: bytes | str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(data.encode() if isinstance(data, str) else data, "f")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2024-05-01", "2024-05-01"),
        ("true", True),
        ("False", False),
        ('"1"', "1"),
        ("'true'", "true"),
        ("'~'", "~"),
        ("=", "="),
        ("3.0", 3.0),
        ("+4", 4),
        ("1.5.2", "1.5.2"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, read: object) -> None:
    found = plain(f"key: {written}")
    assert found == {"key": read}
    assert type(found["key"]) is type(read)  # type: ignore[index]


def test_keys_are_words_whatever_they_look_like() -> None:
    assert plain("{no: 1, 010: 2, true: 3, 1.5: 4}") == {"no": 1, "010": 2, "true": 3, "1.5": 4}


def test_sequences_come_as_tuples_so_that_nothing_can_be_changed() -> None:
    assert plain("a: [1, [2, x]]") == {"a": (1, (2, "x"))}


@pytest.mark.parametrize("word", [".nan", ".NaN", ".inf", "-.inf", "+.INF"])
def test_numbers_that_are_not_finite_are_refused(word: str) -> None:
    assert refused(f"a: {word}") == f"f:1:4: {word} is not a finite number; leave the key out where there is no limit"


@pytest.mark.parametrize("word", ["1e999", "-1e400", "9" * 40, "0x" + "f" * 30])
def test_numbers_too_large_are_refused(word: str) -> None:
    assert refused(f"a: {word}").startswith("f:1:4: ")


def test_a_duplicate_key_is_refused_with_both_lines() -> None:
    assert refused("a: 1\nb: 2\na: 3\n") == ("f:3:1: key 'a' stands twice, in line 1 and in line 3: remove one of them")


def test_duplicate_keys_in_flow_and_quotes_are_seen_too() -> None:
    assert "stands twice" in refused("{a: 1, 'a': 2}")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: &x 1\n", "the anchor '&x' is not allowed"),
        ("a: &x 1\nb: *x\n", "the alias '*x' is not allowed"),
        ("a: &a [*a]\n", "the alias '*a' is not allowed"),
        ("&k a: 1\n", "the anchor '&k' is not allowed"),
        ("a: !!python/object/apply:os.system [id]\n", "is not allowed here: remove it"),
        ("a: !!str 1\n", "is not allowed here: remove it"),
        ("a: ! x\n", "the tag '!' is not allowed"),
        ("%TAG ! tag:example.com,2000:\n---\na: 1\n", "%TAG directives"),
        ("a: 1\n---\nb: 2\n", "a second document begins here"),
        ("? [1, 2]\n: 3\n", "a key must be one word"),
        ("? {a: b}\n: 3\n", "a key must be one word"),
        ("a:\nb: 1\n", "the value of 'a' is empty (null)"),
        ("a: null\n", "the value of 'a' is empty (null)"),
        ("- ~\n", "the value is empty (null)"),
    ],
)
def test_what_hides_a_value_is_refused_with_its_place(text: str, part: str) -> None:
    message = refused(text)
    assert part in message
    assert message.startswith("f:")


def test_every_structural_fault_is_reported_at_once() -> None:
    message = refused("a: &x 1\nb: *x\na: .nan\nc: !t 4\n")
    assert [line.split(" ")[0] for line in message.splitlines()] == ["f:1:4:", "f:2:4:", "f:3:1:", "f:3:4:", "f:4:4:"]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"# nothing\n", "holds only comments"),
        (b"---\n", "is empty (null)"),
        (b"\x7fELF\x02\x01\x01\x00", "control character U+007F"),
        (b"a: 1\nb: \x00\n", "f:2:4: control character U+0000"),
        (b"a: 1\nbc: \xff\xfe\n", "f:2:5: byte 0xff is not UTF-8 text"),
        ("a: 1".encode("utf-16"), "encoded as UTF-16"),
        (b"\x89PNG\r\n\x1a\n", "byte 0x89 is not UTF-8 text"),
        (b"\x1f\x8b\x08", "is not UTF-8 text"),
        (b"a: [1, 2\n", "not YAML"),
        (b"a: b: c\n", "not YAML"),
        (b"a: \t- 1\n\tb: 2", "not YAML"),
        (b"a: 'open\n", "not YAML"),
        (b"@a\n", "not YAML"),
    ],
)
def test_what_is_no_yaml_text_is_refused(data: bytes, part: str) -> None:
    assert part in refused(data)


def test_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    unix = parse(b"a: 1\nb:\n  - x\n", "f")
    windows = parse(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - x\r\n", "f")
    assert unix == windows


def test_places_count_from_one_and_name_key_and_value() -> None:
    root = parse("top:\n  inner: [10, ümlaut, x]\n".encode(), "f")
    node = root.child("top").child("inner").child(2)  # type: ignore[union-attr]
    assert node is not None
    assert (node.line, node.column) == (2, 23)
    inner = root.child("top").child("inner")  # type: ignore[union-attr]
    assert inner is not None
    assert (inner.key_line, inner.key_column, inner.line, inner.column) == (2, 3, 2, 10)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_at_the_limit_and_not_by_recursion(opening: str) -> None:
    assert "nested deeper than 40 levels" in refused(opening * 100_000)


def test_forty_levels_are_allowed() -> None:
    parse(("[" * 39 + "1" + "]" * 39).encode(), "f")


def test_a_file_of_more_than_two_megabytes_is_refused_unread() -> None:
    assert "expected at most 2000000" in refused(b"a: 1\n" * 500_000)


def test_more_values_than_the_limit_are_refused() -> None:
    assert "more than 200000 values" in refused("[" + "1," * 200_001 + "1]")


def test_long_scalars_are_refused() -> None:
    assert "a text of 4001 characters, expected at most 4000" in refused("a: " + "x" * 4001)
    assert "a text of 100001 characters" in refused("a: '" + "x" * 100_001 + "'")
    assert "a text of 5000 characters" in refused("y" * 5000 + ": 1")
    parse(("a: |\n  " + "x" * 99_000).encode(), "f")


def test_a_long_integer_costs_nothing() -> None:
    assert "digits" in refused("a: " + "7" * 3000)


def test_a_million_aliases_stop_at_the_first_fifty() -> None:
    message = refused("a: &a [x]\n" + "b: [" + "*a," * 600_000 + "]")
    assert len(message.splitlines()) == guard.MAX_FAULTS


def test_billion_laughs_stay_small_in_memory() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    tracemalloc.start()
    assert "is not allowed" in refused(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(
        st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn"], blacklist_characters="\ufeff\u2028\u2029"),
        max_size=30,
    ),
)
TREES = st.recursive(
    SCALARS,
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True), below, max_size=4),
    ),
    max_leaves=20,
)


class Quoting(yaml.SafeDumper):
    """Quotes every text, because PyYAML writes `0E0` bare: to YAML 1.1 that is a word, to YAML 1.2 a number."""


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def tuples(value: object) -> object:
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return value


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True), TREES, min_size=1, max_size=5))
def test_what_pyyaml_writes_is_read_back_as_it_was(tree: dict[str, object]) -> None:
    text = yaml.dump(tree, Dumper=Quoting, allow_unicode=True, sort_keys=False)
    assert plain(text) == tuples(tree)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    try:
        parse(data, "f")
    except ScenarioError as error:
        assert all(fault.line >= 1 and fault.column >= 1 for fault in error.faults)
