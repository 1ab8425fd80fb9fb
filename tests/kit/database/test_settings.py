"""Settings: read from the environment; a wrong one is named, and no secret is shown."""

from __future__ import annotations

import pytest

from greenroom.kit.database import DatabaseSettings, SettingsError

URL = "postgresql://app:hush-hush@h/d"


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "READ_URL", "OWNER_URL", "POOLED"):
        monkeypatch.delenv(f"DATABASE_{name}", raising=False)


def test_they_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DATABASE_READ_URL", "postgresql://reader@replica/d")
    monkeypatch.setenv("DATABASE_POOL_SIZE", "7")
    monkeypatch.setenv("DATABASE_POOLED", "true")
    settings = DatabaseSettings()
    assert (settings.pool_size, settings.target.pooled, settings.read_target.url.host) == (7, True, "replica")
    assert settings.owner_target.url.username == "app"
    assert "hush-hush" not in repr(settings) + str(settings.model_dump())


def test_the_owner_has_a_connection_of_its_own() -> None:
    assert DatabaseSettings(url=URL, pooled=True).owner_target.pooled
    assert not DatabaseSettings(url=URL, pooled=True, owner_url=URL).owner_target.pooled


WRONG = [
    ({}, "DATABASE_URL is not set: give a URL such as postgresql://user:password@host/database"),
    (
        {"DATABASE_URL": "mysql://u:hush-hush@h/d"},
        "DATABASE_URL: it is no URL of PostgreSQL: it must begin with postgresql:// or postgres://",
    ),
    ({"DATABASE_URL": URL + "?sslmod=require"}, "DATABASE_URL: 'sslmod' is no parameter that can be used"),
    ({"DATABASE_URL": URL, "DATABASE_READ_URL": "hush-hush"}, "DATABASE_READ_URL: it is no URL"),
    ({"DATABASE_URL": URL, "DATABASE_POOL_SIZE": "many"}, "DATABASE_POOL_SIZE: Input should be a valid integer"),
    ({"DATABASE_URL": URL, "DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE: Input should be greater than or equal to 1"),
    ({"DATABASE_URL": URL, "DATABASE_CONNECT_TIMEOUT": "20"}, "DATABASE_CONNECT_TIMEOUT must not be longer than DATABASE_CONNECT_PATIENCE"),
    ({"DATABASE_URL": URL, "DATABASE_POOL_SIZE": "0", "DATABASE_POOL_TIMEOUT": "0"}, "DATABASE_POOL_TIMEOUT"),
]


@pytest.mark.parametrize(("environment", "message"), WRONG)
def test_a_wrong_one_is_named(environment: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        DatabaseSettings()
    assert message in str(raised.value)
    assert "hush-hush" not in str(raised.value)
    assert raised.value.__suppress_context__
    assert "\n" not in str(raised.value)
