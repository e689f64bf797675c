import numpy as np
import torch

from unlabelled import tables
from unlabelled.infomax.embedding import SCHEMA, embed, to_table
from unlabelled.infomax.options import PRESETS
from unlabelled.infomax.training import initialise
from unlabelled.point_set.batch import collate


def test_embeddings_come_in_the_order_given_whatever_the_batches(point_sets, tmp_path):
    encoder = initialise(PRESETS["corrected"], 0).encoder
    with torch.no_grad():
        one_by_one = np.concatenate([encoder(collate([p])).numpy() for p in point_sets])
    for budget in (1, 20, 10_000):
        np.testing.assert_allclose(
            embed(encoder, point_sets, budget), one_by_one, rtol=1e-4, atol=1e-5
        )
    names = [str(i) for i in range(len(point_sets))]
    table = to_table(names, embed(encoder, point_sets, 100))
    tables.write(table, tmp_path / "e.parquet", SCHEMA, {})
    read = tables.read(tmp_path / "e.parquet")
    assert list(read.material_id) == names
    np.testing.assert_allclose(np.stack(read.embedding), one_by_one, rtol=1e-4, atol=1e-5)
