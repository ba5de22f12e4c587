"""Dense products, and layers that compute nothing or what one likes."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.table import (
    Absent,
    Argument,
    Entry,
    Only,
    Table,
    Tensor,
    same,
    same_tensors,
)
from archcalc.frameworks.tables.converters import BIAS, features
from archcalc.symbolic.shape import Shape

__all__ = ["KERAS", "NO_ADAPTERS", "TORCH"]

NO_ADAPTERS = Only("lora_rank", (None,), "torch's layers bring no adapters")

_SOME_FUNCTION = (
    lambda layer: layer.function is not None,
    "there is no function to call, only the shape that comes out",
)


def _shape_there(rule: Any, x: Shape) -> tuple[Any, ...] | None:
    """What comes out; where nothing is said of it, the framework finds out."""
    return None if rule is None else tuple(rule(x) if callable(rule) else rule)


KERAS: Table = {
    "Dense": Entry(
        "Dense",
        same("units", "activation", "use_bias", "lora_rank"),
        tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    ),
    "EinsumDense": Entry(
        "EinsumDense",
        (
            *same("equation", "activation", "bias_axes", "lora_rank"),
            Argument("target_shape", "output_shape"),
        ),
        tensors=same_tensors("kernel", "bias", "lora_kernel_a", "lora_kernel_b"),
    ),
    "Bilinear": Absent("it is torch's", hint="EinsumDense and Dot say as much"),
    "Masking": Entry("Masking", same("mask_value")),
    "Parameter": Absent("Keras keeps tensors in layers", hint="write a layer that adds the weight"),
    "Lambda": Entry(
        "Lambda",
        (*same("function"), Argument("target_shape", "output_shape", _shape_there)),
        limits=(_SOME_FUNCTION,),
    ),
    "Identity": Entry("Identity"),
}

TORCH: Table = {
    "Dense": Entry(
        "Linear",
        (Argument("units", "out_features"), BIAS),
        implied=(("in_features", features),),
        only=(NO_ADAPTERS,),
        around=("activation",),
        tensors=(Tensor("kernel", "weight", "o i -> i o"), Tensor("bias", "bias")),
    ),
    "EinsumDense": Entry(
        ".EinsumDense",
        same("equation"),
        only=(NO_ADAPTERS,),
        around=("target_shape", "bias_axes", "activation"),
        tensors=same_tensors("kernel", "bias"),
    ),
    "Bilinear": Entry(
        "Bilinear",
        same("in1_features", "in2_features", "out_features", "bias"),
        tensors=same_tensors("weight", "bias"),
        uncounted="torch's bilinear form is a kernel of its own",
    ),
    "Masking": Entry(".Masking", same("mask_value")),
    "Parameter": Entry(".Value", same("shape", "learned"), tensors=same_tensors("value")),
    "Lambda": Entry(
        ".Lambda", same("function"), around=("target_shape",), limits=(_SOME_FUNCTION,)
    ),
    "Identity": Entry("Identity"),
}
