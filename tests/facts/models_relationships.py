# Written the way projects write models, every style among them.
# ruff: noqa: A003, N805, UP006, UP007, UP035, UP037, UP045
# mypy: ignore-errors
# Every spelling is here on purpose, old ones included.
"""Relationships in every spelling."""

from __future__ import annotations

from typing import List, Optional, Set, Union

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, String, Table, and_
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    WriteOnlyMapped,
    attribute_keyed_dict,
    backref,
    declared_attr,
    dynamic_loader,
    foreign,
    mapped_column,
    relationship,
    remote,
    synonym,
)


class Base(DeclarativeBase):
    pass


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    org_id: Mapped[Optional[int]] = mapped_column(ForeignKey("orgs.id"))

    posts: Mapped[list["Post"]] = relationship(back_populates="author", foreign_keys="Post.author_id", cascade="all, delete-orphan")
    reviewed: Mapped[List["Post"]] = relationship("Post", foreign_keys="[Post.reviewer_id]", back_populates="reviewer", lazy="selectin")
    org: Mapped[Optional["Org"]] = relationship(back_populates="users", lazy="joined")
    profile: Mapped[Profile] = relationship(back_populates="user", uselist=False, cascade="all", single_parent=True)
    write_only: WriteOnlyMapped[Post] = relationship(foreign_keys="Post.author_id", viewonly=True)
    dynamic: DynamicMapped[Post] = relationship(foreign_keys="Post.author_id", viewonly=True)
    recent: Mapped[list[Post]] = relationship(
        primaryjoin="and_(User.id == Post.author_id, Post.title != '')", viewonly=True, order_by="Post.id.desc()", lazy="raise"
    )
    memberships: Mapped[Set["Membership"]] = relationship(back_populates="user", lazy="raise_on_sql")
    teams: AssociationProxy[list[Team]] = association_proxy("memberships", "team")
    by_title: Mapped[dict[str, Post]] = relationship(
        foreign_keys="Post.author_id", collection_class=attribute_keyed_dict("title"), viewonly=True
    )
    login = synonym("name")


class Org(Base):
    __tablename__ = "orgs"

    id: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[list[User]] = relationship(back_populates="org", lazy="subquery", passive_deletes=True)
    untyped = relationship("Invoice", back_populates="org")
    owner_id = mapped_column(ForeignKey("owners.id"))
    owner = relationship("Owner", backref="orgs")


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)


class Invoice(Base):
    __tablename__ = "invoices"

    id = Column("id", String, primary_key=True)
    org_id = Column(ForeignKey("orgs.id"))
    org = relationship(lambda: Org, back_populates="untyped", lazy=False)
    lines = dynamic_loader("Line", back_populates="invoice")


class Line(Base):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(ForeignKey(Invoice.id))
    invoice: Mapped[Invoice] = relationship("models_relationships.Invoice", back_populates="lines", lazy=True, active_history=True)


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reviewer_id: Mapped[int | None] = mapped_column("reviewer", ForeignKey("users.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))

    author: Mapped[User] = relationship(back_populates="posts", foreign_keys=[author_id], innerjoin=True)
    reviewer: Mapped["User | None"] = relationship(foreign_keys=reviewer_id, back_populates="reviewed")
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, back_populates="posts", lazy="immediate")
    string_tags: Mapped[set[Tag]] = relationship(secondary="post_tags", viewonly=True)
    parent: Mapped[Union["Post", None]] = relationship(remote_side=[id], back_populates="children", join_depth=2)
    children: Mapped[list[Post]] = relationship(back_populates="parent", lazy="selectin", join_depth=3)
    comments = relationship("Comment", backref=backref("post", lazy="joined", innerjoin=True), cascade="save-update, delete")
    twins = relationship(
        "Post",
        primaryjoin=lambda: and_(Post.title == remote(foreign(Post.title)), Post.id != remote(Post.id)),
        viewonly=True,
        uselist=True,
    )


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list[Post]] = relationship(secondary=lambda: post_tags, back_populates="tags", lazy=None)


class Comment(Base):
    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    mentions = relationship("User", secondary="mentions", backref=backref("mentioned_in", lazy="selectin", collection_class=set))


Table("mentions", Base.metadata, Column("comment_id", ForeignKey("comments.id")), Column("user_id", ForeignKey("users.id")))


class Profile(Base):
    __tablename__ = "profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(back_populates="profile")


class Team(Base):
    __tablename__ = "teams"

    region: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list[Membership]] = relationship(back_populates="team", cascade="none")


class Membership(Base):
    __tablename__ = "memberships"
    __table_args__ = (ForeignKeyConstraint(["team_region", "team_number"], ["teams.region", "teams.number"]),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    team_region: Mapped[str] = mapped_column(primary_key=True)
    team_number: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[User] = relationship(back_populates="memberships")
    team: Mapped[Team] = relationship(back_populates="members")


class Owned:
    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey("users.id"))

    @declared_attr
    def owner(cls) -> Mapped[User]:
        return relationship("User", foreign_keys=[cls.owner_id], lazy="joined")

    @declared_attr
    def co_owner(cls) -> Mapped[User | None]:
        return relationship(primaryjoin=lambda: User.id == foreign(cls.owner_id), viewonly=True)


class Document(Owned, Base):
    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)


class Folder(Owned, Base):
    __tablename__ = "folders"

    id: Mapped[int] = mapped_column(primary_key=True)


class Node(Base):
    __tablename__ = "nodes"

    id = Column(String, primary_key=True)
    parent_id = Column(ForeignKey("nodes.id"))
    children = relationship("Node", backref=backref("parent", remote_side=[id]))


class Cell(Base):
    __tablename__ = "cells"

    id: Mapped[int] = mapped_column(primary_key=True)
    next_id: Mapped[int | None] = mapped_column(ForeignKey("cells.id"))
    next: Mapped[Cell | None] = relationship("Cell", remote_side="Cell.id", uselist=False)


class Chicken(Base):
    __tablename__ = "chickens"

    id: Mapped[int] = mapped_column(primary_key=True)
    favourite_id: Mapped[int | None] = mapped_column(ForeignKey("eggs.id", use_alter=True))
    eggs: Mapped[list[Egg]] = relationship(primaryjoin="Chicken.id == Egg.chicken_id", back_populates="chicken")
    favourite: Mapped[Egg | None] = relationship(primaryjoin="Chicken.favourite_id == Egg.id", post_update=True)


class Egg(Base):
    __tablename__ = "eggs"

    id: Mapped[int] = mapped_column(primary_key=True)
    chicken_id: Mapped[int] = mapped_column(ForeignKey("chickens.id"))
    chicken: Mapped[Chicken] = relationship(foreign_keys=chicken_id, back_populates="eggs")
