"""URLs of PostgreSQL in all spellings; what they become, what is refused, and that no password is ever shown."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.kit.database import Target, UrlError, parse

SPELLINGS = [
    "postgres://u:p@h/d",
    "postgresql://u:p@h/d",
    "postgresql+asyncpg://u:p@h/d",
    "postgresql+psycopg://u:p@h/d",
    "postgresql+psycopg2://u:p@h/d",
    "POSTGRES://u:p@h/d",
    " postgresql://u:p@h/d\n",
    "postgresql://h/d?user=u&password=p",
    "postgresql://u:p@/d?host=h",
    "postgresql://?host=h&dbname=d&user=u&password=p",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_all_spellings_say_the_same(text: str) -> None:
    url = parse(text).url
    assert url.drivername == "postgresql+asyncpg"
    assert (url.username, url.password, url.host, url.port, url.database) == ("u", "p", "h", None, "d")


ADDRESSES: list[tuple[str, dict[str, Any]]] = [
    ("postgresql://", {}),
    ("postgresql:///d", {"database": "d"}),
    ("postgresql://h:6000", {"host": "h", "port": 6000}),
    ("postgresql://[::1]:6000/d", {"host": "::1", "port": 6000, "database": "d"}),
    ("postgresql://[fe80::1%25eth0]/d", {"host": "fe80::1%eth0", "database": "d"}),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/d", {"host": "/var/run/postgresql", "database": "d"}),
    ("postgresql:///d?host=/var/run/postgresql&port=6000", {"host": "/var/run/postgresql", "port": 6000, "database": "d"}),
    ("postgresql:///d?port=6000", {"host": "localhost", "port": 6000, "database": "d"}),
    ("postgresql://u@h/d", {"user": "u", "host": "h", "database": "d"}),
    ("postgresql://u:a%40b%2Fc%3Ad%25@h/d", {"user": "u", "password": "a@b/c:d%", "host": "h", "database": "d"}),
    ("postgresql://u:a@b@h/d", {"user": "u", "password": "a@b", "host": "h", "database": "d"}),
    ("postgresql://a:6000,b/d", {"host": ["a", "b"], "port": [6000, 5432], "database": "d"}),
    ("postgresql://a,b:6000/d?target_session_attrs=read-write", {"host": ["a", "b"], "port": [5432, 6000], "database": "d"}),
    ("postgresql:///d?host=a,b&port=1,2", {"host": ["a", "b"], "port": [1, 2], "database": "d"}),
    ("postgresql:///d?host=a,b&port=6000", {"host": ["a", "b"], "port": [6000, 6000], "database": "d"}),
]


def driver_arguments(target: Target) -> dict[str, Any]:
    """Return what asyncpg is called with, as SQLAlchemy puts it together."""
    dialect = target.url.get_dialect()()
    return {**dialect.create_connect_args(target.url)[1], **target.arguments}


@pytest.mark.parametrize(("text", "arguments"), ADDRESSES)
def test_the_address_reaches_the_driver(text: str, arguments: dict[str, Any]) -> None:
    given = driver_arguments(parse(text))
    assert {name: given[name] for name in given if name != "target_session_attrs"} == arguments


NEON = (
    "postgresql://owner:secret@ep-cool-rain-123456-pooler.eu-central-1.aws.neon.tech/neondb"
    "?sslmode=require&channel_binding=require&options=endpoint%3Dep-cool-rain-123456&application_name=api&connect_timeout=10"
)


def test_neon_in_full() -> None:
    target = parse(NEON)
    assert target.pooled
    assert dict(target.settings) == {"options": "endpoint=ep-cool-rain-123456", "application_name": "api"}
    assert target.arguments["timeout"] == 10
    context = target.arguments["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    assert [note.partition(":")[0] for note in target.notes] == ["channel_binding"]
    arguments = target.connect_arguments()
    assert (arguments["statement_cache_size"], arguments["prepared_statement_cache_size"]) == (0, 0)
    names = {arguments["prepared_statement_name_func"]() for _ in range(100)}
    assert len(names) == 100


@pytest.mark.parametrize(
    ("text", "said", "pooled"),
    [
        ("postgresql://ep-a-pooler.eu.neon.tech/d", None, True),
        ("postgresql://ep-a.eu.neon.tech/d", None, False),
        ("postgresql://ep-a-pooler.eu.neon.tech/d", False, False),
        ("postgresql://h/d?pgbouncer=true", None, True),
        ("postgresql://h/d?pooled=false", True, True),
        ("postgresql://h/d", True, True),
    ],
)
def test_what_counts_as_pooled(text: str, said: bool | None, pooled: bool) -> None:  # noqa: FBT001  # a table
    assert parse(text, pooled=said).pooled is pooled


PARAMETERS: list[tuple[str, str, Any]] = [
    ("connect_timeout=0", "arguments", {"timeout": None}),
    ("target_session_attrs=read-write", "arguments", {"target_session_attrs": "read-write"}),
    ("sslmode=disable", "arguments", {"ssl": False}),
    ("sslmode=prefer", "arguments", {"ssl": "prefer"}),
    ("ssl=false", "arguments", {"ssl": False}),
    ("application_name=a&fallback_application_name=b", "settings", {"application_name": "a"}),
    ("fallback_application_name=b", "settings", {"application_name": "b"}),
    ("keepalives=1&keepalives_idle=30", "socket", {"keepalives": 1, "keepalives_idle": 30}),
    ("keepalives_count=3&tcp_user_timeout=20000", "socket", {"keepalives_count": 3, "tcp_user_timeout": 20000}),
    ("keepalives=0", "socket", {"keepalives": 0}),
    ("client_encoding=utf8&gssencmode=prefer&channel_binding=prefer&sslcompression=0", "settings", {}),
    ("application_name=", "settings", {}),
]


@pytest.mark.parametrize(("query", "part", "expected"), PARAMETERS)
def test_parameters_become(query: str, part: str, expected: Any) -> None:  # noqa: ANN401  # a table
    assert getattr(parse(f"postgresql://h/d?{query}"), part) == expected


def test_what_is_dropped_is_told_with_its_reason() -> None:
    notes = parse("postgresql://h/d?channel_binding=require&prepared_statement_cache_size=0&ssl=require&sslmode=").notes
    assert [note.partition(":")[0] for note in notes] == ["channel_binding", "prepared_statement_cache_size", "ssl"]
    assert "the system's certificates are trusted" in parse("postgresql://h/d?sslmode=verify-full").notes[0]


REFUSED = [
    ("", "it is no URL"),
    ("host=h dbname=d", "it is no URL"),
    ("mysql://u:secret@h/d", "no URL of PostgreSQL"),
    ("sqlite+aiosqlite:///secret.db", "no URL of PostgreSQL"),
    ("postgresql://u:sec#ret@h/d", "write %23"),
    ("postgresql://u:sec ret@h/d", "write %20"),
    ("postgresql://u:sec/ret@h/d", "a slash too many"),
    ("postgresql://u:sec/ret@h", "if a password holds"),
    ("postgresql://u:50%secret@h/d", "the password holds a per cent sign: write %25"),
    ("postgresql://u:%FFsecret@h/d", "the password is not UTF-8"),
    ("postgresql://u:secret@h:99999/d", "a port is a number from 1 to 65535"),
    ("postgresql://u:secret@a,,b/d", "one of several hosts is empty"),
    ("postgresql://u:secret@/d?host=a,b&port=1,2,3", "port has another number of entries"),
    ("postgresql://h/d/e", "a slash too many"),
    ("postgresql://h/d?sslmod=require", "'sslmod' is no parameter"),
    ("postgresql://h/d?search_path=a", "options=-c"),
    ("postgresql://h/d?sslmode=require&sslmode=disable", "given twice"),
    ("postgresql://h/d?ssl=true&sslmode=disable", "both given"),
    ("postgresql://h/d?sslmode=secure", "sslmode is one of disable, allow"),
    ("postgresql://h/d?sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
    ("postgresql://h/d?sslmode=verify-full&sslrootcert=/nowhere.pem", "sslrootcert: /nowhere.pem cannot be read"),
    ("postgresql://h/d?sslmode=require&sslcert=/nowhere.pem", "sslcert: /nowhere.pem cannot be read"),
    ("postgresql://h/d?sslmode=require&ssl_min_protocol_version=SSLv3", "ssl_min_protocol_version is one of"),
    ("postgresql://h/d?sslnegotiation=direct&sslmode=prefer", "needs sslmode=require or stronger"),
    ("postgresql://h/d?connect_timeout=soon", "connect_timeout is a number"),
    ("postgresql://h/d?connect_timeout=-1", "connect_timeout is a number from 0"),
    ("postgresql://h/d?keepalives=perhaps", "keepalives is true or false"),
    ("postgresql://h/d?require_auth=scram-sha-256", "require_auth cannot be used"),
    ("postgresql://h/d?gssencmode=require", "gssencmode cannot be used"),
    ("postgresql://h/d?client_encoding=latin1", "client_encoding cannot be used"),
    ("postgresql://h/d?hostaddr=10.0.0.1", "hostaddr cannot be used"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_cannot_be_used_is_named(text: str, message: str) -> None:
    with pytest.raises(UrlError) as raised:
        parse(text)
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(words, words, st.from_regex(r"\A[a-z]{1,8}(\.[a-z]{1,8})?\Z"), st.integers(1, 65535), words)
def test_what_is_encoded_is_read(user: str, password: str, host: str, port: int, database: str) -> None:
    encoded = [quote(part, safe="") for part in (user, password, database)]
    target = parse(f"postgresql://{encoded[0]}:{encoded[1]}@{host}:{port}/{encoded[2]}")
    url = target.url
    assert (url.username, url.password, url.host, url.port, url.database) == (user, password, host, port, database)
    assert driver_arguments(target)["password"] == password


@given(st.text(max_size=40), st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_read_or_refused_and_no_password_is_shown(before: str, after: str) -> None:
    for text in (before + after, f"postgresql://u:{before}@h/{after}", f"postgresql://u:hush-hush@{before}/{after}?{after}"):
        try:
            shown = repr(parse(text))
        except UrlError as error:
            shown = str(error)
        assert "hush-hush" not in shown


@given(st.dictionaries(st.sampled_from(["application_name", "options", "passfile", "krbsrvname"]), words))
def test_free_texts_of_parameters_arrive_as_they_are(parameters: dict[str, str]) -> None:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    target = parse(f"postgresql://h/d?{query}")
    assert {**target.settings, **target.arguments} == parameters
