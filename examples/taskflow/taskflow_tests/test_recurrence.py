from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.tasks.recurrence import next_due
from taskflow.vocabulary import Recurrence

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds
LONGEST = {Recurrence.DAILY: 1, Recurrence.WEEKLY: 7, Recurrence.MONTHLY: 31, Recurrence.YEARLY: 366}


@given(MOMENTS, st.sampled_from(Recurrence))
def test_the_next_is_later_by_at_most_one_period_at_the_same_time_of_day(due: datetime, recurrence: Recurrence) -> None:
    after = next_due(recurrence, due)
    assert after is not None
    assert timedelta(0) < after - due <= timedelta(days=LONGEST[recurrence])
    assert after.timetz() == due.timetz()


@pytest.mark.parametrize(
    ("recurrence", "due", "after"),
    [
        (Recurrence.MONTHLY, (2027, 1, 31), (2027, 2, 28)),
        (Recurrence.MONTHLY, (2028, 1, 31), (2028, 2, 29)),
        (Recurrence.MONTHLY, (2027, 12, 15), (2028, 1, 15)),
        (Recurrence.YEARLY, (2028, 2, 29), (2029, 2, 28)),
    ],
)
def test_a_day_that_the_month_does_not_have_becomes_its_last(
    recurrence: Recurrence, due: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    assert next_due(recurrence, datetime(*due, tzinfo=UTC)) == datetime(*after, tzinfo=UTC)


@pytest.mark.parametrize("recurrence", Recurrence)
def test_the_calendar_ends(recurrence: Recurrence) -> None:
    last = next_due(recurrence, datetime(9998, 12, 31, 23, 59, tzinfo=UTC))
    assert last is not None
    assert last.year == 9999
    assert next_due(recurrence, last) is None
