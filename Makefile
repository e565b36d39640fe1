# SPDX-License-Identifier: Apache-2.0
# The commands of the house. Each does its own set-up and is quick the second time.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
DATA ?=
DEMO_FLAGS ?=
CMAKE_BUILD = cmake --build build/release --parallel $(JOBS)
CTEST = ctest --test-dir build/release --output-on-failure --no-tests=error

.PHONY: setup configure build test test-unit test-sim test-e2e demo deb check bench clean
.DEFAULT_GOAL := build

setup:
	@tools/setup.sh tools/packages.txt

build/release/build.ninja: | setup
	@cmake --preset release

build: setup build/release/build.ninja
	@$(CMAKE_BUILD)

test: build
	@$(CTEST) --parallel $(JOBS)

test-unit: build
	@$(CTEST) --parallel $(JOBS) --label-regex unit

test-sim: build
	@$(CTEST) --tests-regex sim_failpoints
	@build/release/bin/sim --rounds 20000

test-e2e: build
	@$(CTEST) --label-regex e2e

demo: build
	@build/release/bin/renkei demo $(if $(DATA),--data "$(DATA)") $(DEMO_FLAGS)

deb: build
	@tools/deb.sh

check:
	@tools/check.sh

bench: build
	@bench/run.sh

clean:
	@rm -rf build
