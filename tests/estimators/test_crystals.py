import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline

from unlabelled.estimators.crystals import DeepInfoMaxEmbedder


@pytest.fixture(scope="module")
def crystals(materials):
    return list(materials.values())


@pytest.fixture(scope="module")
def embedder(crystals):
    return DeepInfoMaxEmbedder().fit(crystals)


def test_atoms_are_crystals_too(embedder, crystals):
    atoms = [
        Atoms(
            numbers=list(crystal.atomic_numbers),
            scaled_positions=crystal.frac_coords,
            cell=crystal.lattice.matrix,
            pbc=True,
        )
        for crystal in crystals
    ]
    assert embedder.transform(atoms) == pytest.approx(embedder.transform(crystals), abs=1e-5)


def test_pandas_in_pandas_out(embedder, materials):
    series = pd.Series(materials)
    of_pandas = clone(embedder).set_output(transform="pandas").fit(series)
    found = of_pandas.transform(series[:3])
    assert found.index.tolist() == list(materials)[:3]
    assert found.columns.tolist() == [f"sites{i}" for i in range(64)]
    assert found.to_numpy() == pytest.approx(embedder.transform(list(series[:3])))


def test_a_regressor_behind_it(crystals):
    electronegativity = [crystal.composition.average_electroneg for crystal in crystals]
    model = make_pipeline(DeepInfoMaxEmbedder(), RidgeCV()).fit(crystals, electronegativity)
    assert np.corrcoef(model.predict(crystals), electronegativity)[0, 1] > 0.9


def test_an_encoder_of_these_crystals(embedder, crystals):
    trained = DeepInfoMaxEmbedder(readout="embedding", pretrain=True, epochs=1).fit(crystals * 2)
    found = trained.transform(crystals[:2])
    assert found.shape == (2, len(trained.get_feature_names_out()))
    assert trained.inside(crystals).all()
    assert trained.distance(crystals).max() < 1e-3
    assert not np.allclose(
        found, clone(embedder).set_params(readout="embedding").fit([]).transform(crystals[:2])
    )


def test_what_is_no_crystal(embedder, crystals):
    with pytest.raises(NotFittedError):
        DeepInfoMaxEmbedder().transform(crystals)
    with pytest.raises(ValueError, match="crystal 1 is a str"):
        embedder.transform([crystals[0], "NaCl"])
    with pytest.raises(ValueError, match="not periodic"):
        embedder.transform([Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]], cell=[5, 5, 5])])
    overlapping = crystals[0].copy()
    overlapping.append("Na", [0.001, 0, 0])
    with pytest.raises(ValueError, match="crystal 1 cannot be embedded: overlapping sites"):
        embedder.transform([crystals[1], overlapping])
    with pytest.raises(ValueError, match="there are no crystals"):
        embedder.transform([])
    with pytest.raises(ValueError, match="0 for validation: too few"):
        DeepInfoMaxEmbedder(pretrain=True).fit(crystals)
    with pytest.raises(ValueError, match="readout 'mean' is none of embedding, pooled, sites"):
        DeepInfoMaxEmbedder(readout="mean").fit(crystals)
