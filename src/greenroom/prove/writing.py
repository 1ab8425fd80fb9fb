"""Writes a planned test as a file that a team would keep: plain pytest, driven by ``asyncio.run``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from greenroom.program.symbols import Class, External
from greenroom.prove.injection import Override
from greenroom.prove.planning import FUNCTIONS, TYPES, Ask, Call, Plan, values_of
from greenroom.prove.values import Imports, Kept, KeptAll, Made, source
from greenroom.report.paths import shown

_WIDTH = 100
_URL = "sqlite+aiosqlite://"


def written(plan: Plan, base: Path) -> str:
    """The source of the test, with paths as seen from the absolute directory ``base``.

    Raises:
        Underivable: It needs something that a test cannot import.
    """
    imports = Imports()
    imports.modules.add("asyncio")
    for module in plan.modules:
        imports.modules.add(module)
    prepare = _prepare(plan, imports)
    scenario = _scenario(plan, imports)
    application = _application(plan, imports)
    types = _types(plan, imports)
    for module in {module for module, _ in imports.names}:
        imports.modules.discard(module)  # importing a name of it imports it
    parts = [_head(plan, base), "\n".join(imports.statements())]
    parts.extend("\n".join(part) for part in (types, application) if part)
    text = "\n\n".join(parts) + "\n\n\n" + "\n\n\n".join("\n".join(part) for part in (prepare, scenario, _test(plan)))
    return text + "\n"


def _head(plan: Plan, base: Path) -> str:
    finding = plan.claim.finding
    place = f"{shown(finding.path, base)}:{finding.span.line}"
    errors = " or ".join(plan.claim.errors)
    told = textwrap.fill(f"{place}: {finding.message}.", _WIDTH + 20, break_long_words=False, break_on_hyphens=False)
    lines = [
        f'"""{told}',
        "",
        f"Proves {finding.rule} ({finding.name}): this test fails with {errors} at that line, and passes when it is mended.",
        f"Made by `greenroom prove {place}` from what the project declares; the rows and arguments are examples.",
        '"""',
    ]
    return "\n".join(lines).replace("\\", "\\\\")


def _types(plan: Plan, imports: Imports) -> list[str]:
    """DDL of PostgreSQL's types for the in-memory database."""
    return [*_ddl(plan, imports), *_defaults(plan, imports)]


def _defaults(plan: Plan, imports: Imports) -> list[str]:
    """What the in-memory database has in place of PostgreSQL's functions and casts."""
    lines: list[str] = []
    if plan.functions:
        lines.extend(
            [
                "",
                "",
                "def add_functions(connection: Any, record: object) -> None:",
                '    """Set-up for SQLite alone, which lacks functions that defaults of columns call."""',
            ]
        )
        imports.name("typing", "Any")
        lines.extend(f'    connection.create_function("{name}", {FUNCTIONS[name]}, {_function(name, imports)})' for name in plan.functions)
    if plan.has_casts:
        imports.modules.add("re")
        imports.name("typing", "Any")
        lines.extend(
            [
                "",
                "",
                "def without_casts(connection: object, cursor: object, statement: str, parameters: Any, *_: object) -> Any:",
                '    """Set-up for SQLite alone, which cannot read the casts in defaults of columns."""',
                '    return (re.sub(r"::\\w+(\\[\\])?", "", statement) if "CREATE " in statement else statement), parameters',
            ]
        )
    return lines


def _function(name: str, imports: Imports) -> str:
    if "uuid" in name:
        return f"lambda: {imports.name('uuid', 'uuid4')}().hex"
    if name == "timezone":
        return "lambda zone, moment: moment"
    return f"lambda: {imports.name('datetime', 'datetime')}.now({imports.name('datetime', 'timezone')}.utc).isoformat(' ')"


def _listeners(plan: Plan, imports: Imports) -> list[str]:
    event = imports.name("sqlalchemy", "event") if plan.functions or plan.has_casts else ""
    lines = [f'{event}.listen(engine.sync_engine, "connect", add_functions)'] if plan.functions else []
    if plan.has_casts:
        lines.append(f'{event}.listen(engine.sync_engine, "before_cursor_execute", without_casts, retval=True)')
    return lines


def _ddl(plan: Plan, imports: Imports) -> list[str]:
    if not plan.types:
        return []
    compiles = imports.name("sqlalchemy.ext.compiler", "compiles")
    lines = ["# Set-up for SQLite alone, which has no DDL for these types of PostgreSQL. The mapping stays as it is."]
    for name in plan.types:
        home = "sqlalchemy" if name == "ARRAY" else "sqlalchemy.dialects.postgresql"
        lines.append(f'{compiles}({imports.name(home, name)}, "sqlite")(lambda type_, compiler, **options: "{TYPES[name]}")')
    if "ARRAY" in plan.types:
        imports.modules.update(("json", "sqlite3"))
        lines.append("sqlite3.register_adapter(list, json.dumps)")
    return lines


