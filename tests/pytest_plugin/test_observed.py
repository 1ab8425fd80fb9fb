"""What the plugin writes is what ``greenroom check --observed`` reads."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.command import greenroom
from tests.pytest_plugin.suites import Suite

TESTS = """
    import pytest
    from application import User, factory

    @pytest.mark.parametrize("number", range(3))
    async def test_swallowed(number):
        await application.add_safely()

    async def test_request():
        await get("/users/Ada")

    async def test_reads():
        await application.prepare()
        async with factory() as session:
            session.add(user := User(name="Ada"))
            await session.commit()
            user.name

    async def test_passes():
        await application.works()
"""


def checked(suite: Suite) -> dict[str, Any]:
    run = greenroom("check", "--observed", ".greenroom/trace.json", "--format", "json", folder=suite.pytester.path)
    assert run.stderr == ""
    document: dict[str, Any] = json.loads(run.stdout)
    return document


def test_what_tests_met_is_marked(suite: Suite) -> None:
    suite.write(TESTS)
    suite.run().assert_outcomes(passed=1, failed=5)
    document = checked(suite)
    marks = {(row["rule"], row["path"], row["attribute"]): row["observed"] for row in document["findings"] if row["observed"]}
    assert marks == {
        ("GR101", "application.py", "name"): {
            "times": 3,
            "tests": [f"test_it.py::test_swallowed[{number}]" for number in range(3)],
            "routes": [],
            "moved": False,
        },
        ("GR105", "application.py", "posts"): {
            "times": 1,
            "tests": ["test_it.py::test_request"],
            "routes": ["GET /users/{name}"],
            "moved": False,
        },
        ("GR101", "test_it.py", "name"): {"times": 1, "tests": ["test_it.py::test_reads"], "routes": [], "moved": False},
    }
    seen = document["observed"]
    assert (seen["missed"], seen["answered"], seen["routes"], seen["never_exercised"]) == ([], [], 1, [])


def test_what_was_mended_since_is_not_missed(suite: Suite) -> None:
    suite.write(TESTS)
    suite.run()
    path = suite.pytester.path / "application.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("factory = async_sessionmaker(engine)", "factory = async_sessionmaker(engine, expire_on_commit=False)"), "utf-8"
    )
    document = checked(suite)
    assert [row["rule"] for row in document["findings"] if row["observed"]] == ["GR105"]
    assert document["observed"]["missed"] == []
    assert {one["reason"] for one in document["observed"]["answered"]} == {"edited"}
