"""What a single importable module cannot show: several modules, missing bases, names used twice, cycles."""

from __future__ import annotations

import ast
from pathlib import Path

from greenroom.facts.records import Default, Direction, Inheritance
from greenroom.program.symbols import Class, Function
from tests.facts.projects import backend, mapped, symbol

BASE = """
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase): ...
"""


def test_a_target_that_the_module_does_not_import_is_found_by_name(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        app__base=BASE,
        app__user="""
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from app.base import Base
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            posts: Mapped[list["Post"]] = relationship(back_populates="author")
        """,
        app__post="""
        from typing import TYPE_CHECKING
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from app.base import Base
        if TYPE_CHECKING:
            from app.user import User
        class Post(Base):
            __tablename__ = "posts"
            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            author: Mapped["User"] = relationship(back_populates="posts")
        """,
    )
    posts = mapped(facts, "User").relationships["posts"]
    assert posts.target is symbol(facts, "app.post", "Post")
    assert posts.direction is Direction.ONE_TO_MANY
    assert mapped(facts, "Post").relationships["author"].local_foreign_keys == ("author_id",)


def test_a_class_with_a_table_name_is_mapped_although_its_base_is_unknown(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from elsewhere.db import Base, TimeMixin
        from sqlalchemy import Column, Integer
        class User(TimeMixin, Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)
        class Helper(Base):
            pass
        """,
    )
    assert mapped(facts, "User").unresolved
    assert facts.mapped(symbol(facts, "models", "Helper")) is None


def test_flask_like_models(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from flask_sqlalchemy import SQLAlchemy
        db = SQLAlchemy()
        class UserAccount(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            posts = db.relationship("Post", lazy="dynamic", backref="user")
        class Post(db.Model):
            id = db.Column(db.Integer, primary_key=True)
            user_id = db.Column(db.ForeignKey("user_account.id"), nullable=False)
        """,
    )
    user = mapped(facts, "UserAccount")
    assert user.primary_key == ("id",)
    assert user.relationships["posts"].lazy == "dynamic"
    assert mapped(facts, "Post").relationships["user"].target is user.symbol


def test_a_base_that_type_checkers_see_differently(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        app__base="""
        from typing import TYPE_CHECKING, Any
        from sqlalchemy.orm import registry
        reg = registry()
        if TYPE_CHECKING:
            Base = Any
        else:
            Base = reg.generate_base()
        """,
        app__models="""
        from sqlalchemy.orm import Mapped, mapped_column
        from app.base import Base
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
        """,
    )
    assert mapped(facts, "User").primary_key == ("id",)


def test_a_name_used_by_two_bases_means_the_class_of_the_own_base(tmp_path: Path) -> None:
    text = """
    from sqlalchemy import ForeignKey
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
    class Base(DeclarativeBase): ...
    class {0}(Base):
        __tablename__ = "x"
        id: Mapped[int] = mapped_column(primary_key=True)
        target_id: Mapped[int] = mapped_column(ForeignKey("targets.id"))
        target: Mapped["Target"] = relationship("Target")
    """
    target = """
    from sqlalchemy.orm import Mapped, mapped_column
    from app.{0}.models import Base
    class Target(Base):
        __tablename__ = "targets"
        id: Mapped[int] = mapped_column(primary_key=True)
    """
    facts = backend(
        tmp_path,
        app__one__models=text.format("First"),
        app__one__target=target.format("one"),
        app__two__models=text.format("Second"),
        app__two__target=target.format("two"),
    )
    assert facts.mapped_by_name("Target") is None
    assert mapped(facts, "First").relationships["target"].target is symbol(facts, "app.one.target", "Target")
    assert mapped(facts, "Second").relationships["target"].target is symbol(facts, "app.two.target", "Target")


