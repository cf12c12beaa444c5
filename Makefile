# `make demo` on a fresh machine with only Python (3.11 or newer) and make: sets up .venv, then solves the flagship problem.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo quick test check format docs dist torture clean

help:
	@echo "make setup   create $(VENV) and install pinn with its development tools"
	@echo "make demo    solve the plate with a hole: error table, VTU, pictures"
	@echo "make test    run the tests"
	@echo "make quick   run the tests that are quick: a minute and a half"
	@echo "make check   formatting, lint, types, tests"
	@echo "make format  let ruff rewrite what it can"
	@echo "make docs    build the documentation into build/site, warnings are errors; check its links, and its pages in Chromium"
	@echo "make dist    build the sdist and the wheel, and check them"
	@echo "make torture kill runs at random moments, and compare what they end with"
	@echo "make clean   remove $(VENV) and caches"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "pinn needs Python 3.11 or newer; '$(PYTHON)' is missing or older. Try: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "could not create $(VENV); on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	# first and alone: unpinned torch, as a dependency, can bring gigabytes of CUDA packages
	$(BIN)/python -m pip install --quiet torch==$$(sed -n 's/^torch==//p' constraints.txt)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	$(BIN)/pinn solve problems/elasticity/plate_with_hole.yaml

# One thread per process: two pytest workers share the cores, and timings stay comparable.
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

quick: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m "not slow"

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(MAKE) test

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/site
	$(BIN)/python docs/check_site.py build/site
	$(BIN)/python docs/check_in_browser.py build/site

# What is uploaded: both archives, checked as the index checks them.
dist: setup
	$(BIN)/python -m pip install --quiet build twine check-wheel-contents
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

# Runs killed with SIGKILL at 200 random moments: results/benchmarks/torture.md.
torture: setup
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/torture.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
