"""Layers as specifications: arguments, errors, the registry, and facts from outside."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any, ClassVar

import pytest

import archcalc as ac
from archcalc.layers import FAMILIES, Applied, layer_class, layer_classes
from archcalc.layers.notation import notation_of
from archcalc.symbolic.shape import Shape


def parameters(layer: ac.Layer, *shape: Any) -> int:
    return sum(w.size for w in Applied(layer, (Shape(shape),)).weights)  # type: ignore[misc]


def test_arguments_go_by_position_or_by_name() -> None:
    by_position = ac.Conv2D(8, (3, 5), 2, "same", "channels_first", 1, 2, "relu", False)
    by_name = ac.Conv2D(
        filters=8,
        kernel_size=[3, 5],
        strides=(2, 2),
        padding="SAME",
        data_format="channels_first",
        dilation_rate=1,
        groups=2,
        activation="relu",
        use_bias=False,
    )
    assert by_position == by_name
    assert hash(by_position) == hash(by_name)


def test_layers_do_not_change() -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match="units stays what it is"):
        ac.Dense(10).units = 3  # type: ignore[misc]


@pytest.mark.parametrize("layer", [ac.Conv2D("4*c", "k", padding=((1, 2), (0, 0))), ac.Dense(3)])
def test_layers_copy_and_pickle(layer: ac.Layer) -> None:
    assert pickle.loads(pickle.dumps(layer)) == layer == copy.deepcopy(layer)


def test_a_copy_with_other_fields_forgets_what_was_worked_out() -> None:
    conv = ac.Conv2D(8, 3)
    other = conv.model_copy(update={"filters": 16})
    both = [ac.Sequential([layer], input_shape=(9, 9, 1)) for layer in (conv, other)]
    assert conv.key != other.key
    assert [net.trace().output[-1] for net in both] == [8, 16]
    x = ac.Input((9, 9, 1))
    assert ac.Model(x, [conv(x), other(x)]).trace().outputs == ((7, 7, 8), (7, 7, 16))
    longer = both[0].model_copy(update={"layers": (conv, other)})
    assert len(longer.trace().rows) == 2


def test_repr_is_code() -> None:
    layer = ac.Conv2D("f", 3, padding=((1, 2), (0, 0)), name="stem")
    made = eval(repr(layer), {"Conv2D": ac.Conv2D})
    assert made == layer


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda: ac.Conv2D(8), "missing-argument", "kernel_size is missing"),
        (lambda: ac.Conv2D(8, 3, kernel=2), "unknown-argument", "kernel"),
        (lambda: ac.Conv2D(8, 3, stride=2), "unknown-argument", "did you mean strides?"),
        (lambda: ac.Conv2D(8, kernel=3), "unknown-argument", "did you mean kernel_size?"),
        (
            lambda: ac.Conv2D(-1, 3, stride=2),
            "unknown-argument",
            "stride is not an argument (and 1",
        ),
        (lambda: ac.Conv2D(8, 3, filters=2), "argument-twice", "filters is given twice"),
        (lambda: ac.Conv2D(-1, 3), "not-a-dimension", "-1 is not a dimension"),
        (lambda: ac.Conv2D(0, 3), "not-a-dimension", "at least 1"),
        (lambda: ac.Conv2D(8, 2.5), "not-a-dimension", "2.5 is not an integer"),
        (lambda: ac.Conv2D(True, 3), "not-a-dimension", "True is not an integer"),
        (lambda: ac.Conv2D(8, (3, 3, 3)), "wrong-number-of-values", "3 values for 2 spatial axes"),
        (lambda: ac.Conv2D(8, 3, padding="causal"), "invalid-padding", "one axis of time"),
        (lambda: ac.Conv2D(8, 3, padding=-1), "not-a-dimension", "-1"),
        (lambda: ac.Conv2D(8, 3, padding="full"), "unknown-padding", "full"),
        (lambda: ac.Conv2D(8, 3, padding="vaild"), "unknown-padding", "'valid'"),
        (lambda: ac.MaxPooling1D(2, padding="causal"), "invalid-padding", "causal"),
        (lambda: ac.Dense("__import__('os')"), "unsupported-syntax", "Dense: units"),
        (lambda: ac.Dropout(1.5), "invalid-argument", "rate"),
        (lambda: ac.Dense(3, "rely"), "unknown-choice", "did you mean relu?"),
        (lambda: ac.Conv2D(3, 3, data_format="first"), "unknown-choice", "channels_first"),
        (lambda: ac.Permute((1, 3)), "invalid-permutation", "once"),
        (lambda: ac.Reshape((-1, -1)), "not-a-dimension", "only one"),
        (lambda: ac.Activation("rely"), "unknown-choice", "did you mean relu?"),
        (
            lambda: ac.EinsumDense("aab,bc->ac", 3),
            "invalid-equation",
            "a letter stands twice in 'aab'; give every axis a letter of its own",
        ),
        (lambda: ac.EinsumDense("ab,bc", 3), "invalid-equation", "write it as 'ab,bc->ac'"),
        (lambda: ac.Upsample(), "size-or-ratio", "size or scale_factor, one of the two"),
        (lambda: ac.Upsample(2, 2.0), "size-or-ratio", "one of the two"),
        (lambda: ac.Upsample(scale_factor=0), "not-a-dimension", "0 is not a ratio"),
        (lambda: ac.Upsample(scale_factor=float("nan")), "not-a-dimension", "nan is not a ratio"),
        (lambda: ac.Upsample(scale_factor="2//3"), "not-a-dimension", "such as 1.5 or '1/3'"),
        (lambda: ac.Upsample(scale_factor=True), "not-a-dimension", "True is not a ratio"),
        (lambda: ac.Upsample(8, align_corners=True), "invalid-argument", "no align_corners"),
        (lambda: ac.FractionalMaxPooling2D(2, output_ratio=1), "invalid-argument", "not below 1"),
        (lambda: ac.LPPooling1D(0, 2), "invalid-argument", "no root of degree 0"),
        (lambda: ac.Padding1D(1, "reflect", 0.5), "invalid-argument", "from the input"),
        (lambda: ac.Padding1D(1, "mirror"), "unknown-choice", "mode"),
        (lambda: ac.CELU(0), "invalid-layer", "0 divides nothing"),
        (lambda: ac.Hardtanh(1.0, 1.0), "invalid-layer", "min_val=1.0 is not below max_val=1.0"),
        (lambda: ac.RReLU(0.5, 0.25), "invalid-layer", "lower=0.5 is above upper=0.25"),
        (lambda: ac.Softshrink(-1.0), "invalid-argument", "lambd"),
        (
            lambda: ac.IntegerLookup(output_mode="tf_idf", idf_weights=(1.0,)),
            "contradicting-arguments",
            "idf_weights go with a vocabulary",
        ),
        (
            lambda: ac.IntegerLookup(vocabulary=(7,), idf_weights=(1.0,)),
            "contradicting-arguments",
            "and output_mode 'tf_idf'",
        ),
        (
            lambda: ac.TextVectorization(ngrams=(2, 0)),
            "contradicting-arguments",
            "at least one token",
        ),
        (lambda: ac.Lambda(3), "not-a-function", "3 is not a function"),
        (lambda: ac.AdaptiveLogSoftmaxWithLoss(8, 20, (4, 10), 1e300), "invalid-argument", "power"),
    ],
)
def test_arguments_that_cannot_be(make: Any, code: str, words: str) -> None:
    with pytest.raises(ac.errors.InvalidLayerError) as caught:
        make()
    assert caught.value.code == code
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("layer", "shapes", "code", "words"),
    [
        (
            ac.Conv2D(8, 7),
            [(5, 9, 1)],
            "kernel-exceeds-input",
            "kernel 7 does not fit input height",
        ),
        (ac.Conv2D(8, 7), [(9, 5, 1)], "kernel-exceeds-input", "kernel 7 does not fit input width"),
        (ac.Conv2D(8, 3), [(9, 9)], "wrong-number-of-axes", "is a Reshape or a Flatten missing?"),
        (ac.Conv2D(8, 3, groups=3), [(9, 9, 4)], "groups-do-not-divide", "groups 3"),
        (ac.Add(), [(4, 4), (4, 5)], "branches-differ", "input 2 has shape (4, 5)"),
        (ac.Concatenate(), [(4, 4), (5, 4)], "branches-differ", "(5, 4)"),
        (ac.Dense(3), [(4,), (4,)], "wrong-number-of-inputs", "takes 1 input, not 2"),
        (ac.BatchNormalization(axis=3), [(4, 4)], "no-such-axis", "axis 3"),
        (ac.BatchNormalization(axis=0), [(4, 4)], "no-such-axis", "0 is the batch"),
        (ac.Reshape((3, 5)), [(4, 4)], "elements-differ", "16 elements"),
        (ac.Cropping1D(3), [(6, 2)], "nothing-left", "leaves nothing"),
        (ac.MaxPooling2D(2, padding=2), [(8, 8, 2)], "padding-too-large", "more than half of"),
        (ac.GLU(1), [(3, 4)], "features-odd", "3 is odd"),
        (ac.Lambda(None, lambda x: x[5]), [(3, 4)], "rule-failed", "gives no shape for (3, 4)"),
        (ac.ReversibleEmbedding(9, 4, reverse=True), [(3, 5)], "lengths-differ", "4 here and 5"),
        (ac.Upsample((2, 2)), [(3, 4)], "wrong-number-of-axes", "by 2 values"),
        (ac.Add(), [(4, 6), (3, 4, 5)], "branches-differ", "(5 is not 6)"),
        (ac.HashedCrossing(8), [(1, 1), (1, 1)], "wrong-number-of-axes", "one number a sample"),
        (ac.HashedCrossing(8), [(1,), ()], "wrong-number-of-axes", "one number a sample"),
        (ac.EmbeddingBag(9, 3), [(4, 5)], "wrong-number-of-axes", "takes 1 axis (t) without"),
        (ac.Fold((4, 5), 2), [(2, 3, 4)], "wrong-number-of-axes", "takes 2 axes (n_in, l) without"),
        (ac.HashedCrossing(8), [(1,)], "wrong-number-of-inputs", "takes at least 2 inputs, not 1"),
        (
            ac.Dot(2),
            [(3, 4), (3, 5)],
            "branches-differ",
            "input 2 has shape (3, 5), the first (3, 4) (5 is not 4)",
        ),
        (ac.Dot(1), [(4,)], "wrong-number-of-inputs", "takes 2 inputs, not 1"),
        (ac.Bilinear(4, 4, 3), [(4,)] * 3, "wrong-number-of-inputs", "takes 2 inputs, not 3"),
        (ac.Subtract(), [(4,)] * 3, "wrong-number-of-inputs", "takes 2 inputs, not 3"),
        (ac.Attention(), [(4, 5)] * 4, "wrong-number-of-inputs", "takes 1 to 3 inputs, not 4"),
        (ac.Flatten(2, 1), [(4, 4)], "no-such-axis", "nothing to flatten"),
        (ac.EinsumDense("ab,bc->ac", 3), [(2, 4)], "wrong-number-of-axes", "names 2 axes"),
        (ac.EinsumDense("abc,cd->abd", (None, 3)), [(4,)], "wrong-number-of-axes", "has 2"),
        (ac.RandomColorDegeneration(0.5), [(8, 8, 1)], "wrong-channels", "3"),
    ],
)
def test_shapes_that_do_not_fit(
    layer: ac.Layer, shapes: list[tuple[int, ...]], code: str, words: str
) -> None:
    with pytest.raises(ac.errors.ShapeError) as caught:
        Applied(layer, tuple(map(Shape, shapes)))
    assert caught.value.code == code
    assert words in str(caught.value)


def test_bounds_that_may_be_equal_are_torchs() -> None:
    import torch

    assert torch.nn.RReLU(0.25, 0.25).upper == ac.RReLU(0.25, 0.25).upper
    with pytest.raises(AssertionError):
        torch.nn.Hardtanh(1.0, 1.0)  # which archcalc refuses as well, above


def test_an_unknown_layer_names_its_neighbours() -> None:
    with pytest.raises(ac.errors.UnknownLayerError, match=r"did you mean Fold\?"):
        ac.layers.layer_class("Foo")
    with pytest.raises(ac.errors.UnknownLayerError, match="did you mean Conv2D"):
        layer_class("Conv2DD")


def test_every_layer_states_where_its_formulas_come_from() -> None:
    known = layer_classes()
    catalogue = [
        layer_class(name) for family in FAMILIES for name in family.__all__ if name in known
    ]
    assert len(catalogue) > 70
    assert [cls for cls in catalogue if not (cls.source and cls.__doc__)] == []


class TestOwnLayer:
    """A layer of one's own takes one class."""

    def test_it_registers_traces_and_derives(self) -> None:
        class LowRank(ac.Layer):
            """Two thin matrices in place of a wide one."""

            units: int
            rank: int

            axis_names: ClassVar[tuple[str, ...]] = ("n_in",)

            def output_shape(self, x: Shape) -> Shape:
                return Shape((self.units,))

            def weights(self, x: Shape) -> tuple[ac.layers.Weight, ...]:
                down = ac.layers.Weight("down", Shape((x[0], self.rank)))
                return (down, ac.layers.Weight("up", Shape((self.rank, self.units))))

        assert layer_class("LowRank") is LowRank
        trace = ac.Sequential([LowRank(100, 4)], input_shape="n").trace()
        assert trace.parameters(n=784) == 784 * 4 + 4 * 100
        assert "down" in trace.derivation().to_text()

    def test_a_name_of_the_catalogue_is_taken(self) -> None:
        with pytest.raises(ac.errors.InvalidLayerError, match="exists already"):

            class Dense(ac.Layer):
                """Not this one."""


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        # Keras documentation and the papers named
        (ac.Dense(100), (5408,), 540_900),
        (ac.Conv2D(96, 11, strides=4), (227, 227, 3), 34_944),  # Krizhevsky et al. (2012), conv1
        (ac.Conv2D(256, 5, padding=2, groups=2), (27, 27, 96), 307_456),  # the same, conv2
        (ac.Embedding(50257, 768), (1024,), 38_597_376),  # GPT-2 small, wte
        (ac.PReLU(), (98, 50), 4_900),
        (ac.PReLU([1]), (98, 50), 50),
        # Vaswani et al. (2017): the queries of the base model, 8 heads of 64 from 512 features
        (ac.EinsumDense("abc,cde->abde", (None, 8, 64), bias_axes="de"), (128, 512), 262_656),
        (ac.EmbeddingBag(10, 3), (4,), 30),  # torch's example
        # by hand: 2002·1024 + 256·1024 + 8000·256 + 64·1024 + 40000·64
        (ac.AdaptiveLogSoftmaxWithLoss(1024, 50000, (2000, 10000)), (1024,), 6_985_728),
        (ac.BatchNormalization(), (7, 7, 2048), 8_192),
        (ac.DepthwiseConv2D(3, use_bias=False), (112, 112, 32), 288),  # MobileNet v1, layer 2
        (ac.SeparableConv2D(128, 3, use_bias=False), (147, 147, 64), 8_768),  # Xception, block 2
        (ac.Conv2DTranspose(64, 2, strides=2), (28, 28, 128), 32_832),  # U-Net, last up-conv
    ],
)
def test_counts_from_outside(layer: ac.Layer, shape: tuple[int, ...], count: int) -> None:
    assert parameters(layer, *shape) == count


