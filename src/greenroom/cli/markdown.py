"""A rule's page on a terminal: the little Markdown that pages use, set off by indentation and colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from greenroom.report.style import Style

_HEADING = re.compile(r"^(#+) +(.*)$")
_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\((\S+?)\)")


def rendered(lines: Iterable[str], style: Style) -> Iterator[str]:
    """Yield terminal lines: fences vanish, code is indented, headings and emphasis are painted."""
    fence = ""
    for line in lines:
        opening = re.match(r"^(`{3,}|~{3,})", line)
        if opening and (not fence or line.rstrip() == fence):
            fence = "" if fence else opening[1]
        elif fence:
            yield f"    {_code_line(line, style)}".rstrip()
        else:
            heading = _HEADING.match(line)
            yield style.strong(_inline(heading[2], Style())) if heading else _inline(line, style)


def _code_line(line: str, style: Style) -> str:
    """Paint the markers of lines that fail."""
    source, mark, comment = line.partition("# error:")
    return f"{source}{style.caret(mark + comment)}" if mark else line


def _inline(line: str, style: Style) -> str:
    line = _LINK.sub(r"\1 (\2)", line)
    line = _STRONG.sub(lambda found: style.strong(found[1]), line)
    return _CODE.sub(lambda found: style.strong(found[1]), line)
