"""Leave-one-cluster-out cross-validation: how well a model extrapolates.

Meredig et al., Mol. Syst. Des. Eng. 3, 819 (2018); with clusters made under a kernel approximation,
Durdy et al., Digital Discovery 1, 763 (2022), doi:10.1039/D2DD00039C. The clusters decide the folds
alone: the model is trained on the representation as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy.stats import t
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import accuracy_score, r2_score

from unlabelled import seeds as streams
from unlabelled import tables
from unlabelled.clustering.k_means import Labels, k_means
from unlabelled.clustering.kernels import Features, approximate, random_projection
from unlabelled.composition import vectors
from unlabelled.errors import UserError
from unlabelled.tables import field

Kind = Literal["regression", "classification"]

FOLDS = pa.schema(
    [
        field("property", pa.string(), "property that is predicted"),
        field("representation", pa.string(), "representation"),
        field("folds", pa.string(), "random, or the kernel under which clusters were made"),
        field("k", pa.int8(), "number of folds"),
        field("seed", pa.int8(), "seed of folds and model"),
        field("fold", pa.int8(), "fold held out"),
        field("n_train", pa.int32(), "compositions trained on"),
        field("n_test", pa.int32(), "compositions held out"),
        field("score", pa.float64(), "R² or accuracy on the fold; none for a fold of one"),
    ]
)

SUMMARY = pa.schema(
    [
        *(FOLDS.field(name) for name in ("property", "representation", "folds")),
        field("score", pa.float64(), "mean over folds, then over k, as in the study"),
        field("low", pa.float64(), "lower end of the 95 % interval over seeds"),
        field("high", pa.float64(), "upper end"),
        field("weighted", pa.float64(), "mean over folds weighted by size, then over k"),
        field("seeds", pa.int16(), "number of seeds"),
    ]
)


def labelled(
    compositions: str | Path,
    features: Sequence[str | Path],
    task: Mapping[str, Any],
    projection: Mapping[str, Any] | None,
    *,
    seed: int,
) -> tuple[Features, npt.NDArray[np.float64]]:
    """Read the representation and the label of the compositions of a task.

    Parameters
    ----------
    compositions
        Compositions table.
    features
        Representation of these; for a projection, that which is projected and that of whose
        dimension it becomes.
    task
        ``label``, the column, and ``limit``, at most so many compositions, drawn at random.
    projection
        ``scale`` as of :func:`unlabelled.clustering.kernels.random_projection`, or None.
    seed
        The seed of the configuration.

    Returns
    -------
    features : numpy.ndarray
        (n, d).
    targets : numpy.ndarray
        (n,). Looked up by the rows of the representation, some of which may have been left out.

    Raises
    ------
    UserError
        If no composition has both.
    """
    label = tables.read(compositions, [task["label"]])[task["label"]].to_numpy(float)
    drawn = streams.generator(seed, "loco", task["label"]).permutation(len(label))
    rows, points = vectors.read(features[0])
    represented = np.full(len(label), -1)
    represented[rows] = np.arange(len(rows))
    usable = drawn[(represented[drawn] >= 0) & np.isfinite(label[drawn])]
    chosen = np.sort(usable[: task["limit"]])
    if not len(chosen):
        raise UserError(
            f"{compositions}: no composition has both {task['label']} and {features[0]}"
        )
    points = points[represented[chosen]]
    if projection is not None:
        components = vectors.read(features[1])[1].shape[1]
        drawn_from = streams.integer(seed, "projection") % 2**32
        points = random_projection(points, components, projection["scale"], drawn_from)
    return points, label[chosen]


def cross_validate(
    features: Features,
    targets: npt.NDArray[np.float64],
    *,
    kind: Kind,
    kernels: Mapping[str, Mapping[str, Any]],
    n_clusters: Sequence[int],
    seeds: Sequence[int],
    seed: int,
    threads: int,
) -> pd.DataFrame:
    """Hold out every cluster once, and every part of random partitions of as many parts.

    Parameters
    ----------
    features
        (n, d) representation.
    targets
        (n,) values, or classes as numbers.
    kind
        Whether classes or values are predicted, by random forests with scikit-learn's defaults.
    kernels
        Kernels under which clusters are made, by name.
    n_clusters
        Numbers of clusters.
    seeds
        Of kernel, k-means, partition and forest.
    seed
        The seed of the configuration.
    threads
        Threads of a forest; the outcome does not depend on them.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`FOLDS` without ``property`` and ``representation``.
    """
    forest = RandomForestRegressor if kind == "regression" else RandomForestClassifier
    score = r2_score if kind == "regression" else accuracy_score
    rows = []
    for folds, k, draw, assigned in _partitions(features, kernels, n_clusters, seeds, seed):
        model_seed = streams.integer(seed, "forest", draw) % 2**32
        for fold in np.unique(assigned):
            test = assigned == fold
            model = forest(random_state=model_seed, n_jobs=threads)
            model.fit(features[~test], targets[~test])
            enough = test.sum() > 1
            predicted = model.predict(features[test])
            rows.append(
                {
                    "folds": folds,
                    "k": k,
                    "seed": draw,
                    "fold": int(fold),
                    "n_train": int((~test).sum()),
                    "n_test": int(test.sum()),
                    "score": score(targets[test], predicted) if enough else np.nan,
                }
            )
    return pd.DataFrame(rows)


def summary(folds: pd.DataFrame) -> pd.DataFrame:
    """Average scores over folds and numbers of folds.

    Parameters
    ----------
    folds
        Columns of :data:`FOLDS`.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`SUMMARY`; intervals are Student's over the seeds.
    """
    keys = ["property", "representation", "folds"]
    scored = folds.dropna(subset="score").assign(
        of_size=lambda table: table["score"] * table["n_test"]
    )
    by_k = scored.groupby([*keys, "seed", "k"]).agg(
        score=("score", "mean"), of_size=("of_size", "sum"), size=("n_test", "sum")
    )
    by_k["weighted"] = by_k["of_size"] / by_k["size"]
    by_seed = by_k.groupby([*keys, "seed"])[["score", "weighted"]].mean()
    found = by_seed.groupby(keys).agg(
        score=("score", "mean"),
        sd=("score", "std"),
        weighted=("weighted", "mean"),
        seeds=("score", "size"),
    )
    half = t.ppf(0.975, found["seeds"] - 1) * found["sd"] / np.sqrt(found["seeds"])
    found = found.assign(low=found["score"] - half, high=found["score"] + half)
    return pd.DataFrame(found.reset_index(), columns=SUMMARY.names)


def _partitions(
    features: Features,
    kernels: Mapping[str, Mapping[str, Any]],
    n_clusters: Sequence[int],
    seeds: Sequence[int],
    seed: int,
) -> Iterator[tuple[str, int, int, Labels]]:
    for draw in seeds:
        for k in n_clusters:
            order = streams.generator(seed, "random folds", k, draw).permutation(len(features))
            yield "random", k, draw, np.asarray(order % k)
        for name, kernel in kernels.items():
            space = approximate(features, kernel, streams.integer(seed, "kernel", draw) % 2**32)
            for k in n_clusters:
                yield name, k, draw, k_means(space, k, draw, seed=seed)
