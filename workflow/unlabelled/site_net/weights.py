"""Encoder weights on disk: safetensors, with the options they belong to."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_bytes

from unlabelled.errors import UserError
from unlabelled.files import written_whole
from unlabelled.site_net.encoder import EncoderOptions, SiteNet

ABOUT = "unlabelled"


def content(encoder: SiteNet, provenance: Mapping[str, Any]) -> bytes:
    """Return an encoder's weights, options and provenance as a safetensors file."""
    about = {"options": asdict(encoder.options), "provenance": dict(provenance)}
    tensors = {name: tensor.contiguous() for name, tensor in encoder.state_dict().items()}
    # one key: safetensors writes several in random order; equal encoders shall be equal bytes
    found: bytes = as_bytes(tensors, {ABOUT: json.dumps(about, sort_keys=True)})
    return found


def save(encoder: SiteNet, path: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write an encoder's weights, options and provenance to a safetensors file."""
    with written_whole(path) as temporary:
        temporary.write_bytes(content(encoder, provenance))


def load(path: str | Path) -> SiteNet:
    """Read an encoder.

    Raises
    ------
    UserError
        If the file is not an encoder of this package.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[ABOUT])
            options = EncoderOptions(**about["options"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        encoder = SiteNet(options)
        encoder.load_state_dict(tensors)
    except (SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} holds no encoder of this package: {error}") from error
    return encoder
