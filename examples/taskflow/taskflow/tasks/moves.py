"""Moving tasks from state to state, and what follows from it elsewhere."""

from __future__ import annotations

from greenroom.kit.database import Session
from greenroom.kit.trail import note
from taskflow.access import WithTask
from taskflow.tasks import parts
from taskflow.tasks.occurrences import spawn_next
from taskflow.tasks.states import workflow
from taskflow.vocabulary import Status, Trigger


async def move_to(session: Session, held: WithTask, status: Status) -> None:
    """Bring a task into a state, by the way that the table has for it."""
    await _fire(session, held, to=status)


async def approve(session: Session, held: WithTask) -> None:
    """Accept what was submitted."""
    await _fire(session, held, name="approve")


async def reject(session: Session, held: WithTask, reason: str) -> None:
    """Send back what was submitted, and say why."""
    await note(session, reason=reason)
    await _fire(session, held, name="reject")


async def _fire(session: Session, held: WithTask, *, to: Status | None = None, name: str | None = None) -> None:
    values = {"submitted_by_id": held.me.id} if to is Status.REVIEW else {}
    await workflow.fire(session, held.task, to=to, name=name, values=values, by=held)
    await parts.roll_up(session, held.task.parent_task_id)
    if held.task.status is Status.COMPLETED and held.task.recurrence_trigger in {Trigger.ON_COMPLETE, Trigger.BOTH}:
        await spawn_next(session, held.task)
