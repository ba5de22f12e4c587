"""Functions in models that Keras 2 saved, by the names of the operations of Keras 3.

Keras 2 saved a function of TensorFlow as a layer, ``TFOpLambda``, with the name of the function and
the arguments of its call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["renamed"]

_NAMES: Mapping[str, str] = {
    "__operators__.add": "Add", "math.add": "Add", "__operators__.sub": "Subtract",
    "math.subtract": "Subtract", "math.multiply": "Multiply", "__operators__.mul": "Multiply",
    "math.divide": "Divide", "math.truediv": "Divide", "__operators__.truediv": "Divide",
    "math.pow": "Power", "math.maximum": "Maximum", "math.minimum": "Minimum",
    "math.reduce_mean": "Mean", "math.reduce_sum": "Sum", "math.reduce_max": "Max",
    "math.reduce_min": "Min", "math.reduce_prod": "Prod", "reshape": "Reshape",
    "transpose": "Transpose", "compat.v1.transpose": "Transpose", "expand_dims": "ExpandDims",
    "squeeze": "Squeeze", "compat.v1.squeeze": "Squeeze", "concat": "Concatenate",
    "stack": "Stack", "split": "Split", "linalg.matmul": "Matmul", "einsum": "Einsum",
    "cast": "Cast", "stop_gradient": "StopGradient", "clip_by_value": "Clip", "tile": "Tile",
    "__operators__.getitem": "GetItem", "nn.relu": "Relu", "nn.relu6": "Relu6",
    "nn.sigmoid": "Sigmoid", "math.sigmoid": "Sigmoid", "nn.tanh": "Tanh", "math.tanh": "Tanh",
    "nn.gelu": "Gelu", "nn.silu": "Silu", "nn.swish": "Silu", "nn.elu": "Elu",
    "nn.softplus": "Softplus", "math.softplus": "Softplus", "nn.softmax": "Softmax",
    "nn.leaky_relu": "LeakyRelu", "math.square": "Square", "math.sqrt": "Sqrt",
    "math.rsqrt": "Rsqrt", "math.exp": "Exp", "math.log": "Log", "math.abs": "Absolute",
    "math.negative": "Negative", "math.l2_normalize": "Normalize", "image.resize": "Resize",
    "roll": "Roll", "broadcast_to": "BroadcastTo",
}  # fmt: skip

_ARGUMENTS: Mapping[str, str] = {
    "shape": "newshape", "perm": "axes", "num_or_size_splits": "indices_or_sections",
    "equation": "subscripts", "clip_value_min": "x_min", "clip_value_max": "x_max",
    "multiples": "repeats", "dim": "axis", "keep_dims": "keepdims",
}  # fmt: skip

_SECOND = ("y", "b", "x2")


def renamed(
    kind: str, config: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any], list[Any]]:
    """An operation of Keras 2 as one of Keras 3: its class, its own arguments, those of its call.

    >>> renamed("TFOpLambda", {"function": "math.add"}, ["x"], {"y": 2.0, "name": None})
    ('Add', {'y': 2.0, 'name': None}, ['x', 2.0])
    """
    if kind not in ("TFOpLambda", "SlicingOpLambda"):
        return kind, config, list(args)
    name = _NAMES.get(str(config.get("function")), str(config.get("function")))
    given = list(args)
    given += [kwargs[second] for second in _SECOND if kwargs.get(second) is not None]
    if name == "GetItem":
        given.append(tuple(map(_index, kwargs.get("slice_spec", ()))))
    own = {_ARGUMENTS.get(key, key): value for key, value in kwargs.items()}
    if name == "BroadcastTo":
        own["shape"] = kwargs.get("shape")
    if name == "Split" and isinstance(own.get("indices_or_sections"), list | tuple):
        own["indices_or_sections"] = _places(own["indices_or_sections"])
    return name, own, given


def _index(value: Any) -> Any:
    if isinstance(value, Mapping):
        return slice(value.get("start"), value.get("stop"), value.get("step"))
    return value


def _places(lengths: Sequence[int]) -> list[int]:
    """Where parts of these lengths end, but the last.

    >>> _places([1, 3, 2])
    [1, 4]
    """
    ends, place = [], 0
    for length in lengths[:-1]:
        place += length
        ends.append(place)
    return ends
