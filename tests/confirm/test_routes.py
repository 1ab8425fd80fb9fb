from __future__ import annotations

from pathlib import Path

from greenroom.confirm.records import Endpoint
from greenroom.confirm.routes import never
from greenroom.trace import Exercised
from tests.confirm.project import checked, trace, write


def endpoint(methods: tuple[str, ...], path: str, function: str = "read", module: str = "app.users", line: int = 1) -> Endpoint:
    return Endpoint(methods, path, module, function, Path("/p/app/users.py"), line)


def test_by_the_function_that_answers() -> None:
    read = endpoint(("GET",), "/users/{key}")
    other = endpoint(("GET",), "/users", "every", line=9)
    assert never([read, other], [Exercised("GET", "/api/v1/users/{user_id}", "backend.app.users:read")]) == (other,)
    assert never([read], [Exercised("GET", "/users/{key}", "app.members:read")]) == (read,)
    assert never([read], [Exercised("GET", "/users/{key}", "app.users:Users.read")]) == (read,)


def test_by_method_and_template_where_the_function_is_not_known() -> None:
    read, write_ = endpoint(("GET",), "/users/{key}"), endpoint(("PUT",), "/users/{key}", "write", line=9)
    assert never([read, write_], [Exercised("GET", "/users/{user_id:int}")]) == (write_,)
    assert never([read, write_], [Exercised("HEAD", "/api/users/{user_id}")]) == (write_,)
    assert never([read], [Exercised("GET", "/superusers/{key}")]) == (read,)


def test_one_function_for_several_routes() -> None:
    old, new = endpoint(("GET",), "/old/{key}"), endpoint(("GET",), "/new/{key}")
    assert never([old, new], [Exercised("GET", "/new/{key}", "app.users:read")]) == (old,)


def test_a_trace_without_routes_says_nothing_of_them(tmp_path: Path) -> None:
    zoo = write(tmp_path / "zoo")
    silent = checked(zoo, trace(zoo)).observed
    told = checked(zoo, trace(zoo, routes=(Exercised("POST", "/people", "app.main:post"),))).observed
    assert silent is not None
    assert told is not None
    assert (silent.routes, silent.never) == (5, None)
    assert told.never is not None
    assert [str(one) for one in told.never] == [
        "GET /people/{key}",
        "PUT /people/{key}",
        "GET /people/{key}/menagerie",
        "GET /people/{key}/name",
    ]
