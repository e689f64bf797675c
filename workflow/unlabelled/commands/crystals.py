"""What commands that read crystals share."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

CRYSTALS = click.argument(
    "crystals", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)


def encoder(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--encoder``."""
    return click.option(
        "--encoder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder that `unlabelled pretrain` made; by default the encoder of the package.",
    )(function)


def new_folder(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the option ``--output``, of a folder that is not there yet."""
    return click.option(
        "--output",
        "-o",
        required=True,
        type=click.Path(exists=False, path_type=Path),
        help=f"Folder to write {what} into; must not exist.",
        callback=_absent,
    )


def _absent(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    if value.exists():
        raise click.BadParameter(f"{value} exists already", context, parameter)
    return value


def prepare_training() -> None:
    """Train on one thread, and without what the training library says of devices.

    With one, the outcome does not depend on how many cores there are, as in the workflow; more make
    these small networks no faster.
    """
    import warnings

    import torch

    torch.set_num_threads(1)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    # that a length or a noise is at its bound is for those who study regressors
    logging.getLogger("unlabelled.label_masking.heads").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