def test_keras_same_transposed_doubles() -> None:
    layer = ac.Conv2DTranspose(1, 3, strides=2, padding="same")
    assert Applied(layer, (Shape((2, 2, 1)),)).output == (4, 4, 1)


def test_depthwise_transposed_counts_what_is_multiplied() -> None:
    """Every input position times the kernel: torchinfo and thop say 4.5 times as much."""
    layer = ac.Conv2DTranspose(32, 3, strides=2, padding=1, output_padding=1, groups=32)
    (work,) = Applied(layer, (Shape((14, 14, 32)),)).work
    assert work.macs == 14 * 14 * 3 * 3 * 32


@pytest.mark.parametrize("kind", ["ZeroPadding1D", "Cropping1D"])
def test_two_amounts_of_one_axis_are_before_and_after(kind: str) -> None:
    import keras

    for amounts in (1, (1, 2), [2, 0]):
        theirs = getattr(keras.layers, kind)(tuple(amounts) if amounts != 1 else 1)
        made = getattr(ac, kind)(amounts)
        assert made.output_shape(Shape((9, 3))) == theirs.compute_output_shape((None, 9, 3))[1:]
        again = ac.from_dict({"layers": [{kind: amounts}]})
        assert again.trace((9, 3)).output == made.output_shape(Shape((9, 3)))


