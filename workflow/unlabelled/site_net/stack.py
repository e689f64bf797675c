"""Models of one architecture trained as one: an operation on all costs little more than on one.

The parameters of a stack of B models have a leading dimension, (B, ...). Rows, in contrast, keep
their form: those of one model after those of another, equally many of each, (B · n, width). So only
what applies parameters to rows, which is here, tells a stack from a single model.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

Model = TypeVar("Model", bound=nn.Module)


class Linear(nn.Linear):
    """Linear layer of one model, or of every model of a stack."""

    def forward(self, x: Tensor) -> Tensor:
        """Transform rows x."""
        return affine(x, self.weight, self.bias)


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Linear map of rows, by the matrix (and bias) of their model.

    Parameters
    ----------
    x
        (..., width_in), or (B · n, width_in) of a stack.
    weight, bias
        (width_out, width_in) and (width_out,), or (B, width_out, width_in) and (B, width_out).

    Returns
    -------
    torch.Tensor
        (..., width_out), or (B · n, width_out).
    """
    if weight.dim() == 2:
        return linear(x, weight, bias)
    rows = x.view(len(weight), -1, x.shape[-1])
    if bias is None:
        return torch.bmm(rows, weight.mT).flatten(0, 1)
    return torch.baddbmm(bias.unsqueeze(1), rows, weight.mT).flatten(0, 1)


def rescaled(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """Rows by the gain and the bias, each (width,) or (B, width), of their model."""
    if gain.dim() == 1:
        return x * gain + bias
    rows = x.view(len(gain), -1, x.shape[-1])
    return torch.addcmul(bias.unsqueeze(1), rows, gain.unsqueeze(1)).flatten(0, 1)


def stacked(models: Sequence[Model]) -> Model:
    """Stack copies of models that differ in their parameters alone.

    Parameters
    ----------
    models
        B models; their buffers are tables.

    Returns
    -------
    Model
        Its tables are those of the models below one another. Part b of its state are the parameters
        of model b.
    """
    stack = deepcopy(models[0])
    for name, parameter in stack.named_parameters():
        parameter.data = torch.stack([model.get_parameter(name).detach() for model in models])
    for name, table in stack.named_buffers():
        table.data = torch.cat([model.get_buffer(name) for model in models])
    return stack
