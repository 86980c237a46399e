# Two commands: `make survey` sets everything up in this checkout and surveys this machine; `make test` sets up what
# tests need and runs them. Nothing but python3 with its venv module, make and a network is needed beforehand.
PYTHON ?= python3
MODULE ?=
BUDGET ?= 5m
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup survey test check lint types layers unit system-packages lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

$(VENV)/.user: requirements.lock pyproject.toml hatch_build.py web/package-lock.json $(wildcard web/src/*)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.user requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.user ## Install godyno and a Go toolchain into .venv

survey: setup ## Survey this machine: MODULE=path for your own module, BUDGET=5m
	$(BIN)/godyno survey $(MODULE) --budget $(BUDGET)

system-packages: # what the integration tests need, where this is root on Debian or Ubuntu
	@./tests/system-packages

test: setup $(VENV)/.dev system-packages check ## Check and test everything
	$(BIN)/python -m pytest

check: $(VENV)/.dev lint types layers ## Linter, formatter, types and import layers

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev ## Only the tests that need no Go and no privilege
	$(BIN)/python -m pytest -m "not integration"

lock: ## Renew the locks (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra go pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra go --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove what setup made
	rm -rf $(VENV) build dist web/node_modules src/godyno/report/page
