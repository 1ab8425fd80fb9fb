"""The states of a task and the ways between them: this table is the workflow."""

from __future__ import annotations

from greenroom.kit.workflow import Clear, Firing, Set, SetNow, Transition, Workflow
from taskflow.access import WithTask
from taskflow.rights import Right
from taskflow.tasks import parts
from taskflow.tasks.tables import Task
from taskflow.vocabulary import Gate, Priority, Status


def is_gated(gate: Gate, task: Task) -> bool:
    """Tell whether a project's gate asks for the approval of this task by somebody else."""
    return {
        Gate.NONE: False,
        Gate.CRITICAL: task.priority is Priority.CRITICAL,
        Gate.ALL: True,
        Gate.CUSTOM: task.needs_approval,
    }[gate]


def may_work(firing: Firing) -> None:
    """Whoever works on the task moves it on."""
    held: WithTask = firing.by
    held.demand(Right.WORK)


async def may_complete(firing: Firing) -> str | None:
    """Without a gate, whoever works on the task completes it; its parts come first."""
    held: WithTask = firing.by
    held.demand(Right.WORK)
    if is_gated(held.project.gate, held.task):
        return "The task has to be approved first: submit it for review."
    await parts.demand_parts_done(firing.session, held.task.id)
    return None


async def may_approve(firing: Firing) -> str | None:
    """Where the gate holds, neither those who did the work nor the one who submitted it approve it."""
    held: WithTask = firing.by
    held.demand(Right.APPROVE)
    if is_gated(held.project.gate, held.task) and held.me.id in {held.task.assignee_id, held.task.submitted_by_id}:
        return "Nobody approves their own work: another reviewer has to."
    await parts.demand_parts_done(firing.session, held.task.id)
    return None


def may_reject(firing: Firing) -> None:
    """Who may approve may send back."""
    held: WithTask = firing.by
    held.demand(Right.APPROVE)


def may_reopen(firing: Firing) -> None:
    """Who may change the task may take it up again."""
    held: WithTask = firing.by
    held.demand(Right.EDIT)


_DONE = (SetNow("completed_at"), Set("progress_percent", 100))
_NOT_DONE = (Clear("completed_at"),)

workflow = Workflow(
    Task,
    Status,
    [
        Transition("start", {Status.PENDING, Status.BLOCKED}, Status.IN_PROGRESS, may_work, (SetNow("started_at", once=True),)),
        Transition("submit", {Status.IN_PROGRESS}, Status.REVIEW, may_work),
        Transition("complete", {Status.IN_PROGRESS}, Status.COMPLETED, may_complete, _DONE),
        Transition("approve", {Status.REVIEW}, Status.COMPLETED, may_approve, _DONE),
        Transition("reject", {Status.REVIEW}, Status.IN_PROGRESS, may_reject),
        Transition("block", {Status.PENDING, Status.IN_PROGRESS}, Status.BLOCKED, may_work),
        Transition("unblock", {Status.BLOCKED}, Status.PENDING, may_work),
        Transition("reopen", {Status.COMPLETED}, Status.REVIEW, may_reopen, _NOT_DONE),
    ],
    initial=[Status.PENDING],
)
