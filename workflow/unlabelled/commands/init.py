"""``unlabelled init``: a study of one's own crystals with the whole workflow."""

import os
import re
import shutil
from pathlib import Path
from string import Template

import click

from unlabelled import repository
from unlabelled.commands.common import TABLE, require_columns
from unlabelled.errors import UserError
from unlabelled.files import written_whole

_TEMPLATE = Path(__file__).parents[1] / "template"
_SHOWN = (50, 100, 250, 1000)  # labels, of the default study
_SHARE = 0.7  # of the labelled crystals, at most; the training part has about 0.8


@click.command(short_help="A study of your crystals with the whole workflow.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--crystals",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Folder or zip of CIF or POSCAR files, or one CIF file with many.",
)
@click.option("--labels", type=TABLE, help="Table of values, CSV or Parquet, a row per crystal.")
@click.option("--id", "identifier", default="name", help="Its column of file names.")
@click.option("--label", metavar="COLUMN", help="Its column of values.")
@click.option("--unit", default="", help="Unit of the values.")
@click.option(
    "--threshold", type=float, help="Rank sets of elements by the chance of a larger value."
)
def init(
    folder: Path,
    crystals: Path,
    labels: Path | None,
    identifier: str,
    label: str | None,
    unit: str,
    threshold: float | None,
) -> None:
    """Start a study in a new FOLDER: all strands of the workflow, on your crystals.

    It gets a Snakefile, which takes the rules from this installation, a configuration to edit,
    profiles for this machine and for Slurm, and a README with the commands that run it.

    \b
    Example:
      unlabelled init my-study --crystals cifs --labels gaps.csv --label gap --unit eV
    """
    import yaml

    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", folder.name, re.ASCII):
        raise UserError(
            f"{folder}: its name, of letters, digits, - and _, becomes that of the study"
        )
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another name, or move it away")
    if (labels is None) != (label is None) or (threshold is not None and label is None):
        raise UserError(
            "--labels needs --label, the column of its values, and --threshold needs both"
        )
    table, task, property_ = "", "", ""
    if labels is not None and label is not None:
        name = "".join(c if c.isalnum() else "_" for c in label.lower()).strip("_")
        shown = _labels_shown(labels, identifier, label)
        table = _block(
            {
                "label_table": {
                    "path": _from(folder, labels),
                    "id": identifier,
                    "labels": {name: {"column": label, "unit": unit}},
                }
            },
            4,
        )
        task = _block({name: {"dataset": "mine", "label": name, "n_labels": shown}}, 2)
        if threshold is not None:
            settings = {"collection": "mine", "label": name, "threshold": threshold}
            property_ = _block({name: settings}, 4)
    root = repository.root()
    values = {
        "name": yaml.safe_dump(folder.name).splitlines()[0],
        "default": root / "config" / "config.yaml",
        "kind": _kind(crystals),
        "crystals": yaml.safe_dump(_from(folder, crystals)).splitlines()[0],
        "label_table": table,
        "task": task,
        "property": property_,
    }
    with written_whole(folder) as temporary:
        shutil.copytree(root / "workflow" / "profiles", temporary / "profiles")
        for file in sorted(_TEMPLATE.iterdir()):
            text = file.read_text()
            if file.name != "Snakefile":
                text = Template(text).substitute(values)
            (temporary / file.name).write_text(text.rstrip() + "\n")
    click.echo(f"cd {folder} && snakemake --cores 2 --workflow-profile profiles/default")


def _from(folder: Path, path: Path) -> str:
    """Return the path as the study in `folder` has to name it."""
    return os.path.relpath(path.resolve(), folder.resolve())


def _kind(crystals: Path) -> str:
    if crystals.is_dir():
        return "folder"
    return "zip" if crystals.suffix == ".zip" else "icsd"


def _labels_shown(labels: Path, identifier: str, label: str) -> list[int]:
    """Numbers of labels to learn from, as many as there are."""
    import pandas as pd

    from unlabelled import tables

    frame = tables.read_own(labels)
    require_columns(labels, frame, [identifier, label])
    known = int(pd.to_numeric(frame[label], errors="coerce").notna().sum())
    shown = [n for n in _SHOWN if n <= _SHARE * known] or [int(_SHARE * known)]
    if shown[0] < 10:
        raise UserError(
            f"{labels} has {known} numbers in the column {label!r}: too few to learn from and to "
            "test on; leave the labels out, or find at least 15"
        )
    return shown


def _block(content: dict[str, object], indent: int) -> str:
    import yaml

    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines()).rstrip()
