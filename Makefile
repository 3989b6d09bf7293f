# Everything a person types here. `make` alone lists it.
# A Python of 3.11 or later and its package index are all that is needed; the emulators are used where they are.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# PYTHON=python3.13 makes the environment again with that one; without it, whatever is there is kept.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(or $(shell command -v python3),$(shell command -v python))
else ifneq ($(shell $(PYTHON) -c 'import sys; print(sys.version)'),$(shell $(BIN)/python -c 'import sys; print(sys.version)' 2>/dev/null))
$(READY): another-python
endif

# Caches stay in the checkout, on the file system of the environment that is linked to them.
export UV_CACHE_DIR := $(CURDIR)/build/cache/uv
export PIP_CACHE_DIR := $(CURDIR)/build/cache/pip
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images for containers switch this on: each process of a test or of the local stack would compile every module again.
export PYTHONDONTWRITEBYTECODE :=

PYTEST ?= -n 2 --dist loadgroup --randomly-seed=20260131
COMPILE := $(BIN)/uv pip compile --quiet --no-header --generate-hashes
# What ZetaSQL needs and the tests' environment has.
NO_EMIT := $(addprefix --no-emit-package ,grpcio protobuf typing-extensions)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY) ## Five dates on the sample league: first predictions, late data, regeneration (ARGS="--data DIR ...")
	@$(BIN)/regen demo $(ARGS)

.PHONY: test
test: $(READY) ## All tests but the long ones (ARGS="-k name")
	@$(BIN)/python -m pytest -m "not long and not browser" $(PYTEST) $(ARGS)

.PHONY: test-long
test-long: $(READY) ## The tests that take minutes (REPEATS=10 for more kills)
	@$(if $(REPEATS),REPEATS=$(REPEATS)) $(BIN)/python -m pytest -m long $(PYTEST) $(ARGS)

.PHONY: test-browser
test-browser: $(READY) ## The console's journey in headless Chromium (ARGS=all: every page and state, with axe-core and screenshots)
	@$(BIN)/python tools/browser_setup.py
	@$(BIN)/python -m pytest -m browser -n 2 -p no:randomly $(if $(filter all,$(ARGS)),tests/browser,tests/browser/test_journey.py $(ARGS))

.PHONY: bench
bench: $(READY) ## Measure, beside the peers that are installed; writes build/bench.json
	@PYTHONPATH=tools $(BIN)/python -m bench $(ARGS)

.PHONY: bench-age
bench-age: $(READY) ## One date regenerated 79 times: the first ten beside the last ten (ARGS="--times 20")
	@PYTHONPATH=tools $(BIN)/python -m bench.age $(ARGS)

.PHONY: bench-import
bench-import: $(READY) ## Read and import two seasons of files: time and memory (ARGS="--runs 3")
	@PYTHONPATH=tools $(BIN)/python -m bench.imports $(ARGS)

.PHONY: times
times: $(READY) ## Time the console's largest pages, and each command on the local stack; 1 if one is over its limit (ARGS="--runs 9")
	@PYTHONPATH=tests $(BIN)/python -m support.console_large
	@$(BIN)/python tools/command_times.py $(ARGS)

.PHONY: simulate
simulate: $(READY) ## Random runs with faults at every call: SEEDS=10000, or SEED=17 traces one run
	@$(BIN)/python tools/simulate.py --seeds $(or $(SEEDS),2000) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: mutants
mutants: $(READY) ## Make named mistakes, one at a time, and name those that no test turns red (ARGS="-k fence")
	@PYTHONPATH=tools $(BIN)/python -m mutants $(ARGS)

.PHONY: infra
infra: $(READY) ## Check the infrastructure's definition
	@$(BIN)/python tools/infra_check.py $(ARGS)

# sqlfluff keeps no cache: it is given the files that are newer than its last success, or all after a change of settings or lock.
SQL_ROOTS := src tools infra docs
SQL := $(shell find $(SQL_ROOTS) -name '*.sql')
CHANGED_SQL = $(if $(filter-out %.sql,$?),$(SQL_ROOTS),$?)

build/cache/sqlfluff.lint: $(SQL) pyproject.toml requirements/dev.txt | $(READY)
	@$(BIN)/sqlfluff lint $(CHANGED_SQL)
	@touch $@

