# `make` alone says what there is. Variables: PYTHON=python3.12, UV= (use pip although uv is there), ARGS="…" for the command, WORKERS=0 for tests one by one.
.DEFAULT_GOAL := help
.PHONY: start lab test snapshots notebooks browser contract check docs bench lock clean help

PYTHON  ?= python3
UV      ?= $(shell command -v uv 2>/dev/null)
UV      := $(UV)
WORKERS ?= 2
IN      := .venv/bin/python

# Other people's environments and settings must not leak into ours; without bytecode every start takes twice as long.
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH VIRTUAL_ENV
unexport PIP_USER PIP_TARGET PIP_PREFIX UV_PYTHON UV_SYSTEM_PYTHON

# Stamps are written last, so a set-up that was cut short does not look finished. Their names hold what no file's age tells: which Python, and
# where this folder is (a venv does not survive being moved). Empty when Python is missing or too old.
KEY := $(shell $(PYTHON) -c "import os, sys, zlib; v = sys.version_info[:3]; v >= (3, 11) and \
	print('%d.%d.%d-%08x' % (v + (zlib.crc32(os.fsencode(sys.base_prefix + os.getcwd())),)))" 2>/dev/null)
VENV  := .venv/.venv-$(KEY)
BASE  := .venv/.base-$(KEY)
KIT   := .venv/.kit-$(KEY)
TEST  := .venv/.test-$(KEY)
LAB   := .venv/.lab-$(KEY)

ifneq ($(UV),)
new     = "$(UV)" venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
install = "$(UV)" pip install --quiet --python $(IN) --compile-bytecode
else
new     = $(PYTHON) -m venv .venv
# pip compiles all modules, one after the other, of which a tenth is ever used; Python compiles what it uses, once. uv does it with all cores.
install = $(IN) -m pip --disable-pip-version-check --no-input install --quiet --no-compile
endif
stopped = { echo "Set-up stopped; what is printed above says why. Put it right and run make again: it goes on." >&2; exit 1; }
fill    = $(install) --no-deps --require-hashes -r $(1) && touch $(2) || $(stopped)

start: $(KIT) ## the journey, in this terminal; on the mock unless .env differs
	@$(IN) -m wych_kit start $(ARGS)

lab: $(if $(UV),$(KIT) $(LAB),both) ## the notebooks in JupyterLab, until Ctrl-C
	@exec $(IN) -m wych_kit lab $(ARGS)
# pip does one thing after the other: two of them, which have no package in common, take little more than half the time.
.PHONY: both
both:
	@$(MAKE) --silent $(if $(findstring jobserver,$(MAKEFLAGS)),,--jobs=2) GOAL=lab $(KIT) $(LAB)
ifneq ($(origin GOAL),command line)
GOAL :=
.NOTPARALLEL: # goals share the venv, and begin with it
endif

test: $(KIT) $(TEST) ## the tests, also in a browser; ARGS="-k token" chooses
	@$(IN) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
	@$(if $(ARGS),,$(IN) -m pytest -m browser tests/browser)

snapshots: $(KIT) $(TEST) ## store every sentence that people read; then read the difference
	@$(IN) -m pytest -q -n 0 --snapshot-update $(SENTENCES)
SENTENCES := tests/terminal/test_sentences.py tests/notebook/test_sentences.py tests/mock/test_sentences.py

notebooks: $(KIT) $(TEST) ## run the notebooks on the mock and store what they show
	@$(IN) notebooks/remake.py $(ARGS)

browser: $(KIT) $(TEST) ## the notebooks in JupyterLab and a real browser; needs chromium
	@$(IN) -m pytest -m browser tests/browser $(ARGS)

contract: $(KIT) $(TEST) ## the mock's realm against a real Keycloak; needs java and mvn
	@$(IN) -m pytest -m contract -n 0 tests/contract $(ARGS)

check: $(KIT) $(TEST) ## lint, format, types, and no secret lying about
	@$(IN) -m ruff check .
	@$(IN) -m ruff format --check .
	@$(IN) -m mypy
	@$(IN) -m wych_kit scan

docs: $(KIT) ## make the pages anew that follow from the code
	@$(IN) -m wych_kit.diagnosis.scenarios > docs/troubleshooting.md
	@$(IN) -m wych_kit.training > docs/facilitators-key.md
	@$(IN) -m wych_kit.mock.description.openapi > docs/openapi.json

bench: $(KIT) $(TEST) ## the benchmarks, as ratios measured in one run
	@$(IN) benchmarks $(ARGS)

lock: ## remake the lock files; ARGS=--upgrade takes the newest versions
	@test -n "$(UV)" || { echo "Locks are made with uv: pip install uv" >&2; exit 1; }
	@$(lock) --extra terminal --extra mock $(ARGS) -o requirements.lock
	@$(lock) --extra notebook -c requirements.lock $(ARGS) -o requirements-lab.lock
	@$(lock) --extra test -c requirements-lab.lock $(ARGS) -o requirements-test.lock
lock = "$(UV)" pip compile pyproject.toml --quiet --universal --python-version 3.11 --group build --generate-hashes --no-header --no-annotate

clean: ## remove the venv and what tools leave behind; your .env stays
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

$(VENV): requirements.lock
	@test -n "$(KEY)" || { echo "Wych Kit needs Python 3.11 or newer. '$(PYTHON)' is: $$($(PYTHON) --version 2>&1). Name another: make $(or $(GOAL),$(MAKECMDGOALS)) PYTHON=python3.12" >&2; exit 1; }
	@test -n "$(UV)" || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) comes without venv. Debian, Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv, once: about $(if $(UV),5,15) seconds." >&2
	@rm -rf .venv
	@$(new) && touch $@ || $(stopped)

$(BASE): requirements.lock $(VENV)
	@$(call fill,$<,$@)

$(KIT): $(BASE) pyproject.toml
	@$(install) --no-deps --no-build-isolation -e . && touch $@ || $(stopped)

# Only what the base does not have, of which it has the same versions.
$(TEST) $(LAB): .venv/.%-$(KEY): requirements-%.lock $(VENV)
	@echo "Adding what $* needs, once: about $(if $(UV),5,20) seconds." >&2
	@awk -F == 'NR == FNR { base[$$1] } NR != FNR && /^[^ ]/ { more = !($$1 in base) } more' requirements.lock $< > .venv/$<
	@$(call fill,.venv/$<,$@)
