from __future__ import annotations

import pytest

from greenroom.kit.problems import Forbidden
from taskflow.rights import RIGHTS, Right, Standing, demand, standings
from taskflow.vocabulary import Role


def test_every_right_is_held_by_somebody() -> None:
    assert set(RIGHTS) == set(Right)
    assert all(RIGHTS.values())


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("standing", Standing)
def test_a_right_is_refused_to_all_that_the_table_does_not_name(right: Right, standing: Standing) -> None:
    if standing in RIGHTS[right]:
        demand(right, frozenset({standing}))
    else:
        with pytest.raises(Forbidden, match=right.value):
            demand(right, frozenset({standing}))


def test_a_plain_member_may_neither_edit_nor_delete_nor_approve_the_task_of_another() -> None:
    held = standings(Role.MEMBER)
    for right in (Right.EDIT, Right.DELETE, Right.APPROVE, Right.ASSIGN, Right.WORK, Right.MANAGE):
        with pytest.raises(Forbidden):
            demand(right, held)


def test_the_assignee_works_on_the_task_and_passes_it_on() -> None:
    held = standings(Role.MEMBER, is_assignee=True)
    for right in (Right.WORK, Right.DELEGATE, Right.EDIT):
        demand(right, held)
