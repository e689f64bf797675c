"""Encoder weights on disk: safetensors, with the options they belong to."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from unlabelled.errors import UserError
from unlabelled.files import written_whole
from unlabelled.site_net.encoder import EncoderOptions, SiteNet


def save(encoder: SiteNet, path: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write an encoder's weights, options and provenance to a safetensors file."""
    metadata = {
        "options": json.dumps(asdict(encoder.options), sort_keys=True),
        "provenance": json.dumps(dict(provenance), sort_keys=True),
    }
    tensors = {name: tensor.contiguous() for name, tensor in encoder.state_dict().items()}
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def load(path: str | Path) -> SiteNet:
    """Read an encoder.

    Raises
    ------
    UserError
        If the file is not an encoder of this package.
    """
    try:
        with safe_open(path, framework="pt") as file:
            options = EncoderOptions(**json.loads((file.metadata() or {})["options"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        encoder = SiteNet(options)
        encoder.load_state_dict(tensors)
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} holds no encoder of this package: {error}") from error
    return encoder
