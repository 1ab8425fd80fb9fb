"""Alembic's environment."""

from __future__ import annotations

from alembic import context

from greenroom.kit.database import migrations
from taskflow.record import Record

migrations.run(Record.metadata, context.config.attributes["url"])
