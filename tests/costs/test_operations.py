"""FLOPs of everything: against definitions run on numbers that count, and against tools."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings

import archcalc as ac
from archcalc.costs import TALLIES, EveryFlops, Flops, SavedBytes, Tally
from archcalc.costs.operations import Rule
from archcalc.layers import Applied, Layer
from archcalc.layers.facts import PRIMITIVES, Saved
from archcalc.layers.images import Augmentation
from archcalc.layers.registry import layer_classes
from archcalc.symbolic.shape import Shape, product
from archcalc.testing import layers
from archcalc.testing.available import catalogue

# Numbers that count what is done with them


class Number:
    """A number that writes down every operation."""

    done: ClassVar[Counter[str]] = Counter()

    def __init__(self, value: float = 0.5) -> None:
        self.value = value

    def _did(self, what: str) -> Number:
        Number.done[what] += 1
        return Number()

    def __add__(self, other: Any) -> Number:
        return self._did("addition")

    __radd__ = __sub__ = __rsub__ = __add__

    def __mul__(self, other: Any) -> Number:
        return self._did("multiplication")

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Number:
        return self._did("division")

    __rtruediv__ = __truediv__

    def __neg__(self) -> Number:
        return self

    def larger(self, other: Any) -> Number:
        return self._did("comparison")

    def of(self, function: str) -> Number:
        return self._did("square root" if function == "sqrt" else "transcendental")


def numbers(count: int) -> list[Number]:
    return [Number() for _ in range(count)]


def added(values: Sequence[Number]) -> Number:
    first, *others = values
    for value in others:
        first = first + value
    return first


def largest(values: Sequence[Number]) -> Number:
    first, *others = values
    for value in others:
        first = first.larger(value)
    return first


def sigmoid(x: Number) -> Number:
    return 1 / (1 + (-x).of("exp"))


def softmax(x: list[Number]) -> list[Number]:
    most = largest(x)
    powers = [(value - most).of("exp") for value in x]
    total = added(powers)
    return [power / total for power in powers]


def log_softmax(x: list[Number]) -> list[Number]:
    most = largest(x)
    shifted = [value - most for value in x]
    logarithm = added([value.of("exp") for value in shifted]).of("log")
    return [value - logarithm for value in shifted]


def normalized(x: list[Number], scale: bool = True, offset: bool = True) -> None:
    n, mean = len(x), added(x) / len(x)
    apart = [value - mean for value in x]
    deviation = (added([value * value for value in apart]) / n + 1e-5).of("sqrt")
    for value in apart:
        y = value / deviation
        y = y * Number() if scale else y
        y = y + Number() if offset else y


def root_mean_square(x: list[Number]) -> None:
    root = (added([value * value for value in x]) / len(x) + 1e-5).of("sqrt")
    for value in x:
        (value / root) * Number()


def lstm_step(units: int) -> None:
    """What follows the two products of a step: four gates of each unit, with one bias apart."""
    for _ in range(units):
        i, f, g, o = (Number() + Number() for _ in range(4))
        c = sigmoid(f) * Number() + sigmoid(i) * g.of("tanh")
        sigmoid(o) * c.of("tanh")


def gru_step(units: int) -> None:
    for _ in range(units):
        z, r = sigmoid(Number() + Number()), sigmoid(Number() + Number())
        candidate = (Number() + r * Number()).of("tanh")
        z * Number() + (1 - z) * candidate


def batch_normalized(positions: int, channels: int) -> None:
    for _ in range(channels):
        factor = 1 / (Number() + 1e-3).of("sqrt")
        for x in numbers(positions):
            (x - Number()) * factor * Number() + Number()


def between(a: Number, b: Number) -> Number:
    return a + (b - a) * Number()


def bilinear() -> None:
    """One result, between four neighbours."""
    a, b, c, d = numbers(4)
    between(between(a, b), between(c, d))


def variance(x: list[Number]) -> None:
    mean = added(x) / len(x)
    apart = [value - mean for value in x]
    added([value * value for value in apart]) / len(x)


def cosine(x: list[Number], y: list[Number]) -> None:
    dots = [added([a * b for a, b in zip(u, v, strict=True)]) for u, v in ((x, y), (x, x), (y, y))]
    dots[0] / (dots[1].of("sqrt") * dots[2].of("sqrt"))


def repeat(times: int, what: Callable[[], object]) -> None:
    for _ in range(times):
        what()


def gelu(x: Number) -> Number:
    return (x * 0.5) * (1 + (x * math.sqrt(0.5)).of("erf"))


def gelu_by_tanh(x: Number) -> Number:
    cube = x * x * x
    return 0.5 * x * (1 + (0.8 * (x + 0.044715 * cube)).of("tanh"))


IMAGE, ROW = (4, 6, 2), (3, 5)

DEFINITIONS: dict[str, tuple[Layer, tuple[tuple[int, ...], ...], Callable[[], object]]] = {
    "softmax": (ac.Softmax(), (ROW,), lambda: repeat(3, lambda: softmax(numbers(5)))),
    "softmax over another axis": (
        ac.Softmax(axis=1), (ROW,), lambda: repeat(5, lambda: softmax(numbers(3)))
    ),
    "log softmax": (ac.LogSoftmax(), (ROW,), lambda: repeat(3, lambda: log_softmax(numbers(5)))),
    "sigmoid": (ac.Activation("sigmoid"), (ROW,), lambda: [sigmoid(x) for x in numbers(15)]),
    "silu": (ac.Activation("silu"), (ROW,), lambda: [x * sigmoid(x) for x in numbers(15)]),
    "gelu": (ac.GELU(), (ROW,), lambda: [gelu(x) for x in numbers(15)]),
    "gelu by tanh": (ac.GELU("tanh"), (ROW,), lambda: [gelu_by_tanh(x) for x in numbers(15)]),
    "softplus": (
        ac.Softplus(), (ROW,), lambda: [(1 + x.of("exp")).of("log") for x in numbers(15)]
    ),
    "relu": (ac.ReLU(), (ROW,), lambda: [x.larger(0) for x in numbers(15)]),
    "relu6": (ac.ReLU(6.0), (ROW,), lambda: [x.larger(0).larger(6) for x in numbers(15)]),
    "glu": (ac.GLU(axis=1), ((4, 5),), lambda: [x * sigmoid(x) for x in numbers(10)]),
    "layer normalization": (
        ac.LayerNormalization(), (ROW,), lambda: repeat(3, lambda: normalized(numbers(5)))
    ),
    "without an offset": (
        ac.LayerNormalization(center=False),
        (ROW,),
        lambda: repeat(3, lambda: normalized(numbers(5), offset=False)),
    ),
    "group normalization": (
        ac.GroupNormalization(2), (IMAGE,), lambda: repeat(2, lambda: normalized(numbers(24)))
    ),
    "instance normalization": (
        ac.InstanceNormalization(scale=True, center=True),
        (IMAGE,),
        lambda: repeat(2, lambda: normalized(numbers(24))),
    ),
    "root mean square": (
        ac.RMSNormalization(), (ROW,), lambda: repeat(3, lambda: root_mean_square(numbers(5)))
    ),
    "batch normalization": (ac.BatchNormalization(), (IMAGE,), lambda: batch_normalized(24, 2)),
    "max pool": (
        ac.MaxPooling2D(2), (IMAGE,), lambda: repeat(2 * 3 * 2, lambda: largest(numbers(4)))
    ),
    "average pool": (
        ac.AveragePooling2D(3, strides=1),
        (IMAGE,),
        lambda: repeat(2 * 4 * 2, lambda: added(numbers(9)) / 9),
    ),
    "global average": (
        ac.GlobalAveragePooling2D(), (IMAGE,), lambda: repeat(2, lambda: added(numbers(24)) / 24)
    ),
    "global maximum": (
        ac.GlobalMaxPooling2D(), (IMAGE,), lambda: repeat(2, lambda: largest(numbers(24)))
    ),
    "windows that overlap": (  # 3 stretches of 4: of 2, 2 and 2 rows; 4 of 6: of 2, 2, 2 and 2
        ac.AdaptiveAveragePooling2D((3, 4)),
        (IMAGE,),
        lambda: repeat(3 * 4 * 2, lambda: added(numbers(4)) / 4),
    ),
    "sum": (ac.Add(), (ROW, ROW, ROW), lambda: [added(numbers(3)) for _ in range(15)]),
    "mean of three": (
        ac.Average(), (ROW, ROW, ROW), lambda: [added(numbers(3)) / 3 for _ in range(15)]
    ),
    "product": (ac.Multiply(), (ROW, (1, 5)), lambda: [x * Number() for x in numbers(15)]),
    "variance": (
        ac.Reduce("variance", axis=2), (ROW,), lambda: repeat(3, lambda: variance(numbers(5)))
    ),
    "running sum": (
        ac.CumulativeSum(), (ROW,), lambda: repeat(3, lambda: added(numbers(5)))
    ),
    "cosine": (
        ac.CosineSimilarity(dim=2),
        (ROW, ROW),
        lambda: repeat(3, lambda: cosine(numbers(5), numbers(5))),
    ),
    "bilinear": (
        ac.UpSampling2D(2, interpolation="bilinear"),
        (IMAGE,),
        lambda: repeat(8 * 12 * 2, bilinear),
    ),
    "LSTM": (ac.LSTM(3, use_bias=False), ((7, 2),), lambda: repeat(7, lambda: lstm_step(3))),
    "GRU": (ac.GRU(3, use_bias=False), ((7, 2),), lambda: repeat(7, lambda: gru_step(3))),
    "attention": (
        ac.Attention(), ((4, 5), (6, 5)), lambda: repeat(4, lambda: softmax(numbers(6)))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(DEFINITIONS))
def test_each_operation_is_what_the_definition_does(name: str) -> None:
    layer, inputs, definition = DEFINITIONS[name]
    Number.done.clear()
    definition()
    counted: Counter[str] = Counter()
    for done in Applied(layer, tuple(map(Shape, inputs))).arithmetic or ():
        for primitive, factors in done.parts:
            counted[primitive] += int(product(factors))
    assert +counted == +Number.done


# Tools

NETS: dict[str, tuple[tuple[int, ...], Callable[[Any], list[Any]]]] = {
    "cnn": (
        (3, 10, 10),
        lambda nn: [
            *(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 6, 3, padding=1, bias=False), nn.GroupNorm(2, 6), nn.GELU()),
            *(nn.AvgPool2d(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)),
        ],
    ),
    "norms": (
        (6,),
        lambda nn: [
            *(nn.Linear(6, 8), nn.LayerNorm(8), nn.ELU()),
            *(nn.LayerNorm(8, elementwise_affine=False), nn.LeakyReLU(), nn.Linear(8, 3)),
        ],
    ),
    "maps": (
        (2, 4, 4),
        lambda nn: [
            *(nn.ConvTranspose2d(2, 4, 2, stride=2), nn.InstanceNorm2d(4, affine=True)),
            *(nn.Upsample(scale_factor=2), nn.ReLU6()),
            *(nn.Upsample(scale_factor=2, mode="bilinear"), nn.BatchNorm2d(4, affine=False)),
            *(nn.AdaptiveAvgPool2d(3), nn.MaxPool2d(3)),
        ],
    ),
}


@pytest.mark.parametrize(
    ("name", "tally", "count"),
    [
        # what FlopCountAnalysis(torch.nn.Sequential(…).eval(), …).total() of fvcore 0.1.5 gives
        ("cnn", "fvcore", 22_270),
        ("norms", "fvcore", 144),
        ("maps", "fvcore", 27_392),
        # get_flops_pytorch of ptflops 0.7.5; of the others it counts modules and their functions
        ("norms", "ptflops", 123),
        # by the hooks of its modules: conv + bias, 2 a number of BN, ReLU, pools by their input
        ("cnn", "ptflops", 13824 + 512 + 1024 + 512 + 512 + 6912 + 192 + 96 + 96 + 6 + 24 + 4),
        # by its functions: 2 a MAC, biases of convolutions, BN 2, GN 5, others 1 a number read
        ("cnn", "DeepSpeed", 27648 + 512 + 1024 + 512 + 512 + 13824 + 480 + 96 + 96 + 6 + 48),
        ("norms", "DeepSpeed", 96 + 40 + 8 + 32 + 8 + 48),
        # flops_registry.py: 2 a MAC and biases; a max pool 4 a result, an average pool 9; the mean
        # of one number over 1×1 is counted as one addition fewer than numbers, and one division
        ("cnn", "TensorFlow profiler", 27648 + 512 + 4 * 128 + 13824 + 9 * 6 + 48 + 4),
    ],
)
def test_as_tools_count(name: str, tally: str, count: int) -> None:
    shape, made = NETS[name]
    trace = ac.Sequential(made(ac.torch.nn)).trace(shape)
    assert trace.cost(EveryFlops(tally)) == count


def test_tensorflow_counts_softmax_and_what_is_added() -> None:
    x = ac.Input((7, 5))
    y = ac.Softmax()(ac.Multiply()([ac.Add()([x, x, x]), x]))
    trace = ac.Model(x, ac.GlobalAveragePooling1D()(y)).trace()
    adds, products, softmax, mean = 2 * 35, 35, 5 * 35, 35
    assert trace.cost(EveryFlops("TensorFlow profiler")) == adds + products + softmax + mean


def test_the_default_stays_products_alone() -> None:
    trace = ac.Sequential([ac.Conv2D(4, 3, activation="relu"), ac.ReLU()]).trace((6, 6, 1))
    products = 2 * 9 * 4 * 16
    assert trace.flops == trace.cost(Flops()) == products
    assert trace.cost(EveryFlops()) == products + 64 + 64 + 64


def test_symbols_loops_and_positions() -> None:
    block = ac.Residual([ac.LayerNormalization(), ac.Dense("d", activation="relu")])
    trace = ac.Repeat(block, "L").trace(("t", "d"))
    every = trace.cost(EveryFlops())
    d, t = 6, 4
    norm = t * (8 * d - 2 + 2 + 1 + 1) - t * d
    each = norm + t * (2 * d * d + d) + t * d + t * d
    assert every(L=3, t=t, d=d) == 3 * each
    steps = ac.TimeDistributed(ac.Softmax()).trace((9, 5))
    assert steps.cost(EveryFlops()) == 9 * (4 + 5 + 5 + 4 + 5)


def test_a_tally_of_ones_own() -> None:
    only = Tally("roots", "only roots", "here", 0, (), {}, Rule(weights={"square root": 1}))
    trace = ac.Sequential([ac.Dense(8), ac.LayerNormalization()]).trace((5, 3))
    assert trace.cost(EveryFlops(only)) == 5
    with pytest.raises(ac.errors.LookupFailedError, match="fvcore"):
        trace.cost(EveryFlops("mine"))


# What is not counted is listed

SILENT = {
    "AdaptiveLogSoftmaxWithLoss", "AutoContrast", "CategoryEncoding",
    "ContrastLimitedAdaptiveHistogramEqualization", "Discretization", "HashedCrossing", "Hashing",
    "IntegerLookup", "Lambda", "LocalResponseNormalization", "MelSpectrogram", "RandomCrop",
    "STFTSpectrogram", "StringLookup", "TextVectorization",
}  # fmt: skip
"""Layers that do not say what they compute beside their products."""

LAYERS = [cls.__name__ for cls in catalogue() if not issubclass(cls, ac.Network)]


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if kind != "Lambda"])
def test_every_layer_says_what_it_computes_or_is_listed(kind: str) -> None:
    said: list[bool] = []

    @settings(max_examples=min(4, settings().max_examples))
    @given(layers([kind]))
    def stated(drawn: tuple[Layer, tuple[Shape, ...]]) -> None:
        applied = Applied(*drawn)
        said.append(applied.arithmetic is not None)
        for done in applied.arithmetic or ():
            assert all(name in PRIMITIVES for name, _ in done.parts)
        saves = applied.saves
        if isinstance(saves, Saved):
            numbers = (*saves.inputs, *saves.for_weights, *saves.for_others)
            assert all(n < len(applied.inputs) for n in numbers) or kind == "Divide"

    stated()
    assert kind in SILENT or any(said)
    if kind in SILENT:
        assert not all(said)


def test_what_is_no_fact_is_refused() -> None:
    class Wrong(Layer, abstract=True):
        def output_shape(self, x: Shape) -> Shape:
            return x

        def arithmetic(self, x: Shape, y: Shape) -> Any:
            return 3

        def saves(self, x: Shape, y: Shape) -> Any:
            return ("input",)

    trace = ac.Sequential([ac.Dense(2), Wrong()]).trace(3)
    with pytest.raises(ac.errors.InvalidLayerError, match="arithmetic of Wrong gives 3"):
        trace.cost(EveryFlops())
    with pytest.raises(ac.errors.InvalidLayerError, match="saves of Wrong gives"):
        trace.cost(SavedBytes())


def test_what_is_left_out_is_said() -> None:
    x = ac.Sequential([ac.AutoContrast(), ac.Conv2D(2, 3), ac.ReLU()]).trace((8, 8, 3))
    every = EveryFlops().uncounted(x)
    assert [(left.path, left.layer) for left in every] == [("auto_contrast", "AutoContrast")]
    fewer = EveryFlops("fvcore").uncounted(x)
    assert [left.why for left in fewer] == [
        "it counts or ranks the values of each image, which is in no tally",
        "fvcore has no rule for: activation",
    ]
    assert next(iter(TALLIES)) == "each operation"


PREPROCESSING = ("augmentation", "colouring", "encoding", "resizing", "spectrogram", "vocabulary")


def test_every_layer_before_the_network_says_what_it_computes_or_why_not() -> None:
    silent = [
        name
        for name, kind in layer_classes().items()
        if kind.__module__.rpartition(".")[2] in PREPROCESSING
        and kind.arithmetic is Layer.arithmetic
        and kind.not_counted == Layer.not_counted
    ]
    assert not silent


DRAWN: dict[str, Any] = {
    "RandomBrightness": {"factor": 0.3}, "RandomColorDegeneration": {"factor": 0.5},
    "RandomColorJitter": {"brightness_factor": 0.5}, "RandomContrast": {"factor": 0.5},
    "RandomHue": {"factor": 0.4}, "RandomPosterization": {"factor": 3},
    "RandomRotation": {"factor": 0.3}, "RandomSaturation": {"factor": 0.9},
    "RandomSharpness": {"factor": 0.7}, "RandomShear": {"x_factor": 0.4},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.4},
}  # fmt: skip


def test_what_changes_images_computes_nothing_in_inference() -> None:
    """Keras gives them as they are, but for what says why it is not counted."""
    keras = pytest.importorskip("keras")
    np = pytest.importorskip("numpy")
    images = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    kinds = [k for k in layer_classes().values() if issubclass(k, Augmentation)]
    named = [k for k in kinds if k.__module__.startswith("archcalc") and hasattr(ac, k.__name__)]
    assert len(named) > 20
    for kind in named:
        told = DRAWN.get(kind.__name__, {})
        given = getattr(keras.layers, kind.__name__)(**told)(images, training=False)
        found = ac.Sequential([kind(**told)]).trace((8, 8, 3))
        as_they_are = np.array_equal(keras.ops.convert_to_numpy(given), images)
        counted = not EveryFlops().uncounted(found)
        assert (found.cost(EveryFlops()), counted) == (0, True) if as_they_are else not counted, (
            kind
        )


def test_resizing_is_interpolation() -> None:
    """Between two neighbours along both axes: three times ``a + w·(b − a)`` for each result."""
    resized = ac.Sequential([ac.Resizing(4, 6)]).trace((8, 8, 3))
    assert resized.cost(EveryFlops()) == 4 * 6 * 3 * 3 * 3
    assert EveryFlops().uncounted(ac.Sequential([ac.Resizing(4, 6, "bicubic")]).trace((8, 8, 3)))
