import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from unlabelled import tables
from unlabelled.errors import SourceError, UserError
from unlabelled.isotropy import MEASURES, digits
from unlabelled.isotropy.digits_table import DIGITS
from unlabelled.plots import digits as plot
from unlabelled.plots import style
from unlabelled.sources import catalogue, registry
from unlabelled.sources.digits import Digits, read
from unlabelled.sources.fetch import fetch

ROOT = Path(__file__).parents[2]
OPTIONS = digits.Options(
    held_out=60,
    epochs=(1, 3),
    learning_rate=1e-3,
    digits_per_batch=16,
    measures=("i_vec", "participation_ratio_corrected"),
)


@pytest.fixture(scope="module")
def pictures():
    """Twenty noisy pictures of every class, its square of pixels bright."""
    random = np.random.default_rng(0)
    classes = np.arange(200) % 10
    pixels = random.random((200, 28, 28)) / 4
    for picture, digit in zip(pixels, classes, strict=True):
        picture[2 * digit : 2 * digit + 9, 3 : 3 + 2 * digit + 5] += 0.7
    return Digits(pixels.reshape(200, -1).astype(np.float32), classes)


def run(pictures, kind="classifier", seed=0, options=OPTIONS):
    return digits.run(pictures, kind, 4, seed, options, seed=2025, threads=1)


@pytest.fixture(scope="module")
def measured(pictures):
    return {kind: run(pictures, kind) for kind in ("autoencoder", "classifier")}


def lines():
    """Rows of a table of all ten digits, as lists of cells."""
    return [[(7 * digit + i) % 256 for i in range(784)] + [digit] for digit in range(10)]


def written(path, rows):
    text = "\n".join(",".join(map(str, row)) for row in rows)
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_pixels_are_read_from_0_to_1_and_the_digit_last(tmp_path):
    found = read("mnist", written(tmp_path / "d.csv.gz", lines()))
    assert found.pixels.shape == (10, 784)
    assert found.pixels.dtype == np.float32
    np.testing.assert_allclose(found.pixels[3, :2], [21 / 255, 22 / 255])
    assert found.classes.tolist() == list(range(10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [row[1:] for row in rows], "has 784 columns, not 784 pixels and the digit"),
        (lambda rows: [*rows[:9], [256, *rows[9][1:]]], "256 in row 10, column 1; .* 0 to 255"),
        (lambda rows: [[*rows[0][:-1], 10], *rows[1:]], "10 in row 1, column 785; .* 0 to 9"),
        (lambda rows: [*rows, ["x", *rows[0][1:]]], "x in row 11, column 1"),
        (lambda rows: [*rows, [0.5, *rows[0][1:]]], "0.5 in row 11, column 1"),
        (lambda rows: [*rows, rows[0][:-1]], "nan in row 11, column 785"),
        (lambda rows: [*rows, [*rows[0], 1]], "is not a table of comma-separated values"),
        (lambda rows: rows[:9], "no picture of a 9"),
        (lambda rows: [], "is not a table of comma-separated values"),
    ],
)
def test_a_fault_of_the_table_names_source_file_and_place(tmp_path, change, message):
    path = written(tmp_path / "d.csv.gz", change(lines()))
    with pytest.raises(SourceError, match=message) as caught:
        read("mine", path)
    assert f"source 'mine': {path}" in str(caught.value)


def test_a_file_that_is_missing_cut_or_no_archive_is_refused(tmp_path):
    path = written(tmp_path / "d.csv.gz", lines())
    for content in (path.read_bytes()[:-40], b"digits"):
        path.write_bytes(content)
        with pytest.raises(SourceError, match="fetch it again"):
            read("mnist", path)
    with pytest.raises(SourceError, match="fetch it again"):
        read("mnist", tmp_path / "absent.csv.gz")


def test_pictures_of_digits_are_no_crystals(tmp_path):
    specs = catalogue.load(
        ROOT / "resources/sources.yaml", ROOT / "workflow/schemas/sources.schema.yaml"
    )
    assert catalogue.labels(specs["mnist"]) == {}
    with pytest.raises(SourceError, match="'mnist': a table of digits has no crystals"):
        registry.entries("mnist", specs["mnist"], tmp_path)


def test_every_class_is_held_out_alike_and_the_seed_says_which(pictures):
    trained_on, held_out = digits.split(pictures, 60, seed=1)
    assert np.bincount(held_out.classes).tolist() == [6] * 10
    assert np.bincount(trained_on.classes).tolist() == [14] * 10
    both = np.concatenate([trained_on.pixels, held_out.pixels])
    assert len(np.unique(both, axis=0)) == 200
    assert np.array_equal(digits.split(pictures, 60, seed=1)[1].pixels, held_out.pixels)
    assert not np.array_equal(digits.split(pictures, 60, seed=2)[1].pixels, held_out.pixels)
    with pytest.raises(UserError, match=r"digits\.held_out: 195 of 200 digits"):
        digits.split(pictures, 195, seed=1)


