"""What session factories and engine URLs say, read syntactically."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.imperative import named_calls
from greenroom.facts.records import SessionDefaults
from greenroom.program.program import Program
from greenroom.program.symbols import Module
from greenroom.source.file import SourceFile

FACTORIES = {"async_sessionmaker", "sessionmaker", "AsyncSession", "async_scoped_session", "AsyncSessionConfig", "SQLAlchemyAsyncConfig"}
"""Calls whose arguments set ``expire_on_commit`` and ``autoflush``."""
_CALL = re.compile(rb"(?:" + "|".join(sorted(FACTORIES)).encode() + rb")\s*[(\[]")
"""A call of a factory as text: most files only name the classes in annotations."""
_URL = re.compile(rb"[\"'](postgresql|postgres|mysql|mariadb|sqlite|oracle|mssql|cockroachdb)(?:\+(\w+))?://")
DRIVERS = {
    "asyncpg": "postgresql",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "asyncmy": "mysql",
    "aiomysql": "mysql",
    "pymysql": "mysql",
    "aiosqlite": "sqlite",
    "oracledb": "oracle",
    "aioodbc": "mssql",
    "pyodbc": "mssql",
}
"""Distribution name to the dialect that it drives."""
_SCHEMES = {"postgres": "postgresql", "cockroachdb": "postgresql"}
_SERVER_FIRST = ("postgresql", "mysql", "mariadb", "oracle", "mssql", "sqlite")


def read_defaults(
    program: Program, modules: Iterable[Module], files: Iterable[SourceFile], distributions: Iterable[str]
) -> SessionDefaults:
    """Return what the factories agree on and the dialects that are named, URLs before drivers."""
    every = [(module, call) for module in modules if _CALL.search(module.source.data) for call in _factory_calls(program, module)]
    # What a test suite makes says nothing of the code that is tested, where that makes its own.
    production = [call for module, call in every if not module.is_test] or [call for _, call in every]
    expire = {flag for call in production for flag in _flags(call, "expire_on_commit", default=True)}
    flush = {flag for call in production for flag in _flags(call, "autoflush", default=True)}
    return SessionDefaults(
        expire_on_commit=next(iter(expire)) if len(expire) == 1 else None,
        autoflush=next(iter(flush)) if len(flush) == 1 else None,
        dialects=_dialects(files, distributions),
    )


@dataclass(frozen=True, slots=True)
class Factory:
    """One call that makes asynchronous sessions, or a factory of them."""

    module: Module
    node: ast.Call
    options: Mapping[str, bool | None]
    """``expire_on_commit`` and ``autoflush``; None where that is not known."""


def read_factories(program: Program, modules: Iterable[Module]) -> Iterator[Factory]:
    """Yield the factories of sessions, and the sessions that are made without one."""
    for module in modules:
        if _CALL.search(module.source.data) is not None:
            for call in _factory_calls(program, module):
                if call.name != "async_scoped_session" and not any(keyword.arg is None for keyword in call.node.keywords):
                    options = {name: next(_flags(call, name, default=True), None) for name in ("expire_on_commit", "autoflush")}
                    yield Factory(module, call.node, options)


def _factory_calls(program: Program, module: Module) -> Iterator[Call]:
    for function, node in named_calls(module, FACTORIES):
        call = library_call(Expression(node, Scope(program, module, function=function)))
        if call is not None and _makes_async_sessions(call):
            yield call


def _makes_async_sessions(call: Call) -> bool:
    """A plain ``sessionmaker`` counts when its ``class_`` is an async session."""
    if call.name == "sessionmaker":
        given = call.keywords.get("class_")
        return given is not None and "Async" in given.name()
    # AsyncSession(bind=...) without an engine is most often a type in disguise, such as a mock.
    return call.name in FACTORIES and bool(call.positional or call.keywords)


def _flags(call: Call, name: str, *, default: bool) -> Iterator[bool]:
    if call.name == "async_scoped_session":
        return
    given = call.keywords.get(name)
    if given is None:
        yield default
        return
    value = given.constant()
    if isinstance(value, bool):
        yield value


def served_dialects(files: Iterable[SourceFile], distributions: Iterable[str]) -> tuple[str, ...]:
    """The dialects that files name; where they name none, those of the servers for which there are drivers."""
    named = _dialects(files, ())
    return named or tuple(dialect for dialect in _dialects((), distributions) if dialect != "sqlite")


def _dialects(files: Iterable[SourceFile], distributions: Iterable[str]) -> tuple[str, ...]:
    named: set[str] = set()
    for file in files:
        if b"://" in file.data:
            named.update(_SCHEMES.get(scheme, scheme) for scheme in (found.group(1).decode() for found in _URL.finditer(file.data)))
        if b"PostgresDsn" in file.data:
            named.add("postgresql")
    driven = {DRIVERS[name] for name in distributions if name in DRIVERS} - named
    # SQLite is mostly there for tests: a server named beside it tells more.
    return tuple([name for name in _SERVER_FIRST if name in named] + [name for name in _SERVER_FIRST if name in driven])
