"""The same columns five times, with every way to bring back what the server generates.

``implicit_returning=False`` stands in for a database without RETURNING, such as MySQL.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Computed, FetchedValue, ForeignKey, String, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship


class Base(DeclarativeBase):
    pass


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Columns:
    """What all invoices store."""

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    amount: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state: Mapped[str] = mapped_column(server_default="open")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    revision: Mapped[str] = mapped_column(server_default="first", server_onupdate=FetchedValue())
    double: Mapped[int] = mapped_column(Computed("amount * 2", persisted=True))
    sold_at: Mapped[datetime] = mapped_column(default=func.now())


class Invoice(Columns, Base):
    """``eager_defaults`` is "auto": fetched on INSERT where RETURNING exists, never on UPDATE."""

    __tablename__ = "invoices"


class EagerInvoice(Columns, Base):
    __tablename__ = "eager_invoices"
    __mapper_args__ = {"eager_defaults": True}


class PlainInvoice(Columns, Base):
    __tablename__ = "plain_invoices"
    __mapper_args__ = {"eager_defaults": False}


class LegacyInvoice(Columns, Base):
    __tablename__ = "legacy_invoices"
    __table_args__ = {"implicit_returning": False}


class EagerLegacyInvoice(Columns, Base):
    __tablename__ = "eager_legacy_invoices"
    __table_args__ = {"implicit_returning": False}
    __mapper_args__ = {"eager_defaults": True}


class Receipt(Base):
    """Every kind of default that is not a server default."""

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    seen_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime] = mapped_column(default=func.now(), onupdate=func.now())
    touched_at: Mapped[datetime | None] = mapped_column(onupdate=now)
    rank: Mapped[int] = mapped_column(default=select(func.count(Invoice.id)).scalar_subquery())
    copy: Mapped[str | None] = mapped_column(default=lambda context: context.get_current_parameters()["label"])
    note: Mapped[str | None] = mapped_column(String, deferred=True, server_default="none")
    other: Mapped[str] = mapped_column(insert_default="x")
    version: Mapped[int] = mapped_column(nullable=False)
    lines: Mapped[list[Line]] = relationship(back_populates="receipt")

    __mapper_args__ = {"version_id_col": version}


class Line(Base):
    """A column property on a class that fetches eagerly."""

    __tablename__ = "lines"
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column()
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipts.id"))
    receipt: Mapped[Receipt | None] = relationship(back_populates="lines")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    length: Mapped[int] = column_property(func.length(text))


class CountedReceipt(Base):
    """A version that the ORM counts, and that statements outside of it count as well."""

    __tablename__ = "counted_receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, onupdate=text("version + 1"))

    __mapper_args__ = {"version_id_col": version}


class DatedReceipt(Base):
    """A version that the database makes."""

    __tablename__ = "dated_receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, onupdate=text("version + 1"))

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}


async def seed(session: AsyncSession) -> None:
    """Two invoices of each kind and a receipt."""
    for kind in (Invoice, EagerInvoice, PlainInvoice, LegacyInvoice, EagerLegacyInvoice):
        session.add_all([kind(label="i1"), kind(label="i2")])
    session.add_all([CountedReceipt(label="c1"), DatedReceipt(label="d1")])
    session.add(Receipt(label="r1", lines=[Line(text="l1")]))
