"""What a run should do: one frozen record, built from plain values and checked once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from greenroom.vocabulary import Confidence

DIALECTS = ("postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql")
TEACHABLE = ("flush", "commit", "rollback", "expire_all", "expunge_all", "close")
"""Operations of sessions that a project can say its own functions do."""
SQLALCHEMY_VERSIONS = ("2.0", "2.1")


class ConfigError(Exception):
    """The user asked for something that cannot be; the message is one line that names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules one source of settings asks for: rule codes or prefixes of codes (``GR1``)."""

    select: tuple[str, ...] = ()
    """Empty selects every rule that is on without this selection."""
    extend_select: tuple[str, ...] = ()
    """Selected as well."""
    ignore: tuple[str, ...] = ()
    """Left out; wins over the other two."""

    def applied(self, code: str, *, on: bool) -> bool:
        """Whether the rule ``code``, which is ``on`` or not without this selection, is on with it."""
        chosen = (code.startswith(self.select) if self.select else on) or code.startswith(self.extend_select)
        return chosen and not code.startswith(self.ignore)


@dataclass(frozen=True, slots=True)
class PathRules:
    """What is different for the files that a glob names, as seen from the folder of the configuration file."""

    glob: str
    ignore: tuple[str, ...] = ()
    select: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """Every choice of a run, passed explicitly to whoever needs it."""

    selection: Selection = Selection()
    """What the configuration file selects."""
    override: Selection = Selection()
    """What the command line selects, on top of that."""
    per_path: tuple[PathRules, ...] = ()
    min_confidence: Confidence = Confidence.POSSIBLE
    dialect: str | None = None
    """None: what the project's engine URLs and settings say."""
    sqlalchemy: str | None = None
    """``2.0`` or ``2.1``; None: what the project's dependency files say."""
    format: str = "text"
    """A name of :data:`greenroom.report.formats.FORMATS`."""
    exit_zero: bool = False
    statistics: bool = False
    exclude: tuple[str, ...] = ()
    """Glob patterns of files and directories that are not analysed."""
    operations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Dotted globs of functions, and which of :data:`TEACHABLE` they do to the sessions that they are given, in order."""
    boundaries: tuple[str, ...] = ()
    """Dotted globs of the functions that may end a transaction, ``app.jobs.*``."""
    baseline: Path | None = None
    """The file of findings that are known and not reported."""
    update_baseline: bool = False
    observed: tuple[Path, ...] = ()
    """Traces of what was met at run time."""
    folder: Path | None = None
    """Where the configuration file lies; None where there is none."""

    def enabled(self, code: str, *, default: bool = True, there: Iterable[PathRules] = ()) -> bool:
        """Whether the rule ``code``, on by ``default`` or not, is selected; ``there`` is what holds for a file in particular.

        The configuration file comes first, then what it selects for the file, then the command line, and last what it
        ignores for the file: so nothing that the command line leaves out comes back, and no folder loses its exemption.
        """
        there = tuple(there)
        on = self.selection.applied(code, on=default) or any(code.startswith(rules.select) for rules in there)
        return self.override.applied(code, on=on) and not any(code.startswith(rules.ignore) for rules in there)

    def admits(self, confidence: Confidence) -> bool:
        """Whether findings of this confidence are wanted."""
        return self.min_confidence is Confidence.POSSIBLE or confidence is Confidence.DEFINITE


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest known word, the known words when few, else nothing."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=5, cutoff=0.6)
    if close:
        nearest = max(close, key=lambda known: (difflib.SequenceMatcher(None, known, word).ratio(), _begin_alike(known, word)))
        return f" (did you mean {nearest!r}?)"
    return f" (known: {', '.join(words)})" if 0 < len(words) <= 12 else ""


def _begin_alike(one: str, other: str) -> int:
    """How many characters two words have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def seen(path: Path) -> str:
    """The path as a user in the working directory would write it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