def test_attributes_added_after_the_class(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy import Column, ForeignKey, Integer, func, select
        from sqlalchemy.orm import column_property, declarative_base, relationship
        Base = declarative_base()
        class User(Base):
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)
        class Post(Base):
            __tablename__ = "posts"
            id = Column(Integer, primary_key=True)
            user_id = Column(ForeignKey("users.id"))
        User.posts = relationship(Post, backref="user")
        User.post_count = column_property(select(func.count(Post.id)).scalar_subquery())
        """,
    )
    assert mapped(facts, "User").relationships["posts"].uselist
    assert mapped(facts, "User").column_properties == {"post_count": False}
    assert mapped(facts, "Post").relationships["user"].direction is Direction.MANY_TO_ONE


def test_column_factories_are_followed_with_their_arguments(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        helpers="""
        from sqlalchemy import DateTime, ForeignKey, func
        from sqlalchemy.orm import mapped_column
        def stamp(name=None, *, updates=False, **rest):
            if updates:
                return mapped_column(name, DateTime, server_default=func.now(), onupdate=func.now(), **rest)
            return mapped_column(name, DateTime, server_default=func.now(), **rest)
        def key(target):
            return mapped_column(ForeignKey(target))
        """,
        models="""
        from datetime import datetime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
        import helpers
        class Base(DeclarativeBase): ...
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            parent_id: Mapped[int] = helpers.key("users.id")
            created_at: Mapped[datetime] = helpers.stamp(deferred=True)
            updated_at: Mapped[datetime] = helpers.stamp("changed", updates=True)
        """,
    )
    columns = mapped(facts, "User").columns
    assert columns["parent_id"].foreign_keys == ("users.id",)
    created = columns["created_at"]
    assert (created.server_default, created.deferred, created.onupdate) == (True, True, Default.NONE)
    assert (columns["updated_at"].column_name, columns["updated_at"].onupdate) == ("changed", Default.SQL)
    assert columns["updated_at"].generated_on_update


def test_classes_inside_functions_are_mapped_when_asked_for(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
        class Base(DeclarativeBase): ...
        def make():
            class Local(Base):
                __tablename__ = "local"
                id: Mapped[int] = mapped_column(primary_key=True)
            return Local
        """,
    )
    assert facts.mapped_classes() == []
    module = facts.program.module("models")
    assert module is not None
    function = module.bindings["make"][0]
    assert isinstance(function, Function)
    local = facts.program.resolve(module, ast.Name("Local"), function=function)
    assert isinstance(local, Class)
    found = facts.mapped(local)
    assert found is not None
    assert found.primary_key == ("id",)
    assert facts.mapped(local) is found


def test_cycles_end(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, synonym
        from pydantic import BaseModel
        class Base(DeclarativeBase): ...
        class Self(Self):
            __tablename__ = "self"
            id: Mapped[int] = mapped_column(primary_key=True)
        class One(Two, Base):
            __tablename__ = "one"
        class Two(One, Base):
            __tablename__ = "two"
        class Loop(Base):
            __tablename__ = "loop"
            a = b
            b = a
            c: Mapped[c] = mapped_column(default=lambda: c)
            d = relationship("Loop", remote_side=d)
        def f(): return g()
        def g(): return f()
        class Called(Base):
            __tablename__ = "called"
            x = f()
            args = {**args}
            __mapper_args__ = {**__mapper_args__}
        class Schema(Schema): ...
        class Other(Other, BaseModel):
            a: "Other"
            model_config = {**model_config}
        """,
    )
    assert {item.name for item in facts.mapped_classes()} >= {"Loop", "Called"}
    for name in ("Schema", "Other", "Self"):
        facts.schema(symbol(facts, "models", name))
        facts.mapped(symbol(facts, "models", name))
    assert facts.routes() == []


def test_a_class_declared_twice(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
        class Base(DeclarativeBase): ...
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
        """,
    )
    assert len(facts.mapped_classes()) == 2
    assert facts.mapped_by_name("User") is None


def test_an_external_target_leaves_the_customary_key(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship, DeclarativeBase
        from elsewhere import Team
        class Base(DeclarativeBase): ...
        class User(Base):
            __tablename__ = "users"
            id: Mapped[int] = mapped_column(primary_key=True)
            team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
            team: Mapped["Team"] = relationship()
            others: Mapped[list["Team"]] = relationship()
        """,
    )
    relationships = mapped(facts, "User").relationships
    team = relationships["team"]
    assert (team.target, team.direction, team.uselist) == (None, Direction.MANY_TO_ONE, False)
    assert team.local_foreign_keys == ("team_id",)
    assert relationships["others"].uselist


def test_single_table_inheritance_with_a_generated_name(tmp_path: Path) -> None:
    facts = backend(
        tmp_path,
        models="""
        from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
        class Base(DeclarativeBase):
            @declared_attr.directive
            def __tablename__(cls) -> str:
                return cls.__name__.lower()
        class Animal(Base):
            id: Mapped[int] = mapped_column(primary_key=True)
        class Dog(Animal):
            __tablename__ = None
            tricks: Mapped[int | None]
        """,
    )
    dog = mapped(facts, "Dog")
    assert (dog.table, dog.inheritance, dog.parent) == ("animal", Inheritance.SINGLE, mapped(facts, "Animal"))
