"""assert_formula, assert_shapes, assert_conforms: what is right passes, what is wrong is shown."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis.strategies import integers
from torch import nn

import archcalc as ac
from archcalc.layers import Layer, Weight, Work
from archcalc.layers.fields import Size, hyper
from archcalc.symbolic.shape import Shape
from archcalc.testing import (
    BoundError,
    ConformityError,
    FormulaError,
    ShapesError,
    assert_conforms,
    assert_formula,
    assert_shapes,
)
from archcalc.testing.available import catalogue
from tests.sampling import examples

# Formulas


def gpt2(L: int, d: int, V: int, S: int) -> int:
    """The layers of Radford et al. (2019), built in torch and counted."""
    with torch.device("meta"):
        blocks = [nn.TransformerEncoderLayer(d, 1, 4 * d) for _ in range(L)]
        parts = [nn.Embedding(V, d), nn.Embedding(S, d), nn.LayerNorm(d), *blocks]
    return sum(p.numel() for part in parts for p in part.parameters())


SIZES = {"L": integers(1, 3), "d": integers(1, 8), "V": integers(1, 9), "S": integers(1, 9)}


def test_the_formula_of_gpt2() -> None:
    assert_formula("L*(12*d**2 + 13*d) + 2*d + (V + S)*d", gpt2, max_examples=30, **SIZES)


def test_a_wrong_formula_shows_the_smallest_counterexample() -> None:
    wrong = "L*(12*d**2 + 12*d) + 2*d + (V + S)*d"
    with pytest.raises(FormulaError) as caught:
        assert_formula(wrong, gpt2, max_examples=30, **SIZES)
    error = caught.value
    assert error.values == {"L": 1, "S": 1, "V": 1, "d": 1}
    assert (error.expected, error.counted) == (28, 29)
    assert "at          L = 1, S = 1, V = 1, d = 1" in str(error)
    assert "difference  +1" in str(error)


def test_the_difference_is_taken_apart() -> None:
    with pytest.raises(FormulaError) as caught:
        assert_formula("n*m", lambda n, m: n * m + n * n * m, n=integers(7, 9), m=integers(5, 5))
    assert "+245 = m·n² there" in str(caught.value)
    with pytest.raises(FormulaError, match="−24 = −2³·3"):
        assert_formula("n + 24", lambda n: n, n=integers(1, 1))


def test_formulas_of_every_kind_are_taken() -> None:
    n = ac.symbols("n")
    assert_formula(n**2, lambda n: n * n)
    assert_formula(ac.Formula("n//2"), lambda n: Fraction(n - n % 2, 2))
    assert_formula("n", lambda n: np.int64(n))
    assert_formula("542230", lambda: 542230)
    net = ac.Sequential([ac.Dense("n")], input_shape="m")
    assert_formula(net.trace().parameters, lambda n, m: nn_count(nn.Linear(m, n)))


def nn_count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_what_is_asked_of_a_formula_wrongly() -> None:
    with pytest.raises(ac.errors.UnknownSymbolError, match="q: the formula has no such symbol"):
        assert_formula("n", lambda n: n, q=integers(1, 2))
    with pytest.raises(BoundError, match="n: this is no strategy"):
        assert_formula("n", lambda n: n, n=3)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        assert_formula("n", lambda n: n // 0)


# Shapes


def test_shapes() -> None:
    net = ac.Sequential([ac.Flatten(), ac.Dense(3)], input_shape=(2, 5))
    kernel = np.zeros((10, 3))
    assert_shapes(lambda x: x.reshape(len(x), -1) @ kernel, net)
    assert_shapes(lambda x: x.ravel() @ kernel, net, batch=None)
    torched = net.to_torch()
    assert_shapes(torched, net, make=lambda shape, kind: torch.zeros(shape))
    with pytest.raises(ShapesError, match="on 2×5 gives 3, not 4") as caught:
        assert_shapes(lambda x: np.zeros((len(x), 4)), net)
    assert (caught.value.expected, caught.value.given) == (((3,),), ((4,),))
    with pytest.raises(ShapesError, match="in a batch of 1 for 2"):
        assert_shapes(lambda x: np.zeros((1, 3)), net)
    with pytest.raises(ShapesError, match="the function fails: ValueError") as caught:
        assert_shapes(lambda x: x @ kernel, net)
    assert caught.value.given is None


def test_inputs_are_of_the_kind_that_is_taken() -> None:
    table = np.zeros((9, 4))
    assert_shapes(lambda x: table[x], ac.Embedding(9, 4), input_shape=5)
    x, y = ac.Input((3,)), ac.Input((3,))
    assert_shapes(lambda a, b: (a + b, a), ac.Model([x, y], [ac.Add()([x, y]), ac.ReLU()(x)]))


# Layers of one's own


MANY = examples(0.25, nightly=100).max_examples


@pytest.mark.parametrize("cls", catalogue(), ids=lambda cls: cls.__name__)
def test_the_catalogue_conforms(cls: type[Layer]) -> None:
    if cls.__name__ == "Lambda":  # no file can hold its function
        with pytest.raises(ConformityError, match="no file can hold one"):
            assert_conforms(cls, max_examples=MANY)
    else:
        assert_conforms(cls, max_examples=MANY)


class TwoThinKernels(Layer):
    """Two thin kernels."""

    units: Size = hyper("n_out")
    rank: Size = hyper("r")
    axis_names = ("n_in",)

    def output_shape(self, *inputs: Any, **_: Any) -> Shape:
        return inputs[0].replace(-1, self.units)

    def weights(self, *inputs: Any, **_: Any) -> tuple[Weight, ...]:
        (x,) = inputs
        return Weight("down", (x[-1], self.rank)), Weight("up", (self.rank, self.units))

    def work(self, *shapes: Any, **_: Any) -> tuple[Work, ...]:
        return (Work("matmul", (shapes[0][-1], self.rank)), Work("matmul", (self.rank, self.units)))


class Rounded(TwoThinKernels):
    """Takes its input for a number."""

    def output_shape(self, *inputs: Any, **_: Any) -> Shape:
        return Shape((max(int(inputs[0][0]), 2),))


class Empty(TwoThinKernels):
    """Sometimes nothing comes out."""

    def output_shape(self, *inputs: Any, **_: Any) -> Shape:
        return Shape((inputs[0][0] - 1,))


class Twins(TwoThinKernels):
    """Two weights of one name."""

    def weights(self, *inputs: Any, **_: Any) -> tuple[Weight, ...]:
        return super().weights(*inputs)[:1] * 2


class Fickle(TwoThinKernels):
    """Never says the same twice."""

    count: ClassVar[int] = 0

    def work(self, *shapes: Any, **_: Any) -> tuple[Work, ...]:
        Fickle.count += 1
        return (Work("matmul", (Fickle.count,)),)


class Hidden(TwoThinKernels, abstract=True):
    """No file can name it."""


@pytest.mark.parametrize(
    ("cls", "check", "said"),
    [
        (Rounded, "symbols", "Rounded"),
        (Empty, "facts", "0"),
        (Twins, "facts", "two weights have one name: down, down"),
        (Fickle, "facts", "asked twice, it says two things"),
        (Hidden, "file", "the class Hidden is not registered"),
    ],
)
def test_what_does_not_conform_is_shown(cls: type[Layer], check: str, said: str) -> None:
    with pytest.raises(ConformityError) as caught:
        assert_conforms(cls)
    assert caught.value.check == check
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{cls.__name__}(units=1, rank=1) on ")


def test_a_layer_of_ones_own_conforms() -> None:
    assert_conforms(TwoThinKernels)


def test_a_class_is_asked_for() -> None:
    with pytest.raises(BoundError, match=r"cls=Dense\(units=3\): it must be a class of layers"):
        assert_conforms(ac.Dense(3))  # type: ignore[arg-type]
