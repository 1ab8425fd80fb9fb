"""What TaskFlow itself can be told; the kit's parts have settings of their own (``DATABASE_…``, ``AUTH_…``, ``WEB_…``)."""

from __future__ import annotations

from enum import StrEnum

from pydantic_settings import SettingsConfigDict

from greenroom.kit import settings


class Environment(StrEnum):
    """Where it runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(settings.Settings):
    """Settings named ``TASKFLOW_…`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="TASKFLOW_", extra="ignore")

    environment: Environment = Environment.PRODUCTION
