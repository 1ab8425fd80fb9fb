"""Runs a program on the real ORM: for every combination of its flags, on several sets of rows, with and without a failing write."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from random import Random
from types import ModuleType
from typing import Any

from sqlalchemy import MetaData, StaticPool, Table, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import configure_mappers
from sqlalchemy.schema import CreateTable

from tests.fuzz.inline import InlineConnection
from tests.fuzz.instrument import WATCH, instrumented
from tests.fuzz.program import FLAGS, Program
from tests.fuzz.render import modules_of
from tests.fuzz.watch import Watch

ROWS = ("own", "shared", "crossed", "lonely", "empty")
"""Sets of rows: children with a parent each, all with one parent, each with the other's (and a row before them), with none; no rows."""
PAIRS = {"own": ((1, 1), (2, 2)), "shared": ((1, 1), (1, 2)), "crossed": ((0, 0), (2, 1), (1, 2)), "lonely": ((1, 1), (1, 2))}
"""Keys of parent and child."""
FAULTS = 3
"""How many statements inside ``try`` bodies fail in turn."""
INSTRUMENTED = frozenset({"helpers", "service"})
COLLECT_EVERY = 40


class Laboratory:
    """One engine and one event loop for any number of programs."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._engine: AsyncEngine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool, async_creator=InlineConnection)
        self._watch = Watch()
        self._done = 0
        self._only: object = None
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._before)

    def close(self) -> None:
        """End the connection and the loop."""
        self._runner.run(self._engine.dispose())
        self._runner.close()
        gc.unfreeze()
        gc.enable()

    def observe(self, program: Program, settled: Callable[[Watch], bool] = lambda _: False, only: object = None) -> Watch:
        """Run a program in some ways and then, unless they have settled the matter, in all; ``only`` names the one way to run it in."""
        self._only = only
        gc.disable()
        self._watch = Watch()
        sources = modules_of(program)
        with warnings.catch_warnings(), _registered(*sources):
            warnings.simplefilter("ignore")
            modules = self._import(sources)
            try:
                configure_mappers()
                gc.freeze()
                self._runner.run(self._run_all(program, modules, sources, settled))
            finally:
                self._forget(modules["models"])
        return self._watch

    def _import(self, sources: Mapping[str, str]) -> dict[str, ModuleType]:
        modules: dict[str, ModuleType] = {}
        for name, source in sources.items():
            module = ModuleType(name)
            sys.modules[name] = modules[name] = module
            vars(module)[WATCH] = self._watch
            if name == "database":
                vars(module)["Session"] = self._factory(source)
                continue
            tree = instrumented(source, name) if name in INSTRUMENTED else source
            exec(compile(tree, f"{name}.py", "exec", dont_inherit=True), vars(module))  # noqa: S102 -- a program of our own
        return modules

    def _factory(self, source: str) -> async_sessionmaker[AsyncSession]:
        watch = self._watch

        class Watched(AsyncSession):
            def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 -- as the parent takes them
                super().__init__(*arguments, **options)
                watch.sessions.append(self)

        return async_sessionmaker(
            self._engine,
            class_=Watched,
            expire_on_commit="expire_on_commit=False" not in source,
            autoflush="autoflush=False" not in source,
        )

    def _forget(self, models: ModuleType) -> None:
        self._engine.sync_engine.clear_compiled_cache()
        if hasattr(models, "Base"):
            models.Base.registry.dispose()
        self._done += 1
        if self._done % COLLECT_EVERY == 0:
            gc.unfreeze()
            gc.collect()

    async def _run_all(
        self, program: Program, modules: Mapping[str, ModuleType], sources: Mapping[str, str], settled: Callable[[Watch], bool]
    ) -> None:
        metadata: MetaData = modules["models"].Base.metadata
        await self._script(_tables(metadata, self._engine))
        code = sources["service"] + sources.get("helpers", "")
        flags = [flag for flag in FLAGS if re.search(rf"\b{flag}\b", sources["service"])]
        guarded = "try:" in code
        faults = range(FAULTS + 1) if guarded else (0,)
        ways = list(itertools.product(ROWS, itertools.product((False, True), repeat=len(flags)), faults, (True, False)[not guarded :]))
        random = Random(code)  # noqa: S311 -- the same choice for the same program
        random.shuffle(ways)
        ways.sort(key=lambda way: way[0] != ROWS[0] or way[2] != 0)
        most = 2 ** len(flags) * (1 + guarded)
        if self._only is not None:
            ways = [way for way in ways if way == self._only]
        parts = [ways[: most + 2], *(ways[start : start + 12] for start in range(most + 2, len(ways), 12))]
        for part in parts:
            for way in part:
                self._watch.way = way
                rows, values, fault, strict = way
                await self._script(_rows(metadata, rows))
                self._watch.start(fault, strict=strict)
                await self._run(modules, dict(zip(flags, values, strict=True)), program)
            if settled(self._watch):
                break

    async def _run(self, modules: Mapping[str, ModuleType], flags: Mapping[str, bool], program: Program) -> None:
        run = vars(modules["service"])[program.main.name]
        values = {flag: flags.get(flag, False) for flag in FLAGS}
        with suppress(Exception):
            if program.main.head.startswith("(session"):
                async with modules["database"].Session() as session:
                    await run(session, **values)
            else:
                await run(**values)
        for session in self._watch.sessions:
            with suppress(Exception):
                await session.close()
        self._watch.sessions.clear()

    async def _script(self, script: str) -> None:
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            await driver.rollback()
            await driver.executescript(script)

    def _before(self, *arguments: Any) -> None:  # noqa: ANN401 -- an event listener
        statement = arguments[2]
        if self._watch.refuses():
            refusal = OperationalError if statement.startswith(("SELECT", "SAVEPOINT")) else IntegrityError
            raise refusal(statement, None, Exception("refused"))


@contextmanager
def _registered(*names: str) -> Iterator[None]:
    before = {name: sys.modules.get(name) for name in names}
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def _tables(metadata: MetaData, engine: AsyncEngine) -> str:
    drops = "SELECT 1;"
    creates = ";\n".join(str(CreateTable(table).compile(dialect=engine.dialect)) for table in metadata.sorted_tables)
    names = ("alpha", "beta", "gamma", "delta")
    pairs = [f"{one}_{other}" for one in names for other in names]
    drops = ";\n".join(f"DROP TABLE IF EXISTS {name}" for name in [*(f"{name}_table" for name in names), *pairs])
    return f"{drops};\n{creates};"


def _rows(metadata: MetaData, rows: str) -> str:
    lines = [f"DELETE FROM {table.name}" for table in metadata.sorted_tables]  # noqa: S608 -- our own names
    if rows != "empty":
        for table in metadata.sorted_tables:
            lines.extend(_inserts(table, rows))
    return ";\n".join(lines) + ";"


def _value(column: str, rows: str) -> str:
    if column == "mood":
        return "'BAD'" if rows == "crossed" else "'GOOD'"
    return "'y'" if rows == "crossed" else "'x'"


def _inserts(table: Table, rows: str) -> Iterator[str]:
    between = "id" not in table.c
    if between and rows == "lonely":
        return
    pairs = PAIRS[rows]
    for parent, key in pairs:
        values: dict[str, str] = {}
        for column in table.c:
            if column.computed is not None:
                continue
            if column.name == "id":
                values[column.name] = str(key)
            elif column.foreign_keys:
                last = between and column is list(table.c)[-1]
                values[column.name] = str(key) if last else "NULL" if rows == "lonely" and column.nullable else str(parent)
            else:
                values[column.name] = _value(column.name, rows)
        yield f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # noqa: S608 -- our own names
