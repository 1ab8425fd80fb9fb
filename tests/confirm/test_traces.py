"""Traces as files, and what they say of the sources."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from greenroom.confirm.traces import load, load_all
from greenroom.trace import Place, Trace, digest, digests, from_json, to_json
from tests.confirm.project import MENAGERIE, NAME, trace, write


def test_a_trace_says_what_the_files_of_its_incidents_looked_like(tmp_path: Path) -> None:
    zoo = write(tmp_path / "zoo")
    lost = Place("gone.py", 1)
    files = digests([NAME, replace(MENAGERIE, origin=lost)], zoo)
    assert list(files) == ["app/services.py", "app/models.py", "app/main.py"]
    assert files["app/main.py"] == digest((zoo / "app/main.py").read_bytes())
    written = Trace((NAME,), files=files)
    assert from_json(json.loads(json.dumps(to_json(written)))) == written


def test_a_digest_tells_code_not_the_ends_of_lines() -> None:
    assert digest(b"a = 1\nb = 2\n") == digest(b"a = 1 \r\nb = 2")
    assert digest(b"a = 1\nb = 2\n") != digest(b"\na = 1\nb = 2\n")
    assert digest(b"a = 1\n") != digest(b"a = 2\n")


def test_a_trace_of_an_earlier_release_has_no_digests(tmp_path: Path) -> None:
    data = to_json(Trace((NAME,)))
    del data["files"]
    assert from_json(data).files == {}


def test_a_trace_is_read_once_however_often_it_is_given(tmp_path: Path) -> None:
    zoo = write(tmp_path / "zoo")
    path = trace(zoo, NAME)
    assert len(load_all([path, path])) == 1
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(path).trace.incidents == (NAME,)