def test_an_axis_that_may_be_one_long_asks_to_be_longer() -> None:
    """One n-gram gives way to its vector; with a symbol there must be several."""
    pairs = ac.TextVectorization(split=None, ngrams=[2], output_mode="one_hot", vocabulary=["a"])
    assert pairs.output_shape(Shape((2,))) == (2,)
    later = Applied(pairs, (ac.symbolic.as_shape(["n"]),))
    assert len(later.output) == 2
    holds = [{r.at({ac.symbol("n"): n}).holds() for r in later.requirements} for n in (3, 2)]
    assert holds[0] == {True}
    assert False in holds[1]


def test_one_token_has_no_pairs_and_is_still_a_vector() -> None:
    """Where tokens are joined to one vector there may be none of them; one by one there may not."""
    given = {"split": None, "ngrams": [2], "vocabulary": ["a b"]}
    joined = Applied(ac.TextVectorization(**given, output_mode="multi_hot"), (Shape((1,)),))
    assert joined.output == (2,)
    with pytest.raises(ac.ArchcalcError, match="not as many tokens"):
        Applied(ac.TextVectorization(**given), (Shape((1,)),))


@pytest.mark.parametrize(
    ("equation", "target", "shape", "names", "features", "windows"),
    [
        ("abc,cd->abd", (None, 3), (5, 4), ("b", "c"), (1,), ()),
        ("abc,bd->adc", (3, None), (5, 4), ("b", "c"), (0,), ()),
        ("abc,cd->adb", (3, None), (5, 4), ("b", "c"), (1,), None),
        ("...x,xy->...y", (3,), (5, 6, 4), ("a1", "a2", "x"), (2,), ()),
        ("bx...,xy->by...", (3,), (4, 5, 6), ("x", "a2", "a3"), (0,), ()),
        ("bx...,xyz->byz...", (3, 2), (4, 5, 6), ("x", "a2", "a3"), (0,), None),
    ],
)
def test_an_equation_names_its_axes(
    equation: str, target: Any, shape: Any, names: Any, features: Any, windows: Any
) -> None:
    """What is summed over are the features; an axis in the ellipsis goes by its number."""
    layer = ac.EinsumDense(equation, target)
    assert layer.axis_names_for(Shape(shape)) == names
    assert layer.feature_axes(Shape(shape)) == features
    assert layer.windows(Shape(shape)) == windows


