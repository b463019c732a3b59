# Two commands on a fresh machine with only Python: `make demo` and `make test`. Each sets up .venv by itself.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile)
LOCK = $(or $(UV),$(BIN)/uv) pip compile --quiet --upgrade pyproject.toml - --universal --python-version 3.11 \
	--generate-hashes --annotation-style line --no-emit-index-url --custom-compile-command "make lock"
CHECKOUT := --no-deps --no-build-isolation -e .

.DEFAULT_GOAL := help
.PHONY: help demo test screenshots messages reference lint format lock audit dist clean

help:  ## Tell what there is to make
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: .venv/.runtime  ## Sample papers → two personal digests → a real SMTP conversation → files to look at
	$(BIN)/newsletter demo

test: .venv/.dev  ## Run all tests, a file on each core
	$(BIN)/python -m pytest -n auto --dist loadfile

screenshots: .venv/.dev  ## Pictures of every style at two widths, by day and by night, into screenshots/
	$(BIN)/python -m tests.browser.screenshots screenshots

messages: .venv/.dev  ## Collect the texts of emails and pages for translators, into newsletter/locale/
	$(BIN)/python -m tests.messages --write

reference: .venv/.dev  ## Generate docs/reference/ and newsletter.toml from the code
	$(BIN)/python -m tests.reference --write

lint: .venv/.dev  ## Format, lint, types, and the layers of the modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/bin/python  ## Lock anew what is installed: the newest versions that pyproject.toml allows, for every Python and system
	$(if $(UV),,$(INSTALL) uv)
	echo hatchling | $(LOCK) --extra all --extra dev --output-file .ci/requirements-dev.lock
	echo hatchling | $(LOCK) --extra all --constraints .ci/requirements-dev.lock --output-file requirements.lock
	printf 'cyclonedx-bom>=7,<8\npip-audit>=2.9,<3\n' | $(subst pyproject.toml -,-,$(LOCK)) --output-file .ci/requirements-release.lock

audit: build/tools  ## Look for known vulnerabilities in what is locked; skipped, with the reason, where PyPI is out of reach
	build/tools/bin/python .ci/audit.py requirements.lock .ci/requirements-dev.lock .ci/requirements-release.lock

dist: .venv/.dev build/tools  ## Build what a release holds: wheel, sdist, SBOM and checksums, into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	build/tools/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml \
		--output-file dist/newsletter.cdx.json requirements.lock
	cd dist && sha256sum * >SHA256SUMS

clean:  ## Take away what the above made
	rm -rf .venv newsletter-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist

# Of their own, so that the program is not tested with what they need.
build/tools: .ci/requirements-release.lock
	rm -rf $@
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Debian's python3 may come without ensurepip; then the pip beside it fills the environment.
.venv/bin/python:
ifdef UV
	$(UV) venv --quiet --seed --python $(PYTHON) .venv
else
	$(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv \
		&& $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; }
endif

# From the locks, hashes and all; with NEWEST=1 the newest versions that pyproject.toml allows. hatchling is in the
# locks, so that the checkout itself is installed without one that nobody chose.
.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(if $(NEWEST),$(INSTALL) --upgrade -e ".[all]",$(INSTALL) --require-hashes -r $< && $(INSTALL) $(CHECKOUT))
	@touch $@

.venv/.dev: .ci/requirements-dev.lock pyproject.toml | .venv/bin/python
	$(if $(NEWEST),$(INSTALL) --upgrade -e ".[dev]",$(INSTALL) --require-hashes -r $< && $(INSTALL) $(CHECKOUT))
	@touch $@ .venv/.runtime
