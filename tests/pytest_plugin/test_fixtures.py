from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.executable.postgres import NoPostgresError, private_postgres
from tests.pytest_plugin.suites import RUNNERS, Suite

ISOLATED = """
    import pytest
    from sqlalchemy import func, select, text
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.ext.asyncio import AsyncSession

    async def count(session):
        return await session.scalar(select(func.count()).select_from(application.User))

    @pytest.mark.parametrize("number", range(3))
    async def test_nothing_outlives_a_test(greenroom_session, greenroom_sessionmaker, greenroom_engine, number):
        assert await count(greenroom_session) == 0
        greenroom_session.add(application.User(name="Ada"))
        await greenroom_session.commit()
        async with greenroom_sessionmaker.begin() as other:
            other.add(application.User(name="Grace"))
        async with greenroom_engine.begin() as connection:
            await connection.execute(application.User.__table__.insert(), {"name": "Mary"})
        async with AsyncSession(greenroom_engine) as third:
            assert await count(third) == 3

    async def test_rollbacks_and_savepoints_are_as_without(greenroom_session):
        greenroom_session.add(application.User(name="Ada"))
        await greenroom_session.commit()
        greenroom_session.add(application.User(name="Grace"))
        await greenroom_session.flush()
        await greenroom_session.rollback()
        assert await count(greenroom_session) == 1
        async with greenroom_session.begin_nested() as savepoint:
            greenroom_session.add(application.User(name="Mary"))
            await greenroom_session.flush()
            await savepoint.rollback()
        assert await count(greenroom_session) == 1
        with pytest.raises(IntegrityError):
            async with greenroom_session.begin_nested():
                greenroom_session.add(application.Post(user_id=4711))
        assert await count(greenroom_session) == 1
        await greenroom_session.commit()
        with pytest.raises(IntegrityError):
            greenroom_session.add(application.Post(user_id=4711))
            await greenroom_session.flush()
        await greenroom_session.rollback()
        assert await count(greenroom_session) == 1

    async def test_a_transaction_that_is_left_open_is_no_trouble(greenroom_sessionmaker):
        session = greenroom_sessionmaker()
        session.add(application.User(name="Ada"))
        await session.flush()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    try:
        with private_postgres() as url:
            yield url
    except NoPostgresError as error:
        pytest.skip(f"skipped: {error}")


@pytest.mark.parametrize("runner", RUNNERS)
def test_nothing_outlives_a_test_on_sqlite(suite: Suite, runner: str) -> None:
    suite.runner = runner
    suite.write(ISOLATED)
    suite.run("-W", "error", "-W", "ignore::pytest.PytestConfigWarning").assert_outcomes(passed=5)


@pytest.mark.parametrize("runner", RUNNERS)
def test_nothing_outlives_a_test_on_postgresql(suite: Suite, runner: str, server: str) -> None:
    suite.runner = runner
    suite.write(ISOLATED)
    suite.run("-W", "error", "-W", "ignore::pytest.PytestConfigWarning", f"--greenroom-database={server}").assert_outcomes(passed=5)


def test_workers_have_databases_of_their_own(suite: Suite, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATABASE", server.replace("+asyncpg", ""))
    suite.write(ISOLATED)
    suite.write(
        """
        from sqlalchemy import text

        async def test_names(greenroom_session):
            names = await greenroom_session.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE 'greenroom_%'"))
            assert len(names.all()) == 1
    """,
        "test_last",
    )
    suite.run("-p", "xdist", "-n", "2", "--dist=loadfile", "test_it.py").assert_outcomes(passed=5)
    # Those of the run before are gone.
    suite.run("test_last.py").assert_outcomes(passed=1)


def test_plain_functions_run_on_sqlite(suite: Suite) -> None:
    suite.write("""
        import asyncio
        from sqlalchemy import select

        def test_sync(greenroom_sessionmaker):
            async def work():
                async with greenroom_sessionmaker() as session:
                    session.add(application.User(name="Ada"))
                    await session.commit()
                    return (await session.scalars(select(application.User.name))).all()

            assert asyncio.run(work()) == ["Ada"]
    """)
    suite.run().assert_outcomes(passed=1)


OPTIONS = """
    import pytest

    async def test_options(greenroom_session, greenroom_sessionmaker):
        assert isinstance(greenroom_session, application.AppSession)
        assert greenroom_session.sync_session.expire_on_commit is {expire}
        assert greenroom_session.sync_session.autoflush is False
        assert greenroom_session.info == {{"tenant": 1}}
        assert greenroom_session.bind is not application.engine
        user = application.User(name="Ada")
        greenroom_session.add(user)
        await greenroom_session.commit()
        assert ("name" in user.__dict__) is not {expire}
