"""Where execution enters a project beside its endpoints: functions that nothing in it mentions, then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from greenroom.interpret.concern import SESSION_NAMES, Candidate
from greenroom.program.symbols import Function

_HINTS = SESSION_NAMES | {"Session", "AsyncSession", "commit", "flush", "refresh"}
_RUNNERS = frozenset({"asyncio", "anyio", "uvloop"})
"""Modules whose ``run`` runs a coroutine on an event loop of its own."""


def entries(every: Iterable[Candidate]) -> tuple[list[Function], list[Function]]:
    """Functions worth entering: those that no other function mentions, and the rest."""
    mentioned = Counter(word for candidate in every for word in candidate.words)
    first: list[Function] = []
    rest: list[Function] = []
    for candidate in every:
        function = candidate.function
        if function.is_async or (function.kind == "function" and (not _HINTS.isdisjoint(candidate.words) or _runs(candidate))):
            own = 1 if function.name in candidate.words else 0
            (first if mentioned[function.name] <= own else rest).append(function)
    return first, rest


def _runs(candidate: Candidate) -> bool:
    """Whether a function runs coroutines on an event loop."""
    return "run_until_complete" in candidate.methods or ("run" in candidate.methods and not _RUNNERS.isdisjoint(candidate.words))
