"""A fixed number of random programs: the analyser says of every line what the real ORM does."""

from __future__ import annotations

import pytest

from tests.executable.outcome import Kind
from tests.fuzz.campaign import run_campaign
from tests.fuzz.execute import Laboratory
from tests.fuzz.generate import generate
from tests.fuzz.judge import Verdict, judge
from tests.fuzz.program import Function, Line, Load, Model, Program
from tests.fuzz.shrink import shrink

HEAD = "(session: AsyncSession, *, first: bool, second: bool) -> None"
PROGRAMS = 50
"""Programs of each part."""


def program_of(*body: Load | Line) -> Program:
    return Program((Model("Alpha", ("spare", "bulky")),), (), Function("run", HEAD, body))


@pytest.mark.parametrize("part", range(4))
def test_programs_agree(part: int) -> None:
    first = 1 + part * PROGRAMS
    campaign = run_campaign(range(first, first + PROGRAMS), shrinks=True, limit=1)
    assert [failure.text for failure in campaign.failures] == []
    assert campaign.tally.raised > 0


def test_a_seed_is_one_program() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


def test_a_failing_line_does_not_hide_the_next_ones() -> None:
    laboratory = Laboratory()
    body = (Load("alpha", "Alpha"), Line("alpha.bulky"), Line("await session.commit()"), Line("alpha.spare"), Line("alpha.name"))
    try:
        watch = judge(program_of(*body), laboratory, thorough=True).watch
    finally:
        laboratory.close()
    assert watch is not None
    lines = [place[1] for place in sorted(watch.raised)]
    assert [line - lines[0] for line in lines] == [0, 2]
    assert all(kinds == {Kind.IMPLICIT_IO} for kinds in watch.raised.values())


def test_shrinking_keeps_what_matters() -> None:
    program = program_of(Load("alpha", "Alpha"), Line("await session.flush()"), Line("await session.commit()"), Line("alpha.name"))

    def holds(candidate: Program) -> bool:
        return Line("alpha.name") in candidate.main.body

    assert shrink(program, holds).main.body == (Line("alpha.name"),)


def test_programs_that_make_no_sense_are_refused() -> None:
    laboratory = Laboratory()
    try:
        with pytest.raises(ValueError, match="makes no sense"):
            judge(program_of(Line("alpha.name")), laboratory)
    finally:
        laboratory.close()


def test_verdicts_have_words() -> None:
    assert {verdict.value for verdict in Verdict} >= {"raises, not reported", "reported as definite, does not raise"}
