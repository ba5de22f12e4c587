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


@lowers("matmul", "__matmul__", "__imatmul__", "bmm", "mm", "mv", "dot")
def matmul(low: Workbench, a: Any, b: Any) -> Lowered:
    """A product over the last axis of the first and the last but one of the second."""
    first, second = low.tensor_of(a), low.tensor_of(b)
    (shape,) = low.shapes()
    row, column = len(first.shape) == 1, len(second.shape) == 1
    if row:
        first = low.on(first, ac.ExpandDims(-2), first.at, (1, *first.shape))
    if column:
        second = low.on(second, ac.ExpandDims(-1), second.at, (*second.shape, 1))
    whole = _with_ones(shape, row, column)
    at = _batch_of_product(first, second, whole)
    made = _multiplied(low, first, second, at, whole)
    for axis in [-1] * column + [-2 + column] * row:
        made = low.on(made, ac.Squeeze(axis), made.at, _without(made.shape, axis))
    return Value(made.tensor, shape, made.at, made.batch)


def _with_ones(shape: Sequence[int], row: bool, column: bool) -> tuple[int, ...]:
    """The shape of a product before the axes go that vectors were given."""
    if column:
        return (*shape, *((1,) if row else ()), 1)
    return (*shape[:-1], 1, shape[-1]) if row else tuple(shape)