build/cache/sqlfluff.fmt: $(SQL) pyproject.toml requirements/dev.txt | $(READY)
	@$(BIN)/sqlfluff fix --quiet --rules layout,capitalisation $(CHANGED_SQL)
	@touch $@

.PHONY: lint
lint: $(READY) build/cache/sqlfluff.lint ## Style, also of SQL, types, who may import whom, dead names, unused packages
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@for main in functions/*/main.py; do $(BIN)/mypy --no-error-summary "$$main"; done
	@$(BIN)/lint-imports --config pyproject.toml --cache-dir build/cache/import-linter
	@$(BIN)/vulture
	@$(BIN)/deptry --config requirements/deptry.toml src functions tools tests

.PHONY: fmt
fmt: $(READY) build/cache/sqlfluff.fmt ## Format Python and SQL, and mend what can be mended
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

# An environment of its own: the tests' one does not grow.
build/docs-venv/.ready: requirements/docs.txt | $(READY)
	@$(BIN)/python -m venv --clear build/docs-venv
	@if $(BIN)/uv --version > /dev/null 2>&1; then \
	  $(BIN)/uv pip install --quiet --python build/docs-venv/bin/python --require-hashes -r requirements/docs.txt; \
	else build/docs-venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/docs.txt; fi
	@touch $@

.PHONY: docs
docs: build/docs-venv/.ready ## Build the documentation's site into build/site, every link checked (no network once it is installed)
	@$(BIN)/python tools/openapi_bodies.py --check
	@$(BIN)/python tools/lookup_pages.py --check
	@NO_MKDOCS_2_WARNING=1 build/docs-venv/bin/mkdocs build --quiet --strict

.PHONY: tutorial
tutorial: $(READY) ## Run the tutorial's commands on a local stack, and write their outputs (ARGS=--check compares)
	@$(BIN)/python tools/tutorial.py $(ARGS)

.PHONY: package
package: $(READY) ## Stage build/functions/<name>/ and zip build/packages/<name>.zip
	@$(BIN)/python tools/package_functions.py

.PHONY: lock
lock: $(READY) ## Pin requirements/*.in again (ARGS="--upgrade" for newer versions)
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 -c requirements/dev.txt requirements/functions.in -o requirements/functions.txt
	@cd requirements; ../$(COMPILE) $(ARGS) --universal --python-version 3.11 -c dev.txt systems.in -o systems.txt
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 -c requirements/dev.txt requirements/worker.in -o requirements/worker.txt
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 -c requirements/dev.txt requirements/refit.in -o requirements/refit.txt
	@cd requirements; ../$(COMPILE) $(ARGS) --universal --python-version 3.11 bigquery-emulator.in -o bigquery-emulator.txt
	@cd requirements; ../$(COMPILE) $(ARGS) --universal --python-version 3.11 -c dev.txt $(NO_EMIT) googlesql.in -o googlesql.txt
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 -c requirements/dev.txt requirements/browser.in -o requirements/browser.txt
	@$(COMPILE) $(ARGS) --universal --python-version 3.11 requirements/docs.in -o requirements/docs.txt
	@cd requirements; ../$(COMPILE) $(ARGS) --no-deps --python-version 3.13 bigquery-emulator.core.in -o bigquery-emulator.core.txt

.PHONY: clean
clean: ## Remove what was built (the environment in .venv stays)
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: another-python
another-python: ;

# uv is taken from the lock like everything else; where it does not run, pip does the same, slower.
$(READY): requirements/dev.txt requirements/systems.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@want=$$($(PYTHON) -c 'import sys; print(sys.version)'); \
	have=$$($(BIN)/python -c 'import sys; print(sys.version)' 2>/dev/null || true); \
	if [ -z "$$have" ] || { [ "$$want" != "$$have" ] && [ "$(origin PYTHON)" != file ]; }; then \
	  echo "making $(VENV)"; $(PYTHON) -m venv --clear $(VENV); fi
	@mkdir -p build/cache
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements/dev.txt > build/cache/uv.txt
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r build/cache/uv.txt || true
	@if $(BIN)/uv --version > /dev/null 2>&1; then \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt; \
	  if [ -s requirements/systems.txt ]; then \
	    (cd requirements; ../$(BIN)/uv pip install --quiet --python ../$(BIN)/python --require-hashes -r systems.txt); fi; \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt; \
	  if [ -s requirements/systems.txt ]; then \
	    (cd requirements; ../$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r systems.txt); fi; \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@
