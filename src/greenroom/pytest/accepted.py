"""The baseline of the plugin: incidents that were known when a suite began to be watched, so that only new ones fail tests.

A file of JSON with one incident a line, sorted, so that it can be reviewed and merged; paths are relative to its folder. An incident
is known by what it is about and by the function it happens in, not by its line. (The baseline of ``greenroom check`` is another file.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from greenroom import files
from greenroom.trace import Incident

VERSION = 1
KEPT = 5
"""How many tests an entry remembers."""
_KEY = "greenroom-pytest-baseline"
_ANEW = "or delete it and give --greenroom-update-baseline"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What makes an incident the same in the next run."""

    kind: str
    subject: str
    path: str
    function: str

    def __str__(self) -> str:
        """Return it as a summary tells it."""
        return f"{self.subject} ({self.kind}) in {self.function or 'the request'}" + (f", {self.path}" if self.path else "")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The entries of a file, each with tests that met it."""

    path: Path
    entries: Mapping[Entry, tuple[str, ...]] = field(default_factory=dict)

    def __contains__(self, incident: Incident) -> bool:
        return self.entry(incident) in self.entries

    def entry(self, incident: Incident) -> Entry:
        """Return what the file would know the incident by."""
        place = incident.place or incident.handler
        path = "" if place is None else Path(os.path.relpath(place.path, self.path.parent)).as_posix()
        function = incident.place.function if incident.place is not None else incident.endpoint or incident.route or ""
        return Entry(incident.kind.value, incident.subject, path, function)

    def stale(self, met: Iterable[Entry], ran: set[str]) -> list[Entry]:
        """Return what was not met although every test that is remembered for it ran."""
        found = set(met)
        return [entry for entry, tests in sorted(self.entries.items()) if entry not in found and tests and ran.issuperset(tests)]

    def updated(self, met: Mapping[Entry, Iterable[str]], ran: set[str]) -> Accepted:
        """Return the baseline with what was ``met`` in it and without what is stale; what a partial run says nothing of stays."""
        stale = set(self.stale(met, ran))
        entries = {entry: tests for entry, tests in self.entries.items() if entry not in stale}
        for entry, tests in met.items():
            entries[entry] = tuple(sorted({*(test for test in entries.get(entry, ()) if test not in ran), *tests})[:KEPT])
        return Accepted(self.path, entries)

    def save(self) -> None:
        """Write the file: all of it or, when that fails, nothing.

        Raises:
            OSError: The file cannot be written; what was there is untouched.
        """
        files.replace(self.path, self._lines(), "utf-8")

    def _lines(self) -> Iterator[str]:
        rows = [json.dumps(_row(entry, tests), ensure_ascii=False) for entry, tests in sorted(self.entries.items())]
        yield f'{{"{_KEY}": {VERSION}, "accepted": ['
        yield from (row + "," for row in rows[:-1])
        yield from rows[-1:]
        yield "]}"


def load(path: Path, *, to_update: bool) -> Accepted:
    """Read the baseline at ``path``, which may be missing where it is to be written.

    Raises:
        pytest.UsageError: It cannot be read or written, or is something else.
    """
    try:
        if to_update:
            files.demand_writable(path)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if to_update and path.parent.is_dir():
            return Accepted(path)
        raise pytest.UsageError(
            f"there is no baseline {path}; give --greenroom-update-baseline to write it, into a folder that exists"
        ) from None
    except UnicodeDecodeError:
        raise pytest.UsageError(f"{path} is no baseline: it is not UTF-8; restore it, {_ANEW}") from None
    except (OSError, ValueError) as error:
        raise pytest.UsageError(
            f"the baseline {path}: {getattr(error, 'strerror', None) or error}; give another --greenroom-baseline"
        ) from None
    return Accepted(path, _entries(text, path))


def _entries(text: str, path: Path) -> dict[Entry, tuple[str, ...]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise pytest.UsageError(f"{path} is no baseline: {error}; restore it, {_ANEW}") from None
    version = document.get(_KEY) if isinstance(document, dict) else None
    if version != VERSION:
        raise pytest.UsageError(
            f"{path} is no baseline of pytest --greenroom: {_KEY!r} is {version!r}, and not {VERSION}; give another file, {_ANEW}"
        )
    rows = document.get("accepted")
    entries: dict[Entry, tuple[str, ...]] = {}
    for number, row in enumerate(rows if isinstance(rows, list) else [None], 1):
        words = [row.get(key) for key in ("kind", "about", "path", "in")] if isinstance(row, dict) else [None]
        tests = row.get("tests") if isinstance(row, dict) else None
        if not isinstance(tests, list) or not all(isinstance(word, str) for word in (*words, *tests)):
            raise pytest.UsageError(f"{path} is no baseline: entry {number} of what it accepts is not one; restore it, {_ANEW}")
        entries[Entry(*words)] = tuple(tests)
    return entries


def _row(entry: Entry, tests: tuple[str, ...]) -> dict[str, object]:
    return {"kind": entry.kind, "about": entry.subject, "path": entry.path, "in": entry.function, "tests": list(tests)}
