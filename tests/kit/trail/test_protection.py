"""What nobody may do to the trail, each role in turn."""

from __future__ import annotations

from io import StringIO

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from greenroom.kit.database import Database, sqlstate
from greenroom.kit.models import own_registry
from greenroom.kit.trail import Trail, Trailed, check, ddl
from tests.kit.trail.conftest import APPLICATION
from tests.kit.trail.subjects import TRAIL, Base, Book, by

pytestmark = pytest.mark.anyio

INSUFFICIENT_PRIVILEGE, APPEND_ONLY = "42501", "GRT02"
DEEDS = {
    "update": "UPDATE greenroom_trail.entry SET actor_id = 'x'",
    "delete": "DELETE FROM greenroom_trail.entry",
    "truncate": "TRUNCATE greenroom_trail.entry",
    "update a checkpoint": "UPDATE greenroom_trail.checkpoint SET heads = 0",
    "delete a checkpoint": "DELETE FROM greenroom_trail.checkpoint",
    "delete a head": "DELETE FROM greenroom_trail.head",
}
FORGERIES = {
    "insert": "INSERT INTO greenroom_trail.head VALUES ('book', '1', 1, '')",
    "append": "SELECT greenroom_trail.append('book', '1', 'insert', '{}', '{}', '{}')",
    "move a head": "UPDATE greenroom_trail.head SET seq = 0",
    "disable": "ALTER TABLE book DISABLE TRIGGER ALL",
    "drop a trigger": "DROP TRIGGER _greenroom_trail ON book",
    "replace the function": "CREATE OR REPLACE FUNCTION greenroom_trail.record() RETURNS trigger LANGUAGE sql AS ''",
    "drop it all": "DROP SCHEMA greenroom_trail CASCADE",
    "truncate the table": "TRUNCATE book",
    "replicate": "SET session_replication_role = replica",
}


async def _refused(engine: AsyncEngine, statement: str) -> str | None:
    with pytest.raises(DBAPIError) as refused:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(statement)
    return sqlstate(refused.value)


@pytest.mark.parametrize("statement", {**DEEDS, **FORGERIES}.values(), ids={**DEEDS, **FORGERIES}.keys())
async def test_the_application_may_only_read(db: Database, statement: str) -> None:
    assert await _refused(db.engine, statement) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("statement", DEEDS.values(), ids=DEEDS.keys())
async def test_the_owner_and_the_superuser_are_refused_as_well(owner: AsyncEngine, superuser: AsyncEngine, statement: str) -> None:
    assert await _refused(owner, statement) == APPEND_ONLY
    assert await _refused(superuser, statement) == APPEND_ONLY


async def test_a_table_with_a_trail_is_not_truncated(owner: AsyncEngine) -> None:
    assert await _refused(owner, "TRUNCATE book") == APPEND_ONLY


async def test_nothing_is_wrong_with_how_these_tests_are_set_up(db: Database) -> None:
    async with db.engine.connect() as connection:
        assert await check(connection, TRAIL) == []


async def test_the_owner_and_the_superuser_are_told_off(owner: AsyncEngine, superuser: AsyncEngine) -> None:
    async with owner.connect() as connection:
        [complaint] = await check(connection, TRAIL)
        assert "owns the trail" in complaint
    async with superuser.connect() as connection:
        [complaint] = await check(connection, TRAIL)
        assert "superuser" in complaint


async def test_a_table_without_its_trigger_is_named(owner: AsyncEngine, db: Database) -> None:
    async with owner.connect() as connection:
        for statement in ddl.detach("book"):
            await connection.exec_driver_sql(statement)
        assert any("the table book leaves no trail" in complaint for complaint in await check(connection, TRAIL))
        await connection.rollback()


async def _complaints(owner: AsyncEngine, *statements: str) -> list[str]:
    """Do something as the owner, ask as the application, and undo it."""
    async with owner.connect() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
        found = await check(connection, TRAIL)
        await connection.rollback()
    return [complaint for complaint in found if "owns the trail" not in complaint]


async def test_a_trigger_that_is_switched_off_is_named(owner: AsyncEngine) -> None:
    [complaint] = await _complaints(owner, "ALTER TABLE shelf DISABLE TRIGGER _greenroom_trail")
    assert complaint.startswith("the table shelf leaves no trail")


async def test_a_declaration_that_no_migration_followed_is_named(owner: AsyncEngine) -> None:
    earlier = [*ddl.detach("book"), *ddl.attach("book", Trailed("book", scope=("title",)))]
    [complaint] = await _complaints(owner, *earlier)
    assert complaint.startswith("the table book leaves another trail than is declared")


async def test_functions_of_another_version_are_named_and_upgraded(owner: AsyncEngine) -> None:
    earlier = "COMMENT ON SCHEMA greenroom_trail IS 'greenroom.kit.trail earlier'"
    [complaint] = await _complaints(owner, earlier)
    assert "trail.ddl.upgrade()" in complaint
    assert await _complaints(owner, earlier, *ddl.upgrade()) == []


async def test_an_application_that_owns_a_table_is_told_off(superuser: AsyncEngine) -> None:
    async with superuser.connect() as connection:
        await connection.exec_driver_sql(f"ALTER TABLE shelf OWNER TO {APPLICATION}")
        await connection.exec_driver_sql(f"SET LOCAL ROLE {APPLICATION}")
        [complaint] = await check(connection, TRAIL)
        await connection.rollback()
    assert "owns the table shelf" in complaint


async def test_an_application_that_may_write_the_trail_is_told_off(superuser: AsyncEngine) -> None:
    async with superuser.connect() as connection:
        await connection.exec_driver_sql(f"GRANT INSERT ON greenroom_trail.entry TO {APPLICATION}")
        await connection.exec_driver_sql(f"SET LOCAL ROLE {APPLICATION}")
        [complaint] = await check(connection, TRAIL)
        await connection.rollback()
    assert "may write the trail" in complaint


def test_a_migration_can_be_run_and_be_written_out() -> None:
    written = StringIO()
    # As greenroom.kit.database.migrations has it: other styles double the percent signs.
    options = {"as_sql": True, "output_buffer": written}
    context = MigrationContext.configure(dialect_name="postgresql", dialect_opts={"paramstyle": "named"}, opts=options)
    ddl.run(Operations(context), ddl.everything(TRAIL, "app"))
    for statement in ddl.everything(TRAIL, "app"):
        assert f"{statement};\n" in written.getvalue()


async def test_a_database_without_the_trail_is_told(postgres_server: str) -> None:
    engine = create_async_engine(postgres_server)
    async with engine.connect() as connection:
        [complaint] = await check(connection, TRAIL)
    await engine.dispose()
    assert "not installed" in complaint


async def test_what_the_application_does_to_its_tables_is_not_hindered(db: Database) -> None:
    async with db.begin(info=by()) as session:
        session.add(Book(title="free"))


def test_a_declaration_is_checked() -> None:
    with pytest.raises(ValueError, match="no column colour"):
        Trail({Book: Trailed("book", scope=("colour",))})
    with pytest.raises(ValueError, match="title of book cannot be secret"):
        Trail({Book: Trailed("book", scope=("title",), secrets=("title",))})
    lonely = Trail({Book: Trailed("book")})
    assert {table.name for table in lonely.undeclared(Base.metadata)} == {"shelf", "lending"}
    assert list(TRAIL.undeclared(Base.metadata)) == []
    assert own_registry().metadata.tables == {}
