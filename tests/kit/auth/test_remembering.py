"""A token that is remembered is refused when it would be refused without."""

from __future__ import annotations

import asyncio
import time

import pytest

from greenroom.kit.auth import Issuer, Timing, TokenError, Verifier
from greenroom.kit.auth.signatures import Unverified
from greenroom.kit.problems import Unavailable
from tests.kit.auth.clock import HOUR, Clock
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer

pytestmark = pytest.mark.anyio


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the keys with which signatures were checked."""
    checked: list[str] = []
    verify = Unverified.verify

    def counted(self: Unverified, key: object) -> None:
        checked.append(self.kid)
        verify(self, key)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(Unverified, "verify", counted)
    return checked


def verifier(server: KeyServer, clock: Clock | None = None, remember: int = 2) -> Verifier:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_url=server.url)
    return Verifier([issuer], leeway=0, timing=Timing(timeout=1), clock=clock or Clock(), remember=remember)


async def test_a_signature_is_checked_once(key_server: KeyServer, signer: Signer, signatures: list[str]) -> None:
    verifying, token = verifier(key_server), signer.token()
    actors = [await verifying.verify(token) for _ in range(5)]
    assert len(signatures) == 1
    assert all(actor == actors[0] for actor in actors)
    await verifying.close()


async def test_as_many_as_are_wanted_are_remembered_the_last_ones(key_server: KeyServer, signer: Signer, signatures: list[str]) -> None:
    verifying = verifier(key_server)
    first, second, third = (signer.token(sub=name) for name in ("first", "second", "third"))
    for token in (first, second, first, third, first):
        await verifying.verify(token)
    assert len(signatures) == 3
    await verifying.verify(second)
    assert len(signatures) == 4
    await verifying.close()


async def test_nothing_is_remembered_where_it_is_not_wanted(key_server: KeyServer, signer: Signer, signatures: list[str]) -> None:
    verifying, token = verifier(key_server, remember=0), signer.token()
    for _ in range(3):
        await verifying.verify(token)
    assert len(signatures) == 3
    await verifying.close()


async def test_a_token_that_expires_meanwhile_is_refused(key_server: KeyServer, signer: Signer) -> None:
    verifying, token = verifier(key_server), signer.token(exp=time.time() + 0.3)
    await verifying.verify(token)
    await asyncio.sleep(0.35)
    with pytest.raises(TokenError, match="expired"):
        await verifying.verify(token)
    await verifying.close()


async def test_a_token_whose_key_is_withdrawn_or_replaced_meanwhile_is_refused(key_server: KeyServer, signer: Signer) -> None:
    clock = Clock()
    verifying, token = verifier(key_server, clock), signer.token()
    for published in (Signer("EdDSA", "another"), Signer("EdDSA", signer.kid)):
        key_server.publish(signer)
        await verifying.verify(token)
        await verifying.verify(token)
        key_server.publish(published)
        clock.passes(HOUR)
        with pytest.raises(TokenError):
            await verifying.verify(token)
        clock.passes(HOUR)
    await verifying.close()


async def test_keys_that_cannot_be_had_for_too_long_are_not_replaced_by_memory(key_server: KeyServer, signer: Signer) -> None:
    clock = Clock()
    verifying, token = verifier(key_server, clock), signer.token()
    await verifying.verify(token)
    key_server.say(b"", "503 Service Unavailable")
    clock.passes(24 * HOUR)
    await verifying.verify(token)
    clock.passes(2 * HOUR)
    with pytest.raises(Unavailable):
        await verifying.verify(token)
    await verifying.close()


async def test_a_token_that_is_refused_is_not_remembered(key_server: KeyServer, signer: Signer, signatures: list[str]) -> None:
    verifying = verifier(key_server)
    head, _, _ = signer.token().rpartition(".")
    for _ in range(2):
        with pytest.raises(TokenError, match="signature"):
            await verifying.verify(f"{head}.{'A' * 86}")
    assert len(signatures) == 2
    await verifying.close()
