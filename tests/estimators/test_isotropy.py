import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from unlabelled.estimators.isotropy import ClusterIsotropy
from unlabelled.isotropy import isotropy

POINTS = np.random.default_rng(0).standard_normal((60, 3)) * [1, 2, 5]


@parametrize_with_checks(
    [
        ClusterIsotropy(),
        ClusterIsotropy(KMeans(2, n_init=1, random_state=0), ["participation_ratio"]),
    ]
)
def test_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_measures_are_those_of_the_library():
    labels = np.arange(60) % 2
    found = ClusterIsotropy(measures=["isoscore", "i_vec"]).fit(POINTS, labels)
    rows = found.isotropy_.set_index("measure")
    for name in ("isoscore", "i_vec"):
        assert rows.loc[name, "value"] == float(isotropy(POINTS, labels, name))
    assert (rows["z"] < -2).all()
    assert found.labels_.tolist() == labels.tolist()


def test_clusters_of_a_clusterer_are_scored():
    pipeline = make_pipeline(StandardScaler(), ClusterIsotropy(KMeans(3, random_state=0)))
    frame = pd.DataFrame(POINTS, columns=["x", "y", "z"])
    pipeline.fit(frame)
    scaled = pipeline[0].transform(frame)
    wanted = float(isotropy(scaled, pipeline[1].labels_, "isoscore"))
    assert pipeline.score(frame) == pytest.approx(wanted)
    low_is_round = ClusterIsotropy(measures=["mean_cosine"]).fit(POINTS)
    assert low_is_round.score(POINTS) == pytest.approx(-low_is_round.isotropy_["value"].iloc[0])


def test_what_cannot_be_measured():
    with pytest.raises(ValueError, match="'roundness'"):
        ClusterIsotropy(measures=["roundness"]).fit(POINTS)
    with pytest.raises(ValueError, match="60 points"):
        ClusterIsotropy().fit(POINTS, [0, 1])
