"""The formats of a ledger by name: the one place that a new one is added to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from greenroom.ledger import html, json, markdown
from greenroom.ledger.compare import Comparison
from greenroom.ledger.model import Ledger


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a ledger: one document, with paths as seen from an absolute directory, beside what changed since another."""

    render: Callable[[Ledger, Path, Comparison | None], str]
    suffixes: tuple[str, ...]
    """Of the files that have it, so that nobody needs to name it."""


FORMATS: Mapping[str, Format] = {
    "markdown": Format(markdown.render, (".md", ".markdown")),
    "html": Format(html.render, (".html", ".htm")),
    "json": Format(json.render, (".json",)),
}


def format_of(path: Path) -> str | None:
    """Return the format that the name of a file asks for."""
    return next((name for name, known in FORMATS.items() if path.suffix.lower() in known.suffixes), None)
