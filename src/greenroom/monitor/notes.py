"""Puts the explanation on an error that only tells of implicit IO, as a response validation error does."""

from __future__ import annotations

from collections.abc import Iterable

from greenroom.monitor.errors import incidents_of, mark
from greenroom.monitor.wording import note
from greenroom.monitor.wrapped import Told, told
from greenroom.trace import Incident


def matching(error: BaseException, met: Iterable[Incident]) -> list[Incident]:
    """Return those of ``met`` that the error tells of; none where it is not certain which.

    An error that wraps another one, by cause, context, group or as the driver's, tells nothing new: a traceback prints that one as well.
    """
    if next(incidents_of(error), None) is not None:
        return []
    met = list(met)
    found: list[Incident] = []
    for tale in told(error):
        for incident in _meant(tale, met):
            if incident not in found:
                found.append(incident)
    return found


def add(error: BaseException, met: Iterable[Incident], *, explain: bool) -> None:
    """Mark an error that leaves a request with the incident that it tells of, and explain it, where ``explain`` is asked for."""
    incidents = matching(error, met)
    if incidents:
        mark(error, incidents[0])
    for explanation in (note(incident) for incident in incidents if explain):
        if explanation not in getattr(error, "__notes__", ()):
            error.add_note(explanation)


def _meant(tale: Told, met: list[Incident]) -> list[Incident]:
    """Return the incidents of the attribute; or the only one of the kind, where a schema has another name for it."""
    same = [one for one in met if one.kind is tale.kind]
    named = [one for one in same if one.attribute == tale.attribute]
    return named or (same if len(same) == 1 else [])
