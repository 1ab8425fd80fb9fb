"""``map_imperatively(Class, table, properties={...})``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from greenroom.facts.calls import Call, library_call
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.tables import TableFacts, read_table
from greenroom.program.functions import functions
from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Module

_MAPPERS = {"map_imperatively", "mapper"}


class ImperativeMapping(NamedTuple):
    """One call that maps a class."""

    cls: Class
    table: TableFacts | None
    call: Call
    properties: dict[str, Expression]


def imperative_mappings(program: Program, module: Module) -> Iterator[ImperativeMapping]:
    """Yield the mappings that a module makes; only modules that mention ``map_imperatively`` are searched."""
    if b"map_imperatively" not in module.source.data:
        return
    for function, node in _calls(module):
        expression = Expression(node, Scope(program, module, function=function))
        if expression.at(node.func).spelled() not in _MAPPERS:
            continue
        call = library_call(expression)
        first = call.argument(0, "class_") if call is not None else None
        symbol = first.resolve() if first is not None and isinstance(first.node, (ast.Name, ast.Attribute)) else None
        if call is not None and isinstance(symbol, Class):
            second = call.argument(1, "local_table")
            properties = call.keywords["properties"].entries() if "properties" in call.keywords else {}
            yield ImperativeMapping(symbol, read_table(second, symbol) if second is not None else None, call, properties)


def table_column(expression: Expression) -> str | None:
    """Return the column name in ``table.c.name`` or ``table.c["name"]``."""
    match expression.node:
        case ast.Attribute(value=ast.Attribute(attr="c" | "columns"), attr=name):
            return name
        case ast.Subscript(value=ast.Attribute(attr="c" | "columns"), slice=key):
            return expression.at(key).text()
    return None


def named_calls(module: Module, names: set[str]) -> Iterator[tuple[Function | None, ast.Call]]:
    """Yield every call in the module whose callee is written with one of ``names``, with the function that holds it."""
    for function, call in _calls(module):
        # async_sessionmaker[AsyncSession](...) calls what stands before the brackets.
        callee = call.func.value if isinstance(call.func, ast.Subscript) else call.func
        if (isinstance(callee, ast.Name) and callee.id in names) or (isinstance(callee, ast.Attribute) and callee.attr in names):
            yield function, call


def _calls(module: Module) -> Iterator[tuple[Function | None, ast.Call]]:
    known = {id(symbol.node): symbol for symbol in functions(module)}

    def visit(node: ast.AST, function: Function | None) -> Iterator[tuple[Function | None, ast.Call]]:
        waiting = [(node, function)]
        while waiting:
            item, inside = waiting.pop()
            inside = known.get(id(item), inside)
            if isinstance(item, ast.Call):
                yield inside, item
            waiting.extend((child, inside) for child in ast.iter_child_nodes(item))

    yield from visit(module.tree, None)