def test_what_is_no_equation_is_told_how_one_is_written() -> None:
    with pytest.raises(ac.errors.InvalidLayerError, match="'ab' is not an equation") as caught:
        ac.EinsumDense("ab", 3)
    assert caught.value.hint.startswith("write it as 'ab,bc->ac'")


@pytest.mark.parametrize(
    ("layer", "shape", "order"),
    [
        (ac.Conv2D(2, 5, 3, padding=2), (9, 8, 3), "h w c_in h_out w_out p f k s"),
        (ac.Cropping1D((1, 2)), (9, 3), "t c_in t_out q_1 q_2"),
    ],
)
def test_terms_name_the_input_first_then_its_padding(
    layer: ac.Layer, shape: tuple[int, ...], order: str
) -> None:
    rule = notation_of(Applied(layer, (Shape(shape),)))
    assert [str(letter) for letter in rule.order] == order.split()


def test_what_is_required_to_divide_is_a_plain_quotient() -> None:
    """The channels of a group, as papers write them; nothing is rounded."""
    x = Shape((9, 8, 4))
    kernel, bias = notation_of(Applied(ac.Conv2D(6, 3, groups=2), (x,))).weights
    assert [str(dim) for dim in kernel.shape] == ["k", "k", "c_in/g", "f"]
    assert [str(dim) for dim in bias.shape] == ["f"]


