"""HTML that cannot be injected into: whatever is not an element already becomes text."""

from __future__ import annotations

import html
from collections.abc import Iterable

from greenroom.ledger.prose import parts, seen

_VOID = frozenset({"meta", "input", "br"})
_WIDEST = 320
_TAB = "    "


class Markup(str):
    """Text that is HTML; only functions of this module make it."""

    __slots__ = ()


def escaped(words: str) -> Markup:
    """Return words as they are seen, in a place for text or in a quoted attribute."""
    return words if isinstance(words, Markup) else Markup(html.escape(seen(words), quote=True))


def element(name: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """Return an element. Attributes that are None or False are left out; ``class_`` is ``class``, ``data_file`` is ``data-file``."""
    start = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{start}>") if name in _VOID else Markup(f"<{name}{start}>{''.join(map(escaped, children))}</{name}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """Return elements and words one after the other."""
    return Markup(escaped(between).join(map(escaped, children)))


def raw(name: str, content: str) -> Markup:
    """Return an element whose content the browser does not read as HTML: a script or a style of our own.

    Raises:
        ValueError: The content would end the element.
    """
    if f"</{name}" in content.lower() or "<!--" in content:
        raise ValueError(f"this would end the {name}")
    return Markup(f"<{name}>{content}</{name}>")


def prose(sentence: str) -> Markup:
    """Return a sentence whose code stands between backquotes."""
    return joined(element("code", part) if is_code else part for is_code, part in parts(sentence))


def source(line: str, start: int = 0, end: int = 0) -> Markup:
    """Return a line of source with the characters from ``start`` to ``end`` marked; of a very long one what is around the mark."""
    first = max(0, min(start - _WIDEST // 2, len(line) - _WIDEST)) if len(line) > _WIDEST else 0
    last = first + _WIDEST
    pieces = (line[first:start], line[start : min(end, last)], line[max(end, start) : last])
    before, marked, after = (piece.replace("\t", _TAB) for piece in pieces)
    return joined(
        [
            "…" if first else "",
            before,
            element("mark", marked) if marked else "",
            after.rstrip(),
            "…" if len(line) > last else "",
        ]
    )
