"""Pointers: whatever the path that Pydantic gives, the pointer leads to a place in the body."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from greenroom.kit.web.validation import pointer

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet="ab/~0", max_size=3), inner, max_size=4),
)


def at(document: Any, where: str) -> Any:  # noqa: ANN401  # JSON
    """Resolve a JSON pointer as RFC 6901, section 4, says."""
    for part in where.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def paths(document: Any, so_far: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401  # JSON
    inner: list[tuple[str | int, Any]] = []
    if isinstance(document, dict):
        inner = list(document.items())
    elif isinstance(document, list):
        inner = list(enumerate(document))
    return [so_far, *(path for key, value in inner for path in paths(value, (*so_far, key)))]


@given(documents, st.data())
def test_a_place_has_the_pointer_that_leads_to_it(document: Any, data: st.DataObject) -> None:  # noqa: ANN401  # JSON
    path = data.draw(st.sampled_from(paths(document)))
    expected = document
    for part in path:
        expected = expected[part]
    assert at(document, pointer(path, document)) is expected


NARROW: TypeAdapter[object] = TypeAdapter(int | list[int | str] | dict[str, int | list[int] | dict[str, int]])


@given(documents)
def test_an_error_of_pydantic_points_to_a_place_in_the_body(document: Any) -> None:  # noqa: ANN401  # JSON
    try:
        NARROW.validate_python(document, strict=True)
    except ValidationError as error:
        for one in error.errors():
            at(document, pointer(one["loc"], document))


def test_what_is_missing_is_named_in_the_place_where_it_should_be() -> None:
    assert pointer(["parts", 0, "title"], {"parts": [{}]}, missing=True) == "/parts/0/title"
    assert pointer(["parts", "list[Part]", 0], {"parts": [1]}) == "/parts/0"
