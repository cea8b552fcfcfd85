# CTILink. `make help` lists the targets. Everything that they need is built from Go
# modules and Debian packages; nothing is installed outside the cache.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
GO_BUILD := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'

# Pinned tools come from the cluster program's table; see hack/cluster/component.
CLUSTER := bin/cluster
TOOL = $(shell $(CLUSTER) tool $(1))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Look at it

.PHONY: demo
demo: build ## The main job on a local cluster: a call reaches an agent (needs root)
	@bin/demo

.PHONY: demo-down
demo-down: $(CLUSTER) ## Remove the local cluster; the cache stays
	@$(CLUSTER) down

.PHONY: run
run: build ## Runtime and ctisim on localhost, without a cluster and without root
	@bin/standalone

##@ Build

.PHONY: build
build: ## Build all programs into bin/
	@mkdir -p bin
	@$(GO_BUILD) -o bin/ ./cmd/... ./hack/cluster ./hack/demo ./hack/image ./hack/standalone

$(CLUSTER): $(shell find hack/cluster -name '*.go' -o -name '*.mod' 2>/dev/null) go.mod
	@mkdir -p bin
	@$(GO_BUILD) -o $@ ./hack/cluster

.PHONY: image
image: build ## Write the container image as dist/ctilink.tar (docker-archive)
	@mkdir -p dist
	@bin/image -o dist/ctilink.tar -t ctilink/ctilink:$(VERSION) -user 65532:65532 -entrypoint /operator \
		bin/operator=/operator bin/runtime=/runtime bin/ctisim=/ctisim
	@echo "dist/ctilink.tar: ctilink/ctilink:$(VERSION)"

.PHONY: build-web
build-web: ## Build what the runtime serves under /toolbar/ again (needs Node)
	@cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm run --silent build

.PHONY: generate
generate: ## Make deep copies, CRDs, classes, roles and the API document again
	@go run ./hack/manifests
	@go test ./runtime/server -run TestOpenAPI -update >/dev/null

##@ Check

.PHONY: tools
tools: $(CLUSTER) ## Build the cluster's parts and the pinned tools into the cache
	@$(CLUSTER) build
	@for t in kubectl helm golangci-lint; do $(CLUSTER) tool $$t >/dev/null || exit 1; done

.PHONY: test
test: $(CLUSTER) ## Unit, golden, API server (envtest) tests and the linter, with the race detector
	@hack/test.sh

.PHONY: lint
lint: $(CLUSTER) ## The linter alone
	@$(call TOOL,golangci-lint) run

.PHONY: conformance
conformance: ## Try the driver of CLASS against its simulator or server, and print a table activity × event
	@mkdir -p bin
	@$(GO_BUILD) -o bin/ ./hack/conformance
	@bin/conformance $(CLASS) $(ARGS)

.PHONY: test-web
test-web: ## Client, toolbar and team view: in Node and in Chromium, against a runtime and ctisim
	@test/browser/run.sh

.PHONY: e2e-asterisk
e2e-asterisk: ## The class asterisk against a real Asterisk with SIP telephones (fetches its Debian packages)
	@go test ./hack/asterisk/... ./runtime/adapters/asterisk/... -tags asterisk -count=1 -timeout 15m

.PHONY: e2e
e2e: build ## The path on two real nodes of a fresh cluster, and the toolbar in Chromium (needs root)
	@$(CLUSTER) down
	@go test ./test/e2e/... -tags e2e -count=1 -timeout 30m -v

.PHONY: soak
soak: build ## The end-to-end tests at length: ten minutes at rest, each fault ROUNDS (5) times (needs root)
	@$(CLUSTER) down
	@go test ./test/e2e/... -tags e2e -count=1 -timeout 60m -v -run TestAtRest -rest 10m
	@go test ./test/e2e/... -tags e2e -count=$(or $(ROUNDS),5) -timeout 3h -v -run 'TestAgentWorksOnAfter|TestSwitchIsRestarted'

.PHONY: bench
bench: build ## The figures of docs/benchmarks.md (needs root)
	@go test ./test/e2e/... -tags e2e -count=1 -timeout 30m -run NONE -bench . -benchtime 1x

.PHONY: fuzz
fuzz: ## Fuzz each parser of foreign bytes, FUZZTIME each, by default ten minutes in all
	@hack/fuzz.sh $(FUZZTIME)

##@ Tidy up

.PHONY: clean
clean: ## Remove bin/ and dist/
	@rm -rf bin dist

.PHONY: clean-cache
clean-cache: $(CLUSTER) ## Remove the cluster and everything that was built for it
	@$(CLUSTER) down
	@$(CLUSTER) clean-cache
