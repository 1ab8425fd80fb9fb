"""When the next occurrence of a recurring task is due."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from taskflow.vocabulary import Recurrence


def _months(count: int) -> Callable[[datetime], datetime]:
    """Return the step of some months; a day that the month does not have becomes its last."""

    def step(moment: datetime) -> datetime:
        month = moment.month - 1 + count
        year, month = moment.year + month // 12, month % 12 + 1
        return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))

    return step


_STEPS: Mapping[Recurrence, Callable[[datetime], datetime]] = MappingProxyType(
    {
        Recurrence.DAILY: lambda moment: moment + timedelta(days=1),
        Recurrence.WEEKLY: lambda moment: moment + timedelta(weeks=1),
        Recurrence.MONTHLY: _months(1),
        Recurrence.YEARLY: _months(12),
    }
)


LAST_YEAR: Final = 9998
"""The last that the API takes; a step from the one after it may lead out of what Python holds."""


def next_due(recurrence: Recurrence, due: datetime) -> datetime | None:
    """Return when the occurrence after the one due at ``due`` is due (aware in, aware out); None where the calendar ends."""
    return _STEPS[recurrence](due) if due.year <= LAST_YEAR else None
