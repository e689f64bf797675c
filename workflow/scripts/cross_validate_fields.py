import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from unlabelled.logs import log_to

with log_to(snakemake.log[0]):
    from unlabelled.phase_field import cross_validation, folds, models, prediction
    from unlabelled.phase_field.kinds import CALIBRATED

    model, network = snakemake.params.model, snakemake.params.network
    fields = prediction.read(snakemake.input.fields)
    source = snakemake.input.get("source") or None
    calibrated = model["kind"] in CALIBRATED
    made = (
        models.calibrated(model, source, network, snakemake.params.transform, snakemake.threads)
        if calibrated
        else models.published_model(model, source, network["accelerator"], snakemake.threads)
    )
    rows = cross_validation.cross_validate(
        made,
        fields,
        folds.of_split(snakemake.params.split, fields, snakemake.params.seed),
        n_inner=snakemake.params.n_inner,
        transform=snakemake.params.transform,
        seed=snakemake.params.seed,
        calibrated=calibrated,
    )
    cross_validation.write(
        rows,
        snakemake.output[0],
        unit=snakemake.params.unit,
        provenance={
            "split": snakemake.params.split,
            "model": model,
            "network": network,
            "seed": snakemake.params.seed,
            "code": snakemake.params.code,
        },
    )
