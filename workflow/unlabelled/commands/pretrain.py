"""``unlabelled pretrain``: an encoder of one's own crystals."""

from pathlib import Path

import click

from unlabelled.commands import crystals as of_crystals


@click.command(short_help="An encoder of your crystals, trained without labels.")
@of_crystals.CRYSTALS
@click.option("--epochs", type=click.IntRange(1), default=20, help="At most.")
@click.option("--seed", default=0, help="Of everything random.")
@of_crystals.new_folder("encoder, domain and card")
def pretrain(crystals: tuple[Path, ...], epochs: int, seed: int, output: Path) -> None:
    """Train an encoder on crystals without labels, by the corrected method of the default study.

    Thousands of crystals are of use, and all you have that resemble those of interest. `embed` and
    `finetune` take the folder with `--encoder`; what it is worth for a property, `finetune` says.
    An interrupted training goes on from its last whole epoch when the command is given again.

    \b
    Example:
      unlabelled pretrain cifs more.zip -o my-encoder
    """
    import tempfile

    from unlabelled import own_crystals
    from unlabelled.pretrained import own
    from unlabelled.sources.local import of_paths

    of_crystals.prepare_training()
    with tempfile.TemporaryDirectory() as folder:
        made = own_crystals.read(lambda: of_paths(crystals), Path(folder))
        domain = own.train(made, output, epochs=epochs, seed=seed)
    click.echo(
        f"{output}: an encoder trained on {len(domain.references)} crystals; its card is "
        f"{output / 'card.md'}",
        err=True,
    )
