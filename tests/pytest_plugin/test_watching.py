from __future__ import annotations

import re
import sys

import pytest

from greenroom.trace import Cause, Kind
from tests.pytest_plugin.suites import RUNNERS, Suite


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_way_to_run_coroutines(suite: Suite, runner: str) -> None:
    suite.runner = runner
    suite.write("""
        async def test_passes():
            assert await application.works() >= 1

        async def test_fails():
            await application.add()

        async def test_swallowed_by_a_server():
            assert (await get("/users/Ada")).status_code == 500

        async def test_swallowed_by_the_application():
            assert await application.add_safely() is None

        async def test_passes_after_all():
            assert await application.works() >= 1
    """)
    result = suite.run()
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "*greenroom: `User.posts` is not in memory: the query at application.py:* did not load it*",
            "*No error reached the test; it fails all the same.*",
            "User.name  implicit-io  2 times in 2 tests",
            "*application.py:45 in add: the commit at application.py:44 expired it",
            "*test_it.py::test_fails*, test_it.py::test_swallowed_by_the_application*",
            "User.posts  implicit-io  1 time in 1 test",
            "Incidents in 5 tests: 3 failing.",
        ]
    )
    trace = suite.trace()
    assert trace.tests == 5
    assert {(one.subject, one.cause, one.kind, one.times) for one in trace.incidents} == {
        ("User.name", Cause.COMMIT, Kind.IMPLICIT_IO, 1),
        ("User.posts", Cause.NEVER_LOADED, Kind.IMPLICIT_IO, 1),
    }
    assert {str(one.test).partition("[")[0] for one in trace.incidents} == {
        "test_it.py::test_fails",
        "test_it.py::test_swallowed_by_a_server",
        "test_it.py::test_swallowed_by_the_application",
    }


def test_the_same_line_fails_each_test_on_a_loop_that_they_share(suite: Suite) -> None:
    # A context variable would still name the first test: the loop runs them in copies of the context that it was made in.
    suite.runner = "asyncio, one loop"
    suite.write("""
        async def test_first():
            await application.add_safely()

        async def test_second():
            await application.add_safely()
    """)
    suite.run().assert_outcomes(failed=2)
    assert [one.test for one in suite.trace().incidents] == ["test_it.py::test_first", "test_it.py::test_second"]


def test_plain_functions_threads_and_unittest(suite: Suite) -> None:
    suite.write("""
        import asyncio, threading, unittest
        from starlette.testclient import TestClient

        def test_sync():
            asyncio.run(application.add_safely())

        def test_in_a_thread():
            thread = threading.Thread(target=lambda: asyncio.run(application.add_safely()))
            thread.start()
            thread.join()

        def test_through_a_client_that_runs_the_application_in_a_thread():
            client = TestClient(application.app, raise_server_exceptions=False)
            assert client.get("/users/Ada").status_code == 500

        class TestCase(unittest.TestCase):
            def test_swallowed(self):
                asyncio.run(application.add_safely())

            def test_fails(self):
                self.assertEqual(asyncio.run(application.add_safely()), "Ada")

            def test_passes(self):
                asyncio.run(application.works())

        class TestAsync(unittest.IsolatedAsyncioTestCase):
            async def test_swallowed(self):
                await application.add_safely()
    """)
    result = suite.run("-p", "no:asyncio")
    result.assert_outcomes(passed=1, failed=6)
    result.stdout.fnmatch_lines(["*AssertionError: None != 'Ada'*", "*- greenroom -*", "greenroom: `User.name` is not in memory*"])


def test_setup_and_teardown_are_judged_as_well(suite: Suite) -> None:
    suite.write("""
        import pytest

        @pytest.fixture
        async def made():
            await application.add_safely()

        @pytest.fixture
        async def ended():
            yield
            await application.add_safely()

        async def test_setup(made):
            pass

        async def test_teardown(ended):
            pass
    """)
    suite.run().assert_outcomes(passed=1, errors=2)


def test_a_failure_is_explained_once(suite: Suite) -> None:
    suite.write("""
        async def test_fails():
            await application.add()

        async def test_status():
            assert (await get("/users/Ada")).status_code == 200
    """)
    result = suite.run()
    result.assert_outcomes(failed=2)
    text = result.stdout.str()
    assert text.count("greenroom: `User.posts` is not in memory") == 1
    assert "assert 500 == 200" in text
    assert len(re.findall("^-+ greenroom -+$", text, re.MULTILINE)) == 1  # the other one is in the traceback, as a note


def test_what_is_not_watched_passes(suite: Suite) -> None:
    suite.write("""
        import sys

        async def test_swallowed():
            await application.add_safely()
            assert "greenroom.monitor" not in sys.modules
    """)
    suite.run(watched=False).assert_outcomes(passed=1)
    assert not (suite.pytester.path / ".greenroom").exists()
    suite.run("--greenroom=off").assert_outcomes(passed=1)


def test_the_ini_file_turns_it_on_and_the_command_line_off(suite: Suite) -> None:
    suite.write("""
        async def test_swallowed():
            await application.add_safely()
    """)
    suite.pytester.makeini("[pytest]\ngreenroom = strict\n")
    result = suite.run(watched=False)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["greenroom: strict*"])
    suite.run("--greenroom=off").assert_outcomes(passed=1)


