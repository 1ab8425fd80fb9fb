"""Where the statements of a file begin and end, and their heads."""

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
    """The statements of one tree, asked by place."""

    def __init__(self, tree: ast.Module) -> None:
        self._statements = [_statement(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)]

    def lines_of(self, span: Span) -> frozenset[int]:
        """Return the lines on which something is said about the code at ``span``: its own, and the first of its statement."""
        around = self._around(span)
        first = span.line if around is None else around.begins
        return frozenset((first, *range(span.line, self.last_line(span) + 1)))

    def last_line(self, span: Span) -> int:
        """Return where the code at ``span`` ends: of a statement with a body, such as a function, only the head counts."""
        around = self._around(span)
        return min(span.end_line, around.head) if around is not None and span.line <= around.head else span.end_line

    def _around(self, span: Span) -> _Statement | None:
        """The innermost statement on the first line of ``span``."""
        around = [statement for statement in self._statements if statement.begins <= span.line <= statement.ends]
        return min(around, key=lambda statement: (statement.ends - statement.begins, -statement.begins), default=None)


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
