"""Dense products, and layers that compute nothing or what one likes."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

from archcalc.frameworks.converters import BIAS, features, keras_operation
from archcalc.frameworks.record import (
    Absent,
    Argument,
    Chain,
    Entry,
    Given,
    Name,
    Record,
    Tensor,
    same,
    same_tensors,
)
from archcalc.layers.applied import Applied
from archcalc.layers.core import (
    Bilinear,
    Dense,
    EinsumDense,
    Identity,
    Lambda,
    Masking,
    StopGradient,
)
from archcalc.layers.einsum import equation
from archcalc.symbolic.shape import Shape, product

__all__ = ["RECORDS"]


def _one_or_a_list(*inputs: Any) -> tuple[Any, ...]:
    """What a function of one's own is called with: the input, or a list of several."""
    return inputs if len(inputs) == 1 else (list(inputs),)


_SOME_FUNCTION = (
    lambda layer: layer.function is not None,
    "there is no function to call, only the shape that comes out",
)


def _scaled(given: Given) -> Given:
    """A factor for every channel, as `keras.applications` has it in its ConvNeXts."""
    return {"equation": "...c,c->...c", "target_shape": (given.get("projection_dim"),)}


def _function_back(function: Any, x: Shape) -> Any:
    """What is saved of a function is not the function."""
    return function if callable(function) else None


def _shape_there(rule: Any, x: Shape) -> tuple[Any, ...] | None:
    """What comes out; where nothing is said of it, the framework finds out."""
    return None if rule is None else tuple(rule(x) if callable(rule) else rule)


def _einsum(layer: Any, applied: Applied) -> Chain:
    """What Keras would promise wrongly is written out.

    It promises no length for an axis of which none is asked for, and where an ellipsis before the
    letters stands for several axes beside the batch, it promises them from the last to the first.
    """
    found, x = equation(layer.equation), applied.inputs[0]
    lengths = found.lengths(x, layer.target_shape)
    target, text = lengths.of(found.results(len(x))), layer.equation
    if found.ellipsis == "left" and len(lengths.elided) > 1:
        unused = [letter for letter in ascii_letters if letter not in found.x + found.kernel]
        axes = "".join(unused[: len(lengths.elided) + 1])
        text = f"{axes}{found.x},{found.kernel}->{axes}{found.out}"
        target = (*lengths.elided, *target)
    return [("", layer.model_copy(update={"equation": text, "target_shape": target}))]


def _logits(given: Given) -> Given:
    """What the loss is taken of: logits, by a dense layer of its own."""
    return {"units": product((given["num_classes"], *given["out_features"]))}


RECORDS = (
    Record(
        Dense,
        keras=Entry(
            arguments=same("units", "activation", "use_bias"),
            tensors=same_tensors("kernel", "bias"),
        ),
        torch=Entry(
            "Linear",
            (Argument("units", "out_features"), BIAS),
            implied=(("in_features", features),),
            applied_outside=("activation",),
            tensors=(Tensor("kernel", "weight", "o i -> i o"), Tensor("bias", "bias")),
        ),
        names=(
            Name("Linear", "in_features, out_features, bias=True"),
            Name("LazyLinear", "out_features, bias=True"),
            Name(
                "LinearCrossEntropyLoss",
                "in_features, num_classes, *, out_features=(), bias=False, reduction='mean', "
                "weight=None, ignore_index=None, label_smoothing=0.0, options=None",
                more=_logits,
            ),
        ),
    ),
    Record(
        EinsumDense,
        keras=Entry(
            arguments=(
                *same("equation", "activation", "bias_axes"),
                Argument("target_shape", "output_shape"),
            ),
            tensors=same_tensors("kernel", "bias"),
            also={"LayerScale": _scaled},
            chain=_einsum,
        ),
        torch=Entry(
            ".EinsumDense",
            same("equation"),
            applied_outside=("target_shape", "bias_axes", "activation"),
            tensors=same_tensors("kernel", "bias"),
            core="core.einsum",
        ),
    ),
    Record(
        Bilinear,
        keras=Absent("it is torch's", hint="EinsumDense and Dot say as much"),
        torch=Entry(
            arguments=same("in1_features", "in2_features", "out_features", "bias"),
            tensors=same_tensors("weight", "bias"),
            uncounted="torch's bilinear form is a kernel of its own",
        ),
        names=(Name("Bilinear", "in1_features, in2_features, out_features, bias=True"),),
    ),
    Record(
        Masking,
        keras=Entry(arguments=same("mask_value")),
        torch=Entry(".Masking", same("mask_value")),
    ),
    Record(
        Lambda,
        keras=Entry(
            arguments=(
                Argument("function", "function", decode=_function_back),
                Argument("target_shape", "output_shape", _shape_there),
            ),
            limits=(_SOME_FUNCTION,),
            call_args=_one_or_a_list,
        ),
        torch=Entry(
            ".Lambda", same("function"), applied_outside=("target_shape",), limits=(_SOME_FUNCTION,)
        ),
    ),
    Record(
        Identity,
        keras=Entry(),
        torch=Entry(),
        names=(Name("Identity", "*args, **kwargs"),),
    ),
    Record(
        StopGradient,
        keras=keras_operation("stop_gradient", "stop_gradient"),
        torch=Entry(".StopGradient"),
    ),
)
