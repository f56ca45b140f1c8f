# Two commands: `make run` and `make test`. Each does all the set-up it needs.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup build run test lint bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## the environment in .venv, system packages, the native build, the dashboard
	@PYTHON=$(PYTHON) bash infra/setup.sh

build: ## rebuild the native part and (re)install the project in .venv
	@mkdir -p build && flock build/.lock $(BIN)/uv pip install -q --python $(BIN)/python --no-build-isolation --no-deps -e .

clean: ## remove what the build made; your data stays
	rm -rf build .venv .mypy_cache .ruff_cache .pytest_cache serving/dashboard/node_modules serving/dashboard/dist
