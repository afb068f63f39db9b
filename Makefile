# Everything a person or a pipeline runs. Each target says what it does; `make` alone lists them.

PYTHON := .venv/bin/python
UV := .tools/bin/uv
PYTEST := .venv/bin/pytest
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test vendors lint types contracts unit frontend-test proof cluster bench e2e asvs scan clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/ready frontend/dist/index.html tools/apigeelint/node_modules/ready ## install everything (Python, Node packages, browser) and build the web interface
	@sh .ci/browser
	@echo "Set up. Next: 'make demo' to see it run, 'make test' before you commit."

.tools/bin/uv:
	@echo "Installing uv into .tools"
	@python3 -m pip install --quiet --disable-pip-version-check --target .tools uv

.venv/ready: uv.lock pyproject.toml | .tools/bin/uv
	@echo "Installing Python packages from uv.lock"
	@$(UV) sync --frozen --quiet
	@touch $@

frontend/node_modules/ready: frontend/package-lock.json
	@echo "Installing Node packages"
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

tools/apigeelint/node_modules/ready: tools/apigeelint/package-lock.json
	@echo "Installing apigeelint"
	@cd tools/apigeelint && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: frontend/node_modules/ready $(shell find frontend/src frontend/index.html frontend/vite.config.ts 2>/dev/null)
	@echo "Building the web interface"
	@cd frontend && npm run --silent build

demo: setup ## start everything with the sample company; prints the address
	@$(PYTHON) -m controlplane.demo.run

vendors: .venv/ready ## every vendor's double on this machine, with what to enter to connect it
	@$(PYTHON) -m controlplane.demo.vendors

lint: .venv/ready ## formatting and lint
	@.venv/bin/ruff format --check --quiet . || (echo "Run: .venv/bin/ruff format ." && false)
	@.venv/bin/ruff check --quiet .

types: .venv/ready ## strict types
	@.venv/bin/mypy connectors tenants controlplane tests benchmarks

contracts: .venv/ready ## who may import whom
	@PYTHONPATH=. .venv/bin/lint-imports --no-logo

unit: .venv/ready ## Python tests
	@$(PYTEST) -n $(JOBS) -q

frontend-test: frontend/node_modules/ready ## web interface: types, lint, tests
	@cd frontend && npm run --silent typecheck && npm run --silent lint && npm test --silent

test: setup lint types contracts unit frontend-test ## everything a change can break (minutes); what CI runs
	@echo "All checks passed. Next: commit; 'make proof' for the slow ones."

proof: setup ## faults, fuzz, isolation at length
	@HYPOTHESIS_PROFILE=proof $(PYTEST) -n $(JOBS) -q -m slow

cluster: setup ## a real Spark cluster on this machine (needs Java 17; 0.5 GB) answers like the embedded engine
	@$(UV) sync --frozen --quiet --group cluster
	@$(PYTEST) -q -rs -m slow tests/controlplane/traffic/test_cluster.py

bench: setup ## figures with the commands that make them
	@$(PYTHON) -m benchmarks

e2e: setup ## the main job in a real browser, against the running product; screenshots in artifacts/screenshots
	@$(PYTEST) -q tests/e2e -m e2e

asvs: .venv/ready ## OWASP ASVS 5.0: which test proves which requirement, and what is missing
	@$(PYTHON) -m tests.asvs

scan: setup ## independent scanners over source, parts and the running product; reports in artifacts/scan
	@$(PYTHON) -m tests.scan

clean: ## stop the embedded servers and remove local data
	@-$(PYTHON) -m tenants.isolation.postgres stop
	@rm -rf .data .cache artifacts
	@echo "Local data removed. Next: 'make demo' starts afresh."
