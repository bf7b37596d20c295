# One command for each thing a person wants. Every target sets up what it needs, once.
# `make` alone lists them.

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.antiphon-installed
SOURCES := plugin engine gui federation tests benchmarks tools

.DEFAULT_GOAL := help
.PHONY: help venv jam test test-daw check bench screenshots tree clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP) ## make .venv with the pinned packages (nothing is done twice)

$(PY):
	@python="$$(PYTHON='$(PYTHON)' sh tools/find_python.sh)" || exit 1; \
	echo "Making $(VENV) with $$("$$python" --version)."; \
	"$$python" -m venv --clear $(VENV)

# On a terminal pip shows its progress; in a log it stays quiet.
$(STAMP): pyproject.toml constraints.txt | $(PY)
	@echo "Installing the pinned packages into $(VENV) (a few minutes the first time)."
	@quiet=-q; [ -t 1 ] && quiet=; \
	$(PY) -m pip install $$quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]' || { \
		echo "The packages could not be installed: the lines above say which and why." >&2; \
		echo "Mend it (often the network, or a missing compiler) and run the same command again." >&2; \
		exit 1; }
	@echo "Compiling what runs live for this processor (some twenty seconds, once)."
	@$(PY) -m engine.warm
	@touch $@

jam: $(STAMP) ## play: the window, or without a screen the terminal; joins your DAW, or plays a demo
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		$(VENV)/bin/antiphon app; \
	else \
		$(VENV)/bin/antiphon jam; \
	fi

test: $(STAMP) ## every test that this machine can run
	@$(PY) -m pytest

test-daw: $(STAMP) ## the same with a real DAW: Ardour 7 without a window (about two minutes)
	@$(PY) -m pytest tests/daw

check: $(STAMP) ## style, types, directions between folders (also as they are at run time)
	@echo "ruff check";    $(PY) -m ruff check $(SOURCES)
	@echo "ruff format";   $(PY) -m ruff format --check $(SOURCES)
	@echo "mypy";          $(PY) -m mypy
	@echo "lint-imports";  $(VENV)/bin/lint-imports --no-logo
	@echo "run-time twin"; $(PY) -m pytest -q tests/contracts/test_directions.py

bench: $(STAMP) ## measure: step time and port timing, as JSON
	@$(PY) -m benchmarks.step
	@$(PY) -m benchmarks.ports

screenshots: $(STAMP) ## draw the pictures of the window anew, from a real run (about two minutes)
	@$(PY) -m tools.screenshots

tree: $(STAMP) ## write the file tree of README.md anew
	@$(PY) -m tools.filetree --write

clean: ## remove everything that the commands above made (takes and settings are not touched)
	rm -rf $(VENV) build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis jam.mid jam.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
