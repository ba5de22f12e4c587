"""Keras models as networks: the numbers are Keras' own, and what is built again gives the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from keras import layers, ops

import archcalc as ac
from archcalc.layers.opaque import Opaque
from archcalc.symbolic.errors import FrameworkError
from tests.data import keras_applications
from tests.frameworks.keras_models import figures, leaves, models, size
from tests.sampling import NIGHTLY, examples, slow

pytestmark = pytest.mark.filterwarnings(
    "ignore:You are using a softmax", "ignore:You are saving your model"
)


def counted(net: Any) -> tuple[int, int, int]:
    """What Keras prints below a model's table."""
    trace = net.trace()
    total, trained = int(trace.total_params), int(trace.trainable_parameters)
    return total, trained, total - trained


def differences(net: Any, model: Any) -> list[Any]:
    """The layers of which the parameters or the output shapes are not Keras' own.

    A layer that holds others, as Bidirectional does, has a row for each of them; weights that two
    layers have are compared in both, and how they count in the totals.
    """
    there = [(row.path, row) for row in net.trace().rows]
    rows = [*there, *((at.replace("time_distributed/", ""), row) for at, row in there)]
    found: list[Any] = []
    for path, layer in leaves(model):
        own = [row for at, row in rows if at == path][:1]
        held = {at: row for at, row in there if at.startswith(f"{path}/")}
        inside = own or list(held.values())
        ours = sum(weight.size for row in inside for weight in row.applied.weights)
        if not inside or ours != layer.count_params():
            found.append((path, layer.count_params(), ours))
        elif own and "/" not in path and not _alike(_outputs(layer), own[0].outputs):
            found.append((path, _outputs(layer), own[0].outputs))
    return found


def _outputs(layer: Any) -> Any:
    """What comes out of a layer that is called once."""
    if len(layer._inbound_nodes) != 1:
        return None
    shapes = [tuple(x.shape[1:]) for x in layer._inbound_nodes[0].output_tensors]
    return tuple(shapes) if all(None not in shape for shape in shapes) else None


def _alike(theirs: Any, ours: Any) -> bool:
    """Whether shapes are equal; where the batch has something folded into it that comes first."""
    return theirs is None or all(
        tuple(b)[-len(a) :] == a for a, b in zip(theirs, ours, strict=True) if a
    )


def _without_opaque(net: Any) -> bool:
    return not any(isinstance(row.layer, Opaque) for row in net.trace().rows)


# Random models


@given(models())
@examples(0.6, nightly=500)
def test_random_models_are_read_from_the_model_and_from_its_config(model: Any) -> None:
    net = ac.from_keras(model)
    assert counted(net) == figures(model)
    assert _without_opaque(net)
    assert [tuple(x) for x in net.trace().outputs] == [tuple(x.shape[1:]) for x in model.outputs]
    text = model.to_json()
    saved = keras.models.model_from_json(text)  # it does not say what two models share
    read = ac.from_keras(text)
    assert counted(read)[0] == figures(saved)[0]
    assert read.trace().macs == net.trace().macs
    assert differences(net, model) == []


@given(models())
@examples(0.4, nightly=500)
def test_random_models_are_built_again_and_give_the_same(model: Any) -> None:
    net = ac.from_keras(model)
    again: Any = net.to_keras()
    assert again.count_params() == model.count_params()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.uniform(0.1, 1, weight.shape))
    for path, layer in leaves(model):
        if layer.weights:
            _copy(layer, _built(again, path))
    inputs = [rng.normal(size=(2, *x.shape[1:])).astype("float32") for x in model.inputs]
    ours, theirs = (
        keras.tree.flatten(each(inputs if len(inputs) > 1 else inputs[0], training=False))
        for each in (again, model)
    )
    for got, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(_numbers(got), _numbers(wanted), rtol=1e-3, atol=1e-4)


