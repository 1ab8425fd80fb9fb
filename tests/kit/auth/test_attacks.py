"""Tokens that must not be accepted: each is answered 401 with a problem, and none makes the server fail."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import httpx
import pytest

from tests.kit.auth.clock import HOUR
from tests.kit.auth.keyserver import KeyServer
from tests.kit.auth.signing import AUDIENCE, ISSUER, Signer, bearer, encoded

pytestmark = pytest.mark.anyio


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 900, **changed}


def unsigned(alg: str, signature: str = "") -> Callable[[Signer], str]:
    return lambda signer: f"{encoded({'alg': alg, 'kid': signer.kid})}.{encoded(claims())}.{signature}"


def keyed_with(secret: Callable[[Signer], bytes], alg: str = "HS256") -> Callable[[Signer], str]:
    """Sign with HMAC, keyed with what everybody knows: the public key (RFC 8725, section 2.1)."""

    def make(signer: Signer) -> str:
        signed = f"{encoded({'alg': alg, 'kid': signer.kid})}.{encoded(claims())}"
        return f"{signed}.{encoded(hmac.new(secret(signer), signed.encode(), hashlib.sha256).digest())}"

    return make


def with_header(**more: object) -> Callable[[Signer], str]:
    return lambda signer: signer.token(header=dict(more))


def with_claims(**changed: object) -> Callable[[Signer], str]:
    return lambda signer: signer.raw(signer.header(), claims(**changed))


def later(name: str, seconds: float) -> Callable[[Signer], str]:
    return lambda signer: signer.raw(signer.header(), claims(**{name: int(time.time() + seconds)}))


def without(name: str) -> Callable[[Signer], str]:
    return lambda signer: signer.token(without=name)


def cut(change: Callable[[str, str, str], str]) -> Callable[[Signer], str]:
    return lambda signer: change(*signer.token().split("."))


def stranger(**header: object) -> Callable[[Signer], str]:
    """Sign with a key of our own under the kid of the issuer's."""
    return lambda signer: Signer(signer.alg, signer.kid).token(header=header)


def own_key_inside(signer: Signer) -> str:
    own = Signer(signer.alg, signer.kid)
    return own.token(header={"jwk": own.jwk()})


