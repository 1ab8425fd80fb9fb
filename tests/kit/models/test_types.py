"""What passes a type fits its column, and what OpenAPI shows is what passes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from greenroom.kit.models import Document, Handle, Id, Int2, Int4, Int8, Line, Slug, Tags, Text, UtcDatetime, ZeroToNone
from tests.kit.models.tables import Thing

OptionalId = ZeroToNone[Id | None]
LINE, TEXT, BLANK = (TypeAdapter[str](Annotated[str, kind]) for kind in (Line(20), Text(20), Line(20, blank=True)))
MOMENT = TypeAdapter[datetime](UtcDatetime)
DOCUMENT = TypeAdapter[dict[str, Any]](Annotated[dict[str, Any], Document(max_bytes=100, max_depth=4)])


def passes(adapter: TypeAdapter[Any], value: object) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("adapter", "column"),
    [(TypeAdapter(Int2), "smallint"), (TypeAdapter(Int4), "integer"), (TypeAdapter(Int8), "bigint"), (TypeAdapter(Id), "integer")],
)
async def test_the_bounds_are_those_of_the_column(engine: AsyncEngine, adapter: TypeAdapter[int], column: str) -> None:
    schema = adapter.json_schema()
    low, high = schema["minimum"], schema["maximum"]
    async with engine.connect() as connection:

        async def holds(value: int) -> bool:
            try:
                await connection.execute(text(f"SELECT '{value}'::{column}"))
            except DBAPIError:
                await connection.rollback()
                return False
            return True

        assert await holds(low)
        assert await holds(high)
        # An identity begins at 1; of bigint the part is taken that JSON readers agree on.
        assert high == 2**53 - 1 or not await holds(high + 1)
        assert low in {1, -(2**53) + 1} or not await holds(low - 1)
    assert passes(adapter, low)
    assert passes(adapter, high)
    assert not passes(adapter, low - 1)
    assert not passes(adapter, high + 1)


def test_the_length_of_a_line_is_that_of_the_column() -> None:
    columns = Thing.__table__.c  # type: ignore[attr-defined]  # a table has one
    assert (columns.line.type.length, columns.text.type.length) == (20, 30)


@given(st.text(st.characters(codec="utf-8"), max_size=25))
def test_the_pattern_says_what_passes(value: str) -> None:
    for adapter in (LINE, TEXT, BLANK):
        schema = adapter.json_schema()
        fits = schema.get("minLength", 0) <= len(value) <= schema["maxLength"]
        allowed = fits and re.search(schema["pattern"].replace("$", r"\Z"), value) is not None
        # Blanks at the ends are cut off before the rest is looked at.
        assert passes(adapter, value) == allowed or (adapter is not TEXT and value != value.strip())
        if allowed:
            assert passes(adapter, value)


def test_the_blanks_are_those_that_python_knows() -> None:
    blanks = {character for number in range(sys.maxunicode + 1) if (character := chr(number)).isspace()}
    for kind in (Line(20), Text(20)):
        visible = re.compile(kind.pattern.replace("$", r"\Z"))
        assert [character for character in blanks if visible.search(character)] == []


@pytest.mark.parametrize("value", ["\0", "a\x1bb", "a\nb", "\ud800", "", "  ", "\u3000", "x" * 21, 5, None, True, b"a"])
def test_no_line(value: object) -> None:
    assert not passes(LINE, value)


@pytest.mark.parametrize(("value", "kept"), [(" a ", "a"), ("é", "é"), ("e\u0301", "e\u0301"), ("\U0001f600" * 20, "\U0001f600" * 20)])
def test_a_line(value: str, kept: str) -> None:
    assert LINE.validate_python(value) == kept


@pytest.mark.parametrize(("value", "fits"), [("  a\n\tb\r\n", True), ("a\0", False), ("\n \t", False), ("a\x0b", False)])
def test_a_text(value: str, fits: bool) -> None:  # noqa: FBT001  # a column of the table
    assert passes(TEXT, value) == fits
    assert not fits or TEXT.validate_python(value) == value


@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31), timezones=st.timezones()))  # noqa: DTZ001  # Hypothesis adds the zone
def test_a_time_becomes_the_same_time_in_utc(moment: datetime) -> None:
    written = moment.isoformat()
    if re.search(r":\d\d:\d\d$", written[19:]):
        return  # Offsets of old had seconds; RFC 3339 has none.
    read = MOMENT.validate_python(written)
    assert read == datetime.fromisoformat(written)
    assert read.tzinfo is UTC
    assert MOMENT.dump_json(read).endswith(b'Z"')
    assert re.search(MOMENT.json_schema()["pattern"], written)


@pytest.mark.parametrize(
    "value",
    [
        *(0, 1.5, True, None, "0", "1700000000", "infinity", "2026-01-01"),
        *("2026-01-01T00:00:00", datetime(2026, 1, 1)),  # noqa: DTZ001  # naive is the point
        *("2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00Z\n", "２026-01-01T00:00:00Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_no_time(value: object) -> None:
    assert not passes(MOMENT, value)


@pytest.mark.parametrize(
    ("adapter", "good", "bad"),
    [
        (TypeAdapter(Slug), ["a", "a-1", "x" * 100], ["", "-a", "a--b", "A", "é", "a\n", "x" * 101]),
        (TypeAdapter(Handle), ["@a", "@_-9"], ["a", "@", "@A", "@a\n", "@" + "a" * 50]),
        (TypeAdapter(Tags), [[], ["a"] * 50], [["a"] * 51, [""], ["\0"], ["x" * 51], "a", [1]]),
        (TypeAdapter(OptionalId), [0, None, 1], [-1, 2**31]),
    ],
)
def test_words(adapter: TypeAdapter[Any], good: Sequence[object], bad: Sequence[object]) -> None:
    assert [value for value in good if not passes(adapter, value)] == []
    assert [value for value in bad if passes(adapter, value)] == []


def test_tags_are_kept_once_in_their_order() -> None:
    assert TypeAdapter(Tags).validate_python(["b", "a", " b "]) == ["b", "a"]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ([], "dict_type"),
        ({"a": "\0"}, "control_character"),
        ({"\0": 1}, "control_character"),
        ({"a": ["\udc00"]}, "string_unicode"),
        ({"a": float("nan")}, "document_number"),
        ({"a": float("inf")}, "document_number"),
        ({"a": 2**53}, "document_number"),
        ({"a": {"b": {"c": {"d": 1}}}}, "document_depth"),
        ({"a": "x" * 100}, "document_size"),
        ({1: 1}, "document_key"),
    ],
)
def test_no_document(value: object, error: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DOCUMENT.validate_python(value)
    assert [found["type"] for found in caught.value.errors()] == [error]


def test_a_document_stays_as_it_is() -> None:
    value = {"a": [1, 1.5, None, True, {"é": "\n"}]}
    assert DOCUMENT.validate_python(value) == value
