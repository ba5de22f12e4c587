"""Products of matrices, attention, equations, and layers whose weights are handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch
from archcalc.frameworks.importing.functions.registry import FUNCTIONS, Lower, Lowered, lowers
from archcalc.frameworks.importing.values import MixesSamplesError, NotLoweredError, Value
from archcalc.layers.einsum import explicit

if TYPE_CHECKING:
    from archcalc.frameworks.importing.workbench import Workbench


@lowers("matmul", "__matmul__", "bmm", "mm", "mv")
def matmul(low: Workbench, a: Any, b: Any) -> Lowered:
    first, second = low.tensor_of(a), low.tensor_of(b)
    if min(len(first.shape), len(second.shape)) < 2:
        raise NotLoweredError("a product with a vector")
    (shape,) = low.shapes()
    at = _batch_of_product(first, second, shape)
    return low.on([first, second], ac.Matmul(), at, shape)


def _batch_of_product(first: Value, second: Value, shape: Sequence[int]) -> Batch | None:
    for value in (first, second):
        if value.at is not None:
            axis = value.at.axis + len(shape) - len(value.shape)
            if axis >= len(shape) - 1 - (value is first) + (value is second and 0):
                if value is first and axis == len(shape) - 2:
                    return Batch(axis, value.at.inner)
                raise MixesSamplesError("the batch is a factor of a product")
            return Batch(axis, value.at.inner)
    return None


@lowers("baddbmm")
def baddbmm(low: Workbench, x: Any, a: Any, b: Any, **kwargs: Any) -> Lowered:
    return low.merged(ac.Add, [x, matmul(low, a, b)])


@lowers("scaled_dot_product_attention")
def attention(
    low: Workbench, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Lowered:  # fmt: skip
    asked = (query, key, value) if attn_mask is None else (query, key, value, attn_mask)
    given = low.alike([low.tensor_of(x) for x in asked])
    (shape,) = low.shapes()
    layer = ac.ScaledDotProductAttention(bool(is_causal), enable_gqa=bool(enable_gqa))
    return low.on(given, layer, given[0].at, shape)


@lowers("einsum")
def einsum(low: Workbench, equation: str, *operands: Any) -> Lowered:
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
    values = [low.tensor_of(x) for x in tensors]
    (shape,) = low.shapes()
    text, at = _without_batch(explicit(equation), values)
    return low.on(values, ac.Einsum(text), at, shape)


def _without_batch(equation: str, values: Sequence[Value]) -> tuple[str, Batch | None]:
    """The equation with the batch before every part, and where it was in the output.

    A part without the batch is the same for every sample; of an axis that the batch was folded into
    the letter stays as well.
    """
    equation = _spelled_out(equation, values)
    ins, _, out = equation.partition("->")
    parts = ins.split(",")
    letters = {
        part[value.at.axis]
        for part, value in zip(parts, values, strict=True)
        if value.at is not None
    }
    if len(letters) > 1 or not letters <= set(out):
        raise MixesSamplesError("the equation sums along the batch")
    letter = "".join(letters)
    first = next((v.at for v in values if v.at is not None), None)
    at = None if first is None else Batch(out.index(letter), first.inner)
    free = all(value.is_free for value in values if value.at is not None)
    own = [part.replace(letter, "") if letter and free else part for part in (*parts, out)]
    return f"{','.join(f'z{part}' for part in own[:-1])}->z{own[-1]}", at


def _spelled_out(equation: str, values: Sequence[Value]) -> str:
    """With letters for what ``...`` stands for.

    >>> from types import SimpleNamespace
    >>> _spelled_out("...id,...jd->...ij", [SimpleNamespace(shape=(8, 4, 5, 6))] * 2)
    'qrba,qrca->qrbc'
    """
    letters = sorted({one for one in equation if one.isalpha()})
    equation = "".join("abcdefghijklmnop"[letters.index(c)] if c.isalpha() else c for c in equation)
    ins, _, out = equation.partition("->")
    free = "qrstuvwxy"
    longest, parts = 0, []
    for part, value in zip(ins.split(","), values, strict=True):
        more = len(value.shape) - len(part.replace("...", ""))
        longest = max(longest, more)
        parts.append((part, more))
    every = free[:longest]
    made = [part.replace("...", every[longest - more :]) for part, more in parts]
    return f"{','.join(made)}->{out.replace('...', every)}"


@lowers("linear")
def linear(low: Workbench, x: Any, weight: Any, bias: Any = None) -> Lowered:
    """A Dense where the weights are the model's; products and sums where they were computed."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    if low.is_weight(weight) and (bias is None or low.is_weight(bias)):
        layer = low.held(ac.Dense(low.size(weight, 0), use_bias=bias is not None), weight, bias)
        return low.on(value, layer, value.at, shape)
    if low.is_weight(weight):
        plain = low.held(ac.Dense(low.size(weight, 0), use_bias=False), weight)
        made = low.on(value, plain, value.at, shape)
    else:
        both = [value, low.tensor_of(weight)]
        made = low.on(both, ac.Matmul(transpose_second=True), value.at, shape)
    return made if bias is None else low.merged(ac.Add, [made, bias])


def _convolution(rank: int) -> Lower:
    def lower(
        low: Workbench, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Lowered:  # fmt: skip
        value = low.tensor_of(x)
        kind = {1: ac.Conv1D, 2: ac.Conv2D, 3: ac.Conv3D}[rank]
        shape = low.shape_of(weight)
        pads: Any = padding if isinstance(padding, str) else _each(padding, rank)
        layer = kind(
            shape[0], tuple(shape[2:]), strides=_each(stride, rank), padding=pads,
            data_format="channels_first", dilation_rate=_each(dilation, rank), groups=groups,
            use_bias=bias is not None,
        )  # fmt: skip
        (made,) = low.shapes()
        return low.on(value, low.held(layer, weight, bias), value.at, made)

    return lower


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


FUNCTIONS.update({f"conv{rank}d": _convolution(rank) for rank in (1, 2, 3)})
