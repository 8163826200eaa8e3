# Two commands for learners:      make lab    make test
# For those who change the course: make build  make check  make translations  make language LANG=fr
# For those who give or prove it:  make bundle  make slides  make prove  make browser  make colab
# Each target makes what it needs: the virtual environment in .venv, the installed packages, the models.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
INSTALLED := .venv/.installed

.PHONY: help lab test build check models translations language publish bundle slides prove browser colab clean

help:
	@sed -n '1,4s/^# //p' Makefile

$(INSTALLED): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found. Install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

models: $(INSTALLED)
	$(PY) -m coursekit.models fetch

lab: models
	$(PY) -m jupyter lab notebooks/00_start_here.ipynb

test: models
	$(PY) -m authoring test

build: models
	$(PY) -m authoring build
	$(PY) -m proving handouts

check: $(INSTALLED)
	$(PY) -m authoring check
	$(PY) -m proving handouts --check

translations: $(INSTALLED)
	$(PY) -m authoring translations

# LANG of the shell says how programs speak, so only one given to make counts.
language: models
	@test "$(origin LANG)" = "command line" || { echo "Say which language: make language LANG=fr"; exit 1; }
	$(PY) -m authoring language $(LANG)

publish: $(INSTALLED)
	@test -n "$(REPO)" || { echo "Say which repository: make publish REPO=owner/name"; exit 1; }
	$(PY) -m authoring publish $(REPO)

# More words for these go into ARGS: make prove ARGS="--lessons 00 05".
bundle slides prove browser colab: models
	$(PY) -m proving $@ $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info
