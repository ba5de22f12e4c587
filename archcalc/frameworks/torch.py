"""A torch module from a layer or a network."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.records import TORCH
from archcalc.layers.base import Layer
from archcalc.network.unroll import unroll
from archcalc.symbolic.errors import FrameworkError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["import_torch", "to_torch"]


def to_torch(what: Layer, input_shape: Any = None) -> nn.Module:
    """`what` as a torch module that takes and gives tensors ``(batch, *shape)`` in our layout.

    Submodules are named by the paths of the layers, a dot for every slash, so that
    ``module.get_submodule("stage1.0.conv2d")`` is the first copy's convolution.  Layers whose
    channels come last are taken to torch's layout and back.  ``"same"`` padding means what it means
    in Keras, worked out for these input shapes.  Weights have torch's initial values; under
    ``with torch.device("meta")`` none are allocated.

    Args:
        what: a layer or a network, with numbers for all its symbols.
        input_shape: the shape that goes in, without the batch, or a list of shapes where there are
            several inputs; may be left out where the network knows it.

    Raises:
        FrameworkError: torch is not installed, symbols are left, or torch has not got a layer.

    >>> from archcalc.layers import Conv2D
    >>> module = to_torch(Conv2D(32, 3, data_format="channels_first"), (1, 28, 28))
    >>> [(name, tuple(p.shape)) for name, p in module.named_parameters()]
    [('conv2d.weight', (32, 1, 3, 3)), ('conv2d.bias', (32,))]
    """
    made = unroll(what, input_shape, partial(is_whole, TORCH))
    import_torch()
    from archcalc.frameworks.torch_layers import net

    return net(made)


def import_torch() -> Any:
    """torch.

    Raises:
        FrameworkError: it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise FrameworkError(
            "torch is not installed",
            code="framework-missing",
            hint="pip install 'archcalc[torch]'",
        ) from error
    return torch
