"""A Markdown page and the fenced Python blocks on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.executable.markers import Marker, markers_of

_FRONT_MATTER = re.compile(r"\A---\n(?P<body>.*?)\n---\n", re.DOTALL)
_FENCE = re.compile(r"^```python(?P<options>[^\n]*)\n(?P<source>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: a module of a small project."""

    page: Path
    line: int
    """The number of its first line on the page."""
    source: str
    prelude: str
    sessions: str
    dialects: tuple[str, ...]
    sqlalchemy: str
    """The only SQLAlchemy version on which the block runs, or an empty string."""
    module: str
    """What the module is called: ``example``, unless its name matters."""
    bodies: str
    """``swagger``: endpoints are sent what Swagger UI fills in, and may refuse it; otherwise an empty object."""
    markers: tuple[Marker, ...]

    @property
    def name(self) -> str:
        """How a test names the block."""
        return f"{self.page.stem}:{self.line}"

    def runs_in(self, environment: frozenset[str]) -> bool:
        """Whether the block is meant for this SQLAlchemy version and dialect."""
        return (not self.sqlalchemy or self.sqlalchemy in environment) and any(dialect in environment for dialect in self.dialects)


@dataclass(frozen=True, slots=True)
class Page:
    """One page with everything that runs on it."""

    path: Path
    text: str
    blocks: tuple[Block, ...]


def read_page(path: Path) -> Page:
    """Read a page.

    Front matter and the words after a fence set ``prelude``, ``sessions``, ``sqlalchemy``, ``dialects``, ``module`` and ``bodies``; the
    fence wins.
    """
    text = path.read_text(encoding="utf-8")
    front_matter = _FRONT_MATTER.match(text)
    options = dict(_options(front_matter["body"].splitlines(), ":")) if front_matter else {}
    return Page(path, text, tuple(_block(path, text, match, options) for match in _FENCE.finditer(text)))


def read_pages(folder: Path) -> tuple[Page, ...]:
    """Read all pages of a folder."""
    return tuple(read_page(path) for path in sorted(folder.glob("*.md")))


def _block(path: Path, text: str, match: re.Match[str], defaults: Mapping[str, str]) -> Block:
    options = {**defaults, **dict(_options(match["options"].split(), "="))}
    line = text.count("\n", 0, match.start("source")) + 1
    return Block(
        page=path,
        line=line,
        source=match["source"],
        prelude=options.get("prelude", "blog"),
        sessions=options.get("sessions", "default"),
        dialects=tuple(options.get("dialects", "sqlite").replace(",", " ").split()),
        sqlalchemy=options.get("sqlalchemy", ""),
        module=options.get("module", "example"),
        bodies=options.get("bodies", ""),
        markers=tuple(markers_of(match["source"], line)),
    )


def _options(words: list[str], separator: str) -> Iterator[tuple[str, str]]:
    for word in words:
        key, found, value = word.partition(separator)
        if found:
            yield key.strip(), value.strip().strip("\"'[]")
