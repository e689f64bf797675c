# Commands, each doing its own set-up:
#   make run                the demo study, real crystals, a few minutes on two cores
#   make run SCALE=laptop   the default study
#   make bench              the package against the literal form of the method, on these crystals
#   make bench-large        time and memory of 1,000 to 100,000 crystals, stage by stage
#   make test               format, lint, types, tests
#   make faults             tests that take long: fifty kills of a study, one core beside two, Slurm
#   make pretrained         the encoder of the package, from all crystals of the default study
#   make docs               the guide, as pages in site/
#   make fuzz               20,000 damaged crystals through the stages that read them
#   make lock               hashes of the packages in envs/constraints.txt
#   make audit              their known vulnerabilities

PYTHON ?= python3.11
SCALE ?= demo
CORES ?= $(shell nproc)
# Further options of snakemake, e.g. SNAKEMAKE="--forcerun embed"
SNAKEMAKE ?=

BIN := .venv/bin
SNAKEMAKE_RUN := $(BIN)/snakemake --workflow-profile workflow/profiles/default --cores $(CORES)

.PHONY: run bench bench-large test faults fuzz pretrained docs lock audit format clean

# The lock is the kernel's, so it is gone when a killed run is gone; Snakemake's own would stay.
run: .venv/installed
	@mkdir -p results
	@flock --nonblock --conflict-exit-code 75 results/.lock \
	  $(SNAKEMAKE_RUN) --nolock --configfile config/scales/$(SCALE).yaml $(SNAKEMAKE) \
	  || { code=$$?; test $$code -ne 75 || echo "Another run is active in this folder; wait for it." >&2; exit $$code; }

bench: .venv/installed
	$(BIN)/python -m benchmarks.measure --results results/$(SCALE)
	$(BIN)/python -m benchmarks.isotropy
	$(BIN)/python -m benchmarks.phase_fields

bench-large: .venv/installed
	$(BIN)/python -m benchmarks.scale --processes $(CORES)

# One process of tests more than cores, since some wait for Slurm or a browser.
test: .venv/installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/mypy
	$(BIN)/snakemake --lint
	$(BIN)/python -m pip check
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder

# What takes too long for every change: fifty kills at random moments of a small study, the same
# study on one core, and through Slurm.
faults: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -m campaign tests/workflow tests/cluster

fuzz: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.campaign

# Half an hour on two cores.
pretrained: .venv/installed
	$(SNAKEMAKE_RUN) --configfile config/scales/release.yaml -- results/release/pretrained/extended/seed=0
	cp results/release/pretrained/extended/seed=0/* workflow/unlabelled/pretrained/

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

# After a change of envs/constraints.txt: the hashes of all files of these versions.
lock: .venv/installed
	$(BIN)/uv pip compile --quiet --generate-hashes --no-deps --no-emit-package torch --no-annotate \
	  --python-version 3.11.5 --custom-compile-command "make lock" \
	  envs/constraints.txt --output-file envs/locked.txt

# Known vulnerabilities of these versions; asks the package index.
audit: .venv/installed
	$(BIN)/uv tool run pip-audit@2.10.1 --disable-pip --no-deps --strict --requirement envs/constraints.txt

format: .venv/installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/snakefmt Snakefile workflow/rules

clean:
	rm -rf results

.venv/bin/python:
	$(PYTHON) -m venv .venv

# Packages by their hashes first. Of the rest, the project itself and torch, whose build (for the CPU
# or CUDA, with libraries of its own) the machine chooses, versions are pinned.
PIP_INSTALL := $(BIN)/python -m pip install --quiet

.venv/installed: pyproject.toml envs/constraints.txt envs/locked.txt | .venv/bin/python
	$(PIP_INSTALL) --no-deps --require-hashes --requirement envs/locked.txt
	$(PIP_INSTALL) --constraint envs/constraints.txt --no-build-isolation \
	  --editable '.[docs,lock,materials-project,slurm,test,workflow]'
	@touch $@
