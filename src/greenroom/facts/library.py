"""Declarative base classes that libraries ship, with the columns that they bring along.

The columns are those of the real classes; ``tests/facts/test_library_bases.py`` compares them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from greenroom.facts.records import Column, Default

_NODE = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
"""Columns from libraries have no place in the project."""


@dataclass(frozen=True, slots=True)
class LibraryBase:
    """A class to inherit from."""

    columns: tuple[Column, ...] = ()
    declarative: bool = False
    """Whether subclasses are mapped; the others are mixins."""
    dataclass: bool = False
    generated_table_name: bool = False
    """Whether ``__tablename__`` is made from the class name."""
    table: str | None = None


def library_base(path: str) -> LibraryBase | None:
    """Return what is known of the class at a dotted path from outside the project."""
    root, _, _ = path.partition(".")
    name = path.rpartition(".")[2]
    for roots, bases in _BASES:
        if root in roots and name in bases:
            return bases[name]
    return None


def is_harmless(path: str) -> bool:
    """Whether a class from outside is known to bring no mapped attributes."""
    return path.partition(".")[0] in _HARMLESS_ROOTS or path.rpartition(".")[2] in _HARMLESS_NAMES


def _column(name: str, sql_type: str, *, nullable: bool = False, default: Default = Default.NONE) -> Column:
    return Column(name=name, node=_NODE, sql_type=sql_type, nullable=nullable, default=default)


def _key(sql_type: str, default: Default = Default.NONE) -> Column:
    return replace(_column("id", sql_type, default=default), primary_key=True)


_SENTINEL = replace(_column("_sentinel", "Integer", nullable=True, default=Default.SQL), column_name="sa_orm_sentinel", init=False)
_AUDIT = (
    _column("created_at", "DateTimeUTC", default=Default.PYTHON),
    replace(_column("updated_at", "DateTimeUTC", default=Default.PYTHON), onupdate=Default.PYTHON),
)
_UUID = (_key("GUID", Default.PYTHON), _SENTINEL)
_NANO = (_key("String", Default.PYTHON), _SENTINEL)
_BIGINT = (_key("BigInteger", Default.SQL),)
_IDENTITY = (replace(_key("BigInteger"), identity=True, server_default=True),)
_SLUG = (_column("slug", "String"),)


def _advanced(*columns: Column) -> LibraryBase:
    return LibraryBase(columns, declarative=True, generated_table_name=True)


_KEYS = {"UUID": _UUID, "UUIDv6": _UUID, "UUIDv7": _UUID, "BigInt": _BIGINT, "NanoID": _NANO, "Identity": _IDENTITY}
_ADVANCED_ALCHEMY = {
    **{f"{kind}Base": _advanced(*key) for kind, key in _KEYS.items()},
    **{f"{kind}AuditBase": _advanced(*key, *_AUDIT) for kind, key in _KEYS.items()},
    **{f"{kind}PrimaryKey": LibraryBase(key) for kind, key in _KEYS.items()},
    "AuditColumns": LibraryBase(_AUDIT),
    "SentinelMixin": LibraryBase((_SENTINEL,)),
    "SlugKey": LibraryBase(_SLUG),
    "DefaultBase": _advanced(),
    "AdvancedDeclarativeBase": LibraryBase(declarative=True),
    "SQLQuery": LibraryBase(declarative=True),
    "CommonTableAttributes": LibraryBase(generated_table_name=True),
    "BasicAttributes": LibraryBase(),
    "UniqueMixin": LibraryBase(),
}

_FLAGS = tuple(_column(name, "Boolean", default=Default.PYTHON) for name in ("is_active", "is_superuser", "is_verified"))
_USER = (_column("email", "String"), _column("hashed_password", "String"), *_FLAGS)
_OAUTH = (
    _column("oauth_name", "String"),
    _column("access_token", "String"),
    _column("expires_at", "Integer", nullable=True),
    _column("refresh_token", "String", nullable=True),
    _column("account_id", "String"),
    _column("account_email", "String"),
)
_TOKEN = (replace(_column("token", "String"), primary_key=True), _column("created_at", "TIMESTAMPAware", default=Default.PYTHON))
_USER_KEY = replace(_column("user_id", "GUID"), foreign_keys=("user.id",))
_GUID = _key("GUID", Default.PYTHON)
_FASTAPI_USERS = {
    "SQLAlchemyBaseUserTable": LibraryBase(_USER, table="user"),
    "SQLAlchemyBaseUserTableUUID": LibraryBase((_GUID, *_USER), table="user"),
    "SQLAlchemyBaseOAuthAccountTable": LibraryBase(_OAUTH, table="oauth_account"),
    "SQLAlchemyBaseOAuthAccountTableUUID": LibraryBase((_GUID, _USER_KEY, *_OAUTH), table="oauth_account"),
    "SQLAlchemyBaseAccessTokenTable": LibraryBase(_TOKEN, table="accesstoken"),
    "SQLAlchemyBaseAccessTokenTableUUID": LibraryBase((_USER_KEY, *_TOKEN), table="accesstoken"),
}

_SQLALCHEMY = {
    "DeclarativeBase": LibraryBase(declarative=True),
    "DeclarativeBaseNoMeta": LibraryBase(declarative=True),
    "MappedAsDataclass": LibraryBase(dataclass=True),
    "AbstractConcreteBase": LibraryBase(),
    "ConcreteBase": LibraryBase(),
    "DeferredReflection": LibraryBase(),
    "AsyncAttrs": LibraryBase(),
}

_BASES: tuple[tuple[frozenset[str], dict[str, LibraryBase]], ...] = (
    (frozenset({"sqlalchemy"}), _SQLALCHEMY),
    (frozenset({"advanced_alchemy", "litestar", "litestar_asyncpg"}), _ADVANCED_ALCHEMY),
    (frozenset({"fastapi_users_db_sqlalchemy", "fastapi_users", "fastapi_users_db_sqlmodel"}), _FASTAPI_USERS),
)
_STANDARD = {"builtins", "typing", "typing_extensions", "abc", "collections", "enum", "dataclasses", "types", "functools"}
_HARMLESS_ROOTS = _STANDARD | {"pydantic", "sqlalchemy", "sqlmodel"}
_HARMLESS_NAMES = {"UserMixin", "AllFeaturesMixin", "SerializerMixin", "SerializeMixin", "BaseModel", "ABC", "Generic", "Protocol"}
