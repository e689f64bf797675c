"""Sets of elements of a person's own table, for the commands that learn from them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from unlabelled.commands.common import TABLE
from unlabelled.phase_field.kinds import CALIBRATED

if TYPE_CHECKING:
    from unlabelled.phase_field.element_vectors import Vectors
    from unlabelled.phase_field.prediction import Fields, Transform

_LABEL = "value"


class Known(NamedTuple):
    """What a table says of fields, and how to learn from it.

    Attributes
    ----------
    fields
        Fields, the largest value of each, and whether it is above the threshold.
    transform
        log1p where no value is negative.
    vectors
        (87, k) Magpie's properties of the elements.
    n_inner
        Inner folds, as in the default study.
    seed
        That of the default study.
    network
        Settings of networks, of the default study.
    """

    fields: "Fields"
    transform: "Transform"
    vectors: "Vectors"
    n_inner: int
    seed: int
    network: Mapping[str, Any]


def of_property(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is learnt, and by what."""
    options = (
        click.option(
            "--property",
            "table",
            required=True,
            type=TABLE,
            help="CSV or Parquet: formulas or sets of elements, and values.",
        ),
        click.option("--threshold", required=True, type=float, help="What a value should exceed."),
        click.option("--formula", metavar="COLUMN", default="formula", help="Of the formulas."),
        click.option("--value", metavar="COLUMN", default="value", help="Of the values."),
        click.option("--unit", default="", help="Of the values.", show_default=False),
        click.option(
            "--model",
            type=click.Choice(CALIBRATED),
            default="extra_trees",
            help="Network needs pip install 'unlabelled[networks]'.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def read(table: Path, threshold: float, formula: str, value: str, unit: str) -> Known:
    """Read the fields of a table; what is left out is named on standard error.

    Raises
    ------
    UserError
        If a column is missing, nothing can be read, or all values are on one side of the threshold.
    """
    from unlabelled import default_study
    from unlabelled.commands.formulas import compositions, say_left_out
    from unlabelled.phase_field.element_vectors import of_table
    from unlabelled.phase_field.fields import ids
    from unlabelled.phase_field.learner import transform_of
    from unlabelled.phase_field.prediction import Fields
    from unlabelled.phase_field.property_table import property_table

    rows = compositions(table, formula, {_LABEL: {"column": value, "unit": unit}})
    found, rejected = property_table(rows, _LABEL, threshold=threshold, inclusive=False)
    say_left_out(rejected)
    click.echo(
        f"{len(found)} fields, {found['above'].sum()} of them above {with_unit(threshold, unit)}",
        err=True,
    )
    values = found["value"].to_numpy(float)
    fields = Fields(ids(found["field"].tolist()), values, found["above"].to_numpy(bool))
    config, sources = default_study.read()
    settings = config["phase_fields"]
    return Known(
        fields,
        transform_of(values),
        of_table(default_study.raw_file("magpie", sources)),
        settings["inner_folds"],
        config["seed"],
        settings["network"],
    )


def with_unit(number: float, unit: str) -> str:
    """Return a number as it is read."""
    return f"{number:.3g} {unit}".rstrip()
