"""``unlabelled explain``: what a model says of one set of elements, and because of which."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unlabelled.commands.common import as_json
from unlabelled.commands.fields import of_property, with_unit
from unlabelled.errors import UserError

if TYPE_CHECKING:
    from unlabelled.commands.fields import Known
    from unlabelled.phase_field.fields import Ids
    from unlabelled.phase_field.learner import Judge

_NEAREST = 5


@click.command(short_help="What is expected of one set of elements, and because of which.")
@click.argument("field")
@of_property
@as_json
def explain(
    field: str,
    table: Path,
    threshold: float,
    formula: str,
    value: str,
    unit: str,
    model: str,
    machine: bool,
) -> None:
    """Explain what a model of your table says of FIELD: Mg-B, "Mg B" or a formula, MgB2.

    Said are the probability of a value above the threshold, the value with its 90 % interval, what
    the table and the collections of reported compounds say, the sets of the table that share most
    elements, and by how much probability and value are larger with each element than without it.
    The model never learns from FIELD itself. That it leans on an element is no cause. How far to
    believe the model at all is what `unlabelled rank` says first.

    \b
    Example:
      unlabelled explain Mg-B --property tc.csv --value Tc --unit K --threshold 10
    """
    import numpy as np

    from unlabelled.commands import fields
    from unlabelled.phase_field import learner
    from unlabelled.phase_field.fields import ids, names
    from unlabelled.phase_field.reading import field_of
    from unlabelled.phase_field.reported import reported_fields

    try:
        name = field_of(field)
    except ValueError as error:
        raise UserError(f"FIELD: {error}; write Mg-B, 'Mg B' or MgB2") from error
    asked = ids([name])
    known = fields.read(table, threshold, formula, value, unit)
    own = np.array(names(known.fields.ids)) == name
    values = known.fields.value[own].tolist()
    known = known._replace(fields=known.fields.take(~own))
    made = learner.model(model, known.vectors, known.transform, known.network)
    how = {"n_inner": known.n_inner, "seed": known.seed}
    judge = learner.judge(known.fields, made, known.vectors, known.transform, **how)
    rows = reported_fields().set_index("field")
    says = {column: float(number[0]) for column, number in judge(asked)._asdict().items()}
    found = {
        "field": name,
        "threshold": threshold,
        "unit": unit,
        **{key: number if number == number else None for key, number in says.items()},
        "distance": float(judge.learnt.distance(asked)[0]),
        "inside": bool(judge.learnt.inside(asked)[0]),
        "value_in_table": values[0] if values else None,
        "reported_in": [
            column for column in rows.columns if name in rows.index and rows.loc[name, column]
        ],
        "nearest": _nearest(known, asked),
        "elements": _ablated(judge, asked),
    }
    click.echo(json.dumps(found, indent=1) if machine else _text(found, table, list(rows.columns)))


def _nearest(known: "Known", asked: "Ids") -> list[dict[str, Any]]:
    """Fields of the table that share most elements."""
    from unlabelled.phase_field.candidates import nearest
    from unlabelled.phase_field.fields import names

    value = dict(zip(names(known.fields.ids), known.fields.value.tolist(), strict=True))
    found, similarity = nearest(asked, known.fields.ids, _NEAREST)
    return [
        {"field": name, "value": value[name], "similarity": share}
        for name, share in zip(found[0], similarity[0].tolist(), strict=True)
    ]


def _ablated(judge: "Judge", asked: "Ids") -> list[dict[str, Any]]:
    """By how much probability and value are larger with each element than without it."""
    import numpy as np

    from unlabelled.phase_field.fields import ELEMENTS

    elements = asked[0]
    if len(elements) == 1:
        return []
    smaller = np.stack([np.delete(elements, place) for place in range(len(elements))])
    whole, without = judge(asked), judge(smaller)
    return [
        {"element": ELEMENTS[element], "probability": probability, "value": value}
        for element, probability, value in zip(
            elements.tolist(),
            (whole.probability - without.probability).tolist(),
            (whole.value - without.value).tolist(),
            strict=True,
        )
    ]


def _text(found: dict[str, Any], table: Path, collections: list[str]) -> str:
    unit = found["unit"]
    value, lower, upper = (with_unit(found[key], unit) for key in ("value", "lower", "upper"))
    in_table = found["value_in_table"]
    lines = [
        found["field"],
        f"  above {with_unit(found['threshold'], unit)}: probability {found['probability']:.2f}",
        f"  value: {value}, with 90 % certainty from {lower} to {upper}",
        f"  {table.name}: "
        + ("not there" if in_table is None else f"{with_unit(in_table, unit)}, not learnt from"),
        f"  reported in {', '.join(found['reported_in'])}"
        if found["reported_in"]
        else f"  reported in none of {', '.join(collections)}",
        f"  distance to the table {found['distance']:.3g}: "
        + ("inside" if found["inside"] else "unlike anything in it, do not believe the above"),
        "  nearest in the table:",
        *(
            f"    {near['field']}: {with_unit(near['value'], unit)} "
            f"({100 * near['similarity']:.0f} % of the elements of both)"
            for near in found["nearest"]
        ),
    ]
    if found["elements"]:
        lines.append("  with an element, less without it:")
    lines += [
        f"    {one['element']}: probability {one['probability']:+.2f}, "
        f"value {'+' if one['value'] >= 0 else ''}{with_unit(one['value'], unit)}"
        for one in found["elements"]
    ]
    return "\n".join(lines)
