import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from unlabelled.tables import PROVENANCE

ROOT = Path(__file__).parents[2]
LOCALLY = ["--workflow-profile", "workflow/profiles/default", "--cores", "2"]
TINY = yaml.safe_load("""
scale: tiny
datasets: {flla: {limit: 160}, dielectric: {limit: 80}, elastic: null, piezo: null, amcsd: null}
collections:
  expt_gap: {limit: 100}
  aflow: null
  glass: null
  phonons: null
  mp: null
composition_representations:
  {onehot: null, oliynyk: null, jarvis: null, mat2vec: null, random_200: null}
tasks:
  band_gap: {n_labels: [20]}
pretraining:
  variants: {untrained_as_published: null, without_negatives: null, extended: null}
  max_epochs: 6
  seeds: [0]
  untrained_seeds: [0, 1]
label_masking:
  n_labels: [20, 40]
  draws: 3
  representations:
    untrained: {heads: [ridge, mlp]}
    as_published: {heads: [ridge, mlp]}
    corrected: {heads: [ridge, mlp]}
    element_statistics: {heads: [ridge]}
    mine: # an encoder's sites behind a descriptor
      encoder: corrected
      readout: [sites]
      descriptors: [element_statistics]
      heads: [ridge, trees_and_gp]
    dummy: null
    xrd_pattern: null
    orbital_field_matrix: null
    magpie_statistics: null
    statistics: null
    extended_untrained: null
  comparisons:
    as_published: [untrained, corrected]
    mine: [element_statistics]
  standing: [mine, trees_and_gp]
transfer:
  starts: {as_published: null, corrected_then_supervised: null}
  seeds: [0]
  draws: 2
  passes: 200
  min_epochs: 2
  max_epochs: 5
  supervised_epochs: 2
clustering:
  kernels:
    standardised: null
    unit: null
    rbf_median: null
    nystroem: null
    skewed_chi2: null
    additive_chi2: null
    projection_published: null
    projection: null
  n_clusters: [2, 5]
  seeds: [0, 1]
isotropy:
  grids: {expt_gap: [magpie], crystals: [corrected]}
  bootstrap: {draws: 3}
  clouds: {points: [30], dimensions: [3], draws: 1}
loco:
  properties: {measured_gap: {limit: 60}}
  representations: [magpie]
  projections: {projection_published: null}
  n_clusters: [2]
  seeds: [0, 1]
embedding_map: {crystals: 60, perplexity: 10}
digits: {sizes: [2], seeds: [0], epochs: [1]}
phase_fields:
  environments: {collections: [expt_gap]}
  element_vectors: {autoencoder: null, mat2vec: null}
  properties: {computed_gap: null, bulk_modulus: null}
  splits: {random: {folds: 2, repeats: 1}, element: null, pair: null}
  inner_folds: 2
  models:
    logistic: null
    forest_published: null
    extra_trees: null
    published: {size: 4, max_epochs: [2, 2]}
    boosting: null
    corrected: {vectors: svd}
    stack: {of: [corrected, neighbours]}
  network: {members: 2, width: 8, heads: 2, epochs: 2}
  ensemble_members: 2
  reported: [expt_gap]
  accessibility: {members: 1, epochs: 1}
  candidates: {model: corrected, top: 20}
figures:
  encoder_isotropy: {kernel: none}
  methods: [[untrained, ridge], [corrected, ridge], [mine, trees_and_gp]]
  highlight: [mine]
""")


class Study:
    """A copy of the workflow, with a configuration of its own."""

    def __init__(self, folder, settings):
        self.folder = folder
        self.profile = LOCALLY
        self.environment = {}
        for part in ("Snakefile", "config", "envs", "workflow"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        (folder / "resources").mkdir()
        for name in ("sources.yaml", "claims.yaml", "phaseselect_candidates.csv"):
            shutil.copy(ROOT / "resources" / name, folder / "resources")
        if (ROOT / "resources/raw").is_dir():  # spares the downloads
            shutil.copytree(ROOT / "resources/raw", folder / "resources/raw")
        (folder / "tiny.yaml").write_text(yaml.safe_dump(settings))

    @property
    def results(self):
        return self.folder / "results/tiny"

    def command(self, *options):
        snakemake = [sys.executable, "-m", "snakemake", "--nolock", "--configfile", "tiny.yaml"]
        # not --configfile last: it takes all that follows it, targets too
        return [*snakemake, *self.profile, *options]

    def run(self, *options, status=0):
        done = subprocess.run(
            self.command(*options),
            cwd=self.folder,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def planned(self, *options):
        """Rules that would run, with the number of jobs."""
        output = self.run(*options, "--quiet", "host", "--dry-run")
        rows = [line.split() for line in output.splitlines()]
        return {
            row[0]: int(row[1])
            for row in rows
            if len(row) == 2 and row[0].isidentifier() and row[1].isdigit()
        }

    def differences(self, other):
        """Results that are not the same in another study, measured times left out."""
        files = {
            path.relative_to(study.results)
            for study in (self, other)
            for suffix in ("parquet", "arrow", "safetensors")
            for path in study.results.rglob(f"*.{suffix}")
        }
        return [file.as_posix() for file in sorted(files) if not self._has_as(other, file)]

    def _has_as(self, other, file):
        paths = [study.results / file for study in (self, other)]
        if not all(path.exists() for path in paths):
            return False
        if file.suffix != ".parquet":
            return filecmp.cmp(*paths, shallow=False)
        one, two = (without_measured_times(pq.read_table(path)) for path in paths)
        return one.equals(two, check_metadata=True)


def without_measured_times(table):
    about = json.loads(table.schema.metadata[PROVENANCE])
    about.pop("inputs_sha256", None)  # of files with such times
    table = table.replace_schema_metadata({PROVENANCE: json.dumps(about)})
    if "quantity" in table.column_names:  # a history of pre-training
        table = table.filter(pc.field("quantity") != "crystals_per_second")
    return table.select([name for name in table.column_names if name != "seconds"])


@pytest.fixture(scope="session")
def make_study(tmp_path_factory):
    """Function that copies the workflow, with the configuration of a small study, unrun."""
    return lambda: Study(tmp_path_factory.mktemp("study"), TINY)


@pytest.fixture(scope="session")
def study(make_study):
    """A finished study of real crystals."""
    made = make_study()
    made.run()
    return made
