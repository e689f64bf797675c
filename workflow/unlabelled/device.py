"""Where tensors are computed."""

from typing import Literal

import torch

Accelerator = Literal["auto", "cpu", "cuda"]


def device(accelerator: Accelerator) -> torch.device:
    """Return the device of a setting: ``auto`` is a GPU where there is one."""
    if accelerator == "auto":
        accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(accelerator)
