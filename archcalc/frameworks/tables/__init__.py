"""What each layer of the catalogue is in Keras and in torch, a file a family.

In Keras it is nearly always a class of the same name with the same arguments
(https://keras.io/api/layers/).  torch's layers (https://docs.pytorch.org/docs/stable/nn.html) work
on channels that come first, take padding by amounts, and have no activation of their own.  There an
entry says what the layer is *there*; `archcalc.frameworks.torch_cores` puts around it what our
fields `around` the entry ask for.  A class that begins with a dot is a small module of
`archcalc.frameworks.torch_modules`, for what torch has as a function or not at all.
"""

from archcalc.frameworks.table import Table
from archcalc.frameworks.tables import (
    activations,
    adapters,
    adaptive,
    arithmetic,
    attention,
    convolution,
    core,
    distances,
    embedding,
    encoding,
    images,
    merging,
    normalization,
    operations,
    padding,
    pooling,
    rearranging,
    recurrent,
    regularization,
    rescaling,
    reshaping,
    transformer,
    transposed,
    upsampling,
)

__all__ = ["KERAS", "TORCH"]

_FAMILIES = (
    core,
    embedding,
    convolution,
    transposed,
    pooling,
    adaptive,
    normalization,
    activations,
    reshaping,
    rearranging,
    operations,
    padding,
    upsampling,
    regularization,
    merging,
    arithmetic,
    attention,
    adapters,
    distances,
    rescaling,
    images,
    encoding,
    recurrent,
    transformer,
)

KERAS: Table = {name: entry for family in _FAMILIES for name, entry in family.KERAS.items()}
"""Every layer of the catalogue in Keras, by the name of our class."""

TORCH: Table = {name: entry for family in _FAMILIES for name, entry in family.TORCH.items()}
"""Every layer of the catalogue in torch, by the name of our class."""