def test_a_path_after_the_option_stays_a_path(suite: Suite) -> None:
    suite.write("async def test_passes():\n    await application.works()\n")
    suite.write("def test_other():\n    raise AssertionError\n", "test_other")
    suite.run("--greenroom", "test_it.py").assert_outcomes(passed=1)


def test_xfail_and_skip_keep_their_meaning(suite: Suite) -> None:
    suite.write("""
        import pytest

        @pytest.mark.xfail(strict=True)
        async def test_known():
            await application.add_safely()

        async def test_skipped():
            await application.add_safely()
            pytest.skip("of no use here")
    """)
    suite.run().assert_outcomes(xfailed=1, skipped=1)


def test_what_is_met_outside_of_tests_fails_the_run(suite: Suite) -> None:
    suite.write("""
        import asyncio
        asyncio.run(application.add_safely())

        def test_passes():
            pass
    """)
    result = suite.run()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*outside of tests", "What was met outside of tests fails the run."])
    assert [one.test for one in suite.trace().incidents] == [None]


def test_parametrised_tests_are_told_apart(suite: Suite) -> None:
    suite.write("""
        import pytest

        @pytest.mark.parametrize("name", ["Ada", "Grace", "Mary", "Karen"])
        async def test_it(name):
            await application.add_safely(name)
    """)
    result = suite.run()
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["User.name  implicit-io  4 times in 4 tests", "*test_it.py::test_it?Ada?, *, and 1 more"])
    assert len({one.test for one in suite.trace().incidents}) == 4


def test_strict_tells_luck_and_fails_nothing_for_it(suite: Suite) -> None:
    suite.pytester.makeconftest("import application")
    with (suite.pytester.path / "application.py").open("a") as module:
        module.write("\n\ndef size(user):\n    return len(user.posts)\n")
        module.write("\n\ndef count(session):\n    return size(session.scalars(select(User)).first())\n")
    suite.write("""
        async def test_in_a_greenlet():
            await application.works()
            async with application.factory() as session:
                assert await session.run_sync(application.count) == 0
    """)
    suite.run().assert_outcomes(passed=1)
    assert suite.trace().incidents == ()
    for arguments in ((), ("-p", "xdist", "-n", "1")):
        result = suite.run("--greenroom=strict", *arguments)
        result.assert_outcomes(passed=1)
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            [
                "Present by luck:",
                "User.posts  loaded-in-greenlet  1 time in 1 test",
                "    application.py:77 in size: run_sync lets it load",
                "Incidents in 1 test: 1 latent.",
            ]
        )
        assert [one.kind for one in suite.trace().incidents] == [Kind.LOADED_IN_GREENLET]


def test_what_outlives_its_test_is_told_apart(suite: Suite) -> None:
    suite.runner = "asyncio, one loop"
    suite.write("""
        import asyncio
        from greenroom.monitor.scopes import Scope, entered

        tasks = []

        async def later():
            with entered(Scope()):
                await asyncio.sleep(0.05)
                await application.add_safely()

        async def test_begins():
            tasks.append(asyncio.create_task(later()))
            await asyncio.sleep(0)

        async def test_waits():
            await tasks[0]
    """)
    result = suite.run()
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["What was met outside of tests fails the run."])
    assert [one.test for one in suite.trace().incidents] == ["test_it.py::test_begins"]


def test_parts_of_tests_fail_the_test(suite: Suite) -> None:
    suite.write("""
        async def test_parts(subtests):
            with subtests.test("swallowed"):
                await application.add_safely()
            with subtests.test("passes"):
                pass
    """)
    result = suite.run()
    result.stdout.fnmatch_lines(["User.name  implicit-io  1 time in 1 test", "FAILED test_it.py::test_parts *", "*1 failed*"])


def test_without_sqlalchemy_there_is_nothing_to_watch(suite: Suite) -> None:
    suite.pytester.makepyfile(test_plain="def test_passes():\n    pass\n")
    arguments = "['-p', 'greenroom.pytest.plugin', 'test_plain.py', *sys.argv[1:]]"
    run = f"import sys, pytest; sys.modules['sqlalchemy'] = None; sys.exit(pytest.main({arguments}))"
    assert suite.pytester.run(sys.executable, "-c", run).ret == 0
    result = suite.pytester.run(sys.executable, "-c", run, "--greenroom")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--greenroom watches SQLAlchemy, which is not installed here; install sqlalchemy, or leave --greenroom out"]
    )


def test_nothing_is_said_or_written_where_nothing_ran(suite: Suite) -> None:
    suite.write("async def test_passes():\n    pass\n")
    result = suite.run("--collect-only")
    assert result.ret == 0
    assert "No implicit IO" not in result.stdout.str()
    assert not (suite.pytester.path / ".greenroom").exists()


def test_a_session_that_two_tasks_use_at_once(suite: Suite) -> None:
    suite.write("""
        import asyncio

        async def test_at_once():
            await application.prepare()
            async with application.factory() as session:
                async def flush():
                    await session.flush()

                session.add(application.User(name="Ada"))
                results = await asyncio.gather(flush(), flush(), return_exceptions=True)
                assert any(isinstance(one, Exception) for one in results)
    """)
    result = suite.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "concurrent-use  1 time in 1 test",
            "    test_it.py:* in test_at_once.<locals>.flush: a session or connection is used by two tasks at once",
        ]
    )
