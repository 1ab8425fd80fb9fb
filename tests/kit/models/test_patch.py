"""Partial updates tell "not given" from null."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import ValidationError
from sqlalchemy import inspect

from greenroom.kit.models import NOT_GIVEN, Id, Input, Line, Patch, UtcDatetime, apply, changes
from tests.kit.models.tables import Task


class TaskFields(Input):
    title: Annotated[str, Line(20)]
    assignee_id: Id | None = None
    due: UtcDatetime | None = None
    priority: str = "low"


class TaskPatch(TaskFields, Patch):
    pass


class TitlePatch(Patch):
    title: Annotated[str, Line(20)]
    due: UtcDatetime | None


def test_only_what_is_given_is_a_change() -> None:
    patch = TaskPatch.model_validate({"assignee_id": None, "title": " a "})
    assert changes(patch) == {"title": "a", "assignee_id": None}
    assert patch.priority is NOT_GIVEN  # type: ignore[comparison-overlap]  # what the annotation does not say
    assert changes(TaskPatch.model_validate({})) == {}


def test_null_is_refused_where_the_field_is_not_nullable() -> None:
    with pytest.raises(ValidationError) as caught:
        TaskPatch.model_validate({"title": None, "priority": None, "due": None})
    assert [error["loc"] for error in caught.value.errors()] == [("title",), ("priority",)]


def test_unknown_members_are_refused() -> None:
    with pytest.raises(ValidationError, match="project_id"):
        TaskPatch.model_validate({"project_id": 1})


def test_a_member_that_was_not_given_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="was not given"):
        assert not TaskPatch.model_validate({}).due


def test_openapi_has_all_members_optional_and_without_defaults() -> None:
    schema = TaskPatch.model_json_schema()
    assert "required" not in schema
    assert not any("default" in member for member in schema["properties"].values())
    assert TaskFields.model_json_schema()["required"] == ["title"], "the schema that it is made from stays as it is"
    assert TaskFields.model_validate({"title": "a"}).priority == "low"


def test_what_is_given_is_set_and_nothing_else() -> None:
    task = Task(title="one", assignee_id=5)
    patch = TitlePatch.model_validate({"due": None, "title": "two"})
    assert apply(patch, task, only={"title", "due"}) == {"title": "two", "due": None}
    assert (task.title, task.assignee_id) == ("two", 5)
    assert inspect(task).attrs.assignee_id.history.unchanged == () or task.assignee_id == 5


def test_a_member_that_nobody_has_allowed_cannot_be_set() -> None:
    with pytest.raises(TypeError, match="TaskPatch has members that may not be set: assignee_id, priority"):
        apply(TaskPatch.model_validate({}), Task(title="one"), only={"title", "due"})
