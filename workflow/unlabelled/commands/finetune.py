"""``unlabelled finetune``: a model of a property from labels of one's own."""

from pathlib import Path

import click

from unlabelled.commands import crystals as of_crystals
from unlabelled.commands.common import TABLE, as_json, show


@click.command(short_help="A model of a property, from your crystals and labels.")
@of_crystals.CRYSTALS
@click.option(
    "--labels", type=TABLE, required=True, help="CSV or Parquet, a row per labelled crystal."
)
@click.option("--label", metavar="COLUMN", required=True, help="Its column of values.")
@click.option("--id", "identifier", default="name", help="Its column of file names, no suffix.")
@click.option("--unit", default="", help="Unit of the values.")
@of_crystals.encoder
@click.option("--seed", default=0, help="Of everything random.")
@of_crystals.new_folder("the model")
@as_json
def finetune(
    crystals: tuple[Path, ...],
    labels: Path,
    label: str,
    identifier: str,
    unit: str,
    encoder: Path | None,
    seed: int,
    output: Path,
    machine: bool,
) -> None:
    """Learn a property of crystals, and say how well, with and without pre-training.

    All ways to learn are cross-validated on the same five folds, the crystals of a formula on one
    side: statistics of composition and surroundings, the pre-trained encoder behind them, and the
    pre-trained network fine-tuned as a whole; beside the same ways without pre-training and a
    constant. Of the best, a model is made of all labels. The column `share` compares the error with
    that of the constant; `pretraining` says by how much pre-training changes it, between low and
    high with 95 % confidence.

    \b
    Example:
      unlabelled finetune cifs --labels gaps.csv --label gap --unit eV -o gap-model
      unlabelled predict gap-model other-cifs
    """
    import tempfile

    from unlabelled import own_crystals, pretrained
    from unlabelled.property_model import model as models
    from unlabelled.property_model.described import LABEL, describe_all
    from unlabelled.sources.local import of_paths
    from unlabelled.sources.specification import LabelTableSpec

    of_crystals.prepare_training()
    known = pretrained.load(encoder or pretrained.FOLDER)
    table: LabelTableSpec = {
        "path": str(labels),
        "id": identifier,
        "labels": {LABEL: {"column": label, "unit": unit}},
    }
    with tempfile.TemporaryDirectory() as folder:
        made = own_crystals.read(lambda: of_paths(crystals, table), Path(folder), LABEL, unit)
        described = describe_all(made)
        model, errors = models.fit(described, known, label, unit, seed)
    models.write(model, errors, output)
    chosen = errors.set_index("way").loc[model.about.way]
    click.echo(
        f"{output}: {chosen['what']}, from {len(model.training)} labels; mean absolute error "
        f"{chosen['mae']:.3g} {unit}, {chosen['share']:.0%} of that of the constant; 90 % of the "
        f"errors are below {model.about.half_width:.3g} {unit}",
        err=True,
    )
    if chosen["share"] > 0.9:
        click.echo("The model is hardly better than no model; find more labels.", err=True)
    show(errors, machine=machine)
