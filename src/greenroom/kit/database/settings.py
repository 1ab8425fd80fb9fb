"""The settings of the database, read from the environment; a wrong one stops the start with one message that names it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from greenroom.kit.database.url import Target, parse
from greenroom.kit.settings import Settings

_PREFIX = "DATABASE_"


class DatabaseSettings(Settings):
    """Settings named ``DATABASE_…`` in the environment; times are in seconds.

    ``url`` is where the application writes and reads. ``read_url`` is a replica for reads, ``owner_url`` the owner role's for
    migrations; both are ``url`` where they are not given. ``pooled`` says whether a transaction-mode pooler stands between;
    None asks the host's name. ``connect_patience`` is how long connecting is retried while the server starts.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", hide_input_in_errors=True)

    hints: ClassVar = MappingProxyType({"url": "give a URL such as postgresql://user:password@host/database"})

    url: SecretStr
    read_url: SecretStr | None = None
    owner_url: SecretStr | None = None
    pooled: bool | None = None
    pool_size: int = Field(default=10, ge=1, le=1000)
    pool_overflow: int = Field(default=5, ge=0, le=1000)
    pool_timeout: float = Field(default=5, gt=0, le=300)
    pool_recycle: float = Field(default=1800, gt=0)
    ping_after: float = Field(default=30, ge=0)
    connect_timeout: float = Field(default=5, gt=0, le=300)
    connect_patience: float = Field(default=10, ge=0, le=300)
    statement_timeout: float = Field(default=30, ge=0)
    idle_in_transaction_timeout: float = Field(default=60, ge=0)
    application_name: str = Field(default="greenroom", min_length=1, max_length=63)

    # For type checkers, which else demand a SecretStr where a string is read as one.
    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # whatever fields take; pydantic checks it
        """Read the environment; what is given wins. Raises ``SettingsError``."""
        super().__init__(**given)

    @field_validator("url", "read_url", "owner_url")
    @classmethod
    def _readable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if self.connect_timeout > self.connect_patience > 0:
            raise ValueError("DATABASE_CONNECT_TIMEOUT must not be longer than DATABASE_CONNECT_PATIENCE")
        return self

    @property
    def target(self) -> Target:
        """Return where writes go."""
        return parse(self.url.get_secret_value(), pooled=self.pooled)

    @property
    def read_target(self) -> Target:
        """Return where reads go."""
        return parse((self.read_url or self.url).get_secret_value(), pooled=self.pooled)

    @property
    def owner_target(self) -> Target:
        """Return where migrations go."""
        return parse(self.owner_url.get_secret_value()) if self.owner_url else self.target
