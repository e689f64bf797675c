from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from unlabelled import tables
from unlabelled.claims import demonstrations, scorecard
from unlabelled.claims.claim import Claim, load
from unlabelled.claims.verdict import Interval, Verdict, decide, of_repetitions
from unlabelled.clustering import loco
from unlabelled.errors import ConfigurationError, UserError
from unlabelled.isotropy import clouds, digits_table, grid
from unlabelled.label_masking import schema as label_masking
from unlabelled.phase_field import environments, metrics, orders, prediction, retrieval
from unlabelled.point_set.point_set import PointSet
from unlabelled.structures import schema as structures
from unlabelled.structures import splits

ROOT = Path(__file__).parents[2]
REGISTRY = ROOT / "resources" / "claims.yaml"
SCHEMA = ROOT / "workflow" / "schemas" / "claims.schema.yaml"

# Schema of every table that a claim may name, by the ends of its path.
SCHEMAS = {
    ("label_masking/", "/paired.parquet"): label_masking.PAIRED,
    ("label_masking/", "/standing.parquet"): label_masking.PAIRED,
    ("label_masking/", "/results.parquet"): label_masking.RESULTS,
    ("splits/", ".parquet"): splits.SCHEMA,
    ("structures/", ".parquet"): structures.crystals({}),
    ("demonstrations", ".parquet"): demonstrations.SCHEMA,
    ("isotropy/clouds/", ".parquet"): clouds.COLUMNS,
    ("isotropy/digits", ".parquet"): digits_table.DIGITS,
    ("isotropy/aflow", ".parquet"): grid.ISOTROPY,
    ("isotropy/crystals", ".parquet"): grid.ISOTROPY,
    ("loco/folds", ".parquet"): loco.FOLDS,
    ("phase_fields/", "/fields.parquet"): pa.schema(
        {"field": pa.string(), "value": pa.float64(), "above": pa.bool_()}
    ),
    ("phase_fields/environments", ".parquet"): environments.SCHEMA,
    ("phase_fields/metrics", ".parquet"): metrics.METRICS,
    ("phase_fields/comparisons", ".parquet"): metrics.COMPARISONS,
    ("phase_fields/retrieval", ".parquet"): retrieval.SCHEMA,
    ("phase_fields/published_candidates", ".parquet"): pa.schema(
        {"property": pa.string(), "field": pa.string(), "anywhere": pa.bool_()}
    ),
    ("phase_fields/", "/orders.parquet"): orders.schema(""),
    ("phase_fields/", "/predictions/random/published.parquet"): prediction.schema(""),
}


def claim(**changes):
    given = {
        "id": "x",
        "paper": "isotropy",
        "kind": "claim",
        "statement": "x is large",
        "source": "abstract",
        "published": None,
        "unit": "",
        "direction": "above",
        "reference": 0.0,
        "tolerance": 0.0,
        "over": "folds",
        "tables": {"numbers": "numbers.parquet"},
        "query": "select value from numbers",
        "needs": "numbers",
    }
    return Claim(**{**given, **changes})


def schema_of(path):
    return next(
        schema
        for (start, end), schema in SCHEMAS.items()
        if path.startswith(start) and path.endswith(end) and len(path) >= len(start) + len(end)
    )


def of(path, rows, columns=("value",)):
    table = pd.DataFrame(rows, columns=columns)
    tables.write(table, path, pa.Schema.from_pandas(table, preserve_index=False), {})


def registry(tmp_path, **entries):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(entries))
    return path


ENTRY = {
    "paper": "isotropy",
    "kind": "claim",
    "statement": "{n} is large",
    "source": "abstract",
    "direction": "above",
    "over": "folds",
    "tables": {"numbers": "{n}.parquet"},
    "query": "select value from numbers",
    "needs": "numbers",
}


def test_the_registry_covers_all_studies_and_is_well_formed():
    claims = load(REGISTRY, SCHEMA)
    assert {claim.paper for claim in claims} == {
        *("infomax", "isotropy", "kernelised_loco", "phaseselect"),
    }
    assert len({claim.id.split("/")[0] for claim in claims}) >= 30
    assert {claim.kind for claim in claims} == {"claim", "fault", "addition"}
    assert not any("{" in claim.statement for claim in claims)


FIRST_CASES = {claim.id.split("/")[0]: claim for claim in reversed(load(REGISTRY, SCHEMA))}


@pytest.mark.parametrize("claim", FIRST_CASES.values(), ids=FIRST_CASES)
def test_every_query_fits_the_tables_of_the_workflow(claim, tmp_path):
    for path in claim.tables.values():
        schema = schema_of(path)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        tables.write(schema.empty_table(), tmp_path / path, schema, {})
    found = scorecard.ask(claim, tmp_path)
    assert found is None or found.value == 0  # counts of nothing


