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

PYTHON ?= python3.11
SCALE ?= demo
CORES ?= $(shell nproc)
# Further options of snakemake, e.g. SNAKEMAKE="--forcerun embed"
SNAKEMAKE ?=

BIN := .venv/bin
SNAKEMAKE_RUN := $(BIN)/snakemake --workflow-profile workflow/profiles/default --cores $(CORES)

.PHONY: run bench bench-large test faults fuzz pretrained docs format clean

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
test: .venv/installed-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/mypy
	$(BIN)/snakemake --lint
	$(BIN)/python -m pip check
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses $$(($(CORES) + 1)) --dist loadfile --no-loadscope-reorder

# What takes too long for every change: fifty kills at random moments of a small study, the same
# study on one core, and through Slurm.
faults: .venv/installed-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -m campaign tests/workflow tests/cluster

fuzz: .venv/installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.campaign

# Half an hour on two cores.
pretrained: .venv/installed
	$(SNAKEMAKE_RUN) --configfile config/scales/release.yaml -- results/release/pretrained/extended/seed=0
	cp results/release/pretrained/extended/seed=0/* workflow/unlabelled/pretrained/

docs: .venv/installed-test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

format: .venv/installed-test
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/snakefmt Snakefile workflow/rules

clean:
	rm -rf results

.venv/bin/python:
	$(PYTHON) -m venv .venv

PIP_INSTALL := $(BIN)/python -m pip install --quiet --constraint envs/constraints.txt

.venv/installed: pyproject.toml envs/constraints.txt | .venv/bin/python
	$(PIP_INSTALL) --editable '.[workflow]'
	@touch $@

.venv/installed-test: pyproject.toml envs/constraints.txt | .venv/bin/python
	$(PIP_INSTALL) --editable '.[docs,materials-project,slurm,test,workflow]'
	@touch .venv/installed $@
