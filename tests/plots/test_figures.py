"""What holds for every figure."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from unlabelled.clustering.loco import SUMMARY as LOCO
from unlabelled.isotropy.clouds import CLOUDS, COLUMNS
from unlabelled.isotropy.grid import ISOTROPY
from unlabelled.label_masking.schema import EMBEDDING_MAP, PAIRED, RESULTS, SUMMARY
from unlabelled.plots import (
    boxes,
    clouds,
    embedding_maps,
    encoder_isotropy,
    forests,
    isotropy_grid,
    learning_curves,
    loco,
    pool_curve,
    pretraining,
    rejects,
    style,
)
from unlabelled.structures.outcomes import OUTCOMES

UNITS = {"formation_energy": "eV/atom", "band_gap": "eV"}
QUANTITY = {"quantity": "formation_energy", "unit": "eV/atom"}
# mean error as a share of that of the worst, about as the study finds them
ARMS = {
    "extended": 0.48,
    "untrained_as_published": 0.86,
    "as_published": 0.83,
    "corrected": 0.72,
    "without_negatives": 0.75,
    "untrained": 0.82,
    "orbital_field_matrix": 0.66,
    "xrd_pattern": 0.97,
    "magpie_statistics": 0.52,
    "element_statistics": 0.6,
    "extended_untrained": 0.54,
    "statistics": 0.53,
    "dummy": 1.0,
    **{f"arm_of_my_own_number_{i}": 0.5 + 0.03 * i for i in range(12)},
}
STARTS = {
    "scratch": 0.65,
    "as_published": 0.63,
    "corrected": 0.58,
    "supervised": 0.6,
    "corrected_then_supervised": 0.55,
}
HEADS = {"ridge": 1.0, "extra_trees": 0.9, "mlp": 1.08, "my_own_head": 1.1, "trees_and_gp": 0.88}
NUMBERS = {"formation_energy": (50, 100, 250, 1000), "band_gap": (50, 100, 250)}


def error(arm, head, n_labels, task="formation_energy"):
    slope = 0 if arm == "dummy" else 0.12 + 0.1 * (1 - ARMS.get(arm, STARTS.get(arm, 0.6)))
    scale = 0.9 if task == "formation_energy" else 1.4
    return (
        scale * ARMS.get(arm, STARTS.get(arm, 0.6)) * HEADS.get(head, 1) * (n_labels / 50) ** -slope
    )


def results(arms=3, heads=2, tasks=1, seeds=2, draws=4, starts=ARMS):
    generator = np.random.default_rng(0)
    names = list(HEADS)[:heads] if starts is ARMS else ["fine_tuning"]
    rows = [
        {
            "task": task,
            "arm": arm,
            "arm_seed": arm_seed,
            "head": head,
            "n_labels": n_labels,
            "draw": draw,
            "label_ids_digest": "",
            "n_test": 1307 if task == "formation_energy" else 214,
            "mae": error(arm, head, n_labels, task) * np.exp(0.06 * generator.normal()),
            "rmse": 1.0,
            "r2": 0.5,
            "epochs": 0,
            "seconds": 1.0,
        }
        for task in list(UNITS)[:tasks]
        for arm in list(starts)[:arms]
        for head in names
        for n_labels in NUMBERS[task]
        for arm_seed in range(seeds)
        for draw in range(draws)
    ]
    return pd.DataFrame(rows, columns=RESULTS.names)


def comparison(arm, reference, head, reference_head, n_labels, generator):
    mean, other = error(arm, head, n_labels), error(reference, reference_head, n_labels)
    middle = mean - other + 0.01 * generator.normal()
    width = 0.05 * (50 / n_labels) ** 0.4 * (0.5 + generator.random())
    return {
        "task": "formation_energy",
        "arm": arm,
        "reference": reference,
        "head": head,
        "reference_head": reference_head,
        "n_labels": n_labels,
        "n_draws": 12,
        "n_encoders_arm": 2,
        "n_encoders_reference": 2,
        "mean_arm": mean,
        "mean_reference": other,
        "difference": middle,
        "low": middle - width,
        "high": middle + width,
        "relative": middle / other,
        "standard_error": width / 2,
        "detectable": 1.4 * width,
    }


def paired(arms=3, heads=2, references=2, numbers=4):
    generator = np.random.default_rng(0)
    rows = [
        comparison(arm, reference, head, head, n_labels, generator)
        for reference in ["untrained", "magpie_statistics", "statistics"][:references]
        for arm in [a for a in ARMS if a != reference][:arms]
        for head in list(HEADS)[:heads]
        for n_labels in NUMBERS["formation_energy"][:numbers]
    ]
    return pd.DataFrame(rows, columns=PAIRED.names)


def against_all(arms=3, heads=2, numbers=4):
    generator = np.random.default_rng(0)
    rows = [
        comparison("extended", reference, "trees_and_gp", head, n_labels, generator)
        for reference in list(ARMS)[1 : arms + 1]
        for head in list(HEADS)[:heads]
        for n_labels in NUMBERS["formation_energy"][:numbers]
    ]
    return pd.DataFrame(rows, columns=PAIRED.names)


def pool(heads=2, sizes=(0, 1300, 2600, 5200), numbers=4):
    rows = [
        {
            "task": "formation_energy",
            "arm": "corrected" if size else "untrained",
            "head": head,
            "n_labels": n_labels,
            "n_draws": 12,
            "n_encoder_seeds": 2,
            "n_unlabelled": size,
            "median": 0.5,
            "mean": error("untrained", head, n_labels) * (1 - 0.05 * np.log10(1 + size / 100)),
            "sd": 0.02,
            "min": 0.4,
            "max": 0.6,
        }
        for head in list(HEADS)[:heads]
        for size in sizes
        for n_labels in NUMBERS["formation_energy"][:numbers]
    ]
    return pd.DataFrame(rows, columns=SUMMARY.names)


QUANTITIES = [
    "dim",
    "local_dim",
    "local_kl",
    "global_dim",
    "global_kl",
    "probe_mae",
    "crystals_per_second",
]


def losses(variants=2, quantities=6, seeds=2):
    return pd.DataFrame(
        [
            {
                "variant": variant,
                "seed": seed,
                "epoch": epoch,
                "part": part,
                "quantity": quantity,
                "value": (1 + 0.1 * i) * np.exp(-epoch / 5) + seed / 20 + 0.05 * i,
            }
            for i, variant in enumerate(
                ["as_published", "corrected", "extended", *(f"ablation_{i}" for i in range(13))][
                    :variants
                ]
            )
            for seed in range(seeds)
            for epoch in range(15)
            for part in ("train", "validation")
            for quantity in QUANTITIES[:quantities]
        ]
    )


def maps(arms=2, tasks=2, crystals=50):
    generator = np.random.default_rng(0)
    tables = []
    for task in list(UNITS)[:tasks]:
        value = np.append(generator.normal(size=crystals - 1), 1e6)
        for i, arm in enumerate(list(ARMS)[:arms]):
            angle = 2 * value[:-1] + generator.normal(size=crystals - 1)
            angle = np.append(angle, 0)
            tables.append(
                pd.DataFrame(
                    {
                        "task": task,
                        "arm": arm,
                        "material_id": [f"mp-{j}" for j in range(crystals)],
                        "x": (20 + i) * np.cos(angle) + 5 * generator.normal(size=crystals),
                        "y": 20 * np.sin(angle) + 5 * generator.normal(size=crystals),
                        "value": value,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)[EMBEDDING_MAP.names]


def outcomes(sources=3):
    return pd.DataFrame(
        [
            (source, stage, outcome, entries)
            for source in ["flla", "dielectric_constants", "cod", "mp"][:sources]
            for stage, outcome, entries in [
                ("", "accepted", 4812),
                ("structures", "disordered", 930),
                ("structures", "missing label", 1),
                ("point_sets", "missing feature", 19),
            ]
        ],
        columns=OUTCOMES.names,
    )


def random_clouds(sizes=(100, 1000), dimensions=(2, 10, 100, 2000)):
    generator = np.random.default_rng(0)
    rows = [
        {
            "cloud": cloud,
            "n": n,
            "d": d,
            "seed": seed,
            "measure": measure,
            "implementation": implementation,
            "value": 0.6 + 0.02 * i + 0.03 * generator.normal(),
            "null_mean": 0.9 if implementation == "corrected" else np.nan,
            "null_sd": 0.1 / d if implementation == "corrected" else np.nan,
        }
        for i, cloud in enumerate(CLOUDS)
        for n in sizes
        for d in dimensions
        for seed in range(3)
        for measure, implementation in PANELS
    ]
    return pd.DataFrame(rows, columns=COLUMNS.names)


PANELS = [
    ("i_vec", "corrected"),
    ("i_rnd", "corrected"),
    ("fractional_anisotropy_normalised", "corrected"),
    ("i_rnd", "published"),
]
KERNELS = ["none", "standardised", "rbf_published", "rbf_median", "nystroem", "skewed_chi2"]
STYLES = ["compVec", "onehot", "magpie", "oliynyk", "jarvis", "mat2vec", "random_200"]


def grid_of(styles=7, kernels=6, numbers=(2, 5, 10)):
    generator = np.random.default_rng(0)
    rows = [
        {
            "representation": representation,
            "kernel": kernel,
            "k": k,
            "kernel_seed": 0,
            "k_means_seed": seed,
            "measure": measure,
            "implementation": "corrected",
            "value": generator.random(),
            "null_mean": 0.97,
            "n": 27_575,
            "d": 100,
            "ari_to_plain": generator.random(),
            "stability_kernel": generator.random() if "rbf" in kernel else np.nan,
            "stability_k_means": generator.random(),
            "silhouette": generator.random(),
            "size_sd_random": 1 + 30 * generator.random(),
        }
        for representation in styles
        for kernel in KERNELS[:kernels]
        for k in numbers
        for seed in range(2)
        for measure in ("isoscore", "i_vec")
    ]
    return pd.DataFrame(rows, columns=ISOTROPY.names)


ENCODERS = {f"{name}/seed={i}": name for name in ("untrained", "corrected") for i in range(4)}


def held_out(properties=5, styles=4):
    generator = np.random.default_rng(0)
    rows = [
        {
            "property": quantity,
            "representation": representation,
            "folds": folds,
            "score": score,
            "low": score - 0.1,
            "high": score + 0.1,
            "weighted": score,
            "seeds": 3,
        }
        for quantity in list(SCORES)[:properties]
        for representation in STYLES[:styles]
        for folds in ("none", "random", "rbf_published")
        for score in [0.8 - 2.2 * generator.random() ** 3]
    ]
    return pd.DataFrame(rows, columns=LOCO.names)


SCORES = {
    "measured_gap": "R²",
    "computed_gap": "R²",
    "bulk_modulus": "R²",
    "glass_formation": "accuracy",
    "phonon_peak": "R²",
}


def clouds_of(table):
    return clouds.clouds(table, measures=PANELS)


def heat_maps_of(table):
    return isotropy_grid.heat_maps(table, measure="isoscore", k=5)


def encoders_of(table):
    names = dict.fromkeys(table["representation"])
    groups = {name: ENCODERS.get(name, name) for name in names}
    return encoder_isotropy.encoder_isotropy(
        table, measures=["isoscore", "i_vec"], groups=groups, kernel="none", k=5
    )


def loco_of(table):
    return loco.loco(table, scores=SCORES)


def representation_boxes(table):
    return boxes.representation_boxes(table, units=UNITS)


def transfer_boxes(table):
    return boxes.transfer_boxes(table, units=UNITS)


def curves_of(table, **options):
    return learning_curves.learning_curves(
        table, **QUANTITY, **{"highlight": ["extended"], "baselines": ["dummy"], **options}
    )


def paired_differences(table):
    return forests.paired_differences(table, **QUANTITY)


def standing(table):
    return forests.standing(table, **QUANTITY)


def pool_curve_of(table):
    return pool_curve.pool_curve(table, **QUANTITY)


def maps_of(table):
    return embedding_maps.embedding_maps(table, units=UNITS)


def fine_tuned(starts=5, tasks=2, **options):
    return results(starts, 1, tasks, starts=STARTS, **options)


# the figures at several sizes: function, table
CASES = {
    "representations": (representation_boxes, lambda: results(6, 2, 2)),
    "representations_one": (representation_boxes, lambda: results(1, 1, 1, seeds=1, draws=1)),
    "representations_many": (representation_boxes, lambda: results(25, 1, 1)),
    "transfer": (transfer_boxes, lambda: fine_tuned(draws=6, seeds=1)),
    "transfer_one": (transfer_boxes, lambda: fine_tuned(1, 1, seeds=1, draws=1)),
    "transfer_many": (transfer_boxes, lambda: results(25, 1, 2)),
    "learning_curves": (curves_of, lambda: pd.concat([results(13, 1), fine_tuned(tasks=1)])),
    "learning_curves_one": (curves_of, lambda: results(1, 1, 1, 1, 1).query("n_labels == 50")),
    "learning_curves_many": (curves_of, lambda: results(25, 2)),
    "paired": (paired_differences, lambda: paired(5, 2, 3)),
    "paired_ablations": (paired_differences, lambda: paired(14, 2, 1)),
    "paired_one": (paired_differences, lambda: paired(1, 1, 1, 1)),
    "paired_heads": (paired_differences, lambda: paired(2, 5, 2)),
    "paired_many": (paired_differences, lambda: paired(24, 1, 1)),
    "standing": (standing, lambda: against_all(12, 4)),
    "standing_one": (standing, lambda: against_all(1, 1, 1)),
    "standing_many": (standing, lambda: against_all(24, 1, 3)),
    "pool": (pool_curve_of, lambda: pool(2)),
    "pool_one": (pool_curve_of, lambda: pool(1, (5200,), 1)),
    "pool_heads": (pool_curve_of, lambda: pool(5, (0, 1300, 1310, 5200))),
    "pretraining": (pretraining.curves, lambda: losses(3, 7)),
    "pretraining_one": (pretraining.curves, lambda: losses(1, 1, 1)),
    "pretraining_many": (pretraining.curves, lambda: losses(16, 6, 1)),
    "maps": (maps_of, lambda: maps(2, 2, 800)),
    "maps_one": (maps_of, lambda: maps(1, 1)),
    "maps_many": (maps_of, lambda: maps(25, 1)),
    "rejects": (rejects.losses, lambda: outcomes(4)),
    "rejects_one": (rejects.losses, lambda: outcomes(1)),
    "clouds": (clouds_of, random_clouds),
    "clouds_one": (clouds_of, lambda: random_clouds((100,), (2, 10))),
    "heatmaps": (heat_maps_of, lambda: grid_of(STYLES)),
    "heatmaps_one": (heat_maps_of, lambda: grid_of(STYLES[:1], 1, (5,))),
    "evenness": (isotropy_grid.evenness, lambda: grid_of(STYLES)),
    "evenness_one": (isotropy_grid.evenness, lambda: grid_of(STYLES[:1], 1, (5,))),
    "encoders": (encoders_of, lambda: grid_of(["magpie", *ENCODERS], 1)),
    "encoders_one": (encoders_of, lambda: grid_of(["magpie"], 1, (5,))),
    "loco": (loco_of, held_out),
    "loco_one": (loco_of, lambda: held_out(1, 1)),
}
FULL = [name for name in CASES if "_" not in name] + ["learning_curves"]


def figure(name):
    draw, table = CASES[name]
    return draw(table())


def texts(fig):
    return "\n".join(text.get_text() for text in fig.findobj(Text))


def words(fig):
    return " ".join(texts(fig).replace("\N{NO-BREAK SPACE}", " ").split())


def lines(fig, marker=None):
    return [line for ax in fig.axes for line in ax.lines if marker in (None, line.get_marker())]


def save(name, folder):
    """Save a figure in all formats, and return the paths."""
    paths = [folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")]
    style.save(figure(name), paths)
    return paths


@pytest.mark.parametrize("name", ["representations", "maps"])
def test_the_same_bytes_twice(name, tmp_path):
    pairs = zip(save(name, tmp_path / "first"), save(name, tmp_path / "second"), strict=True)
    for first, second in pairs:
        assert first.read_bytes() == second.read_bytes(), first.name


@pytest.mark.parametrize("name", FULL)
def test_three_formats_not_blank(name, tmp_path):
    pdf, svg, png = save(name, tmp_path)
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"<svg" in svg.read_bytes()
    pixels = imread(png)[..., :3]
    assert pixels.var() > 0.005
    # nothing reaches over the edge: the outermost pixels are background
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge > 0.99).all()


LABELS = {
    "representations": {f"test MAE ({unit}); better to the right" for unit in UNITS.values()},
    "transfer": {f"test MAE ({unit})" for unit in UNITS.values()},
    "learning_curves": {"median test MAE (eV/atom)", "labels shown to the regressor"},
    "paired": {"difference in MAE (eV/atom)"},
    "standing": {"ΔMAE (eV/atom)"},
    "pool": {"test MAE (eV/atom)", "unlabelled crystals"},
    "pretraining": {"epoch"},
    "maps": {
        "formation energy (eV/atom)",
        "band gap (eV)",
        "t-SNE 1 (arb. unit)",
        "t-SNE 2 (arb. unit)",
    },
    "rejects": {"share of the entries read (%)"},
}


@pytest.mark.parametrize("name", LABELS)
def test_axis_labels_have_units(name):
    axes = figure(name).axes
    labels = {ax.get_xlabel() for ax in axes} | {ax.get_ylabel() for ax in axes}
    assert labels - {""} == LABELS[name]


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
def test_texts_do_not_overlap_whatever_the_number_of_arms(name, monkeypatch):
    fig = figure(name)
    shown = drawn(fig, monkeypatch)
    assert len(shown) > 4
    # without the lines that lead from a label to its curve
    extents = [Text.get_window_extent(text).shrunk(0.95, 0.8) for text in shown]
    for i, box in enumerate(extents):
        assert box.x0 >= 0, shown[i].get_text()
        assert box.y0 >= 0, shown[i].get_text()
        assert box.x1 <= fig.bbox.x1, shown[i].get_text()
        assert box.y1 <= fig.bbox.y1, shown[i].get_text()
        for j in range(i):
            assert not box.overlaps(extents[j]), (shown[i].get_text(), shown[j].get_text())


@pytest.mark.parametrize("name", [name for name in CASES if "rejects" not in name])
def test_every_name_is_written(name):
    table = CASES[name][1]()
    found = texts(figure(name))
    for column in {"arm", "head", "reference", "reference_head", "variant"} & set(table.columns):
        if column == "head" and "transfer" in name:
            continue
        for value in set(table[column]):
            assert style.readable(value) in found


@pytest.mark.parametrize("name", FULL)
def test_empty_table(name):
    draw, table = CASES[name]
    with pytest.raises(ValueError, match=r"nothing to draw: .* is empty"):
        draw(table().iloc[:0])


@pytest.mark.parametrize("name", ["learning_curves", "paired", "standing", "pool"])
def test_several_tasks_are_refused(name):
    draw, table = CASES[name]
    table = table().reset_index(drop=True)
    table.loc[0, "task"] = "gap"
    with pytest.raises(ValueError, match="one task, not 2: formation_energy, gap"):
        draw(table)


@pytest.mark.parametrize("name", FULL)
def test_the_table_is_left_as_it_was(name):
    draw, table = CASES[name]
    table = table()
    before = table.copy()
    draw(table)
    pd.testing.assert_frame_equal(table, before)


def test_style_does_not_leak():
    before = rcParams.copy()
    figure("representations")
    assert dict(rcParams) == dict(before)


def test_neither_pyplot_nor_a_deep_learning_library_is_loaded():
    modules = "boxes, embedding_maps, forests, learning_curves, pool_curve, pretraining, rejects"
    code = (
        f"import sys; from unlabelled.plots import {modules}; "
        "assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numbers_of_draws_seeds_and_crystals_are_stated():
    table = results()
    expected = "4 draws of the labels × 2 encoders. Tested on 1,307 crystals"
    assert expected in words(representation_boxes(table))
    fewer = table[(table["n_labels"] != 1000) | (table["draw"] < 2)]
    assert "2–4 draws" in words(representation_boxes(fewer))


def box_patches(ax):
    return [patch for patch in ax.patches if isinstance(patch, PathPatch)]


def test_a_box_for_every_method_and_number_of_labels_between_the_extremes():
    table = results(6, 2, 2)
    fig = representation_boxes(table)
    assert [len(box_patches(ax)) for ax in fig.axes] == [6 * 2 * 4, 6 * 2 * 3]
    data = [line for line in fig.axes[0].lines if list(line.get_xdata()) != [0, 1]]
    ends = np.concatenate([line.get_xdata() for line in data])
    rows = table[table["task"] == "formation_energy"]
    assert ends.min() == rows["mae"].min()
    assert ends.max() == rows["mae"].max()
    left, right = fig.axes[0].get_xlim()
    assert left > right


def test_rows_are_in_the_order_of_the_table_and_heads_of_an_arm_together():
    methods = [("corrected", "mlp"), ("dummy", "linear"), ("corrected", "linear")]
    table = results(1, 1)
    parts = [table.assign(arm=arm, head=head) for arm, head in methods]
    (ax,) = representation_boxes(pd.concat(parts)).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["MLP", "linear", "linear"]
    places = {text.get_text(): text.xy[1] for text in ax.texts}
    assert places == {"corrected": 0.5, "dummy": 2}


def test_a_huge_error_does_not_flatten_the_boxes():
    table = results()
    table.loc[0, "mae"] = 1e4
    fig = representation_boxes(table)
    assert max(fig.axes[0].get_xlim()) < 3
    assert len(lines(fig, "$◂$")) == 1
    assert "Arrowheads" in words(fig)
    assert "Arrowheads" not in words(representation_boxes(results()))


def test_a_huge_difference_does_not_flatten_the_forest():
    table = paired()
    table.loc[0, "high"] = 1e4
    fig = paired_differences(table)
    assert max(fig.axes[0].get_xlim()) < 3
    assert len(lines(fig, "$▸$")) == 1
    assert "Arrowheads" in words(fig)
    assert "Arrowheads" not in words(paired_differences(paired()))


def test_points_of_the_transfer_figure_show_all_fits():
    table = fine_tuned(draws=6, seeds=1)
    fig = transfer_boxes(table)
    assert len(fig.axes) == 7
    found = np.concatenate(
        [np.asarray(c.get_offsets())[:, 0] for ax in fig.axes for c in ax.collections]
    )
    assert np.sort(found) == pytest.approx(np.sort(table["mae"]))
    assert sum(len(box_patches(ax)) for ax in fig.axes) == 7 * 5
    assert "median from scratch" in words(fig)
    assert "median from scratch" not in words(transfer_boxes(table[table["arm"] == "supervised"]))


def test_learning_curves_are_the_medians():
    table = pd.concat([results(4, 2), fine_tuned(2, 1)], ignore_index=True)
    fig = curves_of(table, highlight=["extended"], baselines=["untrained_as_published"])
    (ax,) = fig.axes
    assert len(ax.lines) == 4 * 2 + 2
    medians = table.groupby(["arm", "head", "n_labels"])["mae"].median()
    found = np.concatenate([line.get_ydata() for line in ax.lines])
    assert np.sort(found) == pytest.approx(np.sort(medians))
    assert len(ax.collections) == 2  # the bands of the two heads
    thick = [line for line in ax.lines if line.get_linewidth() > 2]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert len(thick) == len(dashed) == 2
    for line in dashed:
        red, green, blue = to_rgb(line.get_color())
        assert red == green == blue


def test_labels_of_lines_are_in_the_order_of_their_ends():
    table = results(13, 2)
    fig = curves_of(table)
    notes = sorted(fig.axes[0].texts, key=lambda note: note.get_position()[1])
    last = table[table["n_labels"] == 1000].groupby(["arm", "head"])["mae"].median().sort_values()
    assert [note.get_text() for note in notes] == [style.method(*method) for method in last.index]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([1, 5, 9], [1, 5, 9]),
        ([4, 4, 4], [3, 4, 5]),
        ([0, 0, 5], [0, 1, 5]),
        ([9.5, 10, 10], [8, 9, 10]),
        ([3, 3.5, 4], [2.5, 3.5, 4.5]),
        ([], []),
    ],
)
def test_spreading_moves_labels_as_little_as_possible(wanted, expected):
    assert learning_curves.spread(wanted, 1.0, 10.0) == pytest.approx(expected)


def markers(fig):
    """Markers of a forest plot: all, and those filled."""
    found = [line for line in lines(fig, "o") if len(line.get_xdata())]
    filled = [line for line in found if line.get_markerfacecolor() != "white"]
    return (sum(len(line.get_xdata()) for line in some) for some in (found, filled))


@pytest.mark.parametrize(
    ("draw", "table"),
    [(paired_differences, paired(5, 2, 3)), (standing, against_all(12, 4))],
    ids=["paired", "standing"],
)
def test_forests_show_every_comparison_and_fill_those_that_exclude_zero(draw, table):
    table.loc[:3, ["low", "high"]] = np.nan
    clear = (table["low"] > 0) | (table["high"] < 0)
    assert tuple(markers(draw(table))) == (len(table), clear.sum())


def test_forests_have_a_zero_line_and_say_which_sign_is_better():
    for name in ("paired", "standing"):
        fig = figure(name)
        assert "below zero" in words(fig)
        for ax in fig.axes:
            assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)
            low, high = ax.get_xlim()
            assert low < 0 < high


def test_forests_without_any_interval_or_difference():
    table = paired(2).assign(low=np.nan, high=np.nan)
    assert tuple(markers(paired_differences(table))) == (len(table), 0)
    same = table.assign(difference=0.0, relative=0.0)
    assert tuple(markers(paired_differences(same))) == (len(same), 0)


def test_the_paired_differences_have_a_panel_per_head_and_a_row_per_comparison():
    fig = paired_differences(paired(5, 2, 3))
    assert len(fig.axes) == 2
    for ax in fig.axes:
        names = [label.get_text() for label in ax.get_yticklabels()]
        assert len(names) == len(set(names)) == 15
        assert "as published\n− Magpie statistics" in names
    other = paired(2, 1, 1).assign(reference_head="extra_trees")
    assert "ridge, reference extra trees" in texts(paired_differences(other))


def test_heads_with_the_same_comparisons_stand_beside_each_other():
    table = paired(3, 4, 1)
    table = table[(table["arm"] != "extended") | table["head"].isin(["ridge", "mlp"])]
    titles = [ax.get_title(loc="left")[4:] for ax in paired_differences(table).axes]
    assert titles == ["ridge", "MLP", "extra trees", "my own head"]


def test_relative_differences_are_written():
    table = paired(1, 1, 1, 1).assign(relative=-0.084)
    assert "−8 %" in words(paired_differences(table))
    assert (
        "%" not in texts(paired_differences(table.assign(relative=np.nan))).split("Difference")[0]
    )


def test_standing_has_the_strongest_of_the_others_on_top_and_refuses_two_methods():
    table = against_all(12, 1)
    ax = standing(table).axes[0]
    means = table.groupby("reference")["difference"].mean().sort_values(ascending=False)
    first = ax.get_yticklabels()[0].get_text()
    assert first == style.method(means.index[0], "ridge")
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    with pytest.raises(ValueError, match="one method is compared"):
        standing(pd.concat([table, table.assign(arm="corrected")]))


def test_pool_curve_shows_every_mean_and_where_there_was_no_pre_training():
    table = pool(2)
    fig = pool_curve_of(table)
    assert len(fig.axes) == 2
    found = np.concatenate([line.get_ydata() for line in lines(fig, "o")])
    assert np.sort(found) == pytest.approx(np.sort(table["mean"]))
    names = [label.get_text() for label in fig.axes[0].get_xticklabels()]
    assert names == ["none", "1,300\n1×", "2,600\n2×", "5,200\n4×"]
    pool_curve_of(pool(1, (0,)).assign(sd=np.nan))


def test_panels_of_the_curves_are_in_order_and_have_units():
    fig = pretraining.curves(losses())
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert [title[0] for title in titles] == list("abcdef")
    assert titles[0].endswith("local DIM (nats)")
    assert titles[4].endswith("total DIM objective (nats)")
    assert titles[5].endswith("property probe (label s.d.)")


@pytest.mark.parametrize("column", ["part", "quantity"])
def test_parts_and_quantities_of_the_curves_are_known(column):
    with pytest.raises(ValueError, match=r"not \['secret'\]"):
        pretraining.curves(losses().assign(**{column: "secret"}))


def test_colour_limits_of_the_maps_are_robust_and_shared_within_a_task():
    table = maps(3, 2)
    fig = maps_of(table)
    limits = [ax.collections[0].get_clim() for ax in fig.axes[:6]]
    for task, found in zip(UNITS, (limits[:3], limits[3:]), strict=True):
        values = table.loc[table["task"] == task, "value"]
        assert set(found) == {tuple(np.percentile(values, (2, 98)))}
        assert found[0][1] < 1e6
    assert "2nd to the 98th percentile" in words(fig)
    assert "50 crystals" in words(fig)


def test_losses_write_every_count_and_fill_the_bar():
    fig = rejects.losses(outcomes())
    assert (
        "5,762 read: 4,812 accepted; refused as structures: 930 disordered, 1 missing label; "
        "refused as point sets: 19 missing feature"
    ) in words(fig)
    widths = sum(patch.get_width() for patch in fig.axes[0].patches)
    assert widths == pytest.approx(300)
    with pytest.raises(ValueError, match="unknown outcomes"):
        rejects.losses(outcomes().assign(outcome="lost"))


if __name__ == "__main__":  # look at the figures: python tests/plots/test_figures.py FOLDER [NAME]
    for name in sys.argv[2:] or CASES:
        style.save(figure(name), [f"{sys.argv[1]}/{name}.png"])
