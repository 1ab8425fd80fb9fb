"""What an audit writes down beside the events: operations with what is read after them, answers with their proofs.

Nobody asks for it in a check, so nothing of it is kept there.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from greenroom.domain.heap import PERSISTENT, OrmObject
from greenroom.domain.holding import spread
from greenroom.domain.journal import Act, Journal, Kind
from greenroom.domain.loading import Site
from greenroom.domain.state import State
from greenroom.domain.values import Arguments
from greenroom.program.symbols import Function

OPERATIONS = frozenset({Kind.FLUSH, Kind.COMMIT, Kind.ROLLBACK, Kind.REFRESH})


@dataclass(slots=True)
class Operation:
    """One flush, commit, rollback or refresh of the source, on all paths that met it."""

    site: Site
    kind: Kind
    function: Function | None
    asked: bool = False
    """Whether the source calls for it by name, so that it is no end of a block and no flush before a query."""
    models: set[str] = field(default_factory=set)
    expires: set[bool | None] = field(default_factory=set)
    """The ``expire_on_commit`` of its sessions."""
    reads: dict[str, bool] = field(default_factory=dict)
    """Attributes read afterwards on objects of the session, and whether they were there on every path."""
    keys: set[str] = field(default_factory=set)
    """Those of them that are primary keys."""
    handed: set[str] = field(default_factory=set)
    """Functions that were given an object of the session afterwards."""
    followed: set[Kind] = field(default_factory=set)
    """The operations that came next on the same session."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One attribute that an answer reads."""

    model: str
    attribute: str
    there: bool
    loaded_at: Site | None
    refreshed_at: Site | None
    """The last refresh of an object of its class, where no commit or rollback came after it."""
    strategy: str
    """How the query loads a relationship; empty for a column."""
    assumed: bool


@dataclass(slots=True)
class Observer:
    """Collects over all entry points of a project."""

    operations: dict[tuple[ast.AST, Kind], Operation] = field(default_factory=dict)
    answers: dict[ast.AST, dict[tuple[str, str], Reading]] = field(default_factory=dict)
    """For each endpoint, by the path of schema fields and the attribute."""
    enums: dict[tuple[str, str], dict[ast.AST, Site]] = field(default_factory=dict)
    """Where columns of enumerations are read."""
    answering: ast.AST | None = None
    """The endpoint whose answer is being made."""

    def performed(self, act: Act, function: Function | None, before: Journal, *, asked: bool, expires: bool | None) -> None:
        """An operation was carried out on a session whose journal was ``before``."""
        site = act.origin.site
        seen = self.operations.setdefault((site.node, act.kind), Operation(site, act.kind, function))
        seen.asked = seen.asked or asked
        seen.models.update(act.models)
        seen.expires.add(expires)
        earlier = self._last(before, act.session)
        if earlier is not None and earlier.site.node is not site.node:
            earlier.followed.add(act.kind)

    def read(self, record: OrmObject, name: str, journal: Journal, *, dropped: bool) -> None:
        """An attribute of an object in a session was read; for certain it was ``dropped``, and reading it is no IO that is legal."""
        earlier = self._last(journal, record.session)
        if earlier is None:
            return
        attribute = f"{record.mapped.name}.{name}"
        earlier.reads[attribute] = earlier.reads.get(attribute, True) and not dropped
        if name in record.mapped.primary_key:
            earlier.keys.add(attribute)

    def enum_read(self, record: OrmObject, name: str, site: Site) -> None:
        """A column of an enumeration was read."""
        column = record.mapped.columns.get(name)
        if column is not None and column.enum is not None:
            self.enums.setdefault((record.mapped.name, name), {}).setdefault(site.node, site)

    def answered(self, path: str, reading: Reading) -> None:
        """A response model read an attribute."""
        if self.answering is not None:
            known = self.answers.setdefault(self.answering, {})
            key = (path, f"{reading.model}.{reading.attribute}")
            if key not in known or known[key].there:
                known[key] = reading

    def given(self, state: State, function: Function, args: Arguments) -> None:
        """A function is called, with objects of a session perhaps."""
        for value in spread(args):
            record = state.record(value)
            earlier = self._last(state.journal, record.session) if isinstance(record, OrmObject) and record.life & PERSISTENT else None
            if earlier is not None:
                earlier.handed.add(function.qualname)

    def _last(self, journal: Journal, session: int | None) -> Operation | None:
        for act in reversed(journal):
            if act.session == session and act.kind in OPERATIONS:
                return self.operations.get((act.origin.site.node, act.kind))
        return None


def refreshed(journal: Journal, record: OrmObject) -> Site | None:
    """Where an object's class was refreshed since its session last lost everything."""
    for act in reversed(journal):
        if act.session == record.session:
            if act.kind is Kind.REFRESH and record.mapped.name in act.models:
                return act.origin.site
            if act.kind in {Kind.COMMIT, Kind.ROLLBACK}:
                return None
    return None
