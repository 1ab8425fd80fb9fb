"""Prints a program as a page block: its models as a prelude, its functions with markers, as in ``tests/semantics``."""

from __future__ import annotations

from collections.abc import Iterator

from tests.executable.outcome import Kind
from tests.fuzz.judge import Result
from tests.fuzz.program import Program
from tests.fuzz.render import modules_of

RULES = {
    Kind.IMPLICIT_IO: "lazy-relationship",
    Kind.DETACHED: "detached-read",
    Kind.RAISELOAD: "raiseload-read",
    Kind.FAILED_FLUSH: "read-after-failed-flush",
}
"""The rule that a marker names when the analyser says nothing; which of the rules about implicit IO fits is for the reader."""


def page_block(program: Program, result: Result) -> str:
    """Return the program with a marker on each line that raises or that is reported."""
    modules = modules_of(program)
    found = [f"{one.place[0]}:{one.place[1]} {one.verdict.value} ({one.detail})" for one in result.disagreements]
    lines = [f"Found by the fuzzer: {'; '.join(found)}"]
    for name in ("models", "schemas"):
        if name in modules:
            source = (
                modules[name].partition("class Base(AsyncAttrs, DeclarativeBase):\n    pass\n")[2] if name == "models" else modules[name]
            )
            lines += ["", f"Prelude, `{name}`:", "", "```py", source.strip(), "```"]
    settings = [f"expire_on_commit={program.expire_on_commit}", f"autoflush={program.autoflush}"]
    lines += ["", f"Sessions: {', '.join(settings)}", "", "```python"]
    for name in ("helpers", "service"):
        if name in modules:
            lines.extend(_marked(name, modules[name], result))
    lines.append("```")
    return "\n".join(lines)


def _marked(name: str, source: str, result: Result) -> Iterator[str]:
    body = False
    for number, line in enumerate(source.splitlines(), 1):
        body = body or line.startswith(("def ", "async def "))
        if body:
            yield line + _marker(name, number, result)


def _marker(name: str, number: int, result: Result) -> str:
    place = (name, number)
    raised = result.watch.raised.get(place, set()) if result.watch is not None else set()
    rules = result.findings.get(place, {})
    if raised:
        names = sorted(rules) or sorted({RULES[kind] for kind in raised})
        word = "error" if rules else "missed"
        return f"  # {word}: " + " ".join(f"[{rule}]" for rule in names)
    definite = sorted(rule for rule, sure in rules.items() if sure)
    return ("  # extra: " + " ".join(f"[{rule}]" for rule in definite)) if definite else ""
