"""Reads YAML that nobody has vouched for into a small tree of nodes that know their line and column.

Answers "is this text safe and unambiguous, and what does it say where". One pass over the parser's event stream, so that
depth, size and aliases are refused while they are read and no recursion is ever left to a parser. Scalars follow the core
schema of YAML 1.2: `no` is a word, `010` is ten, `1e3` is a number. It does not know which keys a scenario has
(`schema.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from alpasim.errors import Fault, ScenarioError

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_PLAIN_CHARACTERS = 4_000
MAX_TEXT_CHARACTERS = 100_000
MAX_INTEGER_DIGITS = 18
MAX_FAULTS = 50

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the file: a mapping by key, a sequence, or a scalar, with its place.

    `line` and `column` count from 1 and say where the value stands; `key_line` and `key_column` where its key does (the
    value's own place for what has no key).
    """

    content: Mapping[str, Node] | tuple[Node, ...] | Scalar
    line: int
    column: int
    key_line: int
    key_column: int

    def child(self, key: str | int) -> Node | None:
        """The value under a key or index, None where there is none."""
        if isinstance(self.content, Mapping):
            return self.content.get(key) if isinstance(key, str) else None
        if isinstance(self.content, tuple) and isinstance(key, int) and 0 <= key < len(self.content):
            return self.content[key]
        return None

    def plain(self) -> Any:
        """The value as plain data: dicts, tuples and scalars."""
        if isinstance(self.content, Mapping):
            return {key: node.plain() for key, node in self.content.items()}
        if isinstance(self.content, tuple):
            return tuple(node.plain() for node in self.content)
        return self.content


def parse(data: bytes, file: str) -> Node:
    """The file's one document as a tree; raises ScenarioError with every fault and its place."""
    text = decode(data, file)
    return _Composer(text, file).document()


