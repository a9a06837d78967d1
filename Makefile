# The two commands: `make run` shows a code arriving, `make test` runs everything. `make help` lists the rest.
BUILD     ?= build
# a hundred and fifty test programs: a quick linker where there is one
MESON      = $(shell command -v mold >/dev/null && echo CC_LD=mold CXX_LD=mold) meson
PYTHON    := /usr/bin/python3
JOBS      ?= $(shell nproc)
# tests against the running program wait more than they compute
TESTERS   ?= $(shell echo $$(($(JOBS) * 2)))
OTPGATE   := $(BUILD)/src/otpgate
PREFIX    ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help run build test unit api e2e bench fleet asan tsan fuzz lint format install deps deps-test deps-lint clean

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: deps build ## install what is missing, build, run a gateway with a virtual phone (ONESHOT=1: end after one code)
	@$(OTPGATE) demo $(if $(ONESHOT),--oneshot) $(ARGS)

build: $(BUILD)/build.ninja ## compile into $(BUILD)/
	@ninja -C $(BUILD) $(if $(V),-v,--quiet) src/otpgate src/plan/og_plan.so

$(BUILD)/build.ninja:
	@$(MESON) setup $(BUILD) $(MESON_FLAGS) >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

test: deps deps-test unit api e2e ## the whole suite: units, API, end to end with the npm client, crashes

unit: $(BUILD)/build.ninja ## unit tests of every room
	@ninja -C $(BUILD) --quiet
	@$(MESON) test -C $(BUILD) --no-rebuild --print-errorlogs

api: build ## API tests against the real program
	@OTPGATE=$(abspath $(OTPGATE)) $(PYTHON) -m pytest -q -n $(TESTERS) --dist loadfile tests/api

e2e: build tests/e2e/node_modules/.stamp ## virtual phone, npm client, crash test
	@OTPGATE=$(abspath $(OTPGATE)) $(PYTHON) -m pytest -q -n $(TESTERS) --dist loadfile tests/e2e

tests/e2e/node_modules/.stamp: tests/e2e/package.json tests/e2e/package-lock.json
	@cd tests/e2e && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.stamp

fleet: deps $(BUILD)/build.ninja ## a day of fifty failing phones on virtual time: codes at the radio, features on and off; table, and build/fleet.json
	@ninja -C $(BUILD) --quiet tests/fleet/fleet
	@$(BUILD)/tests/fleet/fleet --json $(BUILD)/fleet.json $(ARGS)

bench: deps build ## measure what the design promises; table, and build/bench.json
	@tools/deps bench
	@ninja -C $(BUILD) --quiet
	@$(PYTHON) tests/bench/bench.py --otpgate $(abspath $(OTPGATE)) --build $(abspath $(BUILD)) $(ARGS)

conformance: build ## tables of what is required and which tests show it, into docs/
	@ninja -C $(BUILD) --quiet
	@OTPGATE=$(abspath $(OTPGATE)) $(PYTHON) tests/conformance/conformance.py --build $(BUILD) --jobs $(JOBS)

asan: deps deps-test ## units and API tests under AddressSanitizer and UBSan
	@TEST_PATIENCE=60 $(MAKE) --no-print-directory BUILD=build-asan JOBS=$(JOBS) \
	    MESON_FLAGS="-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debug -Doptimization=g" unit api

tsan: deps deps-test ## units and API tests under ThreadSanitizer
	@TEST_PATIENCE=60 $(MAKE) --no-print-directory BUILD=build-tsan JOBS=$(JOBS) \
	    MESON_FLAGS="-Db_sanitize=thread -Db_lundef=false -Dbuildtype=debug -Doptimization=g" unit api

fuzz: deps deps-lint ## libFuzzer over every decoder of foreign bytes; SECONDS=60 each
	@test -d build-fuzz || CC=clang CXX=clang++ $(MESON) setup build-fuzz -Dfuzz=true \
	    -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debug -Doptimization=1 >/dev/null
	@ninja -C build-fuzz --quiet $$(ninja -C build-fuzz -t targets all | sed -n 's#^\(tests/fuzz/fuzz_[a-z0-9_]*\): .*#\1#p')
	@tools/fuzz build-fuzz $(or $(SECONDS),60)

lint: deps deps-lint $(BUILD)/build.ninja ## layers, longest files and functions, cppcheck, clang warnings
	@tools/lint $(BUILD)

format: deps-lint ## clang-format's opinion as a diff; it is a hint, people break lines
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' | xargs clang-format --dry-run 2>&1 | grep -c warning || true

install: build ## the program and its module, below $(PREFIX)
	@$(MESON) configure $(BUILD) -Dprefix=$(PREFIX)
	@$(MAKE) --no-print-directory build
	@$(MESON) install -C $(BUILD) --no-rebuild --quiet $(if $(DESTDIR),--destdir $(DESTDIR))
	@echo "installed $(DESTDIR)$(PREFIX)/bin/otpgate"

deps: ## Debian packages to build with
	@tools/deps build

deps-test:
	@tools/deps test

deps-lint:
	@tools/deps lint

clean: ## remove what was built
	rm -rf $(BUILD) build-asan build-tsan build-fuzz tests/e2e/node_modules
