from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.config import Config
from greenroom.pipeline import check
from greenroom.triage.fingerprints import LONGEST, Identity, _code, identified
from tests.cli.failing import SERVICE, write_project


def identities(folder: Path, service: str = SERVICE) -> list[tuple[Identity, int]]:
    write_project(folder, service)
    findings = check([folder], Config()).findings
    return [(identity, nth) for _, identity, nth in identified(findings, lambda path: path.relative_to(folder).as_posix())]


def test_what_a_finding_is(tmp_path: Path) -> None:
    assert identities(tmp_path) == [
        (Identity("app/service.py", "GR101", "rename", "User.name", "user.name"), 0),
        (Identity("app/service.py", "GR101", "greet", "User.name", "user.name"), 0),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("async def rename", "LIMIT = 3\n\n\nasync def rename"),
        ("return user.name", "return (\n        user  # by name\n        .name\n    )"),
        ("    return user.name", "    if user_id:\n        return user.name\n    return ''"),
        ("async def greet", "def other() -> None: ...\n\n\nasync def greet"),
    ],
)
def test_layout_and_neighbours_change_nothing(tmp_path: Path, old: str, new: str) -> None:
    assert old in SERVICE
    assert identities(tmp_path / "new", SERVICE.replace(old, new)) == identities(tmp_path / "old")


@pytest.mark.parametrize(
    ("old", "new"),
    [("def rename", "def retitle"), ("user.name\n\n", "getattr(user, 'name')\n\n"), ("user.name\n\n", "user.id\n\n")],
)
def test_another_function_expression_or_attribute_is_another_finding(tmp_path: Path, old: str, new: str) -> None:
    assert old in SERVICE
    changed = identities(tmp_path / "new", SERVICE.replace(old, new))
    before = identities(tmp_path / "old")
    assert changed[1:] == before[1:]
    assert changed[0] != before[0]


def test_equal_findings_are_numbered_in_their_order(tmp_path: Path) -> None:
    twice = SERVICE.replace("    return user.name", "    if user_id > 3:\n        return user.name\n    return user.name")
    found = identities(tmp_path, twice)
    assert [nth for identity, nth in found if identity.function == "rename"] == [0, 1]
    assert len({identity.fingerprint(nth) for identity, nth in found}) == 3


def test_methods_and_nested_functions_have_qualified_names(tmp_path: Path) -> None:
    head, _, rest = SERVICE.partition("async def rename(")
    body = rest.partition("\n\n\n")[0].replace("\n", "\n    ")
    found = identities(tmp_path, f"{head}class Service:\n    async def rename(self, {body}\n")
    assert [identity.function for identity, _ in found] == ["Service.rename"]


def test_a_file_that_does_not_parse(tmp_path: Path) -> None:
    ((identity, _),) = identities(tmp_path, "x = 1\n    y = 2\n")
    assert (identity.rule, identity.function, identity.code) == ("GR001", "", "y=2")


def test_layout_is_no_part_of_code() -> None:
    assert _code("f(\n    a,  # why\n    not b,\n)") == _code("f(a, not b)") == "f(a,not b)"
    assert _code("x = 'a  b'") == "x='a  b'"
    assert _code("'broken  (") == "'broken ("


def test_long_code_is_told_by_its_digest() -> None:
    one, other = (_code(f"f({'argument, ' * 40}{last})") for last in "ab")
    assert len(one) <= LONGEST
    assert one != other
    assert one.split("…")[0] == other.split("…")[0]
