"""The reasoning record: Reasoning as plain data and back, what is wrong with one, and text made safe to keep.

Answers whether a record is well formed and speaks the closed vocabulary. Whether what it says is true is another question.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from alpasim.errors import InputError, did_you_mean
from alpasim.reasoning.vocabulary import NEEDS_SIDE, SCHEMA, SIDED, Direction, FactorCategory, Lateral, Longitudinal
from alpasim.types import Factor, Reasoning

MAX_TEXT = 4_000
"""Longest text that is kept, the mark of a cut included [characters]."""
CUT_MARK = " […]"
"""Ends a text that was longer."""
MAX_WORD = 200
"""Longest word or claim that is kept [characters]."""
MAX_FACTORS = 64
MAX_CLAIMS = 32
"""How many factors, and claims of one factor, are kept."""

_BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_KEYS = ("schema", "longitudinal", "lateral", "direction", "factors", "text", "source")
_FACTOR_KEYS = ("category", "track_id", "claims")


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` without control characters (line ends and tabs stay), lone surrogates and marks that turn the reading
    direction, and cut to `limit` characters, the cut marked."""
    plain = text[: 4 * limit].replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        char
        for char in plain
        if char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cs") and char not in _BIDI)
    )
    if len(kept) <= limit and len(text) <= 4 * limit:
        return kept
    return kept[: limit - len(CUT_MARK)] + CUT_MARK


def cleaned(reasoning: Reasoning) -> Reasoning:
    """The same reasoning with every text made safe to keep and its lists cut to their limits; words are not corrected."""
    factors = tuple(
        Factor(
            category=clean_text(factor.category, MAX_WORD),
            track_id=factor.track_id,
            claims=tuple(
                (clean_text(name, MAX_WORD), clean_text(said, MAX_WORD)) for name, said in factor.claims[:MAX_CLAIMS]
            ),
        )
        for factor in reasoning.factors[:MAX_FACTORS]
    )
    return replace(
        reasoning,
        longitudinal=None if reasoning.longitudinal is None else clean_text(reasoning.longitudinal, MAX_WORD),
        lateral=None if reasoning.lateral is None else clean_text(reasoning.lateral, MAX_WORD),
        factors=factors,
        text=clean_text(reasoning.text),
    )


def to_plain(reasoning: Reasoning) -> dict[str, Any]:
    """The cleaned reasoning as JSON values, with the schema's id."""
    kept = cleaned(reasoning)
    return {
        "schema": SCHEMA,
        "longitudinal": kept.longitudinal,
        "lateral": kept.lateral,
        "direction": kept.direction,
        "factors": [
            {"category": one.category, "track_id": one.track_id, "claims": [list(claim) for claim in one.claims]}
            for one in kept.factors
        ],
        "text": kept.text,
        "source": kept.source,
    }


def from_plain(record: object, where: str = "reasoning") -> Reasoning:
    """The Reasoning of a record as `to_plain` writes it; missing keys take their defaults.

    Raises InputError that names every value of the wrong form. Words outside the vocabulary are kept: `vocabulary_faults`
    reports them, because what a driver said wrongly is still what it said.
    """
    faults = list(_form_faults(record, where))
    if faults:
        raise InputError("\n".join(faults))
    fields = cast(Mapping[str, Any], record)
    factors = tuple(
        Factor(
            category=factor["category"],
            track_id=factor.get("track_id"),
            claims=tuple((name, said) for name, said in factor.get("claims", ())),
        )
        for factor in fields.get("factors", ())
    )
    return cleaned(
        Reasoning(
            longitudinal=fields.get("longitudinal"),
            lateral=fields.get("lateral"),
            direction=cast(Literal["left", "right", "none"], fields.get("direction", "none")),
            factors=factors,
            text=fields.get("text", ""),
            source=cast(Literal["policy", "rule"], fields.get("source", "policy")),
        )
    )


