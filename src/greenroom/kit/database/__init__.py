"""Engines and sessions for async PostgreSQL, one transaction a request, and a real server to run on."""

from greenroom.kit.database.database import Database
from greenroom.kit.database.dependencies import Reading, Writing, database_of, reading, writing
from greenroom.kit.database.failures import AwayError, Broken, Constraints, Contended, is_away, sqlstate, translated
from greenroom.kit.database.lazy import ImplicitLoadError, forbid_implicit_loads
from greenroom.kit.database.retry import Tries
from greenroom.kit.database.routes import RetryingRoute
from greenroom.kit.database.sessions import Listener, Session, SyncSession, TransactionError, session_factory
from greenroom.kit.database.settings import DatabaseSettings
from greenroom.kit.database.unit import Isolation
from greenroom.kit.database.url import Target, UrlError, parse
from greenroom.kit.settings import SettingsError

__all__ = [
    "AwayError",
    "Broken",
    "Constraints",
    "Contended",
    "Database",
    "DatabaseSettings",
    "ImplicitLoadError",
    "Isolation",
    "Listener",
    "Reading",
    "RetryingRoute",
    "Session",
    "SettingsError",
    "SyncSession",
    "Target",
    "TransactionError",
    "Tries",
    "UrlError",
    "Writing",
    "database_of",
    "forbid_implicit_loads",
    "is_away",
    "parse",
    "reading",
    "session_factory",
    "sqlstate",
    "translated",
    "writing",
]
