"""How the database came to be as it is, one step a file, and the way to bring one up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(owner_url: str, application_role: str | None, *, to: str = "head") -> None:
    """Bring a database up to date as the role that owns its tables; ``application_role`` gets what the application needs."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = owner_url
    config.attributes["application_role"] = application_role
    command.upgrade(config, to)
