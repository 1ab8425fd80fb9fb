"""State machines as tables, enforced by one compare-and-set in the transaction."""

from greenroom.kit.workflow.diagram import mermaid
from greenroom.kit.workflow.effects import Clear, Effect, Set, SetNow
from greenroom.kit.workflow.export import xstate
from greenroom.kit.workflow.flow import Workflow
from greenroom.kit.workflow.table import Firing, Guard, Transition, WorkflowError
from greenroom.kit.workflow.trigger import TransitionTrigger

__all__ = [
    "Clear",
    "Effect",
    "Firing",
    "Guard",
    "Set",
    "SetNow",
    "Transition",
    "TransitionTrigger",
    "Workflow",
    "WorkflowError",
    "mermaid",
    "xstate",
]
