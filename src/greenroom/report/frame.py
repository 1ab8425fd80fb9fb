"""Source excerpts for people: the lines of a file, and a frame with a mark under one expression."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from greenroom.report.style import Style
from greenroom.rules.finding import Span

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_BREAK = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TAB = "    "
_WIDTH = 160


class Excerpts:
    """Lines of source files, read once each; a file that cannot be read has no lines."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._files: dict[Path, list[str]] = {}

    def line(self, path: Path, number: int) -> str | None:
        """Return line ``number`` (from 1) of ``path`` without its line break, None when there is no such line."""
        lines = self._files.get(path)
        if lines is None:
            lines = self._files[path] = _lines(self._base / path)
        return lines[number - 1] if 1 <= number <= len(lines) else None


def frame(excerpts: Excerpts, path: Path, span: Span, style: Style) -> Iterator[str]:
    """Yield the line before the span, the line it starts on, and the mark below; nothing when the source is gone."""
    line = excerpts.line(path, span.line)
    if line is None:
        return
    before = excerpts.line(path, span.line - 1)
    margin = len(str(span.line))
    bar = style.bar
    if before is not None and before.strip():
        yield f"{style.quiet(f'{span.line - 1:>{margin}} {bar}')} {_fit(before, style)}"
    yield f"{style.quiet(f'{span.line:>{margin}} {bar}')} {_fit(line, style)}"
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    offset = _cells(_clean(line[:start]))
    width = max(1, _cells(_clean(line[start:end])))
    if offset < _WIDTH:
        mark = "^" * min(width, _WIDTH - offset)
        yield f"{style.quiet(f'{chr(32) * margin} {bar}')} {' ' * offset}{style.caret(mark)}"


def excerpt(excerpts: Excerpts, path: Path, number: int, style: Style) -> str | None:
    """Return one stripped source line, None when it is blank or gone."""
    line = excerpts.line(path, number)
    return _fit(line.strip(), style) if line is not None and line.strip() else None


def _fit(line: str, style: Style) -> str:
    text = _clean(line.rstrip())
    return text if len(text) <= _WIDTH else text[:_WIDTH] + style.ellipsis


def _clean(text: str) -> str:
    """Keep control characters of the source away from the terminal."""
    return _CONTROL.sub("?", text.replace("\t", _TAB))


def _cells(text: str) -> int:
    """Count terminal cells: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError:
        return []
    return _BREAK.split(_decoded(data.removeprefix(b"\xef\xbb\xbf")))


def _decoded(data: bytes) -> str:
    head = b"\n".join(data.split(b"\n", 2)[:2])
    declared = _CODING.search(head)
    try:
        return data.decode(declared[1].decode() if declared else "utf-8", errors="replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", errors="replace")
