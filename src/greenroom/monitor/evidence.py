"""What can be said of any error: the incident that it was, wraps or tells of; or what it says by itself, where no monitor has seen it."""

from __future__ import annotations

from sqlalchemy.exc import StatementError

from greenroom.monitor.attributes import attributes
from greenroom.monitor.errors import incidents_of, kind_of, linked
from greenroom.monitor.notes import matching
from greenroom.monitor.scopes import present
from greenroom.monitor.wrapped import told
from greenroom.trace import Incident


def known_of(error: BaseException) -> dict[str, str | int]:
    """Return the attributes of an error; none, where it is no implicit IO."""
    incident = incident_behind(error)
    return _by_itself(error) if incident is None else attributes(incident)


def _by_itself(error: BaseException) -> dict[str, str | int]:
    """Return what can be said of an error that no monitor has seen."""
    known = [(type(one).__name__, kind) for one in linked(error) if (kind := kind_of(one)) is not None]
    # What wraps another one is only its clothes.
    for name, kind in sorted(known, key=lambda one: one[0] == StatementError.__name__):
        return {"exception.type": name, "greenroom.kind": kind.value}
    for tale in told(error):
        said: dict[str, str | int] = {"exception.type": tale.error, "greenroom.kind": tale.kind.value}
        if tale.attribute:
            said["greenroom.attribute"] = tale.attribute
        return said
    return {}


def incident_behind(error: BaseException) -> Incident | None:
    """Return the incident that an error was, wraps, or tells of."""
    for incident in incidents_of(error):
        return incident
    scope = present()
    return next(iter(matching(error, scope.incidents.values() if scope else ())), None)