def test_one_is_a_letter_but_where_it_is_stretched() -> None:
    (x,) = notation_of(Applied(ac.Dense(4), (Shape((1, 3)),))).inputs
    assert [str(dim) for dim in x] == ["t", "n_in"]
    first, second = notation_of(Applied(ac.Add(), (Shape((1, 3)), Shape((2, 3))))).inputs
    assert str(first[0]) == "1"
    assert str(second[0]) != "1"


def test_what_layers_share_is_no_layer() -> None:
    """Only what a person can write is found by its name."""
    known = layer_classes().items()  # those of doctests are nowhere to be found
    ours = [name for name, cls in known if vars(sys.modules[cls.__module__]).get(name) is cls]
    ours = [name for name in ours if layer_class(name).__module__.startswith("archcalc.")]
    assert len(ours) > 100
    assert [name for name in ours if not hasattr(ac, name)] == []


def test_a_function_goes_by_its_name() -> None:
    def twice(x: Any) -> Any:
        return x

    assert ac.Lambda(twice).model_dump()["function"] == "twice"
    assert ac.Lambda(twice).given() == {"function": "twice"}
    assert ac.Lambda(None, (3, 4)).model_dump()["target_shape"] is not None


def test_a_fold_has_its_axes_in_the_order_of_its_data() -> None:
    """torch's has the values of a window first, and then the windows."""
    last = ac.Fold((4, 5), 2, data_format="channels_last")
    first = ac.Fold((4, 5), 2)
    assert first.axis_names_for(Shape((8, 12))) == ("n_in", "l")
    assert last.axis_names_for(Shape((12, 8))) == ("l", "n_in")
    assert (first.feature_axes(Shape((8, 12))), last.feature_axes(Shape((12, 8)))) == ((0,), (1,))


