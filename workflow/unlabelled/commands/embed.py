"""``unlabelled embed``: vectors of crystals, by an encoder trained without labels."""

from pathlib import Path

import click

from unlabelled.commands.common import as_json, output, show, write_own


@click.command(short_help="Vectors of crystals, by an encoder trained without labels.")
@click.argument("crystals", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--encoder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of another encoder than that of the package, as `pack_encoder` makes it.",
)
@click.option(
    "--readout",
    type=click.Choice(["sites", "pooled", "embedding"]),
    default="sites",
    help="What is read from the encoder; embedding is that of the study.",
)
@output("a row per crystal, its vector in numbered columns,")
@as_json
def embed(
    crystals: tuple[Path, ...],
    encoder: Path | None,
    readout: str,
    output: Path | None,
    machine: bool,
) -> None:
    r"""Embed crystals: CIF and POSCAR files, folders, zip archives.

    Beside each vector stands the distance of the crystal to the nearest of those that the encoder
    was trained on, and whether that is within the limit beyond which one in a hundred of these is;
    of crystals outside, do not expect much. Those that cannot be read are named with the reason.

    \b
    Example:
      unlabelled embed cifs -o embeddings.parquet
    """
    import tempfile

    import numpy as np
    import pandas as pd

    from unlabelled import pretrained, tables
    from unlabelled.commands.crystals import read
    from unlabelled.infomax.embedding import embed as vectors_of
    from unlabelled.point_set.shards import Shards

    of_package = pretrained.load(encoder or pretrained.FOLDER)
    with tempfile.TemporaryDirectory() as folder:
        made = read(crystals, Path(folder))
        shards = Shards([made.point_sets], quotient=True)
        found = vectors_of(of_package.encoder, shards)
        known = tables.read(made.table, ["material_id", "formula_reduced"]).set_index("material_id")
        rows = known.loc[shards.ids].reset_index()
    distance = of_package.domain.distance(found[pretrained.READOUT])
    rows["distance"] = distance
    rows["inside"] = distance <= of_package.domain.limit
    outside = int((~rows["inside"]).sum())
    click.echo(
        f"{len(rows)} crystals embedded, {len(made.rejected)} left out, {outside} unlike those of "
        f"the training (distance above {of_package.domain.limit:.3g})",
        err=True,
    )
    if output:
        width = len(str(found[readout].shape[1] - 1))
        names = [f"{readout}_{i:0{width}}" for i in range(found[readout].shape[1])]
        vectors = pd.DataFrame(found[readout].astype(np.float32), columns=names)
        write_own(pd.concat([rows, vectors], axis=1), output)
    show(rows, machine=machine)
