"""The registered claims of a token, checked (RFC 7519, section 4.1)."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from greenroom.kit.auth.issuers import Issuer
from greenroom.kit.auth.signatures import TokenError

MAX_SUBJECT: Final = 255
"""OpenID Connect Core 1.0, section 2: a subject has at most 255 characters."""

_MAX_TIME: Final = 2**53


def check_claims(claims: Mapping[str, Any], issuer: Issuer, *, leeway: float) -> None:
    """Check audience, times and subject; ``leeway`` in seconds is for clocks that differ. Raises ``TokenError``."""
    now = time.time()
    if issuer.audience not in _audiences(claims):
        raise TokenError("The token is for another audience")
    if now >= _time(claims, "exp") + leeway:
        raise TokenError("The token has expired")
    if now < _time(claims, "iat") - leeway:
        raise TokenError("The token is issued in the future")
    if "nbf" in claims and now < _time(claims, "nbf") - leeway:
        raise TokenError("The token is not valid yet")
    if not is_identifier(claims.get("sub")):
        raise TokenError("The token does not name its subject")


def is_identifier(value: Any) -> bool:  # noqa: ANN401  # whatever JSON holds
    """Tell whether it is a string that can name somebody, and that PostgreSQL can store: no control characters, no lone surrogates."""
    return isinstance(value, str) and 0 < len(value) <= MAX_SUBJECT and value.strip() == value and is_clean(value)


def is_clean(text: str) -> bool:
    """Tell whether there are neither control characters nor lone surrogates in it."""
    return text.isprintable() or not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _audiences(claims: Mapping[str, Any]) -> list[Any]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # The comparison is false for NaN, which Python's JSON reads, and which is never later than now.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_TIME:
        raise TokenError(f"The token has no sound {name}")
    return value
