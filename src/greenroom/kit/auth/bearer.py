"""The header ``Authorization: Bearer …`` and its answers (RFC 6750)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from greenroom.kit.problems import Forbidden, Unauthenticated

REALM: Final = "api"
_BEARER = re.compile(r"bearer +([^ ]+) *", re.IGNORECASE)


def token_of(headers: Iterable[str]) -> str:
    """Return the token of the request's ``Authorization`` headers. Raises ``Unauthenticated``."""
    values = list(headers)
    if not values:
        # "should not include an error code" where nothing was tried, RFC 6750, section 3.1
        raise Unauthenticated("Send a token: Authorization: Bearer <token>", headers=_challenge())
    if len(values) > 1:
        raise refused("There is more than one Authorization header")
    match = _BEARER.fullmatch(values[0])
    if match is None:
        raise refused("The Authorization header is not of the form: Bearer <token>")
    return match[1]


def refused(reason: str) -> Unauthenticated:
    """Return the answer to a token that is not accepted; ``reason`` is plain ASCII without quotes."""
    return Unauthenticated(reason, headers=_challenge(error="invalid_token", error_description=reason))


def insufficient(scopes: Iterable[str]) -> Forbidden:
    """Return the answer to an actor who lacks one of these scopes."""
    wanted = " ".join(scopes)
    return Forbidden(f"This needs the scope {wanted}", headers=_challenge(error="insufficient_scope", scope=wanted))


def _challenge(**parameters: str) -> dict[str, str]:
    listed = ", ".join(f'{name}="{value}"' for name, value in {"realm": REALM, **parameters}.items())
    return {"WWW-Authenticate": f"Bearer {listed}"}
