"""A query to the Materials Project through its own client, which is an optional dependency."""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unlabelled.errors import SourceError
from unlabelled.files import written_whole
from unlabelled.sources.specification import MaterialsProjectSpec

log = logging.getLogger(__name__)

KEY_VARIABLE = "MP_API_KEY"


def fetch(name: str, spec: MaterialsProjectSpec, destination: Path) -> None:
    """Write the materials that match the criteria as JSON lines.

    Every line has ``material_id``, ``structure`` (pymatgen's dictionary) and the columns of the
    labels; lines are sorted by identifier.

    Parameters
    ----------
    name
        Name of the source, for messages.
    spec
        Criteria and labels.
    destination
        File to write.

    Raises
    ------
    SourceError
        If the client is not installed, the key is missing, the query fails or nothing matches. The
        key is in no message.
    """
    fields = ["material_id", "structure"]
    fields += [label["column"] for label in spec["labels"].values()]
    materials = _query(name, spec, list(dict.fromkeys(fields)))
    if not materials:
        raise SourceError(
            f"source {name!r}: no material of the Materials Project matches {spec['criteria']}; "
            "widen `criteria`"
        )
    with written_whole(destination) as temporary, temporary.open("w", encoding="utf-8") as file:
        for material in sorted(materials, key=lambda material: str(material["material_id"])):
            file.write(json.dumps({field: material.get(field) for field in fields}) + "\n")
    log.info("source %r: %d materials", name, len(materials))


def _query(name: str, spec: MaterialsProjectSpec, fields: Iterable[str]) -> list[Mapping[str, Any]]:
    try:
        from mp_api.client import MPRester
    except ImportError as error:
        raise SourceError(
            f"source {name!r}: the client of the Materials Project is not installed ({error}); "
            "install it with: python -m pip install 'mp-api>=0.46'"
        ) from error
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        raise SourceError(
            f"source {name!r}: the environment variable {KEY_VARIABLE} is not set; get a key from "
            "your account at the Materials Project and export it"
        )
    try:
        with MPRester(
            key,
            endpoint=spec.get("endpoint"),
            use_document_model=False,
            mute_progress_bars=True,
        ) as client:
            log.info("source %r: database version %s", name, client.db_version)
            return list(
                client.materials.summary.search(
                    **spec["criteria"], fields=list(fields), all_fields=False
                )
            )
    except Exception as error:  # the client lets errors of five libraries through
        reason = f"{type(error).__name__}: {error}".replace(key, "<the key>")
    # Raised outside the handler: the chained exception could show the key.
    raise SourceError(f"source {name!r}: the query to the Materials Project failed: {reason}")
