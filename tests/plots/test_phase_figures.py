"""Figures of the third strand: what holds for all of them, and what each one draws."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.image import imread
from matplotlib.text import Text

from unlabelled.phase_field.candidates import schema as candidates_schema
from unlabelled.phase_field.contributions import schema as contributions_schema
from unlabelled.phase_field.convergence import SCHEMA as CONVERGENCE
from unlabelled.phase_field.element_map import SCHEMA as ELEMENT_MAP
from unlabelled.phase_field.fields import ELEMENTS
from unlabelled.phase_field.metrics import METRICS
from unlabelled.phase_field.prediction import schema as prediction_schema
from unlabelled.phase_field.property_table import schema as fields_schema
from unlabelled.phase_field.retrieval import SCHEMA as RETRIEVAL
from unlabelled.plots import (
    periodic_table,
    phase_candidates,
    phase_convergence,
    phase_curves,
    phase_element_map,
    phase_elements,
    phase_models,
    phase_properties,
    phase_retrieval,
    phase_values,
    placing,
    style,
)

UNITS = {"critical_temperature": "K", "curie_temperature": "K", "energy_gap": "eV", "gap": "eV"}
THRESHOLDS = {"critical_temperature": 10, "curie_temperature": 300, "energy_gap": 4.5, "gap": 1}
MEDIANS = {"critical_temperature": 4, "curie_temperature": 220, "energy_gap": 4.5, "gap": 1}
KINDS = {
    "corrected": "corrected",
    "extra_trees": "baseline",
    "published": "published",
    "dummy": "baseline",
    "stack": "stack",
    "boosting": "baseline",
    "neighbours": "baseline",
    "logistic": "baseline",
    "published_forest": "published",
    "published_shifted": "published",
}
SPLITS = {
    "random": "random folds",
    "element": "elements held out",
    "core": "pairs held out",
    "published": "unshuffled folds",
}
TEMPERATURE = {"quantity": "critical_temperature", "unit": "K"}


def values_of(quantity, n, generator):
    spread = 0.2 if "gap" in quantity else 1.3
    found = (MEDIANS[quantity] * np.exp(spread * generator.normal(size=n))).round(1)
    return np.where(generator.random(n) < 0.2, 0, found) if quantity[0] == "c" else found


def fields_of(properties=3, n=400):
    generator = np.random.default_rng(0)
    tables = {}
    for quantity in list(UNITS)[:properties]:
        value = values_of(quantity, n, generator)
        rows = {
            "field": "O",
            "value": value,
            "above": value > THRESHOLDS[quantity],
            "n_elements": generator.integers(1, 9, n),
            "n_compositions": 1,
        }
        tables[quantity] = pd.DataFrame(rows)[fields_schema("K").names]
    return phase_properties.gather(tables, UNITS, THRESHOLDS)


def measured(models=10, properties=3, splits=4, folds=5):
    generator = np.random.default_rng(0)
    rows = [
        {
            "property": quantity,
            "split": split,
            "model": model,
            "repeat": 0,
            "fold": fold,
            "held_out": "" if split in ("random", "published") else ELEMENTS[fold],
            "metric": metric,
            "value": value,
            "n": 80,
        }
        for quantity in list(UNITS)[:properties]
        for j, split in enumerate(list(SPLITS)[:splits])
        for i, model in enumerate(list(KINDS)[:models])
        for fold in range(folds)
        for metric, value in {
            "roc_auc": 0.5 if model == "dummy" else 0.92 - 0.01 * i - 0.05 * j,
            "mae": MEDIANS[quantity] * (1 if model == "dummy" else 0.5 + 0.02 * i + 0.05 * j),
            "accuracy": 0.8,
        }.items()
        for value in [value * (1 + 0.003 * generator.normal())]
    ]
    return pd.DataFrame(rows, columns=METRICS.names)


def predicted(quantity="critical_temperature", n=900, repeats=2, noise=0.5, intervals=True):
    generator = np.random.default_rng(0)
    truth = values_of(quantity, n, generator)
    log = np.log1p(truth)
    parts = []
    for repeat in range(repeats):
        found = np.expm1(np.maximum(log + noise * generator.normal(size=n), 0))
        score = 1 / (1 + np.exp(np.log1p(THRESHOLDS[quantity]) - np.log1p(found)))
        rows = {
            "field": [f"field {i}" for i in range(n)],
            "repeat": repeat,
            "fold": np.arange(n) % 5,
            "held_out": "",
            "part": "test",
            "value": truth,
            "above": truth > THRESHOLDS[quantity],
            "score": score,
            "probability": score,
            "probability_sd": 0.1,
            "predicted": found,
            "predicted_sd": 1.0,
            "lower": np.expm1(np.maximum(np.log1p(found) - 0.9, 0)) if intervals else np.nan,
            "upper": np.expm1(np.log1p(found) + 0.9) if intervals else np.nan,
        }
        parts += [pd.DataFrame(rows), pd.DataFrame(rows).assign(part="inner", probability=np.nan)]
    return pd.concat(parts, ignore_index=True)[prediction_schema("K").names]


def curves_table(models=4, n=900):
    names = list(KINDS)[:models]
    return phase_curves.gather(
        {name: predicted(n=n, noise=0.4 + 0.1 * i) for i, name in enumerate(names)}
    )


def ranked(n=200):
    generator = np.random.default_rng(0)
    probability = 1 - 0.4 * generator.random(n) ** 2
    accessibility = 1 - 0.5 * generator.random(n)
    order = np.argsort(-probability * accessibility)
    probability, accessibility = probability[order], accessibility[order]
    value = 5 + 40 * generator.random(n) ** 2
    symbols = np.array(ELEMENTS)
    rows = {
        "field": [" ".join(sorted(generator.choice(symbols, 3, replace=False))) for _ in range(n)],
        "rank": np.arange(1, n + 1),
        "probability": probability,
        "probability_sd": 0.1,
        "value": value,
        "lower": value / 2,
        "upper": value * 2,
        "accessibility": accessibility,
        "agree": value > 8,
        "on_front": [
            not ((probability > p) & (accessibility > a)).any()
            for p, a in zip(probability, accessibility, strict=True)
        ],
        "nearest": "Nb Ti",
        "similarity": 0.5,
    }
    return pd.DataFrame(rows)[candidates_schema("K").names]


def contributed(known=80):
    generator = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "element": ELEMENTS,
            "n_fields": generator.integers(0, 900, len(ELEMENTS)),
            "above": 0.3,
            "attention": np.exp(0.3 * generator.normal(size=len(ELEMENTS))),
            "attention_sd": 0.1,
            "probability": 0.1 * generator.normal(size=len(ELEMENTS)),
            "probability_sd": 0.02,
            "value": 1.0,
        }
    )
    rows.loc[known:, ["above", "attention", "probability", "value"]] = np.nan
    rows.loc[known:, "n_fields"] = 0
    rows.loc[3:5, "n_fields"] = 4
    return rows[contributions_schema("K").names]


def mapped(vectors=2, elements=87, spread=10.0):
    generator = np.random.default_rng(0)
    rows = [
        (element, *(spread * generator.normal(size=2)), name)
        for name in ["environments", "magpie", "random projection"][:vectors]
        for element in ELEMENTS[:elements]
    ]
    return pd.DataFrame(rows, columns=["element", "x", "y", "vectors"])[ELEMENT_MAP.names]


def converging(properties=3, members=range(1, 20)):
    rows = [
        (quantity, m, 0.005 * (i + 1) * (1 / m - 1 / 20), 0.05 * (1 / m - 1 / 20))
        for i, quantity in enumerate(list(UNITS)[:properties])
        for m in members
    ]
    return pd.DataFrame(rows, columns=CONVERGENCE.names)


def retrieved(scorers=5, sizes=(0, 2, 3, 4, 5, 6, 7, 8)):
    names = ["frequency", "pairs", "masked", "novelty_published", "novelty_corrected"]
    rows = [
        (scorer, kind, size, metric, value, value - 0.04, min(value + 0.04, 1), 4000 // (size + 1))
        for i, scorer in enumerate(names[:scorers])
        for kind, least in (("uniform", 0.7), ("frequency", 0.5))
        for size in sizes
        for metric, value in (("auc", least + 0.02 * i + 0.01 * size), ("enrichment_5", 1.5))
    ]
    return pd.DataFrame(rows, columns=RETRIEVAL.names)


def models_of(table, splits=SPLITS):
    return phase_models.models(table, kinds=KINDS, splits=splits, units=UNITS)


def curves_of(table):
    return phase_curves.curves(table, kinds=KINDS, quantity="critical_temperature")


def values_figure(table):
    return phase_values.values(table, **TEMPERATURE, transform="log1p")


def gap_values(table):
    return phase_values.values(table, quantity="energy_gap", unit="eV", transform="identity")


def candidates_of(table):
    return phase_candidates.candidates(table, **TEMPERATURE)


def elements_of(table):
    return phase_elements.elements(table, quantity="critical_temperature")


def map_of(table):
    return phase_element_map.element_map(table, method="t-SNE")


# the figures at several sizes: function, table
CASES = {
    "properties": (phase_properties.properties, fields_of),
    "properties_one": (phase_properties.properties, lambda: fields_of(1, 30)),
    "properties_four": (phase_properties.properties, lambda: fields_of(4)),
    "models": (models_of, measured),
    "models_one": (models_of, lambda: measured(2, 1, 1)),
    "models_four": (models_of, lambda: measured(9, 4, 3, folds=2)),
    "models_dummy": (models_of, lambda: measured(4, 2, 2)),
    "curves": (curves_of, curves_table),
    "curves_one": (curves_of, lambda: curves_table(1, 40)),
    "curves_many": (curves_of, lambda: curves_table(9, 300)),
    "values": (values_figure, predicted),
    "values_gap": (gap_values, lambda: predicted("energy_gap", 20_000, noise=0.1)),
    "values_few": (values_figure, lambda: predicted(n=12, repeats=1, intervals=False)),
    "candidates": (candidates_of, ranked),
    "candidates_one": (candidates_of, lambda: ranked(1)),
    "candidates_many": (candidates_of, lambda: ranked(1000)),
    "elements": (elements_of, contributed),
    "elements_one": (elements_of, lambda: contributed(7)),
    "map": (map_of, mapped),
    "map_one": (map_of, lambda: mapped(1, 5)),
    "map_three": (map_of, lambda: mapped(3, 87, 1e-3)),
    "convergence": (phase_convergence.convergence, converging),
    "convergence_one": (phase_convergence.convergence, lambda: converging(1, (1,))),
    "retrieval": (phase_retrieval.retrieval, retrieved),
    "retrieval_one": (phase_retrieval.retrieval, lambda: retrieved(1, (3,))),
}
FULL = [name for name in CASES if "_" not in name]


def figure(name):
    draw, table = CASES[name]
    return draw(table())


def words(fig):
    text = "\n".join(text.get_text() for text in fig.findobj(Text))
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


@pytest.mark.parametrize("name", FULL)
def test_three_formats_not_blank(name, tmp_path):
    paths = [tmp_path / f"figure.{kind}" for kind in ("pdf", "svg", "png")]
    style.save(figure(name), paths)
    assert all(path.stat().st_size > 1000 for path in paths)
    pixels = imread(paths[-1])[..., :3]
    assert pixels.var() > 0.005
    # nothing reaches over the edge: the outermost pixels are background
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge > 0.99).all()


LABELS = {
    "properties": {"value (K)", "value (eV)", "fields", "elements of the field"},
    "models": {"area under the ROC curve", "MAE / MAE of the dummy"},
    "curves": {
        *("false positive rate", "true positive rate", "recall", "precision"),
        *("predicted probability", "share above the threshold"),
    },
    "values": {"true value (K)", "predicted value (K)"},
    "candidates": {
        "accessibility (share of reported fields of its size that are less likely)",
        "probability of being above the threshold",
        "predicted critical temperature (K)",
    },
    "map": {"t-SNE 1 (arb. unit)", "t-SNE 2 (arb. unit)"},
    "convergence": {"members", "mean square difference\nover variance"},
    "retrieval": {"area under the ROC curve", "elements of the field"},
}


@pytest.mark.parametrize("name", LABELS)
def test_axis_labels_have_units(name):
    axes = figure(name).axes
    found = {ax.get_xlabel() for ax in axes} | {ax.get_ylabel() for ax in axes}
    assert found - {""} == LABELS[name]


def drawn(fig, monkeypatch):
    """Texts that reach the canvas, without those of ticks outside the axes."""
    found = {}
    draw = Text.draw

    def record(text, renderer):
        if text.get_visible() and text.get_text().strip():
            found[id(text)] = text
        draw(text, renderer)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        fig.draw_without_rendering()
    return list(found.values())


@pytest.mark.parametrize("name", CASES)
def test_texts_do_not_overlap(name, monkeypatch):
    fig = figure(name)
    shown = drawn(fig, monkeypatch)
    assert len(shown) > 4
    extents = [Text.get_window_extent(text).shrunk(0.95, 0.8) for text in shown]
    for i, box in enumerate(extents):
        assert box.x0 >= 0, shown[i].get_text()
        assert box.y0 >= 0, shown[i].get_text()
        assert box.x1 <= fig.bbox.x1, shown[i].get_text()
        assert box.y1 <= fig.bbox.y1, shown[i].get_text()
        for j in range(i):
            assert not box.overlaps(extents[j]), (shown[i].get_text(), shown[j].get_text())


@pytest.mark.parametrize("name", FULL)
def test_empty_table(name):
    draw, table = CASES[name]
    with pytest.raises(ValueError, match=r"nothing to draw: .* is empty"):
        draw(table().iloc[:0])


@pytest.mark.parametrize("name", FULL)
def test_the_table_is_left_as_it_was(name):
    draw, table = CASES[name]
    table = table()
    before = table.copy()
    draw(table)
    pd.testing.assert_frame_equal(table, before)


def test_neither_pyplot_nor_a_deep_learning_library_is_loaded():
    modules = (
        "phase_candidates, phase_convergence, phase_curves, phase_element_map, phase_elements, "
        "phase_models, phase_properties, phase_retrieval, phase_values"
    )
    code = (
        f"import sys; from unlabelled.plots import {modules}; "
        "assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def bars(ax, colour):
    return sum(bar.get_height() for bar in ax.patches if to_hex(bar.get_facecolor()) == colour)


def test_bars_of_the_properties_hold_every_field_on_its_side_of_the_threshold():
    table = fields_of()
    fig = phase_properties.properties(table)
    for i, (quantity, rows) in enumerate(table.groupby("property", sort=False)):
        above = rows["above"].sum()
        for ax in (fig.axes[i], fig.axes[i + 3]):
            assert bars(ax, phase_properties.ABOVE.lower()) == above, quantity
            assert bars(ax, phase_properties.BELOW.lower()) == len(rows) - above
        counts = words(fig.axes[i].figure)
        assert f"> {THRESHOLDS[quantity]:g} {UNITS[quantity]} {above}" in counts
        # no bar has both
        starts = [
            {
                round(bar.get_x(), 6)
                for bar in fig.axes[i].patches
                if bar.get_height() and to_hex(bar.get_facecolor()) == colour.lower()
            }
            for colour in (phase_properties.BELOW, phase_properties.ABOVE)
        ]
        assert not starts[0] & starts[1]


def test_values_that_span_decades_have_a_logarithmic_axis_and_a_bar_for_zero():
    fig = phase_properties.properties(fields_of())
    names = [[label.get_text() for label in ax.get_xticklabels()] for ax in fig.axes[:3]]
    assert {"1", "10", "100"} < set(names[0])
    assert names[0][0].startswith("≤")
    assert not {"10", "100"} & set(names[2])


def test_a_threshold_that_counts_as_above_is_written():
    rows = pd.DataFrame(
        {"value": [0.5, 1.0, 1.0, 2.0], "above": [False, True, True, True], "n_elements": 2}
    )
    table = phase_properties.gather({"gap": rows}, UNITS, THRESHOLDS)
    fig = phase_properties.properties(table)
    assert "≥ 1 eV 3" in words(fig)
    assert bars(fig.axes[0], phase_properties.ABOVE.lower()) == 3


def test_markers_of_the_models_are_the_means_and_the_dummy_divides():
    table = measured(4, 1, 2)
    fig = models_of(table)
    left, right = fig.axes[:2]
    assert labels(left) == ["corrected", "extra trees", "published"]
    for ax, metric in ((left, "roc_auc"), (right, "mae")):
        rows = table[table["metric"] == metric]
        rows = rows.pivot_table(index=["split", "fold"], columns="model", values="value")
        if metric == "mae":
            rows = rows.div(rows["dummy"], axis=0)
        expected = rows.drop(columns="dummy").groupby("split").mean().to_numpy().ravel()
        found = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in "os"]
        assert np.sort(found) == pytest.approx(np.sort(expected))
    assert "which knows the shares and the median alone" in words(fig)


def test_models_are_ordered_by_the_first_split_shown():
    table = measured(3, 1, 2)
    better = (table["split"] == "element") & (table["model"] == "published")
    table.loc[better & (table["metric"] == "roc_auc"), "value"] = 0.99
    assert labels(models_of(table).axes[0])[0] == "corrected"
    other = {"element": "elements", "random": "random"}
    assert labels(models_of(table, other).axes[0])[0] == "published"


def test_errors_have_their_unit_where_there_is_no_dummy():
    fig = models_of(measured(3, 3))
    assert [ax.get_xlabel() for ax in fig.axes[1::2]] == ["MAE (K)", "MAE (K)", "MAE (eV)"]
    assert "dummy" not in words(fig)


def test_errors_without_a_dummy_do_not_stand_beside_those_that_are_divided_by_it():
    table = measured(4, 1, 2)
    without = table[(table["split"] != "element") | (table["model"] != "dummy")]
    found = (
        phase_models.means(without).set_index(["metric", "split", "model"])["value"].sort_index()
    )
    assert found["mae", "element"].isna().all()
    assert found["mae", "random"].notna().all()
    assert found["roc_auc", "element"].notna().all()
    models_of(without)


def test_intervals_of_random_folds_allow_for_their_overlap():
    table = measured(1, 1, 2)
    found = phase_models.means(table[table["metric"] == "roc_auc"]).set_index("split")
    for split, scale in (("random", 1 / 5 + 1 / 4), ("element", 1 / 5)):
        values = table.loc[(table["split"] == split) & (table["metric"] == "roc_auc"), "value"]
        half = 2.776 * np.sqrt(scale * values.var())
        assert found.loc[split, "high"] - values.mean() == pytest.approx(half, rel=1e-3)
    few = phase_models.means(table[table["fold"] < 2])
    assert few[["low", "high"]].isna().all(axis=None)
    assert few["value"].notna().all()


def test_a_model_that_was_not_measured_comes_last():
    table = measured(3, 1, 1)
    unknown = (table["model"] == "corrected") & (table["metric"] == "roc_auc")
    table.loc[unknown, "value"] = np.nan
    assert labels(models_of(table).axes[0]) == ["extra trees", "published", "corrected"]


def test_a_huge_error_does_not_flatten_the_others():
    table = measured(9, 1, 1)
    huge = (table["model"] == "logistic") & (table["metric"] == "mae")
    table.loc[huge, "value"] *= 1e4
    fig = models_of(table)
    assert fig.axes[1].get_xlim()[1] < 3
    assert "Arrowheads" in words(fig)
    assert "Arrowheads" not in words(models_of(measured(9, 1, 1)))


def test_models_without_rows_or_of_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="none of the models was measured"):
        models_of(measured(2), {"time": "later fields"})
    with pytest.raises(ValueError, match="unknown kinds of models: secret"):
        phase_models.models(measured(), kinds={"a": "secret"}, splits=SPLITS, units=UNITS)


def test_curves_start_and_end_where_they_must_and_areas_are_written():
    table = curves_table(2)
    for (model, curve), rows in table.groupby(["model", "curve"]):
        assert len(rows) <= phase_curves.POINTS, model
        if curve == "roc":
            assert rows[["x", "y"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
            assert np.trapezoid(rows["y"], rows["x"]) == pytest.approx(rows["area"].iloc[0], 0.01)
            assert f"({rows['area'].iloc[0]:.3f}, " in words(curves_of(table))
        if curve == "precision_recall":
            assert rows["x"].is_monotonic_increasing
            assert rows["y"].iloc[-1] == pytest.approx(rows["share"].iloc[0])


def test_a_repeat_has_no_fields_of_its_own():
    once = predicted(repeats=1)
    twice = pd.concat([once, once.assign(repeat=1)])
    first, second = (phase_curves.gather({"corrected": rows}) for rows in (once, twice))
    first, second = (
        found[found["curve"] == "reliability"][["x", "y", "low", "high"]].to_numpy()
        for found in (first, second)
    )
    assert second == pytest.approx(first)
    assert (np.diff(second[:, [2, 1, 3]]) >= -1e-9).all()


def test_fields_of_unknown_probability_take_no_part():
    rows = predicted()
    rows.loc[rows["field"] == "field 0", "probability"] = np.nan
    assert phase_curves.gather({"published": rows})["n"].max() == 2 * 899


def test_first_models_of_a_kind_have_its_colour_and_no_two_the_same():
    fig = curves_of(curves_table(9, 100))
    colours = [to_hex(line.get_color()) for line in fig.axes[0].lines[:9]]
    assert len(set(colours)) == 9
    assert colours[0] == phase_models.KINDS["corrected"].lower()
    assert colours[2] == phase_models.KINDS["published"].lower()


def cells(fig):
    (mesh,) = fig.axes[0].collections
    return np.ma.filled(mesh.get_array(), 0)


def test_cells_hold_every_prediction_of_the_test_part():
    table = predicted()
    fig = values_figure(table)
    assert np.nansum(cells(fig)) == 2 * 900
    test = table[table["part"] == "test"]
    error = (test["predicted"] - test["value"]).abs().mean()
    within = test["value"].between(test["lower"], test["upper"]).mean()
    assert f"MAE {error:.3g} K" in words(fig)
    assert f"coverage {100 * within:.1f} %" in words(fig)
    assert "900 fields, held out in 2 partitions" in words(fig)
    assert {"0", "1", "10", "100"} <= {t.get_text() for t in fig.axes[0].get_xticklabels()}


def test_values_on_a_grid_do_not_fall_on_the_edges_of_cells():
    table = predicted("energy_gap", 5000, 1)
    fig = gap_values(table.assign(predicted=table["value"], lower=np.nan, upper=np.nan))
    values, counts = np.unique(table.loc[table["part"] == "test", "value"], return_counts=True)
    assert np.nansum(cells(fig)) == counts.sum()
    assert "R² 1.00" in words(fig)
    assert "interval" not in words(fig)
    assert len(values) > 20


def test_negative_predictions_are_drawn_at_zero_and_counted():
    table = predicted(repeats=1)
    table.loc[:2, "predicted"] = -5.0
    assert "3 predictions below 0 are drawn at 0" in words(values_figure(table))
    assert "below 0" not in words(values_figure(predicted()))


def test_values_of_no_test_part_are_refused():
    with pytest.raises(ValueError, match="no value was predicted"):
        values_figure(predicted().assign(part="inner"))


def test_candidates_are_all_drawn_open_where_they_disagree_and_the_front_is_joined():
    table = ranked()
    (ax, *_) = candidates_of(table).axes
    open_ones, filled = ax.collections[:2]
    assert len(open_ones.get_offsets()) == (~table["agree"]).sum()
    assert len(filled.get_offsets()) == table["agree"].sum()
    assert to_hex(open_ones.get_facecolor()[0]) == "#ffffff"
    front = table[table["on_front"]].sort_values("accessibility")
    assert ax.lines[0].get_xdata() == pytest.approx(front["accessibility"].to_numpy())


def test_candidates_on_the_front_are_named_first():
    table = ranked()
    fig = candidates_of(table)
    named = [text.get_text() for text in fig.axes[0].texts if text.get_text()]
    fields = table["field"].str.replace(" ", "–")
    assert set(named) <= set(fields)
    assert fields[table["on_front"]].iloc[0] in named
    assert 5 < len(named) <= phase_candidates.LABELS
    assert "The best 200 by" in words(fig)
    agreed = candidates_of(table.assign(agree=True))
    assert "disagree" not in words(agreed)


def test_labels_keep_clear_of_markers():
    table = ranked(400)
    fig = candidates_of(table)
    fig.draw_without_rendering()
    ax = fig.axes[0]
    markers = ax.transData.transform(table[["accessibility", "probability"]].to_numpy())
    for label in ax.texts:
        if label.get_text():
            box = Text.get_window_extent(label)
            assert not any(box.contains(x, y) for x, y in markers)


def test_boxes_are_moved_apart_and_stay_in_the_room():
    centres = np.zeros((40, 2)) + 50
    sizes = np.full((40, 2), (9.0, 6.0))
    low, high = np.zeros(2), np.full(2, 100.0)
    found = placing.apart(centres, sizes, low, high)
    away = abs(found[:, None] - found)[np.triu_indices(40, 1)]
    assert ((away >= (8.99, 5.99)).any(axis=1)).all()
    assert (found >= low + sizes / 2).all()
    assert (found <= high - sizes / 2).all()
    alone = np.array([[10.0, 10.0], [60.0, 60.0]])
    assert placing.apart(alone, sizes[:2], low, high) == pytest.approx(alone, abs=0.01)


def test_the_periodic_table_has_every_element_once_in_its_group():
    places = periodic_table.PLACES
    assert len(places) == len(set(places.values())) == 94
    assert set(ELEMENTS) < set(places)
    assert places["H"] == (0, 0)
    assert places["Cu"] == (10, 3)
    assert places["La"][0] == places["Ac"][0] == places["Sc"][0]


def test_cells_have_the_colours_of_their_values_and_strange_symbols_are_refused():
    colours = ScalarMappable(Normalize(0, 1), "viridis")
    ax = style.figure(4, 4).subplots()
    periodic_table.periodic_table(
        ax, {"Fe": 0.7, "O": np.nan}, colours=colours, texts={"Fe": "0.7"}, few=["Fe", "O"]
    )
    faces = {to_hex(patch.get_facecolor()) for patch in ax.patches}
    assert faces == {to_hex(colours.to_rgba(0.7)), periodic_table.EMPTY.lower()}
    assert [bool(patch.get_hatch()) for patch in ax.patches].count(True) == 1
    with pytest.raises(ValueError, match="not in the periodic table: D, Qq"):
        periodic_table.periodic_table(ax, {"D": 1, "Qq": 1}, colours=colours, texts={})


def test_elements_write_their_numbers_and_hatch_those_of_few_fields():
    table = contributed()
    fig = elements_of(table)
    shown = [text.get_text() for text in fig.axes[0].texts]
    number = f"{table['probability'].iloc[0]:+.2f}".replace("-", "−")
    assert shown[shown.index("H") + 1] == number
    for ax in fig.axes[:2]:
        assert (
            sum(bool(patch.get_hatch()) for patch in ax.patches)
            == (table["n_fields"].lt(10) & table["probability"].notna()).sum()
        )
    assert "Hatched: fewer than 10" in words(fig)
    with pytest.raises(ValueError, match="no element has a contribution"):
        elements_of(table.assign(probability=np.nan))


def test_symbols_are_coloured_by_their_block():
    blocks = {"H": "s", "He": "s", "O": "p", "Fe": "d", "La": "f", "Lu": "d", "U": "f", "Bi": "p"}
    assert {symbol: phase_element_map.block(symbol) for symbol in blocks} == blocks
    fig = map_of(mapped(2, 87))
    for ax in fig.axes:
        symbols = [text for text in ax.texts if text.get_text()]
        assert [text.get_text() for text in symbols] == list(ELEMENTS)
        assert symbols[0].get_color() == phase_element_map.BLOCKS["s"]


def test_convergence_shows_every_difference():
    table = converging()
    fig = phase_convergence.convergence(table)
    assert len(fig.axes) == 2
    found = np.concatenate([line.get_ydata() for line in fig.axes[0].lines[:3]])
    assert np.sort(found) == pytest.approx(np.sort(table["probability"]))
    assert all(ax.get_xscale() == ax.get_yscale() == "log" for ax in fig.axes)


def test_retrieval_shows_every_area_and_counts_the_fields():
    table = retrieved()
    fig = phase_retrieval.retrieval(table)
    assert [ax.get_title(loc="left")[4:] for ax in fig.axes] == [
        *("elements at random", "elements as frequent as reported")
    ]
    for ax, kind in zip(fig.axes, ("uniform", "frequency"), strict=True):
        rows = table[(table["metric"] == "auc") & (table["negatives"] == kind)]
        found = np.concatenate([line.get_ydata() for line in ax.lines[:5]])
        assert np.sort(found) == pytest.approx(np.sort(rows["value"]))
        assert [label.get_text() for label in ax.get_xticklabels()] == ["all", *"2345678"]
    assert "1,333 of 2, 1,000 of 3" in words(fig)
    with pytest.raises(ValueError, match="no areas under ROC curves"):
        phase_retrieval.retrieval(table[table["metric"] != "auc"])


if __name__ == "__main__":  # python tests/plots/test_phase_figures.py FOLDER [NAME]
    for name in sys.argv[2:] or CASES:
        style.save(figure(name), [f"{sys.argv[1]}/{name}.png"])
