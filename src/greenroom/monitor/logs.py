"""Incidents in logs: a record for each, and the same fields on the records that an application writes about such errors anyway.

Fields are plain ``extra`` attributes of a record, so python-json-logger, structlog's ``ProcessorFormatter`` (with ``ExtraAdder``), Sentry
and OpenTelemetry's handler take them as they are. `attributes` has their names.
"""

from __future__ import annotations

import logging
from typing import Final

from greenroom.monitor.attributes import attributes
from greenroom.monitor.evidence import incident_behind, known_of
from greenroom.monitor.sinks import Sink
from greenroom.monitor.wording import note
from greenroom.trace import Incident

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
        into.handle(into.makeRecord(into.name, level, path, line, incident.message, (), None, function, attributes(incident)))

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
        for name, value in known_of(error).items():
            record.__dict__.setdefault(name, value)
        incident = incident_behind(error)
        if self._explain and incident is not None:
            record.msg, record.args = f"{record.getMessage()}\n{note(incident)}", None