def test_cases_become_claims_with_their_values_filled_in(tmp_path):
    cases = [{"n": 50, "published": -0.1}, {"n": 100, "direction": "below"}]
    few, many = load(registry(tmp_path, large={**ENTRY, "cases": cases}), SCHEMA)
    assert (few.id, few.statement, few.tables) == (
        *("large/50", "50 is large", {"numbers": "50.parquet"}),
    )
    assert (few.published, many.published) == (-0.1, None)
    assert (few.direction, many.direction) == ("above", "below")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cases": [{"m": 1}]}, "a case of large has no 'n'"),
        ({"cases": [{"n": 1}, {"n": 1}]}, "two cases of a claim are the same: large/1"),
        ({"cases": [{"n": 1, "published": "probably"}]}, "large.cases.0.published"),
        ({"verdict": "true"}, "unknown key 'verdict'"),
        ({"direction": "up"}, "large.direction: 'up' is not one of"),
    ],
)
def test_a_faulty_registry_is_refused_with_the_place(tmp_path, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        load(registry(tmp_path, large={**ENTRY, **changes}), SCHEMA)


@pytest.mark.parametrize(
    ("changes", "measured", "verdict"),
    [
        ({"published": 1.5}, (1, 0.5, 2), Verdict.REPRODUCED),
        ({"published": 2.5}, (1, 0.5, 2), Verdict.SAME_DIRECTION),
        ({"published": 2.5, "tolerance": 0.6}, (1, 0.5, 2), Verdict.REPRODUCED),
        ({}, (1, 0.5, 2), Verdict.SAME_DIRECTION),
        ({"kind": "fault"}, (1, 0.5, 2), Verdict.REPRODUCED),
        ({"kind": "fault", "published": 9}, (1, 0.5, 2), Verdict.SAME_DIRECTION),
        ({"published": 1}, (1, -0.5, 2), Verdict.UNDECIDED),
        ({"published": -1}, (-1, -2, -0.5), Verdict.CONTRADICTED),
        ({"direction": "below"}, (1, 0.5, 2), Verdict.CONTRADICTED),
        ({"direction": "below", "reference": 3}, (1, 0.5, 2), Verdict.SAME_DIRECTION),
        ({"published": 1}, (1, np.nan, np.nan), Verdict.UNDECIDED),
        ({"direction": "equal", "published": 7}, (7, 7, 7), Verdict.REPRODUCED),
        ({"direction": "equal", "published": 7}, (8, 8, 8), Verdict.CONTRADICTED),
    ],
)
def test_verdicts_come_from_intervals(changes, measured, verdict):
    found, why = decide(claim(**changes), Interval(*measured))
    assert found == verdict
    assert why


def test_repetitions_have_students_interval():
    found = of_repetitions([1.0, 2.0, 3.0])
    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.302653 / 3**0.5)
    assert 2 - found.low == pytest.approx(found.high - 2)
    assert np.isnan(of_repetitions([1.0]).low)


def test_a_claim_is_judged_by_the_tables_at_hand(tmp_path):
    of(tmp_path / "numbers.parquet", [[1.0], [1.1], [0.9]])
    claims = [
        claim(id="holds", published=1.0),
        claim(id="size", demo=False, published=1.0),
        claim(id="elsewhere", tables={"numbers": "others.parquet"}),
        claim(id="source", sources=("icsd",)),
        claim(id="nothing", query="select value from numbers where value > 5"),
        claim(
            id="given",
            query="select value, 2 as low, $n as high from numbers limit 1",
            given={"n": 3, "unused": 1},
        ),
    ]
    judged = scorecard.scorecard(
        claims, tmp_path, ["numbers.parquet"], ["flla"], conclusive=False
    ).set_index("id")
    assert list(judged.index) == [one.id for one in claims]
    assert judged.loc["holds", "verdict"] == "reproduced"
    assert judged.loc["holds", "measured"] == pytest.approx(1)
    for name, reason in {
        "size": "too small",
        "elsewhere": "not part of this study",
        "source": "does not use icsd",
        "nothing": "no rows",
    }.items():
        assert judged.loc[name, "verdict"] == "not testable here"
        assert reason in judged.loc[name, "why"]
        assert "numbers" in judged.loc[name, "why"]
        assert np.isnan(judged.loc[name, "measured"])
    assert tuple(judged.loc["given", ["low", "high"]]) == (2, 3)
    conclusive = scorecard.scorecard(claims, tmp_path, ["numbers.parquet"], [], conclusive=True)
    assert conclusive["verdict"][1] == "reproduced"
    tables.write(conclusive, tmp_path / "claims.parquet", scorecard.SCHEMA, {})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select velue from numbers", "the query of the claim x fails"),
        ("select value, value as high from numbers", "returns value, high"),
        ("select value, 0 as low, 2 as high from numbers", "returns 2 intervals"),
    ],
)
def test_a_faulty_query_is_an_error_that_names_the_claim(tmp_path, query, message):
    of(tmp_path / "numbers.parquet", [[1.0], [1.1]])
    with pytest.raises(UserError, match=message):
        scorecard.ask(claim(query=query), tmp_path)


def crystal(n_sites, n_supercell):
    distances = np.full((n_sites, n_supercell), 1.0)
    distances[:, 0] = 0
    return PointSet.of_distances(np.full(n_sites, 6), distances)


def test_padding_counts_where_the_other_supercell_is_smaller():
    (equal,) = demonstrations.padding_weights([crystal(2, 4), crystal(2, 4)], seed=0)
    assert equal == 0
    (share,) = demonstrations.padding_weights([crystal(1, 6), crystal(1, 2)], seed=0)
    # one row of two: 4 columns of padding beside the atoms at 0 and 1 Å
    assert share == pytest.approx(4 / (4 + 1 + 1 / 4) / 2)


def test_faults_show_in_numbers_and_their_corrections_do_not():
    found = demonstrations.demonstrate([], seed=0).groupby("quantity")["value"]
    assert "padding_weight" not in found.groups
    # the directions of the released code in two dimensions: specification, B1
    assert found.mean()["direction_length_2"] == pytest.approx(0.042, abs=5e-4)
    assert found.min()["mirror_difference_published"] > 0
    assert found.max()["mirror_difference_corrected"] < 1e-12
