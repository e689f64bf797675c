"""The benchmark runs on few crystals; how long anything takes is not tested."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import figure, isotropy, measure, phase_fields, scale
from unlabelled import tables
from unlabelled.isotropy import MEASURES, published


@pytest.fixture
def study(materials, tmp_path):
    """Folder of a study with a crystal table, the columns that matter."""
    rows = [
        {
            "material_id": name,
            "lattice": structure.lattice.matrix.ravel(),
            "atomic_numbers": structure.atomic_numbers,
            "frac_coords": structure.frac_coords.ravel(),
        }
        for name, structure in materials.items()
    ]
    (tmp_path / "structures").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "structures" / "flla.parquet")
    pd.DataFrame().to_parquet(tmp_path / "structures" / "flla.rejected.parquet")
    return tmp_path


def test_a_missing_study_is_explained(tmp_path):
    with pytest.raises(SystemExit, match="run `make run` first"):
        measure.study_crystals(tmp_path, 3)


@pytest.fixture
def one_thread():
    """As in a benchmark."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_both_sides_of_everything_run(study):
    rows, point_sets = measure.study_crystals(study, 8)
    assert len(rows) == len(point_sets) == 8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's advice on its own use
        timings = pd.DataFrame(
            [
                *measure.featurisation(rows, 1),
                *measure.pretraining(point_sets, 1),
                *measure.embedding(point_sets, 1),
                *measure.fine_tuning(point_sets, 1, draws=2, epochs=1),
            ]
        )
    assert set(timings.columns) == set(measure.SCHEMAS["timings"].names)
    compared = figure.ratios(timings)
    assert len(compared) == 9
    assert (compared["median"] > 0).all()
    compute = pd.DataFrame(measure.compute(point_sets, 1)).set_index("side")
    equal = pd.DataFrame(measure.equality(point_sets)).set_index(["quantity", "precision"])
    assert (equal.difference.xs("float64", level=1) < 1e-10).all()
    assert (equal.difference.xs("float32", level=1) < 1e-4).all()
    assert compute.loc["fast", "operations"] <= compute.loc["literal", "operations"]


def test_ratios_are_of_pairs_of_runs():
    timings = pd.DataFrame(
        [
            ("step", "", side, repeat, 10, seconds, 1_000_000)
            for repeat, (literal, fast) in enumerate([(4.0, 1.0), (6.0, 2.0), (2.0, 1.0)])
            for side, seconds in (("literal", literal), ("fast", fast))
        ],
        columns=measure.SCHEMAS["timings"].names,
    )
    (row,) = figure.ratios(timings).to_dict("records")
    assert (row["min"], row["median"], row["max"]) == (2.0, 3.0, 4.0)
    assert (row["literal_per_s"], row["fast_per_s"]) == (2.5, 10.0)


def test_tables_become_a_report(tmp_path, capsys):
    sides = ("literal", "fast")
    found = {
        "timings": [
            (name, variant, side, 0, 10, seconds, 1_000_000)
            for name in ("collate", "step")
            for variant in ("corrected", "as_published")
            for side, seconds in zip(sides, (3.0, 1.0), strict=True)
        ],
        "memory": [("corrected", side, n, 1000 + 8 * n) for side in sides for n in (100, 300)],
        "growth": [(m, n, 10 * n, n / 9) for m in ("step", "embedding") for n in (5, 50)],
        "equality": [("embedding", "float64", 10, 1e-13)],
        "compute": [("matmul", np.nan, np.nan, 1e11, 1.0), ("fast", 1e10, 1.0, 1e10, 0.1)],
    }
    for name, rows in found.items():
        schema = measure.SCHEMAS[name]
        tables.write(
            pd.DataFrame(rows, columns=schema.names), tmp_path / f"{name}.parquet", schema, {}
        )
    measure.report(tmp_path)
    printed = capsys.readouterr().out
    for line in ("corrected literal 8", "corrected 0.5", "matmul NaN NaN 1e+11 1"):
        assert line.split() in [found.split() for found in printed.splitlines()]
    assert (tmp_path / "bench.pdf").exists()


def test_loops_and_package_agree_on_isotropy(capsys):
    X = isotropy.points(30, 5)
    assert isotropy.literal_i_vec(X) == pytest.approx(published.i_vec(X), rel=1e-10)
    rows = pd.DataFrame(isotropy.against_loops(20, 4, 1))
    assert set(rows.columns) == set(isotropy.TIMINGS.names)
    assert rows.groupby("measurement")["side"].nunique().to_list() == [2, 2, 2]
    assert "difference" in capsys.readouterr().out
    grown = pd.DataFrame(isotropy.growth(3, [10, 20], 1))
    assert set(grown.columns) == set(isotropy.GROWTH.names)
    assert len(grown) == 2 * len(MEASURES)


def test_members_alone_and_together_have_the_same_losses(capsys):
    rows = pd.DataFrame(phase_fields.together(2, 0.02, 1))
    assert rows.groupby("measurement")["side"].nunique().to_list() == [2, 2]
    said = capsys.readouterr().out.splitlines()
    assert [float(line.rsplit(" ", 1)[1]) < 1e-5 for line in said] == [True, True]
    assert phase_fields.scoring(2, 0.001, 1) > 0


@pytest.mark.usefixtures("one_thread")
def test_crystals_go_through_all_stages_in_any_number(materials, tmp_path):
    rows = [
        {
            "material_id": name,
            "formula": structure.composition.reduced_formula,
            "structure": structure.as_dict(),
            **dict.fromkeys(("formation_energy", "e_above_hull", "formation_energy_per_atom"), 0.0),
        }
        for name, structure in materials.items()
    ]
    raw = tmp_path / "flla_2015.csv"
    pd.DataFrame(rows).to_csv(raw, index=False)
    n = len(materials) + 2
    found = pd.DataFrame(
        [
            {"stage": "structures", **scale.measured(scale.parse, tmp_path, "flla", raw, n, 1)},
            *(
                {"stage": name, **scale.measured(stage, tmp_path, 1)}
                for name, stage in list(scale.STAGES.items())[1:]
            ),
        ]
    ).assign(crystals=n, processes=1)
    assert set(found.columns) == set(scale.SCALE.names)
    assert (found[["seconds", "memory", "written"]] > 0).all(axis=None)
    hours = scale.plan(found).loc["embed", "core_hours_1e+06"]
    assert hours == pytest.approx(found["seconds"].iloc[-1] / n * 1e6 / 3600)
    more = found.assign(crystals=3 * n, seconds=found["seconds"] + n, written=found["written"] + n)
    planned = scale.plan(pd.concat([more, found]))  # a second for each two that were added
    assert planned["core_ms_per_crystal"].to_numpy() == pytest.approx(500)
    assert planned["GB_1e+08"].to_numpy() == pytest.approx(1e8 / 2 / 1e9)
    assert (planned["memory_GB_1e+08"] == 0).all()
