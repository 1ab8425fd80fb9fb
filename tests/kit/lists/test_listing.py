"""What a list selects, filters and refuses, and how many statements it takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import DateTime, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel import col

from greenroom.kit.lists import DeclarationError, Filter, Listing, Sort, ToOne
from greenroom.kit.lists.plans import Form
from greenroom.kit.models import Output
from greenroom.kit.problems import NotFound
from tests.kit.lists.tables import Plain, Priority, Status, Step, Task, TeamBrief, Worker, WorkerBrief, plain, task, tasks

pytestmark = pytest.mark.anyio

DUE = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
async def three(connection: AsyncConnection) -> AsyncConnection:
    rows = [
        task(title="50% off_now", note="back\\slash", tags=["a", "b"], labels=["x"], due=DUE, points=Decimal("1.50"), assignee_id=1),
        task(title="plain", tags=["b"], labels=["x", "y"], status=Status.DONE, priority=Priority.HIGH, assignee_id=2, open=False),
        task(title="third", tags=[], due=DUE + timedelta(days=1), points=Decimal(3), score=2.5),
    ]
    for row in rows:
        await connection.execute(insert(Task).values(row))
    return connection


async def titles(connection: AsyncConnection, **asked: Any) -> list[str]:  # noqa: ANN401  # as the query has it
    return [item.title[0] for item in (await tasks.read(connection, tasks.request(sort="id", **asked))).items]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"status": "done"}, "p"),
        ({"status__ne": "done"}, "5t"),
        ({"status__in": ["done", "pending"]}, "5pt"),
        ({"due__gte": "2026-01-03T00:00:00Z"}, "t"),
        ({"due__gt": "2026-01-02T00:00:00Z", "due__lte": "2026-01-03T02:00:00+02:00"}, "t"),
        ({"due__lt": "2026-01-03T00:00:00Z"}, "5"),
        ({"due__null": True}, "p"),
        ({"due__null": False}, "5t"),
        ({"tags__contains": ["b"]}, "5p"),
        ({"tags__contains": ["b", "a"]}, "5"),
        ({"labels__contains": ["x", "y"]}, "p"),
        ({"assignee_id": 2}, "p"),
        ({"assignee_id__in": [1, 2, 3]}, "5p"),
        ({"assignee_id__null": True}, "t"),
        ({"points__gte": "1.5"}, "5t"),
        ({"score__gte": 2}, "t"),
        ({"open": "false"}, "p"),
        ({"team": "red"}, "5"),
        ({"team": "red", "status": "done"}, ""),
        ({"search": "PLAIN"}, "p"),
        ({"search": "%"}, "5"),
        ({"search": "_"}, "5"),
        ({"search": "\\"}, "5"),
        ({"search": "f_n"}, "5"),
        ({"search": "fxn"}, ""),
    ],
)
async def test_filters(three: AsyncConnection, asked: dict[str, Any], found: str) -> None:
    assert "".join(await titles(three, **asked)) == found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text("a%_\\'$:é", min_size=1, max_size=6), sought=st.text("a%_\\'$:é", min_size=1, max_size=3))
async def test_search_takes_each_character_for_itself(engine: AsyncEngine, title: str, sought: str) -> None:
    async with engine.connect() as connection:
        await connection.execute(insert(Task).values(task(title=title)))
        assert bool(await titles(connection, search=sought)) == (sought in title)


async def test_nested_objects_and_lists(three: AsyncConnection) -> None:
    read = (await tasks.read(three, tasks.request(sort="id"))).items
    identity = read[0].id
    await three.execute(insert(Step), [{"name": name, "place": -place, "task_id": identity} for place, name in enumerate("xy")])
    first, second, third = (await tasks.read(three, tasks.request(sort="id"))).items
    assert first.assignee == WorkerBrief(name="ann", team=TeamBrief(id=1, name="red"))
    assert second.assignee == WorkerBrief(name="bob", team=None)
    assert third.assignee is None
    assert [step.name for step in first.steps] == ["y", "x"]
    assert all(step.created_at.tzinfo is not None for step in first.steps)
    assert third.steps == []
    assert (first.shout, second.status, second.priority) == ("50% off_now!", Status.DONE, Priority.HIGH)
    assert await tasks.one(three, identity) == first


async def test_nested_lists_are_gathered_for_the_page_only(three: AsyncConnection) -> None:
    await three.execute(insert(Task), [task() for _ in range(60)])
    page = tasks._plans.plan(Form((), "title")).page.params(limit=4, offset=0)
    sql = page.compile(three.sync_connection, compile_kwargs={"literal_binds": True})
    plan = str((await three.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).scalar_one())
    [gathered] = re.findall(r"'Node Type': 'Aggregate'.*?'Actual Loops': (\d+)", plan)
    assert int(gathered) == 4


async def test_one_that_is_not_there_or_out_of_scope(three: AsyncConnection) -> None:
    [first, *_] = (await plain.read(three, plain.request())).items
    assert isinstance(await plain.one(three, first.id), Plain)
    with pytest.raises(NotFound):
        await plain.one(three, first.id, where=[col(Task.author_id) == 2])
    with pytest.raises(NotFound):
        await plain.one(three, 2**31 - 1)


within = Listing(Plain, Task, scope={"author_id": Task.author_id, "open": Task.open}, sort="id", sorts={"id": Task.id})


async def test_a_list_with_a_scope_cannot_be_read_without_it(three: AsyncConnection) -> None:
    ids = [item.id for item in await within.fetch(three, within.request(), author_id=1, open=False)]
    assert len(ids) == 1
    assert (await within.one(three, ids[0], author_id=1, open=False)).title == "plain"
    with pytest.raises(NotFound):
        await within.one(three, ids[0], author_id=2, open=False)
    with pytest.raises(TypeError, match="the scope of the list of Plain is author_id, open; given is author_id"):
        await within.fetch(three, within.request(), author_id=1)
    with pytest.raises(TypeError, match="given is nothing"):
        await within.one(three, ids[0])
    with pytest.raises(TypeError, match="is nothing; given is author_id"):
        await plain.one(three, ids[0], author_id=1)


async def test_the_total_is_within_the_scope(three: AsyncConnection) -> None:
    assert (await within.read(three, within.request(total=True), author_id=1, open=True)).total == 2


async def test_a_page_takes_one_statement_whatever_its_size(three: AsyncConnection, statements: list[str]) -> None:
    for size, count in ((1, 1), (40, 1), (60, 1)):
        await three.execute(insert(Task), [task() for _ in range(size)])
        statements.clear()
        await tasks.fetch(three, tasks.request(limit=100, status="pending"))
        assert len(statements) == count
    statements.clear()
    await tasks.fetch(three, tasks.request(total=True))
    assert len(statements) == 1
    assert (await tasks.read(three, tasks.request(total=True, offset=1000))).total == 104
    assert len(statements) == 3, "a page without rows tells no total"


async def test_statements_are_made_once_for_each_form_of_request(three: AsyncConnection) -> None:
    before = tasks._plans.plan.cache_info()
    for place in range(5):
        await tasks.read(three, tasks.request(assignee_id=place + 1, limit=place + 1, search=str(place), sort="id"))
    after = tasks._plans.plan.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 4)


async def test_the_total_counts_what_is_asked_for_and_not_the_page(three: AsyncConnection) -> None:
    request = tasks.request(total=True, limit=1, status="pending", sort="id")
    first = await tasks.read(three, request)
    assert first.total == 2
    second = await tasks.read(three, tasks.request(total=True, limit=1, status="pending", sort="id", cursor=first.next))
    assert second.total == 2
    assert (await tasks.read(three, request, where=[col(Task.title) == "third"])).total == 1


async def test_a_request_made_in_python_is_checked_too(three: AsyncConnection) -> None:
    with pytest.raises(ValidationError, match="secret"):
        tasks.request(secret="x")  # noqa: S106  # a name


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sorts": {"id": Task.id, "due": Task.due}}, "due can be NULL: say where such rows stand"),
    ({"sorts": {"id": Task.id, "late": func.date_trunc("day", Task.due, type_=DateTime(timezone=True))}}, "late can be NULL"),
    (
        {"sorts": {"id": Task.id, "by": select(col(Worker.name)).where(col(Worker.id) == Task.assignee_id).scalar_subquery()}},
        "by can be NULL",
    ),
    ({"sorts": {"id": Task.id, "tags": Task.tags}}, "the sort by tags is of type"),
    ({"sort": "title"}, "the default order names title"),
    ({"filters": {"limit": Filter(Task.id)}}, "a filter cannot have the name limit"),
    ({"filters": {"tags": Filter(Task.tags)}}, "tags is of type .* a filter can say what its values are"),
    ({"filters": {"title": Filter(Task.title, ("contains",))}}, "title can contain nothing"),
    ({"nested": {"nobody": ToOne(Worker, on=col(Worker.id) == 1)}}, "Plain has no member nobody"),
    ({"columns": {"nothing": col(Task.id)}}, "Plain has no member nothing"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_declaration_that_cannot_work_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Listing(Plain, Task, **{"sort": "id", "sorts": {"id": Task.id}, **change})


class Assigned(Output):
    id: int
    assignee: TeamBrief | None


ASSIGNED: dict[str, Any] = {"nested": {"assignee": ToOne(Worker, on=Worker.id == Task.assignee_id)}, "sort": "assignee"}


def test_a_column_of_an_outer_join_can_be_null() -> None:
    with pytest.raises(DeclarationError, match="assignee can be NULL"):
        Listing(Assigned, Task, sorts={"assignee": Worker.name}, **ASSIGNED)
    Listing(Assigned, Task, sorts={"assignee": func.coalesce(Worker.name, "")}, **ASSIGNED)


async def test_sorting_by_a_column_of_an_outer_join(three: AsyncConnection) -> None:
    assigned = Listing(Assigned, Task, sorts={"assignee": Sort(Worker.name, nulls="first")}, **ASSIGNED)
    seen: list[str | None] = []
    request = assigned.request(limit=1)
    for _ in range(3):
        page = await assigned.read(three, request)
        seen += [item.assignee.name if item.assignee else None for item in page.items]
        request = assigned.request(limit=1, **({"cursor": page.next} if page.next else {}))
    assert seen == [None, "ann", "bob"]


class Nowhere(Output):
    id: int
    beyond: str


class NowhereBelow(Output):
    assignee: Nowhere


@pytest.mark.parametrize(
    ("schema", "nested", "message"),
    [
        (Nowhere, {}, r"Nowhere\.beyond comes from nowhere: say columns=\{'beyond': <expression>\}"),
        (
            NowhereBelow,
            {"assignee": ToOne(Worker, on=col(Worker.id) == Task.assignee_id)},
            r"NowhereBelow\.assignee\.beyond comes from nowhere",
        ),
        (NowhereBelow, {}, r"NowhereBelow\.assignee is an object: say where it comes from, nested=\{'assignee': ToOne"),
    ],
)
def test_a_member_that_comes_from_nowhere_is_refused(schema: type[Output], nested: dict[str, ToOne], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Listing(schema, Task, nested=nested, sort="id", sorts={"id": Task.id})
