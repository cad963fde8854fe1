# Thin: every target is a few calls of CMake, CTest (CMakePresets.json) and the scripts of packaging/ and tests/.
# Each first installs what is missing of packaging/dependencies.txt; with all in place it needs no network.

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 300
SOAK_SECONDS ?= 600

need = @packaging/install-dependencies
build = cmake --preset $(1) $(2) && cmake --build --preset $(1)
# The product asks for fewer packages than its tests and benchmarks. A folder that was configured with these keeps them.
product = $(if $(wildcard build/release/CMakeCache.txt),,-DMDEVSIM_BUILD_TESTS=OFF -DMDEVSIM_BUILD_BENCH=OFF)
whole = -DMDEVSIM_BUILD_TESTS=ON -DMDEVSIM_BUILD_BENCH=ON

.PHONY: all release demo test bench fuzz soak asan-ubsan tsan valgrind coverage tidy format check-format \
        install test-newest test-fresh test-container clean help

all: release ## build what users get (the default)

release:
	$(need) build
	$(call build,release,$(product))

demo: ## build, then show a simulated host to mdevctl and to the shell
	$(need) build run
	$(call build,release,$(product))
	@packaging/demo

test: ## every test, and twenty seconds of every fuzz target (what CI runs)
	$(need) build run test fuzz lint
	$(call build,release,$(whole))
	$(call build,fuzz)
	MDEVSIM_FUZZ_SECONDS=20 ctest --preset fuzz -j $(JOBS)
	tests/as-root ctest --preset release -j $(JOBS)

bench: ## compare with the floors, print a table, write bench.json
	$(need) build run test measure
	$(call build,release,$(whole))
	build/release/bin/mdevsim-bench --out bench.json

fuzz: ## every fuzz target for FUZZ_SECONDS (300)
	$(need) build test fuzz
	$(call build,fuzz)
	MDEVSIM_FUZZ_SECONDS=$(FUZZ_SECONDS) ctest --preset fuzz -j $(JOBS)

soak: ## stress-ng and the concurrent clients for SOAK_SECONDS (600), then states of up to 8 GiB (17 GiB of memory)
	$(need) build run test
	$(call build,release,$(whole))
	MDEVSIM_SOAK_SECONDS=$(SOAK_SECONDS) tests/as-root ctest --preset soak

asan-ubsan: ## every test, the server and the unit tests under AddressSanitizer and UBSan
	$(need) build run test fuzz
	$(call build,asan-ubsan)
	tests/as-root tests/instrumented asan-ubsan -j $(JOBS)

tsan: ## every test, the server and the unit tests under ThreadSanitizer
	$(need) build run test fuzz
	$(call build,tsan)
	tests/as-root tests/instrumented tsan -j $(JOBS)

valgrind: ## the end-to-end tests, the server under memcheck
	$(need) build run test measure
	$(call build,valgrind)
	tests/as-root tests/instrumented valgrind

coverage: ## every test, then build/coverage/report/index.html
	$(need) build run test measure
	$(call build,coverage)
	tests/as-root tests/instrumented coverage -j $(JOBS)

tidy: ## clang-tidy over everything
	$(need) build test lint
	$(call build,release,$(whole))
	run-clang-tidy-14 -quiet -p build/release -j $(JOBS)

format: ## format every C++ file
	$(need) lint
	tests/tidy/clang_format.py --in-place

check-format: ## fail on a file that format would change
	$(need) lint
	tests/tidy/clang_format.py

install: release ## PREFIX=/usr/local DESTDIR=
	DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

test-newest: ## build and test in a Debian sid root folder (as root; kept in build/newest)
	$(need) newest
	packaging/debian-root build/newest sid packaging/test-newest

test-fresh: ## make demo and make test of the last commit on a fresh Debian 12 (as root)
	$(need) newest
	rm -rf build/fresh/build/mdevsim
	git clone -q --no-hardlinks . build/fresh/build/mdevsim
	packaging/debian-root --pristine build/fresh bookworm sh -ec \
	  'git clone -q /mdevsim/build/mdevsim && cd mdevsim && make demo && make test'

test-container: ## the container file and the documented way to run it, in a Debian root folder (root, Debian's packages)
	$(need) build newest
	$(call build,release,$(product))
	packaging/test-container build/container

clean: ## remove everything that was built
	rm -rf --one-file-system build bench.json

help: ## this list
	@sed -n -E 's/^([a-z-]+):.*## (.*)/\1|\2/p' Makefile | while IFS='|' read -r t d; do printf '  make %-14s %s\n' "$$t" "$$d"; done
