"""What latent hazards say."""

from __future__ import annotations

from greenroom.trace import Kind

MESSAGES = {
    Kind.LOADED_IN_GREENLET: "`{subject}` was loaded by reading it, which only a function under run_sync can do",
    Kind.IDENTITY_MAP: "`{subject}` was answered by the identity map, where its target was for another reason{at}; other rows need a query",
    Kind.LEFT_OVER: "`{subject}` is in memory only because a test loaded it{at}; the application's own query does not",
    Kind.KINDER_SESSION: "`{subject}` is in memory only because a test's session keeps it at the commit{at}; the application's expire it",
}
MENDS = {
    Kind.LOADED_IN_GREENLET: "load it with the query, or by awaitable_attrs",
    Kind.IDENTITY_MAP: "load it with the query, by a loader option such as selectinload",
    Kind.LEFT_OVER: "load it with the query, and let the test begin with an empty session (expunge_all)",
    Kind.KINDER_SESSION: "make the test's sessions with the options of the application's factory",
}
