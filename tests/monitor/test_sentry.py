"""What Sentry is told: the function alone and, where it is installed, the real SDK with a transport that keeps events."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from greenroom.monitor.errors import mark
from greenroom.monitor.logs import log_sink
from greenroom.monitor.sentry import before_send
from tests.monitor.samples import FIELDS, INCIDENT

TAGS = {
    "greenroom.kind": "implicit-io",
    "greenroom.model": "Author",
    "greenroom.attribute": "name",
    "greenroom.cause": "commit",
    "http.request.method": "GET",
    "http.route": "/authors/{author_id}",
}
FINGERPRINT = ["greenroom", "implicit-io", "Author", "name", "app/views.py", "34"]


class CustomError(Exception):
    pass


def incident_error() -> CustomError:
    error = CustomError("it failed")
    mark(error, INCIDENT)
    return error


def test_an_event_of_an_incident() -> None:
    error = incident_error()
    event: dict[str, Any] = {"tags": {"greenroom.model": "theirs"}}
    assert before_send(event, {"exc_info": (CustomError, error, None)}) is event
    assert event == {
        "tags": {**TAGS, "greenroom.model": "theirs"},
        "contexts": {"greenroom": FIELDS},
        "fingerprint": FINGERPRINT,
    }


@pytest.mark.parametrize(
    "hint", [{}, {"exc_info": None}, {"exc_info": (KeyError, KeyError(), None)}, {"log_record": None}, {"exc_info": (None, None, None)}]
)
def test_other_events_stay_as_they_are(hint: dict[str, Any]) -> None:
    event = {"message": "other"}
    assert before_send(event, hint) == {"message": "other"}


def test_an_event_of_another_shape_is_not_lost() -> None:
    hint = {"exc_info": (CustomError, incident_error(), None)}
    assert before_send(None, hint) is None
    assert before_send({"contexts": 3}, hint)["contexts"] == 3


def test_the_real_sdk() -> None:
    sentry_sdk = pytest.importorskip("sentry_sdk")
    transport = pytest.importorskip("sentry_sdk.transport").Transport
    logs = pytest.importorskip("sentry_sdk.integrations.logging").LoggingIntegration
    events: list[dict[str, Any]] = []

    class Kept(transport):  # type: ignore[misc, valid-type]  # not installed everywhere
        def capture_envelope(self, envelope: Any) -> None:  # noqa: ANN401  # as above
            events.extend(event for item in envelope.items if (event := item.get_event()) is not None)

    logger = logging.getLogger("greenroom.test.sentry")
    options = {"default_integrations": False, "auto_enabling_integrations": False, "integrations": [logs()]}
    sentry_sdk.init("http://key@localhost/1", transport=Kept, before_send=before_send, **options)
    try:
        sentry_sdk.capture_exception(incident_error())
        log_sink(logger)(INCIDENT, None)
        logger.error("app failed", exc_info=incident_error())
        sentry_sdk.capture_exception(KeyError("other"))
    finally:
        sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)
    assert len(events) == 4
    for event in events[:3]:
        assert event["tags"] == TAGS
        assert event["contexts"]["greenroom"] == FIELDS
        assert event["fingerprint"] == FINGERPRINT
    assert "fingerprint" not in events[3]
