"""Reductions, products and comparisons against torch: shapes, values, and what training costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from sympy import Expr
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

import archcalc as ac
from archcalc.layers import Applied, Layer
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.shape import Shape, as_shape
from tests.sampling import examples


def _at(x: Shape, values: dict[str, int]) -> tuple[int, ...]:
    named = {ac.symbol(name): value for name, value in values.items()}
    return tuple(evaluate(d, named) if isinstance(d, Expr) else d for d in x)


_SIZES = st.integers(1, 5)

_NUMPY: dict[str, Any] = {
    "mean": np.mean,
    "sum": np.sum,
    "max": np.max,
    "min": np.min,
    "product": np.prod,
    "variance": np.var,
    "deviation": np.std,
    "norm": lambda x, axis, keepdims: np.sqrt((x * x).sum(axis, keepdims=keepdims)),
}


@given(
    x=st.lists(_SIZES, min_size=1, max_size=4),
    how=st.sampled_from(sorted(_NUMPY)),
    keepdims=st.booleans(),
    chosen=st.none() | st.sets(st.integers(-4, 4).filter(bool), min_size=1),
)
def test_reductions_give_the_shapes_and_values_of_numpy(
    x: list[int], how: Any, keepdims: bool, chosen: set[int] | None
) -> None:
    rank = len(x)
    axes = None if chosen is None else {a for a in chosen if -rank <= a <= rank}
    assume(axes is None or 0 < len(axes) == len({a % (rank + 1) for a in axes}))
    layer = ac.Reduce(how, None if axes is None else sorted(axes), keepdims)
    values = np.random.default_rng(0).uniform(0.5, 1.5, (2, *x))
    every = tuple(range(1, rank + 1)) if axes is None else tuple(axes)
    wanted = _NUMPY[how](values, axis=every, keepdims=keepdims)
    assert layer.output_shape(Shape(x)) == wanted.shape[1:]
    module = ac.Sequential([layer], input_shape=tuple(x)).to_torch()
    assert np.allclose(module(torch.from_numpy(values)).numpy(), wanted)
    named = [f"n{i}" for i in range(rank)]
    later = layer.output_shape(as_shape(named))
    assert _at(later, dict(zip(named, x, strict=True))) == wanted.shape[1:]


def test_a_variance_with_a_correction_is_torchs() -> None:
    x = torch.randn(2, 5, 3)
    module = ac.Sequential([ac.Reduce("variance", 1, correction=1)], input_shape=(5, 3)).to_torch()
    assert torch.allclose(module(x), x.var(1))


@given(before=st.lists(_SIZES, max_size=2), sizes=st.tuples(_SIZES, _SIZES, _SIZES),
       flags=st.tuples(st.booleans(), st.booleans()), data=st.data())  # fmt: skip
def test_matrix_products_are_torchs_with_symbols_first(
    before: list[int], sizes: tuple[int, int, int], flags: tuple[bool, bool], data: st.DataObject
) -> None:
    """Axes before the last two are symbols, or 1 in one of the inputs, or missing there."""
    rows, summed, columns = sizes
    names = [f"b{i}" for i in range(len(before))]
    values = {"r": rows, "s": summed, "c": columns, **dict(zip(names, before, strict=True))}
    first: list[Any] = [*names, *(("s", "r") if flags[0] else ("r", "s"))]
    second: list[Any] = [*names, *(("c", "s") if flags[1] else ("s", "c"))]
    for i in range(len(before)):
        data.draw(st.sampled_from([first, second, []]))[i : i + 1] = [1]
    second = second[data.draw(st.integers(0, len(before))) :]
    layer = ac.Matmul(*flags)
    x, y = as_shape(first), as_shape(second)
    applied = Applied(layer, (x, y))
    a, b = torch.zeros(_at(x, values)), torch.zeros(_at(y, values))
    counter = FlopCounterMode(display=False)
    with counter:
        result = (a.mT if flags[0] else a) @ (b.mT if flags[1] else b)
    assert _at(applied.output, values) == tuple(result.shape)
    (work,) = applied.work
    macs = work.macs
    named = {ac.symbol(name): value for name, value in values.items()}
    assert (evaluate(macs, named) if isinstance(macs, Expr) else macs) == (
        rows * summed * columns * int(np.prod(result.shape[:-2]))
    )


def _flops_in_training(net: ac.Network) -> int:
    module = net.to_torch()
    counter = FlopCounterMode(display=False)
    with counter:
        result = module(*(torch.randn(1, *x) for x in net.trace().inputs))
        result.sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize("projected", [(True, True), (True, False), (False, True)])
def test_training_a_product_of_activations_costs_what_torch_counts(
    projected: tuple[bool, bool],
) -> None:
    inputs = [ac.Input((3, 4)), ac.Input((5, 4))]
    pair = [ac.Dense(4)(x) if made else x for x, made in zip(inputs, projected, strict=True)]
    net = ac.Model(inputs, ac.Matmul(transpose_second=True)(pair))
    assert int(net.trace().cost(ac.costs.TrainingFlops())) == _flops_in_training(net)


def test_attention_written_by_hand_is_the_function_and_costs_the_same() -> None:
    """Queries, keys and values of one projection, in heads, and torch's function."""
    x = ac.Input((7, 12))
    qkv = ac.Permute((2, 3, 1, 4))(ac.Reshape((7, 3, 2, 4))(ac.Dense(24)(x)))
    q, k, v = ac.Unbind(3)(qkv)
    scores = ac.Divide(2.0)(ac.Matmul(transpose_second=True)([q, k]))
    by_hand = ac.Model(x, ac.Matmul()([ac.Softmax()(scores), v]))
    function = ac.Model(x, ac.ScaledDotProductAttention()([q, k, v]))
    assert by_hand.trace().outputs == function.trace().outputs == ((2, 7, 4),)
    assert by_hand.trace().macs == function.trace().macs
    pair = [net.to_torch() for net in (by_hand, function)]
    pair[1].load_state_dict(pair[0].state_dict())
    given_values = torch.randn(2, 7, 12)
    assert torch.allclose(pair[0](given_values), pair[1](given_values), atol=1e-5)


