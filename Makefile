# Playground's commands. Each sets up what it needs the first time and starts at once afterwards.
.DEFAULT_GOAL := help
.PHONY: help run test lint format types bench wheel clean

BIN := .venv/bin
READY := .venv/.ready

help: ## Say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: $(READY) ## Open the window (make run FILE=my.playground opens that file)
	@$(BIN)/playground $(if $(FILE),"$(FILE)")

test: lint ## Check style, types and import contracts, then run the tests
	$(BIN)/python -m pytest

lint: $(READY) ## Check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY) ## Put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## Measure the budgets and write bench.json
	$(BIN)/python -m tests.bench

wheel: $(READY) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove the environment and everything that was built
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find engine widgets playground tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Done again when what is asked for changes; a copied or half-made environment is repaired by the script.
$(READY): pyproject.toml constraints.txt .ci/set-up .ci/system-libraries
	@.ci/set-up
	@touch $@
