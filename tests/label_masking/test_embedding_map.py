import numpy as np
import pandas as pd
import pytest

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.label_masking.embedding_map import tsne
from unlabelled.label_masking.schema import EMBEDDING_MAP


@pytest.fixture
def embeddings():
    generator = np.random.default_rng(0)
    ids = [f"mp-{i}" for i in range(60)]
    group = np.repeat([0, 1], 30)
    separated = generator.normal(size=(60, 8)) + 40 * group[:, None]
    return {
        "untrained": (ids, generator.normal(size=(60, 8)).astype(np.float32)),
        "corrected": (ids[::-1], separated[::-1]),
    }


VALUES = {f"mp-{i}": float(i >= 30) for i in range(60)}


def test_the_same_crystals_for_every_arm_and_groups_stay_apart(embeddings, tmp_path):
    table = tsne("gap", embeddings, VALUES, seed=0, perplexity=10)
    tables.write(table, tmp_path / "map.parquet", EMBEDDING_MAP, {})
    ids = [list(rows["material_id"]) for _, rows in table.groupby("arm")]
    assert ids[0] == ids[1]
    rows = table[table["arm"] == "corrected"]
    xy, value = rows[["x", "y"]].to_numpy(), rows["value"].to_numpy()
    distance = np.linalg.norm(xy[:, None] - xy[None], axis=-1) + np.eye(60) * 1e9
    assert (value[distance.argmin(axis=1)] == value).all()
    pd.testing.assert_frame_equal(table, tsne("gap", embeddings, VALUES, seed=0, perplexity=10))


def test_crystals_are_sampled_and_those_without_a_value_left_out(embeddings):
    values = VALUES | {"mp-5": float("nan")}
    values.pop("mp-6")
    table = tsne("gap", embeddings, values, seed=0, perplexity=5, max_points=20)
    assert len(table) == 40
    everyone = tsne("gap", embeddings, values, seed=0, perplexity=5)
    assert len(everyone) == 116
    assert not {"mp-5", "mp-6"} & set(everyone["material_id"])


def test_too_few_crystals_and_no_arm(embeddings):
    with pytest.raises(UserError, match=r"60 crystals .* perplexity 60"):
        tsne("gap", embeddings, VALUES, seed=0, perplexity=60)
    with pytest.raises(ValueError, match="no arm"):
        tsne("gap", {}, VALUES, seed=0)