@given(heads=st.lists(_SIZES, max_size=2), t=_SIZES, s=_SIZES, d=_SIZES, v=_SIZES)
def test_attention_as_a_function_is_torchs_with_symbols_first(
    heads: list[int], t: int, s: int, d: int, v: int
) -> None:
    names = [f"a{i}" for i in range(len(heads))]
    values = {"t": t, "s": s, "d": d, "v": v, **dict(zip(names, heads, strict=True))}
    shapes = [as_shape([*names, *ends]) for ends in (("t", "d"), ("s", "d"), ("s", "v"))]
    applied = Applied(ac.ScaledDotProductAttention(), tuple(shapes))
    result = scaled_dot_product_attention(*(torch.zeros(2, *_at(x, values)) for x in shapes))
    assert _at(applied.output, values) == tuple(result.shape[1:])
    named = {ac.symbol(name): value for name, value in values.items()}
    macs = [evaluate(work.macs, named) for work in applied.work if isinstance(work.macs, Expr)]
    assert sum(macs) == int(np.prod(heads, initial=1)) * t * s * (d + v)


def test_comparisons_choose_elements() -> None:
    x, y = ac.Input((4, 3)), ac.Input((3,))
    chosen = ac.Where()([ac.Compare("less")([x, y]), ac.Power(2.0)(x), ac.Divide()([x, y])])
    net = ac.Model([x, y], [chosen, ac.CumulativeSum(1)(chosen)])
    a, b = torch.randn(2, 4, 3), torch.rand(2, 3) + 1
    wide = b[:, None]
    wanted = torch.where(a < wide, a**2, a / wide)
    got, summed = net.to_torch()(a, b)
    assert torch.allclose(got, wanted)
    assert torch.allclose(summed, wanted.cumsum(1))


def test_indices_choose_positions() -> None:
    x, places = torch.randn(2, 5, 3), torch.tensor([[[4], [0]], [[1], [1]]])
    inputs = [ac.Input((5, 3)), ac.Input((2, 1))]
    module = ac.Model(inputs, ac.TakeAlongAxis(1)(inputs)).to_torch()
    assert torch.equal(module(x, places), torch.take_along_dim(x, places, 1))


