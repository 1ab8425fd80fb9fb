"""What an asynchronous session lacks is what the table says."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from greenroom.semantics.sessions import PLAIN_ONLY


def test_methods_of_plain_sessions_only() -> None:
    lacking = {name for name in dir(Session) if not name.startswith("_") and not hasattr(AsyncSession, name)}
    assert lacking - {"connection_callable", "dispatch"} == PLAIN_ONLY
