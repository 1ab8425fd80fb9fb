"""Incidents in logs: a record for each, and the same fields on the records that an application writes about such errors anyway.

Fields are plain ``extra`` attributes of a record, so python-json-logger, structlog's ``ProcessorFormatter`` (with ``ExtraAdder``), Sentry
and OpenTelemetry's handler take them as they are. `attributes` has their names.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import StatementError

from greenroom.monitor.attributes import attributes
from greenroom.monitor.errors import incidents_of, kind_of, linked
from greenroom.monitor.notes import matching
from greenroom.monitor.scopes import current
from greenroom.monitor.wording import note
from greenroom.monitor.wrapped import told
from greenroom.trace import Incident

if TYPE_CHECKING:
    from greenroom.monitor.sinks import Sink

NAME: Final = "greenroom.monitor"
"""The logger."""


def log_sink(logger: logging.Logger | None = None) -> Sink:
    """Return a sink that writes one record for each incident: an error, or a warning where it went well by luck.

    The record's path, line and function are those of the read. It has no traceback: an incident is recorded as the error is made, and
    whoever handles the error logs that.
    """
    into = logger or logging.getLogger(NAME)

    def write(incident: Incident, error: BaseException | None) -> None:
        del error  # what is to say of it is in the incident
        level = logging.WARNING if incident.kind.latent else logging.ERROR
        if not into.isEnabledFor(level):
            return
        place = incident.place
        path, line, function = (place.path, place.line, place.function) if place else ("", 0, None)
        # Not `Logger.log`, which would say that this line wrote it.
        into.handle(into.makeRecord(into.name, level, path, line, "%s", (incident.message,), None, function, attributes(incident)))

    return write


class IncidentFilter(logging.Filter):
    """Adds the fields of an incident to each record with an exception that is one, or wraps one, or only tells of one; drops none.

    Put it on a handler: a logger's filters do not see what its children log. With ``explain`` the explanation follows the message, for
    formatters that print no notes of exceptions. What cannot be read of a record is left out: a filter that raises would break the call
    that logs.
    """

    def __init__(self, *, explain: bool = False) -> None:
        super().__init__()
        self._explain = explain

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True."""
        try:
            self._add(record)
        except Exception:  # noqa: BLE001  # see the class
            return True
        return True

    def _add(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is None or hasattr(record, "greenroom.kind"):
            return
        incident = _of(error)
        fields = _by_itself(error) if incident is None else attributes(incident)
        for name, value in fields.items():
            if name not in record.__dict__:
                record.__dict__[name] = value
        if self._explain and incident is not None:
            record.msg, record.args = f"{record.getMessage()}\n{note(incident)}", None


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


def _of(error: BaseException) -> Incident | None:
    """Return the incident that an error was, wraps, or tells of."""
    for incident in incidents_of(error):
        return incident
    scope = current.get()
    return next(iter(matching(error, scope.incidents.values() if scope else ())), None)
