# Everything below works on a fresh machine with Python 3.11+ and make; `make peers` also wants Debian and Go.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := $(wildcard src/undercurrent/locale/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.PHONY: help demo test lock

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# The locked packages, checked by hash, then the project itself in place.
$(VENV)/.run: constraints/run.txt pyproject.toml hatch_build.py $(CATALOGUES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r constraints/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run constraints/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r constraints/dev.txt
	@touch $@

test: $(VENV)/.dev ## run the tests that need only Python
	$(BIN)/python -m pytest --ignore tests/peers --cov --cov-report=term

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
	  --group build pyproject.toml --output-file constraints/run.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
	  --constraint constraints/run.txt --all-extras --group dev pyproject.toml --output-file constraints/dev.txt
