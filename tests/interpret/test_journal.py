"""The journal of a path: joins keep every act in an order that fits both paths, and what cannot be told counts as unknown."""

from __future__ import annotations

import ast
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.journal import MOST, NO_SESSION, Act, Journal, Kind, agreed, appended, commits, open_writes, own, repeated
from greenroom.domain.loading import Origin, Site
from greenroom.program.symbols import Module

MODULE = cast("Module", object())
NODES = [ast.Pass() for _ in range(6)]
acts = st.builds(
    lambda kind, session, node: Act(kind, session, Origin(Site(MODULE, NODES[node]), kind.value)),
    st.sampled_from([Kind.ADD, Kind.CHANGE, Kind.FLUSH, Kind.COMMIT, Kind.ROLLBACK, Kind.CLOSE]),
    st.integers(1, 2),
    st.integers(0, len(NODES) - 1),
)
journals = st.lists(acts, max_size=8).map(lambda found: grown(*found))


def grown(*found: Act) -> Journal:
    journal: Journal = ()
    for act in found:
        journal = appended(journal, act)
    return journal


def act(kind: Kind, node: int, session: int = 1) -> Act:
    return Act(kind, session, Origin(Site(MODULE, NODES[node]), kind.value))


def is_within(path: Journal, joined: Journal) -> bool:
    """Whether the acts of a path stand in the joined journal in their order."""
    rest = iter(joined)
    return all(any(one.same(other) for other in rest) for one in path)


@given(journals, journals)
def test_a_join_holds_both_paths_in_their_order(one: Journal, other: Journal) -> None:
    joined = agreed(one, other)
    assert is_within(one, joined)
    assert is_within(other, joined)
    assert len(joined) <= len(one) + len(other)


@given(journals, journals)
def test_what_is_sure_after_a_join_was_done_on_both_paths(one: Journal, other: Journal) -> None:
    for known in agreed(one, other):
        if known.sure:
            assert any(known.same(act) for act in one)
            assert any(known.same(act) for act in other)


@given(journals)
def test_a_join_with_itself_changes_nothing(one: Journal) -> None:
    assert agreed(one, one) == one
    assert agreed(one, grown(*one)) == one


@given(st.lists(acts, max_size=3 * MOST))
def test_a_journal_is_bounded_and_says_what_it_does_not_know(found: list[Act]) -> None:
    journal = grown(*found)
    assert len(journal) <= MOST + 1
    assert all(known.kind is not Kind.UNKNOWN for known in journal[:MOST])


def test_beyond_the_bound_the_sessions_are_unknown() -> None:
    nodes = [ast.Pass() for _ in range(MOST + 5)]
    journal = grown(*(Act(Kind.ADD, 1, Origin(Site(MODULE, node), "")) for node in nodes))
    assert journal[-1].kind is Kind.UNKNOWN
    assert journal[-1].session == NO_SESSION
    assert open_writes(journal, 1) == []


def test_an_act_is_told_once_in_a_transaction_and_again_in_the_next() -> None:
    add, commit = act(Kind.ADD, 0), act(Kind.COMMIT, 1)
    assert grown(add, add) == (add,)
    assert grown(add, commit, add, commit) == (add, commit, add, commit)
    assert grown(add, commit, commit) == (add, commit)


def test_commits_that_had_something_to_write() -> None:
    first, second = act(Kind.COMMIT, 1), act(Kind.COMMIT, 2)
    found = commits(grown(act(Kind.ADD, 0), first, second, act(Kind.ADD, 3, session=2), act(Kind.CLOSE, 4, session=2)))
    assert [one.act for one in found] == [first]


def test_what_is_open_is_neither_committed_nor_given_up() -> None:
    add = act(Kind.ADD, 0)
    assert open_writes(grown(add), 1) == [add]
    assert open_writes(grown(add), 2) == []
    for end in (Kind.COMMIT, Kind.ROLLBACK, Kind.CLOSE):
        assert open_writes(grown(add, act(end, 1)), 1) == []
    perhaps = agreed(grown(add, act(Kind.COMMIT, 1)), grown(add))
    assert [one.sure for one in perhaps] == [True, False]
    assert open_writes(perhaps, 1) == [add]


def test_what_an_endpoint_does_itself_begins_where_it_is_called() -> None:
    before, enter, after = act(Kind.ADD, 0), act(Kind.ENTER, 1, session=NO_SESSION), act(Kind.ADD, 2)
    assert own(grown(before, enter, after)) == (after,)
    assert own(grown(before)) == (before,)


def test_a_loop_repeats_what_it_does_to_sessions_from_before() -> None:
    start = grown(act(Kind.ADD, 0))
    done = repeated(start, grown(act(Kind.ADD, 0), act(Kind.COMMIT, 1), act(Kind.COMMIT, 2, session=2)), {1})
    assert [(known.session, known.repeated) for known in done] == [(1, False), (1, True), (2, False)]
