"""``@pytest.mark.greenroom(allow=...)``: what a test may meet because it is about that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from greenroom.trace import Incident, Kind

_KINDS = {kind.value: kind for kind in Kind}
_MEND = "give allow=True, 'Model.attribute', 'Model', a kind such as 'implicit-io', or a list of them"


class AllowanceError(ValueError):
    """A marker that does not say what it allows; the message says what is wrong and what would do."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one test may meet."""

    everything: bool = False
    kinds: frozenset[Kind] = frozenset()
    subjects: frozenset[str] = frozenset()
    """``Model`` or ``Model.attribute``."""

    def covers(self, incident: Incident) -> bool:
        """Whether the test may meet it."""
        return self.everything or incident.kind in self.kinds or not self.subjects.isdisjoint({incident.subject, incident.model or ""})


def allowance(marks: Iterable[pytest.Mark]) -> Allowance:
    """Return what the markers of a test allow together.

    Raises:
        AllowanceError: One of them cannot be understood.
    """
    everything = False
    words: list[str] = []
    for mark in marks:
        if mark.args or set(mark.kwargs) != {"allow"}:
            raise AllowanceError(f"{_written(mark)} is not understood; {_MEND}")
        given = mark.kwargs["allow"]
        everything |= given is True
        words += [] if given is True else _words(given, mark)
    kinds = frozenset(_KINDS[word] for word in words if word in _KINDS)
    return Allowance(everything, kinds, frozenset(word for word in words if word not in _KINDS))


def _words(given: object, mark: pytest.Mark) -> list[str]:
    words = [given] if isinstance(given, str) else list(given) if isinstance(given, list | tuple | set | frozenset) else []
    if not words or not all(isinstance(word, str) for word in words):
        raise AllowanceError(f"{_written(mark)} is not understood; {_MEND}")
    for word in words:
        parts = word.split(".")
        if word not in _KINDS and not (len(parts) <= 2 and all(part.isidentifier() for part in parts)):
            raise AllowanceError(f"{_written(mark)}: {word!r} is no Model.attribute and no kind; kinds are {', '.join(_KINDS)}")
    return words


def _written(mark: pytest.Mark) -> str:
    arguments = [repr(one) for one in mark.args] + [f"{name}={value!r}" for name, value in mark.kwargs.items()]
    return f"@pytest.mark.greenroom({', '.join(arguments)})"
