"""What a probe saw, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from greenroom.domain import loading
from greenroom.domain.loading import LoadState, Site
from greenroom.interpret.probe import Sighting, Situation
from greenroom.report.paths import shown

MOST = 6
"""Situations that are printed."""
WORDS = {
    loading.LOADED: "loaded",
    loading.BLANK: "not set: reads None or an empty collection",
    loading.COMMITTED: "expired by a commit",
    loading.ROLLED_BACK: "expired by a rollback",
    loading.EXPIRED: "expired",
    loading.REFRESHED_AWAY: "unloaded by a refresh",
    loading.GENERATED: "made by the database and not fetched",
    loading.LAZY: "never loaded",
    loading.DEFERRED: "left out of the query",
    loading.RAISING: "configured to raise",
    loading.UNKNOWN: "not known",
}


def render(situations: Sequence[Situation], place: str, base: Path) -> Iterator[str]:
    """The lines that tell of every object at ``place``, in each situation in which it is reached."""
    for number, situation in enumerate(situations[:MOST]):
        if number:
            yield ""
        yield f"{place} in {situation.function.qualname}, before the line runs"
        for call in situation.calls:
            yield f"  called in {_at(call, base)}"
        for session in situation.sessions:
            option = "not known" if session.expire_on_commit is None else session.expire_on_commit
            yield f"  {session.expression}: session, expire_on_commit {option}, {session.condition}"
        for sighting in situation.objects:
            yield from _object(sighting, base)
        if not situation.objects:
            yield "  no mapped object is in reach of a variable here"
    if len(situations) > MOST:
        yield ""
        yield f"... and {len(situations) - MOST} more ways to get here"


def _object(sighting: Sighting, base: Path) -> Iterator[str]:
    many = "one of several " if sighting.many else ""
    origin = f", from {_at(sighting.loaded_at, base)}" if sighting.loaded_at is not None else ""
    yield f"  {sighting.expression}: {many}{sighting.model}, {sighting.life}{origin}"
    alike: dict[str, list[str]] = {}
    for attribute in sighting.attributes:
        alike.setdefault("; or ".join(_conditions(attribute.state, base)), []).append(attribute.name)
    for condition, names in alike.items():
        yield f"    {condition}: {', '.join(names)}"


def _conditions(state: LoadState, base: Path) -> Iterator[str]:
    """Each condition in which an attribute may be, with the place that is to blame for it."""
    for bit, word in WORDS.items():
        if state.bits & bit:
            origin = state.origin(bit)
            where = f", {_at(origin.site, base)}" if origin is not None else ""
            yield f"{'' if state.sure & bit or bit == loading.LOADED else 'perhaps '}{word}{where}"


def _at(site: Site, base: Path) -> str:
    return f"{shown(site.module.source.path, base)}:{site.line}"
