"""Foreign keys: what they point to, and which columns an expression names."""

from __future__ import annotations

import ast
from typing import NamedTuple

from greenroom.facts.calls import library_call
from greenroom.facts.expression import Expression, returned
from greenroom.program.symbols import Class, Function


class ColumnName(NamedTuple):
    """A column as an expression names it: ``Post.author_id``, ``posts.c.author_id``, ``author_id``."""

    owner: Class | None
    """The class, when the name could be resolved."""
    holder: str
    """What stands before the attribute as written: class or table name, empty for a bare name."""
    attribute: str


def key_target(foreign_key: Expression) -> str | None:
    """Return the target of a ``ForeignKey(...)`` as ``table.column``; ``Class.attribute`` where a class is named."""
    call = library_call(foreign_key)
    target = call.argument(0, "column") if call is not None else None
    return target_text(target) if target is not None else None


def target_text(target: Expression) -> str | None:
    """Return ``table.column`` of a string or column expression."""
    text = target.text()
    if text is not None:
        return text
    if isinstance(target.node, ast.Name):
        # Only aliases are followed: behind Class.attribute stands the column, which no longer says whose it is.
        target = target.follow()
    if isinstance(target.node, ast.JoinedStr):
        return "".join(_part(target.at(part)) for part in target.node.values)
    if isinstance(target.node, ast.Lambda):
        target = target.at(target.node.body)
    name = column_name(target)
    if name is None:
        return None
    return f"{name.holder}.{name.attribute}" if name.holder else name.attribute


def column_names(expression: Expression) -> list[ColumnName]:
    """Return the columns that ``foreign_keys=`` or ``remote_side=`` names, in any of its spellings."""
    expression = opened(expression)
    found: list[ColumnName] = []
    for element in map(opened, expression.elements()):
        if isinstance(element.node, (ast.List, ast.Tuple, ast.Set)):
            found.extend(column_names(element))
        elif (name := column_name(element)) is not None:
            found.append(name)
    return found


def opened(expression: Expression) -> Expression:
    """Return what a lambda, a function or a string evaluates to."""
    if isinstance(expression.node, ast.Lambda):
        expression = expression.at(expression.node.body)
    elif isinstance(expression.node, ast.Name):
        symbol = expression.resolve()
        if isinstance(symbol, Function):
            expression = returned(symbol, expression.scope.program) or expression
    inside = expression.unquoted()
    return inside if inside is expression else Expression(inside.node, expression.scope.outside())


def column_name(expression: Expression) -> ColumnName | None:
    """Return the column that a name, an attribute or an annotating call (``foreign(x)``) denotes."""
    node = expression.node
    if isinstance(node, ast.Call) and node.args and expression.at(node.func).spelled() in ("foreign", "remote", "cast", "coalesce", "func"):
        return column_name(expression.at(node.args[0]))
    if isinstance(node, ast.Name):
        return ColumnName(None, "", node.id)
    if not isinstance(node, ast.Attribute):
        return None
    before = node.value
    if isinstance(before, ast.Attribute) and before.attr in ("c", "columns"):
        before = before.value
        if isinstance(before, ast.Attribute) and before.attr == "__table__":
            return _of_class(expression.at(before.value), node.attr)
        table = library_call(expression.at(before))
        name = table.positional[0].text() if table is not None and table.name == "Table" and table.positional else None
        return ColumnName(None, name or expression.at(before).spelled(), node.attr)
    return _of_class(expression.at(before), node.attr)


def _of_class(holder: Expression, attribute: str) -> ColumnName:
    if isinstance(holder.node, ast.Name) and holder.node.id in ("cls", "self"):
        return ColumnName(None, "", attribute)
    symbol = holder.resolve() if isinstance(holder.node, (ast.Name, ast.Attribute)) else None
    return ColumnName(symbol if isinstance(symbol, Class) else None, holder.spelled(), attribute)


def _part(expression: Expression) -> str:
    """One part of an f-string; ``{User.__tablename__}`` that cannot be evaluated is written as the class name."""
    node = expression.node
    inner = expression.at(node.value) if isinstance(node, ast.FormattedValue) else expression
    text = inner.text()
    if text is not None:
        return text
    if isinstance(inner.node, ast.Attribute) and inner.node.attr == "__tablename__":
        return inner.at(inner.node.value).spelled()
    return "?"
