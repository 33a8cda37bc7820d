# One verb per line of `make help`; anything longer than three lines is a script with a name.
# Everything is built with the release profile, so that nothing is compiled twice.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
export CARGO_TARGET_DIR ?= $(CURDIR)/target
export REENACT_BIN ?= $(CARGO_TARGET_DIR)/release/reenact
TARGET ?= traces_v05
SECONDS ?= 60
NAME ?= intake
SEED ?= 1
CLIENT ?= ddtrace

.PHONY: help demo demo-once test build ui check unit sdk sdk-test e2e corpus browser fuzz bench gen clean

help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

demo: ## from nothing to a running shop with errors; CLIENT=ddtrace, ddtrace+reenact, opentelemetry+reenact or reenact
	@scripts/setup demo "$(CLIENT)"
	@$(MAKE) build
	@[ "$(CLIENT)" = ddtrace ] || $(MAKE) sdk
	@python3 demo/run.py --client "$(CLIENT)"

demo-once: ## the demo under each client, until issues with values are visible; for `make test`
	@scripts/demo-once

test: ## everything from nothing: set-up, then all tests
	@scripts/test-all

ui: ## the web UI, which the binary embeds
	@echo "==> build the UI"
	@npm run --prefix ui build

build: ui ## the release binary with the UI inside
	@echo "==> build the binary"
	@cargo build --release --locked --bin reenact

check: ## formatting, clippy, types of the UI
	@echo "==> check formatting, lints and types"
	@cargo fmt --all --check && cargo clippy --release --locked --workspace --all-targets --features reenact-store/testing -- -D warnings
	@cargo run --release --locked --quiet -p xtask -- gen-check
	@npm run --prefix ui check

unit: ## tests of Rust and of the UI; property tests draw the same cases each time, others with SEED=…
	@echo "==> unit tests"
	@PROPTEST_RNG_SEED=$(SEED) INSTA_WORKSPACE_ROOT=$(CURDIR) cargo test --release --locked --workspace --features reenact-store/testing --quiet
	@npm run --prefix ui test

sdk: ## the wheel of the Python client, for every Python that the set-up found
	@scripts/sdk

sdk-test: sdk ## tests of the Python client (ARGS for pytest)
	@scripts/sdk-test $(ARGS)

e2e: ## the real binary with real clients (needs `make build` and `make sdk`; ARGS for pytest)
	@echo "==> end-to-end tests"
	@cargo test --release --locked --workspace --features reenact-store/testing --quiet --test real_server -- --ignored
	@.build/venv/e2e/bin/python -m pytest tests/e2e $(ARGS)

corpus: ## how many crashes are raised again, as a table (needs `make build` and `make sdk`; ARGS=--write for the docs)
	@echo "==> corpus of crashes"
	@.build/venv/e2e/bin/python tests/corpus/run.py $(ARGS)

browser: ## the UI in a real browser (needs `make build` and `make sdk`)
	@echo "==> browser tests"
	@npm test --prefix tests/browser

fuzz: ## fuzz one decoder: TARGET=… SECONDS=…
	@echo "==> fuzz $(TARGET) for $(SECONDS) s"
	@fuzz/run $(TARGET) seconds=$(SECONDS)

bench: ## measure NAME=intake beside its limit, or NAME=queries beside DuckDB (needs `make build`; ARGS for the benchmark)
	@echo "==> benchmark $(NAME)"
	@cargo run --release --locked --quiet -p reenact-benches --bin bench-$(NAME) -- --server $(REENACT_BIN) $(ARGS)

gen: ## regenerate OpenAPI, TypeScript types and reference pages
	@echo "==> generate"
	@cargo run --release --locked -p xtask -- gen
	@npm run --prefix ui gen

clean: ## remove what was built (not the data of the demo)
	@rm -rf $(CARGO_TARGET_DIR) .build ui/dist ui/node_modules tests/browser/node_modules
