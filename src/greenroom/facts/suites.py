"""Test suites: in what their sessions and engines differ from those of production."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenroom.facts.engines import Engine
from greenroom.facts.sessions import Factory
from greenroom.program.program import Program
from greenroom.program.suites import is_test
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


def differences(program: Program, factories: Iterable[Factory], engines: Iterable[Engine], tests: Iterable[Module]) -> Iterator[Difference]:
    """What the suite has otherwise than production, where production's code is run on it.

    One test factory or engine that is like production's is enough for the suite to fail.
    """
    found = [*_options(list(factories)), *_dialects(list(engines))]
    if found and any(_runs_production(program, module) for module in tests):
        yield from found


def _options(factories: list[Factory]) -> Iterator[Difference]:
    for option, (in_production, in_tests) in HARMFUL.items():
        production = [factory for factory in factories if not is_test(factory.module.name)]
        tests = [factory for factory in factories if is_test(factory.module.name)]
        if not production or any(factory.options[option] is not in_production for factory in production):
            continue
        if all(factory.options[option] is in_tests for factory in tests):
            values = (f"{option}={in_production}", f"{option}={in_tests}")
            yield from (Difference(option, factory, production[0], values) for factory in tests)


def _dialects(engines: list[Engine]) -> Iterator[Difference]:
    known = [(engine, engine.address.dialect) for engine in engines if engine.asynchronous and engine.address is not None]
    production = [(engine, dialect) for engine, dialect in known if not is_test(engine.module.name)]
    tests = [(engine, dialect) for engine, dialect in known if is_test(engine.module.name)]
    unknown = sum(1 for engine in engines if engine.asynchronous and is_test(engine.module.name)) - len(tests)
    if len({dialect for _, dialect in production}) != 1 or unknown:
        return
    engine, dialect = production[0]
    if all(other != dialect for _, other in tests):
        yield from (Difference("dialect", test, engine, (dialect, other)) for test, other in tests)


def _runs_production(program: Program, module: Module) -> bool:
    """Whether a module of tests gives its sessions to code of production: by an override, or as an argument."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "dependency_overrides":
            return True
        if isinstance(node, ast.Call) and any(isinstance(part, ast.Name) and part.id in SESSIONS for part in node.args):
            symbol = program.resolve(module, node.func) if isinstance(node.func, ast.Name | ast.Attribute) else None
            if isinstance(symbol, Class | Function) and not is_test(symbol.module.name):
                return True
    return False
