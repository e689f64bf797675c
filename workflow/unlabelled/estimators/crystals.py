"""Crystals to vectors, as a transformer of scikit-learn."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from unlabelled import own_crystals, pretrained
from unlabelled.errors import UserError
from unlabelled.infomax.embedding import embed
from unlabelled.own_crystals import of_structures
from unlabelled.point_set.shards import Shards
from unlabelled.pretrained import own
from unlabelled.site_net.encoder import READOUTS

Floats = npt.NDArray[np.float64]


class DeepInfoMaxEmbedder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Embed crystals by an encoder that was trained without labels.

    X is a sequence of crystals: structures of pymatgen, or atoms of ASE.

    Parameters
    ----------
    encoder
        Folder of an encoder, as ``unlabelled pretrain`` makes it; None: that of the package.
    readout
        What is read from the encoder: ``sites``, ``pooled`` or ``embedding``, as published.
    pretrain
        Train an encoder on the crystals of ``fit`` instead.
    epochs
        Of that training, at most.
    random_state
        Of that training.

    Attributes
    ----------
    encoder_
        The encoder.
    domain_
        Of the crystals that it was trained on.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from unlabelled.estimators.crystals import DeepInfoMaxEmbedder
    >>> model = make_pipeline(DeepInfoMaxEmbedder(), RidgeCV())
    """

    def __init__(
        self,
        encoder: str | Path | None = None,
        readout: str = "sites",
        *,
        pretrain: bool = False,
        epochs: int = 20,
        random_state: int = 0,
    ) -> None:
        self.encoder = encoder
        self.readout = readout
        self.pretrain = pretrain
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X: Any, y: object = None) -> Self:
        """Read the encoder, or train one on these crystals; labels are not looked at.

        Raises
        ------
        ValueError
            If the readout is not known, there are too few crystals to train on, or one is refused.
        """
        del y
        if self.readout not in READOUTS:
            raise ValueError(f"readout {self.readout!r} is none of {', '.join(READOUTS)}")
        if not self.pretrain:
            known = pretrained.load(self.encoder or pretrained.FOLDER)
        else:
            with tempfile.TemporaryDirectory() as folder, _as_value_errors():
                trained = Path(folder) / "encoder"
                own.train(
                    _read(X, Path(folder)), trained, epochs=self.epochs, seed=self.random_state
                )
                known = pretrained.load(trained)
        self.encoder_, self.domain_ = known.encoder, known.domain
        return self

    def transform(self, X: Any) -> Floats:
        """Return the vectors of n crystals, (n, width).

        Raises
        ------
        ValueError
            If a crystal is refused, with the reason.
        """
        return self._read_out(X)[self.readout].astype(np.float64)

    def distance(self, X: Any) -> Floats:
        """Return the distance of crystals to the nearest of those trained on, (n,)."""
        check_is_fitted(self, "domain_")
        with tempfile.TemporaryDirectory() as folder:
            return self.domain_.distance(own_crystals.likeness(_read(X, Path(folder))))

    def inside(self, X: Any) -> npt.NDArray[np.bool_]:
        """Return whether that distance is one that a hundredth of the training exceeds, (n,)."""
        return self.distance(X) <= self.domain_.limit

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns."""
        del input_features
        return np.array([f"{self.readout}{i}" for i in range(READOUTS[self.readout])], object)

    def _read_out(self, X: Any) -> dict[str, np.ndarray]:
        check_is_fitted(self, "encoder_")
        with tempfile.TemporaryDirectory() as folder:
            crystals = _read(X, Path(folder))
            return embed(self.encoder_, Shards([crystals.point_sets], quotient=True))


def _read(X: Any, folder: Path) -> own_crystals.OwnCrystals:
    """Read crystals, all of which must be usable."""
    crystals = list(X)
    if not crystals:
        raise ValueError("there are no crystals")
    entries = list(of_structures(crystals))
    with _as_value_errors():
        found = own_crystals.read(lambda: entries, folder)
    if len(found.rejected):
        entry, reason, message = found.rejected[["entry", "reason", "message"]].iloc[0]
        raise ValueError(f"crystal {entry} cannot be embedded: {reason}: {message}")
    return found


@contextmanager
def _as_value_errors() -> Iterator[None]:
    """Raise what a person can mend as what callers of scikit-learn expect."""
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from error
