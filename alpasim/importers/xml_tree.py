"""Reads an XML file into elements that know their line and remember what has been read of them.

Answers "what does the file hold, where, and which of it has nobody asked for yet". Built on expat alone: a document
type declaration is refused before anything could be expanded, and size, depth and number of elements are capped. It
does not know any format, and it does not resolve namespaces: a prefixed name is an ordinary name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from alpasim.errors import InputError, did_you_mean

MAX_BYTES = 256 * 1024 * 1024
MAX_DEPTH = 64
MAX_ELEMENTS = 8_000_000
NAMESPACE_ATTRIBUTES = ("xmlns", "xmlns:", "xsi:", "xml:")
"""Beginnings of attribute names that speak of the XML itself and carry nothing of its content."""


@dataclass(slots=True, eq=False)
class Element:
    """One element: reading a part of it marks that part, and `leftovers` yields whatever stayed unread."""

    file: str
    tag: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)
    seen: bool = False
    text_read: bool = False
    attributes_read: set[str] | None = None

    def error(self, message: str) -> InputError:
        """An InputError that names this element's place."""
        return InputError(f"{self.file}:{self.line}: <{self.tag}>: {message}")

    def attribute(self, name: str) -> str | None:
        """The attribute's text without surrounding blanks, or None where it is absent."""
        if name not in self.attributes:
            return None
        if self.attributes_read is None:
            self.attributes_read = set()
        self.attributes_read.add(name)
        return self.attributes[name].strip()

    def required_attribute(self, name: str) -> str:
        """The attribute's text; raises InputError where it is absent or empty."""
        value = self.attribute(name)
        if not value:
            near = did_you_mean(name, self.attributes)
            raise self.error(f"attribute {name!r} is missing or empty{near}")
        return value

    def child(self, tag: str) -> Element | None:
        """The first child of that tag, or None; a second one stays unread."""
        for child in self.children:
            if child.tag == tag:
                child.seen = True
                return child
        return None

    def required_child(self, tag: str) -> Element:
        """The first child of that tag; raises InputError where there is none."""
        found = self.child(tag)
        if found is None:
            near = did_you_mean(tag, [child.tag for child in self.children])
            raise self.error(f"expected a <{tag}>, found none{near}")
        return found

    def all(self, *tags: str) -> list[Element]:
        """Every child of one of those tags in file order."""
        found = [child for child in self.children if child.tag in tags]
        for child in found:
            child.seen = True
        return found

    def word(self) -> str:
        """The element's own text without surrounding blanks; may be empty."""
        self.text_read = True
        return self.text.strip()

    def number(self) -> float:
        """The element's text as a finite number; raises InputError otherwise."""
        text = self.word()
        try:
            value = float(text)
        except ValueError:
            raise self.error(f"expected a number, found {_shortened(text)}") from None
        if not math.isfinite(value):
            raise self.error(f"expected a finite number, found {_shortened(text)}")
        return value

    def integer(self) -> int:
        """The element's text as a whole number (`7` and `7.0` alike); raises InputError otherwise."""
        value = self.number()
        if value != math.floor(value) or abs(value) > 1e9:
            raise self.error(f"expected a whole number, found {_shortened(self.text.strip())}")
        return int(value)

    def read_whole(self) -> None:
        """Mark this element and everything in it as read, for what is named elsewhere as a whole."""
        self.seen = True
        self.text_read = True
        self.attributes_read = set(self.attributes)
        for child in self.children:
            child.read_whole()

    def leftovers(self) -> Iterator[tuple[str, int]]:
        """(name, line) of everything nobody has read, in file order; an unread element counts as one."""
        read = self.attributes_read or set()
        for name in self.attributes:
            if name not in read and not name.startswith(NAMESPACE_ATTRIBUTES):
                yield f"attribute {name!r} of <{self.tag}>", self.line
        if not self.text_read and self.text.strip():
            yield f"text {_shortened(self.text.strip())} in <{self.tag}>", self.line
        for child in self.children:
            if child.seen:
                yield from child.leftovers()
            else:
                yield f"<{child.tag}> in <{self.tag}>", child.line


def read_bytes(path: Path) -> bytes:
    """The file's bytes; raises InputError where it is missing, not a file, empty or above MAX_BYTES."""
    if path.is_dir():
        raise InputError(f"{path}: expected a file, found a directory")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"{path}: {size} bytes are more than the {MAX_BYTES} that are read")
        data = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise InputError(f"{path}: no such file{near}") from None
    except OSError as cause:
        raise InputError(f"{path}: cannot be read: {cause.strerror or cause}") from cause
    if not data.strip():
        raise InputError(f"{path}: the file is empty")
    return data


def parse(data: bytes, file: str) -> Element:
    """The root element of `data`; raises InputError with line and column where it is not plain, well-formed XML."""
    builder = _Builder(file)
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as fault:
        reason = expat.ErrorString(fault.code)
        hint = " (this looks like a binary file)" if b"\x00" in data[:4096] else ""
        raise InputError(f"{file}:{fault.lineno}:{fault.offset + 1}: not well-formed XML: {reason}{hint}") from None
    except (LookupError, ValueError) as fault:
        raise InputError(f"{file}:1: the XML's encoding cannot be read: {fault}") from None
    if builder.root is None:
        raise InputError(f"{file}: holds no XML element")
    return builder.root


class _Builder:
    """Collects expat's events into a tree."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.count = 0
        self.tags: dict[str, str] = {}
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self.parser = parser

    def _fault(self, message: str) -> InputError:
        return InputError(f"{self.file}:{self.parser.CurrentLineNumber}: {message}")

    def _doctype(self, name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        del system_id, public_id, internal
        raise self._fault(f"a document type declaration (<!DOCTYPE {name}>) is refused: files must hold plain XML")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise self._fault(f"more than {MAX_ELEMENTS} elements")
        if len(self.open) >= MAX_DEPTH:
            raise self._fault(f"elements are nested more than {MAX_DEPTH} deep")
        element = Element(self.file, self.tags.setdefault(tag, tag), self.parser.CurrentLineNumber, attributes)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
            element.seen = True
        self.open.append(element)
        self.texts.append([])

    def _end(self, tag: str) -> None:
        del tag
        self.open.pop().text = "".join(self.texts.pop())

    def _characters(self, text: str) -> None:
        if self.texts:
            self.texts[-1].append(text)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
