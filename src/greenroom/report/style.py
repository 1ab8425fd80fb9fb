"""Colours and glyphs that the output can show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

_GLYPHS = "→│…"


@dataclass(frozen=True, slots=True)
class Style:
    """What a stream can show; the default is the poorest: ASCII without colour."""

    colour: bool = False
    unicode: bool = False

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def rule(self, text: str) -> str:
        """Paint a rule's code."""
        return self._painted(text, "1;31")

    def strong(self, text: str) -> str:
        """Paint a heading or a place."""
        return self._painted(text, "1")

    def caret(self, text: str) -> str:
        """Paint the mark under an expression."""
        return self._painted(text, "31")

    def quiet(self, text: str) -> str:
        """Paint what only supports the rest."""
        return self._painted(text, "2")

    def good(self, text: str) -> str:
        """Paint advice and clean results."""
        return self._painted(text, "32")

    @property
    def arrow(self) -> str:
        """The sign between a cause and what follows from it."""
        return "→" if self.unicode else "->"

    @property
    def bar(self) -> str:
        """The sign between a line number and its source."""
        return "│" if self.unicode else "|"

    @property
    def ellipsis(self) -> str:
        """The sign for text that was left out."""
        return "…" if self.unicode else "..."


def style_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Style:
    """Return what ``stream`` can show: colour only on a terminal and never under ``NO_COLOR``."""
    colour = stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    try:
        _GLYPHS.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return Style(colour=colour, unicode=False)
    return Style(colour=colour, unicode=True)
