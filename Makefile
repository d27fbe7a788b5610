# Everything below works on a fresh machine with Python 3.11+ and make; `make peers` also wants Debian's packages.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCALE := src/undercurrent/locale
CATALOGUES := $(wildcard $(LOCALE)/*/LC_MESSAGES/*.po)
TEMPLATE := $(VENV)/undercurrent.pot
# How many processes run tests: as many as there are cores; 0 runs them one after the other in the one that prints.
JOBS ?= auto
UPDATE_CATALOGUES := $(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-pot-creation-date --ignore-obsolete \
  --domain undercurrent --input-file $(TEMPLATE) --output-dir $(LOCALE)

.DEFAULT_GOAL := help
.PHONY: help demo test peers test-peers lint template messages docs bench lock

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{sub(/:.*/, "", $$1); printf "  make %-12s %s\n", $$1, $$2}'

# The locked packages, checked by hash and never built here, then the project itself in place. The lists are complete:
# left to itself, pip looks for what `coverage[toml]` needs again, and refuses what is newer than the lock.
$(VENV)/.run: constraints/run.txt pyproject.toml hatch_build.py $(CATALOGUES)
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --no-deps --require-hashes --only-binary :all: -r constraints/run.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run constraints/dev.txt
	$(PIP_INSTALL) --no-deps --require-hashes --only-binary :all: -r constraints/dev.txt
	@touch $@

demo: $(VENV)/.run ## see it work on real images (ARGS="--lang zh" for Chinese)
	@$(BIN)/uc demo $(ARGS)

test: $(VENV)/.dev ## run the tests that need only Python
	$(BIN)/python -m pytest --ignore tests/peers --numprocesses $(JOBS) --dist worksteal --cov --cov-report=term

peers: $(VENV)/.dev ## install the real registries, cosign, podman … that tests/peers runs against
	$(BIN)/python -m tests.peers.install

test-peers: $(VENV)/.dev ## run the tests against them; what is missing is skipped, with the line that installs it
	$(BIN)/python -m pytest tests/peers --numprocesses $(JOBS) --dist loadfile

lint: $(VENV)/.dev template ## check style, types, layers and catalogues
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@test -z "$(CATALOGUES)" || $(UPDATE_CATALOGUES) --check 2>/dev/null \
	  || { echo 'The catalogues lack messages: run "make messages", then translate them.'; exit 1; }

template: $(VENV)/.dev
	@$(BIN)/pybabel --quiet extract --keyword gettext_noop --keyword ngettext_noop:1,2 --no-location --sort-output --omit-header \
	  --output-file $(TEMPLATE) src docs

messages: template ## bring the message catalogues up to date with the source
	$(UPDATE_CATALOGUES)

docs: $(VENV)/.dev ## build the documentation into site/
	$(BIN)/python -m docs.generate
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.dev ## compare with the peers a user would pick instead
	$(BIN)/python -m bench $(ARGS)

lock: ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
	  --group build pyproject.toml --output-file constraints/run.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-annotate --no-header \
	  --constraint constraints/run.txt --all-extras --group dev pyproject.toml --output-file constraints/dev.txt
