"""The table as a picture: https://mermaid.js.org/syntax/stateDiagram.html (GitHub and many editors draw it)."""

from __future__ import annotations

import re
from typing import Any

from greenroom.kit.workflow.flow import Workflow

_NO_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]")


def mermaid(workflow: Workflow[Any, Any]) -> str:
    """Return the table as a ``stateDiagram-v2``: one arrow for each source of each row, guards in brackets as in UML."""
    names = {state: _NO_IDENTIFIER.sub("_", str(state)) for state in workflow.states}
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{state}" as {name}' for state, name in names.items() if name != str(state)]
    lines += [f"    [*] --> {names[state]}" for state in workflow.states if state in workflow.initial]
    for row in workflow.rows:
        condition = f" [{getattr(row.guard, '__name__', 'guard').replace('_', ' ')}]" if row.guard is not None else ""
        lines += [
            f"    {names[source]} --> {names[row.target]}: {row.name}{condition}" for source in workflow.states if source in row.sources
        ]
    lines += [f"    {names[state]} --> [*]" for state in workflow.states if state in workflow.final]
    return "\n".join(lines) + "\n"
