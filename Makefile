# Everything one does here, as `make <word>`; `make help` lists the words.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# What is fetched lies outside the checkout and is shared by all of them.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/claude-code-server
CLI_VERSION := 2.1.329
CLI_WHEEL := claude-agent-sdk==0.2.186
CLI := $(CACHE)/cli-$(CLI_VERSION)/claude
# Not all of the client libraries get on with one another: an environment for each list of them.
REQUIREMENTS := $(wildcard Tests/Clients/requirements*.txt)
VENVS := $(CACHE)/venvs-$(shell cat /dev/null $(REQUIREMENTS) | sha256sum | cut -c1-12)
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
SECONDS_EACH ?= 60
SECONDS ?= 600
# With the Swift runtime inside: starts in 4 ms instead of 6, holds 9 MB instead of 11, and runs where Swift is not.
RELEASE := swift build -c release --static-swift-stdlib
export CACHE CLI VENVS

.PHONY: help run build dev start stop status logs test unit clients matrix lint format cli stats fuzz sanitize bench soak watchers redteam \
  hooks tools clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

run: build ## build for release, then serve (on the simulator if there is no CLI)
	@Config/make/run.sh

build: ## release build of the server and the simulator
	$(RELEASE) --product claude-code-server
	$(RELEASE) --product claude-simulator

dev: ## rebuild and restart whenever a source changes
	@Config/make/dev.sh

start: build ## serve in the background
	@Config/make/background.sh start

stop: ## stop the background server
	@Config/make/background.sh stop

status: ## is it running, and how is it
	@Config/make/background.sh status

logs: ## follow the background server's log
	@Config/make/background.sh logs

test: unit clients ## everything: unit and integration tests, then real clients and the real CLI

unit: tools ## unit tests, and integration tests over libcurl
	swift build
	swift test --parallel

clients: tools cli $(REQUIREMENTS:Tests/Clients/%.txt=$(VENVS)/%/ready) build ## the real client libraries against the real CLI
	$(RELEASE) --product anthropic-stub
	@Config/make/clients.sh

cli: $(CLI) ## the real Claude Code CLI, from PyPI into the cache

$(CLI):
	@command -v pip3 >/dev/null || { echo "pip is missing: apt-get install python3-pip" >&2; exit 1; }
	mkdir -p $(CACHE)
	rm -rf $(CACHE)/fetch && mkdir $(CACHE)/fetch
	pip3 download --quiet --no-deps --dest $(CACHE)/fetch "$(CLI_WHEEL)"
	python3 -m zipfile -e $(CACHE)/fetch/*.whl $(CACHE)/fetch/wheel
	chmod 755 $(CACHE)/fetch/wheel/claude_agent_sdk/_bundled/claude
	mkdir -p $(dir $(CLI))
	mv $(CACHE)/fetch/wheel/claude_agent_sdk/_bundled/claude $(CLI)
	rm -rf $(CACHE)/fetch
	HOME=$$(mktemp -d) $(CLI) --version | grep -qF "$(CLI_VERSION)"

$(VENVS)/%/ready: Tests/Clients/%.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

matrix: ## write the table of docs/clients.md, from the last `make clients`
	@python3 Config/make/matrix.py --write

tools: ## what the tests need from the system: libcurl's headers, Python with venv
	@Config/make/tools.sh "$(SUDO)"

lint: ## formatting and style, as errors
	swift format lint --strict --recursive Package.swift Sources Tests

format: ## put the sources into shape
	swift format --in-place --recursive Package.swift Sources Tests

stats: ## our numbers: sizes of files and functions, comments, tests
	@python3 Config/make/stats.py

fuzz: ## feed every parser with made-up bytes, SECONDS_EACH seconds each
	@Config/make/fuzz.sh $(SECONDS_EACH)

sanitize: ## the unit tests under the thread and the address sanitizer
	@Config/make/sanitize.sh

bench: build cli ## what an event, a request, a stream and a first token cost, beside floors; fails on a missed target (4 min)
	$(RELEASE) --product anthropic-stub
	$(RELEASE) --product bench
	Config/make/loopback.sh .build/release/bench

soak: build ## mixed traffic with faults for SECONDS (600); fails if the server grows or leaves anything behind
	@python3 Config/make/soak.py $(SECONDS)

watchers: build ## 1,000 ended runs, 100 at work, 10 watchers each, some of them stalled: all are told the same, in bounded memory
	@python3 Config/make/watchers.py

redteam: build ## floods, starves and lies to a server on the simulator; fails where it stalls or grows (4 min)
	@python3 Config/make/redteam.py

hooks: ## install a git hook that lints before each commit
	@install -m 755 Config/make/pre-commit "$$(git rev-parse --git-path hooks)/pre-commit"
	@echo "pre-commit hook installed"

clean: ## remove what was built
	rm -rf .build .run
