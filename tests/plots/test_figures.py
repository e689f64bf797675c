"""What holds for every figure."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib.image import imread
from matplotlib.text import Text

from unlabelled.plots import embedding_map, label_masking, pretraining, rejects, style
from unlabelled.structures.outcomes import OUTCOMES

ARMS = ["untrained", "element_statistics", "as_published", "corrected"]
QUANTITY = {"quantity": "formation_energy", "unit": "eV/atom"}


def results(arms=3, numbers=4):
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {
                "task": "formation_energy",
                "arm": arm,
                "arm_seed": arm_seed,
                "head": head,
                "n_labels": n_labels,
                "draw": draw,
                "n_test": 1307,
                "mae": 0.7 / n_labels**0.1 + 0.02 * generator.normal(),
            }
            for arm in ARMS[:arms]
            for arm_seed in (0, 1)
            for head in ("ridge", "mlp")
            for n_labels in [50, 100, 250, 1000][:numbers]
            for draw in range(4)
        ]
    )


def paired(comparisons=3, numbers=4):
    pairs = [(arm, "untrained") for arm in ARMS[1:]] + [("corrected", "as_published")]
    return pd.DataFrame(
        [
            {
                "task": "formation_energy",
                "arm": arm,
                "reference": reference,
                "head": "ridge",
                "n_labels": n_labels,
                "n_draws": 12,
                "difference": -0.03,
                "low": -0.04 if n_labels > 50 else np.nan,
                "high": 0.01 if n_labels > 50 else np.nan,
            }
            for arm, reference in pairs[:comparisons]
            for n_labels in [50, 100, 250, 1000][:numbers]
        ]
    )


QUANTITIES = ["dim", "local_dim", "local_kl", "global_dim", "global_kl", "probe_mae"]


def losses(variants=2, quantities=6):
    return pd.DataFrame(
        [
            {
                "variant": variant,
                "seed": seed,
                "epoch": epoch,
                "part": part,
                "quantity": quantity,
                "value": np.exp(-epoch / 3) + seed / 10,
            }
            for variant in ["as_published", "corrected", "extended", "my_variant"][:variants]
            for seed in (0, 1)
            for epoch in range(6)
            for part in ("train", "validation")
            for quantity in QUANTITIES[:quantities]
        ]
    )


def map_table(arms=3):
    generator = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {
                "arm": arm,
                "material_id": [f"mp-{i}" for i in range(50)],
                "x": generator.normal(size=50),
                "y": generator.normal(size=50),
                "value": np.append(np.linspace(-2, 0, 49), 1e6),
            }
        )
        for arm in ARMS[:arms]
    ]
    return pd.concat(tables)


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


FIGURES = {  # by number of arms, variants or sources
    "boxes": lambda n=3: label_masking.mae_boxes(results(n, n), **QUANTITY),
    "differences": lambda n=3: label_masking.paired_differences(paired(n, n), **QUANTITY),
    "curves": lambda n=3: pretraining.curves(losses(n, n + 1), unit="eV/atom"),
    "maps": lambda n=3: embedding_map.maps(map_table(n), **QUANTITY),
    "losses": lambda n=3: rejects.losses(outcomes(n)),
}


def texts(fig):
    return "\n".join(text.get_text() for text in fig.findobj(Text))


def words(fig):
    return " ".join(texts(fig).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.mark.parametrize("name", FIGURES)
def test_three_formats_not_blank_and_the_same_bytes_twice(name, tmp_path):
    for folder in ("first", "second"):
        paths = [tmp_path / folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")]
        style.save(FIGURES[name](2), paths)
    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert (tmp_path / "first/figure.pdf").read_bytes().startswith(b"%PDF")
    assert b"<svg" in (tmp_path / "first/figure.svg").read_bytes()
    pixels = imread(tmp_path / "first/figure.png")[..., :3]
    assert pixels.var() > 0.005
    # nothing reaches over the edge: the outermost pixels are background
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge > 0.99).all()


UNITS = {
    "boxes": {"test MAE (eV/atom)", "labels shown to the regressor"},
    "differences": {"difference in test MAE (eV/atom)", "labels shown to the regressor"},
    "curves": {"epoch"},
    "maps": {"formation energy (eV/atom)", "t-SNE 1 (arb. unit)", "t-SNE 2 (arb. unit)"},
    "losses": {"share of the entries read (%)"},
}


@pytest.mark.parametrize("name", FIGURES)
def test_axis_labels_have_units(name):
    axes = FIGURES[name]().axes
    labels = {ax.get_xlabel() for ax in axes} | {ax.get_ylabel() for ax in axes}
    assert labels - {""} == UNITS[name]


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


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("name", FIGURES)
def test_texts_do_not_overlap_whatever_the_number_of_arms(name, count, monkeypatch):
    fig = FIGURES[name](count)
    shown = drawn(fig, monkeypatch)
    assert len(shown) > 4
    boxes = [text.get_window_extent().shrunk(0.95, 0.85) for text in shown]
    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= fig.bbox.x1, shown[i].get_text()
        assert box.y1 <= fig.bbox.y1, shown[i].get_text()
        for j in range(i):
            assert not box.overlaps(boxes[j]), (shown[i].get_text(), shown[j].get_text())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_arm_is_named(count):
    boxes, maps = FIGURES["boxes"](count), FIGURES["maps"](count)
    for arm in ARMS[:count]:
        assert style.readable(arm) in texts(boxes)
        assert style.readable(arm) in texts(maps)
    differences, table = FIGURES["differences"](count), paired(count)
    for arm, reference in zip(table["arm"], table["reference"], strict=True):
        assert f"{style.readable(arm)} − {style.readable(reference)}" in texts(differences)
    curves = FIGURES["curves"](count)
    for variant in set(losses(count)["variant"]):
        assert style.readable(variant) in texts(curves)


EMPTY = {
    "mae_boxes": lambda: label_masking.mae_boxes(results().iloc[:0], **QUANTITY),
    "paired_differences": lambda: label_masking.paired_differences(paired().iloc[:0], **QUANTITY),
    "curves": lambda: pretraining.curves(losses().iloc[:0], unit="eV/atom"),
    "maps": lambda: embedding_map.maps(map_table().iloc[:0], **QUANTITY),
    "losses": lambda: rejects.losses(outcomes().iloc[:0]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_empty_table(name):
    with pytest.raises(ValueError, match=f"nothing to draw: .* {name} is empty"):
        EMPTY[name]()


def test_style_does_not_leak():
    before = rcParams.copy()
    FIGURES["boxes"]()
    assert dict(rcParams) == dict(before)


def test_neither_pyplot_nor_a_deep_learning_library_is_loaded():
    modules = "label_masking, pretraining, embedding_map, rejects, style"
    code = (
        f"import sys; from unlabelled.plots import {modules}; "
        "assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numbers_of_draws_seeds_and_crystals_are_stated():
    table = results()
    assert "4 draws of the labels × 2 encoder seeds. Tested on 1,307 crystals" in words(
        label_masking.mae_boxes(table, **QUANTITY)
    )
    fewer = table[(table["n_labels"] != 1000) | (table["draw"] < 2)]
    assert "2–4 draws" in words(label_masking.mae_boxes(fewer, **QUANTITY))


def test_boxes_and_points_show_all_fits():
    ax = label_masking.mae_boxes(results(), **QUANTITY).axes[0]
    points = np.concatenate([np.asarray(c.get_offsets())[:, 1] for c in ax.collections])
    ridge = results().query("head == 'ridge'")["mae"].to_numpy()
    assert np.sort(points) == pytest.approx(np.sort(ridge))


def test_differences_have_a_zero_line_and_say_which_sign_is_better():
    fig = label_masking.paired_differences(paired(), **QUANTITY)
    assert "below zero is better" in words(fig)
    assert any(list(line.get_ydata()) == [0, 0] for line in fig.axes[0].lines)
    low, high = fig.axes[0].get_ylim()
    assert low < 0 < high


def test_several_tasks_are_refused():
    table = results()
    table.loc[0, "task"] = "gap"
    with pytest.raises(ValueError, match="one task, not 2: formation_energy, gap"):
        label_masking.mae_boxes(table, **QUANTITY)


def test_panels_of_the_curves_are_in_order_and_have_units():
    fig = pretraining.curves(losses(), unit="eV/atom")
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert [title[0] for title in titles] == list("abcdef")
    assert titles[0].endswith("local DIM (nats)")
    assert titles[4].endswith("total DIM objective (nats)")
    assert titles[5].endswith("error of the property probe (eV/atom)")


@pytest.mark.parametrize("column", ["part", "quantity"])
def test_parts_and_quantities_of_the_curves_are_known(column):
    with pytest.raises(ValueError, match=r"not \['secret'\]"):
        pretraining.curves(losses().assign(**{column: "secret"}), unit="eV/atom")


def test_colour_limits_of_the_maps_are_robust_and_shared():
    fig = embedding_map.maps(map_table(), **QUANTITY)
    limits = {scatter.get_clim() for ax in fig.axes for scatter in ax.collections[:1]}
    assert "2nd to the 98th percentile" in words(fig)
    assert "50 crystals" in words(fig)
    low, high = np.percentile(map_table()["value"], (2, 98))
    assert (low, high) in limits
    assert high < 1e6


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