def _copy(theirs: Any, ours: Any) -> None:
    """The values of a layer's weights; one that it was given by hand comes last in Keras' list."""
    names = [weight.name for weight in ours.weights]
    if len(set(names)) < len(names):
        ours.set_weights(theirs.get_weights())
        return
    values = {weight.name: weight for weight in theirs.weights}
    for weight in ours.weights:
        weight.assign(values[weight.name])


def _numbers(x: Any) -> Any:
    return ops.convert_to_numpy(x)


def _built(model: Any, path: str) -> Any:
    """The layer that was built for a path, once for all its calls."""
    name = path.replace("/", "_")
    names = [layer.name for layer in model.layers]
    if name in names:
        return model.get_layer(name)
    return model.get_layer(next(n for n in names if n.endswith(f"time_distributed_{name}")))


# Applications

SMALL: dict[str, Callable[[], Any]] = {
    "MobileNetV2": lambda: keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None),
    "MobileNetV3Small": lambda: keras.applications.MobileNetV3Small((64, 64, 3), weights=None),
    "open": lambda: keras.applications.MobileNet(
        (None, None, 3), alpha=0.25, weights=None, include_top=False
    ),
}
"""Each is built once, in the module's fixture."""


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return {name: make() for name, make in SMALL.items()}


@slow
def test_applications_are_read(small: dict[str, Any]) -> None:
    for name, model in small.items():
        for source in (model, model.to_json()):
            net = ac.from_keras(source)
            assert counted(net) == figures(model), name
            assert differences(net, model) == [], name
            assert _without_opaque(net)


def test_open_sizes_become_symbols(small: dict[str, Any]) -> None:
    net = ac.from_keras(small["open"])
    assert str(net.trace().inputs) == "((h, w, 3),)"
    for height, width in ((64, 96), (35, 50)):
        real = keras.applications.MobileNet(
            (height, width, 3), alpha=0.25, weights=None, include_top=False
        )
        assert net.trace().macs(h=height, w=width) == ac.from_keras(real).trace().macs
        fixed = ac.from_keras(small["open"], (height, width, 3)).trace()
        assert tuple(fixed.output) == tuple(real.output.shape[1:])


_WITHOUT_KERAS = """
import json, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "torch", "tensorflow", "jax"):
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import archcalc as ac
for path in sys.argv[1:]:
    trace = ac.from_keras(path).trace()
    total, trained = int(trace.total_params), int(trace.trainable_parameters)
    print(json.dumps([total, trained, total - trained]))
try:
    import keras
except ImportError:
    print("null")
"""


