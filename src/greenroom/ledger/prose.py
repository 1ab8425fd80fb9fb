"""The sentences of a ledger: text with code between backquotes, which each format sets in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters
    "\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # what has no width, or turns the direction of what follows
    "\ud800-\udfff\ufffe\uffff]"  # undecodable bytes of file names, and what no document may hold
)


def seen(text: str) -> str:
    """Return ``text`` on one line, with characters that hide themselves or what is around them written as escapes."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), " ".join(re.split(r"[\t\n\r]+", text)))


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a sentence, and whether each is code; a backquote without a partner is a character like others."""
    end = 0
    for found in _CODE.finditer(text):
        if found.start() > end:
            yield False, text[end : found.start()]
        yield True, found[2]
        end = found.end()
    if end < len(text):
        yield False, text[end:]


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 file``, ``2 files``, with thousands set off."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
