"""Operations that stand in the source and that no path which was followed has met."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator

from greenroom.facts.collect import Backend
from greenroom.ledger.model import Operation, Place
from greenroom.program.functions import functions

_SESSION = re.compile(r"(session|db|database|conn|connection|tx|transaction|uow)\w*$", re.IGNORECASE)
"""Names of things that are flushed and committed."""
_OPERATIONS = {operation.value: operation for operation in Operation}


def unmet(backend: Backend, met: Container[int]) -> Iterator[tuple[Operation, Place]]:
    """Awaited calls named like an operation, on something named like a session, but those whose nodes (by id) were ``met``."""
    for module in backend.relevant_modules():
        for function in functions(module):
            for node in _own(function.node):
                call = node.value if isinstance(node, ast.Await) else None
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Attribute)
                    and call.func.attr in _OPERATIONS
                    and id(call) not in met
                    and _SESSION.search(ast.unparse(call.func.value))
                ):
                    yield _OPERATIONS[call.func.attr], Place(module.source.path, call.lineno, function.qualname)


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
