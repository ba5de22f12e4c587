"""A tensor that is learned by itself: a layer without inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from archcalc.layers.base import Layer
from archcalc.layers.facts import Role, Storage, Weight
from archcalc.layers.fields import ShapeField, option
from archcalc.network.operators import Operators
from archcalc.network.tensor import Tensor, called
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.shape import Shape

__all__ = ["Constant", "Parameter"]


class _Source(Operators, Layer, abstract=True):
    """A tensor from nowhere: it stands wherever a tensor of the functional API stands."""

    arity: ClassVar[tuple[int, int | None]] = (0, 0)

    def storage(self, training: bool = True) -> Storage:
        return "weight"

    if TYPE_CHECKING:  # every subclass declares it

        @property
        def shape(self) -> Shape | None: ...

    def output_shape(self, *inputs: Any, **_: Any) -> Shape:
        return Shape(self.shape or ())

    def tensor(self) -> Tensor:
        """The tensor of the functional API that this is."""
        (made,) = called(self, ())
        return made

    def take(self, layer: Layer, others: tuple[Any, ...]) -> Any:
        """Call `layer` on this and `others`; called by ``layer(parameter)``."""
        return self.tensor().take(layer, others)

    def __call__(self, *tensors: Any) -> Any:
        """Its tensor.

        Raises:
            ShapeError: it is called on something.
        """
        return super().__call__(*tensors) if tensors not in ((), ([],)) else self.tensor()


class Parameter(_Source):
    """A learned tensor that no layer owns: a class token, a table of positions, a scale.

    It takes no input and gives its tensor, the same for every sample.  In the functional API it
    stands wherever a tensor stands; used in several places it is counted once.  In a file it is an
    entry like any other: ``Parameter: {shape: [1, d], name: cls}``.

    Args:
        shape: its dimensions, without the batch, numbers or symbols.
        learned: whether training changes it; a constant that is kept is a statistic, as torch's
            buffers are.

    >>> from archcalc.layers import Concatenate
    >>> from archcalc.network import Input, Model
    >>> tokens, cls = Input(("n", "d")), Parameter((1, "d"))
    >>> model = Model(tokens, Concatenate(axis=0)([cls, tokens]))
    >>> model.trace().output, model.trace().parameters
    ((n + 1, d), d)
    """

    shape: ShapeField
    learned: bool = True

    source: ClassVar[str] = (
        "https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html"
    )

    @field_validator("shape")
    @classmethod
    def _is_a_shape(cls, value: Any) -> Any:
        if value is None:
            raise InvalidLayerError(
                "a tensor has a shape", code="missing-argument", hint='Parameter((1, "d"))'
            )
        return value

    def weights(self, *inputs: Any, **_: Any) -> tuple[Weight, ...]:
        role: Role = "free" if self.learned else "statistic"
        return (Weight("value", self.output_shape(), role),)


class Constant(_Source):
    """A tensor of fixed numbers: no weight, and nothing that depends on an input.

    Args:
        shape: its dimensions, without the batch, numbers or symbols.
        value: the number that stands everywhere, where it is one; a framework's model has it
            there, and can be given others.

    >>> from archcalc.layers import Add
    >>> from archcalc.network import Input, Model
    >>> x = Input(("t", "t"))
    >>> mask = Constant(("t", "t"))
    >>> Model(x, Add()([x, mask])).trace().parameters
    0
    """

    shape: ShapeField = option(counts="positions")
    value: float = 0.0

    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/tensors.html"
