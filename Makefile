# What you can do here: `make help`. The recipes are short on purpose; the one with something to think about is
# tools/setup.sh.
.DEFAULT_GOAL := help
.PHONY: help setup run test check docs bench lock clean

# Taken by `make run`. Unset: homeport's own settings decide (homeport.toml, HOMEPORT_*, defaults).
HOST ?=
PORT ?=
DATA ?=
DOMAIN ?=
# Taken by `make test`: what to pass to pytest, for instance `make test ARGS="tests/posts -x"`.
ARGS ?=
export PYTHON

# Taken by `make bench`.
WHICH ?= $(patsubst benchmarks/%.py,%,$(wildcard benchmarks/*.py))

BIN := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | sort | expand -t 8

setup: ## make .venv with everything that running, testing and checking need
	@tools/setup.sh dev

run: ## serve a blog from here; takes HOST= PORT= DATA= DOMAIN=
	@tools/setup.sh run
	@exec $(BIN)/homeport serve $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)") $(if $(DATA),--data "$(DATA)") \
		$(if $(DOMAIN),--domain "$(DOMAIN)")

# Three at a time, on two cores and on more: tests wait a lot, for servers, browsers and databases that they start.
# loadfile: a server or an imported blog that a file's tests share is then made once. The order is tests/conftest.py's.
test: setup ## every test; takes ARGS=
	@$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

check: setup ## lint, format, types, and who may import whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --cache-dir .build/import-linter

docs: setup ## write docs/settings.md from the table of settings, docs/teaching.md from the teaching notes
	@$(BIN)/homeport settings > docs/settings.md
	@$(BIN)/python -c "from homeport.learn import teaching; print(teaching.for_documents(), end='')" > docs/teaching.md

bench: setup ## measure, against something measured in the same run; takes WHICH= (a name in benchmarks/)
	@missed=; for name in $(WHICH); do $(BIN)/python -m benchmarks.$$name || missed="$$missed $$name"; done; \
		test -z "$$missed" || { echo "Not all aims were met by:$$missed"; exit 1; }

# uv resolves for every platform at once and keeps versions that are locked already; UPGRADE=1 asks for the newest.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

lock: setup ## write the lock files from pyproject.toml; takes UPGRADE=1
	@$(COMPILE) pyproject.toml --group build --output-file requirements.lock
	@$(COMPILE) pyproject.toml --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group scan --output-file requirements-scan.lock
	@tools/setup.sh dev

clean: ## remove what was made here, but no data
	@rm -rf .venv .build build .hypothesis
	@find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
