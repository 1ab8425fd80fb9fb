"""Reads ``mapped_column(...)``, ``Column(...)`` and bare ``Mapped[...]`` annotations."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from greenroom.facts.annotation import Annotation, annotated_layers
from greenroom.facts.calls import Call, library_call
from greenroom.facts.declarations import Declaration
from greenroom.facts.defaults import default_kind
from greenroom.facts.expression import MISSING, Expression, Scope
from greenroom.facts.keys import key_target
from greenroom.facts.records import Column, Default
from greenroom.facts.sqltypes import SqlType, read_sql_type, sql_type_of_annotation
from greenroom.program.symbols import Class
from greenroom.program.types import NoneRef, TypeRef, Union

CONSTRUCTORS = {"Column", "mapped_column", "MappedColumn"}
_WRAPPERS = {"deferred", "column_property"}
_CONSTRAINTS = {"CheckConstraint", "UniqueConstraint", "Index"}

_TEXTS = {"name": "name", "key": "key", "deferred_group": "deferred_group"}
_FLAGS = {
    "primary_key": ("primary_key", False),
    "active_history": ("active_history", False),
    "deferred": ("deferred", True),
    "deferred_raiseload": ("raises_when_deferred", False),
    "init": ("init", True),
}
"""Keyword argument to the attribute of the draft, and what an argument that is no constant counts as."""


@dataclass(slots=True)
class ColumnDraft:
    """A column while its sources are being merged; None means that nothing was said."""

    name: str | None = None
    key: str | None = None
    sql_type: SqlType | None = None
    primary_key: bool = False
    nullable: bool | None = None
    default: Expression | None = None
    default_kind: Default = Default.NONE
    onupdate: Default = Default.NONE
    server_default: bool = False
    server_onupdate: bool = False
    computed: bool = False
    identity: bool = False
    deferred: bool | None = None
    deferred_group: str | None = None
    raises_when_deferred: bool = False
    active_history: bool = False
    foreign_keys: tuple[Expression, ...] = ()
    init: bool = True
    has_init_default: bool = False


def read_column(declaration: Declaration) -> Column | None:
    """Return the column that a declaration makes, or None when it makes something else."""
    call, deferred = _column_call(declaration.call)
    if call is None and not (declaration.call is None and declaration.is_mapped_annotation and _is_scalar(declaration)):
        return None
    draft = draft_of(call) if call is not None else ColumnDraft()
    if deferred is not None:
        draft.deferred = True
        draft.deferred_group = deferred.text("group")
        draft.raises_when_deferred = deferred.flag("raiseload")
        draft.active_history = draft.active_history or deferred.flag("active_history")
    orm = declaration.is_mapped_annotation and deferred is None and (call is None or call.name != "Column")
    return finish(declaration.name, declaration.node, draft, declaration.annotation, declaration.owner, orm=orm)


def column_of_call(call: Call, owner: Class | None, attribute: str | None = None, annotation: Annotation | None = None) -> Column | None:
    """Return the column made by a ``Column(...)`` inside ``Table(...)`` or another call, named by its key."""
    draft = draft_of(call)
    name = attribute or draft.key or draft.name
    return finish(name, call.node, draft, annotation, owner, orm=annotation is not None and call.name != "Column") if name else None


def draft_of(call: Call) -> ColumnDraft:
    """Read the arguments of one column constructor."""
    draft = ColumnDraft()
    for position, argument in enumerate(call.positional):
        _positional(draft, argument, position)
    for name, argument in call.keywords.items():
        _keyword(draft, name, argument)
    if "deferred" not in call.keywords and (draft.deferred_group or draft.raises_when_deferred):
        draft.deferred = True
    return draft


def finish(name: str, node: ast.AST, draft: ColumnDraft, annotation: Annotation | None, owner: Class | None, *, orm: bool) -> Column:
    """Turn a draft into a column; with ``orm`` what the annotation implies is filled in, as ``mapped_column`` does."""
    python_type: TypeRef | None = None
    if annotation is not None and annotation.inner is not None:
        python_type = annotation.inner.type()
        if orm:
            _merge_annotated(draft, python_type, annotation.inner.scope)
            if draft.nullable is None:
                draft.nullable = annotation.optional or _allows_none(python_type)
        if draft.sql_type is None and not draft.foreign_keys:
            draft.sql_type = sql_type_of_annotation(python_type, annotation.inner.scope.program)
    if draft.nullable is None:
        draft.nullable = not draft.primary_key and not draft.identity
    return Column(
        name=name,
        node=node,
        primary_key=draft.primary_key,
        nullable=draft.nullable,
        python_type=python_type,
        sql_type=draft.sql_type.name if draft.sql_type else None,
        enum=draft.sql_type.enum if draft.sql_type else None,
        timezone=draft.sql_type.timezone if draft.sql_type else None,
        implied_type=draft.sql_type is not None and draft.sql_type.implied,
        default=draft.default_kind,
        default_value=draft.default.node if draft.default is not None else None,
        onupdate=draft.onupdate,
        server_default=draft.server_default,
        server_onupdate=draft.server_onupdate,
        computed=draft.computed,
        identity=draft.identity,
        deferred=bool(draft.deferred),
        deferred_group=draft.deferred_group,
        raises_when_deferred=draft.raises_when_deferred,
        active_history=draft.active_history,
        foreign_keys=tuple(filter(None, map(key_target, draft.foreign_keys))),
        init=draft.init,
        has_init_default=draft.has_init_default,
        column_name=draft.name if draft.name and draft.name != name else None,
        declared_in=owner,
    )


def _column_call(call: Call | None) -> tuple[Call | None, Call | None]:
    """Return the column constructor and the ``deferred()`` around it."""
    if call is None or call.name in CONSTRUCTORS:
        return call, None
    if call.name in _WRAPPERS and call.positional:
        inner = library_call(call.positional[0])
        if inner is not None and inner.name in CONSTRUCTORS:
            return inner, call if call.name == "deferred" or call.flag("deferred") else None
    return None, None


def _is_scalar(declaration: Declaration) -> bool:
    """A bare ``Mapped[list["Post"]]`` without ``relationship()`` maps nothing that we know; other values are not columns."""
    annotation = declaration.annotation
    if declaration.value is not None or declaration.by_method or annotation is None:
        return False
    return annotation.container in ("Mapped", "MappedColumn")


def _merge_annotated(draft: ColumnDraft, python_type: TypeRef, scope: Scope) -> None:
    for layer in annotated_layers(python_type):
        for item in layer.metadata:
            call = library_call(Expression(item, Scope(scope.program, layer.module)))
            if call is not None and call.name in CONSTRUCTORS:
                _merge(draft, draft_of(call))
                return


def _merge(draft: ColumnDraft, given: ColumnDraft) -> None:
    """Fill ``draft`` with what an ``Annotated`` alias gives; what the attribute says itself wins."""
    draft.primary_key = draft.primary_key or given.primary_key
    if given.nullable is not None and draft.nullable is None:
        draft.nullable = given.nullable
    draft.sql_type = draft.sql_type or given.sql_type
    if draft.default_kind is Default.NONE:
        draft.default, draft.default_kind = given.default, given.default_kind
    if draft.onupdate is Default.NONE:
        draft.onupdate = given.onupdate
    for name in ("server_default", "server_onupdate", "computed", "identity", "active_history", "raises_when_deferred"):
        setattr(draft, name, getattr(draft, name) or getattr(given, name))
    if draft.deferred is None:
        draft.deferred = given.deferred
    draft.deferred_group = draft.deferred_group or given.deferred_group
    draft.foreign_keys = (*draft.foreign_keys, *given.foreign_keys)


def _positional(draft: ColumnDraft, argument: Expression, position: int) -> None:
    text = argument.text()
    if text is not None:
        draft.name = text
        return
    value = argument.constant()
    if value is not MISSING:
        return
    call = library_call(argument)
    match call.name if call is not None else argument.name():
        case "ForeignKey":
            draft.foreign_keys = (*draft.foreign_keys, argument)
        case "Identity":
            draft.identity = draft.server_default = True
        case "Computed":
            draft.computed = draft.server_default = draft.server_onupdate = True
        case "Sequence":
            draft.default, draft.default_kind = argument, Default.SQL
        case "FetchedValue" | "DefaultClause":
            if call is not None and call.flag("for_update"):
                draft.server_onupdate = True
            else:
                draft.server_default = True
        case "ColumnDefault" if call is not None and call.positional:
            draft.default, draft.default_kind = call.positional[0], default_kind(call.positional[0])
        case name if name in _CONSTRAINTS:
            pass
        case _ if position <= 1 and draft.sql_type is None:
            draft.sql_type = read_sql_type(argument)


def _keyword(draft: ColumnDraft, name: str, argument: Expression) -> None:
    if name in _TEXTS:
        setattr(draft, _TEXTS[name], argument.text())
    elif name in _FLAGS:
        attribute, otherwise = _FLAGS[name]
        setattr(draft, attribute, argument.truth(default=otherwise))
    elif name in ("default", "insert_default", "default_factory"):
        _keyword_default(draft, name, argument)
    elif name == "onupdate":
        draft.onupdate = default_kind(argument)
    elif name in ("server_default", "server_onupdate") and argument.constant() is not None:
        setattr(draft, name, True)
        _fetched(draft, argument)
    elif name == "type_":
        draft.sql_type = read_sql_type(argument)
    elif name == "nullable":
        value = argument.constant()
        draft.nullable = value if isinstance(value, bool) else None


def _keyword_default(draft: ColumnDraft, name: str, argument: Expression) -> None:
    """``insert_default`` is the column's; ``default`` is as well where no ``insert_default`` is given."""
    draft.has_init_default = draft.has_init_default or name != "insert_default"
    if name == "insert_default" or (name == "default" and draft.default is None):
        draft.default, draft.default_kind = argument, default_kind(argument)


def _fetched(draft: ColumnDraft, argument: Expression) -> None:
    """``server_default=Identity()`` and ``server_default=Computed(...)`` are read like their positional forms."""
    call = library_call(argument)
    if call is not None and call.name == "Identity":
        draft.identity = True
    elif call is not None and call.name == "Computed":
        draft.computed = draft.server_onupdate = True


def _allows_none(reference: TypeRef) -> bool:
    if any(_allows_none(layer.type) for layer in annotated_layers(reference)):
        return True
    return isinstance(reference, Union) and any(isinstance(member, NoneRef) or _allows_none(member) for member in reference.members)
