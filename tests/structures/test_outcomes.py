import pandas as pd
import pytest

from unlabelled.plots import rejects
from unlabelled.structures.outcomes import OUTCOMES, count_outcomes
from unlabelled.structures.schema import REJECTS


def refused(*rows):
    return pd.DataFrame(
        [(str(i), source, stage, reason, "") for i, (source, stage, reason) in enumerate(rows)],
        columns=REJECTS.names,
    )


ACCEPTED = pd.DataFrame({"source": ["flla", "dielectric"], "accepted": [7, 5]})


def test_entries_are_counted_by_source_stage_and_reason():
    table = count_outcomes(
        refused(
            ("flla", "structures", "disordered"),
            ("flla", "structures", "disordered"),
            ("flla", "point_sets", "missing feature"),
        ),
        ACCEPTED,
    )
    assert list(table.columns) == OUTCOMES.names
    assert table.to_numpy().tolist() == [
        ["dielectric", "", "accepted", 5],
        ["flla", "", "accepted", 7],
        ["flla", "point_sets", "missing feature", 1],
        ["flla", "structures", "disordered", 2],
    ]


def test_nothing_refused():
    table = count_outcomes(refused(), ACCEPTED)
    assert table["entries"].sum() == 12
    rejects.losses(table)


def test_rejects_that_do_not_fit():
    with pytest.raises(ValueError, match="vocabulary: lost"):
        count_outcomes(refused(("flla", "structures", "lost")), ACCEPTED)
    with pytest.raises(ValueError, match="accepted entries for: cod"):
        count_outcomes(refused(("cod", "structures", "disordered")), ACCEPTED)
