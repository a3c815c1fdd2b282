# Everything starts from bare Python >= 3.11 and make: `make demo`, `make test`.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types contracts format docs build wheelhouse lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Fill .venv from the locks and build the browser assets (done by the others when needed)
	@$(PYTHON) scripts/setup.py

demo: setup ## Run the whole loop on this machine: make demo ARGS="--port 8010 --data DIR"
	@$(BIN)/sizao demo $(ARGS)

test: setup ## Run the tests; browser tests join where a Chromium is found
	@$(BIN)/python scripts/compile.py
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not soak" tests

lint: setup ## Check style of code and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --check --lint src/sizao/web/templates
	$(BIN)/python scripts/check_repository.py

types: setup ## Check types
	$(BIN)/mypy

contracts: setup ## Check that imports go down only
	$(BIN)/lint-imports

format: setup ## Rewrite code and templates in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djlint --reformat --quiet src/sizao/web/templates

docs: setup ## Build the documentation, strictly
	$(BIN)/mkdocs build --strict

build: setup ## Build dist/sizao-*.whl with every browser asset in it
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation

wheelhouse: build ## Add every dependency's wheel, for a network without internet
	$(BIN)/pip download --quiet --require-hashes -r requirements/base.txt -d dist/wheelhouse
	cp dist/*.whl dist/wheelhouse/
	@echo "Install offline: pip install --no-index --find-links dist/wheelhouse sizao"

lock: setup ## Renew the locks (hashes, no registry address)
	$(BIN)/python scripts/lock.py

clean: ## Remove what setup and the builds made (not data folders)
	rm -rf .venv build dist site node_modules frontend/node_modules src/sizao/web/static/vendor
