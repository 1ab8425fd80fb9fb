"""Tells defaults that Python computes from those that the database computes."""

from __future__ import annotations

import ast

from greenroom.facts.expression import Expression, returned
from greenroom.facts.records import Default
from greenroom.program.symbols import Class, External, Function, Variable

_SQL_ROOTS = {"sqlalchemy", "sqlmodel", "advanced_alchemy", "sqlalchemy_utils", "geoalchemy2", "flask_sqlalchemy"}
_NOT_SQL = {"NULL_UNSPECIFIED", "generic_repr"}
_DEPTH = 5


def default_kind(expression: Expression) -> Default:
    """Return who computes the value of a ``default=`` or ``onupdate=`` argument; a literal None means nobody."""
    if expression.constant() is None:
        return Default.NONE
    return Default.SQL if is_sql(expression) else Default.PYTHON


def is_sql(expression: Expression, depth: int = _DEPTH) -> bool:
    """Whether the expression evaluates to a SQL construct rather than to a plain value or callable."""
    if depth == 0:
        return False
    expression = expression.follow()
    match expression.node:
        case ast.Call(func=func):
            return _call_is_sql(expression, func, depth)
        case ast.BinOp(left=left, right=right):
            return is_sql(expression.at(left), depth - 1) or is_sql(expression.at(right), depth - 1)
        case ast.UnaryOp(operand=operand):
            return is_sql(expression.at(operand), depth - 1)
        case ast.IfExp(body=body, orelse=orelse):
            return is_sql(expression.at(body), depth - 1) or is_sql(expression.at(orelse), depth - 1)
        case ast.Subscript(value=value):
            return is_sql(expression.at(value), depth - 1)
        case ast.Attribute() | ast.Name():
            return _is_sql_name(expression.resolve())
    return False


def _call_is_sql(expression: Expression, func: ast.expr, depth: int) -> bool:
    callee = expression.at(func)
    symbol = callee.resolve() if isinstance(func, (ast.Name, ast.Attribute)) else None
    match symbol:
        case External():
            return symbol.root in _SQL_ROOTS and symbol.name not in _NOT_SQL
        case Class():
            return expression.scope.program.has_external_base(symbol, lambda path: path.partition(".")[0] in _SQL_ROOTS)
        case Function():
            result = returned(symbol, expression.scope.program)
            return result is not None and is_sql(result, depth - 1)
        case Variable():
            target = callee.follow()
            return target.node is not func and is_sql(target, depth - 1)
    # A method of a SQL construct gives another one: text("x").bindparams(), select(...).scalar_subquery().
    return isinstance(func, ast.Attribute) and is_sql(callee.at(func.value), depth - 1)


def _is_sql_name(symbol: object) -> bool:
    """``default=func.now`` without a call is still a SQL function object; ``sqlalchemy.null`` is a plain callable."""
    return isinstance(symbol, External) and symbol.path.startswith(("sqlalchemy.func.", "sqlalchemy.sql.func."))
