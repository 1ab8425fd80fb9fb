from __future__ import annotations

import pytest

from greenroom.pytest.allowances import AllowanceError, allowance
from greenroom.trace import Incident, Kind
from tests.pytest_plugin.suites import Suite


def mark(*arguments: object, **keywords: object) -> pytest.Mark:
    """Return what the marker leaves on a test; it need not be registered in the run that tests it."""
    return pytest.Mark("greenroom", arguments, keywords, _ispytest=True)


INCIDENT = Incident(Kind.IMPLICIT_IO, "MissingGreenlet", "", model="User", attribute="name")


@pytest.mark.parametrize("allow", [True, "User", "User.name", "implicit-io", ["Post", "User.name"], ("detached", "implicit-io"), {"User"}])
def test_what_is_allowed(allow: object) -> None:
    assert allowance([mark(allow=allow)]).covers(INCIDENT)


@pytest.mark.parametrize("allow", ["Post", "User.posts", "detached", ["Post", "raiseload"]])
def test_what_is_not(allow: object) -> None:
    assert not allowance([mark(allow=allow)]).covers(INCIDENT)


def test_markers_add_up() -> None:
    assert allowance([mark(allow="Post"), mark(allow="User")]).covers(INCIDENT)


@pytest.mark.parametrize("allow", [False, None, 1, "", [], [1], "User name", "app.models.User", "implict-io", {"User": True}])
def test_what_means_nothing(allow: object) -> None:
    with pytest.raises(AllowanceError, match="greenroom"):
        allowance([mark(allow=allow)])


def test_other_arguments_mean_nothing() -> None:
    with pytest.raises(AllowanceError, match="is not understood; give allow=True"):
        allowance([mark("User.name")])
    with pytest.raises(AllowanceError, match="is not understood; give allow=True"):
        allowance([mark(allows="User.name")])


def test_markers_of_tests_classes_and_modules(suite: Suite) -> None:
    suite.write("""
        import pytest

        @pytest.mark.greenroom(allow="User.name")
        async def test_allowed():
            await application.add_safely()

        @pytest.mark.greenroom(allow="User.posts")
        async def test_something_else_is_allowed():
            await application.add_safely()

        @pytest.mark.greenroom(allow="implicit-io")
        class TestAll:
            async def test_swallowed(self):
                await application.add_safely()

            async def test_request(self):
                await get("/users/Ada")

        @pytest.mark.greenroom(allow="User name")
        async def test_mistaken():
            pass
    """)
    result = suite.run("--strict-markers")
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*@pytest.mark.greenroom(allow='User name'): 'User name' is no Model.attribute and no kind; kinds are implicit-io, *",
            "Incidents in 4 tests: 1 failing, 3 allowed.",
        ]
    )


def test_a_test_that_names_the_error_expects_it(suite: Suite) -> None:
    suite.write("""
        import unittest
        import pytest
        from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError, StatementError
        from sqlalchemy.orm.exc import DetachedInstanceError

        async def user():
            await application.prepare()
            async with application.factory() as session:
                one = application.User(name="Ada")
                session.add(one)
                await session.commit()
            return one

        async def test_by_class():
            with pytest.raises(DetachedInstanceError):
                (await user()).name

        async def test_by_class_twice():
            one = await user()
            for _ in range(2):
                with pytest.raises(DetachedInstanceError):
                    one.name

        async def test_by_one_of_several():
            with pytest.raises((ValueError, DetachedInstanceError)):
                (await user()).name

        async def test_by_words():
            with pytest.raises(Exception, match="greenlet_spawn has not been called"):
                await application.add()

        class Test(unittest.IsolatedAsyncioTestCase):
            async def test_by_class(self):
                one = await user()
                with self.assertRaises(DetachedInstanceError):
                    one.name

        async def test_in_a_group():
            with pytest.RaisesGroup(DetachedInstanceError):
                try:
                    (await user()).name
                except Exception as error:
                    raise ExceptionGroup("several", [error])

        async def test_anything_else_may_be_meant():
            with pytest.raises(Exception):
                await application.add()

        async def test_caught_is_not_swallowed_before():
            await application.add_safely()
            with pytest.raises(DetachedInstanceError):
                (await user()).name
    """)
    result = suite.run("-W", "ignore::pytest.PytestDeprecationWarning")
    result.assert_outcomes(passed=6, failed=2)
    result.stdout.fnmatch_lines(["Incidents in 8 tests: 2 failing, 7 expected."])
    result.stdout.fnmatch_lines(
        ["FAILED test_it.py::test_anything_else_may_be_meant*", "FAILED test_it.py::test_caught_is_not_swallowed_before*"]
    )


def test_an_application_that_catches_implicit_io_hides_it(suite: Suite) -> None:
    suite.pytester.makepyfile(
        lazy="""
        from sqlalchemy.exc import InvalidRequestError, MissingGreenlet, StatementError

        def name_of(user):
            try:
                return user.name
            except (MissingGreenlet, StatementError):
                return None

        def also_name_of(user):
            try:
                return user.name
            except (InvalidRequestError, StatementError):
                return None
        """
    )
    suite.write("""
        import lazy
        from sqlalchemy.exc import MissingGreenlet, StatementError

        async def user(session):
            one = application.User(name="Ada")
            session.add(one)
            await session.commit()
            return one

        async def test_hidden():
            await application.prepare()
            async with application.factory() as session:
                assert lazy.name_of(await user(session)) is None

        async def test_hidden_with_more():
            await application.prepare()
            async with application.factory() as session:
                assert lazy.also_name_of(await user(session)) is None

        async def test_about_it():
            await application.prepare()
            async with application.factory() as session:
                one = await user(session)
                try:
                    one.name
                except (MissingGreenlet, StatementError):
                    pass
    """)
    result = suite.run()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["Incidents in 3 tests: 2 failing, 1 expected."])


def test_code_under_test_that_names_the_error_expects_it(suite: Suite) -> None:
    suite.pytester.makepyfile(
        lazy="""
        from sqlalchemy.orm.exc import DetachedInstanceError

        def name_of(user):
            try:
                return user.name
            except DetachedInstanceError:
                return None

        def hidden_name_of(user):
            try:
                return user.name
            except Exception:
                return None
        """
    )
    suite.write("""
        import lazy

        async def user():
            await application.prepare()
            async with application.factory() as session:
                one = application.User(name="Ada")
                session.add(one)
                await session.commit()
            return one

        async def test_named():
            assert lazy.name_of(await user()) is None

        async def test_not_named():
            assert lazy.hidden_name_of(await user()) is None

        async def test_both():
            one = await user()
            assert [read(one) for read in (lazy.name_of, lazy.hidden_name_of)] == [None, None]
    """)
    result = suite.run()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["Incidents in 3 tests: 2 failing, 2 expected."])