def _application(plan: Plan, imports: Imports) -> list[str]:
    act = plan.act
    if not isinstance(act, Ask):
        return []
    holder = imports.symbol(act.holder)
    if act.is_app:
        return [] if holder == "app" else [f"app = {holder}"]
    return [f"app = {imports.name('fastapi', 'FastAPI')}()", f"app.include_router({holder})"]


def _prepare(plan: Plan, imports: Imports) -> list[str]:
    engine = imports.name("sqlalchemy.ext.asyncio", "AsyncEngine")
    lines = [f"async def prepare(engine: {engine}) -> None:", '    """Create the tables, and the rows that are there before."""']
    bases: dict[str, None] = {}
    for mapped, _ in plan.rows:
        bases.setdefault(f"{imports.symbol(mapped.symbol)}.metadata")
    if not bases:
        return [*lines, "    del engine"]
    lines.append("    async with engine.begin() as connection:")
    lines.append(f"        await connection.run_sync({next(iter(bases))}.create_all)")
    insert = imports.name("sqlalchemy", "insert")
    session = imports.name("sqlalchemy.ext.asyncio", "AsyncSession")
    lines.append(f"    async with {session}(engine) as session:")
    for mapped, rows in plan.rows:
        name = imports.symbol(mapped.symbol)
        lines.append("        await session.execute(")
        lines.append(f"            {insert}({name}),")
        lines.append("            [")
        for row in rows:
            lines.extend(_row(row, imports))
        lines.extend(["            ],", "        )"])
    lines.append("        await session.commit()")
    return lines


def _row(row: dict[str, object], imports: Imports) -> Iterator[str]:
    entries = [f'"{name}": {source(value, imports)}' for name, value in row.items()]
    line = f"                {{{', '.join(entries)}}},"
    if len(line) <= _WIDTH:
        yield line
        return
    yield "                {"
    yield from (f"                    {entry}," for entry in entries)
    yield "                },"


def _scenario(plan: Plan, imports: Imports) -> list[str]:
    create = imports.name("sqlalchemy.ext.asyncio", "create_async_engine")
    options = ', execution_options={"schema_translate_map": schemas}' if plan.has_schemas and plan.rows else ""
    lines = ["async def scenario() -> object:", f'    """{_what(plan)}"""']
    if options:
        metadata = f"{imports.symbol(plan.rows[0][0].symbol)}.metadata"
        lines.append(f"    schemas = {{table.schema: None for table in {metadata}.tables.values()}}")
    lines.append(f'    engine = {create}("{_URL}"{options})')
    lines.extend(f"    {line}" for line in _listeners(plan, imports))
    made, ends = _sessions(plan, imports)
    lines.extend(f"    {line}" for line in made)
    lines.append("    try:")
    lines.append("        await prepare(engine)")
    act = _asking(plan.act, imports) if isinstance(plan.act, Ask) else _calling(plan.act, imports)
    if plan.engines:
        act = [*_patches(plan, imports), *(f"    {line}" for line in act)]
    lines.extend(f"        {line}".rstrip() for line in _answered(plan, act, imports))
    if isinstance(plan.act, Ask) and plan.act.request.overrides:
        ends = ["app.dependency_overrides.clear()", *ends]
    lines.append("    finally:")
    lines.extend(f"        {line}" for line in (*ends, "await engine.dispose()"))
    return lines


def _patches(plan: Plan, imports: Imports) -> list[str]:
    """Have the code use the test's engine where it names one of its own."""
    patch = imports.name("unittest.mock", "patch")
    replaced = [f'{patch}("{own.name}", {"lambda: engine" if own.is_function else "engine"})' for own in plan.engines]
    return [f"with {', '.join(replaced)}:"]


def _what(plan: Plan) -> str:
    act = plan.act
    if isinstance(act, Ask):
        return f"Ask `{act.request.method} {plan.entry.route.path if plan.entry.route and plan.entry.route.path else act.name}`."
    return f"Call `{act.function.qualname}`."


def _sessions(plan: Plan, imports: Imports) -> tuple[list[str], list[str]]:
    """The lines that make the sessions, and those that put the project's factory back."""
    factory = plan.sessions.factory
    if factory is not None:
        name = imports.symbol(factory)
        lines = [f'bound = {name}.kw.get("bind")', f"{name}.configure(bind=engine)  # the project's own factory, with its options"]
        if _uses(plan, "sessions"):
            lines.append(f"sessions = {name}")
        return lines, [f"{name}.configure(bind=bound)"]
    if not _uses(plan, "sessions"):
        return [], []
    maker = imports.name("sqlalchemy.ext.asyncio", "async_sessionmaker")
    cls = plan.sessions.cls
    words = [f"{name}={value}" for name, value in plan.sessions.options.items()]
    if isinstance(cls, Class):
        words.append(f"class_={imports.symbol(cls)}")
    elif cls.root != "sqlalchemy":
        module, _, name = cls.path.rpartition(".")
        words.append(f"class_={imports.name(module, name)}")
    return [f"sessions = {maker}({', '.join(['engine', *words])})  # with the options of the project's"], []


