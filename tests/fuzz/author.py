"""Writes function bodies: statements that make sense for the variables that are in scope."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.options import draw_options
from tests.fuzz.program import FLAGS, Function, If, Line, Link, Load, Model, New, Node, Schema, Suite, Try
from tests.fuzz.reads import draw_condition, draw_read
from tests.fuzz.render import READ_ONLY, WRAPPERS, key_of
from tests.fuzz.schema import sides_of
from tests.fuzz.scope import Scope, Type

QUERIES = ("get", "get_one", "get_one", "scalar", "one()", "first()", "one_or_none()", "execute.scalar_one()", "execute.scalars().first()")
LISTS = ("all()", "all()", "execute.scalars().all()")
ERRORS = ("IntegrityError", "SQLAlchemyError", "Exception", "Exception")
DEPTH = 2


class Author:
    """Draws the statements of one function."""

    def __init__(
        self,
        random: Random,
        models: tuple[Model, ...],
        links: tuple[Link, ...],
        schemas: tuple[Schema, ...],
        helpers: tuple[Function, ...],
        listed: frozenset[str],
    ) -> None:
        self._random = random
        self._models = {model.name: model for model in models}
        self._links = links
        self._schemas = schemas
        self._helpers = helpers
        derived = [model for model in models if model.base]
        self._listed = listed | {model.base for model in derived if model.name in listed} | {m.name for m in derived if m.base in listed}
        """Classes that are loaded as lists, never by key: the analysis does not follow one row under two names."""
        self._loaded = [model.name for model in models if model.name not in {other.base for other in derived if other.single}]
        """Classes that queries ask for: of a class and one that inherits from it only one, for the same reason."""
        if not all(model.single for model in derived):
            self._loaded = [name for name in self._loaded if name not in {model.name for model in derived}]
        self._flags: tuple[str, ...] = ()
        self._depth = 0
        self._result = ""

    def main(self) -> Function:
        """The function that is run: it is given a session, or opens one."""
        random = self._random
        self._flags = FLAGS
        scope = Scope()
        size = random.choice((4, 6, 8, 10, 12))
        if random.random() < 0.7:
            body = [*self._beginning(scope), *self.block(scope, size)]
            head = "(session: AsyncSession, *, first: bool, second: bool) -> None"
            return Function("run", head, tuple(body))
        inner = [*self._beginning(scope), *self.block(scope, size)]
        ends = any(word in str(part) for part in (inner, self._helpers) for word in ("commit()", "rollback()", "close()"))
        opening = "Session()" if ends or random.random() < 0.5 else "Session.begin()"
        body = [Suite(f"async with {opening} as session", tuple(inner))]
        body.extend(self._read(scope) for _ in range(random.choice((0, 1, 2))))
        return Function("run", "(*, first: bool, second: bool) -> None", tuple(body))

    def helper(self, name: str) -> Function:
        """A function of the module of helpers."""
        random = self._random
        scope = Scope()
        count = random.choice((1, 1, 2))
        parameters = []
        for _ in range(count):
            model = random.choice(list(self._models))
            many = random.random() < 0.15
            var = scope.bind(Type(model, many=many))
            parameters.append(f"{var}: {f'list[{model}]' if many else model}")
        if random.random() < 0.15:
            body = [self._read(scope) for _ in range(random.choice((1, 2)))]
            return Function(name, f"({', '.join(parameters)}) -> None", tuple(body), coroutine=False)
        if random.random() < 0.25:
            scope, parameters = Scope(), ["key: int"]
            body = self._beginning(scope)
        else:
            body = []
        body = [*body, *self.block(scope, random.choice((1, 2, 3, 4)))]
        returned = scope.any(random)
        result = "None"
        if returned is not None and random.random() < 0.6:
            known = scope.types[returned]
            result = f"list[{known.model}]" if known.many else known.model
            body.append(Line(f"return {returned}"))
        return Function(name, f"(session: AsyncSession, {', '.join(parameters)}) -> {result}", tuple(body))

    def _beginning(self, scope: Scope) -> list[Node]:
        body: list[Node] = []
        for _ in range(self._random.choice((1, 1, 2))):
            body.extend(self._new(scope) if self._random.random() < 0.35 else self._load(scope))
        return body

    def block(self, scope: Scope, size: int) -> list[Node]:
        """A number of statements."""
        body: list[Node] = []
        for _ in range(size):
            action = self._random.choices(self._actions, self._weights)[0]
            body.extend(action(self, scope))
        return body

    def _load(self, scope: Scope) -> list[Node]:
        random = self._random
        model = random.choice(self._loaded)
        several = model in self._listed
        options = draw_options(random, self._models, self._links, model) if random.random() < 0.45 else ()
        populate = random.random() < 0.08
        if several:
            var = scope.bind(Type(model, many=True))
            return [Load(var, model, random.choice(LISTS), 0, options, populate)]
        how = random.choice(QUERIES)
        key = random.choice((1, 1, 1, 2))
        var = scope.bind(Type(model))
        loaded: list[Node] = [Load(var, model, how, key, options, populate)]
        if how in ("get", "scalar", "first()", "one_or_none()", "execute.scalars().first()"):
            loaded.append(random.choice((If(f"{var} is None", (Line("return None"),)), Line(f"assert {var} is not None"))))
        return loaded

    def _new(self, scope: Scope) -> list[Node]:
        random = self._random
        models = [name for name in self._models if name not in self._listed]
        if not models:
            return []
        model = random.choice(models)
        given: list[tuple[str, str]] = []
        columns = [kind for kind in self._models[model].columns if kind not in READ_ONLY and random.random() < 0.3]
        given.extend((kind, self._constant(kind)) for kind in columns)
        links = [link for link in self._links if link.many == model and link.kind != "both" and not link.keyless]
        given.extend((key_of(link), "1") for link in links if random.random() < (0.2 if link.nullable else 0.6))
        for side, target, several in sides_of(model, self._links):
            other = scope.of(random, target)
            if side.lazy in WRAPPERS or random.random() > 0.4:
                continue
            if several:
                given.append((side.name, f"[{other}]" if other and random.random() < 0.7 else "[]"))
            elif other is not None and (f"{target.lower()}_id", "1") not in given:
                given.append((side.name, other))
        # A row without what it needs would never come to be, and the analysis does not know what a database refuses.
        names = {name for name, _ in given}
        given.extend(
            (key_of(link), "1") for link in links if not link.nullable and not names & {key_of(link), link.back and link.back.name}
        )
        var = scope.bind(Type(model))
        body: list[Node] = [New(var, model, tuple(given))]
        if random.random() < 0.85:
            body.append(Line(f"session.add({var})"))
        return body

    def _constant(self, kind: str) -> str:
        if kind == "mood":
            return self._random.choice(("Mood.BAD", "Mood.GOOD"))
        return self._random.choice(
            ('"v"', '"w"', f"func.lower({kind[0].upper()!r})".replace("'", '"')) if self._random.random() < 0.3 else ('"v"',)
        )

    def _operation(self, scope: Scope) -> list[Node]:
        random = self._random
        whole = ("await session.flush()", "await session.commit()", "await session.commit()", "await session.rollback()",
                 "session.expire_all()", "session.expunge_all()", "await session.close()")  # fmt: skip
        if random.random() < 0.5:
            return [Line(random.choices(whole, (5, 4, 4, 2, 1, 0.3, 0.3))[0])]
        var = scope.one(random)
        if var is None:
            return []
        names = self._names(scope.types[var].model)
        texts = (f"await session.refresh({var})", f"await session.refresh({var}, {names})", f"session.expire({var})",
                 f"session.expire({var}, {names})", f"session.expunge({var})", f"session.add({var})", f"await session.delete({var})",
                 )  # fmt: skip
        return [Line(random.choices(texts, (5, 4, 1, 1, 0.6, 1.5, 1))[0])]

    def _names(self, model: str) -> str:
        names = ["name", *self._models[model].columns]
        names += [side.name for side, _, _ in sides_of(model, self._links) if side.lazy not in WRAPPERS]
        chosen = self._random.sample(names, min(len(names), self._random.choice((1, 1, 2))))
        return "[" + ", ".join(f'"{name}"' for name in chosen) + "]"

    def _merge(self, scope: Scope) -> list[Node]:
        source = scope.one(self._random)
        if source is None:
            return []
        return [Line(f"{scope.bind(scope.types[source])} = await session.merge({source})")]

    def _change(self, scope: Scope) -> list[Node]:
        random = self._random
        var = scope.one(random)
        if var is None:
            return []
        model = scope.types[var].model
        sides = [item for item in sides_of(model, self._links) if item[0].lazy not in WRAPPERS]
        if not sides or random.random() < 0.55:
            names = ["name", *(kind for kind in self._models[model].columns if kind not in READ_ONLY)]
            name = random.choice(names)
            return [Line(f"{var}.{name} = {self._constant(name)}")]
        side, target, several = random.choice(sides)
        other = scope.of(random, target)
        if several:
            value = f"[{other}]" if other and other != var else "[]"
            texts = [f"{var}.{side.name} = {value}"]
            if other and other != var:
                texts += [f"{var}.{side.name}.append({other})"] * 2 + [f"{var}.{side.name}.remove({other})"]
            return [Line(random.choice(texts))]
        return [Line(f"{var}.{side.name} = {other if other and random.random() < 0.8 else 'None'}")]

    def _read(self, scope: Scope) -> Node:
        var = scope.any(self._random)
        if var is None:
            return Line("pass")
        return Line(draw_read(self._random, self._models, self._links, self._schemas, var, scope.types[var]))

    def _reads(self, scope: Scope) -> list[Node]:
        return [self._read(scope) for _ in range(self._random.choice((1, 1, 2)))]

    def _alias(self, scope: Scope) -> list[Node]:
        random = self._random
        source = scope.any(random)
        if source is None:
            return []
        known = scope.types[source]
        if known.many:
            return [Line(f"{scope.bind(Type(known.model))} = {source}[0]")]
        sides = [item for item in sides_of(known.model, self._links) if item[0].lazy not in WRAPPERS]
        if sides and random.random() < 0.5:
            side, target, several = random.choice(sides)
            return [Line(f"{scope.bind(Type(target, many=several))} = {source}.{side.name}")]
        match random.choice(("alias", "list", "dict", "drop", "drop")):
            case "alias":
                return [Line(f"{scope.bind(known)} = {source}")]
            case "list":
                other = scope.of(random, known.model)
                return [Line(f"{scope.bind(Type(known.model, many=True))} = [{source}, {other}]")]
            case "dict":
                box = scope.name()
                return [Line(f'{box} = {{"k": {source}}}'), Line(f'{scope.bind(known)} = {box}["k"]')]
            case _:
                if len(scope.types) < 2:
                    return []
                del scope.types[source]
                return [Line(f"{source} = None")]

    def _awaited(self, scope: Scope) -> list[Node]:
        var = scope.one(self._random)
        if var is None:
            return []
        model = scope.types[var].model
        names = ["name", *self._models[model].columns]
        names += [side.name for side, _, _ in sides_of(model, self._links) if side.lazy not in WRAPPERS] * 2
        name = self._random.choice(names)
        if self._random.random() < 0.3:
            return [Line(f"await session.run_sync(lambda _: {var}.{name})")]
        return [Line(f"await {var}.awaitable_attrs.{name}")]

    def _bulk(self, scope: Scope) -> list[Node]:
        del scope  # It has the signature of every action.
        random = self._random
        model = random.choice([name for name, model in self._models.items() if not model.base])
        where = f".where({model}.id == {random.choice((1, 2))})" if random.random() < 0.7 else ""
        name = random.choice(("name", *(kind for kind in self._models[model].columns if kind not in {*READ_ONLY, "mood"})))
        value = random.choice(('"u"', 'func.upper("u")'))
        return [Line(f"await session.execute(update({model}){where}.values({name}={value}))")]

    def _helper(self, scope: Scope) -> list[Node]:
        random = self._random
        if not self._helpers:
            return []
        helper = random.choice(self._helpers)
        parameters = helper.head[1 : helper.head.index(")")].split(", ")
        arguments = []
        for parameter in parameters:
            name, _, annotation = parameter.partition(": ")
            many = annotation.startswith("list[")
            model = annotation.removeprefix("list[").rstrip("]")
            found = "session" if name == "session" else "1" if name == "key" else scope.of(random, model, many=many)
            if found is None:
                return []
            arguments.append(found)
        call = f"{helper.name}({', '.join(arguments)})"
        if not helper.coroutine:
            return [Line(call)]
        result = helper.head.partition(") -> ")[2]
        if result == "None":
            return [Line(f"await {call}")]
        known = Type(result.removeprefix("list[").rstrip("]"), many=result.startswith("list["))
        return [Line(f"{scope.bind(known)} = await {call}")]

    def _inner(self, scope: Scope, size: int) -> tuple[Node, ...]:
        self._depth += 1
        try:
            return tuple(self.block(scope.copy(), size)) or (Line("pass"),)
        finally:
            self._depth -= 1

    def _branch(self, scope: Scope) -> list[Node]:
        random = self._random
        if self._depth >= DEPTH or (not self._flags and all(known.many for known in scope.types.values())):
            return []
        test = (
            random.choice(self._flags)
            if self._flags and random.random() < 0.85
            else draw_condition(random, self._models, self._links, scope)
        )
        body = self._inner(scope, random.choice((1, 2, 3)))
        if random.random() < 0.15:
            body = (*body, Line("return None"))
        orelse = self._inner(scope, random.choice((1, 2))) if random.random() < 0.35 else ()
        return [If(test, body, orelse)]

    def _loop(self, scope: Scope) -> list[Node]:
        random = self._random
        if self._depth >= DEPTH:
            return []
        lists = [(var, known.model) for var, known in scope.types.items() if known.many]
        for var, known in scope.types.items():
            if not known.many:
                lists += [
                    (f"{var}.{side.name}", target)
                    for side, target, several in sides_of(known.model, self._links)
                    if several and side.lazy not in WRAPPERS
                ]
        if not lists:
            return []
        source, model = random.choice(lists)
        inner = scope.copy()
        inner.types.pop(source, None)
        item = inner.bind(Type(model))
        self._depth += 1
        body = self.block(inner, random.choice((1, 2, 3))) or [Line("pass")]
        self._depth -= 1
        return [Suite(f"for {item} in {source}", tuple(body))]

    def _context(self, scope: Scope) -> list[Node]:
        if self._depth >= DEPTH:
            return []
        head = self._random.choice(("async with session.begin_nested()", "async with session.begin_nested()", "with session.no_autoflush"))
        return [Suite(head, self._inner(scope, self._random.choice((1, 2, 3))))]

    def _try(self, scope: Scope) -> list[Node]:
        random = self._random
        if self._depth >= DEPTH:
            return []
        body = self._inner(scope, random.choice((1, 2, 3)))
        if random.random() < 0.6:
            body = (*body, Line(random.choice(("await session.flush()", "await session.commit()"))))
        elif self._flags and random.random() < 0.3:
            body = (*body, If(random.choice(self._flags), (Line('raise ValueError("no")'),)))
        handler: list[Node] = [Line("await session.rollback()")] if random.random() < 0.8 else []
        handler.extend(self._inner(scope, random.choice((0, 0, 1))))
        if random.random() < 0.3:
            handler.append(Line(random.choice(("raise", "return None"))))
        final = self._inner(scope, 1) if random.random() < 0.08 else ()
        return [Try(body, random.choice(ERRORS), tuple(handler) or (Line("pass"),), final)]

    _table: tuple[tuple[Callable[[Author, Scope], list[Node]], float], ...] = (
        (_load, 3), (_new, 2), (_operation, 6), (_merge, 0.4), (_change, 3), (_reads, 8), (_alias, 1.5), (_awaited, 0.6),
        (_bulk, 0.5), (_helper, 2), (_branch, 1.6), (_loop, 1), (_context, 0.7), (_try, 1),
    )  # fmt: skip
    _actions = tuple(action for action, _ in _table)
    _weights = tuple(weight for _, weight in _table)
