"""Random torch modules: nested scopes, shared and tied weights, free parameters, functions between.

Every step maps one sample to one sample, so that what comes out is known from torch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Scope", "modules"]

Step = Callable[["Scope", Tensor, list[Tensor]], Any]
Draw = Callable[[Any], Any]

_MOST_ELEMENTS = 600
_MOST_AXES = 4


class Scope(nn.Module):
    """Steps one after the other; each knows what came before it in this scope."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, Step]] = []
        self.out: list[int] = []

    def own(self, module: nn.Module | nn.Parameter) -> str:
        """Hold a module or a parameter; its name."""
        kind = "free" if isinstance(module, nn.Parameter) else type(module).__name__.lower()
        name = f"{kind}{len(self._modules) + len(self._parameters)}x"
        setattr(self, name, module)
        return name

    def forward(self, x: Tensor) -> Any:
        made = [x]
        for _, step in self.steps:
            made.append(step(self, made[-1], made))
        return tuple(made[i] for i in self.out) if self.out else made[-1]

    def extra_repr(self) -> str:
        return ", ".join(text for text, _ in self.steps)


def _dims(x: Tensor) -> list[int]:
    return list(x.shape[1:])


def _axis(draw: Draw, x: Tensor) -> int:
    """An axis that is not the batch, from either end."""
    axis = draw(st.integers(1, x.ndim - 1))
    return draw(st.sampled_from([axis, axis - x.ndim]))


def _numbers(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * 0.5)


# Modules


def _linear(draw: Draw, scope: Scope, x: Tensor, made: Sequence[Tensor]) -> tuple[str, Step]:
    n, units, bias = x.shape[-1], draw(st.integers(1, 5)), draw(st.booleans())
    alike = [k for k, m in scope._modules.items() if isinstance(m, nn.Linear)]
    shared = [k for k in alike if getattr(scope, k).in_features == n]
    if shared and draw(st.booleans()):
        name = draw(st.sampled_from(shared))
        return f"{name} again", lambda s, y, _: getattr(s, name)(y)
    turned = [k for k in alike if getattr(scope, k).out_features == n]
    if turned and draw(st.booleans()):
        name = draw(st.sampled_from(turned))
        return f"{name}.weight turned", lambda s, y, _: functional.linear(
            y, getattr(s, name).weight.t()
        )
    layer = nn.Linear(n, units, bias)
    tied = [k for k in shared if getattr(scope, k).out_features == units]
    if tied and draw(st.booleans()):
        layer.weight = getattr(scope, tied[0]).weight
    name = scope.own(layer)
    return f"Linear({n}, {units}, {bias})", lambda s, y, _: getattr(s, name)(y)


def _module(scope: Scope, layer: nn.Module) -> tuple[str, Step]:
    name = scope.own(layer)
    return repr(layer), lambda s, y, _: getattr(s, name)(y)


