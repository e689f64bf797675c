"""The variants of Deep InfoMax: every difference between them is one named option."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from unlabelled.errors import UserError
from unlabelled.site_net.fused import Activation

#: The domain-aware false samples: of the local stage the first two, of the global one the others.
ENGINEERED_NEGATIVES = (
    "wrong_distances",
    "wrong_species",
    "composition_swapped",
    "structure_swapped",
    "permuted",
)


@dataclass(frozen=True, slots=True)
class InfoMaxOptions:
    """One variant of the objective. The defaults are the corrected method.

    Fault numbers D1 ... D28 refer to the audit of the authors' code in the documentation of this
    project; options without a number are the same in both presets and exist for ablations.

    Attributes
    ----------
    local_activation
        Activation of the local encoder and of the local scorer. Published: ReLU, because the
        configured mish does not reach them (D1).
    negative_padding
        Padding of local negatives that mix two sites' rows. Published: that of the species' row,
        so that padding, at distance 0, gets the largest weight (``mismatched``); corrected: that of
        the distances' row (``matched``) (D4).
    kl_form
        Published: ½μ² + e^s − s (``authors``); corrected: ½(μ² + e^s − s − 1) (``textbook``) (D5).
    selection
        What chooses the best epoch. Published: the validation error of a property probe, which sees
        all labels of the training part (``property_probe``); corrected: the validation DIM loss
        (``dim_loss``) (D6).
    validation
        Published: noise and random permutations in validation, batches averaged unweighted
        (``sampled``); corrected: no noise, the same draws at every epoch, mean over crystals
        (``deterministic``) (D16).
    identical_negatives
        Negatives whose inputs equal the positive's, as in elemental crystals: ``kept`` as published
        or ``masked``, and with them the sites that have no other negative (D21).
    donors
        Where negatives come from. Published: the site half a batch away (``roll``), which mixes
        several crystals; corrected: for every crystal one other crystal, drawn at random
        (``derangement``) (D22).
    validation_fraction
        Share of the pre-training crystals kept for validation. Published 0.05; corrected 0.10, to
        make early stopping meaningful (D25).
    permutation
        Reassignment of species to distances in the permuted negative. Published: all padded
        columns, so that composition is kept only approximately (``padded_columns``); corrected:
        the crystal's own atoms (``own_columns``) (D28).
    quotient
        Encode classes of equal sites instead of sites: several times faster, and for the true
        environments exact. False ones are then drawn by class; see :mod:`.class_negatives`. Not
        with published negatives, which are defined by sites.
    engineered_negatives
        Which of :data:`ENGINEERED_NEGATIVES` are used beside those from other crystals.
    distance_exponent
        e in the weight (d + 1)^−e of an atom at distance d (in Å) in the local objective (D27).
    kl_weight
        Weight of the KL terms; with 0 representations are not sampled.
    composition_weight
        λ of the adversarial composition term (D2). The decoder is trained on detached
        representations: as released, the step back-propagates twice through one graph and cannot
        run (D3).
    """

    local_activation: Activation = "mish"
    negative_padding: Literal["mismatched", "matched"] = "matched"
    kl_form: Literal["authors", "textbook"] = "textbook"
    selection: Literal["property_probe", "dim_loss"] = "dim_loss"
    validation: Literal["sampled", "deterministic"] = "deterministic"
    identical_negatives: Literal["kept", "masked"] = "masked"
    donors: Literal["roll", "derangement"] = "derangement"
    validation_fraction: float = 0.10
    permutation: Literal["padded_columns", "own_columns"] = "own_columns"
    quotient: bool = True
    engineered_negatives: tuple[str, ...] = ENGINEERED_NEGATIVES
    distance_exponent: float = 2.0
    kl_weight: float = 0.1
    composition_weight: float = 0.0


PRESETS = {
    "as_published": InfoMaxOptions(
        local_activation="relu",
        negative_padding="mismatched",
        kl_form="authors",
        selection="property_probe",
        validation="sampled",
        identical_negatives="kept",
        donors="roll",
        validation_fraction=0.05,
        permutation="padded_columns",
        quotient=False,
    ),
    "corrected": InfoMaxOptions(),
}


def variant(settings: Mapping[str, Any]) -> InfoMaxOptions:
    """Options of a variant as the configuration states it.

    Parameters
    ----------
    settings
        ``preset`` (a key of :data:`PRESETS`) and any options that differ from it; what else a
        variant states (its pool, whether it is trained) does not concern the objective.

    Returns
    -------
    InfoMaxOptions

    Raises
    ------
    UserError
        If negatives that are defined by sites are asked for together with the quotient.
    """
    names = {field.name for field in fields(InfoMaxOptions)}
    changes = {key: value for key, value in settings.items() if key in names}
    if "engineered_negatives" in changes:
        changes["engineered_negatives"] = tuple(changes["engineered_negatives"])
    options = replace(PRESETS[settings["preset"]], **changes)
    of_sites = {
        name: getattr(options, name)
        for name in ("donors", "permutation", "negative_padding")
        if getattr(options, name) != getattr(PRESETS["corrected"], name)
    }
    if options.quotient and of_sites:
        raise UserError(
            f"a variant with {of_sites} is defined by sites: add quotient: false to its options"
        )
    return options
