# Framework Trends. Needs python3 (3.11 or newer, with venv), make and git; everything else goes into .venv/.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# No call to any outside analytics, whichever way Prefect is started.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := install
.PHONY: install help demo nightly test check lint bench golden screenshots readme constraints hooks clean

install: $(READY)  ## build .venv/, so that .venv/bin/trends is the command
	@echo "Ready: $(BIN)/trends --help   (make help lists what else there is)"

# Every file is checked against its hash in constraints.txt, the build tools too: nothing is fetched unchecked.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11; name another with: make PYTHON=python3.12" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "$(PYTHON) -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 2; }
	@echo "Installing into $(VENV)/ (once; a few minutes on a slow line)"
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps -r constraints.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(READY)  ## the whole nightly job against recorded upstreams, offline; prints the path of the report last
	@$(BIN)/trends nightly --replay

nightly: $(READY)  ## the nightly job once, now, against the real upstreams
	@$(BIN)/trends nightly

# Some hundred processes load the same modules: each of them would compile those anew if none of it was kept.
# One process more than there are cores: what waits, for a browser or a server that is to be dead, leaves a core idle.
test: $(READY)  ## all tests, offline
	@echo "Tests in three processes; the demo's night and a Prefect server run beside them and end with them."
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

check: lint test  ## lint, types, import rules, then all tests: what CI runs

bench: $(READY)  ## measure what must stay quick or honest: every script of tests/bench (fetches polars, the peer of the views)
	@$(BIN)/python -m pip install -qq "polars>=1,<3"
	@for script in tests/bench/*.py; do echo "== $$script"; PYTHONPATH=. $(BIN)/python $$script || exit 1; done
	@$(BIN)/python -m tests.faults.pairs

golden: $(READY)  ## write tests/golden anew from the demo's report; read what has changed before you commit it
	@UPDATE_GOLDEN=1 $(BIN)/python -m pytest tests/reports/test_build.py

screenshots: $(READY)  ## run the demo and take the pictures that the README shows (needs Chromium)
	@$(BIN)/python tests/screenshots.py

readme: screenshots  ## take the README's pictures and answers anew
	@$(BIN)/python tests/readme.py

constraints:  ## resolve pyproject.toml anew into constraints.txt (names, versions, hashes)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(VENV)/uv/bin/uv || $(BIN)/python -m pip install -qq --target $(VENV)/uv uv
	@$(VENV)/uv/bin/uv pip compile pyproject.toml --group dev --group build --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet --output-file constraints.txt
	@grep -c '==' constraints.txt | sed 's/$$/ packages in constraints.txt/'

hooks: $(READY)  ## run ruff, mypy and the import rules before each commit
	@$(BIN)/pre-commit install

clean:  ## remove .venv/ and caches; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
