# make setup | up | test | coverage | check | bench | mutate | clean | help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup up test coverage check bench mutate clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with everything that development needs

# pip 25.1 knows dependency groups; the one that comes with Python may be older.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed. For example: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Preparing $(VENV); the first time takes about a minute" >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[faq,ldap,oidc,pdf,postgresql]' --group dev
	@touch $(READY)

up: $(READY) ## start server, pages, schedules and worker, and run the morning checks; Ctrl-C stops
	@exec $(BIN)/tema up --now morning-checks

# Hundreds of tests wait for real servers while others use the machine. What fails is run once more, alone, and must pass then.
SUITE = $(BIN)/pytest -n $(PROCESSES) --dist loadscope --no-loadscope-reorder
AGAIN = $(BIN)/pytest --last-failed --last-failed-no-failures none --maxfail=3
ALONE = test $$? -eq 1 && echo "== once more, alone: what failed beside other tests" >&2

test: $(READY) check ## check, then every test
	@sh tests/system-packages.sh
	$(SUITE) || { $(ALONE) && $(AGAIN); }

coverage: $(READY) ## every test, and which lines they run; takes half as long again
	@sh tests/system-packages.sh
	$(SUITE) --cov --cov-report= || { $(ALONE) && $(AGAIN) --cov --cov-append --cov-report=; }
	@$(BIN)/coverage report

check: $(READY) ## style, types and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## what the README claims, measured on this machine
	@missed=; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || missed="$$missed $$file"; done; \
	  test -z "$$missed" || { echo "Below their goals, or failed:$$missed" >&2; exit 1; }

# CI=1 gives the property tests one fixed set of examples and no deadline.
mutate: $(READY) ## put faults into the arithmetic of toil and count those that its tests find; takes some minutes
	$(BIN)/python -m pip install -q --disable-pip-version-check --group mutation
	CI=1 $(BIN)/mutmut run --max-children $(PROCESSES)
	@$(BIN)/mutmut results

clean: ## remove what building and testing left; .venv and .tema stay
	rm -rf build dist mutants htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src flows tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
