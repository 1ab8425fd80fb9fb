"""Relationships with `lazy="dynamic"`: queries that run whenever they are walked."""

from __future__ import annotations

import ast

from greenroom.domain.heap import PERSISTENT
from greenroom.domain.loading import DROPPED, LAZY
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    DynamicQuery,
    Value,
)
from greenroom.interpret.attributes import MISSING_GREENLET, report
from greenroom.interpret.run import Run
from greenroom.interpret.session import reloading, work

RUNNING = frozenset({"all", "first", "one", "one_or_none", "scalar", "scalars", "count", "__getitem__", "exists", "paginate", "get"})
"""Methods of a dynamic relationship that run its query."""


def dynamic_method(run: Run, state: State, query: DynamicQuery, name: str, node: ast.AST) -> Value:
    """A method of a dynamic relationship: everything that runs the query emits SQL."""
    if name not in RUNNING and name != "__iter__":
        return query
    record = state.orm(query.owner)
    if record is not None and record.session is None and not record.life & PERSISTENT:
        return ANYTHING  # Without a session the query looks at what was added in memory.
    if record is not None and not run.greenlet:
        report(run, query.owner, record, query.name, LAZY, node, origin=None)
        work.begin(state, record.session)
        run.may_raise(MISSING_GREENLET, state)
    if record is not None and any(record.attributes[key].bits & DROPPED for key in record.mapped.primary_key if key in record.attributes):
        reloading.reload(run, state, query.owner, node, drop=False)  # The query needs the owner's key.
    return ANYTHING
