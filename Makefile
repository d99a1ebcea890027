# `make run` shows a shop with real sales; `make test` runs every test on both databases.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: setup run test test-deep lint format messages bench clean

setup: $(STAMP)

# Made anew only when the pinned requirements change.
$(STAMP): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit("Parstock needs Python 3.11 or newer; set PYTHON=/path/to/it") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $(STAMP)

run: setup
	PORT=$(PORT) $(BIN)/python manage.py up --demo

test: setup
	PYTHON=$(BIN)/python tests/run_on_both_databases.sh

test-deep: setup
	PYTHON=$(BIN)/python tests/run_on_both_databases.sh -m deep

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) var
