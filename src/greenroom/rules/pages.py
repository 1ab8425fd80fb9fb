"""The pages of the rules, which lie beside them as package data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^# `(?P<name>[a-z0-9-]+)` \((?P<code>GR\d{3})\)\s*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)

OFF_BY_DEFAULT = "**Off by default.**"
"""How the page of a rule begins that nobody gets without selecting it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One rule as its page presents it."""

    code: str
    name: str
    text: str

    @property
    def summary(self) -> str:
        """The first sentence below the first heading of the second level."""
        body = re.split(r"^## .*$", self.text, maxsplit=2, flags=re.MULTILINE)
        paragraph = body[1].strip().split("\n\n")[0] if len(body) > 1 else ""
        flat = " ".join(paragraph.replace("``", "`").split())
        return re.split(r"(?<=[.!?]) (?=[A-Z`])", flat.removeprefix(OFF_BY_DEFAULT).lstrip())[0]


def pages() -> list[Page]:
    """Return the pages of all rules, ordered by code."""
    folder = Path(__file__).parent
    found = (_page(path) for path in sorted(folder.glob("*.md")))
    return sorted((page for page in found if page is not None), key=lambda page: page.code)


def _page(path: Path) -> Page | None:
    text = _FRONT_MATTER.sub("", path.read_text(encoding="utf-8"))
    heading = _HEADING.search(text)
    return Page(heading["code"], heading["name"], text[heading.start() :]) if heading else None
