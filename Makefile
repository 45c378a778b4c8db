# Greenlight: everything a person does with this repository. `make help` explains.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
# Compiled once, not again by every process that the tests start.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo test test-fast check golden pictures local images fuzz deploy destroy account-check bench audit clean

# A name that is misspelled would be ignored, and minutes later the wrong thing be done.
KNOWN := DATASET MODEL WEIGHTS EPOCHS IMAGE_SIZE MAX_DETECTIONS TASK FORMAT POLICY SERVE LOOP APPROVE PORT OIDC_ISSUER OIDC_CLIENT_ID \
	OIDC_CLIENT_SECRET APPROVERS WING EMAIL BASE_IMAGE CHECK PYTHON SHELL
UNKNOWN := $(filter-out $(KNOWN),$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
$(if $(UNKNOWN),$(error $(UNKNOWN): no variable that this Makefile knows; it knows $(KNOWN)))

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make test WING=…, make test-fast WING=… — one wing: $(WINGS), or a folder in it: infra/local …"
	@echo "  make demo DATASET=folder WEIGHTS=file.pt EPOCHS=8 IMAGE_SIZE=320 TASK=… FORMAT=… APPROVE=ask|auto PORT=4566"
	@echo "  make demo DATASET=folder POLICY='wrong-task=repair,empty-box=drop' — or POLICY=drop: leave out what is wrong"
	@echo "  make demo MODEL=yolo26n — YOLOv8, YOLO11, YOLO12 or YOLO26, from n, the fastest, over s m l to x, which finds most"
	@echo "  make demo DATASET=folder MAX_DETECTIONS=1000 — where a picture shows more than 300 objects"
	@echo "  make demo SERVE=realtime|serverless|async|ab|shadow|batch — how production serves; and ends with the way back"
	@echo "  make demo LOOP=1 — and on: another light, its drift found, labelled, learned and released without losing a request"
	@echo "  make demo OIDC_ISSUER=http://localhost:8080 OIDC_CLIENT_ID=… OIDC_CLIENT_SECRET=… APPROVERS=you@example.com"

.venv/run: pyproject.toml constraints.txt
	@echo "making .venv (a minute or two, this time only)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0] + "; name another: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[workflow,lambdas,local]'
	@touch $@

.venv/dev: .venv/run
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[workflow,lambdas,local,dev]'
	@touch $@

.venv/audit: .venv/run
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[workflow,lambdas,local,audit]'
	@touch $@

demo: .venv/run ## the whole flow on this machine: train, judge, approve, release, ask production
	@DATASET='$(DATASET)' MODEL='$(MODEL)' WEIGHTS='$(WEIGHTS)' EPOCHS='$(EPOCHS)' IMAGE_SIZE='$(IMAGE_SIZE)' MAX_DETECTIONS='$(MAX_DETECTIONS)' \
		TASK='$(TASK)' FORMAT='$(FORMAT)' POLICY='$(POLICY)' SERVE='$(SERVE)' LOOP='$(LOOP)' APPROVE='$(APPROVE)' PORT='$(PORT)' OIDC_ISSUER='$(OIDC_ISSUER)' \
		OIDC_CLIENT_ID='$(OIDC_CLIENT_ID)' OIDC_CLIENT_SECRET='$(OIDC_CLIENT_SECRET)' APPROVERS='$(APPROVERS)' \
		$(BIN)/python -m workflow.demo

WINGS := containers flow infra lambdas workflow
# A file of tests stays together, on one worker. There is one more than there are processors: many tests wait.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: .venv/dev ## all tests, with real trainings and a real browser (some 25 minutes on 2 cores)
	@$(BIN)/python -m infra.local.environments training serving
	$(PYTEST) tests/$(WING)

test-fast: .venv/dev ## the tests that start no stand-in, training, serving, browser or installation (some two minutes)
	$(PYTEST) -m fast tests/$(WING)

check: .venv/dev ## lint, format, types, import rules, template, definitions (under a minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/cfn-lint --regions us-east-1 eu-central-1 -- infra/template.yaml infra/account.yaml
	$(BIN)/python -m workflow.machines.render --check

golden: .venv/dev ## render both state machines, their pictures and the table of input keys again
	$(BIN)/python -m workflow.machines.render
	$(BIN)/python -m workflow.commands.input_keys

pictures: .venv/dev ## the documentation's pictures, from a real run (needs Chromium; some three minutes)
	@$(BIN)/python -m infra.local.environments training serving
	$(BIN)/python -m tests.pictures

local: .venv/run ## the stand-in for AWS, in the foreground
	$(BIN)/greenlight local

images: .venv/dev ## build both container images (podman or docker; BASE_IMAGE=…) and run each once
	BASE_IMAGE='$(BASE_IMAGE)' $(BIN)/python -m pytest -m images tests/images

deploy: .venv/run ## deploy the stack to AWS (EMAIL=…, BASE_IMAGE=…), or to the stand-in with AWS_ENDPOINT_URL
	$(BIN)/greenlight deploy $(if $(EMAIL),--email '$(EMAIL)') $(if $(BASE_IMAGE),--base-image '$(BASE_IMAGE)')

destroy: .venv/run ## delete the stack and everything in it but the record of decisions
	$(BIN)/greenlight destroy

account-check: .venv/run ## prove in an AWS account what only one can, for a few dollars (CHECK=--help), and remove it
	@$(BIN)/python -m workflow.account_check $(CHECK)

fuzz: .venv/dev ## 20,000 hostile requests to the serving program; the tests send a tenth
	GREENLIGHT_FUZZ_REQUESTS=20000 $(BIN)/python -m pytest tests/containers/serving/http/test_hostile_requests.py \
		tests/containers/serving/tracking/test_following.py -s

bench: .venv/dev ## long measurements
	$(BIN)/python -m pytest -m bench tests

audit: .venv/audit ## known vulnerabilities of what is deployed (asks a service), and what it is made of (build/sbom)
	$(BIN)/python -m infra.audit

clean: ## stop the stand-in; forget environments, state and builds
	-@test ! -x $(BIN)/greenlight || $(BIN)/greenlight local --stop
	rm -rf .venv .greenlight build
