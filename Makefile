# Everything a developer does, by one word. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
GRAPHIQL := graphql_api/web/static/graphiql/index.html
GRAPHIQL_SOURCES := $(addprefix graphql_api/web/graphiql/,package.json package-lock.json vite.config.js index.html main.js main.css build.sh) requirements/node.sh
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench fmt sdl docs-images migrate migrations lock clean

help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .venv/.installed $(GRAPHIQL) ## make .venv with everything, pinned, and build GraphiQL

.venv/.installed: requirements/dev.txt pyproject.toml
	@sh requirements/make-venv.sh "$(PYTHON)"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(GRAPHIQL): $(GRAPHIQL_SOURCES) | .venv/.installed
	@sh graphql_api/web/graphiql/build.sh

run: setup ## serve on http://localhost:8000; the first start prints a key and three curl lines
	@exec $(BIN)/tintype serve --demo

test: setup ## run all tests, with real PostgreSQL and Chromium
	@sh tests/install-services.sh
	@sh tests/conformance/node.sh --version >/dev/null || true
	@$(BIN)/pytest

check: setup ## lint, format, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config .importlinter --no-logo

bench: setup ## measure against bare libvips, nginx, PostgreSQL, ipx, thumbor and GraphQL servers; prints tables
	@$(BIN)/python -m tests.load

fmt: setup ## format the code, and fix what can be fixed
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format .

sdl: setup ## write schema/schema.graphql anew
	@$(BIN)/python -c "from schema.build import sdl; print(sdl(), end='')" > schema/schema.graphql

docs-images: setup ## draw the pictures of docs/transforms.md anew
	@$(BIN)/python -m docs.pictures

migrate: setup ## bring the database of this environment up to date
	@$(BIN)/tintype migrate

migrations: setup ## write a migration for what was changed in graphql_api/db/models
	@$(BIN)/tortoise -c graphql_api.db.database.AUTHORING makemigrations models

lock: setup ## pin the newest versions in requirements/*.txt
	@$(COMPILE) --upgrade pyproject.toml -o requirements/base.txt
	@$(COMPILE) --upgrade pyproject.toml --all-extras -o requirements/full.txt
	@$(COMPILE) --upgrade pyproject.toml --all-extras --group dev -o requirements/dev.txt
	@$(COMPILE) --upgrade --group build -o requirements/build.txt
	@$(COMPILE) --upgrade --group node -o requirements/node.txt
	@$(COMPILE) --upgrade --group bench -o requirements/bench.txt

clean: ## remove everything that can be made anew, but no data
	rm -rf .venv .venv-bench dist .mypy_cache .ruff_cache .pytest_cache graphql_api/web/static/graphiql graphql_api/web/graphiql/node_modules tests/load/peers/ipx/node_modules tests/conformance/node_modules tests/conformance/generated tests/load/peers/graphql/node_modules
