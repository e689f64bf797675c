import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled import tables
    from unlabelled.point_set.shards import identifiers
    from unlabelled.structures import splits

    settings, seed = dict(snakemake.params.split), snakemake.params.seed
    crystals = tables.read(snakemake.input.crystals, ["material_id", "formula_reduced"])
    crystals = crystals[crystals.material_id.isin(identifiers(snakemake.input.point_sets))]
    if settings["by"] == "file":
        parts = splits.split_by_folds(crystals, snakemake.input.folds[0], settings["test_fold"])
    else:
        parts = splits.split(crystals, settings["by"], settings["test_fraction"], seed)
    provenance = {"split": settings, "seed": seed, "code": snakemake.params.code}
    tables.write(parts, snakemake.output[0], splits.SCHEMA, provenance)