def test_what_a_layer_of_ones_own_gives_as_a_tuple_is_a_shape() -> None:
    weight = ac.layers.Weight("down", (3, 4))  # type: ignore[arg-type]
    assert weight == ac.layers.Weight("down", Shape((3, 4)))
    assert isinstance(weight.shape, Shape)
    assert ac.Identity().input_names(weight.shape) == ()


@pytest.mark.parametrize("letters", ["n", "t c", "h w c", "d h w c", "a1 a2 a3 a4 a5"])
def test_letters_of_axes_that_no_layer_names(letters: str) -> None:
    names = letters.split()
    rule = notation_of(Applied(ac.Identity(), (Shape(range(2, 2 + len(names))),)))
    assert [str(letter) for letter in rule.output] == names


@pytest.mark.parametrize(
    ("inner", "shape"),
    [(ac.Dense(5), (4, 3)), (ac.Conv2D(2, 3, 2, "same"), (9, 8, 3)), (ac.Embedding(9, 4), (7,))],
)
def test_a_layer_whose_kernel_is_normalised_is_itself_but_for_a_vector(
    inner: ac.Layer, shape: tuple[int, ...]
) -> None:
    held, x = ac.SpectralNormalization(inner), Shape(shape)
    for fact in ("axis_names_for", "feature_axes", "output_shape", "windows", "requirements",
                 "remarks"):  # fmt: skip
        assert getattr(held, fact)(x) == getattr(inner, fact)(x)
    assert held.work(x, held.output_shape(x)) == inner.work(x, inner.output_shape(x))
    assert [w for w in held.weights(x) if w.name != "vector_u"] == list(inner.weights(x))
    assert held.input_kind(0) == inner.input_kind(0)


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (ac.Dense(3), (7, 7, 8), ["dense-on-feature-map"]),
        (ac.Dense(3), (7, 8), []),
        # torch divides the features by div_value for each cluster: 8 // 4 and 8 // 16
        (ac.AdaptiveLogSoftmaxWithLoss(8, 20, (4, 10)), (8,), ["cluster-without-features"]),
        (ac.AdaptiveLogSoftmaxWithLoss(16, 20, (4, 10)), (16,), []),
    ],
)
def test_what_is_rarely_meant_is_remarked(
    layer: ac.Layer, shape: tuple[int, ...], said: list[str]
) -> None:
    assert [remark.code for remark in Applied(layer, (Shape(shape),)).remarks] == said


def test_a_code_is_one_word() -> None:
    with pytest.raises(ac.errors.RequirementError) as raised:
        ac.families.llama(2, 64, 64, 64, 32, 5, 2).trace()
    assert raised.value.code == "key-heads-do-not-divide"