def _without(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    place = axis % len(shape)
    return (*shape[:place], *shape[place + 1 :])


def _multiplied(
    low: Workbench, first: Value, second: Value, at: Batch | None, shape: Sequence[int],
    turned: bool = False,
) -> Value:  # fmt: skip
    """The product, the second perhaps transposed; of a tensor whose rows are samples, each row by
    itself."""
    rank, layer = len(shape), ac.Matmul(transpose_second=turned)
    if at is None or at.axis != rank - 2 or first.at is None:
        first, second = low.alike([first, second])
        return low.on([first, second], layer, at, shape)
    if not first.is_free:
        return low.on([first, second], layer, at, shape)
    one = low.on(first, ac.ExpandDims(-2), first.at, first.shape)
    made = low.on([one, second], layer, at, shape)
    return low.on(made, ac.Squeeze(-2), at, shape)


def _batch_of_product(first: Value, second: Value, shape: Sequence[int]) -> Batch | None:
    """Where the batch is in a product: in the rows of the first, or before both matrices.

    Raises:
        MixesSamplesError: it is summed along, or is in different places.
    """
    found = set()
    for value, summed in ((first, (1,)), (second, (1, 2))):
        if value.at is not None:
            back = len(value.shape) - value.at.axis
            if back in summed:
                raise MixesSamplesError("the batch is a factor of a product")
            found.add((len(shape) - back, value.at.inner))
    if len(found) > 1:
        raise MixesSamplesError("the batch is in different places of a product")
    return next((Batch(*one) for one in found), None)


@lowers("baddbmm", "addmm", "addbmm", "addmv")
def baddbmm(
    low: Workbench, x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1
) -> Lowered:
    """A multiple of a tensor plus a multiple of a product."""
    if low.call.what == "addbmm":
        raise MixesSamplesError("products summed along their first axis")
    product: Any = matmul(low, a, b)
    if alpha != 1:
        product = low.on(product, ac.Rescaling(float(alpha), 0.0))
    if beta == 0:
        return product  # type: ignore[no-any-return]
    scaled = x if beta == 1 else low.on(low.tensor_of(x), ac.Rescaling(float(beta), 0.0))
    return low.merged(ac.Add, [scaled, product])


@lowers("scaled_dot_product_attention")
def attention(
    low: Workbench, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: Any = None, enable_gqa: bool = False,
) -> Lowered:  # fmt: skip
    asked = (query, key, value) if attn_mask is None else (query, key, value, attn_mask)
    given = low.alike([low.tensor_of(x) for x in asked])
    (shape,) = low.shapes()
    layer = ac.ScaledDotProductAttention(
        bool(is_causal), scale=None if scale is None else float(scale), enable_gqa=bool(enable_gqa)
    )
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
    """A Dense where the model learns the weights; products and sums where they were computed."""
    value = low.tensor_of(x)
    (shape,) = low.shapes()
    if low.is_whole(weight) and (bias is None or low.is_whole(bias)):
        layer = low.held(ac.Dense(low.size(weight, 0), use_bias=bias is not None), weight, bias)
        return low.on(value, layer, value.at, shape)
    if low.is_whole(weight):
        plain = low.held(ac.Dense(low.size(weight, 0), use_bias=False), weight)
        made = low.on(value, plain, value.at, shape)
    else:
        computed = low.tensor_of(weight)
        if computed.at is not None:
            raise MixesSamplesError("the weights hold the batch")
        made = _multiplied(low, value, computed, value.at, shape, turned=True)
    return made if bias is None else low.merged(ac.Add, [made, bias])


def _convolution(rank: int) -> Lower:
    def lower(
        low: Workbench, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1,
    ) -> Lowered:  # fmt: skip
        value, (made,) = low.tensor_of(x), low.shapes()
        kernel = low.shape_of(weight)
        steps, spread = _each(stride, rank), _each(dilation, rank)
        if not low.is_whole(weight) or not (bias is None or low.is_whole(bias)):
            amounts = _amounts(padding, kernel[2:], spread)
            layer = ac.Convolve(strides=steps, padding=amounts, dilation_rate=spread, groups=groups)
            return _convolved(low, value, low.tensor_of(weight), bias, layer, made)
        kind = {1: ac.Conv1D, 2: ac.Conv2D, 3: ac.Conv3D}[rank]
        pads: Any = padding if isinstance(padding, str) else _each(padding, rank)
        held = kind(
            kernel[0], tuple(kernel[2:]), strides=steps,
            padding=pads,
            data_format="channels_first", dilation_rate=spread, groups=groups,
            use_bias=bias is not None,
        )  # fmt: skip
        return low.sampled(value, low.held(held, weight, bias), made)

    return lower


def _amounts(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> Any:
    """Padding as amounts before and after."""
    if padding == "valid":
        return ((0, 0),)
    if padding == "same":
        both = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return tuple((n // 2, n - n // 2) for n in both)
    return _each(padding, len(kernel))


def _convolved(
    low: Workbench, x: Value, kernel: Value, bias: Any, layer: Any, shape: Sequence[int]
) -> Value:
    """With a kernel that was computed; from the input too, where every sample is a group."""
    more = [] if bias is None else [low.tensor_of(bias)]
    if x.is_free and x.at == Batch(0) and kernel.at is None:
        return low.on([x, kernel, *more], layer, x.at, shape)
    if x.at is None or x.at.axis != 1 or int(x.shape[0]) != 1 or kernel.at is None:
        raise NotLoweredError("a computed kernel with the batch elsewhere")
    groups = int(layer.groups) // x.batch
    own = layer.model_copy(update={"groups": groups})
    image = low.on(x, ac.Squeeze(1), Batch(0), (x.batch, *x.own[1:])) if x.own[0] == 1 else x
    rows = [kernel, *more]
    made = low.on([image, *rows], own, Batch(0), (x.batch, shape[1] // x.batch, *shape[2:]))
    back = low.on(made, ac.ExpandDims(1), Batch(1, int(shape[1]) // x.batch), shape)
    return Value(back.tensor, tuple(shape), back.at, x.batch)


def _transposed(rank: int) -> Lower:
    def lower(
        low: Workbench, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Lowered:  # fmt: skip
        value, (made,) = low.tensor_of(x), low.shapes()
        depth, filters, *kernel = low.shape_of(weight)
        told = {
            "in_channels": depth, "out_channels": filters * groups, "kernel_size": tuple(kernel),
            "stride": _plain(stride), "padding": _plain(padding),
            "output_padding": _plain(output_padding), "groups": groups,
            "bias": bias is not None, "dilation": _plain(dilation),
        }  # fmt: skip
        layer = low.named(f"ConvTranspose{rank}d", told)
        return low.sampled(value, low.held(layer, weight, bias), made)

    return lower


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else tuple(value)


FUNCTIONS.update({f"conv_transpose{rank}d": _transposed(rank) for rank in (1, 2, 3)})


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


FUNCTIONS.update({f"conv{rank}d": _convolution(rank) for rank in (1, 2, 3)})
