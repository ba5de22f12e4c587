"""One layer as code of torch: modules of ``torch.nn``, and what is written around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archcalc.frameworks.code.names import arguments
from archcalc.frameworks.converters import even
from archcalc.frameworks.lookup import arguments_of, class_of, entry_of
from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.records.activations import ACTIVATIONS, is_plain
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers.axes import axis_indices
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_class
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["Step", "channels_last", "module_steps", "not_in_code"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done to a tensor.

    Attributes:
        text: an expression; ``{0}`` is the tensor, ``{m}`` the module.
        module: the code that makes the module, if there is one.
        suffix: of the module's name, where a layer has several.
    """

    text: str
    module: str = ""
    suffix: str = ""


def not_in_code(layer: Layer, why: str) -> FrameworkError:
    """The error that a layer is not written as code of torch."""
    return FrameworkError(
        f"{type(layer).__name__} is not written as torch's code: {why}",
        code="not-in-code",
        values={"layer": layer},
        hint="to_torch() builds it",
    )


def channels_last(layer: Any, x: Shape) -> bool:
    """Whether torch wants the channels of what goes in first, which come last here."""
    if len(x) < 2:
        return False
    if "data_format" in type(layer).model_fields:
        return bool(layer.data_format == "channels_last")
    entry = TORCH.entry(type(layer)) or Entry()
    if entry.order == "features first":
        return True
    if entry.order != "axis first":
        return False
    (axis,) = axis_indices((layer.axis,), x)
    if axis not in (0, len(x) - 1):
        raise not_in_code(layer, f"axis {axis + 1} is neither the first nor the last")
    return bool(axis == len(x) - 1)


def module_steps(layer: Any, inputs: Sequence[Shape]) -> list[Step]:
    """What a layer is in torch, its channels first.

    Raises:
        FrameworkError: torch has not got it, or no class of torch says all of it.
    """
    entry, x = entry_of(TORCH, layer), (*inputs, Shape())[0]
    if "data_format" in type(layer).model_fields:
        layer = layer.model_copy(update={"data_format": "channels_first"})
    kind = entry.core.partition(".")[0]
    make = _BY_CORE.get(entry.core)
    steps = make(layer, x) if make else _own(layer, inputs) if kind == "attention" else None
    if steps is None:
        steps = [Step("{m}({0})" if len(inputs) < 2 else _called(len(inputs)), _module(layer, x))]
    return [*steps, *_activated(layer, entry)]


def _called(count: int) -> str:
    return "{m}(" + ", ".join(f"{{{i}}}" for i in range(count)) + ")"


def _module(layer: Any, x: Shape, **more: Any) -> str:
    """The class of the record with its arguments, without those that torch has by default."""
    entry = entry_of(TORCH, layer)
    cls = class_of(entry, layer, x)
    if not isinstance(cls, str) or cls.startswith("."):
        raise not_in_code(layer, "torch.nn has no such class")
    given = {**arguments_of(entry, layer, x), **more}
    return _constructor(cls, given, x)


def _constructor(cls: str, given: Mapping[str, Any], x: Shape) -> str:
    parameters = TORCH_CLASSES[cls].signature.parameters if cls in TORCH_CLASSES else {}
    held = {k: v for k, v in given.items() if isinstance(v, Layer)}
    inner = [f"{k}={_module(v, x)}" for k, v in held.items()]
    plain = {
        k: v
        for k, v in given.items()
        if k not in held and not (k in parameters and _same(parameters[k].default, v))
    }
    if "batch_first" in parameters:
        plain["batch_first"] = True
    wanted = [n for n, p in parameters.items() if p.default is p.empty and n in plain]
    first = [] if held else wanted
    return f"nn.{cls}({arguments(plain, first, inner)})"


def _same(default: Any, value: Any) -> bool:
    """Whether an argument says its default: one number is as good as one for every axis."""
    if isinstance(value, tuple) and not isinstance(default, tuple):
        return all(part == default for part in value)
    return bool(value == default)


def _activated(layer: Any, entry: Entry) -> list[Step]:
    name = getattr(layer, "activation", None) if "activation" in entry.applied_outside else None
    return [] if name in (None, "linear") else [activation(layer, str(name))]


_SHORT: Mapping[str, str] = {
    "relu": "F.relu({0})", "sigmoid": "torch.sigmoid({0})", "tanh": "torch.tanh({0})",
    "silu": "F.silu({0})", "swish": "F.silu({0})",
}  # fmt: skip


def activation(layer: Layer, name: str) -> Step:
    """An activation by Keras' name."""
    if name in _SHORT:
        return Step(_SHORT[name])
    cls, given = ACTIVATIONS[name]
    if cls.startswith("."):
        raise not_in_code(layer, f"torch has no activation {name}")
    return Step("{m}({0})", f"nn.{cls}({arguments(given)})", "activation")


# Windows


def _flat(pads: Sequence[tuple[int, int]], sign: int = 1) -> str:
    return str([sign * n for pair in reversed(pads) for n in pair])


def _convolution(layer: Any, x: Shape) -> list[Step]:
    pads = [w.pads(n) for w, n in zip(layer.spatial_windows(), layer.extent(x), strict=True)]
    if (layer.padding == "same" and max(layer.strides) == 1) or layer.padding == "valid":
        return [Step("{m}({0})", _module(layer, x))]
    if even(pads):
        return [Step("{m}({0})", _module(_padded(layer, pads), x))]
    if getattr(layer, "padding_mode", "zeros") != "zeros":
        raise not_in_code(layer, "its padding is uneven, and no zeros")
    return [
        Step(f"F.pad({{0}}, {_flat(pads)})"),
        Step("{m}({0})", _module(_padded(layer, "valid"), x)),
    ]


