"""What each method of ``Session`` and ``AsyncSession`` does. One row, one method.

Source of the facts: executed probes on SQLAlchemy 2.0.58 and 2.1.9, kept as specifications in ``tests/semantics``.
"""

from __future__ import annotations

from greenroom.semantics.effects import (
    Attach,
    Autoflush,
    Close,
    Commit,
    Delete,
    Detach,
    Execute,
    Expire,
    Flush,
    Get,
    Inert,
    Merge,
    OpenBlock,
    Operation,
    Refresh,
    Rollback,
    RunSync,
)

PLAIN_ONLY = frozenset(
    {"bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings", "enable_relationship_loading", "prepare", "query"}
)
"""Methods of ``Session`` that ``AsyncSession`` lacks."""
OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("add", (Attach(),)),
        Operation("add_all", (Attach(each=True),)),
        Operation("delete", (Delete(),), awaits=True),
        Operation("flush", (Flush(),), awaits=True),
        Operation("commit", (Flush(), Commit()), awaits=True),
        Operation("rollback", (Rollback(),), awaits=True),
        Operation("close", (Close(),), awaits=True),
        Operation("aclose", (Close(),), awaits=True),
        Operation("reset", (Close(),), awaits=True),
        Operation("invalidate", (Close(),), awaits=True),
        Operation("remove", (Close(),), awaits=True),
        Operation("expire", (Expire(),)),
        Operation("expire_all", (Expire(everything=True),)),
        Operation("expunge", (Detach(),)),
        Operation("expunge_all", (Detach(everything=True),)),
        Operation("refresh", (Refresh(),), awaits=True),
        Operation("merge", (Autoflush(), Merge()), awaits=True),
        Operation("get", (Get(),), awaits=True),
        Operation("get_one", (Get(required=True),), awaits=True),
        Operation("execute", (Execute("rows"),), awaits=True),
        Operation("exec", (Execute("exec"),), awaits=True),
        Operation("scalars", (Execute("scalars"),), awaits=True),
        Operation("scalar", (Execute("scalar"),), awaits=True),
        Operation("stream", (Execute("rows", stream=True),), awaits=True),
        Operation("stream_scalars", (Execute("scalars", stream=True),), awaits=True),
        Operation("run_sync", (RunSync(),), awaits=True),
        Operation("begin", (OpenBlock("begin"),)),
        Operation("begin_nested", (OpenBlock("nested"),)),
        Operation("connection", (Inert(),), awaits=True),
        Operation("close_all", (Inert(),), awaits=True),
        Operation("in_transaction", (Inert(),)),
        Operation("in_nested_transaction", (Inert(),)),
        Operation("is_modified", (Inert(),)),
        Operation("get_bind", (Inert(),)),
        Operation("get_transaction", (Inert(),)),
        Operation("get_nested_transaction", (Inert(),)),
    )
}
