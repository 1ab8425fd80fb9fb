"""Session classes by name: SQLAlchemy's, SQLModel's and what projects derive from them."""

from __future__ import annotations

import enum

from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Symbol


class SessionKind(enum.Enum):
    """What an object that holds ORM instances is."""

    ASYNC = "async"
    SYNC = "sync"


_ROOTS = {"sqlalchemy", "sqlmodel", "fastapi_async_sqlalchemy", "advanced_alchemy", "litestar"}
_KINDS = {
    "AsyncSession": SessionKind.ASYNC,
    "async_scoped_session": SessionKind.ASYNC,
    "Session": SessionKind.SYNC,
    "scoped_session": SessionKind.SYNC,
}


def session_kind(program: Program, symbol: Symbol | None) -> SessionKind | None:
    """Return the kind of session that a class makes; None for every other symbol."""
    if isinstance(symbol, External):
        return _KINDS.get(symbol.name) if symbol.root in _ROOTS else None
    if isinstance(symbol, Class):
        kinds = (session_kind(program, base) for base in program.mro(symbol) if isinstance(base, External))
        return next((kind for kind in kinds if kind is not None), None)
    return None