def _convolution(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    c, *sizes = _dims(x)
    groups = draw(st.sampled_from([g for g in (1, 2, c) if c % g == 0]))
    k = draw(st.integers(1, min(3, *sizes)))
    kind = nn.Conv1d if len(sizes) == 1 else nn.Conv2d
    return _module(
        scope,
        kind(c, groups * draw(st.integers(1, 2)), k, draw(st.integers(1, 2)),
             draw(st.integers(0, 1)), groups=groups, bias=draw(st.booleans())),
    )  # fmt: skip


def _norm(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    kinds = [nn.LayerNorm(x.shape[-1])]
    if x.ndim in (3, 4):
        kinds.append((nn.BatchNorm1d if x.ndim == 3 else nn.BatchNorm2d)(x.shape[1]))
        kinds.append(nn.GroupNorm(1, x.shape[1]))
    return _module(scope, draw(st.sampled_from(kinds)))


def _pool(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    kinds = [nn.AdaptiveAvgPool2d(1), nn.MaxPool2d(2, 1), nn.AvgPool2d(2)]
    fits = min(x.shape[2:]) >= 2
    return _module(scope, draw(st.sampled_from(kinds if fits else kinds[:1])))


def _attention(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    d = x.shape[-1]
    heads = draw(st.sampled_from([h for h in range(1, d + 1) if d % h == 0]))
    name = scope.own(nn.MultiheadAttention(d, heads, batch_first=True))
    return f"MultiheadAttention({d}, {heads})", lambda s, y, _: getattr(s, name)(
        y, y, y, need_weights=False
    )[0]


def _within_function(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    """Scaled dot-product attention by function, on heads that are axes."""
    d = x.shape[-1]
    heads = draw(st.sampled_from([h for h in range(1, d + 1) if d % h == 0]))
    causal = draw(st.booleans())
    name = scope.own(nn.Linear(d, 3 * d))

    def step(s: Scope, y: Tensor, _: Any) -> Tensor:
        b, t, _width = y.shape
        parts = (p.view(b, t, heads, d // heads).transpose(1, 2) for p in
                 getattr(s, name)(y).chunk(3, -1))  # fmt: skip
        z = functional.scaled_dot_product_attention(*parts, is_causal=causal)
        return z.transpose(1, 2).reshape(b, t, d)

    return f"sdpa({d}, {heads}, {causal})", step


def _free(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    """A free parameter, as long as some of the last axes, added or multiplied."""
    last = _dims(x)[draw(st.integers(0, x.ndim - 2)) :]
    shape = [n if draw(st.booleans()) else 1 for n in last]
    name = scope.own(_numbers(*shape))
    if draw(st.booleans()):
        return f"+ {shape}", lambda s, y, _: y + getattr(s, name)
    return f"* {shape}", lambda s, y, _: getattr(s, name) * y


def _free_product(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    n, m = x.shape[-1], draw(st.integers(1, 4))
    name = scope.own(_numbers(n, m))
    return f"@ [{n}, {m}]", lambda s, y, _: y @ getattr(s, name)


# Functions


def _elementwise(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    kinds: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": functional.relu, "gelu": functional.gelu, "tanh": torch.tanh,
        "sigmoid": Tensor.sigmoid, "halved": lambda y: y / 2, "1 - y": lambda y: 1 - y,
        "y * y": lambda y: y * y, "y ** 2": lambda y: y**2, "-y": lambda y: -y,
        "clamp": lambda y: y.clamp(-1, 1), "exp": lambda y: torch.exp(-y.abs()),
        "where": lambda y: torch.where(y > 0, y, 0.1 * y),
        "sqrt": lambda y: torch.sqrt(y.abs() + 1), "y.add_": lambda y: (y + 0).add_(1.0),
    }  # fmt: skip
    text = draw(st.sampled_from(list(kinds)))
    return text, lambda s, y, _: kinds[text](y)


def _reduced(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    axis, keep = _axis(draw, x), draw(st.booleans())
    kinds: dict[str, Callable[..., Tensor]] = {
        "mean": torch.mean, "sum": torch.sum, "amax": torch.amax,
        "norm": lambda y, a, keepdim: y.norm(dim=a, keepdim=keepdim),
    }  # fmt: skip
    kind = draw(st.sampled_from(list(kinds)))
    return f"{kind}({axis}, {keep})", lambda s, y, _: kinds[kind](y, axis, keepdim=keep)


def _softmax(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    axis = _axis(draw, x)
    return f"softmax({axis})", lambda s, y, _: functional.softmax(y, axis)


def _cumulated(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    axis = _axis(draw, x)
    if draw(st.booleans()):
        return f"flip({axis})", lambda s, y, _: y.flip(axis)
    return f"roll({axis})", lambda s, y, _: y.roll(1, axis)


def _permuted(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    order = [0, *draw(st.permutations(range(1, x.ndim)))]
    return f"permute{order}", lambda s, y, _: y.permute(order)


def _reshaped(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    """Two axes as one, or one as two."""
    if x.ndim > 2 and draw(st.booleans()):
        first = draw(st.integers(1, x.ndim - 2))
        return f"flatten({first})", lambda s, y, _: y.flatten(first, first + 1)
    axis = draw(st.integers(1, x.ndim - 1))
    n = x.shape[axis]
    by = draw(st.sampled_from([d for d in range(1, n + 1) if n % d == 0]))
    rest = [*_dims(x)[: axis - 1], by, n // by, *_dims(x)[axis:]]
    if draw(st.booleans()):
        return f"view(b, {rest})", lambda s, y, _: y.reshape(y.shape[0], *rest)
    return f"view(-1, {rest})", lambda s, y, _: y.reshape(-1, *rest)


def _squeezed(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    ones = [a for a in range(1, x.ndim) if x.shape[a] == 1]
    if ones and draw(st.booleans()):
        axis = draw(st.sampled_from(ones))
        return f"squeeze({axis})", lambda s, y, _: y.squeeze(axis)
    axis = draw(st.integers(1, x.ndim))
    return f"unsqueeze({axis})", lambda s, y, _: y.unsqueeze(axis)


def _sliced(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    axis = draw(st.integers(1, x.ndim - 1))
    n = x.shape[axis]
    start = draw(st.integers(0, n - 1))
    if draw(st.booleans()):
        at: Any = draw(st.sampled_from([start, start - n]))
    else:
        at = slice(start, draw(st.integers(start + 1, n)), draw(st.integers(1, 2)))
    where = (*[slice(None)] * axis, at)
    return f"[{axis}: {at}]", lambda s, y, _: y[where]


def _split(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    """Halves that are gated, or parts that are put together the other way round."""
    axis = _axis(draw, x)
    if x.shape[axis] % 2 == 0 and draw(st.booleans()):

        def gated(s: Scope, y: Tensor, _: Any) -> Tensor:
            a, b = y.chunk(2, axis)
            return a * torch.sigmoid(b)

        return f"gated({axis})", gated
    return f"turned({axis})", lambda s, y, _: torch.cat(y.split(1, axis)[::-1], axis)


def _joined(draw: Draw, scope: Scope, x: Tensor, made: Sequence[Tensor]) -> tuple[str, Step]:
    """Something that came before, added or put beside."""
    rank = [i for i, y in enumerate(made) if y.ndim == x.ndim]
    axis = draw(st.integers(1, x.ndim - 1))
    beside = [i for i in rank if _but(made[i], axis) == _but(x, axis)]
    if draw(st.booleans()):
        place = draw(st.sampled_from(beside))
        return f"cat({place}, {axis})", lambda s, y, m: torch.cat([m[place], y], axis)
    fits = [
        i for i in rank
        if all(1 in (a, b) or a == b for a, b in zip(made[i].shape, x.shape, strict=True))
    ]  # fmt: skip
    place = draw(st.sampled_from(fits))
    if draw(st.booleans()):
        return f"+ made {place}", lambda s, y, m: y + m[place]
    return f"* made {place}", lambda s, y, m: m[place] * y


def _but(x: Tensor, axis: int) -> list[int]:
    return [n for i, n in enumerate(x.shape) if i != axis]


def _product(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    if draw(st.booleans()):
        return "x @ xT", lambda s, y, _: y @ y.transpose(-2, -1)
    return "softmax(x @ xT) @ x", lambda s, y, _: functional.softmax(y @ y.mT, -1) @ y


def _padded(draw: Draw, scope: Scope, x: Tensor, made: Any) -> tuple[str, Step]:
    sides = draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))
    return f"pad{sides}", lambda s, y, _: functional.pad(y, sides)


_STEPS: list[tuple[Callable[..., tuple[str, Step]], Callable[[Tensor], bool]]] = [
    (_linear, lambda x: True),
    (_convolution, lambda x: x.ndim in (3, 4)),
    (_norm, lambda x: x.shape[-1] > 1),
    (_pool, lambda x: x.ndim == 4),
    (_attention, lambda x: x.ndim == 3),
    (_within_function, lambda x: x.ndim == 3),
    (_free, lambda x: True),
    (_free_product, lambda x: True),
    (_elementwise, lambda x: True),
    (_reduced, lambda x: x.ndim > 2),
    (_softmax, lambda x: True),
    (_cumulated, lambda x: True),
    (_permuted, lambda x: x.ndim > 2),
    (_reshaped, lambda x: True),
    (_squeezed, lambda x: x.ndim > 2),
    (_sliced, lambda x: x.ndim > 2),
    (_split, lambda x: True),
    (_joined, lambda x: True),
    (_product, lambda x: x.ndim > 2),
    (_padded, lambda x: True),
]


@st.composite
def _scopes(draw: Draw, x: Tensor, depth: int) -> Scope:
    scope, made = Scope(), [x]
    for _ in range(draw(st.integers(1, 5))):
        y = made[-1]
        inner = ["step", "step", "step", "scope", "folded"][: 5 if depth else 3]
        how = draw(st.sampled_from(inner))
        if how == "folded" and y.ndim > 2:
            text, step = _folded(draw, scope, y, depth)
        elif how == "scope":
            text, step = _module(scope, draw(_scopes(y, depth - 1)))
        else:
            kinds = [kind for kind, fits in _STEPS if fits(y)]
            text, step = draw(st.sampled_from(kinds))(draw, scope, y, made)
        try:
            with torch.no_grad():
                z = step(scope.eval(), y, made)
        except RuntimeError:  # torch does not take it
            continue
        if z.numel() <= 2 * _MOST_ELEMENTS and 2 <= z.ndim <= _MOST_AXES + 1 and z.numel():
            scope.steps.append((text, step))
            made.append(z)
    return scope


def _folded(draw: Draw, scope: Scope, x: Tensor, depth: int) -> tuple[str, Step]:
    """A scope on the first axis folded into the batch, as windows and frames are."""
    inner = draw(_scopes(x.flatten(0, 1), depth - 1))
    name = scope.own(inner)

    def step(s: Scope, y: Tensor, _: Any) -> Tensor:
        z = getattr(s, name)(y.flatten(0, 1))
        return z.view(y.shape[0], y.shape[1], *z.shape[1:])

    return f"folded {inner!r}", step


@st.composite
def modules(draw: Draw) -> tuple[Scope, tuple[int, ...]]:
    """A module, and the shape of a sample that it takes."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    torch.manual_seed(0)
    scope = draw(_scopes(torch.randn(2, *shape), 2))
    if scope.steps and draw(st.booleans()):
        last = len(scope.steps)
        scope.out = [*draw(st.lists(st.integers(1, last), max_size=2, unique=True)), last]
    return scope.eval(), tuple(shape)
