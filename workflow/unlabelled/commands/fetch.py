"""``unlabelled fetch``: the raw data of a source."""

from pathlib import Path

import click

from unlabelled.commands.common import as_json, show


@click.command(short_help="Raw data of a source, or the list of sources.")
@click.argument("source", required=False)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="File to write; else into the cache."
)
@as_json
def fetch(source: str | None, output: Path | None, machine: bool) -> None:
    """Fetch the raw file of a source, checked by its SHA-256, and print where it is.

    Without SOURCE, list all: what they hold, licence, citation.

    \b
    Example:
      unlabelled fetch magpie -o magpie.csv
    """
    import pandas as pd

    from unlabelled import default_study
    from unlabelled.sources import fetch as fetching
    from unlabelled.sources.specification import content

    _, sources = default_study.read()
    if source is None:
        rows = [
            {
                "source": name,
                "holds": content(spec),
                "from": spec["kind"],
                "licence": spec.get("licence"),
            }
            for name, spec in sources.items()
        ]
        show(pd.DataFrame(rows), machine=machine)
        return
    if output:
        fetching.fetch(source, default_study.named(sources, source, "source"), output, [])
    path = output or default_study.raw_file(source, sources)
    show(pd.DataFrame({"source": [source], "file": [str(path)]}), machine=machine)
