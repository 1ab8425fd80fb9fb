"""How many statements a request sends: as many for a hundred rows as for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from greenroom.kit.database import Database
from taskflow_tests.calling import Caller, ok
from taskflow_tests.story import team

pytestmark = pytest.mark.anyio


@pytest.fixture
def sent(db: Database) -> Iterator[list[str]]:
    """Give the list that each statement is put into."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engines = [db.engine.sync_engine, db.reader.sync_engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def test_a_list_is_one_statement_beside_that_for_the_caller(caller: Caller, sent: list[str]) -> None:
    ann = caller("ann")
    both = await team(ann, caller("bob"), "statements-list")
    for size in (1, 20):
        for _ in range(size):
            await both.task(assignee_id=both.member_id)
        sent.clear()
        assert len(ok(await ann.get(f"/api/projects/{both.project_id}/tasks"))) >= size
        assert len(sent) == 2, sent


async def test_a_create_is_at_most_five_in_one_transaction(caller: Caller, sent: list[str]) -> None:
    ann = caller("ann")
    both = await team(ann, caller("bob"), "statements-create")
    sent.clear()
    await both.task()
    assert len(sent) == 3, sent
    sent.clear()
    whole = await both.task(assignee_id=both.member_id)
    assert len(sent) == 4, sent
    sent.clear()
    ok(await ann.get(f"/api/tasks/{whole['id']}"))
    assert len(sent) == 2, sent
