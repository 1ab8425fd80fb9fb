"""A summary's key tells apart whatever can change what a function does, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import fields, replace
from typing import Any, cast

import pytest

from greenroom.domain.heap import Collection, HeapObject, Instance, OrmObject, SessionObject
from greenroom.domain.loading import IS_BLANK, IS_LOADED, Origin
from greenroom.domain.plans import Plan
from greenroom.domain.values import NONE, Anything, Const, Ref
from greenroom.facts.records import MappedClass, Schema
from greenroom.interpret.tabulation.naming import Naming
from greenroom.program.symbols import Class

MAPPED = cast("MappedClass", object())
NUMBERS: dict[Hashable, int] = {}
OTHER: dict[str, object] = {
    "mapped": cast("MappedClass", frozenset()), "life": 8, "session": 9, "attributes": {"name": IS_BLANK}, "values": {"name": NONE},
    "plan": Plan(everywhere=True), "dirty": frozenset({"name"}), "touched": 3, "born": 3, "key": Const(3), "perhaps": frozenset({"name"}),
    "depth": 3, "failed": Origin(cast("Any", None), "failed"), "suppressed": 3, "aborted": Origin(cast("Any", None), "aborted"),
    "cls": cast("Class", frozenset()),
    "schema": cast("Schema", frozenset()), "kind": "set", "items": (NONE,), "element": NONE, "keys": NONE, "by_key": {1: NONE},
    "owner": (1, "posts"),
}  # fmt: skip
RECORDS: tuple[HeapObject, ...] = (
    OrmObject(MAPPED, 4, None, {"name": IS_LOADED}),
    SessionObject(),
    Instance(None, {"attribute": Const(1)}),
    Collection("list"),
)


def key(record: HeapObject) -> object:
    naming = Naming({1: record}, frozenset(), NUMBERS)
    naming.reference(1)
    return naming.reached(), naming.sessions()


def cases() -> list[tuple[HeapObject, str]]:
    return [(record, part.name) for record in RECORDS for part in fields(record) if part.compare]


@pytest.mark.parametrize(("record", "name"), cases(), ids=lambda value: value if isinstance(value, str) else type(value).__name__)
def test_every_compared_field_is_part_of_the_key(record: HeapObject, name: str) -> None:
    known = getattr(record, name)
    other = {"attribute": NONE} if isinstance(record, Instance) and name == "attributes" else OTHER.get(name)
    changes: dict[str, Any] = {name: not known if isinstance(known, bool) else other}
    assert key(replace(cast("Any", record), **changes)) != key(record)


@pytest.mark.parametrize(("record", "name"), [(RECORDS[0], "loaded_at"), (RECORDS[0], "name"), (RECORDS[0], "assigned_at")])
def test_where_something_came_from_is_not(record: HeapObject, name: str) -> None:
    assert key(replace(cast("Any", record), **{name: "elsewhere"})) == key(record)


def test_ids_and_tokens_are_names() -> None:
    def named(first: int, second: int, token: str) -> object:
        naming = Naming({first: Collection("list", (Ref(second),)), second: SessionObject()}, frozenset(), NUMBERS)
        return naming.value((Ref(first), Anything(None, ("symbol", token)), Ref(second), Ref(first))), naming.reached(), naming.sessions()

    assert named(1, 2, "a") == named(7, 3, "b")
    assert named(1, 2, "a") != named(1, 1, "a")


def test_a_token_that_means_something_is_kept() -> None:
    node = ast.Pass()
    naming = Naming({}, frozenset(), NUMBERS)
    assert naming.value(Anything(None, ("member", node, "RED"))) != naming.value(Anything(None, ("member", node, "BLUE")))
