"""Example values: of plain types by the name that they are for, and of the constraints that a schema declares."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FAR_AHEAD = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_AHEAD = re.compile(r"expir|until|ends?_|_ends?$|due|valid_to|deadline|not_after")
_TRUE = re.compile(r"active|enabled|verified|visible|public|published|confirmed|allowed|available")
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"e_?mail"), "{name}{number}@example.org"),
    (re.compile(r"url|link|website|webhook"), "https://example.org/{number}"),
    (re.compile(r"locale|language|lang$"), "en"),
    (re.compile(r"currency"), "EUR"),
    (re.compile(r"country"), "DE"),
    (re.compile(r"time_?zone"), "UTC"),
    (re.compile(r"ip(_address)?$"), "192.0.2.{number}"),
)
_TIMES = 3
_PARSER: Any = importlib.import_module("re._parser")
"""The only parser of patterns there is, without types."""


def text(name: str, number: int) -> str:
    """A string for what is called ``name``; other numbers give other strings, where the name does not ask for a word of a list."""
    plain = name.lower()
    pattern = next((pattern for words, pattern in _WORDS if words.search(plain)), "{name}-{number}")
    return pattern.format(name=plain.replace("_", "-"), number=number)


def moment(name: str, *, aware: bool) -> dt.datetime:
    """A time long ago, or far ahead for what ends something."""
    found = FAR_AHEAD if _AHEAD.search(name.lower()) else LONG_AGO
    return found if aware else found.replace(tzinfo=None)


def truth(name: str) -> bool:
    """Whether a flag of the name is on in the usual case."""
    return _TRUE.search(name.lower()) is not None


def identifier(number: int) -> uuid.UUID:
    """A UUID of version 4. It has letters: SQLite would take digits alone for a number where a column is declared as UUID."""
    return uuid.UUID(f"aaaaaaaa-0000-4000-8000-{number:012}")


PLAIN: dict[str, Callable[[str, int], object]] = {
    "builtins.int": lambda _, number: number,
    "builtins.str": text,
    "builtins.bool": lambda name, _: truth(name),
    "builtins.float": lambda _, number: float(number),
    "builtins.bytes": lambda name, number: text(name, number).encode(),
    "decimal.Decimal": lambda _, number: Decimal(number),
    "datetime.datetime": lambda name, _: moment(name, aware=True),
    "datetime.date": lambda name, _: moment(name, aware=False).date(),
    "datetime.time": lambda _, number: dt.time(8 + number % 8),
    "datetime.timedelta": lambda _, number: dt.timedelta(days=number),
    "uuid.UUID": lambda _, number: identifier(number),
    "pydantic.EmailStr": lambda name, number: f"{name.lower().replace('_', '-')}{number}@example.org",
    "pydantic.NameEmail": lambda name, number: f"{name.lower()}{number}@example.org",
    "pydantic.SecretStr": text,
    "pydantic.AnyUrl": lambda _, number: f"https://example.org/{number}",
    "pydantic.AnyHttpUrl": lambda _, number: f"https://example.org/{number}",
    "pydantic.HttpUrl": lambda _, number: f"https://example.org/{number}",
    "pydantic.PositiveInt": lambda _, number: number,
    "pydantic.NonNegativeInt": lambda _, number: number,
    "pydantic.PositiveFloat": lambda _, number: float(number),
    "pydantic.AwareDatetime": lambda name, _: moment(name, aware=True),
    "pydantic.FutureDatetime": lambda *_: FAR_AHEAD,
    "pydantic.PastDatetime": lambda *_: LONG_AGO,
    "pydantic.StrictStr": text,
    "pydantic.StrictInt": lambda _, number: number,
    "pydantic.StrictBool": lambda name, _: truth(name),
}
"""Plain types by path, and how a value is made of the name that it is for and a number."""


def constrained(value: object, calls: list[ast.expr]) -> object:
    """The value, or another one where the keywords of ``Field(...)`` and its like refuse it."""
    words: dict[str, Any] = {
        keyword.arg: keyword.value.value
        for call in calls
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg and isinstance(keyword.value, ast.Constant)
    }
    if isinstance(value, str):
        return _fitting_text(value, words)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(value)(_fitting_number(value, words))
    return value


def _fitting_number(value: float, words: dict[str, Any]) -> float:
    bounds = {name: limit for name, limit in words.items() if isinstance(limit, (int, float))}
    least = max(value, bounds.get("ge", value), bounds["gt"] + 1 if "gt" in bounds else value)
    return min(least, bounds.get("le", least), bounds["lt"] - 1 if "lt" in bounds else least)


def _fitting_text(value: str, words: dict[str, Any]) -> str:
    pattern = words.get("pattern", words.get("regex"))
    if isinstance(pattern, str) and re.search(pattern, value) is None:
        value = example_of(pattern) or value
    longest, shortest = words.get("max_length"), words.get("min_length")
    if isinstance(longest, int) and len(value) > longest:
        value = value[-longest:]
    if isinstance(shortest, int) and len(value) < shortest:
        value = value.ljust(shortest, "x")
    return value


def example_of(pattern: str) -> str | None:
    """A short string that a regular expression finds; None where none is made."""
    try:
        made = _made(_PARSER.parse(pattern))
        return made if re.search(pattern, made) is not None else None
    except (re.error, ValueError, RecursionError):
        return None


def _made(parsed: Any) -> str:  # noqa: ANN401 -- the parser's own lists
    return "".join(_part(str(operation), argument) for operation, argument in parsed)


def _part(operation: str, argument: Any) -> str:  # noqa: ANN401 -- as above
    match operation:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return "a" if argument != ord("a") else "b"
        case "ANY":
            return "a"
        case "IN":
            return _of_class(argument)
        case "BRANCH":
            return _made(argument[1][0])
        case "SUBPATTERN":
            return _made(argument[-1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = argument
            return str(_made(inner) * min(max(least, _TIMES), int(most)))
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return ""
    raise ValueError(operation)


def _of_class(items: Any) -> str:  # noqa: ANN401 -- as above
    if str(items[0][0]) == "NEGATE":
        return next(letter for letter in "a1-_. " if not any(_has(item, letter) for item in items[1:]))
    operation, argument = items[0]
    match str(operation):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
    return "1" if "DIGIT" in str(argument) else " " if "SPACE" in str(argument) else "a"


def _has(item: Any, letter: str) -> bool:  # noqa: ANN401 -- as above
    operation, argument = item
    match str(operation):
        case "LITERAL":
            return bool(chr(argument) == letter)
        case "RANGE":
            return bool(argument[0] <= ord(letter) <= argument[1])
    category = str(argument)
    return letter.isdigit() if "DIGIT" in category else letter.isspace() if "SPACE" in category else letter.isalnum()
