"""``unlabelled isotropy``: the shape of the clusters of a table."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from unlabelled.commands.common import TABLE, as_json, output, require_columns, show, write_own
from unlabelled.errors import UserError

if TYPE_CHECKING:
    import numpy as np

_DEFAULT = (
    "i_vec",
    "isoscore",
    "fractional_anisotropy_normalised",
    "participation_ratio_corrected",
)


@click.command(short_help="Shape of the clusters of a table of numbers.")
@click.argument("table", type=TABLE)
@click.option("--labels", metavar="COLUMN", help="Column with the clusters; without, one cluster.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="Column that is no coordinate.")
@click.option("--measure", metavar="NAME", multiple=True, default=_DEFAULT, help="What to measure.")
@click.option("--published", is_flag=True, help="Also as the study released it, faults included.")
@output("the table")
@as_json
def isotropy(
    table: Path,
    labels: str | None,
    ignore: tuple[str, ...],
    measure: tuple[str, ...],
    published: bool,
    output: Path | None,
    machine: bool,
) -> None:
    """Measure how isotropic clusters are, beside what chance would give.

    TABLE is CSV or Parquet, a point per row and a coordinate per column. Each value is the average
    over the clusters, weighted by size; null_mean and null_sd are those of round clouds of the same
    numbers of points and dimensions, and z says how far from them yours are.

    \b
    Example:
      unlabelled isotropy embeddings.csv --labels cluster --ignore name
    """
    import pandas as pd

    from unlabelled.isotropy.measures import MEASURES, clusters
    from unlabelled.isotropy.rows import in_all_implementations, rows_of

    for name in measure:
        if name not in MEASURES:
            raise UserError(f"there is no measure {name!r}: known are {', '.join(MEASURES)}")
    points, assigned = _points(table, labels, ignore)
    wanted = in_all_implementations(measure)
    if not published:
        wanted = {"corrected": wanted["corrected"]}
    found = pd.DataFrame(rows_of(clusters(points, assigned), wanted, seed=0))
    if output:
        write_own(found, output)
    show(found, machine=machine)


def _points(
    table: Path, labels: str | None, ignore: tuple[str, ...]
) -> "tuple[np.ndarray, np.ndarray | None]":
    """Coordinates (n, d) and clusters (n,) of a table of one's own."""
    import numpy as np
    import pandas as pd

    from unlabelled import tables

    frame = tables.read_own(table)
    others = [*ignore, *([labels] if labels else [])]
    require_columns(table, frame, others)
    coordinates = frame.drop(columns=others)
    numbers = coordinates.apply(pd.to_numeric, errors="coerce").astype(float)
    for column in numbers:
        bad = ~np.isfinite(numbers[column])
        if bad.any():
            row = int(bad.to_numpy().argmax())
            raise UserError(
                f"{table}: {coordinates[column].iloc[row]!r} in row {row + 1} of the column "
                f"{column!r} is not a finite number; leave the column out with --ignore {column}, "
                "or the row"
            )
    if not len(numbers) or not len(numbers.columns):
        raise UserError(f"{table} has no rows of numbers")
    return numbers.to_numpy(), frame[labels].to_numpy(str) if labels else None
