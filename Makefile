# The one front door. Needs python3 (3.11 or newer; another one by PYTHON=...) and nothing else:
# tools and libraries come from the locks in requirements/, uv by itself (requirements/uv).

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
export PYTHON

UV     := requirements/uv
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.synced
DIST   := dist
LOCKS  := requirements/dev.txt requirements/uv.txt
PYTEST := $(PY) -m pytest
LOCKED  = --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links
LOCK    = $(UV) pip compile pyproject.toml $(ARGS) $(LOCKED)
# A group without the operator's own dependencies, of the versions that the tests have.
LOCK_GROUP = $(UV) pip compile --constraints requirements/dev.txt $(LOCKED)

# More for pytest: make test-fast ARGS='-k schedule'
ARGS ?=

# How many processes test at the same time; each starts a control plane of its own (some 600 MiB).
# 0 tests in one process, which shows what a test prints (ARGS=-s) and where it stops (ARGS=--pdb).
WORKERS  ?= 2
PARALLEL := -n $(WORKERS)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## Make .venv from the locks (the other targets do it by themselves)

# The .pth file puts the source folders on the path, relative to itself: the package runs from
# source, and `operator` stays the standard library's.
$(STAMP): $(LOCKS) $(UV) Makefile
	@echo "==> .venv from requirements/dev.txt"
	@$(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync --require-hashes --only-binary :all: requirements/dev.txt
	@for site in $(VENV)/lib/python3*/site-packages; do \
		printf '../../../../%s\n' operator tests/rigs helm/tools > "$$site/cognito_secret_operator.pth"; \
	done
	@touch $@

.PHONY: check
check: $(STAMP) ## Lint, format, types, import contracts
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo

.PHONY: format
format: $(STAMP) ## Format the code and apply the linter's safe fixes
	$(PY) -m ruff check --fix-only
	$(PY) -m ruff format

.PHONY: test
test: test-fast cluster-build ## All tests: the fast ones, then those against a real control plane
	$(PYTEST) -m integration $(PARALLEL) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-fast
test-fast: $(STAMP) ## The tests that need no cluster
	$(PYTEST) -m 'not integration and not e2e' $(PARALLEL) --dist worksteal $(ARGS)

.PHONY: cluster-build
cluster-build: $(STAMP) ## Build the control plane for the tests (minutes the first time, then cached)
	$(PY) -m cluster build

.PHONY: cluster
cluster: cluster-build ## Start a control plane and keep it until Ctrl-C
	$(PY) -m cluster up

.PHONY: emulator
emulator: $(STAMP) ## Start the emulated Cognito and keep it until Ctrl-C
	$(PY) -m emulator

.PHONY: demo
demo: cluster-build ## Watch one rotation from beginning to end
	$(PY) -m demo

.PHONY: rules
rules: $(STAMP) ## Check the alerts and try each with promtool (Debian: apt-get install prometheus)
	$(PY) -m cluster build tools
	$(PYTEST) tests/monitoring/test_alerts.py $(ARGS)

.PHONY: story
story: cluster-build ## Tell the story in which each alert fires, over a real Prometheus
	$(PYTEST) tests/monitoring/test_story.py -s $(ARGS)

.PHONY: dashboard
dashboard: $(STAMP) ## Remake the chart's dashboard and the page of alerts from their sources
	$(PY) -m dashboards.dashboard
	$(PY) -m dashboards.pages

.PHONY: picture
picture: cluster-build ## Tell the story and draw the dashboard's panels from what it left
	STORY_RECORD=build/story.json $(PYTEST) tests/monitoring/test_story.py -s
	$(PY) -m story.picture build/story.json docs/pictures/dashboard.svg

.PHONY: test-node
test-node: cluster-build ## The tests of the real node and of built images (root on Linux; skipped elsewhere)
	$(PYTEST) -m e2e $(ARGS)

# How often `make e2e` rotates each secret before the scenarios begin.
ROTATIONS ?= 20

.PHONY: e2e
e2e: cluster-build ## The whole of it on a real node: image, chart, applications, rotations (root on Linux)
	$(PY) -m e2e run --rotations $(ROTATIONS) $(ARGS)

.PHONY: e2e-setup
e2e-setup: $(STAMP) ## Install Debian's packages for it (as root; make e2e does it by itself)
	$(PY) -m e2e setup $(ARGS)

.PHONY: image
image: $(STAMP) ## Build the operator's image, without a registry; tell its size, user and start-up time
	$(PY) -m images

.PHONY: sbom
sbom: $(STAMP) ## Write dist/sbom.cdx.json: what the image holds of PyPI (CycloneDX)
	@mkdir -p $(DIST)
	$(VENV)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file $(DIST)/sbom.cdx.json requirements/runtime.txt

.PHONY: chart
chart: $(STAMP) ## Make what is made from others: target keys, the chart's resource type, schema and page
	$(PY) -m helmchart

.PHONY: lock
lock: ## Remake requirements/*.txt (newest versions: make lock ARGS=--upgrade)
	$(LOCK) --output-file requirements/runtime.txt
	$(LOCK) --output-file requirements/dev.txt --group dev
	$(LOCK_GROUP) --output-file requirements/rehearsal.txt --group rehearsal

.PHONY: clean
clean: ## Remove what these targets made in this tree
	rm -rf $(VENV) dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find operator tests -name __pycache__ -type d -prune -exec rm -rf {} +
