"""Training checkpoints without pickle: tensors in safetensors, the rest in its JSON header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import CheckpointIO
from safetensors import safe_open
from safetensors.torch import save_file

from unlabelled.files import written_whole


class SafetensorsCheckpoint(CheckpointIO):
    """Lightning's checkpoints as safetensors files, each written whole or not at all."""

    def save_checkpoint(
        self, checkpoint: Mapping[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write a nested checkpoint; see :func:`flatten` for what it may hold."""
        del storage_options
        tensors: dict[str, torch.Tensor] = {}
        tree = flatten(checkpoint, tensors)
        with written_whole(path) as temporary:
            save_file(tensors, temporary, metadata={"tree": json.dumps(tree)})

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any | None = None,
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read a checkpoint back, onto the CPU; Lightning moves it to its devices."""
        del map_location, weights_only
        with safe_open(path, framework="pt") as file:
            tree = json.loads(file.metadata()["tree"])
            checkpoint = unflatten(tree, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        assert isinstance(checkpoint, dict)
        return checkpoint

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint."""
        Path(path).unlink(missing_ok=True)


def flatten(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """Replace the tensors of a nested value by names, and its containers by JSON.

    Parameters
    ----------
    value
        Dictionaries (any JSON-like keys), lists, tuples, tensors, numbers, strings, None.
    tensors
        Filled with the tensors by name.

    Returns
    -------
    JSON value that :func:`unflatten` turns back.

    Raises
    ------
    TypeError
        At anything else.
    """
    match value:
        case torch.Tensor():
            name = str(len(tensors))
            tensors[name] = value.detach().clone().contiguous()
            return {"tensor": name}
        case dict():
            return {"dict": [[flatten(k, tensors), flatten(v, tensors)] for k, v in value.items()]}
        case list():
            return {"list": [flatten(item, tensors) for item in value]}
        case tuple():
            return {"tuple": [flatten(item, tensors) for item in value]}
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return str(value)
    raise TypeError(f"a checkpoint cannot hold {type(value).__name__}: {value!r}")


def unflatten(tree: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """Turn the outcome of :func:`flatten` back."""
    match tree:
        case {"tensor": name}:
            return tensors[name]
        case {"dict": items}:
            return {unflatten(k, tensors): unflatten(v, tensors) for k, v in items}
        case {"list": items}:
            return [unflatten(item, tensors) for item in items]
        case {"tuple": items}:
            return tuple(unflatten(item, tensors) for item in items)
    return tree
