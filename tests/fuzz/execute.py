"""Runs a program on the real ORM: for every combination of its flags, on several sets of rows, with and without a failing write."""

from __future__ import annotations

import asyncio
import gc
import itertools
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from tests.fuzz.render import modules_of, table_of
from tests.fuzz.watch import Watch, Way

ROWS = ("own", "shared", "crossed", "lonely", "empty")
"""Sets of rows: children with a parent each, all with one parent, each with the other's (and a row before them), with none; no rows.

Beside them there is a set for each class in which that class and what cannot be without it have no rows.
"""
PAIRS = {"own": ((1, 1), (2, 2)), "shared": ((1, 1), (1, 2)), "crossed": ((0, 0), (2, 1), (1, 2)), "lonely": ((1, 1), (1, 2))}
"""Keys of parent and child."""
DERIVED = {"own": frozenset({2}), "shared": frozenset({1, 2}), "crossed": frozenset({1}), "lonely": frozenset({1})}
"""Keys of the rows that belong to a class that inherits."""
FAULTS = 8
"""How many statements inside ``try`` bodies fail in turn, at most."""
ALWAYS = 4
"""How many ways with a failing statement are tried even where the matter is settled without."""
STEP = 12
"""How many ways are tried before the matter is looked at again."""
INSTRUMENTED = frozenset({"helpers", "service"})
COLLECT_EVERY = 40


class Flag:
    """A boolean input that tells when it is looked at."""

    def __init__(self, number: int, value: bool, read: set[int]) -> None:  # noqa: FBT001 -- it is the value
        self._number, self._value, self._read = number, value, read

    def __bool__(self) -> bool:
        self._read.add(self._number)
        return self._value


@dataclass(frozen=True, slots=True)
class Course:
    """What a run has depended on."""

    way: Way
    read: frozenset[int]
    """The flags that it looked at."""
    statements: int
    """Statements that its ``try`` bodies sent."""
    sensitive: bool
    """Whether there was implicit IO, or a refusal, inside them."""

    def covers(self, way: Way) -> bool:
        """Whether a run in another way would do the same."""
        rows, values, fault, strict = way
        failed = 0 < self.way[2] <= self.statements
        return (
            rows == self.way[0]
            and all(values[number] is self.way[1][number] for number in self.read)
            and (fault == self.way[2] or not (failed or 0 < fault <= self.statements))
            and (strict is self.way[3] or not self.sensitive)
        )


