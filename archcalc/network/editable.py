"""What makes other networks of a network: parts replaced, adapters added, numbers generalized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from archcalc._loading import loaded
from archcalc.layers.base import Layer
from archcalc.network.forms import generalized
from archcalc.symbolic.dims import DimLike

if TYPE_CHECKING:
    from archcalc.network.generalizing import Generalization

__all__ = ["Editable"]


_OTHERWISE = {
    **dict.fromkeys(
        ("add", "append", "extend"),
        "a network is a value: write Sequential([…]), or net.insert(layer, after=…); "
        "from_source reads code that adds layers one by one",
    ),
    "pop": "a network is a value: net.remove(path) gives another",
    **dict.fromkeys(
        ("compile", "fit", "evaluate", "predict", "train_on_batch", "get_weights", "set_weights",
         "load_weights", "save_weights"),
        "archcalc counts, and computes nothing: net.to_keras() gives a model that does",
    ),
    **dict.fromkeys(
        ("forward", "train", "eval", "cuda", "state_dict", "load_state_dict", "named_parameters",
         "modules", "named_modules"),
        "archcalc counts, and computes nothing: net.to_torch() gives a module that does",
    ),
}  # fmt: skip
"""What users of Keras and torch type on a model, and what there is in its place."""


class Editable:
    """A network as what one edits; every edit gives another network, and this one stays."""

    if not TYPE_CHECKING:  # a type checker would take every name for one of ours

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError as error:
                if name not in _OTHERWISE:
                    raise
                text = f"{type(self).__name__} has no {name}: {_OTHERWISE[name]}"
                raise AttributeError(text, name=error.name, obj=self) from None

    def at(self, path: str) -> Layer:
        """The layer or network at a path, as a trace writes it: ``"stage1/conv2d_1"``.

        Raises:
            LookupFailedError: nothing is there; the error names what is nearest.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Residual, Sequential
        >>> Sequential([Residual([Dense(8)]), Dense(1)]).at("residual/dense")
        Dense(units=8)
        """
        found: Layer = loaded("archcalc.network.edit").at(self, path)
        return found

    def replace(self, path: str, layer: Layer | Sequence[Layer]) -> Self:
        """The network with `layer` in the place of what stands at `path`; this one stays as it is.

        What is shared is replaced in all its places.  A layer without a name takes the one that
        the layer before it was given; made-up names are made up anew.  The shapes that follow are
        worked out anew, and what no longer fits is refused where it always is: in a trace, or when
        a `Model` is made.

        Args:
            path: as a trace writes it; within `Repeat`, without the number of the copy.
            layer: a layer, a network, or a list of layers.

        Raises:
            LookupFailedError: nothing is at the path.
            InvalidLayerError: the layer there is not a part that was given, but made by a network.
            ShapeError: in a `Model`, what follows cannot take what comes.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> net = Sequential([Dense(100), Dense(10)], input_shape=784)
        >>> net.replace("dense", Dense("n")).trace().parameters
        785·n + 10·(n + 1)
        """
        made: Self = loaded("archcalc.network.edit").replace(self, path, layer)
        return made

    def insert(
        self,
        layer: Layer | Sequence[Layer],
        *,
        after: str | None = None,
        before: str | None = None,
    ) -> Self:
        """The network with `layer` after what stands at a path, or before it.

        Where what is around holds just one layer, as `TimeDistributed` does, it then holds a
        `Sequential` of both.

        Args:
            layer: a layer, a network, or a list of layers.
            after: the path of the layer it comes after; where that is shared, after each call.
            before: the path of the layer it comes before.

        Raises:
            LookupFailedError: nothing is at the path.
            InvalidLayerError: there is not one path, or what is there is made by a network.
            ShapeError: before several inputs, or after several outputs; or as for `replace`.

        >>> from archcalc.layers import Dense, ReLU
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense(100), Dense(10)]).insert(ReLU(), after="dense")
        Sequential(layers=[Dense(units=100), ReLU(), Dense(units=10)])
        """
        made: Self = loaded("archcalc.network.edit").insert(self, layer, after, before)
        return made

    def remove(self, path: str) -> Self:
        """The network without what stands at `path`: what went into it goes on.

        Raises:
            LookupFailedError: nothing is at the path.
            InvalidLayerError: what is there is made by a network.
            ShapeError: it joins several inputs, or gives several outputs; or as for `replace`.

        >>> from archcalc.layers import Dense, Dropout
        >>> from archcalc.network import Sequential
        >>> Sequential([Dense(100), Dropout(0.5), Dense(10)]).remove("dropout")
        Sequential(layers=[Dense(units=100), Dense(units=10)])
        """
        made: Self = loaded("archcalc.network.edit").remove(self, path)
        return made

    def with_lora(
        self,
        rank: DimLike,
        targets: str | Sequence[str],
        *,
        merged: bool = False,
        bias: Literal["none", "lora_only"] = "none",
    ) -> Self:
        """The network as it is fine-tuned with adapters: every weight is frozen, and two thin ones
        are trained beside each that is named.

        Args:
            rank: how many numbers stand between the two; a number or a symbol.
            targets: patterns, of which each names a layer by its path or the last parts of it
                (``"block/*/c_proj"``, ``"mlp/c_proj"``, ``"c_proj"``), or a weight of it
                (``"query"`` or ``"query_kernel"``, ``"self_attn/value"``).  Projections of
                attention also go by the names that models have for them (``"q_proj"``,
                ``"v_proj"``, ``"out_proj"``).  ``"all-linear"`` are, as in peft, all dense products
                but those of the layer that gives the output.
            merged: whether the product of the two is added to the weight once for a batch, as Keras
                does; otherwise they are multiplied beside it at each position, as peft does.
            bias: which biases are trained: ``"none"``, or ``"lora_only"``, those of the layers that
                have adapters.

        Raises:
            LookupFailedError: a pattern names no weight that can have adapters.
            InvalidLayerError: a layer has adapters already; or a network makes it as a copy of
                another, and only one of them is named.
            ShapeError: the network was given no input shape.

        >>> from archcalc.layers import Dense
        >>> from archcalc.network import Sequential
        >>> net = Sequential([Dense("n"), Dense(10)], input_shape=784)
        >>> net.with_lora("r", "dense").trace().trainable_parameters
        (n + 784)·r
        """
        names = (targets,) if isinstance(targets, str) else tuple(targets)
        made: Self = loaded("archcalc.network.adapting").with_lora(self, rank, names, merged, bias)
        return made

    def generalize(self, values: Mapping[str, int] | None = None, /, **sizes: int) -> Self:
        """The network as one of a family: each size that is a multiple of a number is the same
        multiple of a symbol.

        A size is a number of channels, units, classes, rows of a table, positions of the input:
        what its layers say that it is; a kernel, a stride or a number of heads is none.  A symbol
        whose number stands among the channels stands for channels; else it is a depth, where that
        many equal blocks follow one another, which become a `Repeat`; else it stands for
        positions, as of an image or a sequence.  Where two numbers divide a size, one that equals
        it is taken, else the larger.  What a layer takes from what comes in (groups of one
        channel, the width of a head, an axis of a reshape) follows it.

        What is made is followed, and what a number could not be read as is told:
        `generalization` lists what became what, what stayed a number, and what is undecided.  A
        number that a model's code computed by rounding stays the number that it is.

        Args:
            values: numbers for symbols that are called as an argument is.
            sizes: for each symbol the number that it stands for, at least 2.

        Raises:
            EvaluationError: a number is none that can be stood for, or two symbols have the same.
            LookupFailedError: no size is a multiple of a number, or none could become one of a
                symbol; or a symbol is there already.
            ShapeError: the network was given no input shape.

        >>> from archcalc.layers import Conv2D, Dense, GlobalAveragePooling2D
        >>> from archcalc.network import Sequential
        >>> net = Sequential([Conv2D(64, 7), Conv2D(128, 3),
        ...                   GlobalAveragePooling2D(), Dense(1000)], input_shape=(224, 224, 3))
        >>> family = net.generalize(c=64, K=1000)
        >>> family.trace().parameters.collect("c", "K")
        18·c² + c·(2·K + 150) + K
        """
        made: Self = generalized(self, {**(values or {}), **sizes})
        return made

    @cached_property
    def generalization(self) -> Generalization | None:
        """What became what, where `generalize` made this network; ``None`` of any other."""
        return None
