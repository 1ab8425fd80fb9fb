"""An incident of which everything is known, and its attributes."""

from __future__ import annotations

from greenroom.trace import Cause, Incident, Kind, Place

INCIDENT = Incident(
    Kind.IMPLICIT_IO,
    "MissingGreenlet",
    "`Author.name` is not in memory",
    mend="refresh it",
    model="Author",
    attribute="name",
    cause=Cause.COMMIT,
    origin=Place("app/service.py", 12, "save"),
    place=Place("app/views.py", 34, "show"),
    stack=(Place("app/views.py", 34, "show"), Place("app/main.py", 5, "read")),
    route="GET /authors/{author_id}",
    endpoint="app.main:read",
    handler=Place("app/main.py", 3, "read"),
    request_id="r-1",
    trace_id="a" * 32,
)
FIELDS = {
    "exception.type": "MissingGreenlet",
    "greenroom.kind": "implicit-io",
    "greenroom.model": "Author",
    "greenroom.attribute": "name",
    "greenroom.cause": "commit",
    "greenroom.origin": "app/service.py:12",
    "greenroom.mend": "refresh it",
    "greenroom.stack": "app/views.py:34 in show\napp/main.py:5 in read",
    "code.file.path": "app/views.py",
    "code.line.number": 34,
    "code.function.name": "show",
    "http.request.method": "GET",
    "http.route": "/authors/{author_id}",
    "greenroom.endpoint": "app.main:read",
    "greenroom.handler": "app/main.py:3",
    "greenroom.request_id": "r-1",
    "greenroom.trace_id": "a" * 32,
}
