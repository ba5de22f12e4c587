"""What stands beside attention in a layer of a language model: an MLP, gated or plain, or experts.

Sources: Vaswani et al., *Attention Is All You Need* (2017), section 3.3; Shazeer, *GLU Variants
Improve Transformer* (2020), equation 6; Dai et al., *DeepSeekMoE* (2024), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from archcalc.families.parts import read_dim
from archcalc.layers import Activation, Add, Dense, Layer, Multiply, Power, Split
from archcalc.layers.functions import ActivationName
from archcalc.network import Experts, Input, Model, Sequential
from archcalc.symbolic.dims import DimLike, lower

__all__ = ["Between", "experts", "gated_mlp", "mlp"]

Between: TypeAlias = ActivationName | Literal["relu2"]
"""A function between dense layers; ``"relu2"`` is the square of ``"relu"``."""


_UP = {"kernel": ("width", "ffn")}
_DOWN = {"kernel": ("ffn", "width")}
_ROUTES = {"kernel": ("width", "routes")}
"""What the axes of kernels are, by which devices split them."""


def mlp(
    width: DimLike,
    hidden: DimLike = "f",
    activation: Between = "gelu",
    *,
    use_bias: bool = True,
    name: str | None = "mlp",
) -> Sequential:
    """Two dense layers with a function between them: ``(…, width)`` to the same.

    Args:
        width: the features that come in, and go out.
        hidden: the features between the two.
        activation: the function.
        use_bias: whether both add a bias.
        name: what the network is called.

    >>> mlp("d", "f").trace(("t", "d")).parameters.collect("d")
    d·(2·f + 1) + f
    """
    d, f = read_dim("width", width), read_dim("hidden", hidden)
    up = [
        Dense(f, _first(activation), use_bias=use_bias, name="up_proj", weight_axes=_UP),
        *([Power(2, name="squared")] if activation == "relu2" else []),
    ]
    down = Dense(d, use_bias=use_bias, name="down_proj", weight_axes=_DOWN)
    return Sequential([*up, down], name=name)


def _first(activation: Between) -> ActivationName:
    return "relu" if activation == "relu2" else activation


def gated_mlp(
    width: DimLike,
    hidden: DimLike = "f",
    activation: Between = "silu",
    *,
    use_bias: bool = False,
    fused: bool = False,
    name: str | None = "mlp",
    axes: Sequence[DimLike] = ("t",),
) -> Model:
    """A dense layer, gated by another with a function, and one back: ``down(act(gate)·up)``.

    Args:
        width: the features that come in, and go out.
        hidden: the features between.
        activation: the function of the gate.
        use_bias: whether all three add a bias.
        fused: whether one kernel gives gate and values.
        name: what the network is called.
        axes: the axes of positions before the features; none for an expert, which takes a token.

    >>> gated_mlp("d", "f").trace(("t", "d")).parameters
    3·d·f
    """
    d, f = read_dim("width", width), read_dim("hidden", hidden)
    x = Input((*axes, d))
    if fused:
        whole = Dense(lower(2 * f), use_bias=use_bias, name="gate_up_proj", weight_axes=_UP)(x)
        gate, up = Split(2, name="split")(whole)
        gate = Activation(_first(activation), name="activation")(gate)
    else:
        gate = Dense(f, _first(activation), use_bias=use_bias, name="gate_proj", weight_axes=_UP)(x)
        up = Dense(f, use_bias=use_bias, name="up_proj", weight_axes=_UP)(x)
    if activation == "relu2":
        gate = Power(2, name="squared")(gate)
    y = Dense(d, use_bias=use_bias, name="down_proj", weight_axes=_DOWN)(
        Multiply(name="gated")(gate, up)
    )
    return Model(x, y, name=name)


def experts(
    width: DimLike,
    expert: Layer,
    count: DimLike = "E",
    active: DimLike = "k",
    *,
    shared: Layer | None = None,
    shared_gate: bool = False,
    router_bias: bool = False,
    normalize: bool = True,
    name: str = "mlp",
) -> Model:
    """A router, experts of which each token meets some, and maybe one that every token meets.

    Args:
        width: the features that come in, and go out.
        expert: one expert, which takes a token ``(width,)``.
        count: how many experts there are.
        active: how many of them a token meets.
        shared: what every token meets beside them, which takes ``(t, width)``.
        shared_gate: whether what that gives is multiplied with a gate of its own, as in Qwen2-MoE.
        router_bias: whether the router adds a learned bias.
        normalize: whether the scores of the chosen are divided by their sum.
        name: what the network is called.

    >>> net = experts("d", gated_mlp("d", "f", axes=()), "E", "k")
    >>> net.trace(("t", "d")).parameters.collect("d")
    d·(3·E·f + E)
    >>> net.trace(("t", "d")).active_parameters.collect("d")
    d·(3·f·k + E)
    """
    d, n = read_dim("width", width), read_dim("count", count)
    x = Input(("t", d))
    scores = Dense(n, "softmax", use_bias=router_bias, name="router", weight_axes=_ROUTES)(x)
    y: Any = Experts(expert, n, active, normalize=normalize, name="experts")([x, scores])
    if shared is not None:
        beside = shared(x)
        if shared_gate:
            gate = Dense(1, "sigmoid", use_bias=False, name="shared_expert_gate")(x)
            beside = Multiply(name="gated")(beside, gate)
        y = Add(name="sum")(y, beside)
    return Model(x, y, name=name)
