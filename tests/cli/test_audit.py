"""``greenroom audit`` on real projects: documents, what they are compared with, and mistakes that overwrite nothing."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from greenroom import files
from greenroom.cli import main as entry
from greenroom.ledger.model import Treatment
from tests.cli.command import UNPRIVILEGED, greenroom
from tests.cli.failing import SERVICE, write_project

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "ledger.schema.json").read_text(encoding="utf-8"))
MENDED = SERVICE.replace(
    "    await session.commit()\n    return user.name\n", "    name = user.name\n    await session.commit()\n    return name\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_project(tmp_path / "project"))
    return Path.cwd()


def test_a_document_with_findings_exits_with_0(project: Path) -> None:
    run = greenroom("audit", folder=project)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("# Ledger of project\n")
    assert "#### GR101 expired-after-commit at `app/service.py:9`" in run.stdout
    assert "| 8 | commit | `rename` | **hazardous** |" in run.stdout
    assert greenroom("audit", "--exit-code", folder=project).returncode == 1
    assert greenroom("audit", "--exit-code", "--ignore", "GR1", folder=project).returncode == 0


@pytest.mark.parametrize(
    ("name", "words", "begins"),
    [
        ("ledger.md", [], "# Ledger of project"),
        ("ledger.HTML", [], "<!doctype html>"),
        ("ledger.json", [], '{\n  "greenroom-ledger": 1'),
        ("ledger.txt", [], "# Ledger of project"),
        ("ledger.txt", ["--format", "json"], '{\n  "greenroom-ledger": 1'),
        ("ledger.json", ["--format", "html"], "<!doctype html>"),
    ],
)
def test_a_file_has_the_format_of_its_name_or_the_one_that_is_asked_for(
    project: Path, name: str, words: list[str], begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(["audit", "--output", name, *words]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"Wrote {name}: 2 findings (2 possible), 2 operations, 0 routes")
    assert (project / name).read_text(encoding="utf-8").startswith(begins)
    assert [path.name for path in project.iterdir() if path.name.startswith(".")] == []


def test_json_satisfies_the_schema_and_is_equal_every_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = []
    for _ in range(2):
        assert entry.main(["audit", "--format", "json"]) == 0
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]
    jsonschema.validate(json.loads(documents[0]), SCHEMA)


def test_the_configuration_file_holds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What check selects, audit does; only its format and its baseline are its own."""
    (project / "pyproject.toml").write_text(
        '[tool.greenroom]\nignore = ["GR101"]\nformat = "concise"\nbaseline = "none.json"\n', encoding="utf-8"
    )
    assert entry.main(["audit", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []
    assert entry.main(["audit", "--format", "json", "--isolated"]) == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 2


def test_what_came_and_went(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["audit", "--output", "old.json"]) == 0
    (project / "app" / "service.py").write_text(f"# moved\n\n{MENDED}", encoding="utf-8")
    capsys.readouterr()

    assert entry.main(["audit", "--compare", "old.json"]) == 0
    text = capsys.readouterr().out
    assert "## Since `old.json`" in text
    assert "### Findings: 1 gone" in text
    assert "- gone: GR101 `app/service.py:9`" in text
    assert "### Operations: 1 changed" in text
    assert "- changed: commit at `app/service.py:11` in `rename`: hazardous → " in text

    assert entry.main(["audit", "--compare", "old.json", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    assert [len(document["compared"]["findings"][how]) for how in ("came", "gone", "changed")] == [0, 1, 0]

    assert entry.main(["audit", "--compare", "old.json", "--output", "new.html"]) == 0
    assert "Since the last ledger" in (project / "new.html").read_text(encoding="ascii")


def test_a_ledger_may_take_the_place_of_the_one_it_is_compared_with(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["audit", "--output", "ledger.json"]) == 0
    assert entry.main(["audit", "--output", "ledger.json", "--compare", "ledger.json"]) == 0
    compared = json.loads((project / "ledger.json").read_text(encoding="ascii"))["compared"]
    assert compared["findings"] == {"came": [], "gone": [], "changed": [], "kept": 2}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "no such file or directory: nowhere"),
        (["empty"], "nothing to audit: no Python files under empty"),
        (["--format", "xml"], "invalid choice: 'xml'"),
        (["--select", "GR1O1"], "no rule is called 'GR1O1'"),
        (["--compare", "nothing.json"], "cannot read nothing.json: No such file or directory"),
        (["--compare", "empty"], "cannot read empty: Is a directory"),
        (["--compare", "report.json"], "report.json is no ledger: it has no 'greenroom-ledger'"),
        (["--compare", "broken.json"], "broken.json is no ledger: "),
        (["--compare", "a\0b"], "is no ledger: embedded null byte"),
        (["--output", "nowhere/x.md"], "cannot write nowhere/x.md: No such file or directory"),
        (["--output", "empty"], "cannot write empty: Is a directory"),
        (["--output", "app/service.py/x.md"], "cannot write app/service.py/x.md: Not a directory"),
        (["--output", "a\0b"], "cannot write"),
        (["--output", "kept.json", "--compare", "broken.json"], "broken.json is no ledger: "),
        (["--output", "kept.json", "empty"], "nothing to audit"),
        (["--config", "broken.json", "--output", "kept.json"], "broken.json: no valid TOML"),
        (["--comapre", "x"], "unknown argument '--comapre' (did you mean '--compare'?)"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_overwritten(
    project: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "empty").mkdir()
    (project / "kept.json").write_text("kept", encoding="utf-8")
    (project / "broken.json").write_text("{", encoding="utf-8")
    (project / "report.json").write_text('{"schema": 1, "version": "0.1.0", "findings": []}', encoding="utf-8")
    assert entry.main(["audit", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("greenroom audit: ")
    assert told in err
    assert (project / "kept.json").read_text(encoding="utf-8") == "kept"


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: permissions do not bind the superuser here; install util-linux (setpriv)")
def test_an_unwritable_folder_is_said_before_the_work(project: Path) -> None:
    (project / "locked").mkdir()
    (project / "locked" / "ledger.md").write_text("kept", encoding="utf-8")
    (project / "locked").chmod(0o555)
    run = greenroom("audit", "--output", "locked/ledger.md", folder=project, through=UNPRIVILEGED or ())
    (project / "locked").chmod(0o755)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines() == [
        "greenroom audit: cannot write locked/ledger.md: Permission denied; make its folder writable, or give another place with --output"
    ]
    assert (project / "locked" / "ledger.md").read_text(encoding="utf-8") == "kept"


def test_a_link_stays_and_a_device_is_written_to(project: Path) -> None:
    (project / "real.md").write_text("old", encoding="utf-8")
    (project / "link.md").symlink_to("real.md")
    assert greenroom("audit", "--output", "link.md", folder=project).returncode == 0
    assert (project / "link.md").is_symlink()
    assert (project / "real.md").read_text(encoding="utf-8").startswith("# Ledger")
    run = greenroom("audit", "--output", "/dev/stdout", folder=project)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("# Ledger")


def test_odd_names_survive_every_format(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "app" / "service.py").rename(os.fsdecode(b"app/caf\xe9 `x` | <b>.py"))
    for name in ("markdown", "html", "json"):
        run = greenroom("audit", "--format", name, folder=project, PYTHONIOENCODING="ascii")
        assert (run.returncode, run.stderr) == (0, "")
        assert greenroom("audit", "--format", name, "--output", "x", folder=project).returncode == 0


def test_the_excerpt_of_the_documentation_is_from_the_bundled_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    excerpt = re.search(r"```markdown\n(.*?)\n```", page, re.DOTALL)
    assert excerpt is not None
    monkeypatch.chdir(ROOT / "src" / "greenroom" / "demo" / "backend")
    assert entry.main(["audit", "--isolated"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in excerpt[1].splitlines() if line not in lines] == []


def test_the_documentation_knows_every_class_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert [one.value for one in Treatment] == re.findall(r"^\| ([a-z ]+) \|", page.split("| class | meaning |")[1], re.MULTILINE)
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    section = commands[commands.index("## `greenroom audit") : commands.index("## `greenroom check")]
    entry.main(["audit", "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert {option for option in options if f"`{option}" not in section} == set()


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with os.fdopen(os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0) as reader:
        files.demand_writable(tmp_path / "pipe")
        files.replace(tmp_path / "pipe", ["a line"], "utf-8")
        assert reader.read(100) == b"a line\n"
    assert (tmp_path / "pipe").is_fifo()
