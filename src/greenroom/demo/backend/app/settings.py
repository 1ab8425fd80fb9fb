"""Configuration from the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Everything that differs between deployments."""

    database_url: str = os.environ.get("DATABASE_URL", "postgresql+asyncpg://localhost/onboarding")
    legacy_url: str = os.environ.get("LEGACY_DATABASE_URL", "sqlite:///./legacy.db")
    warehouse_url: str = os.environ.get("WAREHOUSE_DATABASE_URL", "postgresql+asyncpg://reader@warehouse/onboarding")
    reporting_url: str = os.environ.get("REPORTING_DATABASE_URL", "postgresql+asyncpg://reader@reports-pooler.internal/onboarding")
    reminder_after_days: int = 3


settings = Settings()
