"""The settings of authentication, read from the environment; a wrong one stops the start with one message that names it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

import httpx
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

from greenroom.kit.auth.authenticators import Authenticator, TokenAuthenticator
from greenroom.kit.auth.development import DevelopmentBypass, is_loopback, named_actor
from greenroom.kit.auth.issuers import Issuer
from greenroom.kit.auth.keysource import Timing
from greenroom.kit.auth.verifier import MAX_LEEWAY, Verifier, by_kind
from greenroom.kit.settings import Settings, SettingsError

_PREFIX: Final = "AUTH_"
_SIMPLE: Final = ("issuer", "audience", "jwks_url")

Words = Annotated[tuple[str, ...], NoDecode]
"""Parted by commas or blanks in the environment."""


class AuthSettings(Settings):
    """Settings named ``AUTH_…`` in the environment; times are in seconds.

    One issuer: ``issuer``, ``audience``, ``jwks_url``, and ``algorithms`` and ``scopes`` if need be. Several, or other types of tokens:
    ``issuers``, a JSON list of objects with the members of ``Issuer``. Both may be given. ``jwks_…`` are the fields of ``Timing``.
    ``remember`` is the number of tokens whose signature is not checked each time.
    ``plain_http`` allows key sets over http from other machines: whoever can change what passes there can sign in as anybody.
    ``bypass`` (such as human:ada) switches authentication off; it needs ``environment`` to be "development" and ``bind``, the address
    that the server listens on, to be loopback; ``bypass_scopes`` are what everybody then holds.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", hide_input_in_errors=True)

    issuer: str | None = None
    audience: str | None = None
    jwks_url: str | None = None
    algorithms: Words = ("EdDSA",)
    scopes: Words = ()
    issuers: tuple[Issuer, ...] = ()
    leeway: float = Field(default=30, ge=0, le=MAX_LEEWAY)
    max_token_size: int = Field(default=8192, ge=256, le=65536)
    remember: int = Field(default=1024, ge=0, le=100_000)
    jwks_fresh: float = Field(default=3600, ge=1, le=24 * 3600)
    jwks_stale: float = Field(default=24 * 3600, ge=0, le=7 * 24 * 3600)
    jwks_back_off: float = Field(default=10, ge=1, le=300)
    jwks_timeout: float = Field(default=5, gt=0, le=30)
    plain_http: bool = False
    environment: str = "production"
    bind: str | None = None
    bypass: str | None = None
    bypass_scopes: Words = ()

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # whatever fields take; pydantic checks it
        """Read the environment; what is given wins. Raises ``SettingsError``."""
        try:
            super().__init__(**given)
        except UnreadableError as error:
            raise SettingsError(f"{_PREFIX}ISSUERS is no JSON: {error.__cause__}") from None

    @field_validator("algorithms", "scopes", "bypass_scopes", mode="before")
    @classmethod
    def _parted(cls, value: Any) -> Any:  # noqa: ANN401  # whatever the environment or the caller gives
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("bypass")
    @classmethod
    def _names_an_actor(cls, value: str | None) -> str | None:
        if value is not None:
            named_actor(value)
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.bypass is not None:
            self._check_bypass()
            return self
        missing = [name for name in _SIMPLE if not getattr(self, name)]
        if missing and (len(missing) < len(_SIMPLE) or not self.issuers):
            names = " and ".join(_PREFIX + name.upper() for name in missing)
            raise ValueError(f"{names} must be set, or {_PREFIX}ISSUERS in place of all three")
        try:
            entries = by_kind(self.all_issuers)
        except ValidationError as error:
            raise ValueError(self.told(error)) from None
        except ValueError as error:
            raise ValueError(f"{_PREFIX}ISSUERS: {error}") from None
        for url in {one.jwks_url for one in entries.values()}:
            parsed = httpx.URL(url)
            if parsed.scheme == "http" and not self.plain_http and not is_loopback(parsed.host):
                raise ValueError(f"{_PREFIX}JWKS_URL {url} must be https; or set {_PREFIX}PLAIN_HTTP=true, in a network that you trust")
        return self

    @property
    def all_issuers(self) -> tuple[Issuer, ...]:
        """Return the issuers, however they are given."""
        if not (self.issuer and self.audience and self.jwks_url):
            return self.issuers
        simple = Issuer(
            issuer=self.issuer,
            audience=self.audience,
            jwks_url=self.jwks_url,
            algorithms=self.algorithms,
            scopes=frozenset(self.scopes),
        )
        return simple, *self.issuers

    def authenticator(self) -> Authenticator:
        """Return what these settings ask for, to be put at ``app.state.authenticator`` and closed at the end."""
        if self.bypass is not None:
            actor = named_actor(self.bypass, frozenset(self.bypass_scopes))
            return DevelopmentBypass(actor, environment=self.environment, bind=self.bind or "")
        timing = Timing(self.jwks_fresh, self.jwks_stale, self.jwks_back_off, self.jwks_timeout)
        return TokenAuthenticator(
            Verifier(self.all_issuers, leeway=self.leeway, max_size=self.max_token_size, timing=timing, remember=self.remember)
        )

    def _check_bypass(self) -> None:
        if self.environment != "development":
            raise ValueError(f"{_PREFIX}BYPASS is for development only: {_PREFIX}ENVIRONMENT is {self.environment!r}")
        if self.bind is None or not is_loopback(self.bind):
            raise ValueError(
                f"{_PREFIX}BYPASS needs {_PREFIX}BIND to be the loopback address that the server listens on, such as 127.0.0.1"
            )
