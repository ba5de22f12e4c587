"""What a layer states about itself: weights, work, state and remarks, each symbolically.

Facts name one another: a product says which weight it multiplies and which bias is added to its
results, so that a bias is counted where its product happens, and a gradient where it has an
operand.  Nothing is paired by the spelling of a name or by a shape.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from archcalc.layers.axis import Axis
from archcalc.layers.mask import Mask
from archcalc.symbolic.compare import smallest
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.shape import Shape, as_shape, product
from archcalc.symbolic.shown import Shown

__all__ = [
    "KINDS",
    "PRIMITIVES",
    "Arithmetic",
    "ArithmeticKind",
    "Kept",
    "Kind",
    "Operand",
    "Primitive",
    "Remark",
    "Role",
    "Saved",
    "State",
    "Storage",
    "Weight",
    "Work",
]

Role: TypeAlias = Literal[
    "kernel",
    "recurrent kernel",
    "bias",
    "scale",
    "offset",
    "embedding",
    "adapter",
    "statistic",
    "free",
]
"""What a weight is, whatever its name: what a product multiplies (kernel, recurrent kernel), what
is added to its results (bias), what rescales and moves (scale, offset), a table that is looked up
(embedding), what is trained in a kernel's place (adapter), what is kept but not learned
(statistic), and a tensor that stands for itself (free)."""

Kind: TypeAlias = Literal["matmul", "convolution", "attention", "adapter"]
"""What a product is: of matrices, of windows with a kernel, of queries with keys and scores with
values, or with adapters (LoRA's), so that a convention can pick."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of products, in order."""

Storage: TypeAlias = Literal["own", "input", "overwritten", "reshaped", "strided", "weight"]
"""Where an output is stored: in memory of its own; it is the first input itself (identity), is
written over it (in place), or is its memory seen differently, in the same order (a reshape) or in
another (a transpose, a slice: a view in torch, a copy in others); or it is one of the weights."""

Primitive: TypeAlias = Literal[
    "addition", "multiplication", "division", "comparison", "square root", "transcendental"
]
"""An operation on one or two numbers.  A subtraction is an addition; changing a sign is none; an
absolute value, a minimum, a maximum and rounding are comparisons; exponentials, logarithms, powers,
tanh and the error function are transcendental."""

PRIMITIVES: tuple[Primitive, ...] = get_args(Primitive)
"""The primitive operations, in order."""

ArithmeticKind: TypeAlias = Literal[
    "activation",
    "softmax",
    "max pooling",
    "average pooling",
    "adaptive average pooling",
    "adaptive max pooling",
    "global average pooling",
    "global max pooling",
    "batch normalization",
    "layer normalization",
    "group normalization",
    "instance normalization",
    "root mean square normalization",
    "normalization",
    "elementwise",
    "reduction",
    "nearest interpolation",
    "linear interpolation",
    "recurrence",
    "random",
]
"""What arithmetic is, for conventions that count by it."""

_ROLES = frozenset(get_args(Role))


@dataclass(frozen=True, slots=True)
class Weight(Shown):
    """One named tensor that a layer owns.

    Attributes:
        name: Keras' name for it, such as ``"kernel"``.
        shape: its dimensions in order; the count is their product, and nothing else says it.
        role: what it is; see `Role`.
        learned: whether training by gradients changes it; statistics are never learned.
        frozen: whether this layer keeps it from being trained, as LoRA does with a kernel.
        outputs: of a kernel, how many of its last axes come out, where those before are summed; 0
            where it is no such matrix, as in groups of channels.
        axes: what each of its axes holds, where that is known; see `Axis`.

    >>> Weight("kernel", Shape((3, 3, 1, 32)), "kernel").size
    288
    >>> Weight("moving_mean", Shape((32,)), "statistic").learned
    False
    """

    name: str
    shape: Shape
    role: Role = "free"
    learned: bool = True
    frozen: bool = False
    outputs: int = 1
    axes: tuple[Axis, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Shape):
            object.__setattr__(self, "shape", as_shape(self.shape))
        if self.role not in _ROLES:
            raise InvalidLayerError(
                f"{quoted(self.role, 40)} is no role of a weight",
                code="unknown-role",
                hint=f"a weight is a {', '.join(get_args(Role))}",
            )
        if self.role == "statistic":
            object.__setattr__(self, "learned", False)

    @property
    def size(self) -> Dim:
        """How many elements it has, which is the product of its shape."""
        return product(self.shape)


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand of a product that is no weight, by what it was made from.

    It has a gradient where something trained lies before one of its inputs, or where one of its
    weights is trained.

    Attributes:
        inputs: the numbers of the layer's inputs that it follows from.
        weights: the names of the layer's weights that it was made with.
        state: the name of the state that it is, if it is what the layer kept from the step before,
            so that it is made by the layer in every step but the first; see `State`.
        first: the number of the input that holds it in the first step, if one does; where none is
            given, a state starts as zeros, which have no gradient.
    """

    inputs: tuple[int, ...] = (0,)
    weights: tuple[str, ...] = ()
    state: str = ""
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Work(Shown):
    """Multiply-accumulates of one kind: one product, and how often it happens.

    Attributes:
        kind: what it is; see `Kind`.
        operand: the lengths of the loops of one product, such as the shape of its weight.
        positions: the lengths of the loops around it: at how many positions it happens.
        weight: the name of the weight that it multiplies; empty where it multiplies activations
            only, or something that is no weight.
        activations: the operands that are no weights, in order.
        bias: the name of the weight that is added to its results, one number to each.
        steps: in how many steps it happens, one after the other, where it uses the state that the
            one before has left, or makes one; ``None`` where it does neither.
        mask: what keeps it from being needed everywhere, if something does: the last two of its
            positions are then queries and keys, of which only some meet.
        outputs: the numbers of the outputs of its layer that it leads to, of its last step, where
            it does not lead to all: scores of attention come out without what they weigh.
        makes: the name of the state that it makes for the next step, which leads to all outputs.

    >>> done = Work("convolution", (3, 3, 1, 32), (26, 26), "kernel", bias="bias")
    >>> done.factors, done.macs
    ((26, 26, 3, 3, 1, 32), 194688)
    """

    kind: Kind
    operand: tuple[Dim, ...]
    positions: tuple[Dim, ...] = ()
    weight: str = ""
    activations: tuple[Operand, ...] = (Operand(),)
    bias: str = ""
    steps: Dim | None = None
    mask: Mask | None = None
    outputs: tuple[int, ...] = ()
    makes: str = ""

    @property
    def places(self) -> tuple[Dim, ...]:
        """The lengths of the loops around one product, steps included."""
        return self.positions if self.steps is None else (*self.positions, self.steps)

    @property
    def factors(self) -> tuple[Dim, ...]:
        """The lengths of all nested loops; their product is the number of MACs."""
        return (*self.places, *self.operand)

    @property
    def macs(self) -> Dim:
        """The number of multiply-accumulates, also of those whose result a mask hides."""
        return product(self.factors)

    @property
    def seen(self) -> tuple[Dim, ...]:
        """The lengths of all nested loops, without what the mask hides.

        >>> attention = Work("attention", (64,), (8, 10, 10), mask=Mask(causal=True))
        >>> attention.factors, attention.seen
        ((8, 10, 10, 64), (8, 55, 64))
        """
        if self.mask is None:
            return self.factors
        *beside, queries, keys = self.positions
        return (*beside, self.mask.pairs(queries, keys), *self.operand)

    @property
    def once(self) -> bool:
        """Whether it is done once for a whole batch: a product of weights alone."""
        return bool(self.activations) and not any(operand.inputs for operand in self.activations)

    def at(self, *positions: Dim) -> Work:
        """The same at each of further positions, which stand outside of its own."""
        return replace(self, positions=(*positions, *self.positions))

    def in_steps(self, steps: Dim) -> Work:
        """The same in each of `steps` steps, which follow one another where there is a state."""
        stateful = bool(self.makes) or any(operand.state for operand in self.activations)
        follows = self.steps is None and stateful
        return replace(self, steps=steps) if follows else self.at(steps)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Operations on numbers that are no product of matrices: what a layer does beside its work.

    Attributes:
        kind: what it is, such as ``"activation"`` or ``"max pooling"``, for tools that count by it.
        parts: how many of each primitive operation: its name, and the factors of their number.
        inputs: the lengths of the loops over what is read.
        outputs: the lengths of the loops over what is made.
        area: how many of what is read each of what is made follows from, where it is a window.
        affine: whether a learned scale or offset belongs to it.

    >>> Arithmetic("activation", (("comparison", (1, 28, 28, 3)),), (28, 28, 3), (28, 28, 3)).count
    2352
    """

    kind: ArithmeticKind
    parts: tuple[tuple[Primitive, tuple[Dim, ...]], ...]
    inputs: tuple[Dim, ...]
    outputs: tuple[Dim, ...]
    area: Dim = 1
    affine: bool = False

    @property
    def count(self) -> Dim:
        """How many operations, each one counted as one."""
        amounts = [product(factors) for _, factors in self.parts]
        return sum(amounts[1:], amounts[0]) if amounts else 0

    def at(self, *positions: Dim) -> Arithmetic:
        """The same at each of further positions."""
        return replace(
            self,
            parts=tuple((name, (*positions, *factors)) for name, factors in self.parts),
            inputs=(*positions, *self.inputs),
            outputs=(*positions, *self.outputs),
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A tensor that a layer makes for its backward pass, beside what it takes and gives.

    Attributes:
        name: what it is.
        shape: of one sample, or of the whole batch.
        kind: what it holds: numbers like the activations, statistics, indices, the mask that a
            dropout draws, or a condition: yes or no for each element.
        of_batch: whether there is one for the whole batch.
        once: whether there is one for all calls that keep an equal one, as of the angles of
            positions, which are no layer's own.
    """

    name: str
    shape: Shape
    kind: Literal["activation", "statistic", "index", "mask", "condition"] = "activation"
    of_batch: bool = False
    once: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Shape):
            object.__setattr__(self, "shape", as_shape(self.shape))


@dataclass(frozen=True, slots=True)
class Saved:
    """What a layer keeps from its forward pass for its backward pass.

    Attributes:
        inputs: the numbers of the inputs that it keeps.
        for_weights: those that it keeps where its own weights are trained.
        for_others: those that it keeps where another input has a gradient, as a product does.
        output: whether it keeps what comes out.
        own: what it makes for this and gives to nobody else.
    """

    inputs: tuple[int, ...] = ()
    for_weights: tuple[int, ...] = ()
    for_others: tuple[int, ...] = ()
    output: bool = False
    own: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Unstated:
    """That what a layer keeps for its backward pass is not stated.

    Attributes:
        why: the reason, for people.
    """

    why: str = "the layer does not say what it keeps"


@dataclass(frozen=True, slots=True)
class State(Shown):
    """What a layer keeps of a sequence for its next step at inference: one named tensor.

    A recurrent layer keeps as much however long the sequence is.  Attention keeps a key and a value
    for every position that a later query may see, so that it grows, up to the window of its mask.

    Attributes:
        name: what it is called, such as ``"hidden"`` or ``"keys"``.
        shape: its dimensions; of one that grows, what each position adds to it.
        steps: how many positions the layer takes, one step each, where it takes them itself;
            ``None`` for a cell, which is one step.
        grows: whether every step adds to it.
        window: how many positions it holds at most, if it grows and its mask bounds it.
        axes: what each axis of `shape` holds, where that is known; see `Axis`.

    Mistral 7B keeps at most 4,096 keys of 8 heads in each layer:

    >>> State("keys", Shape((8, 128)), steps=32768, grows=True, window=4096).size
    4194304
    >>> State("hidden", Shape((128,)), steps=32768).size
    128
    """

    name: str
    shape: Shape
    steps: Dim | None = None
    grows: bool = False
    window: Dim | None = None
    axes: tuple[Axis, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Shape):
            object.__setattr__(self, "shape", as_shape(self.shape))
        if self.grows and self.steps is None:
            raise InvalidLayerError(
                f"the state {quoted(self.name, 40)} grows, and no number of steps is given",
                code="invalid-facts",
                hint="steps= are the positions that the layer takes",
            )

    @property
    def factors(self) -> tuple[Dim, ...]:
        """Its dimensions after the last step, the positions first if it grows."""
        if not self.grows or self.steps is None:
            return tuple(self.shape)
        held = self.steps if self.window is None else smallest(self.steps, self.window)
        return (held, *self.shape)

    @property
    def size(self) -> Dim:
        """The number of elements after the last step."""
        return product(self.factors)


@dataclass(frozen=True, slots=True)
class Remark(Shown):
    """Something legal that is rarely meant.

    Attributes:
        code: a stable identifier.
        message: in words.
        of_input: whether it is about what a network is given, and not about what its layers make.
    """

    code: str
    message: str
    of_input: bool = False
