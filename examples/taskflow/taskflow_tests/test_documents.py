"""What OpenAPI says about bodies is what the schemas take, also where one member depends on another."""

from __future__ import annotations

from itertools import product
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from taskflow.projects.schemas import MemberCreate

LEFT_OUT = object()
CASES: list[tuple[type[BaseModel], dict[str, list[Any]]]] = [
    (MemberCreate, {"user_id": [LEFT_OUT, None, "ben"], "agent_id": [LEFT_OUT, None, 3], "role": [LEFT_OUT, "reviewer", "owner"]}),
]


@pytest.mark.parametrize(("schema", "members"), CASES)
def test_the_document_takes_what_the_schema_takes(schema: type[BaseModel], members: dict[str, list[Any]]) -> None:
    documented = jsonschema.Draft202012Validator(schema.model_json_schema())
    taken = set()
    for values in product(*members.values()):
        body = {name: value for name, value in zip(members, values, strict=True) if value is not LEFT_OUT}
        try:
            schema.model_validate(body)
        except ValidationError:
            is_taken = False
        else:
            is_taken = True
        assert documented.is_valid(body) == is_taken, body
        taken.add(is_taken)
    assert taken == {True, False}
