# make install | demo | test | lint | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS ?= all,dev
JOBS ?= 2

# Mesa renders in the calling thread: cheaper on small machines, and reproducible.
export LP_NUM_THREADS ?= 0

.PHONY: install demo test lint clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	PYTHON=$(PYTHON) .ci/system-libraries
	@$(PYTHON) -c 'import ensurepip' || \
		{ echo "Python's venv module is incomplete; install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

demo: $(STAMP)
	$(BIN)/goat demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --durations 10 \
		--cov=goat --cov=meta_controller --cov=robot --cov=sim --cov-report=term:skip-covered --cov-fail-under=85

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage coverage.xml .pytest_cache .ruff_cache .hypothesis
