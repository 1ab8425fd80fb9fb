"""Mass assignment: everything that a client sends goes into an object, whatever it is."""

from __future__ import annotations

import ast

from greenroom.domain.boundary import MassAssigned
from greenroom.domain.events import Event
from greenroom.domain.provenance import Dump, Sent, sources
from greenroom.domain.values import Anything, Value
from greenroom.facts.records import Column, MappedClass
from greenroom.interpret.boundary.dumping import fields_of
from greenroom.interpret.boundary.fields import described
from greenroom.interpret.run import Run
from greenroom.program.symbols import External
from greenroom.program.types import Named

DICTIONARY = Named(External("builtins.dict"))
SURROGATES = frozenset({"Integer", "BigInteger", "SmallInteger", "Uuid", "UUID", "GUID"})
"""Types of keys that mean nothing, and are made by the database or the program."""
PRIVILEGES = frozenset(
    {
        "is_admin", "is_superuser", "is_staff", "is_verified", "superuser", "email_verified", "hashed_password", "password_hash",
    }
)  # fmt: skip
"""Columns that say what somebody may do, or that nobody can know the right value of."""


def assigned(run: Run, mapped: MappedClass, value: Value, node: ast.AST) -> None:
    """A dictionary of what was sent is spread over an object, or one name after the other is set."""
    for atom, token in sources(value):
        if isinstance(token, Sent) and (whole := _whole(atom, token)) is not None:
            _report(run, mapped, described(whole), (), node)
        elif isinstance(token, Dump) and (schema := run.backend.schema(token.schema)) is not None:
            if schema.open:
                _report(run, mapped, f"`{schema.name}`", (), node)
                continue
            names = {mapped.synonyms.get(name, name): name for name, _ in fields_of(run, token)}
            privileges = tuple(name for name in mapped.columns if name in names and name in PRIVILEGES)
            if privileges:
                _report(run, mapped, f"`{schema.name}`", privileges, node)
            for name in mapped.columns:
                if name in names and _is_surrogate(mapped, mapped.columns[name]):
                    # An object that was looked up by the key that is sent keeps the key that it has.
                    run.doubts.append((*_event(run, mapped, f"`{schema.name}`", (name,), node), (token.field(names[name]),)))


def _whole(value: Anything, token: Sent) -> Sent | None:
    """The dictionary that a value is, or whose key or value it is; a field that is handed on beside others is neither."""
    if value.type == DICTIONARY:
        return token
    return token.holder if isinstance(token.holder, Sent) and token.schema is None and token.name in ("key", "value") else None


def _report(run: Run, mapped: MappedClass, source: str, columns: tuple[str, ...], node: ast.AST) -> None:
    event, key = _event(run, mapped, source, columns, node)
    run.emit(event, *key)


def _event(run: Run, mapped: MappedClass, source: str, columns: tuple[str, ...], node: ast.AST) -> tuple[Event, tuple[object, ...]]:
    return MassAssigned(run.site(node), run.call_sites(), mapped.name, source, columns), (mapped.name, source, columns)


def _is_surrogate(mapped: MappedClass, column: Column) -> bool:
    """Whether a column is a key that the database or the program makes; a key that has a meaning is for clients to say."""
    return mapped.primary_key == (column.name,) and column.sql_type in SURROGATES and not column.foreign_keys
