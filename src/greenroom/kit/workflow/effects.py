"""What a transition changes beside the state: data, so that it can be checked, shown and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Column, func


class Effect(Protocol):
    """Sets one column. ``column`` is the name of the attribute of the model."""

    @property
    def column(self) -> str:
        """The attribute."""

    def value(self, column: Column[Any], now: datetime) -> object:
        """Return what the UPDATE sets: a value or an SQL expression. ``now`` is one moment for all effects of a transition."""


@dataclass(frozen=True, slots=True)
class Set:
    """Sets a column to a constant."""

    column: str
    to: object

    def value(self, column: Column[Any], now: datetime) -> object:  # noqa: ARG002  # the signature of all effects
        """Return the constant."""
        return self.to


@dataclass(frozen=True, slots=True)
class SetNow:
    """Sets a column to the time of the transition, in UTC; with ``once``, only where it holds NULL."""

    column: str
    once: bool = False

    def value(self, column: Column[Any], now: datetime) -> object:
        """Return the time, or the first time."""
        return func.coalesce(column, now) if self.once else now


@dataclass(frozen=True, slots=True)
class Clear:
    """Sets a column to NULL."""

    column: str

    def value(self, column: Column[Any], now: datetime) -> object:  # noqa: ARG002  # the signature of all effects
        """Return None."""
        return None