def test_what_was_saved_is_read_where_keras_is_not_installed(
    small: dict[str, Any], tmp_path: Path
) -> None:
    model = small["MobileNetV2"]
    (tmp_path / "net.json").write_text(model.to_json())
    net = keras.Sequential([layers.Input((4, 4, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    net.save(tmp_path / "net.keras")
    net.save(tmp_path / "net.h5")
    paths = [str(tmp_path / f"net.{ending}") for ending in ("json", "keras", "h5")]
    ran = subprocess.run(
        [sys.executable, "-c", _WITHOUT_KERAS, *paths], capture_output=True, text=True, check=True
    )
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert found == [list(figures(model)), [20, 20, 0], [20, 20, 0], None]


# Layers of one's own, and models that are subclassed


class Own(layers.Layer):
    """A layer with weights that nobody knows."""

    def build(self, shape: Any) -> None:
        self.table = self.add_weight(shape=(shape[-1], 5))
        self.kept = self.add_weight(shape=(5,), trainable=False)

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.table) + self.kept


class Block(layers.Layer):
    """A layer that holds others."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.wide = layers.Dense(16, activation="relu")
        self.narrow = layers.Dense(8)
        self.norm = layers.LayerNormalization()

    def call(self, x: Any) -> Any:
        return self.norm(x + self.narrow(self.wide(x)))


class Subclassed(keras.Model):
    """A model that is a class."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(8, 3)
        self.block = Block()
        self.flat = layers.Flatten()
        self.own = Own()
        self.never = layers.Dense(7)
        self.never.build((None, 3))

    def call(self, x: Any, training: bool = False) -> Any:
        return self.own(self.flat(self.block(self.conv(x))))


def test_a_subclassed_model_is_read_by_a_recorded_call() -> None:
    model = Subclassed()
    net = ac.from_keras(model, (6, 6, 1))
    trace = net.trace()
    assert counted(net) == figures(model)
    assert [type(row.layer).__name__ for row in trace.rows] == [
        *("Conv2D", "Dense", "Dense", "Add", "LayerNormalization", "Flatten", "Opaque", "Opaque")
    ]
    assert {"block", "own", "unused"} <= {row.path.partition("/")[0] for row in trace.rows}
    assert sum(weight.size for weight in trace.rows[-1].applied.weights) == 28
    assert not model.conv._inbound_nodes[1:]  # nothing of the call is left
    again = ac.from_keras(model)  # it was called: it knows what goes in
    assert counted(again) == figures(model)


def test_a_layer_of_ones_own_in_a_config_is_refused_with_its_name() -> None:
    x = keras.Input((3,))
    model = keras.Model(x, Own(name="mine")(x))
    assert counted(ac.from_keras(model)) == figures(model) == (20, 15, 5)
    with pytest.raises(FrameworkError, match=r"mine: Own is not read") as caught:
        ac.from_keras(model.to_json())
    assert (caught.value.code, caught.value.path) == ("weights-not-known", "mine")


def test_a_weight_that_two_layers_have_is_counted_once() -> None:
    first, second = layers.Dense(4, use_bias=False), layers.Dense(4, use_bias=False)
    x = keras.Input((4,))
    first.build((None, 4))
    second.build((None, 4))
    second._tracker.unlock()
    second._untrack_variable(second._kernel)
    second._kernel = first._kernel
    model = keras.Model(x, second(first(x)))
    assert size({id(weight): weight for weight in model.weights}.values()) == 16
    assert int(ac.from_keras(model).trace().parameters) == 16


def test_what_a_layer_applies_at_its_end_may_be_a_layer_or_a_function_of_ones_own() -> None:
    def own(x: Any) -> Any:
        return x * 2

    x = keras.Input((3,))
    y = layers.Dense(4, activation=layers.LeakyReLU(0.1), name="a")(x)
    model = keras.Model(x, layers.Dense(5, activation=own, name="b")(y))
    for source in (model, model.to_json()):
        rows = ac.from_keras(source).trace().rows
        assert [(row.path, type(row.layer).__name__) for row in rows] == [
            ("a", "Dense"), ("a_activation", "LeakyReLU"),
            ("b", "Dense"), ("b_activation", "Opaque"),
        ]  # fmt: skip
        assert [tuple(row.output) for row in rows] == [(4,), (4,), (5,), (5,)]


def test_a_sequential_that_knows_no_shape_is_told_one() -> None:
    model = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    for source in (model, model.to_json()):
        with pytest.raises(FrameworkError) as caught:
            ac.from_keras(source)
        assert caught.value.code == "no-input-shape"
        assert counted(ac.from_keras(source, (7,)))[0] == 32


def test_symbols_of_several_inputs_are_told_apart_and_meet_where_they_must() -> None:
    a, b = keras.Input((None, 8)), keras.Input((None, 8))
    apart = keras.Model([a, b], [layers.Dense(2)(a), layers.Dense(2)(b)])
    assert str(ac.from_keras(apart).trace().inputs) == "((t, 8), (t2, 8))"
    added = ac.from_keras(keras.Model([a, b], layers.Add()([a, b]))).trace()
    assert str(added.inputs) == "((t, 8), (t2, 8))"
    assert ["t2" in str(need) and "t" in str(need) for need in added.requirements] == [True]
    joined = ac.from_keras(keras.Model([a, b], a + b)).trace()
    assert str(joined.inputs) == "((t, 8), (t, 8))"


FIGURES = keras_applications.load()
IN_THE_GATE = ("MobileNetV2", "EfficientNetB0", "ResNet50")


def disagreements(trace: Any, wanted: dict[str, Any]) -> list[Any]:
    """Where a trace is not what Keras says of a model, layer by layer."""
    total, trained = int(trace.total_params), int(trace.trainable_parameters)
    found: list[Any] = [total, trained, total - trained]
    found = [] if found == [wanted[n] for n in ("total", "trainable", "non_trainable")] else found
    rows: dict[str, list[Any]] = {}
    for row in trace.rows:
        rows.setdefault(row.path.partition("/")[0], []).append(row)
    for name, parameters, shape in wanted["layers"]:
        own = rows.get(name, [])
        ours = sum(weight.size for row in own for weight in row.applied.weights)
        if not own or ours != parameters:
            found.append((name, parameters, ours))
        elif None not in shape and list(own[-1].output) != shape:
            found.append((name, shape, own[-1].output))
    return found


def _without_names(found: dict[str, Any]) -> dict[str, Any]:
    """Keras numbers its layers through all models that a process has made."""
    return {**found, "layers": [figures for _, *figures in found["layers"]]}


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"keras"}) if NIGHTLY else IN_THE_GATE)
@pytest.mark.skipif(keras.__version__ != FIGURES["keras"], reason="the models of another version")
def test_applications_have_the_figures_that_keras_says(name: str) -> None:
    """All 40 at night, a few in the gate: from the model and from its config, every layer."""
    with keras_applications.building():
        model = keras_applications.builders()[name](weights=None)
    wanted = keras_applications.figures_of(model)
    assert _without_names(wanted) == _without_names(FIGURES[name])
    for source in (model, model.to_json()):
        net = ac.from_keras(source)
        assert disagreements(net.trace(), wanted) == []
        assert _without_opaque(net)
    if name in IN_THE_GATE:
        again = net.to_keras()
        assert (again.count_params(), size(again.trainable_weights)) == figures(model)[:2]


