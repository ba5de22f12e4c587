"""What torch has as an expression or a function, and no class: operations as text.

Each takes the layer, the shapes that go in, and the names of the tensors, whose first axis is the
batch; axes are counted here as there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from archcalc.frameworks.code.names import literal
from archcalc.layers.axes import axis_indices
from archcalc.symbolic.shape import Shape

__all__ = ["EXPRESSIONS", "Written"]

Written: TypeAlias = Callable[[Any, Sequence[Shape], Sequence[str]], str]


def _aligned(shapes: Sequence[Shape], names: Sequence[str]) -> list[str]:
    """Tensors of one rank: missing axes come after the batch, as in Keras."""
    rank = max(map(len, shapes))
    return [
        name + ".unsqueeze(1)" * (rank - len(shape))
        for name, shape in zip(names, shapes, strict=True)
    ]


def _between(sign: str) -> Written:
    return lambda layer, x, names: f" {sign} ".join(_aligned(x, names))


def _nested(function: str) -> Written:
    def write(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
        text, *others = _aligned(x, names)
        for other in others:
            text = f"torch.{function}({text}, {other})"
        return text

    return write


def _average(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"({' + '.join(_aligned(x, names))}) / {len(names)}"


def _joined(function: str) -> Written:
    return lambda layer, x, names: f"torch.{function}([{', '.join(names)}], dim={layer.axis})"


def _method(text: str) -> Written:
    """A method whose arguments are the fields between braces."""
    return lambda layer, x, names: names[0] + text.format(layer=layer, x=x[0])


def _reshape(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    sizes = ", ".join(map(str, layer.output_shape(*x)))
    return f"{names[0]}.reshape({names[0]}.size(0), {sizes})"


def _permute(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"{names[0]}.permute(0, {', '.join(map(str, layer.dims))})"


_REDUCED: Mapping[str, str] = {
    "mean": "mean", "sum": "sum", "max": "amax", "min": "amin", "variance": "var",
    "deviation": "std", "norm": "norm",
}  # fmt: skip


def _reduce(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    axes = range(len(x[0])) if layer.axis is None else sorted(axis_indices(layer.axis, x[0]))
    more = ", keepdim=True" if layer.keepdims else ""
    if layer.how in ("variance", "deviation"):
        more += f", correction={layer.correction}"
    dims = literal(tuple(axis + 1 for axis in axes))
    return f"{names[0]}.{_REDUCED[layer.how]}(dim={dims}{more})"


def _part(layer: Any, x: Sequence[Shape], names: Sequence[str], what: str) -> str:
    (axis,) = axis_indices((layer.axis,), x[0])
    return f"{names[0]}[{':, ' * (axis + 1)}{what}]"


def _select(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return _part(layer, x, names, str(layer.index))


def _slice(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    stop = "" if layer.stop is None else layer.stop
    step = "" if layer.step == 1 else f":{layer.step}"
    return _part(layer, x, names, f"{layer.start or ''}:{stop}{step}")


def _tile(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    (axis,) = axis_indices((layer.axis,), x[0])
    if layer.each:
        return f"{names[0]}.repeat_interleave({layer.times}, dim={axis + 1})"
    many = [layer.times if place == axis else 1 for place in range(len(x[0]))]
    return f"{names[0]}.repeat(1, {', '.join(map(str, many))})"


def _expand(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    (axis,) = axis_indices((layer.axis,), x[0])
    sizes = [layer.size if place == axis else -1 for place in range(len(x[0]))]
    return f"{names[0]}.expand(-1, {', '.join(map(str, sizes))})"


def _rescaling(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    scale = f"{names[0]} * {literal(layer.scale)}" if layer.scale != 1 else names[0]
    return f"{scale} + {literal(layer.offset)}" if layer.offset != 0 else scale


def _clip(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"{names[0]}.clamp({literal(layer.low)}, {literal(layer.high)})"


_FUNCTIONS: Mapping[str, str] = {"absolute": "abs", "negative": "neg"}


def _function(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"torch.{_FUNCTIONS.get(layer.how, layer.how)}({names[0]})"


def _matmul(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    turned = (layer.transpose_first, layer.transpose_second)
    first, second = (
        f"{name}.transpose(-2, -1)" if turn else name
        for name, turn in zip(names, turned, strict=True)
    )
    return f"{first} @ {second}"


def _attention(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    causal = ", is_causal=True" if layer.is_causal else ""
    return f"F.scaled_dot_product_attention({', '.join(names)}{causal})"


def _split(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    if isinstance(layer.sections, int):
        return f"{names[0]}.chunk({layer.sections}, dim={layer.axis})"
    return f"{names[0]}.split({literal(list(layer.sections))}, dim={layer.axis})"


def _with_number(sign: str) -> Written:
    def write(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
        if layer.value is not None:
            return f"{names[0]} {sign} {literal(layer.value)}"
        return f" {sign} ".join(_aligned(x, names))

    return write


_SIGNS: Mapping[str, str] = {
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=",
}  # fmt: skip


def _compared(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    text = _with_number(_SIGNS[layer.how])(layer, x, names)
    return f"({text}).to({names[0]}.dtype)"


def _chosen(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    condition, *others = _aligned(x, names)
    return f"torch.where({condition} != 0, {', '.join(others)})"


def _roll(layer: Any, x: Sequence[Shape], names: Sequence[str]) -> str:
    return f"torch.roll({names[0]}, {layer.shift}, dims={layer.axis})"


EXPRESSIONS: Mapping[str, Written] = {
    "Add": _between("+"), "Subtract": _between("-"), "Multiply": _between("*"),
    "Average": _average, "Maximum": _nested("maximum"), "Minimum": _nested("minimum"),
    "Concatenate": _joined("cat"), "Stack": _joined("stack"), "Reshape": _reshape,
    "Unflatten": _reshape, "Permute": _permute, "Reduce": _reduce, "Select": _select,
    "Slice": _slice, "Squeeze": _method(".squeeze({layer.axis})"),
    "ExpandDims": _method(".unsqueeze({layer.axis})"), "Tile": _tile, "Expand": _expand,
    "Flip": _method(".flip({layer.axis})"), "Roll": _roll,
    "Transpose": _method(".transpose({layer.axis1}, {layer.axis2})"), "Rescaling": _rescaling,
    "Clip": _clip, "Function": _function, "Matmul": _matmul, "Split": _split,
    "Unbind": _method(".unbind({layer.axis})"), "ScaledDotProductAttention": _attention,
    "RepeatVector": _method(".unsqueeze(1).repeat(1, {layer.n}, 1)"),
    "Divide": _with_number("/"), "Power": _with_number("**"),
    "Compare": _compared, "Where": _chosen,
    "StopGradient": _method(".detach()"), "CumulativeSum": _method(".cumsum({layer.axis})"),
}  # fmt: skip
"""By our layer's name."""
