"""What the testing kit takes: files of frameworks, what modules make, and models themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from torch import nn

import archcalc as ac
from archcalc.frameworks import read_model
from archcalc.symbolic.errors import ArchcalcError, SpecificationError
from archcalc.testing import MismatchError, assert_budget, assert_matches, assert_snapshot

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model")

NET = ac.Sequential(
    [ac.Conv2D(32, 3), ac.MaxPooling2D(2), ac.Flatten(), ac.Dense(100), ac.Dense(10)],
    input_shape=(28, 28, 1),
)
TOTAL = 542_230

SOURCE = """
import archcalc as ac
import keras
from torch import nn

def keras_model(units=100):
    L = keras.layers
    return keras.Sequential([keras.Input((28, 28, 1)), L.Conv2D(32, 3), L.MaxPooling2D(2),
                             L.Flatten(), L.Dense(units), L.Dense(10)])

class Cnn(nn.Sequential):
    def __init__(self, units=100):
        super().__init__(nn.Conv2d(1, 32, 3), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(5408, units), nn.Linear(units, 10))

net = ac.load({path!r})
"""

PASTED = """
model = Sequential()
model.add(Conv2D(32, (3, 3), input_shape=(28, 28, 1)))
model.add(MaxPooling2D())
model.add(Flatten())
model.add(Dense(100))
model.add(Dense(10))
"""


def _onnx(path: Path) -> None:
    """The network in channels first, as an exporter writes it, with an open batch."""
    onnx = pytest.importorskip("onnx")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    weights = {"k": (32, 1, 3, 3), "kb": (32,), "w1": (100, 5408), "b1": (100,), "w2": (10, 100),
               "b2": (10,)}  # fmt: skip
    held = [
        onnx.TensorProto(name=name, dims=shape, data_type=number, raw_data=bytes(4 * _size(shape)))
        for name, shape in weights.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "k", "kb"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w1", "b1"], ["h"], transB=1),
        helper.make_node("Gemm", ["h", "w2", "b2"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "cnn",
        [helper.make_tensor_value_info("x", number, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("y", number, ["N", 10])], held,
    )  # fmt: skip
    onnx.save(helper.make_model(graph), str(path))


def _size(shape: tuple[int, ...]) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network in every kind of file, and a module that makes it."""
    at = tmp_path_factory.mktemp("models")
    model = NET.to_keras()
    model.save(at / "net.keras")
    model.save(at / "net.h5")
    (at / "net.json").write_text(model.to_json(), encoding="utf-8")
    ac.save(NET, at / "net.yaml")
    (at / "pasted.py").write_text(PASTED, encoding="utf-8")
    (at / "made_of.py").write_text(SOURCE.format(path=str(at / "net.yaml")), encoding="utf-8")
    _onnx(at / "net.onnx")
    return at


FILES = ("net.keras", "net.h5", "net.json", "net.yaml", "pasted.py", "net.onnx")
OTHER = NET.replace("dense", ac.Dense(64))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_held_against_a_network(folder: Path, name: str) -> None:
    file = folder / name
    assert ac.load(file).trace().parameters == ac.network.traced(str(file)).parameters == TOTAL
    assert_matches(NET, str(file))
    assert_budget(file, parameters=f"== {TOTAL}", macs="== 736_488", activations="> 0")
    with pytest.raises(MismatchError, match=r"units \(n_out\): 64 here; 100 would give what is"):
        assert_matches(OTHER, file)
    with pytest.raises(AssertionError, match="dense") as caught:
        assert_budget(file, parameters="<= 1e5")
    assert "540,900" in str(caught.value)


@pytest.mark.parametrize("name", ["keras_model", "Cnn", "net"])
def test_what_a_module_makes_is_held_against_a_network(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    place, shape = f"made_of:{name}", (1, 28, 28) if name == "Cnn" else None
    assert_matches(NET, place)
    assert_budget(place, input_shape=shape, parameters=f"== {TOTAL}", macs="== 736_488")
    assert_snapshot(place, folder / f"{name}.txt", update=True, input_shape=shape)
    assert_snapshot(place, folder / f"{name}.txt", input_shape=shape)
    assert f"total  {TOTAL} parameters" in (folder / f"{name}.txt").read_text("utf-8")
    with pytest.raises(MismatchError):
        assert_matches(OTHER, place)
    if name != "net":
        smaller = read_model(place, shape, call={"units": 64})
        assert smaller.trace().parameters == OTHER.trace().parameters


@pytest.mark.parametrize("make", [NET.to_keras, lambda: NET, lambda: ac.Dense(10)])
def test_models_themselves_are_read(make: Callable[[], Any]) -> None:
    model = make()
    shape = None if not isinstance(model, ac.Dense) else 53
    assert read_model(model, shape).trace().parameters in (TOTAL, 540)


def test_what_is_missing_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "wants.py").write_text("import no_such_package.inside\n", encoding="utf-8")
    (folder / "fails.py").write_text("def net(depth):\n    raise ValueError(depth)\n", "utf-8")
    said = {
        "wants:net": "wants imports no_such_package, which is not installed; pip install no_such",
        "fails:net": "it cannot be called without depth; --call depth=... on the command line; in",
        "fails:nett": "fails has no nett; did you mean net?",
        "made_of:Cnn": "a torch model does not say what goes into it; give input_shape=(3, 224, 2",
        "made_of:PASTED": "made_of has no PASTED",
        "keras:version": "this is str, not a network of archcalc",
    }
    for place, message in said.items():
        with pytest.raises(ArchcalcError) as caught:
            read_model(place)
        assert message in str(caught.value)
        assert caught.value.path.startswith(place)
    with pytest.raises(SpecificationError, match="it fails as it is called: ValueError: 3"):
        read_model("fails:net", call={"depth": 3})
    with pytest.raises(ArchcalcError, match="is no network, no file"):
        read_model(3)


def test_a_model_that_does_not_say_what_goes_in_takes_what_the_network_takes() -> None:
    bare = keras.Sequential([keras.layers.Dense(3)])
    assert_matches(ac.Sequential([ac.Dense(3)], input_shape=4), bare)
    with pytest.raises(MismatchError):
        assert_matches(ac.Sequential([ac.Dense(2)], input_shape=4), bare)


def test_a_torch_module_is_read_where_its_input_is_known() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    assert_budget(module, input_shape=(4,), macs="== 18", activations="> 0")
    with pytest.raises(AssertionError, match=r"(?s)not <= 20.*\n    0 +15\n    2 +8"):
        assert_budget(module, input_shape=(4,), parameters="<= 20")
