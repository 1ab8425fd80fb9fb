"""The middleware and the instrumentation against a real Litestar."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import SADeprecationWarning

from greenroom.monitor import exercised as counting
from greenroom.monitor import scopes
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.instrumentation import instrument, uninstrument
from greenroom.monitor.scopes import About
from greenroom.trace import Exercised
from tests.monitor.asking import asked

with warnings.catch_warnings():
    # It imports advanced-alchemy, where that is installed, which still uses a decorator that SQLAlchemy 2.1 has no use for.
    warnings.simplefilter("ignore", SADeprecationWarning)
    from litestar import Controller, Litestar, Router, get
    from litestar.params import FromPath


SEEN: list[About] = []


def note() -> None:
    scope = scopes.current.get()
    assert scope is not None
    SEEN.append(scope.about())


@get("/users/{user_id:int}")
async def read_user(user_id: FromPath[int]) -> int:
    note()
    return user_id


class Things(Controller):
    path = "/things"

    @get("/{thing:str}", sync_to_thread=True)
    def read_in_a_thread(self, thing: FromPath[str]) -> str:
        note()
        return thing


def application() -> Litestar:
    return Litestar([Router("/api", route_handlers=[read_user, Things])])


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    SEEN.clear()
    counting.forget()
    yield
    uninstrument()
    counting.forget()


@pytest.mark.parametrize(
    ("path", "template", "endpoint", "line"),
    [
        ("/api/users/7", "/api/users/{user_id}", "read_user", 35),
        ("/api/things/x", "/api/things/{thing}", "Things.read_in_a_thread", 44),
    ],
)
def test_route_and_endpoint(path: str, template: str, endpoint: str, line: int) -> None:
    assert asked(MonitorMiddleware(application()), path).status_code == 200
    (about,) = SEEN
    assert (about.route, about.endpoint) == (f"GET {template}", f"{__name__}:{endpoint}")
    assert about.handler is not None
    assert (about.handler.path, about.handler.line) == ("tests/monitor/test_litestar.py", line)
    assert counting.exercised() == (Exercised("GET", template, f"{__name__}:{endpoint}"),)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("POST", "/api/users/7", 405)])
def test_what_no_route_answers_is_not_exercised(method: str, path: str, status: int) -> None:
    assert asked(MonitorMiddleware(application()), path, method).status_code == status
    assert counting.exercised() == ()


def test_all_applications_are_monitored_by_their_class() -> None:
    assert instrument()
    assert asked(application(), "/api/users/7").status_code == 200
    assert SEEN[0].route == "GET /api/users/{user_id}"