def test_the_table_has_its_schema_and_every_combination_once(measured, tmp_path):
    for kind, table in measured.items():
        tables.write(table, tmp_path / "d.parquet", DIGITS, {})
        assert set(table["network"]) == {kind}
        keys = ["epoch", "grouping", "measure", "implementation"]
        assert not table.duplicated(keys).any()
        assert len(table) == 3 * 2 * 3  # epochs, groupings, i_vec twice
        assert set(table["epoch"]) == {0, 1, 3}
        published = table["implementation"] == "published"
        chance = table[["null_mean", "null_sd", "z"]].isna()
        assert chance[published].all(axis=None)
        assert not chance[~published].any(axis=None)
        assert table[["silhouette", "ari", "lda_accuracy", "loss"]].notna().all(axis=None)
        # a cluster of one point leaves the published average without a value
        assert (table["value"].isna() <= (published & (table["excluded_weight"] > 0))).all()
        assert (table["excluded_weight"] == 0)[table["grouping"] == "class"].all()


def test_both_networks_start_with_the_same_encoder_which_is_the_untrained_one(pictures, measured):
    trained_on, held_out = digits.split(pictures, OPTIONS.held_out, 2025)
    key = digits.seeds.integer(2025, "digits", "run", 0)
    network = digits.Network("autoencoder", 4, trained_on, OPTIONS, key)
    with torch.inference_mode():
        embedded = network.encoder(torch.from_numpy(held_out.pixels)).numpy()
    snapshots = digits.train("autoencoder", 4, trained_on, held_out, OPTIONS, key)
    np.testing.assert_array_equal(snapshots[0].held_out, embedded)
    assert [snapshot.epoch for snapshot in snapshots] == [0, 1, 3]
    untrained = [
        table[table["epoch"] == 0].drop(columns=["network", "loss"]) for table in measured.values()
    ]
    pd.testing.assert_frame_equal(*untrained)


@pytest.mark.parametrize("kind", ["autoencoder", "classifier"])
def test_training_lowers_the_loss(measured, kind):
    losses = measured[kind].groupby("epoch")["loss"].first()
    assert losses[3] < losses[1] < losses[0]


def test_a_classifier_separates_the_classes(measured):
    of_class = measured["classifier"].query("grouping == 'class'").set_index("epoch")
    assert of_class["silhouette"].loc[3].max() > of_class["silhouette"].loc[0].max()


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(pictures, measured):
    pd.testing.assert_frame_equal(run(pictures), measured["classifier"])
    other = run(pictures, seed=1)
    assert not np.isclose(other["value"], measured["classifier"]["value"]).any()


def test_later_epochs_do_not_depend_on_which_are_measured(pictures, measured):
    fewer = run(pictures, options=digits.Options(60, (3,), 1e-3, 16, OPTIONS.measures))
    expected = measured["classifier"].query("epoch != 1").reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, expected)


def test_the_schema_offers_every_measure():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    offered = schema["properties"]["digits"]["properties"]["measures"]["items"]["enum"]
    assert set(offered) == set(MEASURES)


def test_the_figure_has_a_row_for_every_measure_and_one_for_the_accuracy(measured, tmp_path):
    table = pd.concat(measured.values(), ignore_index=True)
    figure = plot.curves(pd.concat([table, table.assign(size=16)]))
    style.save(figure, [tmp_path / "d.png"])
    labels = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
    assert labels == ["I_vec", "PR, unbiased", "accuracy"]
    assert [ax.get_xlabel() for ax in figure.axes if ax.get_xlabel()] == [
        "size of the embedding",
        "epoch",
    ]
    assert {line.get_label() for line in figure.legends[0].get_lines()} == {
        *("untrained", "autoencoder", "classifier")
    }
    with pytest.raises(ValueError, match="nothing to draw"):
        plot.curves(table.iloc[:0])


@pytest.mark.registry
def test_downloads_from_the_registry(tmp_path):
    mnist = catalogue.load(
        ROOT / "resources/sources.yaml", ROOT / "workflow/schemas/sources.schema.yaml"
    )["mnist"]
    fetch("mnist", mnist, tmp_path / "mnist_5k.csv.gz", [])
    found = read("mnist", tmp_path / "mnist_5k.csv.gz")
    assert np.bincount(found.classes).tolist() == [500] * 10
