"""Tokens that have been verified: the signature of a token that comes again need not be checked again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from greenroom.kit.actors import Actor
from greenroom.kit.auth.issuers import Issuer
from greenroom.kit.auth.keysets import VerificationKey


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token was verified by, and whom it speaks of; it holds for as long as the issuer's key of that name is this very one."""

    issuer: Issuer
    kid: str
    key: VerificationKey
    actor: Actor


class Remembered:
    """The tokens last verified, at most ``size``. Only sound ones get in, so nobody without a token can push others out.

    They are found by their SHA-256, so that no token is kept in memory.
    """

    def __init__(self, size: int) -> None:
        """Remember nothing yet, and with ``size`` 0 nothing ever."""
        self._size = size
        self._verified: OrderedDict[bytes, Verified] = OrderedDict()

    def get(self, token: str) -> Verified | None:
        """Return what is known of a token."""
        if not self._verified:
            return None
        digest = _digest(token)
        found = self._verified.get(digest)
        if found is not None:
            self._verified.move_to_end(digest)
        return found

    def put(self, token: str, verified: Verified) -> None:
        """Remember a token, and forget the one that has not come for longest where there are too many."""
        if self._size:
            self._verified[_digest(token)] = verified
            if len(self._verified) > self._size:
                self._verified.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
