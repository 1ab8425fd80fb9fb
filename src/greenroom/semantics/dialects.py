"""What each dialect gives back from a flush: whether INSERT can fetch generated values with RETURNING."""

from __future__ import annotations

RETURNING_ON_INSERT: dict[str, bool] = {
    "postgresql": True,
    "sqlite": True,
    "mariadb": True,
    "oracle": True,
    "mssql": True,
    "mysql": False,
}
"""``eager_defaults="auto"`` fetches server defaults on INSERT just where this is true
(SQLAlchemy 2.0, "ORM - Mapper configuration: eager_defaults")."""
