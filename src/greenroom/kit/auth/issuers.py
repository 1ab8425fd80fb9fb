"""Who may issue tokens for this service, and what theirs look like."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from greenroom.kit.auth.algorithms import Algorithm, algorithm

SESSION_TYPES = ("", "JWT")
"""``typ`` of session tokens: Better Auth sets none, most others ``JWT``."""

ACCESS_TOKEN = "at+jwt"  # noqa: S105  # the media type of RFC 9068, not a password
"""``typ`` of OAuth access tokens, RFC 9068, section 2.1."""


class Issuer(BaseModel):
    """One kind of token that is accepted: a server that issues two kinds has two entries.

    ``issuer`` and ``audience`` are compared with ``iss`` and ``aud`` to the letter. ``types`` are the values of ``typ`` accepted, "" for
    none. ``scopes`` are held by tokens that have no claim ``scope``: what a session is allowed, where only OAuth tokens are limited.
    ``realm`` is whose subjects its tokens speak of, and the ``issuer`` of their actors: entries of one server, which differ in ``iss``,
    have one realm, so that a subject is the same actor with either token. Without it, it is ``issuer``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: Annotated[str, Field(min_length=1, max_length=255)]
    audience: Annotated[str, Field(min_length=1, max_length=255)]
    jwks_url: str
    algorithms: tuple[str, ...] = Field(default=("EdDSA",), min_length=1)
    types: tuple[str, ...] = Field(default=SESSION_TYPES, min_length=1)
    scopes: frozenset[str] = frozenset()
    realm: Annotated[str, Field(min_length=1, max_length=255)] | None = None

    @field_validator("jwks_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a URL such as https://auth.example.com/api/auth/jwks")
        return value

    @field_validator("algorithms")
    @classmethod
    def _are_asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            algorithm(name)
        return value

    @property
    def accepted(self) -> frozenset[Algorithm]:
        """Return the algorithms themselves."""
        return frozenset(algorithm(name) for name in self.algorithms)

    @classmethod
    def better_auth(
        cls, origin: str, *, resource: str | None = None, algorithms: tuple[str, ...] = ("EdDSA",), scopes: frozenset[str] = frozenset()
    ) -> tuple[Self, ...]:
        """Return the entries for a Better Auth server (1.7): its session tokens, and with ``resource`` its OAuth access tokens.

        The two kinds differ in ``iss``, ``aud`` and ``typ``; both are signed with the keys of one JWKS, and speak of the same users.
        ``scopes`` are what a session holds. https://www.better-auth.com/docs/plugins/jwt
        """
        base = f"{origin}/api/auth"
        session = cls(issuer=origin, audience=origin, jwks_url=f"{base}/jwks", algorithms=algorithms, scopes=scopes)
        if resource is None:
            return (session,)
        access = cls(issuer=base, audience=resource, jwks_url=session.jwks_url, algorithms=algorithms, types=(ACCESS_TOKEN,), realm=origin)
        return session, access


def media_type(typ: str) -> str:
    """Return ``typ`` as it is compared: without case and without ``application/`` (RFC 7515, section 4.1.9)."""
    return typ.lower().removeprefix("application/")
