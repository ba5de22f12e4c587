"""Dense products in several forms, and layers that compute nothing or what one likes."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from archcalc.layers.adapters import Adaptable
from archcalc.layers.base import AxisWindow, Layer, leading_axes
from archcalc.layers.einsum import Lengths
from archcalc.layers.einsum import equation as parsed
from archcalc.layers.facts import (
    Arithmetic,
    Operand,
    Primitive,
    Remark,
    Saved,
    Storage,
    Weight,
    Work,
)
from archcalc.layers.fields import (
    Function,
    ShapeRule,
    Size,
    SomeSizes,
    hyper,
    option,
)
from archcalc.layers.functions import ActivationName, applied, elementwise, kept_by
from archcalc.layers.kept import EVERY, QUANTIZED, of_weights
from archcalc.layers.requirements import same_length
from archcalc.layers.sight import Sight, Sights, all_of, channels, itself
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Requirement
from archcalc.symbolic.shape import Shape, as_shape

__all__ = ["Bilinear", "Dense", "EinsumDense", "Identity", "Lambda", "Masking", "StopGradient"]


class Dense(Adaptable):
    """A fully connected layer on the last axis: ``y = activation(x·kernel + bias)``.

    Args:
        units: the features that come out of each position.
        activation: a function applied to the result; it has no weights.
        use_bias: whether one number a unit is added.

    >>> Dense(100).weights(Shape((5408,)))[0].shape
    (5408, 100)
    """

    units: Size = hyper("n_out")
    activation: ActivationName | None = None
    use_bias: bool = True

    built_with: ClassVar[tuple[str, ...]] = (*EVERY, *of_weights("kernel", "bias"), *QUANTIZED)
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/dense/"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return (*leading_axes(len(x) - 1), "n_in")

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,)

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(-1, self.units)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, *shapes: Shape) -> Saved:
        return kept_by(self.activation, shapes[-1], Saved(for_weights=(0,)))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        bias = (Weight("bias", Shape((self.units,)), "bias"),) if self.use_bias else ()
        return (Weight("kernel", self._kernel(x), "kernel"), *bias)

    def _kernel(self, x: Shape) -> Shape:
        return Shape((x[-1], self.units))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return (Work("matmul", self._kernel(x), x[:-1], "kernel", bias="bias"),)

    def remarks(self, x: Shape) -> tuple[Remark, ...]:
        if len(x) < 3:
            return ()
        return (
            Remark(
                "dense-on-feature-map",
                f"Dense acts on the last axis only, so {x} gives {self.output_shape(x)}; "
                "is a Flatten missing?",
            ),
        )


class EinsumDense(Adaptable):
    """A dense layer whose product is written as an equation: ``y = activation(x·kernel + bias)``.

    Its first letter is the batch, unless an ellipsis stands for it.  A product over nothing, as in
    ``"ab,b->ab"``, is no multiply-accumulate: it is counted no more than `Multiply` is.

    Args:
        equation: such as ``"ab,bc->ac"``; ``...`` before or after the letters of the input and of
            the output stands for any number of axes.
        target_shape: how long the axes are that come out, without the batch and those in the
            ellipsis; ``None`` where it is as in the input.  Keras' name, ``output_shape``, is taken
            as well.
        activation: a function applied to the result; it has no weights.
        bias_axes: the letters of the output along which a bias is added.

    >>> heads = EinsumDense("abc,cde->abde", (None, 8, 64), bias_axes="de")
    >>> heads.output_shape(Shape((128, 512))), heads.weights(Shape((128, 512)))[0].shape
    ((128, 8, 64), (512, 8, 64))
    """

    equation: str
    target_shape: SomeSizes = hyper(
        "n_out", called=("target_shape", "output_shape"), counts="sizes"
    )
    activation: ActivationName | None = None
    bias_axes: str | None = None

    built_with: ClassVar[tuple[str, ...]] = (
        *EVERY,
        *of_weights("kernel", "bias"),
        *QUANTIZED,
        "gptq_unpacked_column_size",
    )
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/einsum_dense/"

    @model_validator(mode="after")
    def _fits_the_equation(self) -> Any:
        found = parsed(self.equation)
        if self.bias_axes is not None and not set(self.bias_axes) <= set(found.out):
            raise InvalidLayerError(
                f"bias_axes {self.bias_axes!r} are not all among the output's {found.out!r}",
                code="invalid-equation",
            )
        if self.bias_axes == "":
            raise InvalidLayerError("a bias along no axis", hint="use bias_axes=None for none")
        return self

    def _lengths(self, x: Shape) -> Lengths:
        return parsed(self.equation).lengths(x, self.target_shape)

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        self._lengths(inputs[0])
        results = parsed(self.equation).results(len(inputs[0]))
        if not set(self.bias_axes or "") <= set(results):
            raise ShapeError(
                f"bias_axes {self.bias_axes!r} name the batch",
                code="invalid-equation",
                hint="the bias is the same for every sample",
            )

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        letters = parsed(self.equation).letters(len(x))
        return tuple(letter or f"a{i + 1}" for i, letter in enumerate(letters))

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        found = parsed(self.equation)
        letters = found.letters(len(x))
        return tuple(i for i, a in enumerate(letters) if a and a not in found.out)

    def output_shape(self, x: Shape) -> Shape:
        found, lengths = parsed(self.equation), self._lengths(x)
        named = lengths.of(found.results(len(x)))
        elided = lengths.elided
        return Shape((*named, *elided) if found.ellipsis == "right" else (*elided, *named))

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return applied(self.activation, shapes[-1])

    def saves(self, *shapes: Shape) -> Saved:
        return kept_by(self.activation, shapes[-1], Saved(for_weights=(0,)))

    def windows(self, x: Shape) -> tuple[AxisWindow, ...] | None:
        """Position by position, where the axes that stay are where they were."""
        found = parsed(self.equation)
        before, rank = found.letters(len(x)), len(x)
        elided, results = [""] * before.count(""), [*found.results(rank)]
        after = [*results, *elided] if found.ellipsis == "right" else [*elided, *results]
        stay = [i for i, a in enumerate(before) if not a or a in found.out]
        return () if all(i < len(after) and after[i] == before[i] for i in stay) else None

    def sights(self, output: int, x: Shape) -> tuple[Sights, ...]:
        """Letters that come out are seen one by one, the others as a whole."""
        found = parsed(self.equation)
        before, results = found.letters(len(x)), found.results(len(x))
        first = before.count("") if found.ellipsis == "left" else 0
        there = {letter: first + i for i, letter in enumerate(results)}
        elided = iter(range(0 if found.ellipsis == "left" else len(results), len(x) + len(results)))
        last = len(x) - 1
        views: dict[int, Sight] = {}
        for axis, letter in enumerate(before):
            if not letter:
                views[axis] = itself(next(elided))
            elif letter in there:
                views[axis] = itself(there[letter])
            else:
                views[axis] = channels(x[axis]) if axis == last else all_of(x[axis])
        return (views,)

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        dims = dict(zip(parsed(self.equation).letters(len(x)), x, strict=True))
        return tuple(
            same_length(f"the length of {letter!r}", size, dims[letter])
            for letter, size in self._lengths(x).given
            if letter in dims and size is not None
        )

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        axes = self.bias_axes
        bias = () if axes is None else (Weight("bias", self._bias(x, axes), "bias"),)
        found = parsed(self.equation)
        kernel = Shape(self._lengths(x).of(found.kernel))
        return (Weight("kernel", kernel, "kernel", outputs=len(found.made) or 1), *bias)

    def _bias(self, x: Shape, axes: str) -> Shape:
        """From the first axis that has a bias; 1 along those after it that have none."""
        found, lengths = parsed(self.equation), self._lengths(x)
        results = found.results(len(x))
        rest = results[min(map(results.index, axes)) :]
        after = lengths.elided if found.ellipsis == "right" else ()
        return Shape((*(lengths.named[a] if a in axes else 1 for a in rest), *(1 for _ in after)))

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        found, lengths = parsed(self.equation), self._lengths(x)
        if not found.summed:
            return ()
        if not found.made:
            return (Work("matmul", tuple(lengths.of(found.summed)), y, "kernel"),)
        letters = zip(found.letters(len(x)), x, strict=True)
        places = tuple(size for letter, size in letters if letter not in found.summed or not letter)
        bias = "" if self.bias_axes is None else "bias"
        return (Work("matmul", tuple(lengths.of(found.kernel)), places, "kernel", bias=bias),)


class Bilinear(Layer):
    """A product of two inputs with a kernel between them: ``y = x₁ᵀ·weight·x₂ + bias``; torch's.

    Worked out from left to right: ``x₁ᵀ·weight`` for every output, then that with ``x₂``.

    Args:
        in1_features, in2_features: the features of the two inputs.
        out_features: the features that come out.
        bias: whether one number an output is added.

    >>> Bilinear(20, 30, 40).output_shape(Shape((128, 20)), Shape((128, 30)))
    (128, 40)
    """

    in1_features: Size = hyper("n_in1", counts="incoming")
    in2_features: Size = hyper("n_in2", counts="incoming")
    out_features: Size = hyper("n_out")
    bias: bool = True

    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html"

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        return (*leading_axes(len(x) - 1), "n_in")

    def check(self, *inputs: Shape) -> None:
        super().check(*inputs)
        if len(inputs[0]) != len(inputs[1]):
            raise ShapeError(
                f"Bilinear takes two inputs of as many axes, not {inputs[0]!r} and {inputs[1]!r}",
                code="branches-differ",
            )

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        return (-1,)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return x.replace(-1, self.out_features)

    def arithmetic(self, *shapes: Shape) -> tuple[Arithmetic, ...]:
        return ()

    def saves(self, *shapes: Shape) -> Saved:
        return Saved(for_weights=(0, 1), for_others=(0, 1))

    def weights(self, x: Shape, y: Shape) -> tuple[Weight, ...]:
        kernel = Shape((self.out_features, self.in1_features, self.in2_features))
        bias = (Weight("bias", Shape((self.out_features,)), "bias"),) if self.bias else ()
        return (Weight("weight", kernel, "kernel", outputs=0), *bias)

    def work(self, x: Shape, y: Shape, out: Shape) -> tuple[Work, ...]:
        half = Operand((0,), ("weight",))
        return (
            Work("matmul", (self.in1_features, self.in2_features), out, "weight"),
            Work("matmul", (self.in2_features,), out, activations=(half, Operand((1,)))),
        )

    def requirements(self, x: Shape, y: Shape) -> tuple[Requirement, ...]:
        pairs = [*zip(x[:-1], y[:-1], strict=True), (self.in1_features, x[-1])]
        pairs.append((self.in2_features, y[-1]))
        return tuple(same_length("an axis", a, b) for a, b in pairs if a != b)


class Identity(Layer):
    """Nothing: what goes in comes out.

    >>> Identity().output_shape(Shape((7, 7, 512)))
    (7, 7, 512)
    """

    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/identity/"

    def storage(self, training: bool = True) -> Storage:
        return "input"

    def output_shape(self, x: Shape) -> Shape:
        return x


class StopGradient(Layer):
    """What goes in comes out, and no gradient goes back; torch's ``detach``.

    >>> StopGradient().output_shape(Shape((7, 7, 512)))
    (7, 7, 512)
    """

    source: ClassVar[str] = "https://keras.io/api/ops/core/#stop_gradient-function"

    def storage(self, training: bool = True) -> Storage:
        return "input"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def gradient_inputs(self, output: int, *inputs: Shape) -> tuple[int, ...]:
        return ()


class Masking(Layer):
    """Positions whose features all have the mask's value, to be skipped by layers that can.

    >>> Masking().output_shape(Shape((100, 16)))
    (100, 16)
    """

    mask_value: float = 0.0

    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/masking/"

    def output_shape(self, x: Shape) -> Shape:
        return x

    def arithmetic(self, x: Shape, y: Shape) -> tuple[Arithmetic, ...]:
        each: dict[Primitive, int] = {"comparison": 1, "multiplication": 1}
        return elementwise("elementwise", y, each)


class Lambda(Layer):
    """A function of one's own, with a rule for what comes out; it has no weights.

    Arithmetic needs the rule alone.  The function is what a framework calls; it can be left out
    where no framework's model is to be built, and is never written to a file.

    Args:
        function: from a framework's tensor, with its batch, to another.
        target_shape: what comes out, without the batch: a shape, a function from shape to shape, or
            ``None`` where it is what goes in.  Keras' name, ``output_shape``, is taken as well.

    >>> Lambda(None, (7, 7, 512)).output_shape(Shape((7, 7, 256)))
    (7, 7, 512)
    >>> Lambda(None, lambda x: (x[0], 2*x[1])).output_shape(as_shape((10, "c")))
    (10, 2·c)
    """

    function: Function = option(default=None)
    target_shape: ShapeRule = option(default=None, called=("target_shape", "output_shape"))

    arity: ClassVar[tuple[int, int | None]] = (1, None)
    built_with: ClassVar[tuple[str, ...]] = (*EVERY, "mask", "arguments")
    source: ClassVar[str] = "https://keras.io/api/layers/core_layers/lambda/"

    def output_shape(self, *inputs: Shape) -> Shape:
        rule, x = self.target_shape, inputs[0] if len(inputs) == 1 else inputs
        if rule is None or isinstance(rule, Shape):
            return inputs[0] if rule is None else rule
        try:
            return as_shape(rule(x))  # type: ignore[arg-type]  # Keras' takes a list of several
        except Exception as error:
            raise ShapeError(
                f"the rule of Lambda gives no shape for {x!r}: {error}",
                code="rule-failed",
                hint="it takes a shape without the batch, and gives one",
            ) from error

    def windows(self, *inputs: Shape) -> None:
        return None

    def no_sight(self) -> str:
        return "nobody knows what the function of a Lambda sees"
