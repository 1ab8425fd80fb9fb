"""What an asynchronous session lacks is what the table says."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from greenroom.semantics.sessions import PLAIN_ONLY

NO_WORK = {"bind_mapper", "bind_table", "connection_callable", "dispatch"}
"""Members that do nothing to a database; SQLAlchemy 2.1 gives the first two to asynchronous sessions."""


def test_methods_of_plain_sessions_only() -> None:
    lacking = {name for name in dir(Session) if not name.startswith("_") and not hasattr(AsyncSession, name)}
    assert lacking - NO_WORK == PLAIN_ONLY
