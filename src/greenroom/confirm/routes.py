"""Routes that no trace exercised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from greenroom.confirm.matching import same_module
from greenroom.confirm.outline import plain_name
from greenroom.confirm.records import Endpoint
from greenroom.trace import Exercised

_PARAMETER = re.compile(r"\{[^}]*\}")


def never(endpoints: Iterable[Endpoint], exercised: Sequence[Exercised]) -> tuple[Endpoint, ...]:
    """Return the routes that answered no request: told by the function that answers first, and by method and template else."""
    every = sorted(set(endpoints), key=lambda one: (one.file, one.line, one.path, one.methods))
    answering: dict[Endpoint, list[Exercised]] = {one: [each for each in exercised if _same_function(one, each)] for one in every}
    shared = [one for one in every if any(_same_target(one, other) for other in every if other is not one)]
    return tuple(one for one in every if not _is_exercised(one, answering[one], exercised, shared))


def _is_exercised(one: Endpoint, answering: Sequence[Exercised], exercised: Sequence[Exercised], shared: Sequence[Endpoint]) -> bool:
    if answering and one not in shared:
        return True
    if answering:  # one function for several routes: the rest has to agree as well
        return any(_same_method(one, each) and _same_path(one, each) for each in answering)
    return any(not each.endpoint and _same_method(one, each) and _same_path(one, each) for each in exercised)


def _same_function(one: Endpoint, each: Exercised) -> bool:
    module, _, name = each.endpoint.partition(":")
    return bool(name) and plain_name(name) == one.function and same_module(module, one.module)


def _same_target(one: Endpoint, other: Endpoint) -> bool:
    return (one.file, one.line, one.function) == (other.file, other.line, other.function)


def _same_method(one: Endpoint, each: Exercised) -> bool:
    """Whether a route answers a method; HEAD is answered by what answers GET (Starlette, ``Route``)."""
    method = "GET" if each.method == "HEAD" and "HEAD" not in one.methods else each.method
    return not one.methods or method in one.methods


def _same_path(one: Endpoint, each: Exercised) -> bool:
    """Whether two templates are the same up to the names of parameters; the analysis may not know all prefixes."""
    ours, theirs = (_PARAMETER.sub("{}", path).strip("/") for path in (one.path, each.path))
    return ours == theirs or (bool(ours) and theirs.endswith(f"/{ours}"))
