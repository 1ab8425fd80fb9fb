"""Measures what the trail costs a write, and what a checkpoint and a verification cost.

    python benchmarks/kit_trail.py [ROWS [HEADS]]

The same work in turns, on one server: no trigger, a trigger that writes the same rows without the chain, and the kit's. First alone in the
server (single-row statements in a loop, so that no network is in it), then through a unit of work of the kit, as a route does it. Best of
all rounds. Needs the extra ``kit`` and a PostgreSQL (see tests/executable/postgres.py).
"""

from __future__ import annotations

import asyncio
import sys
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import Field

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.models import Record, own_registry
from greenroom.kit.trail import Context, Trail, Trailed, checkpoint, ddl, tell, tell_contexts, verify
from tests.executable.postgres import private_postgres

ROUNDS = 5
CONTEXT = Context(Actor(ActorKind.HUMAN, "ann", "https://issuer.test", name="Ann"), "change_task", "0192f0c1-7d3a")


class Base(Record, registry=own_registry()):
    """The tables measured on."""


class Task(Base, table=True):
    """Nine columns."""

    project_id: int = 1
    title: str
    description: str = "A description of some length, as people write them."
    status: str = "pending"
    assignee_id: int | None = Field(default=None)


TRAIL = Trail({Task: Trailed("task", scope=("project_id",))})
UNCHAINED = """
CREATE FUNCTION unchained() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told jsonb := current_setting('greenroom.trail')::jsonb;
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    INSERT INTO public.plain VALUES (
        nextval('public.plain_id'), clock_timestamp(), 'task', coalesce(after, before) ->> 'id', lower(TG_OP), told ->> 'operation',
        told -> 'actor' ->> 'kind', told -> 'actor' ->> 'id', told -> 'actor' ->> 'issuer', told ->> 'request_id', told ->> 'reason',
        jsonb_build_object('project_id', coalesce(after, before) -> 'project_id'),
        (SELECT jsonb_object_agg(key, jsonb_build_array(before -> key, after -> key)) FROM jsonb_each(coalesce(after, before))
            WHERE before -> key IS DISTINCT FROM after -> key)
    );
    RETURN NULL;
END $$
"""
PLAIN = """
CREATE TABLE plain (id bigint PRIMARY KEY, at timestamptz, entity text, entity_id text, change text, operation text, actor_kind text,
    actor_id text, actor_issuer text, request_id text, reason text, scope jsonb, changes jsonb);
CREATE SEQUENCE plain_id;
CREATE INDEX ON plain (entity, entity_id);
CREATE INDEX ON plain (actor_id, id);
CREATE INDEX ON plain (at);
CREATE INDEX ON plain USING gin (scope jsonb_path_ops)
"""
WAYS = {
    "no trail": (),
    "trail without chain": ("CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION unchained()",),
    "trail of the kit": tuple(ddl.attach("task", next(iter(TRAIL.tables.values())))),
}
INSERT = """DO $$ BEGIN FOR i IN 1..{rows} LOOP
    INSERT INTO task (project_id, title, description, status, created_at, updated_at, version)
    VALUES (i % 20, 'title', 'A description of some length, as people write them.', 'pending', clock_timestamp(), clock_timestamp(), 1);
END LOOP; END $$"""
UPDATE = """DO $$ DECLARE n int; BEGIN FOR n IN SELECT id FROM task ORDER BY id DESC LIMIT {rows} LOOP
    UPDATE task SET status = 'done', updated_at = clock_timestamp(), version = version + 1 WHERE id = n;
END LOOP; END $$"""


async def _use(connection: AsyncConnection, way: str) -> None:
    await connection.exec_driver_sql("DROP TABLE IF EXISTS task")
    await connection.run_sync(Base.metadata.create_all)
    for statement in WAYS[way]:
        await connection.exec_driver_sql(statement)


async def _in_the_server(url: str, rows: int) -> dict[str, tuple[float, float]]:
    """Return microseconds for each insert and update."""
    engine = create_async_engine(url)
    best: dict[str, tuple[float, float]] = {}
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SET synchronous_commit = off")
        await connection.commit()
        for _ in range(ROUNDS):
            for way in WAYS:
                await _use(connection, way)
                taken = []
                for statement in (INSERT, UPDATE):
                    await tell(connection, CONTEXT)
                    begin = time.perf_counter()
                    await connection.exec_driver_sql(statement.format(rows=rows))
                    taken.append((time.perf_counter() - begin) / rows * 1e6)
                    await connection.commit()
                former = best.get(way, (1e9, 1e9))
                best[way] = (min(former[0], taken[0]), min(former[1], taken[1]))
    await engine.dispose()
    return best


async def _through_units(url: str, rows: int) -> dict[str, tuple[float, float]]:
    """Return, for a unit of work that inserts one row, microseconds of the application's CPU and of the clock."""
    best: dict[str, tuple[float, float]] = {}
    engine = create_async_engine(url)
    database = Database(DatabaseSettings(url=url), listeners=[tell_contexts])
    for _ in range(ROUNDS):
        for way in WAYS:
            async with engine.begin() as connection:
                await _use(connection, way)
            info = {} if way == "no trail" else {"trail": CONTEXT}
            begin, clock = time.process_time(), time.perf_counter()
            for _ in range(rows):
                async with database.begin(info=info) as session:
                    session.add(Task(title="title"))
            taken = ((time.process_time() - begin) / rows * 1e6, (time.perf_counter() - clock) / rows * 1e6)
            former = best.get(way, (1e9, 1e9))
            best[way] = (min(former[0], taken[0]), min(former[1], taken[1]))
    await engine.dispose()
    await database.dispose()
    return best


async def _over_all(url: str, heads: int) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await _use(connection, "trail of the kit")
        await tell(connection, CONTEXT)
        await connection.exec_driver_sql(INSERT.format(rows=heads))
    async with engine.begin() as connection:
        begin = time.perf_counter()
        await checkpoint(connection)
        print(f"checkpoint: {time.perf_counter() - begin:.2f} s")
    async with engine.connect() as connection:
        begin = time.perf_counter()
        verdict = await verify(connection)
        taken = time.perf_counter() - begin
        print(f"verification: {taken:.1f} s, {verdict.rows / taken:,.0f} rows/s, {verdict.entities} entities, sound: {verdict.sound}")
    await engine.dispose()


async def _main(url: str, rows: int, heads: int) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in [*ddl.install(), *PLAIN.split(";"), UNCHAINED]:
            await connection.exec_driver_sql(statement)
        held = (await connection.execute(text("SHOW server_version"))).scalar_one()
    await engine.dispose()
    print(f"PostgreSQL {held}; {rows} rows, best of {ROUNDS} rounds; microseconds each, ratio to no trail")
    served = await _in_the_server(url, rows)
    units = await _through_units(url, max(1, rows // 20))
    print(f"{'':22}{'insert':>15}{'update':>15}{'unit, app CPU':>15}{'unit, clock':>15}")
    first = next(iter(WAYS))
    for way in WAYS:
        values = zip((*served[way], *units[way]), (*served[first], *units[first]), strict=True)
        print(f"{way:22}" + "".join(f"{f'{value:.0f} ({value / base:.1f}x)':>15}" for value, base in values))
    await _over_all(url, heads)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    with private_postgres() as private:
        asyncio.run(_main(private, *(given + [5000, 100_000][len(given) :])))
