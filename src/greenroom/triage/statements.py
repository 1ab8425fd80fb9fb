"""Where the statements of a file begin and end, and in which function a line lies."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from greenroom.rules.finding import Span


@dataclass(frozen=True, slots=True)
class _Statement:
    begins: int
    """The line of its first decorator, or of its first word."""
    head: int
    """The last line before its body; the last of all where it has none."""
    ends: int


class Statements:
    """The statements of one tree, asked by line."""

    def __init__(self, tree: ast.Module) -> None:
        self._statements = [_statement(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)]

    def lines_of(self, span: Span) -> frozenset[int]:
        """Return the lines on which something is said about the code at ``span``: its own, and the first of its statement.

        Of a statement with a body, such as a function, only the head counts.
        """
        around = [statement for statement in self._statements if statement.begins <= span.line <= statement.ends]
        if not around:
            return frozenset(range(span.line, span.end_line + 1))
        innermost = min(around, key=lambda statement: (statement.ends - statement.begins, -statement.begins))
        last = min(span.end_line, innermost.head) if span.line <= innermost.head else span.end_line
        return frozenset((innermost.begins, *range(span.line, last + 1)))


def _statement(node: ast.stmt) -> _Statement:
    ends = node.end_lineno or node.lineno
    body: list[ast.stmt | ast.match_case] = getattr(node, "body", None) or getattr(node, "cases", None) or []
    if not body:
        return _Statement(_begins(node), ends, ends)
    inside = _begins(body[0])
    return _Statement(_begins(node), inside - 1 if inside > node.lineno else inside, ends)


def _begins(node: ast.stmt | ast.match_case) -> int:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
