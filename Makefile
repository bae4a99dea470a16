# Two commands do the usual things: `make up` and `make test`. Everything else: `make help`.
# Written for any POSIX shell and GNU make 3.81, which is what macOS has.

PYTHON ?= python3
STACK ?= local
ARGS ?=
VENV := .venv/bin
RUN := $(VENV)/python -m
# The longest files first, in pyproject.toml's order, so that the workers end together: what fails
# fast is what `make test-fast` is for. A file stays on one worker, since its tests share a running
# engine or local cloud.
WORKERS = 2
PYTEST = $(RUN) pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
FAST := tests/unit tests/program tests/conformance
# A stack's name begins with its cloud, whose packages are then added; once added they stay.
CLOUD := $(firstword $(subst -, ,$(STACK)))
NEEDS ?= $(if $(wildcard infra/$(CLOUD)),$(filter aws alicloud,$(CLOUD)))
quoted = '$(subst ','\'',$(1))'
LOCK := UV_PYTHON_DOWNLOADS=never $(VENV)/uv pip compile --universal --python-version 3.11 \
	--generate-hashes --only-binary :all: --no-emit-index-url --no-header --quiet
# With the one, -m would not find this checkout, which is nowhere installed; with the other, each
# run of the tests compiles them all anew.
unexport PYTHONSAFEPATH PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help setup setup-whole engine up preview fetch down rollback secret admin letters \
	conformance seed tour reset schedule logs top queue shell dev doctor lint format test test-fast \
	coverage soak bench simulate capacity measure lock schema openapi clean

help: ## this list
	@printf 'make up      brings the shop up on this machine and prints its address\n'
	@printf 'make test    runs the tests\n\nAll of them:\n'
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | sort | \
		while IFS='	' read -r name text; do printf '  %-11s %s\n' "$$name" "$$text"; done
	@printf '\nSTACK=local is the default; ARGS="…" goes to the command as it is.\n'

setup: ## .venv with the pinned packages (NEEDS=aws adds a cloud's, EXTRAS=none takes them away)
	@$(PYTHON) tools/bootstrap.py $(if $(EXTRAS),--extras $(EXTRAS)) $(if $(NEEDS),--needs $(NEEDS))

setup-whole: ## .venv with every cloud's packages too, which the tests need
	@$(PYTHON) tools/bootstrap.py --needs aws,alicloud

engine: setup ## finds the Pulumi engine, or installs or builds it; prints its folder
	@$(RUN) infra.cli.engine $(ARGS)

up: setup ## brings STACK up, and prints its address
	@$(RUN) infra.cli.up --stack $(call quoted,$(STACK)) $(if $(filter 1 yes,$(OFFLINE)),--offline) $(ARGS)

preview: setup ## shows what `make up` would change (OFFLINE=1: of a cloud, without an account)
	@$(RUN) infra.cli.preview --stack $(call quoted,$(STACK)) $(if $(filter 1 yes,$(OFFLINE)),--offline) $(ARGS)

fetch: setup ## gets what OFFLINE=1 needs of STACK's cloud: the engine's plugin, the libraries
	@$(RUN) infra.cli.plugins --stack $(call quoted,$(STACK)) $(ARGS)

down: setup ## stops what `make up` started; data stays (ARGS=--with-data deletes a cloud's)
	@$(RUN) infra.cli.down --stack $(call quoted,$(STACK)) $(ARGS)

rollback: setup ## has FUNCTION on a cloud run the version before, or VERSION=…
	@$(RUN) infra.cli.rollback --stack $(call quoted,$(STACK)) $(if $(FUNCTION),--function $(call quoted,$(FUNCTION))) \
		$(if $(VERSION),--version $(call quoted,$(VERSION))) $(ARGS)

conformance: setup ## the adapters' tests on this machine, or on STACK's real account: asks first
	@$(RUN) infra.cli.conformance --stack $(call quoted,$(STACK)) $(ARGS)

# A value never comes as an argument: VALUE=… is passed on only as the fact that it was given.
secret: setup ## makes the secret NAME, or takes it from stdin (RANDOM=1, ROTATE=1, ARGS=--list)
	@$(RUN) infra.cli.secret --stack $(call quoted,$(STACK)) $(if $(NAME),--name $(call quoted,$(NAME))) \
		$(if $(filter 1 yes,$(RANDOM)),--random) $(if $(filter 1 yes,$(ROTATE)),--rotate) \
		$(if $(filter command,$(origin VALUE)),--value) $(ARGS)

admin: setup ## has the user NAME be an admin; a new one types a password (ARGS=--random, --yes, --revoke)
	@$(RUN) infra.cli.admin --stack $(call quoted,$(STACK)) $(if $(NAME),--name $(call quoted,$(NAME))) $(ARGS)

letters: setup ## the letters that the local shop wrote down, the newest last
	@$(RUN) infra.cli.letters --stack $(call quoted,$(STACK)) $(ARGS)

seed: setup ## fills the shop with products, pictures, stock, promotions; again adds nothing
	@$(RUN) infra.cli.seed --stack $(call quoted,$(STACK)) $(ARGS)

