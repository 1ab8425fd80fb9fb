"""Where execution enters a project: endpoints, then functions that nothing in the project calls, then the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from greenroom.program.symbols import Class, Function, Module

_WORD = re.compile(r"[A-Za-z_]\w*")
_SESSION_WORDS = ("session", "Session", ".commit(", ".flush(", ".refresh(", "self.db", "db:")


def functions(module: Module) -> Iterator[Function]:
    """All functions and methods of a module, outermost first; functions inside functions are reached through those."""
    for members in module.bindings.values():
        for member in members:
            if isinstance(member, Function):
                yield member
            elif isinstance(member, Class) and member.module is module:
                yield from _methods(member)


def _methods(cls: Class) -> Iterator[Function]:
    for members in cls.members.values():
        for member in members:
            if isinstance(member, Function):
                yield member
            elif isinstance(member, Class):
                yield from _methods(member)


def text(function: Function) -> str:
    """The source of a function."""
    node = function.node
    lines = function.module.source.lines
    return "\n".join(lines[node.lineno - 1 : node.end_lineno or node.lineno])


def candidates(modules: list[Module]) -> tuple[list[Function], list[Function]]:
    """Functions worth entering: those that no other function mentions, and the rest."""
    every: list[tuple[Function, set[str]]] = [
        (function, set(_WORD.findall(text(function)))) for module in modules for function in functions(module)
    ]
    mentioned: dict[str, int] = {}
    for _, words in every:
        for word in words:
            mentioned[word] = mentioned.get(word, 0) + 1
    first: list[Function] = []
    rest: list[Function] = []
    for function, words in every:
        if not is_entry(function, words):
            continue
        own = 1 if function.name in words else 0
        (first if mentioned.get(function.name, 0) <= own else rest).append(function)
    return first, rest


COMMON = frozenset(
    {
        "get",
        "add",
        "update",
        "delete",
        "create",
        "pop",
        "append",
        "items",
        "values",
        "keys",
        "run",
        "execute",
        "close",
        "start",
        "stop",
        "main",
        "wrapper",
        "inner",
        "decorator",
        "__init__",
        "__call__",
        "__enter__",
        "__exit__",
        "__aenter__",
        "__aexit__",
        "validate",
        "dict",
        "json",
        "copy",
        "format",
        "join",
        "split",
        "strip",
        "send",
        "read",
        "write",
        "load",
        "save",
        "name",
        "set",
        "list",
        "find",
        "filter",
        "all",
        "first",
        "count",
        "process",
        "handle",
        "from_dict",
        "to_dict",
        "id",
        "type",
    }
)
"""Names that mean too many things to follow a mention of them."""
_DATABASE = frozenset(
    {
        "session",
        "db",
        "Session",
        "AsyncSession",
        "commit",
        "flush",
        "refresh",
        "rollback",
        "select",
        "scalars",
        "scalar",
        "async_sessionmaker",
        "sessionmaker",
        "expire_all",
        "db_session",
        "async_session",
        "selectinload",
        "joinedload",
    }
)


def concerned(modules: list[Module], models: set[str]) -> set[object]:
    """The functions that deal with sessions or models, or mention one that does."""
    every = [(function, set(_WORD.findall(text(function)))) for module in modules for function in functions(module)]
    seeds = _DATABASE | models
    found: set[object] = set()
    names: set[str] = set()
    waiting = every
    while True:
        left = []
        grown = False
        for function, words in waiting:
            if words & seeds or words & names:
                found.add(function.node)
                if function.name not in COMMON:
                    grown = grown or function.name not in names
                    names.add(function.name)
                elif function.name == "__init__" and function.owner is not None:
                    names.add(function.owner.name)
                    grown = True
            else:
                left.append((function, words))
        if not grown or len(left) == len(waiting):
            return found
        waiting = left


def is_entry(function: Function, words: set[str]) -> bool:
    """Whether a function may hold a session or mapped objects."""
    if function.is_async:
        return True
    source = text(function) if words & {"session", "db", "Session", "AsyncSession", "commit", "flush", "refresh"} else ""
    return bool(source) and function.kind == "function" and any(word in source for word in _SESSION_WORDS)