@pytest.mark.parametrize(
    ("layer", "shapes", "code"),
    [
        (ac.Matmul(), [(3, 4), (5, 4)], "lengths-differ"),
        (ac.Matmul(), [(4,), (4, 4)], "wrong-number-of-axes"),
        (ac.Matmul(), [(2, 3, 4), (3, 4, 3)], "branches-differ"),
        (ac.Divide(), [(3,)], "wrong-number-of-inputs"),
        (ac.Divide(2.0), [(3,), (3,)], "wrong-number-of-inputs"),
        (ac.Where(), [(3,), (3,), (4,)], "branches-differ"),
        (ac.Reduce("sum", [1, -2]), [(3, 4)], "no-such-axis"),
        (ac.CumulativeSum(0), [(3, 4)], "no-such-axis"),
        (ac.TakeAlongAxis(1), [(3, 4), (2, 3)], "branches-differ"),
        (ac.TakeAlongAxis(1), [(3, 4), (2,)], "branches-differ"),
        (ac.Einsum("bij,bjk->bik"), [(3, 4), (5, 4)], "lengths-differ"),
        (ac.Einsum("bij,bjk->bik"), [(3, 4)], "wrong-number-of-inputs"),
        (ac.Einsum("bij->bji"), [(3, 4, 5)], "wrong-number-of-axes"),
        (ac.ScaledDotProductAttention(), [(3, 4), (3, 5), (3, 5)], "attention-inputs-differ"),
        (ac.ScaledDotProductAttention(), [(3, 4), (3, 4), (2, 4)], "attention-inputs-differ"),
    ],
)
def test_what_does_not_fit_is_refused(layer: Layer, shapes: list[Any], code: str) -> None:
    with pytest.raises(ArchcalcError) as error:
        Applied(layer, tuple(map(Shape, shapes)))
    assert error.value.code == code


@pytest.mark.parametrize(
    "made", [lambda: ac.Reduce("sum", []), lambda: ac.Reduce("sum", correction=1)]
)
def test_arguments_that_mean_nothing_are_refused(made: Any) -> None:
    with pytest.raises(ac.errors.InvalidLayerError):
        made()


_TERMS = st.permutations(list("ijk"))


@given(first=_TERMS, second=_TERMS, out=_TERMS, count=st.tuples(*[st.integers(1, 3)] * 3),
       before=st.lists(_SIZES, max_size=2), sizes=st.tuples(_SIZES, _SIZES, _SIZES))  # fmt: skip
def test_einsteins_notation_is_torchs_with_symbols_first(
    first: list[str],
    second: list[str],
    out: list[str],
    count: tuple[int, int, int],
    before: list[int],
    sizes: tuple[int, int, int],
) -> None:
    """An ellipsis stands for the batch and for axes that the second input has not got."""
    first, second = first[: count[0]], second[: count[1]]
    out = [letter for letter in out if letter in first + second][: count[2]]
    text = f"...{''.join(first)},...{''.join(second)}->...{''.join(out)}"
    names = [f"n{i}" for i in range(len(before))]
    values = {**dict(zip("ijk", sizes, strict=True)), **dict(zip(names, before, strict=True))}
    x, y = as_shape([*names, *first]), as_shape(second)
    layer = ac.Einsum(text)
    a, b = torch.zeros(_at(x, values)), torch.zeros(_at(y, values))
    result = torch.einsum(text, a, b)
    assert _at(layer.output_shape(x, y), values) == tuple(result.shape)
    assert layer.output_shape(Shape(a.shape), Shape(b.shape)) == tuple(result.shape)


def _contracted(text: str, shapes: list[tuple[int, ...]]) -> tuple[tuple[int, ...], int]:
    """What torch gives, and the multiply-accumulates that its counter sees, of a batch of one."""
    counter = FlopCounterMode(display=False)
    with counter:
        result = torch.einsum(text, *(torch.zeros(1, *x) for x in shapes))
    return tuple(result.shape[1:]), int(counter.get_total_flops()) // 2


@st.composite
def _several(draw: st.DrawFn) -> tuple[str, list[list[Any]], dict[str, int]]:
    """An equation of up to five inputs; axes of which some are 1 in one input and longer in others.

    Axes that are summed are longer than 1: over one number torch multiplies element by element.
    """
    letters = list("ijklm")
    terms = [
        draw(st.lists(st.sampled_from(letters), min_size=1, max_size=3, unique=True))
        for _ in range(draw(st.integers(1, 5)))
    ]
    known = sorted({letter for term in terms for letter in term})
    out = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
    values = {letter: draw(st.integers(2, 4)) for letter in known}
    shapes = [[1 if draw(st.integers(0, 5)) == 0 else a for a in term] for term in terms]
    for letter in out:  # what is 1 in all of them is no symbol
        if not any(letter in x for x in shapes):
            place = next(i for i, term in enumerate(terms) if letter in term)
            shapes[place] = [letter if a == letter else n for a, n in
                             zip(terms[place], shapes[place], strict=True)]  # fmt: skip
    parts = [f"b{''.join(term)}" for term in terms]
    return f"{','.join(parts)}->b{''.join(out)}", shapes, values


