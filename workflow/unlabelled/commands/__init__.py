"""The command line: ``unlabelled COMMAND``, for one's own crystals, formulas and sets of elements.

A command prints what it found on standard output, as a table or with ``--json`` for other programs,
and what happens meanwhile on standard error. It ends with status 0; with 1 if something that a
person can mend stopped it, which it says in one line; with 2 if it was called in a wrong way.
"""

import logging
import sys
import warnings
from typing import Any

import click

from unlabelled.commands.cluster import cluster
from unlabelled.commands.doctor import doctor
from unlabelled.commands.embed import embed
from unlabelled.commands.example import example
from unlabelled.commands.explain import explain
from unlabelled.commands.fetch import fetch
from unlabelled.commands.finetune import finetune
from unlabelled.commands.init import init
from unlabelled.commands.isotropy import isotropy
from unlabelled.commands.predict import predict
from unlabelled.commands.pretrain import pretrain
from unlabelled.commands.rank import rank
from unlabelled.errors import UserError
from unlabelled.logs import advice

_NETWORKS = {"torch", "lightning", "numba", "llvmlite", "safetensors"}  # of the extra


class _Main(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; of what a person can mend, say what to do, without a traceback."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if error.name not in _NETWORKS:
                raise
            advised = f"this needs {error.name}; pip install 'unlabelled[networks]'"
            raise click.ClickException(advised) from error
        except Exception as error:
            what = str(error) if isinstance(error, UserError) else advice(error)
            if what is None:
                raise
            raise click.ClickException(what) from error


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="unlabelled")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what was found.")
def main(quiet: bool) -> None:
    """Learn from materials without labels.

    Each command answers one question about your own data; the workflow that compares all methods
    is started by `unlabelled init`.
    """
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(message)s",
        stream=sys.stderr,
        force=True,
    )
    # pymatgen's advice on elements that it knows little of; what is refused is said anyway
    warnings.filterwarnings("ignore", message="No Pauling electronegativity")
    if not quiet:  # of other libraries, warnings alone
        logging.getLogger().setLevel(logging.WARNING)
        logging.getLogger("unlabelled").setLevel(logging.INFO)


for command in (
    example,
    embed,
    pretrain,
    finetune,
    predict,
    cluster,
    isotropy,
    rank,
    explain,
    init,
    fetch,
    doctor,
):
    main.add_command(command)
