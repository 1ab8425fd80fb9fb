"""Types for input: what passes them fits the column, and OpenAPI says what passes.

Each is used as an annotation, in schemas and in tables alike: ``title: Annotated[str, Line(500)]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Final

from annotated_types import MaxLen
from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

# Control characters are no text: PostgreSQL refuses U+0000, and terminals and logs obey the others.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_CONTROLS_IN_TEXT = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"  # all but tab, line feed and carriage return
_SPACES = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # what str.isspace() knows beside control characters


@dataclass(frozen=True, slots=True)
class Line(MaxLen):
    """One line of text of at most ``max_length`` characters: a name, a title. Blanks at its ends are cut off.

    Refused: control characters (so NUL and line breaks), lone surrogates, and, unless ``blank``, text without a visible character.
    The text is else kept as typed: no Unicode normalisation, which may lengthen it past the column.
    In a table it makes the column ``varchar(max_length)``; both count characters (code points).
    """

    blank: bool = False

    _controls: ClassVar[str] = _CONTROLS
    _stripped: ClassVar[bool] = True
    _blanks: ClassVar[str] = _SPACES

    @property
    def pattern(self) -> str:
        """The regular expression (of ECMA-262, Python and Rust alike) of what passes."""
        body = f"[^{self._controls}]*"
        return f"^{body}$" if self.blank else f"^{body}[^{self._controls}{self._blanks}]{body}$"

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        strings = core_schema.str_schema(
            strict=True,
            strip_whitespace=self._stripped,
            min_length=None if self.blank else 1,
            max_length=self.max_length,
        )
        unwanted = re.compile(f"[{self._controls}]")

        def check(text: str) -> str:
            if found := unwanted.search(text):
                raise PydanticCustomError(
                    "control_character",
                    "The text holds the control character {character}",
                    {"character": f"U+{ord(found[0]):04X}"},
                )
            if not (self.blank or self._stripped) and text.isspace():
                raise PydanticCustomError("blank", "The text is blank")
            return text

        return core_schema.no_info_after_validator_function(check, strings)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        document: JsonSchemaValue = {"type": "string", "maxLength": self.max_length, "pattern": self.pattern, "examples": ["text"]}
        return document if self.blank else {**document, "minLength": 1}


@dataclass(frozen=True, slots=True)
class Text(Line):
    """Text of several lines, at most ``max_length`` characters: a description, a note. As ``Line``, and kept as it is, blanks too."""

    _controls: ClassVar[str] = _CONTROLS_IN_TEXT
    _stripped: ClassVar[bool] = False
    _blanks: ClassVar[str] = r"\t\n\r" + _SPACES


INT2_MAX: Final = 2**15 - 1
INT4_MAX: Final = 2**31 - 1
INT53_MAX: Final = 2**53 - 1

Int2 = Annotated[int, Field(ge=-INT2_MAX - 1, le=INT2_MAX)]
"""What a ``smallint`` column holds (in a table: ``sa_type=SmallInteger``)."""

Int4 = Annotated[int, Field(ge=-INT4_MAX - 1, le=INT4_MAX)]
"""What an ``integer`` column holds: SQLModel's column type for ``int``."""

Int8 = Annotated[int, Field(ge=-INT53_MAX, le=INT53_MAX)]
"""For a ``bigint`` column (``sa_type=BigInteger``): of what that holds, the integers that all readers of JSON agree on.

Beyond 2**53 - 1 many read a number as the nearest ``double`` (RFC 7493, section 2.2), so a client would store another than it shows.
"""

Id = Annotated[int, Field(ge=1, le=INT4_MAX)]
"""The identity of a ``Record``. 0 is an error and not "none": see ``zero_to_none``."""

Slug = Annotated[str, Field(strict=True, max_length=100, pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", examples=["a-name"])]
"""Lower-case words and digits joined by single hyphens, for use in a URL; at most 100 characters."""

Handle = Annotated[str, Field(strict=True, max_length=50, pattern=r"^@[a-z0-9_-]+$", examples=["@name"])]
"""The name by which somebody is mentioned, with its ``@``; at most 50 characters."""


# RFC 3339, section 5.6, in the years 1000 to 9998: an offset cannot carry these out of what Python and PostgreSQL hold.
# Without leap seconds, which neither holds.
_YEAR = r"(?:[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_RFC_3339 = rf"^{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt]{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,9}})?(?:[Zz]|[+-]{_CLOCK})$"
_FIRST_YEAR, _LAST_YEAR = 1000, 9998


class _Utc:
    """Reads RFC 3339 with an offset, and nothing else; gives UTC."""

    _matches: ClassVar = re.compile(_RFC_3339).fullmatch

    @classmethod
    def _is_rfc_3339(cls, value: object) -> object:
        # Pydantic reads numbers, and strings of digits, as seconds since 1970: https://docs.pydantic.dev/latest/api/standard_library_types/
        if isinstance(value, datetime) or (isinstance(value, str) and cls._matches(value)):
            return value
        raise PydanticCustomError("datetime_rfc3339", "A time is a string as of RFC 3339 with an offset, such as 2026-01-31T12:00:00Z")

    @staticmethod
    def _in_utc(value: datetime) -> datetime:
        if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise PydanticCustomError("datetime_range", "The year is not between 1000 and 9998")
        return value.astimezone(UTC)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        aware = core_schema.datetime_schema(tz_constraint="aware", microseconds_precision="truncate")
        read = core_schema.no_info_before_validator_function(cls._is_rfc_3339, aware)
        return core_schema.no_info_after_validator_function(cls._in_utc, read)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "pattern": _RFC_3339, "examples": ["2026-01-31T12:00:00Z"]}


UtcDatetime = Annotated[datetime, _Utc()]
"""A time as input: RFC 3339 with an offset, years 1000 to 9998, given on as UTC. No naive time, no number.

A column is ``timestamptz`` when it is annotated ``datetime`` (SQLModel 0.0.45 and later); in a response, ``pydantic.AwareDatetime`` does.
"""


class NaiveUtc(TypeDecorator[datetime]):
    """The declared exception for a column of old: ``timestamp without time zone`` that holds UTC. Python sees aware times only.

    ``due: datetime = Field(sa_type=NaiveUtc)``. Raises ``ValueError`` at execution for a naive value.
    """

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Return the time as the column holds it."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a naive time: use greenroom.kit.clock.now() or a time with an offset")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # as above
        """Return the time as Python sees it."""
        return None if value is None else value.replace(tzinfo=UTC)


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Tags = Annotated[list[Annotated[str, Line(50)]], Field(max_length=50), AfterValidator(_once)]
"""At most 50 tags of at most 50 characters, in the order given; one that is given again is left out."""
