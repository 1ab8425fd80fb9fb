from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from greenroom.trace import Exercised
from tests.pytest_plugin.suites import Suite

MANY = """
    import pytest

    @pytest.mark.parametrize("number", range(20))
    async def test_swallowed(number):
        await application.add_safely()

    @pytest.mark.parametrize("number", range(20))
    async def test_requests(number):
        await get("/users/Ada")

    @pytest.mark.parametrize("number", range(20))
    async def test_passes(number):
        await application.works()
"""


def test_workers_lose_and_double_nothing(suite: Suite) -> None:
    suite.write(MANY)
    suite.run().assert_outcomes(passed=20, failed=40)
    alone = suite.trace()
    result = suite.run("-p", "xdist", "-n", "2")
    result.assert_outcomes(passed=20, failed=40)
    result.stdout.fnmatch_lines(["User.name  implicit-io  20 times in 20 tests", "Incidents in 60 tests: 40 failing."])
    spread = suite.trace()
    assert Counter(one.test for one in spread.incidents) == Counter(one.test for one in alone.incidents)
    assert spread == alone


def test_workers_tell_what_they_met_outside_of_tests(suite: Suite) -> None:
    suite.write("""
        import asyncio
        asyncio.run(application.add_safely())

        def test_passes():
            pass

        def test_passes_too():
            pass
    """)
    result = suite.run("-p", "xdist", "-n", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [one.test for one in suite.trace().incidents] == [None, None]


def test_the_trace_has_requests_and_routes(suite: Suite) -> None:
    suite.write("""
        async def test_once():
            await get("/users/Ada")

        async def test_twice():
            await get("/users/Ada")
            await get("/users/Grace")
    """)
    result = suite.run()
    result.stdout.fnmatch_lines(["*application.py:71 in read_user (GET /users/{name}): the query at application.py:70 did not load it"])
    trace = suite.trace()
    assert trace.routes == (Exercised("GET", "/users/{name}", "application:read_user"),)
    assert [one.times for one in trace.routes] == [3]
    assert [(one.test, one.route, one.endpoint, one.times) for one in trace.incidents] == [
        ("test_it.py::test_once", "GET /users/{name}", "application:read_user", 1),
        ("test_it.py::test_twice", "GET /users/{name}", "application:read_user", 2),
    ]


def test_the_trace_goes_where_it_is_sent(suite: Suite) -> None:
    suite.write("async def test_passes():\n    await application.works()\n")
    suite.run()
    folder = suite.pytester.path / ".greenroom"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert suite.trace().tests == 1
    suite.run("--greenroom-trace=elsewhere.json").assert_outcomes(passed=1)
    assert suite.trace("elsewhere.json").tests == 1
    result = suite.run("--greenroom-trace=missing/trace.json")
    result.stdout.fnmatch_lines(["*the trace *missing/trace.json could not be written: No such file or directory; give another*"])


def test_junit_has_it_as_properties(suite: Suite) -> None:
    suite.write("""
        import pytest

        async def test_swallowed():
            await application.add_safely()

        @pytest.mark.greenroom(allow=True)
        async def test_allowed():
            await application.add_safely()

        async def test_passes():
            pass
    """)
    suite.run("--junit-xml=report.xml").assert_outcomes(passed=2, failed=1)
    cases = ET.parse(suite.pytester.path / "report.xml").getroot().iter("testcase")  # noqa: S314 -- written by the run before
    properties = {case.get("name"): [(one.get("name"), one.get("value")) for one in case.iter("property")] for case in cases}
    assert properties == {
        "test_swallowed": [("greenroom", "failing: implicit-io User.name at application.py:45")],
        "test_allowed": [("greenroom", "allowed: implicit-io User.name at application.py:45")],
        "test_passes": [],
    }


def test_a_suite_without_incidents_says_so(suite: Suite) -> None:
    suite.write("async def test_passes():\n    await application.works()\n")
    result = suite.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["No implicit IO in 1 test."])
    assert suite.trace().incidents == ()


def test_a_worker_that_crashes_takes_only_its_own_with_it(suite: Suite) -> None:
    suite.write("""
        import os

        async def test_a_swallowed():
            await application.add_safely()

        def test_b_crashes():
            os._exit(1)

        async def test_c_swallowed():
            await application.add_safely()
    """)
    result = suite.run("-p", "xdist", "-n", "1")
    result.assert_outcomes(failed=3)
    assert [one.test for one in suite.trace().incidents] == ["test_it.py::test_a_swallowed", "test_it.py::test_c_swallowed"]


def test_fastapi_reads_what_is_not_loaded_while_it_makes_the_response(suite: Suite) -> None:
    suite.pytester.makepyfile(
        api="""
        from fastapi import FastAPI
        from pydantic import BaseModel, ConfigDict
        from sqlalchemy import select
        import application

        class PostRead(BaseModel):
            id: int

        class UserRead(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            name: str
            posts: list[PostRead]

        app = FastAPI()

        @app.get("/people/{name}")
        async def read_person(name: str) -> UserRead:
            await application.works(name)
            async with application.factory() as session:
                return (await session.scalars(select(application.User))).first()
        """
    )
    suite.write("""
        import api

        async def test_response():
            application.app = api.app
            assert (await get("/people/Ada")).status_code == 500
    """)
    result = suite.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*outside of the application's lines (GET /people/{name}): the query at api.py:20 did not load it"])
    (incident,) = suite.trace().incidents
    assert (incident.subject, incident.endpoint, incident.place) == ("User.posts", "api:read_person", None)
    assert suite.trace().routes == (Exercised("GET", "/people/{name}", "api:read_person"),)
