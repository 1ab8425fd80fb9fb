"""PEP 701 f-strings and PEP 750 t-strings for older parsers: their expressions, in place, as a tuple.

``f"{a["x"]!r} of {b}"`` becomes ``( a["x"],      b ,)`` in the same columns, and the tuple becomes a ``JoinedStr``
again once it is parsed. The literal parts are lost; nothing in them can be wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from greenroom.source.lexer import Field, Kind, Token

NESTED = "f-strings with free quotes (Python 3.12)"
TEMPLATE = "t-strings (Python 3.14)"

Place = tuple[int, int, int, int]
"""Start line, start UTF-8 column, end line and end column of a node."""


@dataclass(frozen=True, slots=True)
class Run:
    """Adjacent strings that make one expression, at least one of them a template."""

    start: int
    end: int
    fields: tuple[Field, ...]
    features: tuple[str, ...]
    is_newer: bool
    """Whether it must become a tuple; otherwise the prefix is all that older parsers mind."""
    prefixes: tuple[int, ...]
    """Where a ``t`` must become an ``f``."""


def template_runs(text: str, tokens: Sequence[Token]) -> Iterator[Run]:
    """Yield the runs among ``tokens`` and inside their fields that older parsers refuse, outer ones first."""
    run: list[Token] = []
    for token in [*tokens, None]:
        if token is not None and token.kind in {Kind.STRING, Kind.TEMPLATE}:
            run.append(token)
        elif run:
            yield from _describe(text, run)
            run = []


def as_tuple(characters: list[str], run: Run) -> None:
    """Overwrite the run by a tuple of its expressions."""
    kept: list[tuple[int, int]] = sorted(_expressions(run.fields))
    position = run.start
    for start, stop in [*kept, (run.end, run.end)]:
        blank(characters, position, start)
        position = stop
    for _, stop in kept:
        characters[stop] = ","
    characters[run.start] = "("
    characters[run.end - 1] = ")"


def blank(characters: list[str], start: int, end: int) -> None:
    """Overwrite by spaces, as many as there were bytes, for ``ast`` counts columns in bytes; lines stay."""
    for index in range(start, end):
        if characters[index] != "\n":
            characters[index] = " " * len(characters[index].encode())


def restore(tree: ast.Module, places: frozenset[Place]) -> None:
    """Replace the tuples at ``places`` by ``JoinedStr`` nodes."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [_restored(item, places) for item in value]
            elif isinstance(value, ast.Tuple):
                setattr(node, name, _restored(value, places))
        waiting.extend(ast.iter_child_nodes(node))


def _restored(node: object, places: frozenset[Place]) -> object:
    if not isinstance(node, ast.Tuple) or (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) not in places:
        return node
    values: list[ast.expr] = [
        ast.copy_location(ast.FormattedValue(value=element, conversion=-1, format_spec=None), element) for element in node.elts
    ]
    return ast.copy_location(ast.JoinedStr(values=values), node)


def _describe(text: str, run: Sequence[Token]) -> Iterator[Run]:
    templates = [token for token in run if token.kind is Kind.TEMPLATE]
    prefixes = tuple(
        index for token in templates for index in range(token.start, text.index(token.quote, token.start)) if text[index] in "tT"
    )
    is_newer = any(_is_newer(text, token) for token in templates)
    fields = tuple(part for token in templates for part in token.fields)
    if is_newer or prefixes:
        features = ((NESTED,) if is_newer else ()) + ((TEMPLATE,) if prefixes else ())
        yield Run(run[0].start, run[-1].end, fields, features, is_newer, prefixes)
    for part in _all_fields(fields):
        yield from template_runs(text, part.tokens)


def _is_newer(text: str, token: Token) -> bool:
    for part in _all_fields(token.fields):
        expression = text[part.start : part.stop]
        if token.quote in expression or "\\" in expression or (len(token.quote) == 1 and "\n" in text[part.start : part.end]):
            return True
        if text[part.stop] == "!" and text[part.stop + 2].isspace():
            return True
        if any(inner.kind is Kind.COMMENT or (inner.kind is Kind.TEMPLATE and _is_newer(text, inner)) for inner in part.tokens):
            return True
    return any(inner.nested for part in token.fields for inner in part.nested)


def _all_fields(fields: Sequence[Field]) -> Iterator[Field]:
    for part in fields:
        yield part
        yield from _all_fields(part.nested)


def _expressions(fields: Sequence[Field]) -> Iterator[tuple[int, int]]:
    return ((part.start, part.stop) for part in _all_fields(fields))
