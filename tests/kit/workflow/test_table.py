"""A table that contradicts itself or the model stops the import, with all that is wrong in one message."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import pytest

from greenroom.kit.workflow import Clear, Set, SetNow, Transition, Workflow, WorkflowError
from tests.kit.workflow.tables import FLOW, ROWS, Status, Task


class Other(StrEnum):
    PENDING = "pending"
    GONE = "gone"


def refusal(
    *rows: Transition[Any], initial: Collection[Status] = (Status.PENDING,), final: Collection[Status] = (), column: str = "status"
) -> str:
    with pytest.raises(WorkflowError) as raised:
        Workflow(Task, Status, rows, initial=initial, final=final, column=column)
    return str(raised.value)


def test_the_allowed_states_follow_the_table() -> None:
    assert FLOW.allowed(Status.IN_PROGRESS) == (Status.REVIEW, Status.COMPLETED, Status.BLOCKED)
    assert FLOW.allowed(Status.COMPLETED) == (Status.REVIEW,)


def test_a_row_is_found_by_target_and_by_name() -> None:
    assert FLOW.row(Status.REVIEW, to=Status.COMPLETED) == FLOW.row(Status.REVIEW, name="approve")
    assert FLOW.row(Status.PENDING, to=Status.COMPLETED) is None
    assert FLOW.row(Status.PENDING, name="approve") is None


def test_a_name_that_is_in_no_row_and_a_question_without_a_subject_are_faults_of_the_program() -> None:
    with pytest.raises(WorkflowError, match="no row is named 'aprove'; there are approve, block, complete"):
        FLOW.row(Status.REVIEW, name="aprove")
    with pytest.raises(WorkflowError, match="either the target or the name"):
        FLOW.row(Status.REVIEW)
    with pytest.raises(WorkflowError, match="either the target or the name"):
        FLOW.row(Status.REVIEW, to=Status.COMPLETED, name="approve")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Transition("x", {Status.PENDING}, Other.GONE), "gone: no state of Status"),
        (Transition("x", {Other.GONE}, Status.REVIEW), "gone: no state of Status"),
        (Transition("x", set(), Status.REVIEW), "'x' leaves no state"),
        (Transition("x", {Status.REVIEW}, Status.REVIEW), "'x' leads from review to itself"),
        (Transition("x", {Status.REVIEW}, Status.COMPLETED), "'approve' and 'x' both lead from review to completed"),
        (Transition("approve", {Status.REVIEW}, Status.BLOCKED), "'approve' leads from review to completed and to blocked"),
        (Transition("x", {Status.BLOCKED}, Status.PENDING, effects=(Set("nothing", 1),)), "'x' sets 'nothing', which is no column"),
        (Transition("x", {Status.BLOCKED}, Status.PENDING, effects=(Set("version", 1),)), "'version', which the workflow itself keeps"),
        (Transition("x", {Status.BLOCKED}, Status.PENDING, effects=(Set("status", "a"),)), "'status', which the workflow itself keeps"),
        (Transition("x", {Status.BLOCKED}, Status.PENDING, effects=(Clear("title"),)), "'x' clears 'title', which is NOT NULL"),
        (
            Transition("x", {Status.BLOCKED}, Status.PENDING, effects=(SetNow("started_at"), Clear("started_at"))),
            "'x' sets 'started_at' twice",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_row_is_refused(row: Transition[Any], message: str) -> None:
    assert message in refusal(*ROWS, row)


def test_dead_ends_and_islands_are_refused_unless_declared() -> None:
    rows = [row for row in ROWS if row.name != "reopen"]
    assert "no row leaves completed, and it is not declared final" in refusal(*rows)
    Workflow(Task, Status, rows, initial={Status.PENDING}, final={Status.COMPLETED})
    assert "completed: declared final, and a row leaves it" in refusal(*ROWS, final={Status.COMPLETED})
    assert "pending: cannot be reached from an initial state" in refusal(*ROWS, initial={Status.BLOCKED})
    assert "no state is initial" in refusal(*ROWS, initial=())


def test_all_faults_are_in_one_message() -> None:
    message = refusal(*ROWS, Transition("x", {Status.REVIEW}, Status.COMPLETED, effects=(Set("nothing", 1),)), column="state")
    assert message.startswith("the workflow of Task.state: ")
    assert message.count(";") == 2
    assert "the model has no column 'state'" in message


def test_a_model_without_a_table_is_refused() -> None:
    with pytest.raises(WorkflowError, match="Other is not mapped to a table"):
        Workflow(Other, Status, ROWS, initial={Status.PENDING})
