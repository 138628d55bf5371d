# Everything from a bare machine: `make run` shows the building, `make test` proves it.
PYTHON ?= python3
ARGS ?=
SEED ?= 1
BIN := .venv/bin
PORTVAKT := $(BIN)/portvakt

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv run test bare lint types unit promises postgres soak bench mutants lock clean

help:
	@echo 'make run       the building: broker, cloud end, four controllers (ARGS="--seconds 30 --json")'
	@echo 'make test      what every commit must pass: lint, types, unit, promises; minutes'
	@echo 'make lint      style of the code, by ruff; seconds'
	@echo 'make types     types of tools and simulator, and of the firmware against its stubs; a minute'
	@echo 'make unit      the tests that are not slow (ARGS="tests/firmware/test_loop.py")'
	@echo 'make promises  what is promised to people and tenants, on PostgreSQL as well'
	@echo 'make postgres  all tests of the cloud end once more, on PostgreSQL'
	@echo 'make soak      a night: power cuts, ten doors for a hundred days with every fault, 64 lockers, planted defects, stories of parcels (SEED=1)'
	@echo 'make bench     figures against their goals'
	@echo 'make mutants   how many of a sample of changes the tests notice (SEED=1 ARGS="--room ingest --count 50")'
	@echo 'make bare      make test on a bare Debian in a folder (root and debootstrap)'
	@echo 'make venv      .venv with what developing needs, pinned by hash'
	@echo 'make lock      pins of all requirements anew, after a change of pyproject.toml (uv)'
	@echo 'make clean     removes .venv and everything that was built or cached'
	@echo 'make help      this list'

# Two stamps: running needs less than developing. Each is remade only when its lock file has changed.
.venv/run.stamp: tools/requirements/run.txt pyproject.toml tools/prepare.py
	@$(PYTHON) tools/prepare.py environment tools/requirements/run.txt
	@touch $@

.venv/dev.stamp: tools/requirements/dev.txt pyproject.toml tools/prepare.py
	@$(PYTHON) tools/prepare.py environment tools/requirements/dev.txt
	@touch .venv/run.stamp $@

# The MQTT client of the firmware, checked against its hash.
build/umqtt/umqtt/simple.py: tools/umqtt.py | .venv/run.stamp
	@$(BIN)/python -m tools.umqtt
	@touch $@

build/stubs/stamp: tools/requirements/stubs.txt | .venv/dev.stamp
	@rm -rf build/stubs
	@$(BIN)/python -m pip -qq --disable-pip-version-check install --require-hashes --no-deps --target build/stubs -r $<
# The stub leaves out the module's own global, through which the link hands its transport in.
	@printf 'from typing import Any\n\nsocket: Any\n' >> build/stubs/umqtt/simple.pyi
	@touch $@

# Packages of npm that tests need, each checked against its hash.
build/npm/stamp: tools/requirements/npm.txt tools/npm.py | .venv/dev.stamp
	@$(BIN)/python -m tools.npm
	@touch $@

venv: .venv/dev.stamp build/npm/stamp build/umqtt/umqtt/simple.py

run: .venv/run.stamp build/umqtt/umqtt/simple.py
	@$(PORTVAKT) run $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp build/umqtt/umqtt/simple.py build/stubs/stamp
	$(BIN)/mypy
	$(BIN)/mypy --config-file tools/firmware_types.ini

unit: venv
	@$(PYTHON) tools/prepare.py mosquitto
	@$(PYTHON) tools/prepare.py postgresql
	@$(PYTHON) tools/prepare.py chromium
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

ON_POSTGRES := PORTVAKT_TESTS_ON=postgres $(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not mosquitto and not chromium"

# What is promised to people and tenants (tools/cloud/README.md), on PostgreSQL too.
promises: venv
	@$(PYTHON) tools/prepare.py postgresql
	$(ON_POSTGRES) $$($(BIN)/python tests/tools/cloud/test_promises.py)

# The cloud end once more on PostgreSQL; what starts processes with a database of their own is run by unit alone.
postgres: venv
	@$(PYTHON) tools/prepare.py postgresql
	$(ON_POSTGRES) tests/tools/cloud

test: lint types unit promises

# The same on a bare Debian: needs root and debootstrap. ARGS is what to run there instead.
bare:
	@tools/bare.sh $(ARGS)

soak: venv
	$(PORTVAKT) sim cuts --points 500000 --seed $(SEED)
	$(PORTVAKT) sim soak --doors 10 --days 100 --seed $(SEED) $(ARGS)
	$(PORTVAKT) sim soak --lockers 64 --doors 4 --days 30 --seed $(SEED)
	$(PORTVAKT) sim planted --seed $(SEED)
	STORIES=10000 $(BIN)/pytest -n 2 -q --timeout 0 tests/model/test_parcels.py tests/model/test_shared_stories.py
	FUZZ_EXAMPLES=50 FUZZ_REQUESTS=20000 $(BIN)/pytest -n 2 --dist loadfile -m "slow or fuzz"
	PORTVAKT_TESTS_ON=postgres $(BIN)/pytest -q -n 2 --dist loadfile -m slow tests/tools/cloud/row_security \
		tests/tools/cloud/attack/test_attack_row_security.py

bench: venv
	$(PORTVAKT) bench all $(ARGS)

# Which tests fail when the code is changed: hours. What makes mutants is installed for this alone.
.venv/mutants.stamp: tools/requirements/mutants.txt .venv/dev.stamp
	@$(BIN)/python -m pip -qq --disable-pip-version-check install --require-hashes --no-deps -r $<
	@touch $@

mutants: venv .venv/mutants.stamp
	$(BIN)/python -m tools.mutants --anew --seed $(SEED) $(ARGS)

# For whoever changes a dependency: needs uv.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command 'make lock'
lock:
	$(COMPILE) pyproject.toml tools/requirements/build.in --extra cloud --extra dev --extra postgres --extra notices -o tools/requirements/dev.txt
	$(COMPILE) pyproject.toml tools/requirements/build.in --extra cloud -c tools/requirements/dev.txt -o tools/requirements/run.txt
	$(COMPILE) pyproject.toml tools/requirements/build.in -c tools/requirements/dev.txt -o tools/requirements/base.txt
	$(COMPILE) tools/requirements/stubs.in -o tools/requirements/stubs.txt
	$(COMPILE) --no-deps tools/requirements/mutants.in -c tools/requirements/dev.txt -o tools/requirements/mutants.txt

clean:
	rm -rf .venv build var .mypy_cache .ruff_cache .pytest_cache .hypothesis
