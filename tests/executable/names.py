"""Finds the imports that a block needs, so that pages show code and no ceremony."""

from __future__ import annotations

import ast
import builtins
import importlib
import typing
from collections.abc import Iterator, Mapping
from types import ModuleType

_MODULES = frozenset(
    {
        "asyncio",
        "contextlib",
        "os",
        "contextvars",
        "copy",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "itertools",
        "json",
        "logging",
        "operator",
        "pickle",
        "time",
    }
)
_HOMES = (
    "typing",
    "collections.abc",
    "abc",
    "datetime",
    "contextlib",
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.exc",
    "sqlalchemy.event",
    "sqlalchemy.orm.exc",
    "sqlalchemy.orm.attributes",
    "sqlalchemy.orm.util",
    "fastapi",
    "fastapi.encoders",
    "fastapi.responses",
    "fastapi.concurrency",
    "pydantic",
    "dataclasses",
    "httpx",
)


def header_for(source: str, modules: Mapping[str, str]) -> list[str]:
    """Return the import statements that the source needs; ``modules`` are the other modules of the project by name."""
    by_home: dict[str, list[str]] = {}
    plain: list[str] = []
    for name in sorted(_free_names(ast.parse(source))):
        home = _home_of(name, modules)
        if home is None:
            plain.append(name)
        else:
            by_home.setdefault(home, []).append(name)
    return [f"import {name}" for name in plain] + [f"from {home} import {', '.join(names)}" for home, names in sorted(by_home.items())]


def _home_of(name: str, modules: Mapping[str, str]) -> str | None:
    """Where to import a name from; None stands for a module of the standard library."""
    trees = {module: ast.parse(source) for module, source in modules.items()}
    for module, tree in trees.items():
        if name in set(_definitions(tree)):
            return module
    for module, tree in trees.items():
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module:
                for alias in statement.names:
                    if (alias.asname or alias.name) == name:
                        return module if alias.asname else statement.module
    if name in _MODULES:
        return None
    for home in _HOMES:
        if not isinstance(getattr(importlib.import_module(home), name, typing), ModuleType):
            return home
    msg = f"`{name}` is neither in the prelude nor in a module that pages may use"
    raise NameError(msg)


def _definitions(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        match statement:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _free_names(tree: ast.Module) -> set[str]:
    loaded: set[str] = set()
    bound: set[str] = set(dir(builtins))
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                loaded.add(name)
            case ast.Name(id=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound.update(alias.asname or alias.name.partition(".")[0] for alias in names)
    return loaded - bound
