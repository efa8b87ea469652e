# Needs GNU make and Python 3.11 or later. Every target sees to what it needs by itself.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The interpreter behind .venv; empty: the newest of python3.13, 3.12, 3.11 and python3 that runs.
PYTHON ?=
export PYTHON

BIN := .venv/bin
CODE := app tests $(wildcard bench soak scripts/*.py)
LOCALE := app/locale
POT := build/bacula_report.pot
# The functions whose first argument is a text to translate; for plurals, the first two.
KEYWORDS := _ N_ tr _tr msg ngettext:1,2 nmsg:1,2 plural:1,2
# Only `make lock` uses the one, only `make mutants` the other.
UV_VERSION := 0.13.8
MUTMUT_VERSION := 3.8.1

.PHONY: help
help: ## This list
	@echo 'Usage: make TARGET [ARGS="..."] [PYTHON=python3.12]'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: venv ## Show a demo report, with no Director at hand (ARGS are passed on)
	@$(BIN)/bacula-report demo $(ARGS)

.PHONY: test
test: lint system ## Lint, then every test, with coverage (ARGS go to pytest; -n0: in one process)
	@$(BIN)/python -m pytest --cov -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: venv-dev ## flake8, ruff (rules and format), mypy --strict
	@status=0; \
	check() { echo "== $$1 $$2"; $(BIN)/python -m "$$@" $(CODE) || status=1; }; \
	check flake8 --max-line-length=100; \
	check ruff check; \
	check ruff format --check; \
	check mypy --strict; \
	[ $$status = 0 ] || echo "Lint failed (make format puts some of it right)."; \
	exit $$status

.PHONY: format
format: venv-dev ## Format the code, and fix what ruff can fix
	@$(BIN)/python -m ruff check -q --fix-only $(CODE)
	@$(BIN)/python -m ruff format $(CODE)

.PHONY: bench
bench: venv-dev ## Measure speed and memory (ARGS are passed on)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: fuzz
fuzz: venv-dev ## Feed all readers with rubbish, ever new (FUZZ_EXAMPLES=20000; ARGS go to pytest)
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/python -m pytest -n auto tests/fuzz $(ARGS) || { \
		echo 'What failed is kept in .hypothesis and comes first: make fuzz ARGS="-n0 -k NAME"'; \
		exit 1; }
	@$(BIN)/python -m tests.fuzz.regexes

.PHONY: soak
soak: venv-dev ## Thousands of calls among faults, hundreds of kills, full disks (ARGS are passed on)
	@$(BIN)/python -m soak $(ARGS)

.PHONY: mutants
mutants: venv-dev ## Break the code, and see whether a test notices (ARGS=app/assess/verdict.py)
	@scripts/mutants $(MUTMUT_VERSION) $(ARGS)

.PHONY: messages
messages: venv-dev ## Collect the texts, update and compile the Korean catalogue
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F pyproject.toml --no-default-keywords \
		$(addprefix -k ,$(KEYWORDS)) \
		--no-location --sort-output --width=100 --add-comments=Translators: \
		--project=bacula-report --copyright-holder="The bacula-report authors" -o $(POT) .
	@$(BIN)/pybabel -q update -i $(POT) -d $(LOCALE) -D bacula_report -l ko \
		--init-missing --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --width=100
	@$(BIN)/pybabel compile -d $(LOCALE) -D bacula_report --statistics

.PHONY: lock
lock: ## Write both lock files anew (ARGS=--upgrade: with the newest versions)
	@scripts/lock $(UV_VERSION) $(ARGS)

.PHONY: build
build: venv-dev ## Build the wheel and the source archive into dist/
	@$(BIN)/python -m hatchling build -c

.PHONY: image
image: engine ## Build the image (IMAGE_BASE=local: on a base made here; docs/image.md)
	@scripts/image

.PHONY: image-archive
image-archive: engine ## Build the image into dist/, for hosts without a registry, with its SBOM
	@scripts/image-archive
	@scripts/image-sbom

.PHONY: sbom
sbom: image ## Write what is in the image to dist/, as CycloneDX
	@scripts/image-sbom

.PHONY: licences
licences: sbom ## Write docs/licences.md: what is in the image, and under which licences
	@$(BIN)/python scripts/licences.py dist/bacula-report-*.cdx.json docs/licences.md

.PHONY: audit
audit: venv-dev ## Ask for known vulnerabilities of what is locked (ARGS go to pip-audit)
	@$(BIN)/python scripts/audit.py $(ARGS)

.PHONY: base-image
base-image: engine ## Make the stand-in base image, where no registry is reached
	@scripts/image-base

.PHONY: clean
clean: ## Remove .venv, caches and what was built (reports and logs stay)
	@rm -rf .venv build dist htmlcov .coverage .coverage.* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find app tests $(wildcard bench soak) -type d -name __pycache__ -prune -exec rm -rf {} +

# Each looks at once whether there is anything to do.
.PHONY: venv venv-dev system engine
venv:
	@scripts/setup-venv requirements.lock
venv-dev:
	@scripts/setup-venv requirements-dev.lock
system:
	@scripts/setup-tests
engine:
	@scripts/podman-setup
