"""``unlabelled predict``: a property of crystals by a model of one's own."""

from pathlib import Path

import click

from unlabelled.commands import crystals as of_crystals
from unlabelled.commands.common import as_json, left_out, output, show, write_own


@click.command(short_help="A property of crystals, by a model of `finetune`.")
@click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@of_crystals.CRYSTALS
@output("the predictions")
@as_json
def predict(model: Path, crystals: tuple[Path, ...], output: Path | None, machine: bool) -> None:
    """Predict a property of crystals: CIF and POSCAR files, folders, zip archives.

    Beside each value stand the ends of its 90 % interval, as wide as the errors of the
    cross-validation ask for; the distance to the nearest crystal with a label; and whether that is
    `inside` the limit that one in a hundred of these exceeds among each other. The interval says
    nothing of crystals outside.

    \b
    Example:
      unlabelled predict gap-model other-cifs -o gaps.csv
    """
    import tempfile

    from unlabelled import own_crystals
    from unlabelled.property_model import model as models
    from unlabelled.property_model.described import describe_all
    from unlabelled.sources.local import of_paths

    known = models.load(model)
    with tempfile.TemporaryDirectory() as folder:
        made = own_crystals.read(lambda: of_paths(crystals), Path(folder))
        found = known.predict(describe_all(made))
    outside = int((~found["inside"]).sum())
    click.echo(
        f"{len(found)} crystals predicted; {left_out(made.rejected)}"
        + (f"; {outside} are unlike all with labels: do not trust these" if outside else ""),
        err=True,
    )
    if output:
        write_own(found, output)
    show(found, machine=machine)
