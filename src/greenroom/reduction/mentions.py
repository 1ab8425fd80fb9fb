"""What a piece of syntax mentions: names, dotted names, and words that may be attributes of anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W\d]\w*")
LONGEST = 200
"""Strings above this length are prose, not references."""


def references(node: ast.AST) -> Iterator[ast.Name | ast.Attribute]:
    """Yield the names and the dotted names, forward references in strings included."""
    for inner in ast.walk(node):
        match inner:
            case ast.Name() | ast.Attribute():
                yield inner
            case ast.Constant(value=str(text)) if len(text) <= LONGEST:
                yield from (ast.Name(word, ast.Load()) for word in _WORD.findall(text))
            case _:
                pass


def words(node: ast.AST) -> Iterator[str]:
    """Yield what may be the name of an attribute: after a dot, before an equals sign of a call, in a string."""
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(text)) if len(text) <= LONGEST:
                yield from _WORD.findall(text)
            case _:
                pass


def imports(node: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, ast.alias]]:
    """Yield the imports inside a piece of syntax, one alias at a time."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            yield from ((inner, alias) for alias in inner.names)


def targets(node: ast.stmt) -> list[str]:
    """Return the names that an assignment gives a value or a type."""
    match node:
        case ast.Assign(targets=several):
            return [name.id for target in several for name in ast.walk(target) if isinstance(name, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is a string and nothing else."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def first_line(node: ast.stmt) -> int:
    """Return the line of the first decorator, or of the first word."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
