"""Settings: what works, and the one message for each that does not."""

from __future__ import annotations

import json

import pytest

from greenroom.kit.auth import AuthSettings, Issuer, TokenAuthenticator, Verifier
from greenroom.kit.database import SettingsError

SIMPLE = {"ISSUER": "https://a.test", "AUDIENCE": "https://api.test", "JWKS_URL": "https://a.test/jwks"}
ENTRY = {"issuer": "https://b.test", "audience": "https://api.test", "jwks_url": "https://b.test/jwks"}


def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"AUTH_{name}", value)


def test_one_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **SIMPLE, ALGORITHMS="ES256, RS256", SCOPES="tasks:read tasks:write", LEEWAY="60")
    (issuer,) = AuthSettings().all_issuers
    assert (issuer.issuer, issuer.algorithms, issuer.types) == ("https://a.test", ("ES256", "RS256"), ("", "JWT"))
    assert issuer.scopes == {"tasks:read", "tasks:write"}


def test_several_issuers(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **SIMPLE, ISSUERS=json.dumps([ENTRY, {**ENTRY, "types": ["at+jwt"], "algorithms": ["PS256"]}]))
    assert [one.issuer for one in AuthSettings().all_issuers] == ["https://a.test", "https://b.test", "https://b.test"]


def test_the_entries_of_better_auth() -> None:
    session, access = Issuer.better_auth("https://a.test", resource="https://api.test")
    assert (session.issuer, session.audience, session.types) == ("https://a.test", "https://a.test", ("", "JWT"))
    assert (access.issuer, access.audience, access.types) == ("https://a.test/api/auth", "https://api.test", ("at+jwt",))
    assert session.jwks_url == access.jwks_url == "https://a.test/api/auth/jwks"


@pytest.mark.anyio
async def test_the_authenticator_of_the_settings() -> None:
    authenticator = AuthSettings(issuers=(Issuer(**ENTRY),)).authenticator()  # type: ignore[arg-type]  # all of them are text
    assert isinstance(authenticator, TokenAuthenticator)
    await authenticator.close()


ISSUERS = "AUTH_ISSUERS"
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, r"^AUTH_ISSUER and AUTH_AUDIENCE and AUTH_JWKS_URL must be set, or AUTH_ISSUERS in place of all three$"),
    "no audience": ({"ISSUER": "a", "JWKS_URL": "https://a.test"}, r"^AUTH_AUDIENCE must be set"),
    "half an issuer": ({"ISSUER": "a", "ISSUERS": json.dumps([ENTRY])}, r"^AUTH_AUDIENCE and AUTH_JWKS_URL must be set"),
    "none": (
        {**SIMPLE, "ALGORITHMS": "none"},
        r"^AUTH_ALGORITHMS: 'none' is none of the algorithms EdDSA, Ed25519, ES256, ES512, PS256, RS256$",
    ),
    "None": ({**SIMPLE, "ALGORITHMS": "EdDSA,None"}, r"^AUTH_ALGORITHMS: 'None' is none of"),
    "HMAC": ({**SIMPLE, "ALGORITHMS": "HS256"}, r"^AUTH_ALGORITHMS: 'HS256' is none of"),
    "no algorithm": ({**SIMPLE, "ALGORITHMS": ""}, r"^AUTH_ALGORITHMS: "),
    "HMAC in the list": (
        {"ISSUERS": json.dumps([{**ENTRY, "algorithms": ["HS512"]}])},
        r"^AUTH_ISSUERS\[0\]\.algorithms: 'HS512' is none of",
    ),
    "no URL": ({**SIMPLE, "JWKS_URL": "a.test/jwks"}, r"^AUTH_JWKS_URL: must be a URL such as https://"),
    "plain http": (
        {**SIMPLE, "JWKS_URL": "http://a.test/jwks"},
        r"^AUTH_JWKS_URL http://a\.test/jwks must be https; or set AUTH_PLAIN_HTTP=true",
    ),
    "no JSON": ({"ISSUERS": "https://a.test"}, r"^AUTH_ISSUERS is no JSON: "),
    "no list": ({"ISSUERS": "{}"}, r"^AUTH_ISSUERS: "),
    "an unknown member": (
        {"ISSUERS": json.dumps([{**ENTRY, "secret": "s3cr3t"}])},
        r"^AUTH_ISSUERS\[0\]\.secret: Extra inputs are not permitted$",
    ),
    "a missing member": ({"ISSUERS": '[{"issuer": "a", "audience": "b"}]'}, r"^AUTH_ISSUERS\[0\]\.jwks_url: Field required$"),
    "twice the same": ({"ISSUERS": json.dumps([ENTRY, ENTRY])}, r"^AUTH_ISSUERS: two entries accept tokens of https://b\.test with typ ''"),
    "a long leeway": ({**SIMPLE, "LEEWAY": "61"}, r"^AUTH_LEEWAY: Input should be less than or equal to 60$"),
    "a strange leeway": ({**SIMPLE, "LEEWAY": "s3cr3t"}, r"^AUTH_LEEWAY: Input should be a valid number"),
    "bypass anywhere": ({"BYPASS": "human:ada"}, r"^AUTH_BYPASS is for development only: AUTH_ENVIRONMENT is 'production'$"),
    "bypass in staging": ({"BYPASS": "human:ada", "ENVIRONMENT": "staging", "BIND": "127.0.0.1"}, r"AUTH_ENVIRONMENT is 'staging'$"),
    "bypass unbound": ({"BYPASS": "human:ada", "ENVIRONMENT": "development"}, r"^AUTH_BYPASS needs AUTH_BIND to be the loopback address"),
    "bypass for all": ({"BYPASS": "human:ada", "ENVIRONMENT": "development", "BIND": "0.0.0.0"}, r"^AUTH_BYPASS needs AUTH_BIND"),  # noqa: S104  # refused
    "bypass as nobody": ({"BYPASS": "true"}, r"^AUTH_BYPASS: an actor is named such as human:ada or agent:bot$"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    values, message = WRONG[name]
    environment(monkeypatch, **values)
    with pytest.raises(SettingsError, match=message) as caught:
        AuthSettings()
    assert "s3cr3t" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_plain_http_is_for_this_machine_or_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **SIMPLE)
    for more in (
        {"jwks_url": "http://127.0.0.1:3000/jwks"},
        {"jwks_url": "http://localhost/jwks"},
        {"jwks_url": "http://sso/jwks", "plain_http": True},
    ):
        assert AuthSettings(**more).all_issuers


def test_a_verifier_needs_an_issuer_and_a_short_leeway() -> None:
    with pytest.raises(ValueError, match="at least one issuer"):
        Verifier([])
    with pytest.raises(ValueError, match="leeway must be 0 to 60 seconds"):
        Verifier([Issuer(**ENTRY)], leeway=61)  # type: ignore[arg-type]  # all of them are text