def decode(data: bytes, file: str) -> str:
    """The bytes as text without byte-order mark; refuses what is empty, too large, binary or not UTF-8."""
    if len(data) > MAX_BYTES:
        _refuse(file, 1, 1, f"the file has {len(data)} bytes, expected at most {MAX_BYTES}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(file, 1, 1, "the file is encoded as UTF-16, expected UTF-8: save it as UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as cause:
        line, column = _line_and_column(data[: cause.start].decode("utf-8", "replace"))
        found = f"byte 0x{data[cause.start]:02x} is not UTF-8 text"
        _refuse(file, line, column, f"{found}; expected a YAML file saved as UTF-8 (is this a binary file?)")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        _refuse(file, 1, 1, "the file is empty, expected a YAML mapping that begins with 'schema:'")
    bad = _FORBIDDEN_CHARACTER.search(text)
    if bad:
        line, column = _line_and_column(text[: bad.start()])
        _refuse(
            file, line, column, f"control character U+{ord(bad.group()):04X}, expected text (is this a binary file?)"
        )
    return text


def _line_and_column(before: str) -> tuple[int, int]:
    """Place of the character that follows `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _refuse(file: str, line: int, column: int, message: str) -> NoReturn:
    raise ScenarioError([Fault(file, line, column, "", message)])


class _Composer:
    """Turns one event stream into nodes and keeps the limits while it does."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._events = self._stream(text)
        self._nodes = 0
        self._faults: list[Fault] = []

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(event, "a second document begins here, expected one document a file")
                if event.tags:
                    self._note(event, "%TAG directives are not used here, remove it")
                root = self._value(next(self._events), None, 1)
        if root is None:
            _refuse(
                self._file, 1, 1, "the file holds only comments, expected a YAML mapping that begins with 'schema:'"
            )
        if self._faults:
            raise ScenarioError(self._faults)
        return root

    def _stream(self, text: str) -> Iterator[Any]:
        """Parser events; the parser's own complaints become faults with their place."""
        loader = _LOADER(text)
        try:
            while loader.check_event():
                yield loader.get_event()
        except yaml.MarkedYAMLError as cause:
            mark = cause.problem_mark or cause.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            told = ", ".join(part for part in (cause.context, cause.problem) if part)
            raise ScenarioError([*self._faults, Fault(self._file, line, column, "", f"not YAML: {told}")]) from cause
        except (yaml.YAMLError, ValueError, OverflowError) as cause:
            told = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
            raise ScenarioError([*self._faults, Fault(self._file, 1, 1, "", f"not YAML: {told}")]) from cause
        finally:
            loader.dispose()

    def _value(self, event: Any, key: Any, depth: int) -> Node:
        """The node that begins with `event`, read to its end; `key` is the event of its key, if it has one."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES} values in one file")
        if depth > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        self._check_properties(event)
        content: Mapping[str, Node] | tuple[Node, ...] | Scalar
        if isinstance(event, yaml.MappingStartEvent):
            content = self._mapping(depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            content = self._sequence(depth)
        elif isinstance(event, yaml.ScalarEvent):
            content = self._scalar(event, key)
        else:
            content = ""  # an alias, already noted as a fault
        line, column = _place(event)
        key_line, key_column = _place(key if key is not None else event)
        return Node(content, line, column, key_line, key_column)

    def _mapping(self, depth: int) -> dict[str, Node]:
        children: dict[str, Node] = {}
        for key in self._events:
            if isinstance(key, yaml.MappingEndEvent):
                break
            if not isinstance(key, yaml.ScalarEvent):
                self._stop(key, "a key must be one word, found a list, a mapping or an alias")
            self._check_properties(key)
            self._check_length(key)
            value = self._value(next(self._events), key, depth + 1)
            if key.value in children:
                first = children[key.value].key_line
                line, _ = _place(key)
                self._note(
                    key, f"key {key.value!r} stands twice, in line {first} and in line {line}: remove one of them"
                )
            else:
                children[key.value] = value
        return children

    def _sequence(self, depth: int) -> tuple[Node, ...]:
        children: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            children.append(self._value(event, None, depth + 1))
        return tuple(children)

    def _scalar(self, event: Any, key: Any) -> Scalar:
        self._check_length(event)
        if not event.implicit[0] or event.style in ("'", '"', "|", ">"):
            return str(event.value)
        text: str = event.value
        if text in _NULL:
            name = f" of {key.value!r}" if key is not None else ""
            self._note(event, f"the value{name} is empty (null), expected a value: write one or remove the key")
            return ""
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        return self._number(event, text)

    def _number(self, event: Any, text: str) -> int | float | str:
        """A number by the core schema of YAML 1.2, or the text itself where it is none."""
        if _NOT_FINITE.fullmatch(text):
            self._note(event, f"{text} is not a finite number; leave the key out where there is no limit")
            return 0
        if _INTEGER.fullmatch(text) or _BASED_INTEGER.fullmatch(text):
            if len(text.lstrip("+-0xo")) > MAX_INTEGER_DIGITS:
                self._note(
                    event, f"a whole number of {len(text)} characters, expected at most {MAX_INTEGER_DIGITS} digits"
                )
                return 0
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _FLOAT.fullmatch(text):
            value = float(text)
            if value in (float("inf"), float("-inf")):
                self._note(event, f"{text} is too large for a number, expected at most 1.8e308")
                return 0
            return value
        return text

    def _check_properties(self, event: Any) -> None:
        """Anchors, aliases and tags are refused: they hide what a value is, and can make a small file huge."""
        if isinstance(event, yaml.AliasEvent):
            self._note(event, f"the alias '*{event.anchor}' is not allowed here: write the value out")
        elif event.anchor is not None:
            self._note(event, f"the anchor '&{event.anchor}' is not allowed here: remove it")
        if getattr(event, "tag", None) is not None:
            self._note(event, f"the tag {event.tag!r} is not allowed here: remove it")

    def _check_length(self, event: Any) -> None:
        limit = MAX_TEXT_CHARACTERS if event.style in ("'", '"', "|", ">") else MAX_PLAIN_CHARACTERS
        if len(event.value) > limit:
            self._stop(event, f"a text of {len(event.value)} characters, expected at most {limit}")

    def _note(self, event: Any, message: str) -> None:
        line, column = _place(event)
        self._faults.append(Fault(self._file, line, column, "", message))
        if len(self._faults) >= MAX_FAULTS:
            raise ScenarioError(self._faults)

    def _stop(self, event: Any, message: str) -> NoReturn:
        line, column = _place(event)
        raise ScenarioError([*self._faults, Fault(self._file, line, column, "", message)])


def _place(event: Any) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1
