# Every target prepares .venv by itself when it has to; `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
READY := .venv/ready
DEVELOPMENT := TREFFPUNKT_ENV=$${TREFFPUNKT_ENV:-development}

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(READY)  ## build and plan the demo season, then show it on http://127.0.0.1:8000 (SCHOOLS=file SCALE=10 DATABASE_URL=…)
	@$(DEVELOPMENT) $(BIN)/treffpunkt demo --serve $(if $(SCHOOLS),--schools "$(SCHOOLS)") $(if $(SCALE),--scale "$(SCALE)")

.PHONY: serve
serve: $(READY)  ## bring the database up to date and start worker, scheduler and web on http://127.0.0.1:8000
	@$(DEVELOPMENT) $(BIN)/treffpunkt db upgrade
	@$(DEVELOPMENT) $(BIN)/treffpunkt serve

.PHONY: test
test: $(READY)  ## what a change must pass: every test but the long ones, on both databases and in Chromium
	@echo "Tests on two cores; the report goes to build/tests.xml"
	@$(BIN)/pytest -n 2 --dist worksteal -m "not long" --junitxml=build/tests.xml

.PHONY: long
long: $(READY)  ## the long runs: hours of evidence
	@$(BIN)/pytest -m long

.PHONY: mutants
mutants: $(READY)  ## half an hour: does a test fail for each small change of a rule, a goal or the judge?
	@$(BIN)/python -m tests.mutants

.PHONY: bench
bench: $(READY)  ## how far the engine reaches on this machine, beside others; writes docs/benchmarks/beside.md
	@$(BIN)/python -m tests.benchmarks.visits
	@$(BIN)/python -m tests.benchmarks.groups
	@$(BIN)/python -m tests.benchmarks.fixed_roster --nations 1 10
	@$(BIN)/python -m tests.benchmarks.repair_visits
	@$(BIN)/python -m tests.benchmarks.repair_groups
	@$(BIN)/python -m tests.benchmarks.what_if
	@$(BIN)/python -m tests.benchmarks.what_if_visits
	@$(BIN)/python -m tests.benchmarks.chance
	@$(BIN)/python -m tests.benchmarks.chance_visits
	@$(BIN)/python -m tests.benchmarks.beside
	@$(BIN)/python -m tests.benchmarks.growth

.PHONY: check
check: $(READY)  ## style, types and the law of the rooms
	@echo "ruff: style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "mypy: types"
	@$(BIN)/mypy
	@echo "import-linter: who may import whom"
	@$(BIN)/lint-imports --no-logo

.PHONY: lock
lock:  ## write uv.lock, requirements*.txt and package-lock.json anew after a dependency changed (needs uv and npm)
	uv lock
	uv export --quiet --frozen --no-dev --extra postgres --extra dask --no-emit-project --no-header -o requirements.txt
	uv export --quiet --frozen --all-groups --no-emit-project --no-header -o requirements-dev.txt
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

# Editable installs run hatch_build.py, which brings in the front-end files.
$(READY): pyproject.toml uv.lock requirements-dev.txt hatch_build.py package-lock.json
	@set -e; \
	if command -v uv >/dev/null; then \
	  echo "Preparing .venv with uv"; \
	  uv sync --frozen --quiet; \
	else \
	  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then echo "Python 3.11 or newer is needed; install it and run make again" >&2; exit 1; fi; \
	  echo "Preparing .venv with $$python and pip"; \
	  $$python -m venv .venv; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .; \
	fi
	@touch $@
