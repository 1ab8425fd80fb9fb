"""Rule codes and names on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from greenroom.config import ConfigError, suggestion
from greenroom.rules.pages import Page


def codes_of(words: Sequence[str], option: str, known: Sequence[Page]) -> tuple[str, ...]:
    """Return the codes, or prefixes of codes, that comma-separated ``words`` name; ``option`` is named in errors."""
    return tuple(_code_of(part.strip(), option, known) for word in words for part in word.split(",") if part.strip())


def page_of(word: str, known: Iterable[Page]) -> Page | None:
    """Return the page with the code or the name ``word``."""
    return next((page for page in known if word.upper() == page.code or word.lower() == page.name), None)


def _code_of(word: str, option: str, known: Sequence[Page]) -> str:
    page = page_of(word, known)
    if page is not None:
        return page.code
    prefix = word.upper()
    if prefix == "ALL":
        return "GR"
    if any(page.code.startswith(prefix) for page in known):
        return prefix
    raise ConfigError(unknown_rule(word, known, f"{option}: "))


def unknown_rule(word: str, known: Sequence[Page], prefix: str = "") -> str:
    """Return one line that says which rule is meant, or where to look."""
    spelled = word.upper() if word[:2].upper() == "GR" else word.lower()
    words = [page.code for page in known] if word[:2].upper() == "GR" else [page.name for page in known]
    return f"{prefix}no rule is called {word!r}{suggestion(spelled, words)}; `greenroom rules` lists them"