REFUSED: dict[str, Callable[[Signer], str]] = {
    **{f"alg {alg}": unsigned(alg) for alg in ("none", "None", "NONE", "nOnE", "", " none", "none\x00")},
    "alg none, signed": unsigned("none", "c2ln"),
    "alg none, signed soundly": with_header(alg="none"),
    "alg no text": with_header(alg=7),
    "alg a list": with_header(alg=["EdDSA"]),
    "alg null": with_header(alg=None),
    "HS256 with the public PEM": keyed_with(lambda signer: signer.key.as_pem(private=False)),
    "HS256 with the public DER": keyed_with(lambda signer: signer.key.as_der(private=False)),
    "HS256 with x": keyed_with(lambda signer: str(signer.key.as_dict()["x"]).encode()),
    "HS256 as EdDSA": keyed_with(lambda signer: signer.key.as_pem(private=False), alg="EdDSA"),
    "HS256 with nothing": keyed_with(lambda _: b""),
    "ES256 named, EdDSA signed": with_header(alg="ES256"),
    "RS256 named, EdDSA signed": with_header(alg="RS256"),
    "other issuer": with_claims(iss="https://evil.test"),
    "issuer with a slash": with_claims(iss=ISSUER + "/"),
    "issuer in capitals": with_claims(iss=ISSUER.upper()),
    "issuer a list": with_claims(iss=[ISSUER]),
    "no issuer": without("iss"),
    "other audience": with_claims(aud="https://other.test"),
    "audience list of others": with_claims(aud=["https://other.test", None]),
    "audience a dict": with_claims(aud={AUDIENCE: True}),
    "audience as a part": with_claims(aud=AUDIENCE + ".evil"),
    "no audience": without("aud"),
    "expired": later("exp", -HOUR),
    "expired beyond the leeway": later("exp", -31),
    "no exp": without("exp"),
    **{f"exp {exp!r}": with_claims(exp=exp) for exp in ("9999999999", None, True, float("nan"), float("inf"), 1e300, -1, [1], 10**400)},
    "no iat": without("iat"),
    "iat in the future": later("iat", HOUR),
    "iat beyond the leeway": later("iat", 35),
    "iat text": with_claims(iat="now"),
    "nbf in the future": later("nbf", HOUR),
    "nbf text": with_claims(nbf="later"),
    "no sub": without("sub"),
    **{f"sub {sub!r}": with_claims(sub=sub) for sub in ("", " ", " ada", None, 7, ["ada"], "a\0da", "ada\n", "\ud800", "x" * 256)},
    "no kid": lambda signer: signer.raw({"alg": signer.alg}, claims()),
    **{f"kid {str(kid)[:12]!r}": with_header(kid=kid) for kid in ("", 7, None, ["key-1"], "x" * 256, "other", "../key-1", "key-1\0")},
    "unknown critical": with_header(crit=["exp"], exp=1),
    "empty critical": with_header(crit=[]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "b64 false, not critical": with_header(b64=False),
    "b64 true": with_header(b64=True),
    "jku": with_header(jku="https://evil.test/jwks"),
    "x5u": with_header(x5u="https://evil.test/chain"),
    "x5c": with_header(x5c=["MIIB"]),
    "jwk, signed with it": own_key_inside,
    "jwk null": with_header(jwk=None),
    "key of a stranger": stranger(),
    "other typ": with_header(typ="dpop+jwt"),
    "typ no text": with_header(typ=7),
    "typ null": with_header(typ=None),
    "actor_type system": with_claims(actor_type="system"),
    "actor_type a list": with_claims(actor_type=["human"]),
    "act no object": with_claims(act="bot"),
    "act without a sub": with_claims(act={}),
    "act of another issuer": with_claims(act={"sub": "bot", "iss": "https://evil.test"}),
    "tampered payload": cut(lambda head, _, sig: f"{head}.{encoded(claims(sub='eve'))}.{sig}"),
    "tampered header": cut(lambda _, body, sig: f"{encoded({'alg': 'EdDSA', 'kid': 'key-1', 'x': 1})}.{body}.{sig}"),
    "cut signature": cut(lambda head, body, sig: f"{head}.{body}.{sig[:-4]}"),
    "signature with bits to spare": cut(lambda head, body, sig: f"{head}.{body}.{sig[:-1]}{'B' if sig[-1] != 'B' else 'C'}"),
    "long signature": cut(lambda head, body, sig: f"{head}.{body}.{sig}{'A' * 2000}"),
    "padded": cut(lambda head, body, sig: f"{head}.{body}.{sig}=="),
    "two segments": cut(lambda head, body, _: f"{head}.{body}"),
    "empty signature": cut(lambda head, body, _: f"{head}.{body}."),
    "four segments": cut(lambda head, body, sig: f"{head}.{body}.{sig}.{sig}"),
    "five segments, encrypted": cut(lambda _, body, sig: f"{encoded({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.{body}.{sig}.{sig}.{sig}"),
    "three empty segments": lambda _: "..",
    "no token": lambda _: "null",
    "blanks inside": cut(lambda head, body, sig: f"{head}. {body}.{sig}"),
    "not ASCII": lambda signer: signer.token() + "é",
    "header no object": lambda signer: signer.raw(["alg", "kid"], claims()),
    "header a list with b64": lambda signer: signer.raw(["alg", "b64"], claims()),
    "header a string": lambda signer: signer.raw("alg", claims()),
    "header a number": lambda signer: signer.raw(1, claims()),
    "header no JSON": lambda signer: signer.raw(b"\xff\xfe", claims()),
    "header long": with_header(more="x" * 4000),
    "payload a list": lambda signer: signer.raw(signer.header(), ["iss"]),
    "payload no JSON": lambda signer: signer.raw(signer.header(), b"\xff"),
    "payload deep": lambda signer: signer.raw(signer.header(), b"[" * 5000),
    "payload a long number": lambda signer: signer.raw(signer.header(), b'{"exp":' + b"9" * 5000 + b"}"),
    "oversized": with_claims(more="x" * 80_000),
    "just too long": with_claims(more="x" * 8192),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused(client: httpx.AsyncClient, signer: Signer, key_server: KeyServer, name: str) -> None:
    token = REFUSED[name](signer)
    answer = await client.get("/me", headers=[(b"authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="api", error="invalid_token"')
    assert answer.headers["www-authenticate"].isascii()
    assert len(token) < 20 or token[:20] not in answer.text
    assert key_server.hits <= 2


async def test_what_the_attacks_start_from_is_accepted(client: httpx.AsyncClient, signer: Signer) -> None:
    for token in (
        signer.token(),
        signer.token(header={"alg": "Ed25519"}),
        signer.token(header={"typ": "JWT", "cty": "JWT", "unknown": [1]}),
        signer.token(header={"typ": "application/JWT"}),
        signer.token(aud=["https://other.test", AUDIENCE]),
        signer.token(exp=time.time() - 20, nbf=time.time() + 20, iat=time.time() + 20),
        signer.token(sub="ada\u200d🦊", more="x" * 4000),
    ):
        answer = await client.get("/me", headers=bearer(token))
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YWRhOnB3",
        "Token x",
        "Bearer a b",
        "bearer\tx",
        "Bearer,x",
        "\x00",
        "Bearer \x00",
        "é",
        "Bearer " + "x" * 10_000,
    ],
)
async def test_headers_of_another_form_are_refused(client: httpx.AsyncClient, value: str) -> None:
    answer = await client.get("/me", headers=[(b"authorization", value.encode())])
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_the_scheme_has_no_case_and_the_token_is_sent_once(client: httpx.AsyncClient, signer: Signer) -> None:
    token = signer.token()
    assert (await client.get("/me", headers={"Authorization": f"bEARER  {token} "})).status_code == 200
    twice = await client.get("/me", headers=[("Authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")])
    assert (twice.status_code, twice.json()["detail"]) == (401, "There is more than one Authorization header")


def twice(document: dict[str, object], name: str, value: object) -> bytes:
    return json.dumps({name: value}).encode()[:-1] + b", " + json.dumps(document).encode()[1:]


async def test_a_member_that_is_given_twice_is_refused(client: httpx.AsyncClient, signer: Signer) -> None:
    sound = claims(nested={"a": 1})
    headers = (twice(signer.header(), "alg", "none"), twice(signer.header(), "kid", signer.kid))
    payloads = (twice(sound, "sub", "root"), twice(sound, "exp", 1), json.dumps(sound).encode().replace(b'"a": 1', b'"a": 1, "a": 2'))
    tokens = [signer.raw(header, sound) for header in headers] + [signer.raw(signer.header(), payload) for payload in payloads]
    for token in tokens:
        answer = await client.get("/me", headers=bearer(token))
        assert (answer.status_code, answer.json()["detail"]) == (401, "The token is no signed JWT")
    assert (await client.get("/me", headers=bearer(signer.raw(signer.header(), sound)))).status_code == 200
