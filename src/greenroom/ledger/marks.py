"""Text as Markdown that means just that text, in paragraphs and in cells of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from greenroom.ledger.prose import parts, seen

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_SPECIAL = re.compile(r"[\\`*\[\]#~!$]|(?<![^\W_])_|_(?![^\W_])|(?<![^\s])[-+=](?=\s|-|=|$)|(?<=\d)[.)](?=\s|$)|[:/](?=/)|(?<=www)\.|@")
"""What begins markup: emphasis, links, headings, strikethrough, mathematics; list markers; and what is made a link or a mention unasked."""
_MARKUP = re.compile(r"[&<>|\\`*_\[\]#~!$@:/.]")


def text(words: str) -> str:
    """Return words that mean themselves, on one line."""
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", seen(words).strip())
    return re.sub(r"[&<>|]", lambda found: _ENTITIES[found[0]], escaped)


def code(words: str) -> str:
    """Return words as a code span, in any place.

    A bar would end the cell of a table whatever stands around it, so words with one are written as entities in an element.
    """
    plain = seen(words)
    if not plain:
        return ""
    if "|" in plain:
        return f"<code>{_MARKUP.sub(lambda found: f'&#{ord(found[0])};', plain)}</code>"
    longest = max(map(len, re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain.strip() and (plain[0] in "` " or plain[-1] in "` ") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def prose(sentence: str) -> str:
    """Return a sentence whose code stands between backquotes."""
    return "".join(code(part) if is_code else _between(part) for is_code, part in parts(sentence)).strip()


def block(lines: Sequence[str], language: str = "") -> Iterator[str]:
    """Yield a fenced block; the fence is longer than any in the lines."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}"
    yield from map(seen, lines)
    yield fence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> Iterator[str]:
    """Yield a table of cells that are Markdown already; the columns ``right`` hold numbers. Nothing where there are no rows."""
    aligned = set(right)
    for number, row in enumerate(rows):
        if number == 0:
            yield f"| {' | '.join(heads)} |"
            yield f"| {' | '.join('---:' if column in aligned else '---' for column in range(len(heads)))} |"
        yield f"| {' | '.join(row)} |"


def _between(part: str) -> str:
    """A piece of a sentence, with the blanks that part it from its neighbours."""
    plain, inner = seen(part), text(part)
    return f"{' ' if plain[:1].isspace() else ''}{inner}{' ' if plain[-1:].isspace() and inner else ''}"
