# Every target sets up what it needs. A machine needs only Python >= 3.11 and make.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# How many tests run at once. The engine's tests mostly wait, so two keep two cores busy.
JOBS ?= 2

# A virtual environment does not survive a move of its checkout, so the stamps carry the place they were made in.
PLACE := $(shell pwd | cksum | cut -d ' ' -f 1)
LOCKED := $(VENV)/.locked-$(PLACE)
INSTALLED := $(VENV)/.installed-$(PLACE)

# The engine and the stand-ins live on this machine: a proxy must not stand between us and them.
comma := ,
proxied_never := $(or $(NO_PROXY),$(no_proxy))
export NO_PROXY := $(if $(proxied_never),$(proxied_never)$(comma))127.0.0.1,localhost
export no_proxy := $(NO_PROXY)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

STAGE = @printf '\n== %s\n'

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED) ## Make .venv from the lock file (quick and offline when nothing changed)

$(LOCKED): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "setup: $$($(PYTHON) --version 2>&1) is too old; Python >= 3.11 is needed: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "setup: $(PYTHON) has no venv module; install it (Debian: apt-get install python3-venv)" >&2; exit 2; }
	@echo "setup: installing the locked packages into $(VENV) (about a minute) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install -qq --require-hashes -r requirements/dev.txt
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PY) -m pip install -qq --no-index --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: test
test: lint types contracts core ## Run every check and every test
	$(STAGE) "tests"
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup -q

.PHONY: long
long: setup ## Run the tests that take minutes each
	@$(PY) -m pytest -m long -q

.PHONY: lint
lint: setup ## Check style and format (ruff)
	$(STAGE) "lint"
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

.PHONY: types
types: setup ## Check types (mypy --strict)
	$(STAGE) "types"
	@$(PY) -m mypy

.PHONY: contracts
contracts: setup ## Check who may import whom (import-linter)
	$(STAGE) "import contracts"
	@$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()' --no-cache --no-logo

# Few random cases: the examples alone must reach every branch, so that the figure does not depend on luck.
.PHONY: core
core: setup ## Test the core alone; every branch of it must be reached
	$(STAGE) "core, every branch"
	@HYPOTHESIS_PROFILE=few $(PY) -m pytest tests/core -n $(JOBS) -q \
	    --cov=escalation.core --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

.PHONY: house
house: setup ## Test the house rules alone
	@$(PY) -m pytest tests/house -q

.PHONY: demo
demo: setup ## Run the main job end to end on a real incident, then exit
	@$(PY) examples/demo.py

.PHONY: up
up: setup ## Keep the same parts running, with escalations to look at
	@$(PY) examples/up.py $(PORTS)

.PHONY: down
down: ## End what `make up` started; everything stays open in var/
	@if [ -x $(PY) ]; then $(PY) examples/up.py --down; else echo "nothing is up"; fi

.PHONY: chaos
chaos: setup ## Kill worker, gateway and engine 300 times (half an hour)
	@$(PY) -m tests.bench.chaos

.PHONY: outage
outage: setup ## Every vendor away under 200 open escalations (a quarter of an hour)
	@$(PY) -m tests.bench.outage

.PHONY: rush
rush: setup ## 1,300 recipients of one step, by SMS and by email
	@$(PY) -m tests.bench.step

.PHONY: storm
storm: setup ## 1,000 breaches at once, told to 20 people
	@$(PY) -m tests.bench.storm

.PHONY: bench
bench: setup ## Measure the core, the engine, and a directory of 10,000 people
	@$(PY) -m tests.bench
	@$(PY) -m tests.bench.directory

.PHONY: fmt
fmt: setup ## Format the code and apply safe fixes
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# A week between a release and our taking it: bad releases are usually withdrawn within days.
COOLDOWN := 7 days
COMPILE = $(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --exclude-newer "$(COOLDOWN)"

.PHONY: clocks
clocks: setup ## 100,000 random clocks against a walk of instants (minutes)
	@$(PY) -m tests.bench.clocks

.PHONY: callbacks
callbacks: setup ## A million tampered callbacks against the gateway's readers (minutes)
	@$(PY) -m tests.bench.callbacks

.PHONY: approvals
approvals: setup ## 100,000 random organisations against an oracle of who may agree (minutes)
	@$(PY) -m tests.bench.approvals

.PHONY: lock
lock: setup ## Resolve requirements/*.txt anew (needs the package index)
	$(COMPILE) pyproject.toml --extra dev -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra worker --extra gateway --extra standins --extra postgres -c requirements/dev.txt -o requirements/runtime.txt
	@# What the image needs to build the wheel, and nothing else: the backend that pyproject.toml names.
	$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	    | $(COMPILE) - -c requirements/dev.txt -o requirements/build.txt

.PHONY: clean
clean: ## Remove everything that the other targets made
	rm -rf $(VENV) build dist var .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
