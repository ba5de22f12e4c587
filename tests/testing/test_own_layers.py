"""A layer of one's own is drawn by the types of its fields, valid for its input."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import find, given

from archcalc.layers import Applied, Layer, Weight, Window
from archcalc.layers.fields import (
    Amounts,
    Axes,
    Count,
    Groups,
    OptionalSize,
    OptionalSizes,
    Padding,
    ShapeField,
    Size,
    Sizes,
    TargetShape,
    hyper,
    option,
)
from archcalc.symbolic.errors import InvalidLayerError
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape
from archcalc.testing import layers
from tests.sampling import slow


class Everything(Layer):
    """A field of every type; all of them are kept as they are drawn."""

    size: Size
    count: Count
    groups: Groups
    sizes: Sizes
    padding: Padding
    amounts: Amounts
    axes: Axes
    target: TargetShape
    number: int
    flag: bool = False
    rate: float = 0.5
    maybe: OptionalSize = option(default=None)
    perhaps: OptionalSizes = option(default=None)
    shape: ShapeField = option(default=None)

    def output_shape(self, x: Shape) -> Shape:
        return x


class Blur(Layer):
    """A mean of windows along the first of two axes, at least three windows."""

    kernel_size: Sizes = hyper("k")
    padding: Padding = hyper("p", default="valid")
    axis_names: ClassVar[tuple[str, ...]] = ("t", "c")

    def windows(self, x: Shape) -> tuple[tuple[int, Window], ...]:
        pads: Any = self.padding if isinstance(self.padding, str) else self.padding[0]
        return ((0, Window(self.kernel_size[0], padding=pads)),)

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(0, self.windows(x)[0][1].output(x[0]))

    def requirements(self, x: Shape) -> tuple[Requirement, ...]:
        three = Requirement(self.output_shape(x)[0], Relation.AT_LEAST, 3, "too short", "short")
        return (*super().requirements(x), three)


class Gate(Layer):
    """Two inputs of one shape, and a weight for every element."""

    arity: ClassVar[tuple[int, int | None]] = (2, 2)

    def output_shape(self, x: Shape, y: Shape) -> Shape:
        return x

    def weights(self, x: Shape, y: Shape) -> tuple[Weight, ...]:
        return (Weight("gate", x),)


class Named(Layer):
    """A field of which nobody knows the values."""

    label: str

    def output_shape(self, x: Shape) -> Shape:
        return x


@given(layers([Everything, Blur, Gate]))
def test_what_is_drawn_is_valid(pair: tuple[Layer, tuple[Shape, ...]]) -> None:
    applied = Applied(*pair)
    assert not applied.requirements
    if isinstance(applied.layer, Gate):
        assert len(applied.inputs) == 2
    if isinstance(applied.layer, Blur):
        assert applied.output[0] >= 3


@slow
@pytest.mark.parametrize(
    "wanted",
    [
        lambda layer: layer.size > 4 and layer.count == 0,
        lambda layer: layer.maybe is None and layer.perhaps is not None,
        lambda layer: layer.maybe is not None and layer.perhaps is None,
        lambda layer: layer.padding == "same" and layer.flag,
        lambda layer: isinstance(layer.padding, tuple) and layer.groups == -1,
        lambda layer: layer.amounts[0][0] != layer.amounts[0][1] and layer.rate == 0.0,
        lambda layer: layer.number == 2 and layer.sizes == (3,),
    ],
)
def test_every_type_takes_several_values(wanted: Any) -> None:
    layer, _ = find(layers([Everything]), lambda pair: wanted(pair[0]))
    assert wanted(layer)


def test_a_field_that_nobody_can_draw_is_named() -> None:
    with pytest.raises(InvalidLayerError, match="label: its type does not say") as caught:
        find(layers([Named]), lambda pair: True)
    assert caught.value.code == "no-strategy"
    assert "st.builds(Named, label=…)" in caught.value.hint


# What a layer of one's own may state


def _stating(**facts: Any) -> Layer:
    methods = {name: lambda self, *shapes, value=value: value for name, value in facts.items()}
    methods.setdefault("output_shape", lambda self, x: x)
    return type("Stating", (Layer,), methods, abstract=True)()  # type: ignore[call-arg]


@pytest.mark.parametrize("stated", [(3, 4), [3, 4], Shape((3, 4)), ("3", "4")])
def test_what_comes_out_may_be_a_plain_tuple(stated: Any) -> None:
    applied = Applied(_stating(output_shape=stated), (Shape((2,)),))
    assert applied.output == (3, 4)
    assert isinstance(applied.output, Shape)


def test_what_comes_out_may_be_one_number() -> None:
    assert Applied(_stating(output_shape=7), (Shape((2,)),)).output == (7,)


def test_several_outputs_may_be_plain_tuples() -> None:
    applied = Applied(_stating(output_shapes=[(3, 4), [5]]), (Shape((2,)),))
    assert applied.outputs == ((3, 4), (5,))


def test_weights_may_have_plain_shapes() -> None:
    stated = [Weight("kernel", (3, "n"), "kernel")]  # type: ignore[arg-type]
    (weight,) = Applied(_stating(weights=stated), (Shape((2,)),)).weights
    assert str(weight.size) == "3*n"


def _every_fact(layer: Layer) -> None:
    applied = Applied(layer, (Shape((2,)),))
    _ = applied.weights, applied.work


@pytest.mark.parametrize(
    ("fact", "stated"),
    [
        ("output_shape", None),
        ("output_shape", (3, None)),
        ("output_shape", (3, -1)),
        ("output_shape", 2.5),
        ("output_shapes", None),
        ("output_shapes", (3, 4)),
        ("output_shapes", ()),
        ("weights", (("kernel", (3, 4)),)),
        ("weights", None),
        ("work", 12),
    ],
)
def test_what_is_no_fact_is_refused_by_the_name_of_the_method(fact: str, stated: Any) -> None:
    with pytest.raises(InvalidLayerError, match=f"^{fact} of Stating gives ") as error:
        _every_fact(_stating(**{fact: stated}))
    assert error.value.code == "invalid-facts"


def test_a_weight_of_no_shape_is_refused_by_the_name_of_the_layer() -> None:
    class Wrong(Layer, abstract=True):
        def output_shape(self, x: Shape) -> Shape:
            return x

        def weights(self, x: Shape) -> tuple[Weight, ...]:
            return (Weight("kernel", (3, None), "kernel"),)  # type: ignore[arg-type]

    with pytest.raises(InvalidLayerError, match=r"^weights of Wrong: "):
        _ = Applied(Wrong(), (Shape((2,)),)).weights
