"""An encoder trained on crystals of one's own, with the settings of the default study."""

import shutil
from pathlib import Path

import numpy as np

from unlabelled import default_study, pretrained, tables
from unlabelled.applicability import ApplicabilityDomain
from unlabelled.infomax.initial import run_key
from unlabelled.infomax.options import variant
from unlabelled.infomax.runs import digest, digest_of
from unlabelled.infomax.training import Crystals, TrainingOptions, pretrain
from unlabelled.own_crystals import OwnCrystals, likeness
from unlabelled.point_set.shards import Shards
from unlabelled.pretrained import card
from unlabelled.site_net import weights

VARIANT = "extended"  # of the default study, what served regressors best


def train(crystals: OwnCrystals, folder: Path, *, epochs: int, seed: int) -> ApplicabilityDomain:
    """Train an encoder and write it with domain and card; go on where an interrupted run stopped.

    Parameters
    ----------
    crystals
        What to train on.
    folder
        To write. What an interrupted run needs to go on is beside it, in a folder whose name begins
        with a dot, until it is done.
    epochs
        At most.
    seed
        Of everything random.

    Returns
    -------
    ApplicabilityDomain
        Of the crystals.

    Raises
    ------
    UserError
        If there are too few crystals.
    """
    config, _ = default_study.read()
    settings = config["pretraining"]["variants"][VARIANT]
    options = variant(settings)
    names = ("learning_rate", "patience", "sites_per_batch", "accelerator", "devices")
    training = {name: config["pretraining"][name] for name in names} | {"max_epochs": epochs}
    shards = Shards([crystals.point_sets], quotient=options.quotient)
    shown = Crystals(shards, np.full((len(shards), 1), np.nan))
    of_run = {
        "variant": {name: value for name, value in settings.items() if name != "pool"},
        "training": training,
        "seed": seed,
        "crystals": digest(shards.ids, shown),
    }
    checkpoints = folder.with_name(f".{folder.name}-{digest_of(of_run)}")
    encoder, history = pretrain(
        shown, options, TrainingOptions(**training), run_key(seed, 0), checkpoints
    )
    known = tables.read(crystals.table, ["material_id", "formula_reduced", "elements"])
    known = known.set_index("material_id")
    domain = ApplicabilityDomain.of(likeness(crystals), known["formula_reduced"])
    file = weights.content(encoder, of_run)
    text = f"""# An encoder of your own crystals, trained without labels

Deep InfoMax pre-training of a Site-Net encoder, variant `{VARIANT}` of the default study, by
`unlabelled pretrain`.

- **Data**: {len(shards)} crystals, given by you; no label was used.
{card.facts(known, domain, history, training, encoder, file)}
What it is worth for a property was not measured: `unlabelled finetune --encoder` says so.
"""
    pretrained.write(folder, file, domain, text)
    shutil.rmtree(checkpoints)
    return domain
