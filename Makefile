# The targets a person types. `make help` lists them.
#
#   CONFIG=debug|release   the configuration of build, test and demo (default: debug, see docs/decisions/0002)
#   SCRATCH=DIR            the build folder (default: .build)
#   PREFIX=DIR             where install puts the two programs (default: /usr/local)
#   BENCH_NAME=NAME        bench writes Benchmarks/results/NAME.json (default: sidecar; bench-backup: backup)
#   SEEDS, CHAOS_DURATION  what chaos draws its faults from, and how long each (default: 1 to 10, 3m)
#   SOAK_DURATION          how long soak takes (default: 1h)
#   INJECTIONS, SEED       which faults torture plays (default: 0-399, and 1)
#   PROMISES               of which reports promises takes the drills (default: all)
#   DEMO_FLAGS, BENCH_FLAGS, TEST_FLAGS   passed on to the program or to `swift test`

SWIFT   ?= swift
CONFIG  ?= debug
SCRATCH ?= .build
PREFIX  ?= /usr/local
DESTDIR ?=
BENCH_NAME ?= $(if $(filter bench-backup,$(MAKECMDGOALS)),backup,sidecar)
SEEDS   ?= 1 2 3 4 5 6 7 8 9 10
CHAOS_DURATION ?= 3m
SOAK_DURATION  ?= 1h
INJECTIONS     ?= 0-399
SEED           ?= 1

# The import check is what enforces the layers of docs/architecture.md: a file that imports a target which its own
# target does not declare does not build.
FLAGS := --scratch-path "$(SCRATCH)" --explicit-target-dependency-import-check error
# What is installed and measured carries Swift's runtime, for the servers it goes to have no Swift toolchain. It does
# not look for overlapping accesses while it runs, which costs the sidecar 10 to 25 % of its processor time for each
# request; the compiler still refuses those that it sees, and the debug builds of the tests look for the others.
RELEASE := $(FLAGS) -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

# One test at a time: several at once would measure each other's load, and a small machine would be late for all of them.
RUN_TESTS = $(SWIFT) test $(FLAGS) -c $(CONFIG) --skip-build --disable-xctest --no-parallel

SWIFT_SOURCES := Package.swift Sources Tests Benchmarks
SHELL_SOURCES := Scripts/bootstrap Scripts/debian-root Scripts/python-root Scripts/promises .ci/run

.DEFAULT_GOAL := help
.PHONY: help build demo test bench bench-backup bench-health chaos promises soak torture format lint install uninstall clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## build the two programs, breakwater and breakwater-proxy
	@Scripts/bootstrap build
	$(SWIFT) build $(FLAGS) -c $(CONFIG) --product breakwater
	$(SWIFT) build $(FLAGS) -c $(CONFIG) --product breakwater-proxy

demo: ## open a whole shop, send shoppers into it, break it five times and show what they saw
	@Scripts/bootstrap demo
	@$(MAKE) --no-print-directory build
	"$$($(SWIFT) build $(FLAGS) -c $(CONFIG) --show-bin-path)/breakwater" demo $(DEMO_FLAGS)

test: lint ## lint, build with the layer check, and run every test
	@Scripts/bootstrap test
	$(SWIFT) build $(FLAGS) -c $(CONFIG) --build-tests
ifeq ($(strip $(TEST_FLAGS)),)
	$(RUN_TESTS) --skip IntegrationTests
	$(RUN_TESTS) --filter IntegrationTests
else
	$(RUN_TESTS) $(TEST_FLAGS)
endif

bench: ## measure the sidecar beside HAProxy and Redis itself (release build, some minutes)
	@Scripts/bootstrap bench
	$(SWIFT) build $(RELEASE) --product breakwater-proxy
	$(SWIFT) build $(RELEASE) --product breakwater-bench
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/breakwater-bench" --output Benchmarks/results/$(BENCH_NAME).json $(BENCH_FLAGS)

