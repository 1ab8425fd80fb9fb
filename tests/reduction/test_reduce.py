"""``greenroom reduce``: the report, saved as it says and run as it says, shows the miss again."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.command import UNPRIVILEGED, greenroom
from tests.confirm.project import FILES, LUCK, MISS, NAME, at, edit, place, trace, write

HARMLESS = replace(
    MISS,
    stack=(
        *MISS.stack,
        place("app/main.py", "return await harmless(session, key)", "name"),
        replace(MISS.stack[0], path="/srv/tests/t.py"),
    ),
    message="the query at app/services.py:34 did not load it, nor did app/services.py:345",
    origin=place("app/services.py", "person.name = name", "rename"),
    route="GET /people/{key}/name",
    endpoint="app.main:name",
    handler=place("app/main.py", '@people.get("/{key}/name")', "name"),
    test="t.py::a_test_of_ours",
    request_id="a-request-of-ours",
    times=7,
)
QUERY = replace(HARMLESS, origin=replace(MISS.stack[0], line=MISS.stack[0].line - 1))


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return write(tmp_path / "zoo")


def blocks(report: str) -> dict[str, str]:
    return {name: text for name, _, text in re.findall(r"^### `([^`]+)`\n\n(`{3,})\w*\n(.*?)\n\2$", report, re.DOTALL | re.MULTILINE)}


def saved(report: str, folder: Path) -> Path:
    """Save a report as it says."""
    empty = re.search(r"^Empty files: (.*)\.$", report, re.MULTILINE)
    for name in re.findall(r"`([^`]+)`", empty[1]) if empty is not None else ():
        blocks_of_nothing = folder / name
        blocks_of_nothing.parent.mkdir(parents=True, exist_ok=True)
        blocks_of_nothing.write_text("", encoding="utf-8")
    for name, text in blocks(report).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def commands(report: str) -> list[list[str]]:
    return [shlex.split(line) for line in report.rpartition("```sh\n")[2].removesuffix("```\n").splitlines()]


def test_the_report_shows_the_miss_again(zoo: Path, tmp_path: Path) -> None:
    run = greenroom("reduce", trace(zoo, NAME, QUERY), "--number", "2", folder=zoo)
    assert (run.returncode, run.stderr) == (0, "")
    assert "The analysis misses it in these parts of the files as well" in run.stdout
    again = saved(run.stdout, tmp_path / "again")
    check, explain = commands(run.stdout)
    found = greenroom(*check[1:], "--format", "json", folder=again)
    assert (found.returncode, found.stderr) == (0, "")
    seen = json.loads(found.stdout)["observed"]
    assert [(one["model"], one["attribute"]) for one in seen["missed"]] == [("Person", "name")]
    assert seen["answered"] == []
    explained = greenroom(*explain[1:], folder=again).stdout
    assert "loaded: id, kind, name" in explained
    assert explained.strip() in run.stdout


def test_the_report_holds_what_matters_and_nothing_else(zoo: Path) -> None:
    edit(zoo / "app/services.py", "async def harmless", "# a remark of ours\nasync def harmless")
    edit(
        zoo / "app/services.py",
        "    person = await session.get(Person, key)\n    return",
        '    """Ours."""\n    person = await session.get(Person, key)\n    return',
    )
    shifted = [replace(one, line=one.line + 2) if one.path == "app/services.py" else one for one in HARMLESS.stack]
    incident = replace(QUERY, place=shifted[0], stack=tuple(shifted), origin=replace(shifted[0], line=shifted[0].line - 1))
    incident = replace(incident, message=f"the query at {incident.origin} did not load it, nor did app/services.py:{incident.place}5")
    run = greenroom("reduce", trace(zoo, incident), "--number", "1", folder=zoo)
    sources = blocks(run.stdout)
    assert list(sources) == ["app/main.py", "app/models.py", "app/services.py", "trace.json"]
    assert sources["app/services.py"] == (
        "from sqlalchemy.ext.asyncio import AsyncSession\n"
        "from app.models import Person\n"
        "\n"
        "\n"
        "async def harmless(session: AsyncSession, key: int) -> str:\n"
        "    person = await session.get(Person, key)\n"
        "    return person.name"
    )
    assert "the query at app/services.py:6 did not load it" in run.stdout
    for private in ("a_test_of_ours", "a-request-of-ours", "remark", "Ours", "menagerie", "PersonRead", "Pet", "/srv"):
        assert private not in run.stdout, private
    (kept,) = json.loads(sources["trace.json"])["incidents"]
    calling = sources["app/main.py"].splitlines().index("    return await harmless(session, key)") + 1
    assert [(one["path"], one["line"]) for one in kept["stack"]] == [("app/services.py", 7), ("app/main.py", calling)]
    assert kept["times"] == 1


def test_an_answer_is_looked_at_where_its_endpoint_returns(zoo: Path, tmp_path: Path) -> None:
    handler = place("app/main.py", '@people.get("/{key}", response_model=PersonRead)', "read")
    answer = at(attribute="name", route="GET /people/{key}", endpoint="app.main:read", handler=handler)
    for incident in (answer, replace(answer, handler=None)):
        run = greenroom("reduce", trace(zoo, incident), "--number", "1", folder=zoo)
        assert run.stdout.startswith("# Missed: `Person.name` (implicit-io) at the answer of app.main:read\n"), run.stderr
        assert "The analysis misses it in these parts of the files as well" in run.stdout
        assert "class PersonRead" in blocks(run.stdout)["app/main.py"]
        again = saved(run.stdout, tmp_path / str(incident.handler is None))
        seen = json.loads(greenroom(*commands(run.stdout)[0][1:], "--format", "json", folder=again).stdout)["observed"]
        assert len(seen["missed"]) == 1


def test_files_are_whole_where_parts_of_them_are_not_enough(zoo: Path) -> None:
    source = FILES["app/services.py"].replace("    return person.name\n", "    return shown(person)\n") + (
        "\n\ndef shown(person: Person) -> str:\n    return person.name\n"
    )
    (zoo / "app/services.py").write_text(source, encoding="utf-8")
    line = source.splitlines().index("def shown(person: Person) -> str:") + 2
    inner = replace(MISS.stack[0], line=line, function="shown")
    run = greenroom("reduce", trace(zoo, at(inner)), "--number", "1", folder=zoo)
    assert "They are whole, because of parts of them it does not believe what it believes of the project." in run.stdout
    assert blocks(run.stdout)["app/services.py"] == source.rstrip("\n")


def test_a_slice_that_does_not_show_it_says_so(zoo: Path) -> None:
    (zoo / "app/helpers.py").write_text(
        "from app.models import Person\n\n\ndef shown(person: Person) -> str:\n    return person.name\n", encoding="utf-8"
    )
    edit(zoo / "app/services.py", "    return person.name\n", "    return shown(person)\n")
    edit(zoo / "app/services.py", "from app.models import Person\n", "from app.helpers import shown\nfrom app.models import Person\n")
    inner = replace(MISS.stack[0], path="app/helpers.py", line=5, function="shown")
    run = greenroom("reduce", trace(zoo, at(inner)), "--number", "1", folder=zoo)
    assert run.returncode == 0
    assert "The analysis does not believe of these files what it believes of the project." in run.stdout


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1", "incident 1 is not missed: a finding answers for it; choose one that `check --observed` calls missed"),
        ("2", "incident 2 went well, by luck: there is nothing to find; choose one"),
        ("3", "incident 3 is not missed: its file is not among those that were checked; choose one"),
        ("4", "trace.json has no incident 4; they count from 1 to 3"),
        ("0", "trace.json has no incident 0; they count from 1 to 3"),
        ("x", "argument --number: invalid int value: 'x'"),
    ],
)
def test_what_is_not_missed(zoo: Path, number: str, says: str) -> None:
    run = greenroom("reduce", trace(zoo, NAME, LUCK, at(endpoint="elsewhere:read")), "--number", number, folder=zoo)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"greenroom reduce: {says}")
    assert run.stderr.count("\n") == 1


def test_into_a_file(zoo: Path) -> None:
    run = greenroom("reduce", trace(zoo, QUERY), "--number", "1", "--output", "miss.md", folder=zoo)
    assert (run.returncode, run.stdout) == (0, "Wrote miss.md; read it before you hand it on\n")
    assert (zoo / "miss.md").read_text(encoding="utf-8").startswith("# Missed: `Person.name`")
    refused = greenroom("reduce", trace(zoo, QUERY), "--number", "1", "--output", "gone/miss.md", folder=zoo)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "greenroom reduce: cannot write gone/miss.md: No such file or directory; "
        "make its folder writable, or give another place with --output\n"
    )


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: the superuser may read everything; install with: apt-get install util-linux")
def test_a_trace_that_may_not_be_read(zoo: Path) -> None:
    trace(zoo, QUERY).chmod(0)
    run = greenroom("reduce", "trace.json", "--number", "1", folder=zoo, through=UNPRIVILEGED or ())
    assert run.returncode == 2
    assert run.stderr.startswith("greenroom reduce: cannot read the trace trace.json: Permission denied")
