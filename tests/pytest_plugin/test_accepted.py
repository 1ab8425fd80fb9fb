from __future__ import annotations

import json

import pytest

from tests.pytest_plugin.suites import Suite

TESTS = """
    import pytest

    async def test_swallowed():
        await application.add_safely()

    async def test_request():
        await get("/users/Ada")
"""


def test_what_is_accepted_fails_nothing_and_what_is_new_does(suite: Suite) -> None:
    suite.write("async def test_swallowed():\n    await application.add_safely()\n")
    result = suite.run("--greenroom-baseline=known.json", "--greenroom-update-baseline")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["Incidents in 1 test: 1 accepted.", "The baseline known.json is written."])
    assert json.loads((suite.pytester.path / "known.json").read_text()) == {
        "greenroom-pytest-baseline": 1,
        "accepted": [
            {"kind": "implicit-io", "about": "User.name", "path": "application.py", "in": "add", "tests": ["test_it.py::test_swallowed"]}
        ],
    }
    suite.write(TESTS)
    result = suite.run("--greenroom-baseline=known.json")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["Incidents in 2 tests: 1 failing, 1 accepted."])


def test_lines_may_move(suite: Suite) -> None:
    suite.write(TESTS)
    suite.run("--greenroom-baseline=known.json", "--greenroom-update-baseline")
    module = suite.pytester.path / "application.py"
    module.write_text("# a line\n# another\n" + module.read_text())
    suite.run("--greenroom-baseline=known.json").assert_outcomes(passed=2)


def test_the_ini_file_names_it_beside_itself(suite: Suite) -> None:
    suite.write(TESTS)
    suite.pytester.makeini("[pytest]\ngreenroom = on\ngreenroom_baseline = known.json\n")
    suite.run("--greenroom-update-baseline", watched=False).assert_outcomes(passed=2)
    below = suite.pytester.mkdir("below")
    suite.pytester.makepyfile(**{"below/test_below": "def test_passes():\n    pass\n"})
    suite.pytester.chdir()
    suite.run(str(below), "test_it.py", watched=False).assert_outcomes(passed=3)


def test_workers_use_and_update_it(suite: Suite) -> None:
    suite.write(TESTS)
    workers = ("-p", "xdist", "-n", "2", "--greenroom-baseline=known.json")
    suite.run(*workers, "--greenroom-update-baseline").assert_outcomes(passed=2)
    first = (suite.pytester.path / "known.json").read_text()
    suite.run(*workers).assert_outcomes(passed=2)
    suite.run("--greenroom-baseline=known.json", "--greenroom-update-baseline").assert_outcomes(passed=2)
    assert (suite.pytester.path / "known.json").read_text() == first


def test_what_is_gone_is_told_and_taken_out(suite: Suite) -> None:
    suite.write(TESTS)
    suite.run("--greenroom-baseline=known.json", "--greenroom-update-baseline")
    module = suite.pytester.path / "application.py"
    module.write_text(module.read_text().replace("async_sessionmaker(engine)", "async_sessionmaker(engine, expire_on_commit=False)"))
    # A run of other tests says nothing about it.
    assert "No longer met" not in suite.run("-k", "request", "--greenroom-baseline=known.json").stdout.str()
    result = suite.run("--greenroom-baseline=known.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["No longer met: User.name (implicit-io) in add, application.py; --greenroom-update-baseline takes it out*"]
    )
    suite.run("-k", "request", "--greenroom-baseline=known.json", "--greenroom-update-baseline")
    assert "User.name" in (suite.pytester.path / "known.json").read_text()
    suite.run("--greenroom-baseline=known.json", "--greenroom-update-baseline")
    text = (suite.pytester.path / "known.json").read_text()
    assert "User.name" not in text
    assert "User.posts" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--greenroom-baseline=missing.json"], "there is no baseline *missing.json; give --greenroom-update-baseline to write it*"),
        (["--greenroom-baseline=other.json"], "*other.json is no baseline of pytest --greenroom: * is None, and not 1; give another file*"),
        (["--greenroom-baseline=broken.json"], "*broken.json is no baseline: Expecting *; restore it, or delete it*"),
        (["--greenroom-baseline=entries.json"], "*entries.json is no baseline: entry 1 of what it accepts is not one; restore it*"),
        (["--greenroom-baseline=bytes.json"], "*bytes.json is no baseline: it is not UTF-8; restore it*"),
        (["--greenroom-baseline=."], "the baseline *: Is a directory; give another --greenroom-baseline"),
        (
            ["--greenroom-baseline=no/where.json", "--greenroom-update-baseline"],
            "*give --greenroom-update-baseline to write it, into a folder that exists",
        ),
        (["--greenroom-update-baseline"], "--greenroom-update-baseline has no file to write; give --greenroom-baseline FILE*"),
        (
            ["--greenroom=off", "--greenroom-update-baseline", "--greenroom-baseline=x"],
            "--greenroom-update-baseline has nothing to write without*",
        ),
        (["--greenroom=loud"], "*--greenroom*'loud'*"),
        (["-o", "greenroom=loud", "--greenroom=strict"], None),
    ],
)
def test_bad_input_is_one_message(suite: Suite, arguments: list[str], message: str | None) -> None:
    suite.write("def test_passes():\n    pass\n")
    (suite.pytester.path / "other.json").write_text("{}")
    (suite.pytester.path / "broken.json").write_text("{")
    (suite.pytester.path / "bytes.json").write_bytes(b"\xff")
    (suite.pytester.path / "entries.json").write_text('{"greenroom-pytest-baseline": 1, "accepted": [{"kind": 1}]}')
    result = suite.run(*arguments)
    text = result.stdout.str() + result.stderr.str()
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
    if message is None:
        assert result.ret == 0
        return
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])


def test_the_ini_file_is_named_when_it_is_mistaken(suite: Suite) -> None:
    suite.write("def test_passes():\n    pass\n")
    suite.pytester.makeini("[pytest]\ngreenroom = loud\n")
    result = suite.run(watched=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*greenroom = loud in *tox.ini is not known; it is on, strict or off"])
