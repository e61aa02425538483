"""An object file of a compiler, laid out as one row of bytes: `machine_code.Piece`.

Answers which bytes of it are needed, and where in them addresses have to be filled in. Reads what LLVM writes for 64-bit x86
with code and data anywhere in memory (ELF; System V ABI, AMD64 supplement, "Relocation"): any other kind of object is
refused by name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from alpasim.kernels.machine_code import NEXT, Piece, address_of

_X86_64 = 62
_SYMBOLS, _PLACES = 2, 4
"""Kinds of sections: symbols, and places to be filled in."""
_NEEDED, _WRITTEN = 0x2, 0x1
"""Flags of sections: needed while running, written to."""
_UNDEFINED, _COMMON = 0, 0xFFF2
"""Sections of symbols that are elsewhere, and of those that begin as zeros and have no place yet."""
_ADDRESS, _DISTANCES = 1, {2: "<i", 4: "<i", 24: "<q"}
"""Kinds of places: an address of 64 bits; distances from there, and how they are written."""


class UnsuitableError(Exception):
    """A kernel cannot be made a piece of machine code of its own."""


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    about: int
    align: int


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    section: int
    value: int
    size: int


def linked(content: bytes, entry: str, signature: str) -> Piece:
    """An object file's piece, to be entered at the symbol `entry`.

    Raises UnsuitableError where it holds what cannot be laid out, or calls what is not there.
    """
    (machine,) = struct.unpack_from("<H", content, 18)
    if content[:6] != b"\x7fELF\x02\x01" or machine != _X86_64:
        raise UnsuitableError("the compiler writes objects of another kind than ELF for 64-bit x86")
    sections = _sections(content)
    start, code = _laid_out(content, sections)
    symbols: list[_Symbol] = []
    for section in sections:
        if section.kind == _SYMBOLS:
            symbols = list(_symbols(content, section, sections[section.link]))
    symbols = [_placed(symbol, start, code) for symbol in symbols]
    within, outside = [], []
    for section in sections:
        if section.kind != _PLACES or section.about not in start:
            continue
        for offset in range(section.offset, section.offset + section.size, 24):
            at, about, more = struct.unpack_from("<QQq", content, offset)
            symbol, kind, where = symbols[about >> 32], about & 0xFFFFFFFF, start[section.about] + at
            inside = symbol.section in start
            if kind == _ADDRESS and inside:
                within.append((where, start[symbol.section] + symbol.value + more))
            elif kind == _ADDRESS and symbol.section == _UNDEFINED:
                outside.append((where, _there(symbol.name), more))
            elif kind in _DISTANCES and inside:
                struct.pack_into(_DISTANCES[kind], code, where, start[symbol.section] + symbol.value + more - where)
            else:
                raise UnsuitableError(f"it has a place of kind {kind} for {symbol.name}")
    at = next(start[symbol.section] + symbol.value for symbol in symbols if symbol.name == entry)
    return Piece(signature, bytes(code), at, tuple(within), tuple(outside))


def _placed(symbol: _Symbol, start: dict[int, int], code: bytearray) -> _Symbol:
    """A symbol with a place. Those that begin as zeros stay zeros: they are where numba keeps what it needs to write an error
    in full, and kernels here say shortly that they failed. The value of one without a place is what its place is a multiple of.
    """
    if symbol.section != _COMMON:
        return symbol
    start[_COMMON] = 0
    code.extend(bytes(-len(code) % max(symbol.value, 1)))
    place = len(code)
    code.extend(bytes(symbol.size))
    return _Symbol(symbol.name, _COMMON, place, symbol.size)


def _there(name: str) -> str:
    """The name of a symbol that is to be found in every process."""
    try:
        if name != NEXT:
            address_of(name)
    except LookupError as error:
        raise UnsuitableError(f"it calls {name}, which is not there") from error
    return name


def _text(content: bytes, offset: int) -> str:
    """A text up to its zero byte."""
    return content[offset : content.index(0, offset)].decode()


def _sections(content: bytes) -> list[_Section]:
    """All sections of an object file."""
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count, names = struct.unpack_from("<HHH", content, 58)
    rows = [struct.unpack_from("<IIQQQQIIQ", content, table + k * size) for k in range(count)]
    texts = rows[names][4]
    return [
        _Section(_text(content, texts + name), kind, flags, offset, size, link, about, max(align, 1))
        for name, kind, flags, _, offset, size, link, about, align in rows
    ]


def _laid_out(content: bytes, sections: list[_Section]) -> tuple[dict[int, int], bytearray]:
    """Where each section that is needed begins, and their bytes. What finds the way back through calls when an error is thrown
    in C++ is not needed: kernels throw none."""
    start, code = {}, bytearray()
    for number, section in enumerate(sections):
        if not section.flags & _NEEDED or not section.size or section.name == ".eh_frame":
            continue
        if section.flags & _WRITTEN:
            raise UnsuitableError(f"it keeps values of its own, in {section.name}")
        code.extend(bytes(-len(code) % section.align))
        start[number] = len(code)
        code.extend(content[section.offset : section.offset + section.size])
    return start, code


def _symbols(content: bytes, section: _Section, texts: _Section) -> Iterator[_Symbol]:
    """The symbols of an object file."""
    for offset in range(section.offset, section.offset + section.size, 24):
        name, _, _, number, value, size = struct.unpack_from("<IBBHQQ", content, offset)
        yield _Symbol(_text(content, texts.offset + name), number, value, size)