tour: setup ## buys something in the local shop, step by step, and shows how
	@$(RUN) infra.cli.tour --stack $(call quoted,$(STACK)) $(ARGS)

reset: setup ## stops the local shop and deletes what it has stored; asks first
	@$(RUN) infra.cli.reset --stack $(call quoted,$(STACK)) $(ARGS)

schedule: setup ## what runs by the clock (ARGS="--run sweep" runs one now)
	@$(RUN) infra.cli.schedule_look --stack $(call quoted,$(STACK)) $(ARGS)

logs: setup ## follows the log of STACK
	@$(RUN) infra.cli.logs --stack $(call quoted,$(STACK)) $(ARGS)

top: setup ## what each function of the local shop is doing, live (ARGS="--every 0.5", --once)
	@$(RUN) infra.cli.top --stack $(call quoted,$(STACK)) $(ARGS)

queue: setup ## what is in the queues (ARGS="welcome", ARGS="welcome --redrive")
	@$(RUN) infra.cli.queue_look --stack $(call quoted,$(STACK)) $(ARGS)

shell: setup ## a shell for plain `pulumi` (CMD="pulumi preview -s local" runs just that)
	@$(RUN) infra.cli.shell --stack $(call quoted,$(STACK)) $(if $(CMD),--command $(call quoted,$(CMD)))

dev: setup ## watches app/: a change is live at once
	@$(RUN) infra.cli.dev --stack $(call quoted,$(STACK)) $(ARGS)

doctor: ## what was found on this machine and of STACK, what is missing, the next command
	@$(PYTHON) tools/bootstrap.py --doctor --stack $(call quoted,$(STACK))

lint: setup-whole ## style, types, who may import whom, the schema, the API's document
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy infra app tests tools bench
	$(VENV)/lint-imports --no-logo
	$(RUN) infra.cli.schema --check
	$(RUN) infra.cli.openapi --check
	$(RUN) infra.cli.targets --check

format: setup-whole ## sets the code as `make lint` wants it
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

# One of three works while the others wait for an engine.
test: WORKERS = 3
test: setup-whole ## all tests (ARGS="-k name" for some)
	@$(RUN) infra.cli.engine > /dev/null
	$(PYTEST) $(ARGS)

# Apart: what runs in the tests' own processes takes two or three times as long when it is measured.
coverage: setup-whole ## all tests, and the share of the code that they run: fails below 90 %
	@$(RUN) infra.cli.engine > /dev/null
	$(PYTEST) --cov --cov-report=term

test-fast: setup-whole ## the short tests without engine, local cloud and what plays AWS
	$(PYTEST) -m "not moto and not long" $(FAST) $(ARGS)

soak: setup-whole ## the same tests at full counts: kills, loads, fuzzing; takes long
	@$(RUN) infra.cli.engine > /dev/null
	$(PYTEST) --soak $(ARGS)
	$(if $(ARGS),,$(PYTEST) --soak --emulate alicloud tests/e2e)

bench: setup-whole ## requests per second, latency, CPU and memory, beside others'
	@$(RUN) bench $(ARGS)

# Not after `setup`, which refuses a package that is declared and not yet pinned.
lock: ## resolves all pinned packages anew, into the .txt files of tools and bench
	@[ -x $(VENV)/uv ] || $(MAKE) --no-print-directory setup
	@$(LOCK) pyproject.toml --all-extras --output-file tools/constraints.txt $(ARGS)
	@$(LOCK) tools/moto.in --output-file tools/moto.txt $(ARGS)
	@$(LOCK) bench/lambdas.in --output-file bench/lambdas.txt $(ARGS)
	@$(LOCK) bench/peers.in --output-file bench/peers.txt $(ARGS)

schema: setup ## writes stacks/schema.json, by which editors complete the stack files
	@$(RUN) infra.cli.schema

simulate: setup ## our autoscaler beside others' in simulated time (TRACE=… OUT=… are folders)
	@$(RUN) infra.cli.simulate $(if $(TRACE),--trace $(call quoted,$(TRACE))) $(if $(OUT),--out $(call quoted,$(OUT))) $(ARGS)

capacity: NEEDS = # what is derived needs no cloud's packages
capacity: setup ## STACK's limits as its traffic asks for them, with reasons and plots (ARGS="--peak 500", OUT=…)
	@$(RUN) infra.cli.capacity --stack $(call quoted,$(STACK)) $(if $(OUT),--out $(call quoted,$(OUT))) $(ARGS)

measure: setup ## what each request takes, on a shop of its own: writes stacks/measured.yaml (OUT=…, ARGS="--repeats 20")
	@$(RUN) infra.cli.measure $(if $(OUT),--out $(call quoted,$(OUT))) $(ARGS)

openapi: setup ## writes the API's document and its page, which /openapi.json and /docs serve
	@$(RUN) infra.cli.openapi

clean: ## removes .venv and what the tools cached; state and data in .shop stay
	rm -rf .venv .setup.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis .coverage .coverage.*
