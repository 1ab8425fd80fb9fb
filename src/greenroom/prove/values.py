"""Values of a test, as Python source and as JSON.

Plain values stand for themselves; the classes here stand for what only the project's own code can make.
"""

from __future__ import annotations

import base64
import datetime as dt
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from greenroom.program.symbols import Class, Function, Variable
from greenroom.prove.choices import Underivable

_INSTALLED = frozenset({"aiosqlite", "fastapi", "httpx", "pydantic", "sqlalchemy", "sqlmodel"})
Import = tuple[str, str]
"""A module and a name in it."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """An expression of the test, with the names that it imports."""

    text: str
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enumeration of the project."""

    cls: Class
    name: str
    value: object
    """What it is in JSON; None where the source does not say."""


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a constructor makes of keyword arguments."""

    cls: Class
    arguments: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The row of a mapped class, as a session loads it."""

    cls: Class
    key: object
    session: str = "session"


@dataclass(frozen=True, slots=True)
class KeptAll:
    """All rows of a mapped class, as a session loads them."""

    cls: Class
    session: str = "session"


@dataclass(slots=True)
class Imports:
    """The import statements of a test: every name once, under another name where two modules have the same."""

    names: dict[Import, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    """Modules that are imported for what they declare."""

    def name(self, module: str, name: str) -> str:
        """Import a name, dotted for what lies in a class; return what it is called in the test."""
        first, _, rest = name.partition(".")
        key = (module, first)
        if key not in self.names:
            taken = set(self.names.values())
            alias = first
            while alias in taken:
                alias = f"{module.rpartition('.')[2]}_{alias}"
            self.names[key] = alias
        return f"{self.names[key]}.{rest}" if rest else self.names[key]

    def symbol(self, symbol: Class | Function | Variable) -> str:
        """Import a class, function or variable of the project.

        Raises:
            Underivable: It lives inside a function.
        """
        if isinstance(symbol, Variable):
            owner: object = symbol.function or symbol.owner
            name = symbol.name
        else:
            owner, name = symbol.owner, symbol.qualname
            if isinstance(symbol, Function) and symbol.parent is not None:
                owner = symbol.parent
        if isinstance(owner, Function) or "<locals>" in name:
            raise Underivable(f"`{name}` is made inside a function of {symbol.module.name}, so that a test cannot import it")
        return self.name(symbol.module.name, name)

    def statements(self) -> list[str]:
        """The statements in three blocks: the standard library, what is installed, the project."""
        by_module: dict[str, list[str]] = {}
        for (module, name), alias in self.names.items():
            by_module.setdefault(module, []).append(name if alias == name else f"{name} as {alias}")
        lines = [f"from {module} import {', '.join(sorted(names, key=str.lower))}" for module, names in by_module.items()]
        lines.extend(f"import {module}" for module in self.modules)
        blocks: dict[int, list[str]] = {}
        for line in sorted(lines, key=lambda line: (line.startswith("from"), line.split()[1])):
            blocks.setdefault(_block(line.split()[1].partition(".")[0]), []).append(line)
        return [line for number in sorted(blocks) for line in ("", *blocks[number])][1:]


def _block(top: str) -> int:
    return 0 if top in sys.stdlib_module_names else 1 if top in _INSTALLED else 2


def source(value: object, imports: Imports) -> str:
    """A value as a Python expression.

    Raises:
        Underivable: It names something that a test cannot import.
    """
    match value:
        case Verbatim(text, needed):
            for module, name in needed:
                imports.name(module, name)
            return text
        case Member(cls, name):
            return f"{imports.symbol(cls)}.{name}"
        case Made(cls, arguments):
            given = ", ".join(f"{name}={source(item, imports)}" for name, item in arguments)
            return f"{imports.symbol(cls)}({given})"
        case Kept(cls, key, session):
            return f"await {session}.get({imports.symbol(cls)}, {source(key, imports)})"
        case KeptAll(cls, session):
            return f"list((await {session}.scalars({imports.name('sqlalchemy', 'select')}({imports.symbol(cls)}))).all())"
    return _plain(value, imports)


def _plain(value: object, imports: Imports) -> str:
    """A value of the standard library, or a collection."""
    match value:
        case bool() | int() | float() | str() | bytes() | None:
            return _literal(value)
        case Decimal() | uuid.UUID():
            return f'{imports.name(type(value).__module__, type(value).__name__)}("{value}")'
        case dt.datetime() | dt.date() | dt.time() | dt.timedelta():
            return _moment(value, imports)
        case Mapping():
            return "{" + ", ".join(f"{source(key, imports)}: {source(item, imports)}" for key, item in value.items()) + "}"
        case tuple():
            return "(" + "".join(f"{source(item, imports)}, " for item in value).rstrip() + ")"
        case set():
            return "{" + ", ".join(source(item, imports) for item in value) + "}" if value else "set()"
        case Sequence():
            return "[" + ", ".join(source(item, imports) for item in value) + "]"
    raise TypeError(f"no source for {value!r}")


def json_value(value: object) -> object:
    """A value as a client sends it.

    Raises:
        Underivable: No client can send it.
    """
    match value:
        case Member(cls, name, raw):
            if raw is None:
                raise Underivable(f"the source does not say what `{cls.name}.{name}` is in JSON")
            return raw
        case Made(_, arguments):
            return {name: json_value(item) for name, item in arguments}
        case bool() | int() | float() | str() | None:
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal() | uuid.UUID():
            return str(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): json_value(item) for key, item in value.items()}
        case Sequence() | set():
            return [json_value(item) for item in value]
    raise Underivable(f"{value!r} cannot be sent as JSON")


def _literal(value: object) -> str:
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value or "\\" in text else f'"{value}"'
    return repr(value)


def _moment(value: dt.datetime | dt.date | dt.time | dt.timedelta, imports: Imports) -> str:
    kind = type(value).__name__
    name = imports.name("datetime", kind)
    if isinstance(value, dt.datetime):
        zone = f", tzinfo={imports.name('datetime', 'timezone')}.utc" if value.tzinfo is not None else ""
        return f"{name}({value.year}, {value.month}, {value.day}{zone})"
    if isinstance(value, dt.date):
        return f"{name}({value.year}, {value.month}, {value.day})"
    if isinstance(value, dt.time):
        return f"{name}({value.hour})"
    return f"{name}(days={value.days})"
