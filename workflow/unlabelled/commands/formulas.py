"""Formulas of a person's own table."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unlabelled.errors import UserError
from unlabelled.sources.specification import LabelSpec

if TYPE_CHECKING:
    import pandas as pd


def compositions(table: Path, formula: str, labels: Mapping[str, LabelSpec]) -> "pd.DataFrame":
    """Read the compositions of a table; rows that are left out are named on standard error.

    Parameters
    ----------
    table
        CSV or Parquet.
    formula
        Its column of formulas.
    labels
        Column and unit of every label, by its name.

    Returns
    -------
    pandas.DataFrame
        Columns of :func:`unlabelled.composition.schema.compositions`, equal compositions once, with
        the mean of each label.

    Raises
    ------
    UserError
        If a column is missing, or no formula can be read.
    """
    from unlabelled.composition.collection import of_formulas
    from unlabelled.sources.tables import composition_entries

    entries = composition_entries(table.name, formula, labels, table)
    units = {name: spec["unit"] for name, spec in labels.items()}
    collected = of_formulas([(table.name, entries)], units)
    say_left_out(collected.rejected)
    if collected.rows.empty:
        raise UserError(f"{table}: none of {len(collected.rejected)} formulas can be used")
    click.echo(
        f"{len(collected.rows)} compositions; {collected.merged} rows repeat one, "
        f"{len(collected.rejected)} are left out",
        err=True,
    )
    return collected.rows


def say_left_out(rejected: "pd.DataFrame") -> None:
    """Name rejects on standard error, and why."""
    for entry, reason, message in rejected[["entry", "reason", "message"]].to_numpy():
        click.echo(f"left out: {entry}: {reason}: {message}", err=True)
