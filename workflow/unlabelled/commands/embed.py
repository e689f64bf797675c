"""``unlabelled embed``: vectors of crystals, by an encoder trained without labels."""

from pathlib import Path

import click

from unlabelled.commands import crystals as of_crystals
from unlabelled.commands.common import as_json, left_out, output, show, write_own


@click.command(short_help="Vectors of crystals, by an encoder trained without labels.")
@of_crystals.CRYSTALS
@of_crystals.encoder
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
    """Embed crystals: CIF and POSCAR files, folders, zip archives.

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

    from unlabelled import own_crystals, pretrained, tables
    from unlabelled.infomax.embedding import embed as vectors_of
    from unlabelled.point_set.shards import Shards
    from unlabelled.sources.local import of_paths

    known = pretrained.load(encoder or pretrained.FOLDER)
    with tempfile.TemporaryDirectory() as folder:
        made = own_crystals.read(lambda: of_paths(crystals), Path(folder))
        found = vectors_of(known.encoder, Shards([made.point_sets], quotient=True))
        rows = tables.read(made.table, ["material_id", "formula_reduced"])
        distance = known.domain.distance(own_crystals.likeness(made))
    rows["distance"] = distance
    rows["inside"] = distance <= known.domain.limit
    click.echo(
        f"{len(rows)} crystals embedded; {left_out(made.rejected)}; {sum(~rows['inside'])} unlike "
        f"those of the training (distance above {known.domain.limit:.3g})",
        err=True,
    )
    if output:
        width = len(str(found[readout].shape[1] - 1))
        names = [f"{readout}_{i:0{width}}" for i in range(found[readout].shape[1])]
        vectors = pd.DataFrame(found[readout].astype(np.float32), columns=names)
        write_own(pd.concat([rows, vectors], axis=1), output)
    show(rows, machine=machine)
