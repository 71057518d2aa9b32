# Weir: set-up, demonstration, tests. `make demo` and `make test` do everything on a fresh machine.
FITS := import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14)))
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,\
	$(if $(shell $(p) -c '$(FITS)' 2>/dev/null && echo fits),$(p))) python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SOURCES := src ingest quality privacy catalog tests docs $(wildcard benchmarks examples)
TYPED := $(VENV)/typed
# Bytecode is kept, or each process that a test starts would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo example test check lint types pytest format system docs site clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.demo: pyproject.toml constraints.txt
	@$(PYTHON) -c '$(FITS)' || \
		{ echo "error: Weir needs Python 3.11 to 3.13, and '$(PYTHON)' is another"; \
		  echo "  cure: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip setuptools
	$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(PIP) --no-build-isolation --no-compile --editable '.[dev]'
	@touch $@

setup: $(VENV)/.demo ## make the virtual environment and install Weir into it

demo: setup ## generate a small company's week and run the whole job on it
	$(BIN)/weir demo demo-shop

example: setup ## a recommender trained on what was released: data, privacy, model, figures (demo-season/)
	$(PIP) --no-build-isolation --editable '.[recommender]'
	$(BIN)/python -m examples.recommender demo-season

system: ## what the tests need from the system's package manager
	@sh tests/system.sh

test: ## set up and run all checks and tests
	$(MAKE) --jobs 2 --output-sync system check
	$(MAKE) pytest

check: $(VENV)/.test lint types ## lint, format and types

lint: $(VENV)/.test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

# mypy does not see setuptools' editable finder, so it reads an ordinary install.
types: $(VENV)/.test
	@rm -rf $(TYPED) build
	@$(PIP) --no-deps --no-build-isolation --target $(TYPED) .
	@rm -rf build
	MYPYPATH=$(TYPED) $(BIN)/mypy -p dataweir

pytest: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

format: $(VENV)/.test ## mend lint and format
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(VENV)/.test ## write docs/reference from the program
	$(BIN)/python docs/reference.py

site: $(VENV)/.test ## build the documentation as HTML in docs/_site
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_site

clean: ## remove what the targets made
	rm -rf $(VENV) build docs/_site demo-shop demo-season .mypy_cache .ruff_cache .pytest_cache .hypothesis
