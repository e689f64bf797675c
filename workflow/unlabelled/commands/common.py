"""What commands share: one's own tables, and how outcomes are handed over."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unlabelled.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there."""


def require_columns(table: Path, frame: "pd.DataFrame", names: Iterable[str]) -> None:
    """Check that a table of one's own has these columns.

    Raises
    ------
    UserError
        At the first that it has not.
    """
    for name in names:
        if name not in frame:
            raise UserError(
                f"{table} has no column {name!r}; its columns are: {', '.join(frame.columns)}"
            )


def left_out(rejected: "pd.DataFrame") -> str:
    """Say how many entries of a table of rejects there are, and why: the most frequent first."""
    counts = rejected["reason"].value_counts()
    reasons = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    return f"{len(rejected)} left out" + (f" ({reasons})" if reasons else "")


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--json``."""
    return click.option("--json", "machine", is_flag=True, help="Print JSON instead of a table.")(
        function
    )


def output(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the option ``--output``, of a table, whose name is looked at before anything is done."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_name_of_table,
        help=f"Write {what} there, CSV or Parquet by its suffix.",
    )


def write_own(frame: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV or, by its suffix, Parquet, whole or not at all."""
    from unlabelled.files import written_whole

    with written_whole(path) as temporary:
        if path.suffix == ".csv":
            frame.to_csv(temporary, index=False)
        else:
            frame.to_parquet(temporary, index=False)


def _name_of_table(context: click.Context, option: click.Parameter, path: Path | None) -> Any:
    if path is not None and path.suffix not in (".csv", ".parquet"):
        raise UserError(f"{path}: the name of a table ends in .csv or .parquet")
    return path


def show(frame: "pd.DataFrame", *, machine: bool) -> None:
    """Print a table, for a person or as a list of JSON objects; NaN becomes null."""
    if machine:
        click.echo(
            json.dumps(json.loads(frame.to_json(orient="records", double_precision=15)), indent=1)
        )
    else:
        click.echo(frame.to_string(index=False, na_rep="-", float_format=lambda x: f"{x:.3g}"))
