"""How the database came to be as it is, one step a file, and the way to bring one up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config


def configuration(owner_url: str, application_role: str | None) -> Config:
    """Return what Alembic's commands are told: the role that owns the tables, and the one that the application has."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = owner_url
    config.attributes["application_role"] = application_role
    return config


def upgrade(owner_url: str, application_role: str | None) -> None:
    """Bring a database up to date; ``application_role`` gets what the application needs."""
    command.upgrade(configuration(owner_url, application_role), "head")