def vocabulary_faults(reasoning: Reasoning) -> tuple[str, ...]:
    """What in a reasoning is outside `alpasim/reasoning@1`, one message each; empty where all is well."""
    faults = [
        *_word("longitudinal", reasoning.longitudinal, Longitudinal),
        *_word("lateral", reasoning.lateral, Lateral),
    ]
    faults += _word("direction", reasoning.direction, Direction)
    faults += _word("source", reasoning.source, ("policy", "rule"))
    sided = reasoning.direction != "none"
    if sided and reasoning.lateral not in SIDED:
        faults.append(f"direction: found {reasoning.direction!r} with lateral {reasoning.lateral!r}, expected 'none'")
    if not sided and reasoning.lateral in NEEDS_SIDE:
        faults.append(f"direction: found 'none' with lateral {reasoning.lateral!r}, expected 'left' or 'right'")
    for i, factor in enumerate(reasoning.factors):
        faults += _word(f"factors[{i}].category", factor.category, FactorCategory)
        names = [name for name, _ in factor.claims]
        faults += [
            f"factors[{i}].claims: {name!r} is claimed twice, expected one value a name"
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
    if len(reasoning.factors) > MAX_FACTORS:
        faults.append(f"factors: found {len(reasoning.factors)}, expected at most {MAX_FACTORS}")
    return tuple(faults)


def _word(path: str, found: str | None, known: Iterable[str]) -> list[str]:
    words = [str(word) for word in known]
    if found is None or found in words:
        return []
    shown = clean_text(found, 60)
    return [f"{path}: found {shown!r}, expected one of {', '.join(words)}{did_you_mean(shown, words)}"]


def _form_faults(record: object, where: str) -> Iterable[str]:
    """Values of a record that are not of the form the schema gives them."""
    if not isinstance(record, Mapping):
        yield f"{where}: found {type(record).__name__}, expected a mapping"
        return
    yield from _unknown_keys(record, _KEYS, where)
    if record.get("schema", SCHEMA) != SCHEMA:
        yield f"{where}.schema: found {record['schema']!r}, expected {SCHEMA!r}"
    for key in ("longitudinal", "lateral"):
        if not isinstance(record.get(key), str | None):
            yield f"{where}.{key}: found {type(record[key]).__name__}, expected a word or null"
    for key in ("direction", "text", "source"):
        if not isinstance(record.get(key, ""), str):
            yield f"{where}.{key}: found {type(record[key]).__name__}, expected text"
    factors = record.get("factors", ())
    if not isinstance(factors, Sequence) or isinstance(factors, str):
        yield f"{where}.factors: found {type(factors).__name__}, expected a list"
        return
    for i, factor in enumerate(factors):
        yield from _factor_faults(factor, f"{where}.factors[{i}]")


def _factor_faults(factor: object, where: str) -> Iterable[str]:
    if not isinstance(factor, Mapping):
        yield f"{where}: found {type(factor).__name__}, expected a mapping"
        return
    yield from _unknown_keys(factor, _FACTOR_KEYS, where)
    if not isinstance(factor.get("category"), str):
        yield f"{where}.category: found {type(factor.get('category')).__name__}, expected a word"
    track = factor.get("track_id")
    if isinstance(track, bool) or not isinstance(track, int | None):
        yield f"{where}.track_id: found {type(track).__name__}, expected a whole number or null"
    claims = factor.get("claims", ())
    pairs = claims if isinstance(claims, Sequence) and not isinstance(claims, str) else None
    if pairs is None or not all(
        isinstance(pair, Sequence) and len(pair) == 2 and all(isinstance(word, str) for word in pair) for pair in pairs
    ):
        yield f"{where}.claims: expected a list of [name, value] pairs of words"


def _unknown_keys(record: Mapping[Any, Any], known: tuple[str, ...], where: str) -> Iterable[str]:
    for key in record:
        if key not in known:
            yield f"{where}: unknown key {key!r}{did_you_mean(str(key), known)}; known: {', '.join(known)}"
