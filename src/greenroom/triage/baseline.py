"""A baseline: the findings that were known when a project began to be checked, so that only new ones are told.

A file of JSON with one finding a line, sorted, so that it can be reviewed and merged; paths are relative to its folder.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom import files
from greenroom.config import ConfigError, seen
from greenroom.rules.finding import Finding
from greenroom.triage.fingerprints import Identity, identified

VERSION = 1
_KEY = "greenroom-baseline"
_ANEW = "or delete it and give --update-baseline"

Covers = Callable[[Path, str], bool]
"""Whether a run would have found all there is of a rule in a file."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The findings of a run beside a baseline."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[Identity, ...]
    """What the baseline has and the run would have found, once for each time that it is missing."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of a file, and how often each was there."""

    path: Path
    counts: Mapping[Identity, int] = field(default_factory=dict)

    def compared(self, findings: Iterable[Finding], covers: Covers, *, besides: Iterable[Finding] = ()) -> Compared:
        """Tell new findings from known ones; of more equal ones than are known, the last are new.

        ``besides`` are findings that were made as well but are not asked for; what they are is not gone.
        """
        new: list[Finding] = []
        known: list[Finding] = []
        found = Counter(identity for _, identity, _ in identified(besides, self._shown))
        for finding, identity, nth in identified(findings, self._shown):
            (known if nth < self.counts.get(identity, 0) else new).append(finding)
            found[identity] += 1
        gone = [
            identity
            for identity, count in sorted(self.counts.items())
            for _ in range(count - found[identity])
            if covers(self._path(identity), identity.rule)
        ]
        return Compared(tuple(new), tuple(known), tuple(gone))

    def updated(self, findings: Iterable[Finding], gone: Iterable[Identity]) -> Baseline:
        """Return the baseline with ``findings`` in it and without what is ``gone``; all else that it has stays."""
        now = Counter(identity for _, identity, _ in identified(findings, self._shown))
        counts = Counter(self.counts)
        counts.subtract(Counter(gone))
        return Baseline(self.path, +counts | now)

    def save(self) -> None:
        """Write the file: all of it or, when that fails, nothing.

        Raises:
            ConfigError: The file cannot be written; what was there is untouched.
        """
        try:
            files.replace(self.path, self._lines(), "ascii")
        except (OSError, ValueError) as error:
            raise _unwritable(self.path, error) from None

    def _lines(self) -> Iterator[str]:
        rows = [json.dumps(_row(identity, count)) for identity, count in sorted(self.counts.items())]
        yield f'{{"{_KEY}": {VERSION}, "findings": ['
        yield from (row + "," for row in rows[:-1])
        yield from rows[-1:]
        yield "]}"

    def _shown(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.path.parent)).as_posix()

    def _path(self, identity: Identity) -> Path:
        return Path(os.path.normpath(Path(os.path.abspath(self.path.parent)) / identity.path))  # noqa: PTH100 -- links keep the user's names


def load(path: Path, *, may_be_missing: bool = False) -> Baseline:
    """Read the baseline at ``path``.

    Raises:
        ConfigError: It cannot be read, or it is something else than a baseline of this version.
    """
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        if may_be_missing:
            return Baseline(path)
        raise ConfigError(f"there is no baseline {seen(path)}; give --update-baseline to write it") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{seen(path)} is no baseline: it is not UTF-8; restore it, {_ANEW}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read the baseline {seen(path)}: {reason}; give a file that may be read") from None
    return Baseline(path, _counts(text, path))


def demand_writable(path: Path) -> None:
    """Refuse a place where no file can be written, before a long analysis is made for nothing.

    Raises:
        ConfigError: The folder of ``path`` is missing or may not be written to.
    """
    try:
        files.demand_writable(path)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: Exception) -> ConfigError:
    reason = getattr(error, "strerror", None) or error
    return ConfigError(f"cannot write the baseline {seen(path)}: {reason}; make its folder writable, or give another place with --baseline")


def _counts(text: str, path: Path) -> dict[Identity, int]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{seen(path)} is no baseline: {error}; restore it, {_ANEW}") from None
    version = document.get(_KEY) if isinstance(document, dict) else None
    if version is None:
        raise ConfigError(f"{seen(path)} is no baseline: it has no {_KEY!r}; give another file, {_ANEW}")
    if version != VERSION:
        raise ConfigError(
            f"{seen(path)} is a baseline of version {version!r}, and this greenroom knows {VERSION}; use the one that wrote it, {_ANEW}"
        )
    rows = document.get("findings")
    counts: Counter[Identity] = Counter()
    for number, row in enumerate(rows if isinstance(rows, list) else [None], 1):
        read = _read(row)
        if read is None:
            raise ConfigError(f"{seen(path)} is no baseline: entry {number} of its findings is not one; restore it, {_ANEW}")
        counts[read[0]] += read[1]
    return dict(counts)


def _row(identity: Identity, count: int) -> dict[str, object]:
    return {
        "path": identity.path,
        "rule": identity.rule,
        "in": identity.function,
        "about": identity.about,
        "code": identity.code,
        "count": count,
    }


def _read(row: object) -> tuple[Identity, int] | None:
    if not isinstance(row, dict):
        return None
    words = [row.get(key) for key in ("path", "rule", "in", "about", "code")]
    count = row.get("count")
    texts = [word for word in words if isinstance(word, str) and "\0" not in word]
    if len(texts) != len(words) or type(count) is not int or count < 1:
        return None
    return Identity(*texts), count
