"""What commands share: the default study, fetched sources, and how outcomes are handed over."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unlabelled import repository
from unlabelled.errors import UserError
from unlabelled.sources.specification import SourceSpec

if TYPE_CHECKING:
    import pandas as pd

TABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there."""


def default_study() -> tuple[dict[str, Any], dict[str, SourceSpec]]:
    """Return the default study, checked and filled in, and the sources by name."""
    from unlabelled import configuration, study

    root = repository.root()
    schemas = root / "workflow" / "schemas"
    config = configuration.read(root / "config" / "config.yaml")
    sources = study.check(
        config,
        root / "resources" / "sources.yaml",
        schemas / "config.schema.yaml",
        schemas / "sources.schema.yaml",
    )
    return config, sources


def named(section: dict[str, Any], name: str, what: str) -> Any:
    """Return an entry of the default study.

    Raises
    ------
    UserError
        If there is none of this name.
    """
    if name not in section:
        raise UserError(f"there is no {what} {name!r}: known are {', '.join(section)}")
    return section[name]


def require_columns(table: Path, frame: "pd.DataFrame", names: Iterable[str]) -> None:
    """Check that a table of one's own has these columns.

    Raises
    ------
    UserError
        At the first that it has not.
    """
    for name in names:
        if name not in frame:
            raise UserError(
                f"{table} has no column {name!r}; its columns are: {', '.join(frame.columns)}"
            )


def raw_file(source: str, sources: dict[str, SourceSpec]) -> Path:
    """Return the raw file of a source, fetched into the user's cache if it is not there."""
    import platformdirs

    from unlabelled import study
    from unlabelled.sources.fetch import fetch

    spec = named(sources, source, "source")
    path = Path(study.raw_data(source, spec, str(platformdirs.user_cache_path("unlabelled"))))
    if not path.exists():
        click.echo(f"fetching {source}", err=True)
        fetch(source, spec, path, [])
    return path


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--json``."""
    return click.option("--json", "machine", is_flag=True, help="Print JSON instead of a table.")(
        function
    )


def output(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the option ``--output``, of a table, whose name is looked at before anything is done."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_name_of_table,
        help=f"Write {what} there, CSV or Parquet by its suffix.",
    )


def write_own(frame: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV or, by its suffix, Parquet, whole or not at all."""
    from unlabelled.files import written_whole

    with written_whole(path) as temporary:
        if path.suffix == ".csv":
            frame.to_csv(temporary, index=False)
        else:
            frame.to_parquet(temporary, index=False)


def _name_of_table(context: click.Context, option: click.Parameter, path: Path | None) -> Any:
    if path is not None and path.suffix not in (".csv", ".parquet"):
        raise UserError(f"{path}: the name of a table ends in .csv or .parquet")
    return path


def show(frame: "pd.DataFrame", *, machine: bool) -> None:
    """Print a table, for a person or as a list of JSON objects; NaN becomes null."""
    if machine:
        click.echo(
            json.dumps(json.loads(frame.to_json(orient="records", double_precision=15)), indent=1)
        )
    else:
        click.echo(frame.to_string(index=False, na_rep="-", float_format=lambda x: f"{x:.3g}"))
