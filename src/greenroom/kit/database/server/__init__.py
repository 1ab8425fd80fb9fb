"""A real PostgreSQL for demo, development and tests: the one that is given, an installed one, or one from a wheel."""

from greenroom.kit.database.server.cluster import Cluster, ServerError
from greenroom.kit.database.server.programs import NoPostgresError, Programs, find_programs
from greenroom.kit.database.server.provide import Server, development, temporary
from greenroom.kit.database.server.roles import Roles, Urls, create_database, drop_database

__all__ = [
    "Cluster",
    "NoPostgresError",
    "Programs",
    "Roles",
    "Server",
    "ServerError",
    "Urls",
    "create_database",
    "development",
    "drop_database",
    "find_programs",
    "temporary",
]
