from __future__ import annotations

from pathlib import Path

from greenroom.report import concise, statistics, text
from greenroom.report.frame import Excerpts, frame
from greenroom.report.report import Report, Stats
from greenroom.report.style import Style
from greenroom.rules.finding import Span
from tests.report.example import finding, report, write_source

GOLDEN = """\
app/donors.py:4:26: GR101 expired-after-commit [definite]
  `donor.name` was expired by the commit on line 3; reading it here emits SQL
    3 |     await session.commit()
    4 |     return f"Thank you, {donor.name}"
      |                          ^^^^^^^^^^
  why:
   1    app/donors.py:2  loaded here
          donor = await session.get(Donor, donor_id)
   2 -> app/donors.py:3  expired by this commit
          await session.commit()
   3 -> app/donors.py:4  read here
          return f"Thank you, {donor.name}"
  mend: read `donor.name` into a local before the commit
  more: greenroom explain GR101

1 finding (1 definite) in 1 file, 1 function, 0.01 s"""


def framed(folder: Path, source: str, span: Span) -> list[str]:
    path = write_source(folder, source)
    return list(frame(Excerpts(folder), path, span, Style()))


def test_one_finding_as_a_block(tmp_path: Path) -> None:
    only = Report(findings=(finding(write_source(tmp_path)),), stats=Stats(1, 1, 0.01))
    assert "\n".join(text.render(only, tmp_path, Style())) == GOLDEN


def test_notes_and_summary(tmp_path: Path) -> None:
    lines = list(text.render(report(write_source(tmp_path)), tmp_path, Style()))
    assert "warning: app/requirements.txt: requirements.txt is not UTF-8" in lines
    assert "not analysed: app/donors.py:1: the bound on the work per function was reached" in lines
    assert lines[-1] == "2 findings (1 definite, 1 possible) in 1 file, 1 function, 0.01 s, 1 assumption"


def test_nothing_found(tmp_path: Path) -> None:
    assert list(text.render(Report(stats=Stats(3, 1, 0.5)), tmp_path, Style())) == ["No findings in 3 files, 1 function, 0.50 s"]


def test_a_file_that_is_gone_has_no_frame(tmp_path: Path) -> None:
    lines = list(text.render(Report(findings=(finding(tmp_path / "gone.py"),)), tmp_path, Style()))
    assert lines[0] == "gone.py:4:26: GR101 expired-after-commit [definite]"
    assert not any("^" in line for line in lines)


def test_unicode_and_colour(tmp_path: Path) -> None:
    painted = "\n".join(text.render(report(write_source(tmp_path)), tmp_path, Style(colour=True, unicode=True)))
    assert "→" in painted
    assert "\x1b[1;31mGR101\x1b[0m" in painted


def test_concise(tmp_path: Path) -> None:
    lines = list(concise.render(report(write_source(tmp_path)), tmp_path, Style()))
    message = "`donor.name` was expired by the commit on line 3; reading it here emits SQL"
    assert lines == [f"app/donors.py:4:26: GR101 [definite] {message}", f"app/donors.py:4:26: GR105 [possible] {message}"]


def test_statistics(tmp_path: Path) -> None:
    rows = [line.split() for line in statistics.render(report(write_source(tmp_path)))]
    assert rows == [
        ["rule", "name", "definite", "possible", "all"],
        ["GR101", "expired-after-commit", "1", "0", "1"],
        ["GR105", "expired-after-commit", "0", "1", "1"],
        ["sum", "1", "1", "2"],
    ]


def test_the_mark_stands_under_wide_characters_and_tabs(tmp_path: Path) -> None:
    lines = framed(tmp_path, "\tx = '日本' + donor.name\n", Span(1, 13, 1, 23))
    assert lines[0] == "1 |     x = '日本' + donor.name"
    assert lines[1] == "  |                  ^^^^^^^^^^"


def test_a_span_of_several_lines_is_marked_to_the_end_of_its_first(tmp_path: Path) -> None:
    assert framed(tmp_path, "f(\n  1,\n)\n", Span(1, 1, 3, 2))[-1] == "  | ^^"


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    assert framed(tmp_path, "x = '\x1b[2J'\n", Span(1, 1, 1, 2))[0] == "1 | x = '?[2J'"


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    lines = framed(tmp_path, "x = " + "1 + " * 5000 + "y\n", Span(1, 20000, 1, 20001))
    assert len(lines) == 1
    assert lines[0].endswith("...")


def test_declared_and_broken_encodings(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    assert Excerpts(tmp_path).line(path, 2) == "x = 'é'"
    path.write_bytes(b"# coding: martian\nx = '\xe9'\n")
    assert Excerpts(tmp_path).line(path, 2) == "x = '\ufffd'"
