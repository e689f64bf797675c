"""A model on disk: a folder of tables and weights, with nothing in it that runs when it is read."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from safetensors.torch import load_file, save

from unlabelled import tables
from unlabelled.applicability import ApplicabilityDomain
from unlabelled.errors import UserError
from unlabelled.files import written_whole
from unlabelled.label_masking.fine_tuning import Regressor
from unlabelled.phase_field.calibration import conformal
from unlabelled.pretrained import Pretrained, load_domain, save_domain
from unlabelled.property_model import ways
from unlabelled.property_model.cross_validation import best, cross_validate, report
from unlabelled.property_model.described import LABEL, Described, Floats
from unlabelled.site_net import weights
from unlabelled.site_net.encoder import SiteNet
from unlabelled.tables import field

_ABOUT, _TRAINING, _ERRORS = "model.json", "training.parquet", "cross_validation.csv"
_ENCODER, _DOMAIN, _NETWORK = "encoder.safetensors", "domain.safetensors", "network.safetensors"


@dataclass(frozen=True, slots=True)
class About:
    """What a model is.

    Attributes
    ----------
    label, unit
        Of the property.
    way
        Name in :data:`unlabelled.property_model.ways.WAYS`.
    half_width
        Of the 90 % interval, in the unit of the label.
    seed
        Of everything random.
    """

    label: str
    unit: str
    way: str
    half_width: float
    seed: int


@dataclass(frozen=True)
class PropertyModel:
    """A model.

    Attributes
    ----------
    about
        What it is.
    training
        Columns material_id, formula_reduced, label and features (those of the regressor; none of a
        network).
    encoder
        That of the way; of one without, the pre-trained one.
    domain
        Of the crystals that had labels.
    network
        The fine-tuned network, if it is one.
    """

    about: About
    training: pd.DataFrame
    encoder: SiteNet
    domain: ApplicabilityDomain
    network: Regressor | None

    def predict(self, crystals: Described) -> pd.DataFrame:
        """Predict crystals.

        Returns
        -------
        pandas.DataFrame
            material_id, formula_reduced; the label, in its unit; lower and upper, the ends of its
            90 % interval; distance to the crystals with labels, and inside: whether the distance is
            one that a hundredth of these exceeds.
        """
        if self.network is not None:
            value = ways.by_network(self.network, crystals, np.arange(len(crystals.rows)))
        else:
            value = ways.by_head(
                np.stack(self.training["features"].tolist()).astype(float),
                self.training[LABEL].to_numpy(float),
                _features(self.about.way, crystals, self.encoder),
                self.about.seed,
            )
        distance = self.domain.distance(crystals.likeness)
        rows = crystals.rows[["material_id", "formula_reduced"]].copy()
        rows[self.about.label] = value
        rows["lower"] = value - self.about.half_width
        rows["upper"] = value + self.about.half_width
        rows["distance"] = distance
        rows["inside"] = distance <= self.domain.limit
        return rows


def fit(
    crystals: Described, pretrained: Pretrained, label: str, unit: str, seed: int
) -> tuple[PropertyModel, pd.DataFrame]:
    """Compare all ways by cross-validation, and make a model of the best on all labels.

    Parameters
    ----------
    crystals
        With labels.
    pretrained
        Encoder.
    label, unit
        Of the property.
    seed
        Of everything random.

    Returns
    -------
    model : PropertyModel
        Its 90 % interval holds nine in ten of the errors of the cross-validation.
    errors : pandas.DataFrame
        What :func:`unlabelled.property_model.cross_validation.report` says.

    Raises
    ------
    UserError
        If there are too few crystals.
    """
    labels = crystals.rows[LABEL].to_numpy(float)
    found = cross_validate(crystals, pretrained.encoder, seed)
    errors = report(labels, found)
    way = best(errors)
    encoder = ways.encoders(pretrained.encoder, seed).get(
        ways.WAYS[way].encoder, pretrained.encoder
    )
    unknown = np.full(len(labels), np.nan)
    width = conformal(labels, found[way], unknown, "identity").width
    network = None
    if ways.WAYS[way].sees == "crystal":
        everything = [np.arange(len(labels))]
        (network,) = ways.networks(encoder, crystals, labels, everything, seed)
        training = crystals.rows
    else:
        features = _features(way, crystals, encoder)
        training = crystals.rows.assign(features=list(features.astype(np.float32)))
    model = PropertyModel(
        About(label, unit, way, width, seed),
        training,
        encoder,
        ApplicabilityDomain.of(crystals.likeness, crystals.rows["formula_reduced"]),
        network,
    )
    return model, errors


def _features(way: str, crystals: Described, encoder: SiteNet) -> Floats:
    if ways.WAYS[way].sees == "sites":
        return np.hstack([crystals.statistics, crystals.sites(encoder)])
    return crystals.statistics


def write(model: PropertyModel, errors: pd.DataFrame, folder: str | Path) -> None:
    """Write a model into a folder, whole or not at all."""
    fields = [
        field("material_id", pa.string(), "name of the crystal"),
        field("formula_reduced", pa.string(), "reduced formula"),
        field(LABEL, pa.float64(), model.about.label, model.about.unit),
    ]
    if model.network is None:
        kind = pa.list_(pa.float32(), len(model.training["features"].iloc[0]))
        fields.append(field("features", kind, "what the regressor sees"))
    with written_whole(folder) as temporary:
        temporary.mkdir()
        (temporary / _ABOUT).write_text(json.dumps(asdict(model.about), indent=1) + "\n")
        tables.write(model.training, temporary / _TRAINING, pa.schema(fields), {})
        errors.to_csv(temporary / _ERRORS, index=False)
        weights.save(model.encoder, temporary / _ENCODER, {})
        save_domain(model.domain, temporary / _DOMAIN)
        if model.network is not None:
            tensors = {k: v.contiguous() for k, v in model.network.state_dict().items()}
            (temporary / _NETWORK).write_bytes(save(tensors))


def load(folder: str | Path) -> PropertyModel:
    """Read a model.

    Raises
    ------
    UserError
        If the folder holds no model, or a part of it is damaged.
    """
    folder = Path(folder)
    try:
        about = About(**json.loads((folder / _ABOUT).read_text()))
        training = tables.read(folder / _TRAINING)
        encoder = weights.load(folder / _ENCODER)
        domain = load_domain(folder / _DOMAIN)
        network = None
        if ways.WAYS[about.way].sees == "crystal":
            network = Regressor(encoder, training[LABEL].to_numpy(float))
            network.load_state_dict(load_file(folder / _NETWORK))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise UserError(
            f"{folder} holds no model as `unlabelled finetune` makes it: {error}"
        ) from error
    return PropertyModel(about, training, encoder, domain, network)