"""


@pytest.mark.parametrize("expire", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_options_are_those_of_the_application(suite: Suite, *, expire: bool, named: bool) -> None:
    module = suite.pytester.path / "application.py"
    made = f"async_sessionmaker(engine, class_=AppSession, expire_on_commit={expire}, autoflush=False, info={{'tenant': 1}})"
    text = module.read_text().replace("async_sessionmaker(engine)", made)
    text = text.replace("import async_sessionmaker,", "import AsyncSession, async_sessionmaker,")
    module.write_text(text.replace("engine = create", "class AppSession(AsyncSession):\n    pass\n\n\nengine = create"))
    suite.write(OPTIONS.format(expire=expire))
    if named:
        module.write_text(module.read_text() + "\nother = async_sessionmaker(engine)\n")
        suite.pytester.makeini("[pytest]\ngreenroom_factory = application:factory\ngreenroom_metadata = application:Base\n")
    suite.run().assert_outcomes(passed=1)


def test_options_of_a_plain_sessionmaker(suite: Suite) -> None:
    suite.pytester.makepyfile(
        plain="""
        from sqlalchemy import event
        from sqlalchemy.orm import Session, sessionmaker

        class OwnSession(Session):
            pass

        factory = sessionmaker(class_=OwnSession, expire_on_commit=False)
        commits = []
        event.listen(factory, "after_commit", commits.append)
    """
    )
    suite.pytester.makeini("[pytest]\ngreenroom_factory = plain:factory\n")
    suite.write("""
        import plain

        async def test_options(greenroom_session):
            assert isinstance(greenroom_session.sync_session, plain.OwnSession)
            assert greenroom_session.sync_session.expire_on_commit is False
            greenroom_session.add(application.User(name="Ada"))
            await greenroom_session.commit()
            assert plain.commits == [greenroom_session.sync_session]
    """)
    suite.run().assert_outcomes(passed=1)


def test_the_factory_of_the_application_can_be_bound(suite: Suite) -> None:
    suite.write("""
        import pytest
        from sqlalchemy import select

        async def names():
            async with application.factory() as session:
                return (await session.scalars(select(application.User.name))).all()

        @pytest.mark.usefixtures("greenroom_bound")
        class TestBound:
            async def test_writes(self):
                async with application.factory() as session:
                    session.add(application.User(name="Ada"))
                    await session.commit()
                assert await names() == ["Ada"]

            async def test_nothing_outlives_it(self):
                assert await names() == []

        async def test_it_is_as_before():
            assert application.factory.kw["bind"] is application.engine
    """)
    suite.run().assert_outcomes(passed=3)


def test_fixtures_can_be_overridden(suite: Suite) -> None:
    suite.pytester.makeconftest("""
        import pytest
        from sqlalchemy import Column, Integer, MetaData, Table
        from sqlalchemy.ext.asyncio import async_sessionmaker

        metadata = MetaData()
        Table("things", metadata, Column("id", Integer, primary_key=True))

        @pytest.fixture(scope="session")
        def greenroom_metadata():
            return metadata

        @pytest.fixture(scope="session")
        def greenroom_factory():
            return async_sessionmaker(expire_on_commit=False)

        @pytest.fixture
        def session(greenroom_session):
            return greenroom_session
    """)
    suite.write("""
        from sqlalchemy import inspect

        async def test_it(session):
            connection = await session.connection()
            assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["things"]
            assert session.sync_session.expire_on_commit is False
    """)
    suite.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("greenroom_factory = factory", "greenroom_factory = factory names nothing; write module:name, such as *"),
        ("greenroom_factory = missing:factory", "*missing cannot be imported (ModuleNotFoundError: No module named 'missing'); *"),
        ("greenroom_factory = application:fabrik", "*application has no fabrik; write module:name"),
        ("greenroom_factory = application:engine", "*application:engine is AsyncEngine; name an async_sessionmaker or a sessionmaker"),
        ("greenroom_metadata = application:engine", "*application:engine is AsyncEngine; name a MetaData, or the base class of models"),
        ("greenroom_database = mysql://localhost/x", "greenroom_engine does not know the database mysql; give sqlite, or the URL of *"),
        ("greenroom_database = sqlite:///x.db", "greenroom_engine makes its tables in memory, and not in the file x.db; give sqlite*"),
        ("greenroom_database = nonsense", "the database of greenroom_engine, 'nonsense', is no URL; give sqlite, or the URL of *"),
        (
            "greenroom_database = postgresql://u:secret@127.0.0.1:1/x",
            "no database for tests can be made at postgresql+asyncpg://u:*start the server*",
        ),
    ],
)
def test_bad_settings_are_one_message(suite: Suite, setting: str, message: str) -> None:
    suite.pytester.makeini(f"[pytest]\n{setting}\n")
    suite.write("async def test_it(greenroom_session):\n    pass\n")
    result = suite.run(watched=False)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    assert "Traceback" not in result.stdout.str()
    assert "secret" not in result.stdout.str()


def test_what_is_not_clear_is_asked_for(suite: Suite) -> None:
    module = suite.pytester.path / "application.py"
    module.write_text(module.read_text() + "\nkinder = async_sessionmaker(engine, expire_on_commit=False)\n")
    suite.write("async def test_it(greenroom_session):\n    pass\n")
    result = suite.run(watched=False)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["session factories with different options: application:factory, application:kinder; set greenroom_factory*"]
    )
    suite.pytester.makepyfile(
        more="""
        from sqlalchemy import Column, Integer, MetaData, Table

        metadata = MetaData()
        Table("things", metadata, Column("id", Integer, primary_key=True))
        """
    )
    suite.write("import more\nasync def test_it(greenroom_engine):\n    pass\n")
    result = suite.run(watched=False)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["several collections of tables: application:Base, more:metadata; set greenroom_metadata to those that tests need"]
    )


def test_budgets_of_queries_need_no_watch(suite: Suite) -> None:
    suite.write("""
        async def test_budget(assert_queries):
            with assert_queries(max=1):
                await application.works()
    """)
    result = suite.run(watched=False)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E * queries were sent, where at most 1 may be:", "*1 x SELECT users.id, users.name FROM users", "*application.py:* in works"]
    )


def test_a_project_may_lie_in_a_folder_of_tests(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write("""
        async def test_it(greenroom_session):
            greenroom_session.add(application.User(name="Ada"))
            await greenroom_session.commit()
    """)
    folder = suite.pytester.mkdir("tests")
    for module in suite.pytester.path.glob("*.py"):
        module.rename(folder / module.name)
    monkeypatch.chdir(folder)
    suite.run(watched=False).assert_outcomes(passed=1)


def test_a_pytest_asyncio_without_loop_scopes(suite: Suite) -> None:
    suite.pytester.makepyfile(
        older="""
        import pytest_asyncio

        present = pytest_asyncio.fixture

        def fixture(fixture_function=None, **options):
            if "loop_scope" in options:
                raise TypeError("fixture() got an unexpected keyword argument 'loop_scope'")
            return present(fixture_function, **options)

        pytest_asyncio.fixture = fixture
        """
    )
    suite.write("""
        async def test_watched():
            await application.works()

        async def test_with_a_database(greenroom_session):
            pass
    """)
    result = suite.run("-p", "older")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*install pytest-asyncio>=0.24*"])
