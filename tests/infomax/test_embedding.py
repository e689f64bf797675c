import numpy as np
import pytest
import torch

from unlabelled import tables
from unlabelled.infomax import embedding
from unlabelled.infomax.embedding import SCHEMA, embed, to_table
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.options import PRESETS
from unlabelled.point_set.quotient import every_site, quotient
from unlabelled.point_set.ragged import collate
from unlabelled.site_net.encoder import READOUTS


@pytest.fixture
def encoder():
    return initialise(PRESETS["corrected"], 0).encoder


def test_readouts_come_in_the_order_given_whatever_the_batches(
    encoder, point_sets, tmp_path, monkeypatch
):
    with torch.no_grad():
        one_by_one = [encoder.readouts(collate([every_site(p)])) for p in point_sets]
    expected = {name: torch.cat([r[name] for r in one_by_one]).numpy() for name in READOUTS}
    crystals = [quotient(p) for p in point_sets]
    for budget in (1, 200, 10_000):
        monkeypatch.setattr(embedding, "_PAIRS_PER_BATCH", budget)
        found = embed(encoder, crystals)
        for name in READOUTS:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-4)
    names = [str(i) for i in range(len(crystals))]
    tables.write(to_table(names, found), tmp_path / "e.parquet", SCHEMA, {})
    read = tables.read(tmp_path / "e.parquet")
    assert list(read.material_id) == names
    for name in READOUTS:
        np.testing.assert_array_equal(np.stack(read[name]), found[name])


def test_readouts_of_sites(encoder, point_sets):
    batch = collate([every_site(point_sets[4])])
    with torch.no_grad():
        local, found = encoder.local.represent(batch), encoder.readouts(batch)
        assert torch.equal(found["embedding"], encoder(batch))
    torch.testing.assert_close(found["sites"][0, :32], local.mean(0))
    torch.testing.assert_close(found["sites"][0, 32:], local.std(0, unbiased=False))
