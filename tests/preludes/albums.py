"""Mapped dataclasses: ``repr``, ``==`` and ``asdict`` read every field."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship


class Base(MappedAsDataclass, DeclarativeBase):
    pass


class Album(Base):
    __tablename__ = "albums"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    title: Mapped[str]
    genre: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(init=False, server_default=func.now())
    tracks: Mapped[list[Track]] = relationship(default_factory=list, back_populates="album")


class Track(Base):
    __tablename__ = "tracks"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    album_id: Mapped[int | None] = mapped_column(ForeignKey("albums.id"), default=None)
    album: Mapped[Album | None] = relationship(default=None, back_populates="tracks", repr=False)


class Label(Base):
    """Leaves its relationship out of ``repr`` and ``==``."""

    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    artists: Mapped[list[Artist]] = relationship(default_factory=list, repr=False, compare=False)


class Artist(Base):
    __tablename__ = "artists"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    label_id: Mapped[int | None] = mapped_column(ForeignKey("labels.id"), default=None)


async def seed(session: AsyncSession) -> None:
    """An album with a track, another album, a label with an artist."""
    first = Album(title="a1")
    first.tracks.append(Track(name="t1"))
    session.add_all([first, Album(title="a2"), Label(name="l1", artists=[Artist(name="x")])])