def _uses(plan: Plan, name: str) -> bool:
    if isinstance(plan.act, Call):
        return plan.act.needs_session or name in repr(plan.act.arguments) or name in repr(plan.act.receiver)
    overrides = plan.act.request.overrides.values()
    return any(o.gives_session or (o.session is None and _loads(o.value)) for o in overrides)


def _answered(plan: Plan, lines: list[str], imports: Imports) -> list[str]:
    """The lines under what takes the error with which the mended code answers."""
    answer = plan.answered
    if answer is None or (isinstance(answer, External) and answer.root == "builtins"):
        return lines
    name = imports.symbol(answer) if isinstance(answer, Class) else imports.name(*_split(answer.path))
    suppress = imports.name("contextlib", "suppress")
    return [f"with {suppress}({name}):  # the answer of the mended code", *(f"    {line}" for line in lines), "return None"]


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.rpartition(".")
    return module, name


def _calling(act: Call, imports: Imports) -> list[str]:
    lines: list[str] = []
    given: list[str] = []
    for name, value in act.arguments:
        text = source(value, imports)
        if isinstance(value, (Kept, KeptAll, Made)) and name != "session":
            lines.append(f"{name} = {text}")
            text = name
        given.append(f"{name}={text}")
    called = _callee(act, imports, lines)
    wait = "await " if act.function.is_async else ""
    lines.append(_wrapped(f"return {wait}{called}(", given))
    lines = [part for line in lines for part in line.split("\n")]
    if act.needs_session:
        return ["async with sessions() as session:", *(f"    {line}" for line in lines)]
    return lines


def _callee(act: Call, imports: Imports, lines: list[str]) -> str:
    if act.receiver is None:
        return imports.symbol(act.function)
    if isinstance(act.receiver, Class):
        return f"{imports.symbol(act.receiver)}.{act.function.name}"
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", act.receiver.cls.name).lower().strip("_")
    lines.append(f"{name} = {source(act.receiver, imports)}")
    return f"{name}.{act.function.name}"


def _wrapped(opening: str, given: list[str]) -> str:
    line = f"{opening}{', '.join(given)})"
    return line if len(line) <= _WIDTH - 12 or not given else "\n".join([opening, *(f"    {part}," for part in given), ")"])


def _asking(act: Ask, imports: Imports) -> list[str]:
    request = act.request
    lines: list[str] = []
    for override in request.overrides.values():
        lines.extend(["", *_override(override, imports)])
    parts = "".join(f", {name}={value!r}" for name, value in values_of(request).items())
    words = [f'"{request.method}"', f'app.url_path_for("{act.name}"{parts})'.replace("'", '"')]
    if request.query:
        words.append(f"params={source(request.query, imports)}")
    if request.headers:
        words.append(f"headers={source(request.headers, imports)}")
    if request.bodies:
        words.append(f"json={source(request.body, imports)}")
    transport, client = imports.name("httpx", "ASGITransport"), imports.name("httpx", "AsyncClient")
    lines.append(f'async with {client}(transport={transport}(app=app), base_url="http://test") as client:')
    lines.extend(f"    {line}" for line in _wrapped("response = await client.request(", words).split("\n"))
    lines.append("assert response.status_code < 500, response.text")
    lines.append("return response")
    return lines


def _override(override: Override, imports: Imports) -> Iterator[str]:
    provider = imports.symbol(override.provider)
    name = f"{override.name}_of_test"
    if override.gives_session:
        session = imports.name("sqlalchemy.ext.asyncio", "AsyncSession")
        yield from (
            f"async def {name}() -> {imports.name('collections.abc', 'AsyncIterator')}[{session}]:",
            "    async with sessions() as session:",
            "        yield session",
            "",
        )
    elif not _loads(override.value):
        yield from (f"async def {name}() -> object:", f"    return {source(override.value, imports)}", "")
    elif override.session is not None:
        session, depends = imports.name("sqlalchemy.ext.asyncio", "AsyncSession"), imports.name("fastapi", "Depends")
        needed = imports.symbol(override.session)
        yield from (
            f"async def {name}(session: {session} = {depends}({needed})) -> object:",
            f"    return {source(override.value, imports)}",
            "",
        )
    else:
        yield from (
            f"async def {name}() -> {imports.name('collections.abc', 'AsyncIterator')}[object]:",
            "    async with sessions() as session:",
            f"        yield {source(override.value, imports)}",
            "",
        )
    yield f"app.dependency_overrides[{provider}] = {name}"


def _loads(value: object) -> bool:
    """Whether a value takes a session to make."""
    match value:
        case Kept() | KeptAll():
            return True
        case Made(_, arguments):
            return any(_loads(item) for _, item in arguments)
        case list() | tuple():
            return any(map(_loads, value))
    return getattr(value, "text", "") == "session"


def _test(plan: Plan) -> list[str]:
    where = plan.claim.finding.name.replace("-", "_")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", plan.entry.way[-1].qualname)
    name = re.sub("_+", "_", words).lower().strip("_")
    return [
        f"def test_{where}_in_{name}() -> None:",
        '    """Nothing is read that only a query could tell."""',
        "    asyncio.run(scenario())",
    ]