def _with_the_kernel_of(owner: Any, use_bias: bool) -> Any:
    layer = layers.Dense(owner.units, use_bias=use_bias)
    layer.build((None, owner.kernel.shape[0]))
    layer._tracker.unlock()
    layer._untrack_variable(layer._kernel)
    layer._kernel = owner._kernel
    layer._tracker.lock()
    return layer


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_variable_that_two_layers_have_is_tied_and_built_as_one(use_bias: bool) -> None:
    x = keras.Input((4,))
    first = layers.Dense(4, name="first")
    y = first(x)
    model = keras.Model(x, _with_the_kernel_of(first, use_bias)(ops.relu(y)))
    net = ac.from_keras(model)
    assert _without_opaque(net)
    assert counted(net) == figures(model)
    again: Any = net.to_keras()
    assert again.count_params() == model.count_params()
    kernels = {id(layer.kernel) for layer in again.layers if isinstance(layer, layers.Dense)}
    assert len(kernels) == 1


def test_a_layer_at_every_step_and_by_itself_is_one_layer() -> None:
    x, y = keras.Input((5, 4)), keras.Input((4,))
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(3)])
    for inner in (layers.Dense(4), model):
        both = keras.Model([x, y], [layers.TimeDistributed(inner)(x), inner(y)])
        net = ac.from_keras(both)
        assert _without_opaque(net)
        assert counted(net) == figures(both)
        assert net.to_keras().count_params() == both.count_params() == inner.count_params()


def test_a_class_of_ones_own_that_only_makes_its_weights_is_its_base() -> None:
    class Halved(layers.Dense):
        def __init__(self, units: int, **how: Any) -> None:
            super().__init__(units // 2, **how)

    x = keras.Input((4,))
    net = ac.from_keras(keras.Model(x, Halved(8)(x)))
    assert [type(row.layer).__name__ for row in net.trace().rows] == ["Dense"]
    assert net.trace().parameters == 20
