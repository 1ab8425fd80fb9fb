"""The settings of the edge, read from the environment; a wrong one stops the start with one message that names it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from greenroom.kit.settings import Settings

_PREFIX: Final = "WEB_"

Words = Annotated[tuple[str, ...], NoDecode]
"""Several values, separated by commas in the environment."""


class WebSettings(Settings):
    """Settings named ``WEB_…`` in the environment; times are in seconds, sizes in bytes.

    ``origins`` are those of browsers that may read answers (CORS), ``hosts`` the names under which the service is reached (``*`` for
    any). ``rate`` requests a second are let through for each address, ``burst`` at once; 0 is no limit.
    ``drain`` is how long readiness answers 503 before the server stops accepting.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", hide_input_in_errors=True)

    origins: Words = ()
    credentials: bool = False
    hosts: Words = ("*",)
    max_body_size: int = Field(default=1_048_576, ge=0)
    rate: float = Field(default=0, ge=0)
    burst: int = Field(default=100, ge=1)
    drain: float = Field(default=5, ge=0, le=300)

    # For type checkers, which else demand a tuple where a text of words is read as one.
    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # whatever fields take; pydantic checks it
        """Read the environment; what is given wins. Raises ``SettingsError``."""
        super().__init__(**given)

    @field_validator("origins", "hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if origin != "*" and (
                parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin or not parts.netloc
            ):
                raise ValueError(f"{origin!r} is no origin: write https://host or http://host:port, without a path")
        return value

    @model_validator(mode="after")
    def _no_credentials_for_everybody(self) -> Self:
        if self.credentials and "*" in self.origins:
            raise ValueError(
                "WEB_ORIGINS is * and WEB_CREDENTIALS is on: any site could act as its visitors; name the origins, or turn credentials off"
            )
        return self
