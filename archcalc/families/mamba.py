"""State spaces in the place of attention: Mamba.

Source: Gu and Dao, *Mamba: Linear-Time Sequence Modeling with Selective State Spaces* (2023),
section 3.4 and algorithm 2.
"""

from __future__ import annotations

from archcalc.families.decoder import block, decoder
from archcalc.families.parts import read_dim
from archcalc.layers import Activation, Dense, DepthwiseConv1D, Multiply, SelectiveScan, Split
from archcalc.network import Input, Model
from archcalc.symbolic.dims import DimLike, lower

__all__ = ["mamba", "state_space"]


def state_space(
    width: DimLike,
    inner: DimLike = "E",
    state: DimLike = "N",
    kernel: DimLike = "c",
    rank: DimLike = "R",
    *,
    use_bias: bool = False,
    conv_bias: bool = True,
    name: str = "mixer",
) -> Model:
    """A selective state space with its short convolution and its gate: ``(t, width)``.

    Args:
        width: the features that come in, and go out.
        inner: the features in between.
        state: how many numbers are kept of each of those.
        kernel: how many positions the convolution sees.
        rank: how long the vector is that the sizes of steps are made from.
        use_bias: whether the projections in and out add a bias.
        conv_bias: whether the convolution does.
        name: what the network is called.

    >>> state_space("d").trace(("t", "d")).parameters.collect("E")
    E·(c + 3·d + 3·N + 2·R + 3)
    """
    d, e = read_dim("width", width), read_dim("inner", inner)
    n, r = read_dim("state", state), read_dim("rank", rank)
    x = Input(("t", d))
    whole = Dense(lower(2 * e), use_bias=use_bias, name="in_proj")(x)
    made, gate = Split(2, name="split")(whole)
    made = DepthwiseConv1D(
        read_dim("kernel", kernel), padding="causal", use_bias=conv_bias, activation="silu",
        name="conv1d",
    )(made)  # fmt: skip
    selected = Dense(lower(r + 2 * n), use_bias=False, name="x_proj")(made)
    low, into, out = Split((r, n, n), name="selected")(selected)
    steps = Dense(e, "softplus", name="dt_proj")(low)
    y = SelectiveScan(n, name="scan")(made, steps, into, out)
    y = Multiply(name="gated")(y, Activation("silu", name="gate")(gate))
    return Model(x, Dense(d, use_bias=use_bias, name="out_proj")(y), name=name)


def mamba(
    layers: DimLike = "L",
    width: DimLike = "d",
    vocab: DimLike = "V",
    inner: DimLike = "E",
    state: DimLike = "N",
    kernel: DimLike = "c",
    rank: DimLike = "R",
    *,
    use_bias: bool = False,
    conv_bias: bool = True,
    tied: bool = True,
    head: bool = True,
    length: DimLike = "t",
) -> Model:
    """A Mamba: layers that are a state space each, and nothing beside it.

    Args:
        layers: how many layers.
        width: how long the vector of each word is.
        vocab: how many words there are.
        inner, state, kernel, rank: the sizes of a state space; see `state_space`.
        use_bias, conv_bias: whether its projections and its convolution add a bias.
        tied: whether the head is the table of words.
        head: whether there is a head.
        length: how many words a sequence has.

    Raises:
        DimensionError: an argument is no dimension.

    >>> mamba(24, 768, 50280, 1536, 16, 4, 48).trace().parameters
    129135360
    """
    d = read_dim("width", width)
    mixer = state_space(d, inner, state, kernel, rank, use_bias=use_bias, conv_bias=conv_bias)
    return decoder([(layers, block(d, mixer))], d, vocab, tied=tied, head=head, length=length)
