import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.point_set.build import build
    from unlabelled.point_set.supercell import Supercell

    limits = snakemake.params.limits
    build(
        snakemake.input.crystals,
        snakemake.output.shards,
        snakemake.output.rejected,
        source=snakemake.params.source,
        max_sites=limits["max_sites"],
        max_atoms=limits["max_atoms"],
        supercell=Supercell(limits["supercell"]),
        crystals_per_shard=limits["crystals_per_shard"],
        seconds_per_crystal=snakemake.params.seconds,
        memory_mb_per_crystal=snakemake.params.memory_mb,
        processes=snakemake.threads,
        provenance={"limits": limits, "code": snakemake.params.code},
    )
