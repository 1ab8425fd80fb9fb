"""Aware UTC time: the only kind that enters or leaves the kit."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware and in UTC, to the microsecond (what ``timestamptz`` holds)."""
    return datetime.now(UTC)
