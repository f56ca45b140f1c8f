# Two commands: `make run` and `make test`. Each does all the set-up it needs.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
export PYTHONDONTWRITEBYTECODE := # where it is set, each start of a program here compiles what it imports anew: twice the time
PACKAGES := neural_focus collector flows feature_repo serving infra

.PHONY: help setup build run test lint format bench load trials faults gates fuzz sanitize tidy parity bits browsers wine pictures clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## everything the other targets need: system packages, .venv, native build, dashboard
	@PYTHON=$(PYTHON) bash infra/setup.sh

run: setup ## start the whole platform here (ONCE=1: check that everything works, then stop)
	@exec $(BIN)/neural-focus up $(if $(ONCE),--once)

# OMP_NUM_THREADS: each worker has a core of its own; threads beside it would only wait for one another.
test: ## all tests of the default suite, two files at a time (JOBS=1: one after the other)
	@TEST=1 PYTHON=$(PYTHON) bash infra/setup.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder

NATIVE := $(shell find native -name '*.cpp' -o -name '*.hpp')

lint: ## ruff, mypy strict, import contracts, clang-format
	@TEST=1 PYTHON=$(PYTHON) bash infra/setup.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run --Werror $(NATIVE)

format: ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(NATIVE)

bench: setup ## figures with ratios, into build/bench.jsonl
	$(BIN)/python -m bench

load: setup ## desktops at a snapshot a second, and requests, beside peers, into build/load.jsonl (DESKTOPS="100 200" SECONDS=60 ALONE=1; 15 minutes)
	$(BIN)/python -m bench.load $(addprefix --desktops ,$(DESKTOPS)) $(addprefix --seconds ,$(SECONDS)) $(if $(ALONE),--no-peers)

trials: setup ## models and estimators against simulated people whose truth is known (NAMES=…; half an hour)
	$(BIN)/python -m bench.trials $(NAMES)

sanitize: setup ## the native core under ASan, UBSan and TSan
	@TEST=1 bash infra/setup.sh
	bash native/sanitize.sh

fuzz: setup ## libFuzzer on records, engine, batches and recovery (SECONDS_EACH=60); each endpoint by its description
	@TEST=1 bash infra/setup.sh
	bash native/fuzz/run.sh $(or $(SECONDS_EACH),60)
	NEURAL_FOCUS_API_EXAMPLES=1000 $(BIN)/python -m pytest -q -o timeout=1800 tests/integration/test_api_description.py

faults: setup ## kill -9 of all that helps, at each step; of the agent a hundred times under load; the spool's model at length
	@TEST=1 PYTHON=$(PYTHON) bash infra/setup.sh
	NEURAL_FOCUS_FAULTS=1 $(BIN)/python -m pytest -rP tests/browsers/test_faults.py
	NEURAL_FOCUS_SPOOL_KILLS=300 NEURAL_FOCUS_SPOOL_EXAMPLES=400 $(BIN)/python -m pytest -rP -o timeout=2400 tests/integration/test_spool_faults.py
	NEURAL_FOCUS_KILLS=100 $(BIN)/python -m pytest -rP -o timeout=2400 tests/e2e/test_agent.py -k kill_9

gates: setup ## each data-quality gate with the fault that it catches, and the lives that none stops, as two tables
	@TEST=1 PYTHON=$(PYTHON) bash infra/setup.sh
	$(BIN)/python -m pytest -q -s tests/unit/flows/test_gates.py

parity: setup ## every feature against the slow reference on many seeds; 1,000 h at 14 events a second
	NEURAL_FOCUS_SEEDS=40 NEURAL_FOCUS_DRIFT_RATE=14 $(BIN)/python -m pytest -rP -o timeout=2400 tests/parity/test_engine_reference.py tests/parity/test_engine_chunks.py

bits: setup ## the same bits from every compiler that is here
	bash native/same_bits.sh

tidy: setup ## clang-tidy on the native code (minutes)
	$(BIN)/clang-tidy -p $$(ls -d build/cp3*) --quiet $(filter native/src/core/% native/src/bindings/% native/src/x11/% native/src/wayland/%,$(filter-out %.hpp %_windows.cpp,$(NATIVE)))

pictures: setup ## the README's pictures, from a platform of their own (NAMES=…; 40 minutes)
	$(BIN)/python -m infra.pictures $(NAMES)

browsers: setup ## the extension in Chromium and Firefox while service, worker and browser are killed (half an hour)
	@TEST=1 PYTHON=$(PYTHON) bash infra/setup.sh
	NEURAL_FOCUS_BROWSERS=1 $(BIN)/python -m pytest -rP -o timeout=900 tests/browsers

wine: setup ## build the Windows capture with MinGW-w64 and drive it under Wine
	@type x86_64-w64-mingw32-g++-posix wine openbox >/dev/null 2>&1 || apt-get install -o DPkg::Lock::Timeout=120 -y -qq --no-install-recommends g++-mingw-w64-x86-64-posix wine wine64 openbox || \
	  { echo "wine: install g++-mingw-w64-x86-64-posix wine wine64 openbox and try again" >&2; exit 1; }
	$(BIN)/cmake -S native -B build/windows -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DCMAKE_TOOLCHAIN_FILE=$(abspath native/mingw.cmake) -DCMAKE_BUILD_TYPE=Release
	$(BIN)/cmake --build build/windows
	$(BIN)/python -m pytest -o timeout=900 tests/wine

build: ## rebuild the native part and (re)install the project in .venv
	@mkdir -p build && flock build/.lock $(BIN)/uv pip install -q --python $(BIN)/python --no-build-isolation --no-deps -e .

clean: ## remove what the build made; your data stays
	rm -rf build .venv .mypy_cache .ruff_cache .pytest_cache serving/dashboard/node_modules serving/dashboard/dist
