import numpy as np
import pytest
import torch

from unlabelled.errors import UserError
from unlabelled.phase_field import novelty
from unlabelled.phase_field.fields import ids


def rows(n=60, d=6):
    random = np.random.default_rng(0)
    return (5 + 3 * random.normal(size=(n, 2)) @ random.normal(size=(2, d))).astype(np.float32)


@pytest.fixture(scope="module")
def networks():
    return novelty.train(rows(), [1, 2])


def test_the_published_score_compares_numbers_of_different_kinds(networks):
    published = novelty.distances(networks, rows())
    consistent = novelty.distances(networks, rows(), "standardised")
    x = torch.from_numpy(rows())
    expected = [
        (torch.sqrt(((x - y) ** 2).sum(1)), torch.sqrt(((z - y) ** 2).sum(1)))
        for network in networks
        for z, y in [network(x)]
    ]
    for found, pair in zip((published, consistent), zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(found, torch.stack(pair).mean(0).detach(), rtol=1e-5)
    # outputs are in 0..1, numbers around 5: what counts is how large the numbers are
    lengths = np.linalg.norm(rows(), axis=1)
    assert np.corrcoef(published, lengths)[0, 1] > 0.99
    assert abs(np.corrcoef(consistent, lengths)[0, 1]) < 0.9


def test_reconstructions_are_of_standardised_rows(networks):
    standardised, reconstructed = networks[0](torch.from_numpy(rows()))
    np.testing.assert_allclose(standardised.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(0, correction=0), 1, rtol=1e-5)
    assert 0 < reconstructed.min() < reconstructed.max() < 1


def test_numbers_that_are_equal_in_all_fields_do_no_harm():
    same = np.hstack([rows(), np.ones((60, 1), np.float32)])
    assert np.isfinite(novelty.distances(novelty.train(same, [0]), same)).all()


def test_members_depend_on_their_own_seeds_alone(networks):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    (second,) = novelty.train(rows(), [2])
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(
        novelty.distances([second], rows()), novelty.distances(networks[1:], rows())
    )
    assert (novelty.distances(networks[:1], rows()) != novelty.distances([second], rows())).any()


def test_training_learns_and_stops(monkeypatch):
    monkeypatch.setattr(novelty, "_EPOCHS", 1)
    short = novelty.train(rows(400), [3])[0]
    monkeypatch.setattr(novelty, "_EPOCHS", 60)
    long = novelty.train(rows(400), [3])[0]
    x = torch.from_numpy(rows(400))
    assert long.loss(x) < short.loss(x)


def test_distances_are_normalised_over_a_list():
    assert novelty.normalised(np.array([2.0, 4.0, 3.0])).tolist() == [0, 1, 0.5]
    assert novelty.normalised(np.array([2.0, 2.0])).tolist() == [0, 0]


def test_vectors_are_concatenated_in_order_and_padded():
    vectors = np.arange(87 * 2, dtype=np.float32).reshape(87, 2)
    found = novelty.concatenated(ids(["H", "He Li"]), vectors, 3)
    assert found.tolist() == [[0, 1, 0, 0, 0, 0], [2, 3, 4, 5, 0, 0]]
    with pytest.raises(ValueError, match="2 slots do not fit into 1"):
        novelty.concatenated(ids(["B Mg"]), vectors, 1)


def test_familiarity_is_novelty_negated():
    vectors = np.random.default_rng(1).normal(size=(87, 3)).astype(np.float32)
    reported = ids(["B Mg", "Nb", "Fe O", "Ba Cu O", "H", "C H", "Nb Sn", "Al", "Na Cl"])
    known = novelty.train(novelty.concatenated(reported, vectors, 4), [1])
    for space in ("published", "standardised"):
        score = novelty.familiarity(known, vectors, 4, space)(ids(["Fe Nb", "O"]))
        given = novelty.concatenated(ids(["Fe Nb", "O"]), vectors, 4)
        np.testing.assert_array_equal(score, -novelty.distances(known, given, space))


def test_what_cannot_be_trained_on_is_an_error():
    with pytest.raises(UserError, match="2 fields are too few"):
        novelty.train(rows(2), [0])
    with pytest.raises(UserError, match="not finite"):
        novelty.train(np.full((10, 2), np.nan, np.float32), [0])
