"""The table for XState: its editor shows it, and a frontend can ask it what is possible. https://stately.ai/docs/machines (version 5)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import to_jsonable_python

from greenroom.kit.workflow.effects import Effect
from greenroom.kit.workflow.flow import Workflow
from greenroom.kit.workflow.table import WorkflowError


def xstate(workflow: Workflow[Any, Any]) -> dict[str, Any]:
    """Return the configuration of a machine, as JSON: events are the names of the rows, guards and effects go by their names.

    Raises ``WorkflowError`` where several states are initial, which XState has no word for.
    """
    if len(workflow.initial) != 1:
        raise WorkflowError(f"XState knows one initial state, and there are {', '.join(sorted(workflow.initial))}")
    (initial,) = workflow.initial
    return {
        "id": f"{workflow.table.name}-{workflow.state_column.name}",
        "initial": str(initial),
        "states": {str(state): _state(workflow, state) for state in workflow.states},
    }


def _state(workflow: Workflow[Any, Any], state: StrEnum) -> dict[str, Any]:
    if state in workflow.final:
        return {"type": "final"}
    events: dict[str, Any] = {}
    for row in workflow.rows:
        if state in row.sources:
            way: dict[str, Any] = {"target": str(row.target)}
            if row.guard is not None:
                way["guard"] = getattr(row.guard, "__name__", "guard")
            if row.effects:
                way["actions"] = [_action(effect) for effect in row.effects]
            events[row.name] = way
    return {"on": events}


def _action(effect: Effect) -> dict[str, Any]:
    parameters: dict[str, Any] = {"column": effect.column}
    # An effect of the project's own need not be a dataclass.
    whole: object = effect
    if is_dataclass(whole) and not isinstance(whole, type):
        parameters = {field.name: getattr(whole, field.name) for field in fields(whole)}
    return {"type": type(effect).__name__, "params": to_jsonable_python(parameters)}
