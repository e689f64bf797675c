"""The sets of elements of which a compound is reported, kept in the user's cache."""

import logging
import tempfile
from pathlib import Path

import pandas as pd
import platformdirs

from unlabelled import code, default_study, tables
from unlabelled.composition import gathering, schema
from unlabelled.phase_field import property_table

log = logging.getLogger(__name__)


def reported_fields() -> pd.DataFrame:
    """Return the fields that collections of formulas of the default study report.

    Gathered once, and again when the sources or this package are others.

    Returns
    -------
    pandas.DataFrame
        As of :func:`unlabelled.phase_field.property_table.reported`.
    """
    config, sources = default_study.read()
    collections = {
        name: {source: sources[source] for source in config["collections"][name]["sources"]}
        for name in config["phase_fields"]["reported"]
        if config["collections"][name]["sources"]  # crystals would have to be parsed
    }
    provenance = {"collections": collections, "code": code.digest(Path(__file__))}
    kept = platformdirs.user_cache_path("unlabelled") / "reported_fields.parquet"
    if kept.exists() and tables.provenance(kept) == provenance:
        return tables.read(kept)
    log.info("gathering reported fields of %s", ", ".join(collections))
    with tempfile.TemporaryDirectory() as folder:
        written = {}
        for name, specifications in collections.items():
            raw = [default_study.raw_file(source, sources) for source in specifications]
            rows = gathering.of_sources(specifications, raw).rows
            written[name] = Path(folder) / f"{name}.parquet"
            labels = gathering.labels(specifications)
            tables.write(rows, written[name], schema.compositions(labels), {})
        property_table.write_reported(written, kept, provenance)
    return tables.read(kept)
