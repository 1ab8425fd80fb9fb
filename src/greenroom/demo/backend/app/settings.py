"""Configuration from the environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Everything that differs between deployments."""

    database_url: str = os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///./onboarding.db")
    reminder_after_days: int = 3


settings = Settings()
