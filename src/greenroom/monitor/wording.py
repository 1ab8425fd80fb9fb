"""What an incident says: tables of sentences, and the note that is put on an error."""

from __future__ import annotations

from greenroom.trace import Cause, Incident, Kind, Place

BECAUSE = {
    Cause.COMMIT: "the commit{at} expired it",
    Cause.ROLLBACK: "the rollback{at} expired it",
    Cause.EXPIRE: "it was expired{at}",
    Cause.REFRESH: "the refresh{at} did not load it",
    Cause.GENERATED: "the database made its value in the flush{at}, which did not fetch it",
    Cause.NEVER_LOADED: "the query{at} did not load it",
    Cause.NEW: "its object is new since the flush{at}, and it was never given a value",
    Cause.DEFERRED: "it is deferred, and the query{at} left it out",
    Cause.UNKNOWN: "why is not known",
}
LUCK = {
    Kind.LOADED_IN_GREENLET: "run_sync lets it load",
    Kind.IDENTITY_MAP: "its target was in the session for another reason{at}",
    Kind.LEFT_OVER: "a test loaded it{at}",
    Kind.KINDER_SESSION: "a test's session kept it at the commit{at}",
}
MENDS = {
    Cause.COMMIT: "read it before the commit, refresh the object after it, or make sessions with expire_on_commit=False",
    Cause.ROLLBACK: "read it before the rollback, or load the object again",
    Cause.EXPIRE: "refresh the object after it was expired",
    Cause.REFRESH: "name it in the attribute_names of the refresh, or load it by a query with a loader option",
    Cause.GENERATED: "refresh the object after the flush, or map it with eager_defaults=True",
    Cause.NEVER_LOADED: "load it with the query, by a loader option such as selectinload",
    Cause.NEW: "give it to the constructor, or refresh it by name after the flush",
    Cause.DEFERRED: "undefer it in the query",
    Cause.UNKNOWN: "load it before it is read",
}
_DETACHED_MENDS = {
    Cause.NEVER_LOADED: "load it with the query before the session ends, by a loader option such as selectinload",
    Cause.COMMIT: "read it before the session ends, or make sessions with expire_on_commit=False",
}
HAPPENED = {
    Kind.IMPLICIT_IO: "reading it needs a query, outside of a greenlet",
    Kind.DETACHED: "its object has no session to load it with",
    Kind.RAISELOAD: "it is configured to raise rather than to load",
}
WITHOUT_SUBJECT = {
    Kind.IMPLICIT_IO: "a synchronous call needs the database, outside of a greenlet",
    Kind.DETACHED: "an object has no session to load an attribute with",
    Kind.RAISELOAD: "an attribute that is not loaded is configured to raise",
    Kind.CONCURRENT_USE: "a session or connection is used by two tasks at once",
}
_MENDS_WITHOUT_SUBJECT = {
    Kind.CONCURRENT_USE: "give each task a session of its own",
    Kind.IMPLICIT_IO: "await the method of the AsyncSession, or call it within run_sync",
}


def message(kind: Kind, subject: str | None, cause: Cause, origin: Place | None, detached: Place | None) -> str:
    """Return what happened and why, in one line."""
    if subject is None:
        return WITHOUT_SUBJECT[kind]
    left = f" since {detached}" if detached is not None else ""
    return f"`{subject}` is not in memory: {because(cause, origin)}; {HAPPENED[kind]}{left}"


def reason(incident: Incident) -> str:
    """Return the clause that says why a value was absent; or present, where that was luck."""
    luck = LUCK.get(incident.kind)
    if luck is not None:
        return luck.format(at=f" at {incident.origin}" if incident.origin is not None else "")
    return because(incident.cause, incident.origin)


def because(cause: Cause, origin: Place | None) -> str:
    """Return the clause that says why a value is absent."""
    return BECAUSE[cause].format(at=f" at {origin}" if origin is not None else "")


def mend(kind: Kind, subject: str | None, cause: Cause) -> str:
    """Return what to do, in one line."""
    if subject is None:
        return _MENDS_WITHOUT_SUBJECT.get(kind, MENDS[Cause.UNKNOWN])
    return (_DETACHED_MENDS.get(cause) if kind is Kind.DETACHED else None) or MENDS[cause]


def note(incident: Incident) -> str:
    """Return the explanation of an incident as lines, as they stand below an error."""
    lines = [f"greenroom: {incident.message}"]
    if incident.place is not None:
        lines.append(f"  at       {_placed(incident.place)}")
        lines.extend(f"  from     {_placed(outer)}" for outer in incident.stack[1:3])
    if incident.origin is not None:
        lines.append(f"  because  {_placed(incident.origin)}")
    answered = " ".join(part for part in (incident.route, f"({incident.endpoint})" if incident.endpoint else None) if part)
    if answered:
        lines.append(f"  request  {answered}")
    known = [f"{name} {value}" for name, value in (("id", incident.request_id), ("trace", incident.trace_id)) if value]
    if known:
        lines.append(f"  known as {', '.join(known)}")
    lines.append(f"  mend     {incident.mend}")
    return "\n".join(lines)


def _placed(place: Place) -> str:
    return f"{place} in {place.function}" if place.function else str(place)
