"""The seam to the JOSE library: nothing else in the kit imports it, but for the keys in ``keysets``."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from greenroom.kit.auth.algorithms import ALGORITHMS
from greenroom.kit.auth.keysets import VerificationKey

MAX_KID: Final = 255
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_REFUSED = frozenset({"crit", "b64", "jku", "jwk", "x5u", "x5c"})
"""Header parameters that change what is signed, or bring or fetch a key (RFC 8725, section 3.10)."""


class TokenError(Exception):
    """A token that is not accepted; the message is plain ASCII for the client, and repeats nothing of the token."""


class _Registry(JWSRegistry):
    """Verifies EdDSA as Ed25519: the curve is checked, and no deprecation warning is issued for each token."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401  # a type that the library does not export
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


# Unknown header parameters are to be ignored (RFC 7515, section 4); the dangerous ones are refused here.
_REGISTRY = _Registry(algorithms=tuple(ALGORITHMS), strict_check_header=False)


def _unambiguous(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what two readers may read differently: names must be unique (RFC 7515, section 4, and RFC 7519, section 4)."""
    read = dict(members)
    if len(read) != len(members):
        raise ValueError("a member is given twice")
    return read


class Unverified:
    """A token that has been read and not verified: ``header`` and ``claims`` are what anybody may have written."""

    __slots__ = ("_signed", "alg", "claims", "header", "kid")

    def __init__(self, token: str, *, max_size: int) -> None:
        """Read a token of at most so many characters. Raises ``TokenError``."""
        if len(token) > max_size:
            raise TokenError("The token is too long")
        if not _COMPACT.fullmatch(token):
            raise TokenError("The token is no signed JWT")
        try:
            self._signed: CompactSignature = extract_compact(token.encode("ascii"), registry=_REGISTRY)
            claims = json.loads(self._signed.payload, object_pairs_hook=_unambiguous)
            # Read again: of a member that is given twice the library has taken the last, and that it is an object it has not checked.
            header = json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="), object_pairs_hook=_unambiguous)
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            raise TokenError("The token is no signed JWT") from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise TokenError("The token is no signed JWT")
        self.header: Mapping[str, Any] = header
        self.claims: Mapping[str, Any] = claims
        self.alg = self._checked_alg()
        self.kid = self._checked_kid()

    def _checked_alg(self) -> str:
        alg = self.header.get("alg")
        if not isinstance(alg, str) or alg not in ALGORITHMS:
            raise TokenError("The token is signed with an algorithm that is not accepted")
        if not _REFUSED.isdisjoint(self.header):
            raise TokenError("The token has a header parameter that is not accepted")
        return alg

    def _checked_kid(self) -> str:
        kid = self.header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID:
            raise TokenError("The token does not name its key")
        return kid

    def verify(self, key: VerificationKey) -> None:
        """Check the signature. Raises ``TokenError``."""
        try:
            sound = validate_compact(self._signed, key.material, registry=_REGISTRY)
        except (JoseError, ValueError):
            sound = False
        if not sound:
            raise TokenError("The signature of the token is wrong")
