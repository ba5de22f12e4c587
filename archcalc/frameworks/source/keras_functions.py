"""Keras' and TensorFlow's functions on tensors, as the functions of torch that compute the same."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from archcalc.frameworks.importing.functions import FUNCTIONS
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.source.builtin import call_library
from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.values import Unknown

__all__ = ["is_function", "on_tensors"]

_HOMES = (
    "keras.ops.", "keras.backend.", "keras.activations.", "tensorflow.nn.", "tensorflow.math.",
    "tensorflow.linalg.", "tensorflow.image.", "tensorflow.",
)  # fmt: skip

_SAME: Mapping[str, str] = {
    "concatenate": "cat", "concat": "cat", "reduce_mean": "mean", "reduce_sum": "sum",
    "reduce_max": "amax", "reduce_min": "amin", "reduce_prod": "prod", "max": "amax",
    "min": "amin", "transpose": "permute", "permute_dimensions": "permute",
    "expand_dims": "unsqueeze", "dot": "matmul", "batch_dot": "matmul", "l2_normalize": "normalize",
    "pow": "pow", "power": "pow", "swish": "silu", "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish", "hard_swish": "hardswish", "log_sigmoid": "logsigmoid",
    "leaky_relu": "leaky_relu", "cast": "to", "convert_to_tensor": "to", "identity": "to",
    "stop_gradient": "detach", "clip_by_value": "clamp", "clip": "clamp", "add_n": "add",
    "take": "index_select", "tile": "repeat", "repeat_elements": "repeat_interleave",
    "subtract": "sub", "multiply": "mul", "divide": "div", "conj": "to", "absolute": "abs",
    "negative": "neg", "logsumexp": "logsumexp", "broadcast_to": "expand", "split": "chunk",
}  # fmt: skip
"""Their names that torch has otherwise; what has one name in both is not listed."""

_NAMED: Mapping[str, str] = {"axis": "dim", "axes": "dims", "keepdims": "keepdim", "perm": "dims"}
_BATCHED = ("zeros", "ones", "full", "random_normal", "normal", "uniform", "arange", "range", "eye")


def is_function(path: str) -> bool:
    """Whether a name is that of a function on tensors, of Keras or TensorFlow."""
    return path.startswith(_HOMES) and not path.startswith("tensorflow.compat")


def on_tensors(reader: Any, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A function of Keras or TensorFlow on tensors."""
    from archcalc.frameworks.source import torch_names

    name = path.rpartition(".")[2]
    given = tensors_in((args, kwargs))
    if name == "epsilon":
        return 1e-7
    if name in ("shape", "int_shape", "get_shape") and given:
        sizes = reader.bench.shape_of(given[0])
        return (None, *sizes[1:]) if name == "int_shape" else tuple(sizes)
    if name in ("ndim", "rank") and given:
        return len(reader.bench.shape_of(given[0]))
    if name in _BATCHED and (not given or name in ("arange", "range")):
        torch = {"random_normal": "randn", "normal": "randn", "uniform": "rand", "range": "arange"}
        if name in ("arange", "range"):
            args = [
                *args,
                *(kwargs[k] for k in ("start", "limit", "stop", "step", "delta") if k in kwargs),
            ]
        sizes = [kwargs["shape"]] if "shape" in kwargs else args
        return torch_names.call(reader, None, f"torch.{torch.get(name, name)}", list(sizes), {})
    if not given:
        made = call_library(reader, f"numpy.{_SAME.get(name, name)}", args, {})
        return Unknown() if made is NotImplemented else made
    if name.endswith("_like"):
        return reader.bench.constant(reader.bench.shape_of(given[0]))
    if name == "extract_patches":
        return _patches(reader, *args, **kwargs)
    if name == "slice":
        return _slice(reader, *args, **kwargs)
    theirs = _SAME.get(name, name)
    if theirs not in FUNCTIONS:
        return NotImplemented
    named = {
        _NAMED.get(key, key): value for key, value in kwargs.items() if key not in ("name", "dtype")
    }
    return _called(reader, theirs, args, named)


def _slice(
    reader: Any, inputs: Any, start_indices: Any = None, shape: Any = None, **more: Any
) -> Any:
    """A block of a tensor: where it starts along each axis, and how long it is."""
    starts, lengths = more.get("begin", start_indices), more.get("size", shape)
    for axis, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        whole = reader.bench.shape_of(inputs)[axis]
        rest = reader.computed(ast.Sub, whole, start) if length == -1 else length
        if (start, rest) != (0, whole):
            inputs = reader.bench.function("narrow", (inputs, axis, start, rest), {})
    return inputs


def _patches(
    reader: Any, images: Any, size: Any = None, strides: Any = None, dilation_rate: Any = 1,
    padding: Any = "valid", **more: Any,
) -> Any:  # fmt: skip
    """Windows of images, which Keras keeps in the last axis and torch before the positions."""
    window = _of_image(more.get("sizes", size))
    dilation = _of_image(more.get("rates", dilation_rate))
    step = _of_image(window if strides is None else strides)
    if str(padding).lower() != "valid":
        raise NotLoweredError("extract_patches with padding")
    function = reader.bench.function
    _, height, width, _ = reader.bench.shape_of(images)
    rows, columns = (
        reader.computed(ast.FloorDiv, reader.computed(ast.Sub, length, d * (k - 1) + 1), s)
        for length, k, s, d in zip((height, width), window, step, dilation, strict=True)
    )
    first = function("permute", (images, (0, 3, 1, 2)), {})
    gathered = function("unfold", (first, window, dilation, 0, step), {})
    in_turn = function("permute", (gathered, (0, 2, 1)), {})
    batch, _, features = reader.bench.shape_of(in_turn)
    counted = [reader.computed(ast.Add, n, 1) for n in (rows, columns)]
    return function("reshape", (in_turn, (batch, *counted, features)), {})


def _of_image(value: Any) -> tuple[Any, ...]:
    """Rows and columns: of one number for both, of two, or of TensorFlow's four."""
    if not isinstance(value, tuple | list):
        return (value, value)
    return tuple(value[1:3]) if len(value) == 4 else tuple(value)


def _called(reader: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function = reader.bench.function
    if name == "cat":
        dim = args[1] if len(args) > 1 else kwargs.get("dim", -1)
        return function("cat", (args[0], dim), {})
    if name == "chunk":
        parts = args[1] if len(args) > 1 else kwargs.get("num_or_size_splits", 2)
        dim = args[2] if len(args) > 2 else kwargs.get("dim", -1)
        kind = "chunk" if isinstance(parts, int) else "split"
        return function(kind, (args[0], parts, dim), {})
    if name == "permute" and len(args) == 1 and not kwargs:
        rank = len(reader.bench.shape_of(args[0]))
        return function("permute", (args[0], tuple(range(rank))[::-1]), {})
    if name == "index_select" and len(args) == 2:
        return function("index_select", (args[0], kwargs.get("dim", 0), args[1]), {})
    if name == "reshape" and "newshape" in kwargs:
        kwargs = {"shape": kwargs["newshape"]}
    if name == "reshape" and "shape" in kwargs:
        args, kwargs = [*args, kwargs["shape"]], {}
    if name in ("mean", "sum", "amax", "amin") and len(args) == 1 and "dim" not in kwargs:
        kwargs = {**kwargs, "dim": None}
    if "x" in kwargs:
        args, kwargs = [kwargs.pop("x"), *args], kwargs
    return function(name, args, kwargs)