bench-backup: ## measure backup and restore beside a tutorial's script and mydumper (release build, half an hour)
	@Scripts/bootstrap bench-backup
	$(SWIFT) build $(RELEASE) --product breakwater
	$(SWIFT) build $(RELEASE) --product breakwater-bench
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/breakwater-bench" backup --output Benchmarks/results/$(BENCH_NAME).json $(BENCH_FLAGS)

bench-health: ## measure the health endpoint beside a PHP page under nginx and PHP-FPM (release build, a minute)
	@Scripts/bootstrap test
	$(SWIFT) build $(RELEASE) --product breakwater
	$(SWIFT) build $(RELEASE) --product breakwater-bench
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/breakwater-bench" health --output Benchmarks/results/health.json $(BENCH_FLAGS)

chaos: ## random faults from ten seeds, three minutes each (release build; as root also with cut links)
	@Scripts/bootstrap chaos
	$(SWIFT) build $(RELEASE) --product breakwater-proxy
	$(SWIFT) build $(RELEASE) --product breakwater
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; mkdir -p Benchmarks/results; failed=; for seed in $(SEEDS); do \
	  "$$bin/breakwater" drill redis-chaos --seed $$seed --duration $(CHAOS_DURATION) --json \
	    > Benchmarks/results/redis-chaos-$$seed.json || failed="$$failed $$seed"; done; \
	if [ -n "$$failed" ]; then echo "failed with the seeds$$failed"; exit 1; fi

promises: ## every drill that docs/promises.md cites, as often as it says (release build, about 50 minutes)
	@Scripts/bootstrap chaos
	$(SWIFT) build $(RELEASE) --product breakwater-proxy
	$(SWIFT) build $(RELEASE) --product breakwater
	Scripts/promises "$$($(SWIFT) build $(RELEASE) --show-bin-path)/breakwater" $(PROMISES)

soak: ## an hour of connection churn with faults: memory, descriptors and latency must stay flat (release build)
	@Scripts/bootstrap chaos
	$(SWIFT) build $(RELEASE) --product breakwater-proxy
	$(SWIFT) build $(RELEASE) --product breakwater
	@mkdir -p Benchmarks/results
	"$$($(SWIFT) build $(RELEASE) --show-bin-path)/breakwater" drill soak --duration $(SOAK_DURATION) --json > Benchmarks/results/soak.json

torture: ## 400 random kills and faults during backups, restores and prunes (debug build, as root, 20 minutes)
	@Scripts/bootstrap test
	$(SWIFT) build $(FLAGS) -c $(CONFIG) --build-tests
	@mkdir -p Benchmarks/results
	BREAKWATER_INJECTIONS=$(INJECTIONS) BREAKWATER_SEED=$(SEED) BREAKWATER_REPORT=Benchmarks/results/backup-faults.json \
	  $(RUN_TESTS) --filter FaultCampaignTests

format: ## format every Swift file in place
	$(SWIFT) format --in-place --parallel --recursive $(wildcard $(SWIFT_SOURCES))

lint: ## check formatting, strictly, and the syntax of the shell scripts
	@Scripts/bootstrap build
	$(SWIFT) format lint --strict --parallel --recursive $(wildcard $(SWIFT_SOURCES))
	@for script in $(SHELL_SOURCES); do bash -n "$$script" || exit 1; done

install: ## build for release and install into PREFIX
	@Scripts/bootstrap build
	$(SWIFT) build $(RELEASE) --product breakwater
	$(SWIFT) build $(RELEASE) --product breakwater-proxy
	@bin="$$($(SWIFT) build $(RELEASE) --show-bin-path)"; for program in breakwater breakwater-proxy; do \
	  install -v -D -m 0755 "$$bin/$$program" "$(DESTDIR)$(PREFIX)/bin/$$program" || exit 1; done

uninstall: ## remove what install put into PREFIX
	rm -f "$(DESTDIR)$(PREFIX)/bin/breakwater" "$(DESTDIR)$(PREFIX)/bin/breakwater-proxy"

clean: ## delete the build folder
	rm -rf "$(SCRATCH)"
