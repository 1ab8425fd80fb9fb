"""Who is about to catch an error: an application that names it in an ``except`` has thought of it, one that catches everything has not.

Asked while an error is being made, so what will happen is read from the source: which ``try`` statements the frames of the stack are in,
and which of their handlers comes first to match. A file without source has none.
"""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType

from sqlalchemy.exc import SQLAlchemyError

from greenroom.monitor.places import frames

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Handler:
    """One ``except``, or one ``with suppress(...)``."""

    classes: tuple[ast.expr, ...]
    """What it names; nothing where it catches everything."""
    raises: bool
    """Whether something is raised in it, be it the same."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The lines of a block, and who catches what is raised there."""

    first: int
    last: int
    handlers: tuple[Handler, ...]


def caught_by_name(innermost: FrameType | None, error: BaseException) -> CodeType | None:
    """Return the function whose handler is the first that an error meets, if that names its class, or one of SQLAlchemy's above it.

    ``None`` where the handler catches everything, and where nothing does: a handler that raises is none.
    """
    for frame, _ in frames(innermost):
        if frame.f_globals.get("__name__", "").partition(".")[0] in {"sqlalchemy", "greenroom"}:
            continue
        for guard in _guards(frame):
            for handler in guard.handlers:
                matching = [cls for cls in _classes(handler, frame) if isinstance(error, cls)]
                if matching and not handler.raises:
                    named = any(issubclass(cls, SQLAlchemyError) and cls is not SQLAlchemyError for cls in matching)
                    return frame.f_code if named else None
                if matching:
                    break  # it is passed on, as far as can be seen
    return None


def _guards(frame: FrameType) -> list[Guard]:
    """Return the blocks of its function that a frame is in, innermost first."""
    code = frame.f_code
    known = _of_file(code.co_filename).get((code.co_name, code.co_firstlineno), [])
    return sorted((one for one in known if one.first <= frame.f_lineno <= one.last), key=lambda one: one.last - one.first)


@functools.lru_cache(maxsize=256)
def _of_file(filename: str) -> dict[tuple[str, int], list[Guard]]:
    """Return the guarded blocks of each function, by its name and first line, as its code has them."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[tuple[str, int], list[Guard]] = {}
    waiting: list[tuple[ast.AST, tuple[str, int]]] = [(tree, ("<module>", 1))]
    while waiting:
        node, function = waiting.pop()
        if isinstance(node, _FUNCTIONS):
            function = node.name, min(one.lineno for one in (node, *node.decorator_list))
        elif isinstance(node, ast.Try):
            handlers = tuple(_handler(one) for one in node.handlers)
            found.setdefault(function, []).append(_guard(node.body, handlers))
        elif isinstance(node, ast.With):
            named = [classes for item in node.items if (classes := _suppressed(item.context_expr))]
            found.setdefault(function, []).extend(_guard(node.body, (Handler(classes, raises=False),)) for classes in named)
        waiting.extend((child, function) for child in ast.iter_child_nodes(node))
    return found


def _guard(body: list[ast.stmt], handlers: tuple[Handler, ...]) -> Guard:
    return Guard(body[0].lineno, body[-1].end_lineno or body[-1].lineno, handlers)


def _handler(handler: ast.ExceptHandler) -> Handler:
    classes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type is not None else []
    return Handler(tuple(classes), raises=any(isinstance(node, ast.Raise) for node in ast.walk(handler)))


def _suppressed(call: ast.expr) -> tuple[ast.expr, ...]:
    if not isinstance(call, ast.Call):
        return ()
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    return tuple(call.args) if name == "suppress" else ()


def _classes(handler: Handler, frame: FrameType) -> Iterator[type[BaseException]]:
    if not handler.classes:
        yield BaseException
    for expression in handler.classes:
        value = _value(expression, frame)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, type) and issubclass(one, BaseException):
                yield one


def _value(expression: ast.expr, frame: FrameType) -> object:
    """Return what a name, or a name with dots, means in a frame; nothing is run for it but the lookup."""
    match expression:
        case ast.Name(id=name):
            for names in (frame.f_locals, frame.f_globals, vars(builtins)):
                if name in names:
                    return names[name]
        case ast.Attribute(value=owner, attr=name):
            return getattr(_value(owner, frame), name, None)
    return None
