"""Request schemas take JSON types for what they are, and nothing unknown."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from greenroom.kit.models import Id, Input, Int4, ZeroToNone


class Form(Input):
    number: Int4 = 0
    share: float | None = None
    flag: bool = False
    ids: list[Id] = []
    more: Annotated[list[int] | None, Field(max_length=3)] = None
    other: int | str = 0
    legacy: ZeroToNone[Id | None] = None


@pytest.mark.parametrize(
    "given",
    [
        {"number": 5},
        {"number": 5.0},
        {"share": 1},
        {"share": None},
        {"flag": True},
        {"ids": [1, 2]},
        {"more": None},
        {"other": "5"},
        {"legacy": 0},
    ],
)
def test_what_is_taken(given: dict[str, object]) -> None:
    Form.model_validate(given)


@pytest.mark.parametrize(
    "given",
    [
        {"number": "5"},
        {"number": True},
        {"number": 5.5},
        {"number": None},
        {"share": "1.5"},
        {"share": False},
        {"flag": 1},
        {"flag": "true"},
        {"flag": None},
        {"ids": ["1"]},
        {"ids": [True]},
        {"ids": [0]},
        {"ids": 1},
        {"more": ["1"]},
        {"legacy": False},
        {"unknown": 1},
    ],
)
def test_what_is_refused_names_the_member(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(given)
    [name] = given
    assert {error["loc"][0] for error in caught.value.errors()} == {name}


def test_what_may_be_null_has_null_as_its_example() -> None:
    shown = Form.model_json_schema()["properties"]
    assert [name for name, member in shown.items() if member.get("examples") == [None]] == ["share", "more", "legacy"]
