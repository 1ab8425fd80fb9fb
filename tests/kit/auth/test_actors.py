"""The actor that a token speaks of."""

from __future__ import annotations

import httpx
import pytest

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.auth import ACCESS_TOKEN, Issuer
from greenroom.kit.auth.subjects import actor
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer, bearer

SESSION = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_url="https://auth.test/jwks", scopes=frozenset({"all"}))


def made(claims: dict[str, object], typ: str = "") -> Actor:
    return actor({"iss": ISSUER, "sub": "ada", **claims}, SESSION, typ)


@pytest.mark.parametrize(
    ("typ", "claims", "kind", "identity", "on_behalf_of"),
    [
        ("", {}, ActorKind.HUMAN, "ada", None),
        ("", {"actor_type": "human"}, ActorKind.HUMAN, "ada", None),
        ("", {"actor_type": "agent"}, ActorKind.AGENT, "ada", None),
        ("", {"client_id": "ada"}, ActorKind.HUMAN, "ada", None),
        (ACCESS_TOKEN, {"client_id": "ada"}, ActorKind.AGENT, "ada", None),
        (ACCESS_TOKEN, {"client_id": "web"}, ActorKind.HUMAN, "ada", None),
        (ACCESS_TOKEN, {}, ActorKind.HUMAN, "ada", None),
        (ACCESS_TOKEN, {"client_id": "ada", "actor_type": "human"}, ActorKind.HUMAN, "ada", None),
        ("", {"act": {"sub": "bot"}}, ActorKind.AGENT, "bot", "ada"),
        ("", {"act": {"sub": "bot", "iss": ISSUER}}, ActorKind.AGENT, "bot", "ada"),
        ("", {"act": {"sub": "support", "actor_type": "human"}}, ActorKind.HUMAN, "support", "ada"),
        ("", {"actor_type": "human", "act": {"sub": "bot", "act": {"sub": "elder"}}}, ActorKind.AGENT, "bot", "ada"),
        (ACCESS_TOKEN, {"client_id": "ada", "act": {"sub": "bot"}}, ActorKind.AGENT, "bot", "ada"),
    ],
)
def test_the_table(typ: str, claims: dict[str, object], kind: ActorKind, identity: str, on_behalf_of: str | None) -> None:
    one = made(claims, typ)
    assert (one.kind, one.id, one.issuer, one.on_behalf_of) == (kind, identity, ISSUER, on_behalf_of)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, {"all"}),
        ({"scope": ""}, set()),
        ({"scope": "tasks:read  tasks:write"}, {"tasks:read", "tasks:write"}),
        ({"scope": ["tasks:read"]}, set()),
        ({"scope": None}, set()),
    ],
)
def test_scopes_are_the_tokens_or_else_the_issuers(claims: dict[str, object], scopes: set[str]) -> None:
    assert made(claims).scopes == scopes


@pytest.mark.parametrize(
    ("name", "kept"),
    [("Ada", "Ada"), (" A\0d\na ", "Ada"), ("\ud800", None), ("", None), (7, None), ("👩\u200d💻", "👩\u200d💻"), ("x" * 201, "x" * 200)],
)
def test_a_name_is_made_fit_to_store(name: object, kept: str | None) -> None:
    one = made({"name": name, "email": name})
    assert (one.name, one.email) == (kept, kept)


def test_who_acts_for_another_does_not_get_their_name() -> None:
    one = made({"name": "Ada", "email": "ada@example.com", "act": {"sub": "bot", "name": "Bot"}})
    assert (one.name, one.email) == ("Bot", None)


def test_claims_are_kept_for_the_project() -> None:
    assert made({"tenant": "acme"}).claims["tenant"] == "acme"


@pytest.mark.anyio
async def test_the_type_of_the_token_chooses_the_entry(client: httpx.AsyncClient, signer: Signer) -> None:
    answer = await client.get("/me", headers=bearer(signer.token(header={"typ": "at+jwt"}, sub="bot", client_id="bot", scope="tasks:read")))
    assert (answer.json()["kind"], answer.json()["id"], answer.json()["scopes"]) == ("agent", "bot", ["tasks:read"])
    answer = await client.get("/me", headers=bearer(signer.token(header={"typ": "application/AT+JWT"})))
    assert (answer.json()["kind"], answer.json()["scopes"]) == ("human", [])
