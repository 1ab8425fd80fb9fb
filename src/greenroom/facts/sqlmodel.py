"""Reads SQLModel table classes: ``Field`` becomes a column, ``Relationship`` a relationship."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from greenroom.facts.calls import Call, library_call
from greenroom.facts.columns import CONSTRUCTORS, draft_of, finish
from greenroom.facts.declarations import Bodies, Declaration
from greenroom.facts.defaults import default_kind
from greenroom.facts.expression import MISSING, Expression
from greenroom.facts.fields import field_arguments, field_declarations
from greenroom.facts.records import Column, Default
from greenroom.facts.relationships import CONSTRUCTORS as RELATIONSHIPS
from greenroom.facts.relationships import RelationshipDraft, draft_relationship
from greenroom.facts.sqltypes import SqlType, read_sql_type, sql_type_of_annotation
from greenroom.program.symbols import Class

_SQLMODEL_TYPES = {"String": "AutoString", "DateTime": "UTCDateTime"}


def read_fields(bodies: Bodies, cls: Class) -> dict[str, Column]:
    """Return the columns that SQLModel makes of the fields of a table class, inherited fields included."""
    found: dict[str, Column] = {}
    for name, declaration in field_declarations(bodies, cls).items():
        column = _column(declaration)
        if column is not None:
            found[name] = column
    return found


def read_relationships(bodies: Bodies, cls: Class) -> dict[str, RelationshipDraft]:
    """Return the relationships that the body of a table class declares; SQLModel takes none from its bases."""
    found: dict[str, RelationshipDraft] = {}
    for declaration in bodies.of(cls):
        call = declaration.call
        if call is not None and call.name == "Relationship":
            found[declaration.name] = _relationship(declaration, call)
    return found


def _relationship(declaration: Declaration, call: Call) -> RelationshipDraft:
    given = call.keywords.get("sa_relationship")
    inner = library_call(given) if given is not None else None
    if inner is not None and inner.name in RELATIONSHIPS:
        return draft_relationship(declaration.name, declaration.node, declaration.owner, inner, declaration.annotation)
    keywords: dict[str, Expression] = {}
    if "back_populates" in call.keywords:
        keywords["back_populates"] = call.keywords["back_populates"]
    if call.flag("cascade_delete"):
        at = call.keywords["cascade_delete"]
        keywords["cascade"] = at.at(ast.copy_location(ast.Constant("all, delete-orphan"), at.node))
    if "link_model" in call.keywords and call.keywords["link_model"].constant() is not None:
        keywords["secondary"] = call.keywords["link_model"]
    if "sa_relationship_kwargs" in call.keywords:
        keywords.update(call.keywords["sa_relationship_kwargs"].entries())
    positional = call.keywords["sa_relationship_args"].elements() if "sa_relationship_args" in call.keywords else []
    argument = keywords.pop("argument", None)
    # SQLModel gives its own target as the first argument; more positional arguments follow it.
    secondary = positional[0] if positional else None
    if secondary is not None:
        keywords.setdefault("secondary", secondary)
    plain = Call("relationship", "sqlalchemy.orm.relationship", call.node, (argument,) if argument is not None else (), keywords)
    return draft_relationship(declaration.name, declaration.node, declaration.owner, plain, declaration.annotation)


def _column(declaration: Declaration) -> Column | None:
    annotation = declaration.annotation
    if annotation is None or annotation.inner is None:
        return None
    reference = annotation.inner.type()
    arguments = field_arguments(declaration, reference)
    name, node, owner = declaration.name, declaration.node, declaration.owner
    given = arguments.get("sa_column")
    call = library_call(given) if given is not None else None
    if call is not None and call.name in CONSTRUCTORS:
        return replace(finish(name, node, draft_of(call), None, owner, orm=False), python_type=reference)
    column = finish(name, node, draft_of(_constructor(arguments, declaration)), None, owner, orm=False)
    sql_type = _sql_type(arguments, declaration)
    nullable = column.nullable
    if "nullable" not in arguments and "nullable" not in _column_keywords(arguments):
        nullable = not column.primary_key and annotation.optional
    return replace(
        column,
        python_type=reference,
        nullable=nullable,
        sql_type=sql_type.name if sql_type else None,
        enum=sql_type.enum if sql_type else None,
        timezone=sql_type.timezone if sql_type else None,
        implied_type=sql_type is not None and sql_type.implied,
        default=_default(arguments, column),
        has_init_default="default" in arguments or "default_factory" in arguments,
    )


def _constructor(arguments: Mapping[str, Expression], declaration: Declaration) -> Call:
    """Return the ``Column(...)`` call that SQLModel builds from a field's arguments."""
    keywords = {name: arguments[name] for name in ("primary_key", "nullable") if name in arguments}
    default = arguments.get("default_factory", arguments.get("default"))
    if default is not None and default.constant() is not Ellipsis:
        keywords["default"] = default
    keywords.update(_column_keywords(arguments))
    positional: list[Expression] = list(arguments["sa_column_args"].elements()) if "sa_column_args" in arguments else []
    target = arguments.get("foreign_key")
    if target is not None and target.constant() is not None:
        positional.append(target.at(_foreign_key(target.node)))
    node = declaration.call.node if declaration.call is not None else ast.Call(ast.Name("Column"), [], [])
    return Call("Column", "sqlalchemy.Column", node, tuple(positional), keywords)


def _foreign_key(target: ast.expr) -> ast.Call:
    name = ast.copy_location(ast.Name("ForeignKey", ast.Load()), target)
    return ast.copy_location(ast.Call(name, [target], []), target)


def _column_keywords(arguments: Mapping[str, Expression]) -> dict[str, Expression]:
    given = arguments.get("sa_column_kwargs")
    return given.entries() if given is not None else {}


def _default(arguments: Mapping[str, Expression], column: Column) -> Default:
    """A ``default_factory`` is a callable whatever it returns."""
    if "default_factory" in arguments and "default" not in _column_keywords(arguments):
        factory = arguments["default_factory"]
        return Default.NONE if factory.constant() is None else Default.PYTHON
    default = arguments.get("default")
    if default is not None and default.constant() is MISSING and "default" not in _column_keywords(arguments):
        return default_kind(default)
    return column.default


def _sql_type(arguments: Mapping[str, Expression], declaration: Declaration) -> SqlType | None:
    given = arguments.get("sa_type") or _column_keywords(arguments).get("type_")
    if given is not None:
        return read_sql_type(given)
    annotation = declaration.annotation
    if annotation is None or annotation.inner is None:
        return None
    implied = sql_type_of_annotation(annotation.inner.type(), annotation.inner.scope.program)
    return replace(implied, name=_SQLMODEL_TYPES.get(implied.name, implied.name)) if implied else None