def _padded(layer: Any, padding: Any) -> Any:
    amounts = padding if isinstance(padding, str) else tuple(padding)
    return layer.model_copy(update={"padding": amounts})


def _separable(layer: Any, x: Shape) -> list[Step]:
    unsaid = {"filters", "use_bias", "activation", "name", *layer.kept}
    fields = layer.model_dump(exclude=unsaid)
    depthwise = layer_class(f"DepthwiseConv{layer.rank}D")(**fields, use_bias=False)
    pointwise = layer_class(f"Conv{layer.rank}D")(
        layer.filters, 1, data_format="channels_first", use_bias=layer.use_bias
    )
    *before, last = _convolution(depthwise, x)
    step = Step(last.text, last.module, "depthwise")
    y = depthwise.output_shape(x)
    return [*before, step, Step("{m}({0})", _module(pointwise, y), "pointwise")]


def _transposed(layer: Any, x: Shape) -> list[Step]:
    cuts = [w.cuts(n) for w, n in zip(layer.spatial_windows(), layer.extent(x), strict=True)]
    extra = tuple(max(0, -after) for _, after in cuts)
    cuts = [(before, max(0, after)) for before, after in cuts]
    if layer.output_padding is not None and not isinstance(layer.padding, str):
        extra, cuts = layer.output_padding, list(layer.padding)
    core = layer.model_copy(update={"output_padding": extra})
    if even(cuts):
        return [Step("{m}({0})", _module(_padded(core, cuts), x))]
    made = Step("{m}({0})", _module(_padded(core, "valid"), x))
    return [made, Step(f"F.pad({{0}}, {_flat(cuts, -1)})")]


def _pool(layer: Any, x: Shape) -> list[Step]:
    pads = [w.pads(n) for w, n in zip(layer.spatial_windows(), layer.extent(x), strict=True)]
    largest = type(layer).__name__.startswith("Max")
    same = layer.padding == "same"
    if same:
        layer = layer.model_copy(update={"ceil_mode": False})
    half = [size // 2 for size in layer.pool_size]
    if even(pads) and all(pair[0] <= most for pair, most in zip(pads, half, strict=True)):
        more = {"count_include_pad": False} if same and not largest and any(map(any, pads)) else {}
        return [Step("{m}({0})", _module(_padded(layer, pads), x, **more))]
    if not largest or layer.ceil_mode:
        raise not_in_code(layer, "torch's pools pad evenly, and no more than half a window")
    lowest = f'F.pad({{0}}, {_flat(pads)}, value=float("-inf"))'
    return [Step(lowest), Step("{m}({0})", _module(_padded(layer, "valid"), x))]


def _global_pool(layer: Any, x: Shape) -> list[Step]:
    function = "amax" if "Max" in type(layer).__name__ else "mean"
    dims = tuple(range(2, len(x) + 1))
    keep = ", keepdim=True" if layer.keepdims else ""
    return [Step(f"{{0}}.{function}(dim={dims}{keep})")]


# Norms, attention


def _whole_affine(layer: Any) -> None:
    if getattr(layer, "scale", True) != getattr(layer, "center", getattr(layer, "scale", True)):
        raise not_in_code(layer, "torch learns a factor and an offset, or neither")


def _along_channels(layer: Any, x: Shape) -> list[Step]:
    _whole_affine(layer)
    if len(x) > 4 and not type(layer).__name__.startswith("Group"):
        raise not_in_code(layer, "torch takes three spatial axes at most")
    return [Step("{m}({0})", _module(layer, x))]


def _along_last(layer: Any, x: Shape) -> list[Step]:
    _whole_affine(layer)
    axes = sorted(axis_indices(layer.axis, x))
    if axes != list(range(len(x) - len(axes), len(x))):
        raise not_in_code(layer, "its axes are not the last")
    return [Step("{m}({0})", _module(layer, x, normalized_shape=tuple(x[axes[0] :])))]


def _own(layer: Any, inputs: Sequence[Shape]) -> list[Step]:
    """Attention by torch's class; what it is called on comes in torch's order."""
    entry, x = entry_of(TORCH, layer), inputs[0]
    if class_of(entry, layer, x) != "MultiheadAttention":
        raise not_in_code(layer, "torch's heads share the features among them")
    if layer.use_causal_mask or layer.return_attention_scores:
        raise not_in_code(layer, "its mask or its scores are no argument of the class")
    query, value, key = (*inputs, *[inputs[-1]] * 2)[:3]
    key = inputs[2] if len(inputs) > 2 else value
    more = {n: s[-1] for n, s in (("kdim", key), ("vdim", value)) if s[-1] != query[-1]}
    order = {1: "{0}, {0}, {0}", 2: "{0}, {1}, {1}", 3: "{0}, {2}, {1}"}[len(inputs)]
    return [Step(f"{{m}}({order})[0]", _module(layer, x, **more))]


def _rectifier(layer: Any, x: Shape) -> list[Step]:
    if not is_plain(layer):
        raise not_in_code(layer, "torch's class has no ceiling, slope or threshold")
    return [Step("F.relu({0})")]


_BY_CORE: Mapping[str, Any] = {
    "convolution.convolution": _convolution, "convolution.separable": _separable,
    "convolution.transposed": _transposed, "pooling.pool": _pool,
    "pooling.global_pool": _global_pool, "normalization.along_channels": _along_channels,
    "normalization.along_last": _along_last,
    "activations.rectifier": _rectifier,
    "activations.activation": lambda layer, x: [activation(layer, layer.activation)],
}  # fmt: skip
"""How what the modules of `to_torch` do in several steps is written."""
