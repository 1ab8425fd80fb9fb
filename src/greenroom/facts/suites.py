"""Test suites: in what their sessions and engines differ from those of production."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom.facts.engines import Engine
from greenroom.facts.sessions import Factory
from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Module

SESSIONS = frozenset({"session", "db", "db_session", "async_session", "test_session", "test_db"})
HARMFUL = {"expire_on_commit": (True, False), "autoflush": (False, True)}
"""What production has and what tests have where the tests cannot fail: values stay after a commit, a query flushes first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a test's session or engine differs from production's."""

    what: str
    """An option of sessions, or ``dialect``."""
    test: Factory | Engine
    production: Factory | Engine
    values: tuple[str, str]
    """How production has it, and how the test has it."""


def differences(
    program: Program, factories: Iterable[Factory], engines: Iterable[Engine], tests: Iterable[Module], named: tuple[str, ...]
) -> Iterator[Difference]:
    """What the suite has otherwise than production, where production's code is run on it.

    One test factory or engine that is like production's is enough for the suite to fail. ``named`` are the dialects that
    production's files and dependencies name; they tell of an engine whose URL cannot be read.
    """
    found = [*_options(list(factories)), *_dialects(list(engines), named)]
    if found and any(_runs_production(program, module) for module in tests):
        yield from found


def _options(factories: list[Factory]) -> Iterator[Difference]:
    for option, (in_production, in_tests) in HARMFUL.items():
        production = [factory for factory in factories if not factory.module.is_test]
        tests = [factory for factory in factories if factory.module.is_test]
        if not production or any(factory.options[option] is not in_production for factory in production):
            continue
        if all(factory.options[option] is in_tests for factory in tests):
            values = (f"{option}={in_production}", f"{option}={in_tests}")
            yield from (Difference(option, factory, production[0], values) for factory in tests)


def _dialects(engines: list[Engine], named: tuple[str, ...]) -> Iterator[Difference]:
    made = [engine for engine in engines if engine.asynchronous]
    production = [engine for engine in made if not engine.module.is_test]
    tests = [engine for engine in made if engine.module.is_test]
    of_production, of_tests = ({_dialect(engine) for engine in group} for group in (production, tests))
    if of_production == {None} and len(named) == 1:
        of_production = {named[0]}
    if len(of_production) != 1 or None in of_production | of_tests or of_production & of_tests:
        return
    dialect = str(of_production.pop())
    yield from (Difference("dialect", test, production[0], (dialect, str(_dialect(test)))) for test in tests)


def _dialect(engine: Engine) -> str | None:
    return engine.address.dialect if engine.address is not None else None


def _runs_production(program: Program, module: Module) -> bool:
    """Whether a module of tests gives its sessions to code of production: by an override, or as an argument."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "dependency_overrides":
            return True
        if isinstance(node, ast.Call) and any(isinstance(part, ast.Name) and part.id in SESSIONS for part in node.args):
            symbol = program.resolve(module, node.func) if isinstance(node.func, ast.Name | ast.Attribute) else None
            if isinstance(symbol, Class | Function) and not symbol.module.is_test:
                return True
    return False
