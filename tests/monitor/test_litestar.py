"""The middleware and the instrumentation against a real Litestar."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.exc import SADeprecationWarning
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from greenroom.monitor import exercised as counting
from greenroom.monitor import install, scopes
from greenroom.monitor.asgi import MonitorMiddleware
from greenroom.monitor.instrumentation import instrument, uninstrument
from greenroom.monitor.scopes import About
from greenroom.trace import Exercised, Incident
from tests.monitor.asking import asked
from tests.monitor.loaded import Author, Base, expired

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


def _line(function: Callable[..., object]) -> int:
    """Return the first line of a function, which Litestar may have wrapped already."""
    return int(inspect.unwrap(getattr(function, "func", function)).__code__.co_firstlineno)


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
        ("/api/users/7", "/api/users/{user_id}", "read_user", _line(read_user.fn)),
        ("/api/things/x", "/api/things/{thing}", "Things.read_in_a_thread", _line(Things.read_in_a_thread.fn)),
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


@get("/failing")
async def failing() -> str:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    try:
        async with AsyncSession(engine) as session:
            session.add(Author(id=4, name="Ann"))
            await session.commit()
            session.expunge_all()
            return (await expired(session)).name
    finally:
        await engine.dispose()


def test_what_a_handler_meets_is_tied_to_its_route() -> None:
    met: list[Incident] = []
    with install("explain", sinks=[lambda incident, _: met.append(incident)]):
        assert asked(MonitorMiddleware(Litestar([failing])), "/failing", headers={"x-request-id": "r-1"}).status_code == 500
    (incident,) = met
    assert (incident.subject, incident.route, incident.request_id) == ("Author.name", "GET /failing", "r-1")
    assert incident.endpoint == f"{__name__}:failing"
