"""Footprints: what of its caller's state a call looks at, beyond what it is given.

Of a session that it is given a call sees its condition, the objects that wait to be written, and those of the classes that it
loads. All others it treats alike (``domain.deeds``), so they are no part of the situation in which it is called.
"""

from __future__ import annotations

from collections.abc import Hashable

from greenroom.domain.deeds import is_settled
from greenroom.domain.heap import OrmObject, SessionObject
from greenroom.domain.state import State
from greenroom.domain.summary import Footprint, Summary
from greenroom.domain.values import Ref
from greenroom.interpret.tabulation.naming import Naming
from greenroom.program.symbols import Class

NOTHING: frozenset[tuple[int, Class | None]] = frozenset()


def all_of(naming: Naming) -> Footprint:
    """Everything that is attached to the sessions that ``naming`` has met."""
    return frozenset((naming.ids[session], None) for session in naming.sessions_met)


def footprint(naming: Naming, summary: Summary) -> frozenset[tuple[int, Class | None]]:
    """What a call has looked at; its sessions are those that ``naming`` met in what it was given."""
    own = naming.sessions_met
    unclear = {session for effect in (*summary.returned, *summary.raised) for session, done in effect.deeds.items() if done is None}
    every = {session for session, cls in summary.objects if cls is None} | unclear
    found = {(session, None if session in every else cls) for session, cls in (*summary.objects, *((session, None) for session in unclear))}
    return frozenset((naming.ids[session], cls) for session, cls in found if session in own)


def surroundings(state: State, naming: Naming, seen: Footprint) -> tuple[frozenset[int], Hashable]:
    """The objects that callers hold among what a call looks at, and the part of its key that says all of that.

    ``naming`` meets what it had not met before.
    """
    own = naming.sessions_met if seen is not None else None
    for place, record in state.heap.items():
        if isinstance(record, OrmObject):
            if record.session is not None and (own is None or record.session in own) and _is_seen(record, naming, seen):
                naming.reference(place)
        elif own is None and isinstance(record, SessionObject):
            naming.reference(place)
    reached = naming.reached()
    live = state.reachable([Ref(key) for key in state.held], sealed=naming.ids)
    held = frozenset(key for key in naming.ids if key in live and isinstance(state.heap.get(key), OrmObject))
    return held, (reached, naming.sessions(), frozenset(naming.ids[place] for place in held))


def _is_seen(record: OrmObject, naming: Naming, seen: Footprint) -> bool:
    if seen is None or not is_settled(record):
        return True
    number = naming.ids[record.session] if record.session is not None else None
    return any(session == number and (cls is None or record.mapped.is_kind_of(cls)) for session, cls in seen)
