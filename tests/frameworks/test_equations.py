"""Equations of EinsumDense: read as Keras reads them, refused where Keras or its einsum refuses."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.frameworks.keras import to_keras
from archcalc.layers import Applied, EinsumDense
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.shape import Shape
from archcalc.testing import shapes_in_keras
from tests.frameworks.agreement import assert_agree

TAKEN: list[tuple[EinsumDense, tuple[int, ...]]] = [
    # the three examples of Keras' documentation
    (EinsumDense("ab,bc->ac", 64, bias_axes="c"), (32,)),
    (EinsumDense("abc,cd->abd", (None, 64), bias_axes="d"), (32, 128)),
    (EinsumDense("...x,xy->...y", 64, bias_axes="y"), (32, 128)),
    # the projections of Keras' MultiHeadAttention, and the way back
    (EinsumDense("abc,cde->abde", (None, 8, 64), bias_axes="de"), (128, 512)),
    (EinsumDense("abcd,cde->abe", (None, 512), bias_axes="e", lora_rank=4), (128, 8, 64)),
    # an ellipsis after the letters, for several axes and for none
    (EinsumDense("ab...,bc->ac...", 4, bias_axes="c"), (3, 7, 8)),
    (EinsumDense("ab...,bc->ac...", 4, bias_axes="c"), (3,)),
    # an ellipsis that does not stand for the batch
    (EinsumDense("...ab,bc->...ac", 4), (5,)),
    # a bias along an axis before others, and along one that is 1 for the rest
    (EinsumDense("abc,cd->abd", (3, 4), bias_axes="b"), (3, 5)),
    # an axis of the input, the kernel and the output; one that is summed away; one that is kept
    (EinsumDense("abc,bcd->abd", (3, 4)), (3, 5)),
    (EinsumDense("abc,cd->ad", 4), (3, 5)),
    (EinsumDense("ab,b->ab", 3, bias_axes="b"), (3,)),
    (EinsumDense("abc,cd->adb", (4, 3)), (3, 5)),
]


@pytest.mark.parametrize(("layer", "shape"), TAKEN, ids=lambda value: str(value)[:70])
def test_equations_agree(layer: EinsumDense, shape: tuple[int, ...]) -> None:
    x = Shape(shape)
    assert_agree(layer, [x], shapes_in_keras(layer, [x]))


@pytest.mark.parametrize(
    ("arguments", "shape", "said"),
    [
        (("ab, bc -> ac", 4), (3,), "'ab, bc -> ac' is not an equation"),
        (("ab,bc", 4), (3,), "is not an equation"),
        (("ab,bc->ad", 4), (3,), "'d' comes out, but is neither of the input nor of the kernel"),
        (("ab,bcd->ac", 4), (3,), "'d' is of the kernel, but neither"),
        (("ab,bc->ca", 4), (3,), "'a' stands for the batch, which must come out first"),
        (("ab,bc->ac", 4), (3, 7), "names 2 axes with the batch, and the input has 3"),
        (("abc,cd->abd", 4), (3, 5), "there are 1 sizes"),
        (("abc,cd->abd", (7, 4)), (3, 5), "the length of 'b' is 7 here and 3 there"),
        (("...ab,bc->...ac", (None, None)), (5,), "axes of the output beside the batch"),
        (("...ab,bc->...ac", (None, None)), (6, 5), "nothing says how long 'c' is"),
        (("ab,bc->ac", 4, None, "d"), (3,), "bias_axes 'd' are not all among"),
        (("ab,bc->ac", 4, None, ""), (3,), "a bias along no axis"),
    ],
)
def test_what_keras_refuses_is_refused_with_a_reason(
    arguments: tuple[Any, ...], shape: tuple[int, ...], said: str
) -> None:
    import keras

    def there() -> None:
        keras.layers.EinsumDense(*arguments[:3], bias_axes=(*arguments, None, None)[3])(
            keras.ops.zeros((2, *shape))
        )

    with pytest.raises((ValueError, RuntimeError, IndexError)):
        there()
    with pytest.raises(ArchcalcError) as caught:
        Applied(EinsumDense(*arguments), (Shape(shape),))
    assert said in str(caught.value)


@pytest.mark.parametrize("arguments", [("ab,ac->ac", 4), ("ab,bc->ac", 4, None, "a")])
def test_a_weight_that_would_be_as_long_as_the_batch_is_refused(arguments: tuple[Any, ...]) -> None:
    """Keras makes it, for the batch that it happens to be built with."""
    with pytest.raises(ArchcalcError, match="batch"):
        Applied(EinsumDense(*arguments), (Shape((3,)),))


def test_keras_promises_the_axes_of_an_ellipsis_in_the_wrong_order() -> None:
    import keras

    layer = keras.layers.EinsumDense("...x,xy->...y", 4)
    assert layer.compute_output_shape((2, 5, 7, 3)) == (2, 7, 5, 4)
    assert layer(keras.ops.zeros((2, 5, 7, 3))).shape == (2, 5, 7, 4)
    model = to_keras(EinsumDense("...x,xy->...y", 4), (5, 7, 3))
    assert model.output_shape == (None, 5, 7, 4)


def test_keras_name_for_the_shape_is_taken() -> None:
    by_keras = EinsumDense(equation="ab,bc->ac", output_shape=64)
    assert by_keras == EinsumDense("ab,bc->ac", 64) == EinsumDense("ab,bc->ac", target_shape=64)
