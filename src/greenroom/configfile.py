"""``[tool.greenroom]`` of a pyproject.toml: found, read and checked; every mistake is one line with the file, the key and the mend."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenroom.config import DIALECTS, SQLALCHEMY_VERSIONS, TEACHABLE, Config, ConfigError, PathRules, Selection, seen, suggestion
from greenroom.vocabulary import Confidence

NAME = "pyproject.toml"

Codes = Callable[[Sequence[str], str], tuple[str, ...]]
"""Turns names, codes and prefixes of rules into codes and prefixes; the second argument names their place in errors."""


def find(paths: Iterable[Path]) -> Path | None:
    """Return the nearest pyproject.toml with a table for greenroom, from the common folder of ``paths`` up to the repository's.

    A file that is broken counts when it speaks of greenroom; otherwise it is none of our business.

    Raises:
        ConfigError: A file on the way cannot be read, so nobody knows what it asks for.
    """
    for folder in _upwards(paths):
        path = folder / NAME
        if path.is_file():
            data = _bytes(path, "make it readable, or give --isolated to do without it")
            if b"greenroom" in data and _has_table(data):
                return path
        if (folder / ".git").exists():
            return None
    return None


def read(path: Path) -> Mapping[str, object]:
    """Return the table ``[tool.greenroom]`` of the TOML file at ``path``.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or has no such table.
    """
    table = _table(_parsed(_bytes(path, "give a readable file"), path))
    if isinstance(table, Mapping):
        return table
    what = "there is no" if table is None else f"{_TABLE} = {_shown(table)} is no table; write"
    raise ConfigError(f"{seen(path)}: {what} [{_TABLE}]{' in it; add it, or give another file' if table is None else ' above its keys'}")


def from_file(values: Mapping[str, object], path: Path, codes: Codes, formats: Collection[str]) -> Config:
    """Build a configuration from the table of the file at ``path``.

    Raises:
        ConfigError: A key is unknown or a value is not of its kind; the message names file, key and mend.
    """
    reader = _Reader(values, seen(path))
    reader.demand_known(_KEYS)
    baseline = reader.text("baseline")
    per_path = reader.tables("per-path")
    return Config(
        selection=Selection(
            codes(reader.strings("select"), reader.place("select")),
            codes(reader.strings("extend-select"), reader.place("extend-select")),
            codes(reader.strings("ignore"), reader.place("ignore")),
        ),
        per_path=tuple(_path_rules(glob, value, reader, codes) for glob, value in per_path.items()),
        min_confidence=Confidence(reader.one_of("min-confidence", [kind.value for kind in Confidence]) or Confidence.POSSIBLE.value),
        dialect=reader.one_of("dialect", DIALECTS),
        sqlalchemy=reader.one_of("sqlalchemy", SQLALCHEMY_VERSIONS),
        format=reader.one_of("format", formats) or "text",
        exclude=reader.strings("exclude"),
        boundaries=reader.strings("boundaries"),
        operations=tuple((glob, _done(glob, value, reader)) for glob, value in reader.tables("operations").items()),
        baseline=None if baseline is None else path.absolute().parent / baseline,
        folder=path.absolute().parent,
    )


_KEYS = (
    "select",
    "extend-select",
    "ignore",
    "per-path",
    "exclude",
    "dialect",
    "sqlalchemy",
    "min-confidence",
    "format",
    "boundaries",
    "operations",
    "baseline",
)
_TABLE = "tool.greenroom"


def _upwards(paths: Iterable[Path]) -> list[Path]:
    """The folder that holds all paths, and those above it."""
    try:
        common = Path(os.path.commonpath([os.path.abspath(path) for path in paths]))  # noqa: PTH100 -- links keep the user's names
    except ValueError:  # no path, a NUL in one, several drives
        return []
    return [*([common] if common.is_dir() else []), *common.parents]


def _bytes(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {seen(path)}: {getattr(error, 'strerror', None) or error}; {mend}") from None


def _parsed(data: bytes, path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(data.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{seen(path)}: line {line} is not UTF-8; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{seen(path)}: no valid TOML: {reason}; correct it, or give --isolated to do without it") from None


def _has_table(data: bytes) -> bool:
    try:
        return _table(_parsed(data, Path())) is not None
    except ConfigError:
        return b"tool.greenroom" in data


def _table(data: Mapping[str, object]) -> object:
    tool = data.get("tool")
    return tool.get("greenroom") if isinstance(tool, Mapping) else None


def _path_rules(glob: str, value: object, parent: _Reader, codes: Codes) -> PathRules:
    """Read ``["GR105"]``, which ignores, or ``{ignore = [...], select = [...]}``."""
    if not isinstance(value, Mapping):
        place = parent.place("per-path", glob)
        return PathRules(glob, ignore=codes(_strings(value, place, "a list of rules or a table with `ignore` and `select`"), place))
    reader = _Reader(value, parent.file, f"{_TABLE}.per-path.{_quoted(glob)}")
    reader.demand_known(("ignore", "select"))
    return PathRules(
        glob,
        ignore=codes(reader.strings("ignore"), reader.place("ignore")),
        select=codes(reader.strings("select"), reader.place("select")),
    )


def _done(glob: str, value: object, parent: _Reader) -> tuple[str, ...]:
    """Read ``["flush", "commit"]``: what a function of the project does."""
    place = parent.place("operations", glob)
    done = _strings(value, place, f"a list of {', '.join(TEACHABLE)}")
    for name in done:
        if name not in TEACHABLE:
            raise ConfigError(f"{place} = {name!r} is not an operation{suggestion(name, TEACHABLE)}")
    return done


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one table and says where a value stands that cannot be."""

    values: Mapping[str, object]
    file: str
    table: str = _TABLE

    def place(self, *keys: str) -> str:
        return f"{self.file}: {'.'.join([self.table, *map(_quoted, keys)])}"

    def demand_known(self, known: Sequence[str]) -> None:
        for key in self.values:
            if key not in known:
                raise ConfigError(f"{self.file}: unknown key {key!r} in [{self.table}]{suggestion(key, known)}; correct or remove it")

    def one_of(self, key: str, allowed: Collection[str]) -> str | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        nearest = suggestion(value, allowed) if isinstance(value, str) else ""
        hint = nearest if nearest.startswith(" (did") else ""
        raise ConfigError(f"{self.place(key)} = {_shown(value)} is not one of {', '.join(map(_shown, allowed))}{hint}")

    def strings(self, key: str) -> tuple[str, ...]:
        return _strings(self.values.get(key, ()), self.place(key), "a list of strings")

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value and "\0" not in value):
            return value
        raise ConfigError(f"{self.place(key)} = {_shown(value)} must be the path of a file, as a string")

    def tables(self, key: str) -> Mapping[str, object]:
        value = self.values.get(key, {})
        if isinstance(value, Mapping):
            return value
        raise ConfigError(f'{self.place(key)} = {_shown(value)} must be a table of globs, such as {{"tests/**" = ["GR105"]}}')


def _strings(value: object, place: str, kind: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    mend = f"; write [{_shown(value)}]" if isinstance(value, str) else ""
    raise ConfigError(f"{place} = {_shown(value)} must be {kind}{mend}")


def _quoted(key: str) -> str:
    """A key as TOML has it."""
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else _shown(key)


def _shown(value: object) -> str:
    """A value much as TOML has it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + " ".join(value.split()).replace('"', '\\"') + '"'
    return " ".join(repr(value).split())
