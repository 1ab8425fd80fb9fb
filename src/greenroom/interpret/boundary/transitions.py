"""Statuses that the client sends, and whether anything looks at what they were."""

from __future__ import annotations

import ast

from greenroom.domain.boundary import UncheckedTransition
from greenroom.domain.provenance import Seen, sent
from greenroom.domain.state import State
from greenroom.domain.values import Value
from greenroom.facts.records import Column, MappedClass
from greenroom.interpret.boundary.fields import described
from greenroom.interpret.run import Run

STATUSES = frozenset({"status", "state", "phase", "stage"})
"""What columns are called of which it matters what they were."""


def looked_at(state: State, mapped: MappedClass, name: str) -> None:
    """An attribute is read."""
    if name in STATUSES:
        state.watch.asked.add(Seen(mapped.symbol, name))


def stored(run: Run, mapped: MappedClass, column: Column, value: Value, node: ast.AST) -> None:
    """A value goes into a column of an object that is there already."""
    if column.name not in STATUSES or column.sql_type != "Enum" or run.silent:
        return
    for token in sent(value):
        event = UncheckedTransition(run.site(node), run.call_sites(), mapped.name, column.name, described(token))
        run.doubts.append((event, (mapped.name, column.name), (token, Seen(mapped.symbol, column.name))))
