"""The migrations make what the models declare, and what the application needs, and can be undone."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from greenroom.kit.database import Database
from greenroom.kit.database.server import Server, Urls
from greenroom.kit.trail import check
from taskflow.migrations import configuration, upgrade
from taskflow.record import TRAIL, Record
from taskflow_tests.conftest import ROLES

pytestmark = pytest.mark.anyio


async def test_the_tables_are_those_of_the_models(urls: Urls) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Record.metadata))

    engine = create_async_engine(urls.owner)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_table_leaves_the_trail_that_is_declared(db: Database) -> None:
    assert list(TRAIL.undeclared(Record.metadata)) == []
    async with db.engine.connect() as connection:
        assert await check(connection, TRAIL) == []


def test_they_can_be_undone_and_done_again(server: Server) -> None:
    with server.database(roles=ROLES) as urls:
        upgrade(urls.owner, ROLES.application)
        command.downgrade(configuration(urls.owner, ROLES.application), "base")
        upgrade(urls.owner, ROLES.application)
