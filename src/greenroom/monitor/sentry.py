"""Sentry: what an event is told of an incident. It needs no part of sentry-sdk, which calls it.

sentry_sdk.init(..., before_send=greenroom.monitor.sentry.before_send)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from greenroom.monitor.attributes import LABELS
from greenroom.monitor.evidence import known_of

Event = TypeVar("Event")

_CONTEXT: Final = "greenroom"


def before_send(event: Event, hint: Mapping[str, Any]) -> Event:
    """Add tags to search by, a context with all that is known, and a fingerprint: one issue for each attribute and line that reads it.

    Events of other errors, and what was set before, stay as they are. Never raises, and drops no event.
    https://docs.sentry.io/platforms/python/configuration/filtering/
    """
    try:
        known = _known(hint)
        if known and isinstance(event, dict):
            _add(event, known)
    except Exception:  # noqa: BLE001  # sentry-sdk would lose the event
        return event
    return event


def _known(hint: Mapping[str, Any]) -> dict[str, Any]:
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord) and "greenroom.kind" in record.__dict__:
        return {name: value for name, value in record.__dict__.items() if "." in name}
    raised = hint.get("exc_info")
    error = raised[1] if isinstance(raised, tuple) else None
    return dict(known_of(error)) if isinstance(error, BaseException) else {}


def _add(event: dict[str, Any], known: dict[str, Any]) -> None:
    tags = event.setdefault("tags", {})
    if isinstance(tags, dict):
        for name in LABELS:
            if name in known:
                tags.setdefault(name, known[name])
    event.setdefault("contexts", {}).setdefault(_CONTEXT, known)
    if "fingerprint" not in event:
        subject = [str(known.get(name, "")) for name in ("greenroom.model", "greenroom.attribute", "code.file.path", "code.line.number")]
        event["fingerprint"] = ["greenroom", known["greenroom.kind"], *subject] if any(subject) else ["greenroom", "{{ default }}"]
