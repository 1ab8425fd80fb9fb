"""Who changes something, by which operation and why: told to the database once a transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson
from sqlalchemy import Connection, event, text
from sqlalchemy import orm as sqlalchemy_orm
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.actors import Actor
from greenroom.kit.database import Session

KEY: Final = "trail"
"""Where a session's ``info`` holds its context."""

# Local to the transaction: a pooled connection does not carry it on to the next.
# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET
_TELL: Final = text("SELECT set_config('greenroom.trail', :context, true)")


@dataclass(frozen=True, slots=True)
class Context:
    """What the rows of the trail say beside the change itself.

    ``operation`` is the name of what was done in the words of the business (``approve_task``); ``reason`` is what somebody gave for it.
    """

    actor: Actor
    operation: str | None = None
    request_id: str | None = None
    reason: str | None = None

    def document(self) -> str:
        """Return it as the database reads it; text that PostgreSQL cannot hold (NUL) is left out of it."""
        actor = self.actor
        return (
            orjson.dumps(
                {
                    "actor": {
                        "kind": actor.kind,
                        "id": actor.id,
                        "issuer": actor.issuer,
                        "name": actor.name,
                        "on_behalf_of": actor.on_behalf_of,
                    },
                    "operation": self.operation,
                    "request_id": self.request_id,
                    "reason": self.reason,
                }
            )
            .decode()
            .replace("\\u0000", "")
        )


def tell_contexts(sessions: type[sqlalchemy_orm.Session]) -> None:
    """Tell the database the context of each transaction as it begins: one statement. For ``Database(..., listeners=[tell_contexts])``."""
    event.listen(sessions, "after_begin", _tell)


def _tell(session: sqlalchemy_orm.Session, _transaction: sqlalchemy_orm.SessionTransaction, connection: Connection) -> None:
    context = session.info.get(KEY)
    if isinstance(context, Context) and not connection.in_nested_transaction():
        connection.execute(_TELL, {"context": context.document()})


async def act(session: Session, context: Context) -> None:
    """Say on whose behalf the session changes things from here on."""
    session.info[KEY] = context
    if session.in_transaction() and session.sync_session.connection_in_use is not None:
        await tell(await session.connection(), context)


async def note(session: Session, *, operation: str | None = None, reason: str | None = None) -> None:
    """Say more about what follows in this transaction: which operation it is, or why it is done.

    Raises ``LookupError`` when the session has no context to add to.
    """
    context = session.info.get(KEY)
    if context is None:
        raise LookupError("this session has no context: begin it with info={'trail': Context(actor)}, or use the dependency Recorded")
    await act(session, replace(context, operation=operation or context.operation, reason=reason or context.reason))


async def tell(connection: AsyncConnection, context: Context) -> None:
    """Tell the context for the running transaction of a plain connection: in a migration or a script."""
    await connection.execute(_TELL, {"context": context.document()})
