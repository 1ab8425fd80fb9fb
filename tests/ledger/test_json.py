from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from greenroom.config import ConfigError
from greenroom.ledger import json as json_ledger
from greenroom.ledger.compare import compare
from greenroom.ledger.model import Ledger
from greenroom.ledger.reading import read
from greenroom.report.report import Stats
from tests.ledger.example import expired, ledger, write_sources

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "ledger.schema.json").read_text(encoding="utf-8"))
EMPTY = Ledger((), "2.1", "postgresql", (), (), (), (), (), (), (), (), Stats())


def written(tmp_path: Path, what: Ledger, name: str = "ledger.json") -> Path:
    path = tmp_path / name
    path.write_text(json_ledger.render(what, tmp_path), encoding="ascii")
    return path


def test_ledgers_satisfy_the_schema(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    full = ledger(write_sources(tmp_path))
    old = read(written(tmp_path, replace(full, findings=full.findings[1:], performed=full.performed[1:], sessions=())))
    for document in (
        json_ledger.render(full, tmp_path),
        json_ledger.render(EMPTY, tmp_path),
        json_ledger.render(full, tmp_path, compare(full, old, tmp_path / "old.json", tmp_path)),
        json_ledger.render(EMPTY, tmp_path, compare(EMPTY, old, tmp_path / "old.json", tmp_path)),
    ):
        jsonschema.validate(json.loads(document), SCHEMA)


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With paths as they are seen from the folder."""
    write_sources(tmp_path)
    monkeypatch.chdir(tmp_path)
    relative = ledger(Path("app"))
    assert read(written(tmp_path, relative)).ledger == relative
    assert read(written(tmp_path, ledger(tmp_path / "app"))).ledger == relative


def test_records_refer_to_findings_by_id_and_each_has_a_line(tmp_path: Path) -> None:
    text = written(tmp_path, ledger(write_sources(tmp_path))).read_text(encoding="ascii")
    document: dict[str, Any] = json.loads(text)
    first = document["findings"][0]["id"]
    assert document["operations"][0]["findings"] == document["checks"][0]["findings"] == [first]
    assert [finding["rule"] for finding in document["besides"]] == ["GR404"]  # which nobody selected, but the check-list asks
    assert document["checks"][2]["findings"] == [document["besides"][0]["id"]]
    found = [*document["findings"], *document["besides"]]
    assert sum('"id": "' in line for line in text.splitlines()) == len({finding["id"] for finding in found}) == 7


def test_equal_ledgers_are_equal_bytes_however_long_they_took(tmp_path: Path) -> None:
    full = ledger(write_sources(tmp_path))
    slow = replace(full, stats=replace(full.stats, seconds=5.0))
    assert json_ledger.render(full, tmp_path) == json_ledger.render(slow, tmp_path)


def test_an_undecodable_file_name_survives(tmp_path: Path) -> None:
    odd = replace(EMPTY, findings=(replace(expired(tmp_path), path=tmp_path / "caf\udce9.py"),))
    assert read(written(tmp_path, odd)).ledger.findings[0].path == Path("caf\udce9.py")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no ledger: Expecting value"),
        ("[]", "is no ledger: it holds no object"),
        ("[" * 100_000, "is no ledger: "),
        ("{}", "is no ledger: it has no 'greenroom-ledger'"),
        ('{"schema": 1, "version": "0.1.0", "findings": []}', "is no ledger: it has no 'greenroom-ledger'"),
        ('{"greenroom-ledger": 2}', "is a ledger of schema 2, and this greenroom knows 1"),
        ('{"greenroom-ledger": 1}', "is no ledger: findings is no list"),
        ('{"greenroom-ledger": 1, "findings": [7]}', "is no ledger: findings[0] is no object"),
        ('{"greenroom-ledger": 1, "findings": [{"id": "x"}]}', "is no ledger: findings[0].rule is no text"),
    ],
)
def test_what_is_no_ledger_is_said_in_one_line(tmp_path: Path, text: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.json").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        read(Path("old.json"))
    message = str(error.value)
    assert message.startswith(f"old.json {told}")
    assert "\n" not in message


@pytest.mark.parametrize("key", ["rule", "severity", "line", "trace", "model"])
def test_every_field_is_looked_at(tmp_path: Path, key: str) -> None:
    path = written(tmp_path, ledger(write_sources(tmp_path)))
    document = json.loads(path.read_bytes())
    document["findings"][2][key] = {"odd": 1}
    path.write_text(json.dumps(document), encoding="ascii")
    with pytest.raises(ConfigError, match=rf"is no ledger: findings\[2\]\.{key} is no"):
        read(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*: No such file or directory; give a ledger"):
        read(tmp_path / "nothing.json")
    (tmp_path / "latin.json").write_bytes(b'{"caf\xe9": 1}')
    with pytest.raises(ConfigError, match=r"is no ledger: it is not UTF-8"):
        read(tmp_path / "latin.json")
    with pytest.raises(ConfigError, match=r"is no ledger|cannot read"):
        read(Path("a\0b"))
