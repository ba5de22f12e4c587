"""The facts that a layer states, and what each is where the layer does not state it.

Each is a method of the input shapes, without the batch axis, one an input.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
)

from archcalc.layers.facts import (
    Arithmetic,
    Remark,
    Saved,
    State,
    Storage,
    Unstated,
    Weight,
    Work,
)
from archcalc.layers.sight import Sights, seen_through, unknown
from archcalc.layers.window import TransposedWindow, Window
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, ShapeError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape

__all__ = ["AxisWindow", "StatedFacts"]

AxisWindow = tuple[int, Window | TransposedWindow]
"""The axis of the input that a window slides along, and the window."""


class StatedFacts:
    """What is asked of every layer."""

    if TYPE_CHECKING:  # every layer has it

        @property
        def expects(self) -> Dim | None: ...

    axis_names: ClassVar[tuple[str, ...]] = ()
    """What formulas call the axes of the input; empty where any number of axes will do."""

    source: ClassVar[str] = ""
    """Where the formulas come from: a paper and its equation, or a framework's page."""

    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The fewest and the most inputs."""

    takes: ClassVar[str] = "numbers"
    """What its inputs hold: ``"numbers"``, ``"indices"`` or ``"strings"``."""

    keeps_ones: ClassVar[bool] = False
    """Whether an axis of length 1 is treated apart, so that rules show it as 1, not by a letter."""

    spreads: ClassVar[bool] = False
    """Whether one value of a field stands for all axes, so that equal ones are written as one."""

    not_counted: ClassVar[str] = "the layer does not say what it computes"
    """Why nothing is counted of a layer that states no `arithmetic`."""

    # The facts.  `*inputs` are shapes without the batch axis, one an input.

    def output_shape(self, *inputs: Any, **_: Any) -> Shape:
        """The shape that comes out."""
        raise InvalidLayerError(
            f"{type(self).__name__} does not say what comes out of it",
            code="no-output-shape",
            hint="define output_shape(self, x)",
        )

    def output_shapes(self, *inputs: Any) -> tuple[Shape, ...]:
        """The shapes that come out, where they may be several; the first is `output_shape`."""
        return (self.output_shape(*inputs),)

    def weights(self, *inputs: Any, **_: Any) -> tuple[Weight, ...]:
        """The tensors it owns, in Keras' order."""
        return ()

    def work(self, *shapes: Any, **_: Any) -> tuple[Work, ...]:
        """The multiply-accumulates, given the input shapes and last the output shape."""
        return ()

    def storage(self, training: bool = True) -> Storage:
        """Where its output is stored: in memory of its own, or in that of its first input.

        Args:
            training: whether it is being trained; dropout, which then has an output of its own,
                gives its input otherwise.
        """
        return "own"

    def arithmetic(self, *shapes: Any, **_: Any) -> tuple[Arithmetic, ...] | None:
        """What it does beside its products, given the input shapes and last the output shape.

        ``None`` where the layer does not say; what it gives in its input's memory costs nothing.
        """
        return None if self.storage(training=False) == "own" else ()

    def saves(self, *shapes: Any, **_: Any) -> Saved | Unstated | None:
        """What it keeps for its backward pass, given the input shapes and last the output shape.

        As torch's kernels do it; ``None`` where the layer does not say, or `Unstated` with the
        reason.
        """
        return None if self.storage() == "own" else Saved()

    def saves_as_defined(self, *shapes: Any) -> Saved | Unstated | None:
        """What it keeps where no kernel does it at once, but each step of its definition alone.

        ``None`` where that is what it `saves` anyway.
        """
        return None

    def windows(self, *inputs: Any, **_: Any) -> tuple[AxisWindow, ...] | None:
        """How it sees its input along each axis; ``()`` is one position, ``None`` undefined."""
        return ()

    def state(self, *inputs: Any, **_: Any) -> tuple[State, ...]:
        """What it keeps of a sequence for the next step at inference."""
        return ()

    def sights(self, output: int, *inputs: Any) -> tuple[Sights, ...]:
        """What positions of output number `output` see of each axis of each input.

        By default what the windows say: an axis without one is seen position by position, that of
        the channels as a whole, and the axes stay where they are, except those that go.
        """
        if not inputs:
            return ()
        windows = self.windows(*inputs)
        if windows is None:
            return tuple(dict.fromkeys(range(len(x)), unknown(self.no_sight())) for x in inputs)
        features = {axis % len(inputs[0]) for axis in self.feature_axes(inputs[0])}
        made = self.output_shapes(*inputs)[output]
        return seen_through(inputs, made, dict(windows), features)

    def no_sight(self) -> str:
        """Why no rule says what its output sees."""
        return (
            f"{type(self).__name__} mixes or moves axes, so that no one window says what an output "
            "position sees"
        )

    def gradient_inputs(self, output: int, *inputs: Any) -> tuple[int, ...]:
        """The numbers of the inputs to which the gradient of output number `output` goes back.

        By default all that hold numbers; none where what comes out is a truth or a place.
        """
        return tuple(i for i in range(len(inputs)) if self.input_kind(i) == "numbers")

    def put_in_a_row(self, *inputs: Any) -> int | None:
        """The axis of the output along which its inputs lie one after the other, if they do."""
        return None

    def requirements(self, *inputs: Any, **_: Any) -> tuple[Requirement, ...]:
        """What must hold of the shapes: by default that every window fits."""
        needs: list[Requirement] = []
        for axis, window in self.windows(*inputs) or ():
            needs.extend(window.fits(inputs[0][axis], self.axis_word(inputs[0], axis)))
        return tuple(needs)

    def remarks(self, *inputs: Any, **_: Any) -> tuple[Remark, ...]:
        """What is legal here but rarely meant."""
        return ()

    def check(self, *inputs: Shape) -> None:
        """Raise where the number of inputs or of their axes is wrong.

        Raises:
            ShapeError: saying what it takes and what it got.
        """
        fewest, most = self.arity
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            takes = f"at least {fewest}" if most is None else str(fewest)
            takes += f" to {most}" if most not in (None, fewest) else ""
            raise ShapeError(
                f"{type(self).__name__} takes {takes} input{'s' * (takes != '1')}, "
                f"not {len(inputs)}",
                code="wrong-number-of-inputs",
            )
        names = self.axis_names_for(inputs[0]) if inputs else ()
        if names and len(names) != len(inputs[0]):
            one_more = len(inputs[0]) == len(names) + 1
            batch = "is the batch axis in the shape, or " if one_more else ""
            raise ShapeError(
                f"{type(self).__name__} takes {_axes(len(names))} ({', '.join(names)}) without the "
                f"batch, not {len(inputs[0])}: {inputs[0]!r}",
                code="wrong-number-of-axes",
                values={"input": inputs[0]},
                hint=f"{batch}is a Reshape or a Flatten missing?",
            )

    def input_kind(self, index: int) -> str:
        """What input number `index` holds, where not all of them hold what the layer `takes`."""
        return self.takes

    def gives(self, *conditions: bool) -> str:
        """``"condition"`` where what comes out is yes or no for each element, else ``"numbers"``.

        Args:
            conditions: of each input whether it is one.
        """
        seen = self.storage() != "own" and all(conditions)
        return "condition" if conditions and seen else "numbers"

    def incoming(self, *inputs: Any) -> Dim | None:
        """How many features come in: what the weights are made for, where that is one number."""
        axes = self.feature_axes(inputs[0]) if inputs else ()
        return inputs[0][axes[-1]] if axes else None

    def expected(self, *inputs: Any) -> tuple[Requirement, ...]:
        """That as many features come in as `expects` says."""
        found = None if self.expects is None else self.incoming(*inputs)
        if found is None or self.expects is None:
            return ()
        return (
            Requirement(
                found,
                Relation.EQUAL,
                self.expects,
                "it was made for {expected} features, and {found} come in",
                code="features-differ",
                hint="give it as many as come in; is a Flatten missing?",
                details=(("expected", self.expects), ("found", found)),
            ),
        )

    def feature_axes(self, x: Shape) -> tuple[int, ...]:
        """The axes along which every output sees every input: those of the channels."""
        return ()

    # How formulas name things

    def axis_names_for(self, x: Shape) -> tuple[str, ...]:
        """What formulas call the axes of the first input."""
        return self.axis_names

    def input_names(self, *inputs: Shape) -> tuple[tuple[str, ...], ...]:
        """What formulas call the axes of every input.

        Empty where the names of the first do for all: an axis that differs is then numbered.
        """
        return ()

    def axis_word(self, x: Shape, axis: int) -> str:
        """What a message calls an axis: "height" for ``h``, or its number, 1 for the first."""
        names = self.axis_names_for(x)
        name = names[axis] if names else ""
        return _WORDS.get(name, f"axis {axis % len(x) + 1}")


_WORDS = {
    "h": "height",
    "w": "width",
    "d": "depth",
    "t": "length",
    "c": "channels",
    "c_in": "channels",
    "n_in": "features",
}


def _axes(count: int) -> str:
    return "1 axis" if count == 1 else f"{count} axes"