class Laboratory:
    """One engine and one event loop for any number of programs."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._engine: AsyncEngine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool, async_creator=InlineConnection)
        self._watch = Watch()
        self._done = 0
        self._only: Way | None = None
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._before)

    def close(self) -> None:
        """End the connection and the loop."""
        self._runner.run(self._engine.dispose())
        self._runner.close()
        gc.unfreeze()
        gc.enable()

    def observe(self, program: Program, settled: Callable[[Watch], bool] = lambda _: False, only: Way | None = None) -> Watch:
        """Run a program in some ways and then, unless they have settled the matter, in all; ``only`` names the one way to run it in."""
        self._only = only
        gc.disable()
        self._watch = Watch()
        sources = modules_of(program)
        with warnings.catch_warnings(), _registered(*sources):
            warnings.simplefilter("ignore")
            modules: dict[str, ModuleType] = {}
            try:
                self._import(sources, modules)
                configure_mappers()
                gc.freeze()
                self._runner.run(self._run_all(program, modules, sources, settled))
            finally:
                self._forget(modules.get("models"))
        return self._watch

    def _import(self, sources: Mapping[str, str], modules: dict[str, ModuleType]) -> None:
        for name, source in sources.items():
            module = ModuleType(name)
            sys.modules[name] = modules[name] = module
            vars(module)[WATCH] = self._watch
            if name == "database":
                vars(module)["Session"] = self._factory(source)
                continue
            tree = instrumented(source, name) if name in INSTRUMENTED else source
            exec(compile(tree, f"{name}.py", "exec", dont_inherit=True), vars(module))  # noqa: S102 -- a program of our own

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

    def _forget(self, models: ModuleType | None) -> None:
        self._engine.sync_engine.clear_compiled_cache()
        if models is not None and hasattr(models, "Base"):
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
        inputs = list(itertools.product((False, True), repeat=len(flags)))
        modes = (True, False) if "try:" in code else (False,)
        random = Random(code)  # noqa: S311 -- the same choice for the same program
        scripts: dict[str, str] = {}
        done: list[Course] = []
        self._watch.collects = any((link.forward and link.back) or link.one == link.many for link in program.links)

        async def run(ways: Iterable[Way]) -> None:
            for way in ways:
                if any(course.covers(way) for course in done):
                    continue
                rows, values, fault, strict = self._watch.way = way
                if rows not in scripts:
                    scripts[rows] = _rows(program, metadata, rows)
                await self._script(scripts[rows])
                self._watch.start(fault, strict=strict)
                read: set[int] = set()
                given = {flag: Flag(number, value, read) for number, (flag, value) in enumerate(zip(flags, values, strict=True))}
                await self._run(modules, given, program)
                done.append(Course(way, frozenset(read), self._watch.statements, self._watch.sensitive))

        if self._only is not None:
            await run([self._only])
            return
        await run((ROWS[0], values, 0, strict) for values in inputs for strict in modes)
        sets = (*ROWS[1:], *(model.name for model in program.models if len(program.models) > 1))
        always = [(rows, random.choice(inputs), 0, random.choice(modes)) for rows in sets]
        rest = [way for way in itertools.product(sets, inputs, (0,), modes) if way not in always]
        await run(always)
        faulted = list(itertools.product((ROWS[0], *sets), inputs, range(1, min(self._watch.most, FAULTS) + 1), modes))
        random.shuffle(faulted)
        await run(faulted[:ALWAYS])
        rest += faulted[ALWAYS:]
        random.shuffle(rest)
        for start in range(0, len(rest), STEP):
            if settled(self._watch):
                break
            await run(rest[start : start + STEP])

    async def _run(self, modules: Mapping[str, ModuleType], flags: Mapping[str, Flag], program: Program) -> None:
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
            refusal = IntegrityError if statement.startswith(("INSERT", "UPDATE", "DELETE")) else OperationalError
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
    for table in metadata.tables.values():
        table.dialect_options["sqlite"]["autoincrement"] = True
    creates = ";\n".join(str(CreateTable(table).compile(dialect=engine.dialect)) for table in metadata.sorted_tables)
    names = ("alpha", "beta", "gamma", "delta")
    pairs = [f"{one}_{other}" for one in names for other in names]
    drops = ";\n".join(f"DROP TABLE IF EXISTS {name}" for name in [*(f"{name}_table" for name in names), *pairs])
    return f"PRAGMA foreign_keys=OFF;\n{drops};\n{creates};"


def _rows(program: Program, metadata: MetaData, rows: str) -> str:
    # New rows get keys that no query of a program asks for.
    lines = ["PRAGMA foreign_keys=OFF", "DELETE FROM sqlite_sequence"]
    for table in metadata.sorted_tables:
        lines += [f"DELETE FROM {table.name}", f"INSERT INTO sqlite_sequence VALUES ('{table.name}', 100)"]  # noqa: S608 -- our own names
    kinds = {table_of(model.base): (model.base, model.name) for model in program.models if model.base}
    without: set[str] = set()
    if rows not in ROWS:
        without, rows = {table_of(rows)}, ROWS[0]
        kinds = {table: (base, name if table_of(name) not in without else base) for table, (base, name) in kinds.items()}
    inherits = {table_of(model.name): table_of(model.base) for model in program.models if model.base}
    if rows != "empty":
        for table in metadata.sorted_tables:  # Tables come after those that they refer to.
            if any(needed in without for needed in _needs(table)):
                without.add(table.name)
            if table.name not in without:
                derived = DERIVED[rows] if table.name in inherits else None
                lines.extend(_inserts(table, rows, without, kinds.get(table.name), derived))
    return ";\n".join([*lines, "PRAGMA foreign_keys=ON"]) + ";"


def _needs(table: Table) -> Iterator[str]:
    """Tables without whose rows this one can have none."""
    for column in table.c:
        if not column.nullable:
            yield from (key.column.table.name for key in column.foreign_keys)


def _inserts(table: Table, rows: str, without: set[str], kinds: tuple[str, str] | None, only: frozenset[int] | None) -> Iterator[str]:
    between = "id" not in table.c
    if between and rows == "lonely":
        return
    for parent, key in PAIRS[rows]:
        if only is not None and key not in only:
            continue
        values: dict[str, str] = {}
        for column in table.c:
            if column.computed is not None:
                continue
            if column.name == "id":
                values[column.name] = str(key)
            elif column.foreign_keys:
                last = between and column is list(table.c)[-1]
                alone = (rows == "lonely" and column.nullable) or any(key.column.table.name in without for key in column.foreign_keys)
                values[column.name] = str(key) if last else "NULL" if alone else str(parent)
            elif column.name == "kind" and kinds is not None:
                values[column.name] = f"'{kinds[key in DERIVED[rows]].lower()}'"
            else:
                values[column.name] = _value(column.name, rows)
        yield f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # noqa: S608 -- our own names


def _value(column: str, rows: str) -> str:
    if column == "mood":
        return "'BAD'" if rows == "crossed" else "'GOOD'"
    return "'y'" if rows == "crossed" else "'x'"
