"""Comments that answer for findings, as the whole command sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from greenroom.cli import main as entry
from tests.cli.failing import write_project

HEAD = """\
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User


async def rename(session: AsyncSession, user_id: int) -> str:
    user = await session.get_one(User, user_id)
    await session.commit()
"""
"""Eight lines; then the user is expired."""
WHY = "-- only on SQLite"


@dataclass(frozen=True)
class Outcome:
    findings: list[tuple[str, int]]
    suppressed: int
    warnings: list[str]


def outcome(capsys: pytest.CaptureFixture[str], *words: str) -> Outcome:
    entry.main(["check", "--format", "json", *words])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return Outcome(
        [(row["rule"], row["line"]) for row in document["findings"]],
        document["stats"]["suppressed"],
        [f"{note['line']}: {note['message']}" for note in document["assumptions"] if note["kind"] == "warning"],
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def write(project: Path, body: str, head: str = HEAD) -> None:
    write_project(project, head + "".join(f"    {line}\n" if line else "\n" for line in body.split("\n")))


@pytest.mark.parametrize(
    "body",
    [
        f"return user.name  # greenroom: ignore[GR101] {WHY}",
        f"return user.name  # greenroom: ignore[expired-after-commit] {WHY}",
        f"return user.name  #greenroom:ignore[ gr101 ,]{WHY}".replace(" ,]", "]"),
        f"return user.name  # noqa: RET504 # greenroom: ignore[GR101] {WHY}  # noqa",
        f"# greenroom: ignore[GR101] {WHY}\n# more to say\n\nreturn user.name",
        f"return str(  # greenroom: ignore[GR101] {WHY}\n    user.name,\n)",
        f"return str(\n    user.name,  # greenroom: ignore[GR101] {WHY}\n)",
        f"return str(\n    # greenroom: ignore[GR101] {WHY}\n    user.name,\n)",
        f"return (\n    user  # greenroom: ignore[GR101] {WHY}\n    .name\n)",
        f"return (\n    user\n    .name  # greenroom: ignore[GR101] {WHY}\n)",
        f"# greenroom: ignore[GR101] {WHY}\nreturn str(\n    user.name,\n)",
        f"if True:  # it is\n    return user.name  # greenroom: ignore[GR101] {WHY}\nreturn ''",
        f"for letter in user.name:  # greenroom: ignore[GR101] {WHY}\n    print(letter)\nreturn ''",
    ],
)
def test_a_comment_answers_for_a_finding(project: Path, capsys: pytest.CaptureFixture[str], body: str) -> None:
    write(project, body)
    assert outcome(capsys) == Outcome([], 1, [])


@pytest.mark.parametrize(
    ("body", "finding", "comment"),
    [
        (f"x = 1  # greenroom: ignore[GR101] {WHY}\nreturn user.name", 10, 9),
        (f"return user.name\n# greenroom: ignore[GR101] {WHY}", 9, 10),
        (f"return str(\n    user.name,\n)  # greenroom: ignore[GR101] {WHY}", 10, 11),
        (f"if session:  # greenroom: ignore[GR101] {WHY}\n    return user.name\nreturn ''", 10, 9),
    ],
)
def test_a_comment_elsewhere_does_not(project: Path, capsys: pytest.CaptureFixture[str], body: str, finding: int, comment: int) -> None:
    write(project, body)
    assert outcome(capsys) == Outcome(sorted([("GR101", finding), ("GR002", comment)], key=lambda item: item[1]), 0, [])


def test_syntax_newer_than_the_interpreter(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = f'first = lambda: 0\nreturn f"{{user.name + "# no" + f"{{"}}"}}"}}"  # greenroom: ignore[GR101] {WHY}'
    write(project, body, HEAD.replace("def rename(", "def rename[T]("))
    assert outcome(capsys) == Outcome([], 1, [])


def test_text_in_a_string_does_not(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, f"return user.name + '# greenroom: ignore[GR101] {WHY}'")
    assert outcome(capsys) == Outcome([("GR101", 9)], 0, [])


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("greenroom: ignore", "this suppression names no rule, so it ignores nothing; write `# greenroom: ignore[GR105] -- reason`"),
        ("greenroom: ignore GR101 -- why", "this suppression names no rule"),
        ("greenroom: ignore[] -- why", "this suppression names no rule"),
        ("greenroom: ignore[GR101]", "gives no reason, so it ignores nothing; write `# greenroom: ignore[GR101] -- reason`"),
        ("greenroom: ignore[GR101] why", "this suppression gives no reason"),
        ("greenroom: ignore[GR101] --", "this suppression gives no reason"),
        ("greenroom: ignore[GR101] --  # noqa", "this suppression gives no reason"),
        ("greenroom: ignore[GR1O1] -- why", "no rule is called 'GR1O1' (did you mean 'GR1"),
        ("greenroom: ignore[expired-after-comit] -- why", "no rule is called 'expired-after-comit' (did you mean 'expired-after-commit'?)"),
        ("greenroom: ignore[GR1] -- why", "no rule is called 'GR1'"),
        ("greenroom: noqa[GR101]", "`greenroom: noqa` ignores nothing; write `# greenroom: ignore[GR105] -- reason`"),
        ("greenroom: ingore[GR101] -- why", "`greenroom: ingore` ignores nothing"),
    ],
)
def test_a_malformed_comment_is_a_warning_that_says_what_to_write(
    project: Path, capsys: pytest.CaptureFixture[str], comment: str, told: str
) -> None:
    write(project, f"return user.name  # {comment}")
    found = outcome(capsys)
    assert found.findings == [("GR101", 9)]
    (warning,) = found.warnings
    assert warning.startswith("9: ")
    assert told in warning


def test_prose_is_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, "return user.id  # greenroom: the place before the stage")
    assert outcome(capsys, "--ignore", "GR101") == Outcome([], 0, [])


def test_unused_parts_of_a_comment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, f"return user.name  # greenroom: ignore[GR105, GR101, deferred-column] {WHY}")
    entry.main(["check", "--format", "json"])
    (row,) = json.loads(capsys.readouterr().out)["findings"]
    assert (row["rule"], row["severity"], row["line"], row["column"]) == ("GR002", "warning", 9, 23)
    assert row["message"] == "nothing that GR105, GR106 would report is here to be ignored"


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("ignore[GR105]", ["--ignore", "GR105"]),
        ("ignore[GR105]", ["--select", "GR101"]),
        ("ignore[GR105]", ["--ignore", "GR002"]),
        ("ignore[GR105, GR002]", []),
        ("ignore[GR105]", ["app/service.py", "app/models.py"]),
    ],
)
def test_unused_is_only_told_of_what_was_looked_for(
    project: Path, capsys: pytest.CaptureFixture[str], comment: str, words: list[str]
) -> None:
    write(project, f"return str(user_id)  # greenroom: {comment} {WHY}")
    assert outcome(capsys, *words) == Outcome([], 0, [])


def test_of_use_although_not_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, f"return user.name  # greenroom: ignore[GR101] {WHY}")
    assert outcome(capsys, "--min-confidence", "definite") == Outcome([], 0, [])


def test_unused_in_a_part_of_a_package_is_not_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = project / "app" / "inner"
    inner.mkdir()
    (inner / "__init__.py").write_text("", encoding="utf-8")
    (inner / "helper.py").write_text(f"def show(user):\n    return user.name  # greenroom: ignore[GR101] {WHY}\n", encoding="utf-8")
    assert outcome(capsys, "app/inner").findings == []
    assert outcome(capsys, "app").findings[0] == ("GR002", 2)


def test_where_the_analysis_met_a_bound_unused_is_not_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = "+".join(["1"] * 5000)
    write(project, f"x = {deep}\nreturn user.name  # greenroom: ignore[GR105] {WHY}")
    found = outcome(capsys)
    assert ("GR002", 10) not in found.findings


def test_the_summary_counts_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, f"return user.name  # greenroom: ignore[GR101] {WHY}")
    assert entry.main(["check"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(", 1 suppressed")
