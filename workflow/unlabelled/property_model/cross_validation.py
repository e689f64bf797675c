"""How well every way predicts crystals of formulas that it has not seen."""

import logging

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from unlabelled import seeds
from unlabelled.claims.verdict import of_repetitions
from unlabelled.errors import UserError
from unlabelled.property_model.described import LABEL, Described, Floats
from unlabelled.property_model.ways import (
    WAYS,
    Rows,
    by_head,
    by_network,
    encoders,
    networks,
)
from unlabelled.site_net.encoder import SiteNet

_FOLDS = 5
_FEWEST = 20  # labels; with fewer, errors say nothing

log = logging.getLogger(__name__)


def folds(formulas: pd.Series, seed: int) -> list[tuple[Rows, Rows]]:
    """Return rows to train on and to test on, all crystals of a formula on one side.

    Raises
    ------
    UserError
        If there are too few crystals or formulas.
    """
    if len(formulas) < _FEWEST or formulas.nunique() < _FOLDS:
        raise UserError(
            f"{len(formulas)} labelled crystals of {formulas.nunique()} formulas: too few to "
            f"learn from and to test on; at least {_FEWEST} of {_FOLDS} formulas are needed"
        )
    random_state = seeds.integer(seed, "property_model", "folds") % 2**32
    by_formula = GroupKFold(_FOLDS, shuffle=True, random_state=random_state)
    return list(by_formula.split(formulas, groups=formulas))


def cross_validate(crystals: Described, pretrained: SiteNet, seed: int) -> dict[str, Floats]:
    """Predict every crystal by every way, trained without its formula.

    Parameters
    ----------
    crystals
        With labels, n.
    pretrained
        Encoder.
    seed
        Of folds, encoders without training, and heads.

    Returns
    -------
    dict
        (n,) predictions by name in :data:`~unlabelled.property_model.ways.WAYS`.

    Raises
    ------
    UserError
        See :func:`folds`.
    """
    labels = crystals.rows[LABEL].to_numpy(float)
    parts = folds(crystals.rows["formula_reduced"], seed)
    of_ways = encoders(pretrained, seed)
    found = {}
    for name, way in WAYS.items():
        log.info("cross-validating: %s", way.says)
        of_way = found[name] = np.empty(len(labels))
        if way.sees == "crystal":
            models = networks(
                of_ways[way.encoder], crystals, labels, [train for train, _ in parts], seed
            )
            for model, (_, test) in zip(models, parts, strict=True):
                of_way[test] = by_network(model, crystals, test)
            continue
        X = crystals.statistics
        if way.sees == "sites":
            X = np.hstack([X, crystals.sites(of_ways[way.encoder])])
        for train, test in parts:
            if way.sees == "nothing":
                of_way[test] = np.median(labels[train])
            else:
                of_way[test] = by_head(X[train], labels[train], X[test], seed)
    return found


def report(labels: Floats, predictions: dict[str, Floats]) -> pd.DataFrame:
    """Say how large errors are, and what pre-training changes.

    Parameters
    ----------
    labels
        (n,).
    predictions
        What :func:`cross_validate` returned.

    Returns
    -------
    pandas.DataFrame
        A row per way: ``way``, ``what``, ``mae``, ``rmse`` and their ``share`` of the error of the
        constant; of pre-trained ways also ``pretraining``, by how much it changes the mean absolute
        error, with a 95 % interval over the crystals (``low``, ``high``).
    """
    errors = {name: np.abs(found - labels) for name, found in predictions.items()}
    rows = []
    for name, error in errors.items():
        row = {
            "way": name,
            "what": WAYS[name].says,
            "mae": error.mean(),
            "rmse": np.sqrt((error**2).mean()),
            "share": error.mean() / errors["constant"].mean(),
        }
        without = WAYS[name].without
        if without is not None:
            change = of_repetitions(error - errors[without])
            row |= {"pretraining": change.value, "low": change.low, "high": change.high}
        rows.append(row)
    return pd.DataFrame(rows)


def best(rows: pd.DataFrame) -> str:
    """Return the way of smallest error, the constant left out."""
    ways = rows[rows["way"] != "constant"]
    return str(ways.sort_values("mae", kind="stable")["way"].iloc[0])
