# `make` lists what there is to do.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test quick bench lint format pins messages clean environment development translations browser postgresql proxies

# Tests that need no browser and no second go several at a time, the others one after the other.
QUICK := -m "not e2e and not slow" --numprocesses logical
CALM := -m "e2e or slow"

# $(call need,PACKAGE): install a Debian package where we may, say what is missing where we may not.
need = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing $(1) ..." && apt-get -qq update \
	&& DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $(1) </dev/null >/dev/null; } \
	|| { echo "Please install $(1) first (on Debian: apt-get install $(1))." >&2; exit 1; }

# $(call install,STAMP,FILES): pip runs only when the content of FILES is not what it installed last time.
install = @sum=$$(cat $(2) | sha256sum); [ "$$sum" = "$$(cat .venv/$(1) 2>/dev/null)" ] || { \
	echo "Installing $(2) ..." && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix -r ,$(2)) && \
	echo "$$sum" > .venv/$(1); }

help:  ## show this list
	@sed -nE 's/^([a-z]+):.*  ## (.*)/\1\t\2/p' Makefile | expand -t 12

run: environment translations  ## start Deskbell; Ctrl-C stops it
	@exec $(BIN)/flask up

demo: environment translations  ## start Deskbell with example data
	@exec $(BIN)/python -m demo

test: development browser postgresql proxies translations lint  ## check and test everything, on both databases
	@$(BIN)/python -m pytest $(QUICK)
	@$(BIN)/python -m pytest $(CALM)
	@$(BIN)/python -m pytest $(QUICK) --database=postgresql
	@$(BIN)/python -m pytest $(CALM) --database=postgresql

quick: development translations  ## the tests that take seconds
	@$(BIN)/python -m pytest $(QUICK)

bench: development browser translations  ## measure the desk and write bench/latest.json
	@$(BIN)/python -m bench

lint: development  ## style, types, imports, templates, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/codespell --skip "./.*,./data*,./static/vendor,./tests/vendor,./requirements*.txt,*.po" --ignore-words-list selectin \
		--ignore-regex '\w*[a-z][A-Z]\w*'

format: development  ## bring the code into shape
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

pins: development  ## write the pins anew from requirements.in and requirements-dev.in
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@for name in requirements requirements-dev; do \
		CUSTOM_COMPILE_COMMAND="make pins" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
			--annotation-style line --no-emit-options --no-emit-index-url --no-emit-find-links \
			--no-emit-trusted-host --output-file $$name.txt $$name.in || exit 1; \
	done

clean:  ## remove what tools leave behind; data and .venv stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage tests/artifacts
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call need,python3-venv)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Deskbell needs Python 3.11 or newer (make PYTHON=/path/to/python3)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv

environment: $(BIN)/pip
	$(call install,installed,requirements.txt)

development: environment
	$(call install,installed-dev,requirements.txt requirements-dev.txt)

messages: environment  ## bring new sentences of the sources into the translations
	@pot=$$(mktemp) && trap 'rm -f "$$pot"' EXIT \
		&& $(BIN)/pybabel --quiet extract --mapping babel.cfg --keywords _l --keywords N_ --add-location file \
			--output "$$pot" . \
		&& $(BIN)/pybabel --quiet update --input-file "$$pot" --output-dir translations \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

translations: environment
	@find translations -name '*.po' 2>/dev/null | while read -r po; do \
		mo="$${po%.po}.mo"; [ "$$mo" -nt "$$po" ] || $(BIN)/pybabel --quiet compile -i "$$po" -o "$$mo" || exit 1; \
	done

browser:
	@command -v chromium >/dev/null || $(call need,chromium fonts-liberation)

# The tests start a server of their own from its programs; Debian's is not started.
postgresql:
	@[ -n "$$TEST_DATABASE_URL" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| { export RUNLEVEL=1 SYSTEMD_OFFLINE=1; $(call need,postgresql); }

# Installed for the tests of deploy/, and not started: the two variables are what Debian's packages ask.
proxies:
	@PATH="$$PATH:/usr/sbin"; command -v caddy >/dev/null && command -v nginx >/dev/null \
		&& command -v systemd-analyze >/dev/null \
		|| { export RUNLEVEL=1 SYSTEMD_OFFLINE=1; $(call need,caddy nginx systemd); }
