# Recipes for people; `just` alone lists them.

default:
    @just --list

# make the environment from the lock
setup:
    python3 -m venv .venv
    .venv/bin/pip install -q --require-hashes -r requirements-dev.lock
    .venv/bin/pip install -q --no-deps --no-build-isolation -e .

# what continuous integration runs
ci:
    .ci/run

# format, lint, types, layers
check:
    .venv/bin/ruff format .
    .venv/bin/ruff check --fix .
    .venv/bin/mypy
    .venv/bin/lint-imports

# tests, or some of them: just test tests/report
test *ARGS:
    .venv/bin/python -m pytest {{ARGS}}

# run the examples of pages against the real ORM: just rule src/greenroom/rules/expired_after_commit.md
rule *PAGES:
    .venv/bin/python -m tests.executable {{PAGES}}

# measure speed and memory on a corpus directory
bench CORPUS *ARGS:
    .venv/bin/python benchmarks/run.py {{CORPUS}} {{ARGS}}

# build the documentation site into site/
docs:
    uvx zensical build

# renew the locks; they hold names, versions and hashes only
lock:
    uv pip compile pyproject.toml --all-extras --group dev --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --upgrade -q -o requirements-dev.lock
    echo 'sqlalchemy>=2.0.44,<2.1' | uv pip compile - --no-deps --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url -q -o requirements-sqlalchemy-2.0.lock
