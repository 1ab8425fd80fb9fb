"""A blog: users with posts, comments, tags, a profile and an organisation, in every kind of column and relationship."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Enum, ForeignKey, String, Table, func
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    composite,
    deferred,
    mapped_column,
    query_expression,
    relationship,
    synonym,
    validates,
)


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Status(enum.Enum):
    ACTIVE = "active"
    BLOCKED = "blocked"


class Place:
    """A composite value."""

    def __init__(self, street: str | None, city: str | None) -> None:
        self.street = street
        self.city = city

    def __composite_values__(self) -> tuple[str | None, str | None]:
        return self.street, self.city

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and other.__composite_values__() == self.__composite_values__()

    __hash__ = None  # type: ignore[assignment]  # how Python spells unhashable


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
)


class Organisation(Base):
    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    users: Mapped[list[User]] = relationship(back_populates="organisation")

    def __repr__(self) -> str:
        return f"<Organisation {self.name}>"


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String)
    nick: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[Status] = mapped_column(Enum(Status), default=Status.ACTIVE)
    hits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    touched_at: Mapped[datetime | None] = mapped_column(onupdate=now)
    bio: Mapped[str | None] = deferred(mapped_column(String))
    street: Mapped[str | None]
    city: Mapped[str | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))

    alias: Mapped[str] = synonym("name")
    place: Mapped[Place] = composite(Place, "street", "city")
    name_length: Mapped[int] = column_property(func.length(name))
    score: Mapped[int | None] = query_expression()

    organisation: Mapped[Organisation | None] = relationship(back_populates="users")
    profile: Mapped[Profile | None] = relationship(back_populates="user", uselist=False)
    posts: Mapped[list[Post]] = relationship(back_populates="author", order_by="Post.id")
    post_titles: AssociationProxy[list[str]] = association_proxy("posts", "title")

    @property
    def label(self) -> str:
        return f"{self.name} ({self.status.value})"

    @property
    def newest_title(self) -> str:
        return self.posts[-1].title

    @hybrid_property
    def is_active(self) -> bool:
        return self.status == Status.ACTIVE

    def owns(self, post: Post) -> bool:
        return post in self.posts

    def greeting(self, word: str = "Hello") -> str:
        return f"{word}, {self.name}"


class Profile(Base):
    __tablename__ = "profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    motto: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User | None] = relationship(back_populates="profile")


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User | None] = relationship(back_populates="posts")
    comments: Mapped[list[Comment]] = relationship(back_populates="post", order_by="Comment.id")
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, back_populates="posts", order_by="Tag.id")

    def __repr__(self) -> str:
        return f"<Post {self.title}>"

    def __str__(self) -> str:
        return self.title

    def __len__(self) -> int:
        return len(self.body)

    def __lt__(self, other: Post) -> bool:
        return self.title < other.title

    def __contains__(self, word: str) -> bool:
        return word in self.body

    @validates("title")
    def strip_title(self, key: str, value: str) -> str:
        del key
        return value.strip()


class Comment(Base):
    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    post: Mapped[Post | None] = relationship(back_populates="comments")

    @validates("text")
    def refuse_own_title(self, key: str, value: str) -> str:
        del key
        if self.post is not None and value == self.post.title:
            raise ValueError(value)
        return value


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    posts: Mapped[list[Post]] = relationship(secondary=post_tags, back_populates="tags")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tag) and self.label == other.label

    def __hash__(self) -> int:
        return id(self)


class CommentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    text: str


class PostRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str


class PostWithComments(PostRead):
    comments: list[CommentRead]


class UserRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class UserWithTimes(UserRead):
    created_at: datetime
    updated_at: datetime


class UserWithPosts(UserRead):
    posts: list[PostRead]


class UserUpdate(BaseModel):
    """What a client sends to change a user."""

    name: str = "new name"


async def seed(session: AsyncSession) -> None:
    """Three users; the first has an organisation, a profile, two posts with comments and tags."""
    history: dict[str, Any] = {"street": "Main Street", "city": "Bergen", "bio": "writes"}
    users = [User(name=f"u{number}", nick=f"n{number}", email=f"u{number}@example.org", **history) for number in (1, 2, 3)]
    users[0].organisation = Organisation(name="o1")
    users[0].profile = Profile(motto="onwards")
    tags = [Tag(label="t1"), Tag(label="t2")]
    for number in (1, 2):
        post = Post(title=f"p{number}", body="text", tags=list(tags))
        post.comments = [Comment(text=f"c{number}"), Comment(text=f"d{number}")]
        users[0].posts.append(post)
    users[1].posts.append(Post(title="p3"))
    session.add_all(users)
    session.add(Organisation(name="o2"))
