"""The comments of a source file, found as tokens: text inside a string is no comment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from greenroom.source.lexer import Kind, LexicalError, tokenize


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment from its ``#`` to the end of the line; line and column count from 1, the column in characters."""

    line: int
    column: int
    text: str
    speaks_for: int
    """The line of code that it belongs to: its own, or the next one where it stands alone on its line."""


def comments(text: str) -> Iterator[Comment]:
    """Yield the comments of a source text in their order; none where the text cannot be divided into tokens."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        tokens = tokenize(text)
    except LexicalError:
        return
    starts = [0, *(position + 1 for position, character in enumerate(text) if character == "\n")]
    alone: list[tuple[int, int, str]] = []
    code_until = 0
    """The last line that code was seen on."""
    for token in tokens:
        line = bisect_right(starts, token.start)
        if token.kind is Kind.COMMENT:
            place = (line, token.start - starts[line - 1] + 1, text[token.start : token.end])
            if line > code_until:
                alone.append(place)
            else:
                yield Comment(*place, speaks_for=line)
        elif token.kind is not Kind.NEWLINE:
            yield from (Comment(*place, speaks_for=line) for place in alone)
            alone.clear()
            code_until = bisect_right(starts, token.end - 1)
    yield from (Comment(*place, speaks_for=place[0]) for place in alone)