@examples(2)
@given(_several())
def test_several_are_contracted_from_left_to_right_as_in_torch_with_symbols_first(
    drawn: tuple[str, list[list[Any]], dict[str, int]],
) -> None:
    text, names, values = drawn
    shapes = [as_shape(x) for x in names]
    later = Applied(ac.Einsum(text), tuple(shapes))
    now = Applied(ac.Einsum(text), tuple(Shape(_at(x, values)) for x in shapes))
    result, macs = _contracted(text, [tuple(x) for x in now.inputs])
    assert _at(later.output, values) == tuple(now.output) == result
    counted = [_at(as_shape([work.macs for work in found.work]), values) for found in (later, now)]
    ones = [work for work in now.work if max(work.operand) == 1]
    assert counted[0] == counted[1]
    assert ones or sum(counted[0]) == macs


def test_an_equation_of_several_in_another_order_is_another_count() -> None:
    """Matrices of 10×100, 100×5 and 5×50, the example of Cormen and others, section 15.2."""
    shapes = {"i": 10, "j": 100, "k": 5, "l": 50}
    for order, macs in ((("ij", "jk", "kl"), 7_500), (("jk", "kl", "ij"), 75_000)):
        equation = f"{','.join(f'b{term}' for term in order)}->bil"
        inputs = [ac.Input(tuple(shapes[letter] for letter in term)) for term in order]
        trace = ac.Model(inputs, ac.Einsum(equation)(inputs)).trace()
        assert trace.macs == macs
        assert _contracted(equation, [tuple(x) for x in trace.inputs]) == ((10, 50), macs)


@given(trained=st.lists(st.booleans(), min_size=3, max_size=3))
def test_training_several_costs_what_torch_counts(trained: list[bool]) -> None:
    """Of what was multiplied before there is a gradient where there is one of any of it."""
    inputs = [ac.Input(x) for x in ((3, 4), (4, 5), (5, 2))]
    fed = [ac.Dense(n)(x) if made else x
           for x, n, made in zip(inputs, (4, 5, 2), trained, strict=True)]  # fmt: skip
    net = ac.Model(inputs, ac.Einsum("bij,bjk,bkl->bil")(fed))
    assume(any(trained))
    assert int(net.trace().cost(ac.costs.TrainingFlops())) == _flops_in_training(net)


def test_several_in_a_file_and_in_a_derivation() -> None:
    net = ac.loads("""
inputs: {x: [t, n], y: [n, m], z: [m, 7]}
layers:
  - Einsum: {equation: "bij,bjk,bkl->bil", inputs: [x, y, z]}
""")
    trace = net.trace()
    assert ac.loads(ac.dumps(net)) == net
    assert trace.output == as_shape(["t", 7])
    assert str(trace.macs) == "(n + 7)·t·m"
    said = str(trace.derivation())
    assert "i·k·j = t·m·n" in said
    assert "i·l·k = t·7·m" in said
    assert "together" in said


@given(seed=st.integers(0, 3))
def test_a_module_that_contracts_several_is_read(seed: int) -> None:
    class Contracts(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = torch.einsum("...ij,...ik", x, x)
            return torch.einsum("nij,njk,nlk->nil", y, y, x)

    net = ac.from_torch(Contracts(), input_shape=(5, 4 + seed))
    result, macs = _contracted("bij,bik->bjk", [(5, 4 + seed)] * 2)
    (n, _), (_, more) = result, _contracted("bij,bjk,blk->bil", [result, result, (5, 4 + seed)])
    assert net.trace().output == (n, 5)
    assert net.trace().macs == macs + more
    assert not [row for row in net.trace().rows if type(row.layer).__name__ == "Opaque"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bij;bjk->bik", "not an equation of inputs"),
        ("bij,bjk", "must come out first"),
        ("bij,cjk->bik", "the batch, the first axis of every input, must come out first"),
        ("bij,bjk->ibk", "must come out first"),
        ("bij,...jk->bik", "must come out first"),
        ("bij->bii", "a letter stands twice"),
        ("bij->bk", "'k' comes out, but is of no input"),
        ("b...i->bi", "does not come out"),
    ],
)
def test_equations_that_say_nothing_are_refused(text: str, said: str) -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match=said):
        ac.Einsum(text)
