"""``unlabelled rank``: unreported sets of elements, the most promising first."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from unlabelled.commands.common import as_json, output, show, write_own
from unlabelled.commands.fields import of_property

if TYPE_CHECKING:
    from unlabelled.phase_field.belief import Belief


@click.command(short_help="Unreported sets of elements, the most promising first.")
@of_property
@click.option("--size", type=click.IntRange(2, 4), default=3, help="Elements of a candidate.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="ELEMENTS",
    default=("noble_gases", "radioactive"),
    help="A symbol, or one of these groups; give it several times.",
)
@click.option("--top", type=click.IntRange(1), default=20, help="Candidates to list.")
@output("the listed candidates")
@as_json
def rank(
    table: Path,
    threshold: float,
    formula: str,
    value: str,
    unit: str,
    model: str,
    size: int,
    exclude: tuple[str, ...],
    top: int,
    output: Path | None,
    machine: bool,
) -> None:
    """Rank sets of elements that nobody reported by the chance of a value above a threshold.

    A set has the largest value of its compositions. First the model predicts sets that were held
    out: on standard error it says how far to believe it. Then it learns from all, and unreported
    sets are ranked by probability times accessibility: the share of reported sets of the size whose
    elements are met less often, alone and in pairs. (The networks of the workflow tell reported
    sets better, but take an hour.) Those that no other beats in both are listed besides.

    `lower` and `upper` hold the value in nine of ten cases, `agree` says whether probability and
    value are on one side of the threshold, `nearest` names reported sets. `distance` is that to the
    table: of a set that is not `inside`, farther than 99 % of the table's own are from each other
    or with an element that the table lacks, the model knows nothing.

    Where no value is negative, none is predicted below 0. Four elements take some twenty times as
    long as three.

    \b
    Example:
      unlabelled rank --property tc.csv --value Tc --unit K --threshold 10 -o candidates.csv
    """
    from unlabelled.commands import fields
    from unlabelled.phase_field import accessibility, candidates, learner
    from unlabelled.phase_field.belief import belief
    from unlabelled.phase_field.fields import ids, names
    from unlabelled.phase_field.reported import reported_fields

    known = fields.read(table, threshold, formula, value, unit)
    how = {"n_inner": known.n_inner, "seed": known.seed}
    made = learner.model(model, known.vectors, known.transform, known.network)
    _say(belief(made, known.fields, known.transform, **how), unit)
    of_table = names(known.fields.ids)
    reported = sorted({*reported_fields()["field"], *of_table})
    others = candidates.combinations(size, exclude)
    others = others[candidates.unreported(others, reported)]
    _, accessible = accessibility.accessibilities(
        accessibility.pairs, ids(reported), others, known.seed
    )
    click.echo(f"{len(others)} sets of {size} elements are not reported", err=True)
    judge = learner.judge(known.fields, made, known.vectors, known.transform, **how)
    scored = candidates.Scored(others, *judge(others), accessible)
    rows = candidates.rank_table(scored, ids(reported), threshold, top=top)
    listed = ids(rows["field"].tolist())
    rows = rows.assign(distance=judge.learnt.distance(listed), inside=judge.learnt.inside(listed))
    outside = int((~rows["inside"]).sum())
    click.echo(
        f"{outside} of {len(rows)} that are listed are unlike all of the table (distance above "
        f"{judge.learnt.domain.limit:.3g}, or an element that it lacks)",
        err=True,
    )
    if output:
        write_own(rows, output)
    show(rows, machine=machine)


def _say(found: "Belief", unit: str) -> None:
    """Say on standard error how far to believe the model."""
    from unlabelled.commands.fields import with_unit

    click.echo(
        "of fields held out at random: "
        f"area under ROC {found.roc_auc:.3f} (0.5 knows nothing), "
        f"mean absolute error {with_unit(found.mae, unit)} "
        f"(always the median: {with_unit(found.mae_of_dummy, unit)}), "
        f"90 % intervals hold {100 * found.coverage:.0f} %, median width "
        f"{with_unit(found.width, unit)}",
        err=True,
    )
    if not found.orders_beyond_doubt:
        click.echo(
            "the probabilities are no better than chance: do not believe the ranking", err=True
        )
    if not found.values_beyond_doubt:
        click.echo("the values are no better than always the median: ignore them", err=True)
