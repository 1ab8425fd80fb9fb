"""What a run should do: one frozen record, built from plain values and checked once."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from greenroom.vocabulary import Confidence

DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql")
SQLALCHEMY_VERSIONS = ("2.0", "2.1")


class ConfigError(Exception):
    """The user asked for something that cannot be; the message is one line that names it and says what to do."""


class Format(enum.Enum):
    """How findings are printed."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Config:
    """Every choice of a run, passed explicitly to whoever needs it."""

    select: tuple[str, ...] = ()
    """Rule codes or prefixes of codes (``GR1``); empty selects every rule that is on by default."""
    extend_select: tuple[str, ...] = ()
    """Rule codes or prefixes that are selected as well."""
    ignore: tuple[str, ...] = ()
    """Rule codes or prefixes that are left out; wins over ``select``."""
    min_confidence: Confidence = Confidence.POSSIBLE
    dialect: str | None = None
    """None: what the project's engine URLs and settings say."""
    sqlalchemy: str | None = None
    """``2.0`` or ``2.1``; None: what the project's dependency files say."""
    format: Format = Format.TEXT
    exit_zero: bool = False
    statistics: bool = False
    exclude: tuple[str, ...] = ()
    """Glob patterns of files and directories that are not analysed."""

    def enabled(self, code: str, *, default: bool = True) -> bool:
        """Whether the rule ``code`` is selected, or on by ``default`` where none is, and not ignored."""
        chosen = (code.startswith(self.select) if self.select else default) or code.startswith(self.extend_select)
        return chosen and not code.startswith(self.ignore)

    def admits(self, confidence: Confidence) -> bool:
        """Whether findings of this confidence are wanted."""
        return self.min_confidence is Confidence.POSSIBLE or confidence is Confidence.DEFINITE


def from_mapping(values: Mapping[str, object], origin: str) -> Config:
    """Build a configuration from plain values, naming ``origin`` (such as the command line) in errors."""
    known = tuple(field.name for field in fields(Config))
    for key in values:
        if key not in known:
            raise ConfigError(f"unknown key {key!r} in {origin}{suggestion(key, known)}")
    text = {key: _one_of(values, key, allowed, origin) for key, allowed in _CHOICES.items()}
    return Config(
        select=_strings(values, "select", origin),
        extend_select=_strings(values, "extend_select", origin),
        ignore=_strings(values, "ignore", origin),
        min_confidence=Confidence(text["min_confidence"] or Confidence.POSSIBLE.value),
        dialect=text["dialect"],
        sqlalchemy=text["sqlalchemy"],
        format=Format(text["format"] or Format.TEXT.value),
        exit_zero=_switch(values, "exit_zero", origin),
        statistics=_switch(values, "statistics", origin),
        exclude=_strings(values, "exclude", origin),
    )


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known word, the known words when few, else nothing."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(words)})" if 0 < len(words) <= 12 else ""


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "min_confidence": tuple(confidence.value for confidence in Confidence),
    "dialect": DIALECTS,
    "sqlalchemy": SQLALCHEMY_VERSIONS,
    "format": tuple(choice.value for choice in Format),
}


def _one_of(values: Mapping[str, object], key: str, allowed: tuple[str, ...], origin: str) -> str | None:
    value = values.get(key)
    if value is None or value in allowed:
        return None if value is None else str(value)
    raise ConfigError(f"{key} = {value!r} in {origin} is not one of {', '.join(allowed)}")


def _strings(values: Mapping[str, object], key: str, origin: str) -> tuple[str, ...]:
    value = values.get(key, ())
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ConfigError(f"{key} = {value!r} in {origin} must be a list of strings")


def _switch(values: Mapping[str, object], key: str, origin: str) -> bool:
    value = values.get(key, False)
    if isinstance(value, bool):
        return value
    raise ConfigError(f"{key} = {value!r} in {origin} must be true or false")
