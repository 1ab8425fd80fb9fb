"""Mass assignment: everything that a client sends goes into an object, whatever it is."""

from __future__ import annotations

import ast

from greenroom.domain.boundary import MassAssigned
from greenroom.domain.provenance import Dump, Sent, sources
from greenroom.domain.values import Value
from greenroom.facts.records import Column, MappedClass
from greenroom.interpret.boundary.dumping import fields_of
from greenroom.interpret.boundary.fields import described
from greenroom.interpret.run import Run

PRIVILEGES = frozenset(
    {
        "is_admin", "is_superuser", "is_staff", "is_verified", "superuser", "email_verified", "hashed_password", "password_hash",
    }
)  # fmt: skip
"""Columns that say what somebody may do, or that nobody can know the right value of."""


def assigned(run: Run, mapped: MappedClass, value: Value, node: ast.AST) -> None:
    """A dictionary of what was sent is spread over an object, or one name after the other is set."""
    for _, token in sources(value):
        if isinstance(token, Sent):
            _report(run, mapped, described(_whole(token)), (), node)
        elif isinstance(token, Dump) and (schema := run.backend.schema(token.schema)) is not None:
            names = {mapped.synonyms.get(name, name) for name, _ in fields_of(run, token)}
            columns = tuple(name for name, column in mapped.columns.items() if name in names and _is_not_for_clients(column))
            if schema.open or columns:
                _report(run, mapped, f"`{schema.name}`", () if schema.open else columns, node)


def _whole(token: Sent) -> Sent:
    """The dictionary that a key or a value belongs to."""
    return token.holder if isinstance(token.holder, Sent) and token.schema is None else token


def _report(run: Run, mapped: MappedClass, source: str, columns: tuple[str, ...], node: ast.AST) -> None:
    run.emit(MassAssigned(run.site(node), run.call_sites(), mapped.name, source, columns), mapped.name, source)


def _is_not_for_clients(column: Column) -> bool:
    return column.primary_key or column.name in PRIVILEGES or (column.generated_on_insert and column.generated_on_update)
