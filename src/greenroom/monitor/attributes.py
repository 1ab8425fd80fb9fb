"""An incident as flat attributes: what log records, spans, error trackers and counters are told of it.

Names are those of OpenTelemetry's semantic conventions where it has one, and begin with ``greenroom.`` where it has none.
https://opentelemetry.io/docs/specs/semconv/registry/attributes/
"""

from __future__ import annotations

from typing import Final

from greenroom.trace import Incident, Place

LABELS: Final = ("greenroom.kind", "greenroom.model", "greenroom.attribute", "greenroom.cause", "http.request.method", "http.route")
"""Those that a counter has: each takes as many values as the application has code for, whatever its clients send."""


def attributes(incident: Incident) -> dict[str, str | int]:
    """Return what is known of it, in a stable order."""
    method, _, template = (incident.route or "").partition(" ")
    pairs: dict[str, str | int | None] = {
        "exception.type": incident.error,
        "greenroom.kind": incident.kind.value,
        "greenroom.model": incident.model,
        "greenroom.attribute": incident.attribute,
        "greenroom.cause": incident.cause.value,
        "greenroom.origin": _text(incident.origin),
        "greenroom.detached": _text(incident.detached),
        "greenroom.mend": incident.mend,
        "greenroom.stack": "\n".join(f"{place} in {place.function}" for place in incident.stack),
        "code.file.path": incident.place.path if incident.place else None,
        "code.line.number": incident.place.line if incident.place else None,
        "code.function.name": incident.place.function if incident.place else None,
        "http.request.method": method,
        "http.route": template,
        "greenroom.endpoint": incident.endpoint,
        "greenroom.handler": _text(incident.handler),
        "greenroom.request_id": incident.request_id,
        "greenroom.trace_id": incident.trace_id,
        "greenroom.test": incident.test,
    }
    return {name: value for name, value in pairs.items() if value}


def labels(incident: Incident) -> dict[str, str]:
    """Return those of a counter; all of them, empty where nothing is known, for metrics have the same names each time."""
    known = attributes(incident)
    return {name: str(known.get(name, "")) for name in LABELS}


def _text(place: Place | None) -> str | None:
    return str(place) if place is not None else None
