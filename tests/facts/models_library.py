# mypy: ignore-errors
"""Classes on top of advanced-alchemy and fastapi-users.

Neither is a test dependency: `library_facts.json` holds what `mapper_export.py` printed for this module with
advanced-alchemy 1.12.0 and fastapi-users-db-sqlalchemy 7.0.0.
"""

from advanced_alchemy.base import (
    BigIntAuditBase,
    BigIntBase,
    CommonTableAttributes,
    DefaultBase,
    IdentityAuditBase,
    NanoIDBase,
    UUIDAuditBase,
    UUIDBase,
    UUIDv7AuditBase,
    orm_registry,
)
from advanced_alchemy.mixins import AuditColumns, BigIntPrimaryKey, SlugKey, UniqueMixin, UUIDPrimaryKey
from fastapi_users_db_sqlalchemy import (
    SQLAlchemyBaseOAuthAccountTable,
    SQLAlchemyBaseOAuthAccountTableUUID,
    SQLAlchemyBaseUserTable,
    SQLAlchemyBaseUserTableUUID,
)
from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyBaseAccessTokenTableUUID
from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Author(UUIDAuditBase):
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author", lazy="selectin")


class Book(UUIDBase):
    __tablename__ = "books"

    title: Mapped[str]
    author_id: Mapped[str] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


class AudioBook(UUIDv7AuditBase):
    __tablename__ = "audio_books"


class BlogPost(BigIntBase):
    title: Mapped[str]


class HTTPEvent(BigIntAuditBase):
    title: Mapped[str]


class Identified(IdentityAuditBase):
    title: Mapped[str]


class Nano(NanoIDBase):
    title: Mapped[str]


class Slugged(SlugKey, UniqueMixin, UUIDAuditBase):
    title: Mapped[str]


class Custom(DefaultBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class OwnBase(CommonTableAttributes, UUIDPrimaryKey, AuditColumns, AsyncAttrs, DeclarativeBase):
    registry = orm_registry


class Owned(OwnBase):
    title: Mapped[str]


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    nickname: Mapped[str | None]
    accounts: Mapped[list["OAuthAccount"]] = relationship(lazy="joined")


class OAuthAccount(SQLAlchemyBaseOAuthAccountTableUUID, Base):
    pass


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    pass


class Member(SQLAlchemyBaseUserTable[int], BigIntPrimaryKey, Base):
    __tablename__ = "members"


class MemberAccount(SQLAlchemyBaseOAuthAccountTable[int], Base):
    __tablename__ = "member_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
