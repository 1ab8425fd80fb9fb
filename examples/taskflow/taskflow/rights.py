"""Who may do what, as one table.

A right is held by standing: what a worker is in the project (owner, reviewer, member) and to the task (assignee, author).
Kind gives no standing: an agent with a standing may do exactly what a human with it may.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from greenroom.kit.problems import Forbidden
from taskflow.vocabulary import Role


class Standing(StrEnum):
    """What a worker is to a project or to one of its tasks."""

    OWNER = "owner of the project"
    REVIEWER = "reviewer of the project"
    MEMBER = "member of the project"
    ASSIGNEE = "assignee of the task"
    AUTHOR = "author of the task"


class Right(StrEnum):
    """Something that may be done, as an error message words it."""

    READ = "read it"
    MANAGE = "manage the project"
    CREATE = "create tasks"
    EDIT = "edit the task"
    DELETE = "delete the task"
    WORK = "work on the task"
    ASSIGN = "assign the task"
    DELEGATE = "delegate the task"
    CLAIM = "claim the task"
    APPROVE = "approve or reject the task"


_ALL = frozenset(Standing)
_PROJECT = frozenset({Standing.OWNER, Standing.REVIEWER, Standing.MEMBER})

RIGHTS: Mapping[Right, frozenset[Standing]] = MappingProxyType(
    {
        Right.READ: _ALL,
        Right.MANAGE: frozenset({Standing.OWNER}),
        Right.CREATE: _PROJECT,
        Right.EDIT: frozenset({Standing.OWNER, Standing.AUTHOR, Standing.ASSIGNEE}),
        Right.DELETE: frozenset({Standing.OWNER, Standing.AUTHOR}),
        Right.WORK: frozenset({Standing.OWNER, Standing.ASSIGNEE}),
        Right.ASSIGN: frozenset({Standing.OWNER, Standing.AUTHOR}),
        Right.DELEGATE: frozenset({Standing.ASSIGNEE}),
        Right.CLAIM: _PROJECT,
        Right.APPROVE: frozenset({Standing.OWNER, Standing.REVIEWER}),
    }
)

_OF_ROLE: Mapping[Role, Standing] = MappingProxyType(
    {Role.OWNER: Standing.OWNER, Role.REVIEWER: Standing.REVIEWER, Role.MEMBER: Standing.MEMBER}
)


def standings(role: Role, *, is_assignee: bool = False, is_author: bool = False) -> frozenset[Standing]:
    """Return all that a member of a project is to it and to one of its tasks."""
    found = {_OF_ROLE[role]}
    if is_assignee:
        found.add(Standing.ASSIGNEE)
    if is_author:
        found.add(Standing.AUTHOR)
    return frozenset(found)


def demand(right: Right, held: frozenset[Standing]) -> None:
    """Raise :class:`Forbidden`, which says who may, unless one of the standings gives the right."""
    if not RIGHTS[right] & held:
        who = " or ".join(sorted(standing.value for standing in RIGHTS[right]))
        raise Forbidden(f"Only the {who} may {right.value}.")
