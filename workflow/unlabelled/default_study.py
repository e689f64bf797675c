"""The default study: where commands and estimators get settings and sources that nobody gave."""

import logging
from pathlib import Path
from typing import Any

import platformdirs

from unlabelled import configuration, repository, study
from unlabelled.errors import UserError
from unlabelled.sources.fetch import fetch
from unlabelled.sources.specification import SourceSpec

log = logging.getLogger(__name__)


def read() -> tuple[dict[str, Any], dict[str, SourceSpec]]:
    """Return the default study, checked and filled in, and the sources by name."""
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


def raw_file(source: str, sources: dict[str, SourceSpec]) -> Path:
    """Return the raw file of a source, fetched into the user's cache if it is not there."""
    spec = named(sources, source, "source")
    path = Path(study.raw_data(source, spec, str(platformdirs.user_cache_path("unlabelled"))))
    if not path.exists():
        log.info("fetching %s", source)
        fetch(source, spec, path, [])
    return path
