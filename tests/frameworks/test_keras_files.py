"""What Keras saves, broken and hostile: one typed error each, quickly, and nothing is run."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.symbolic.errors import ArchcalcError
from tests.sampling import examples

DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 3, "use_bias": True}}
CHAIN: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {"name": "net", "build_input_shape": [None, 4], "layers": [DENSE]},
}


def node(*places: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    """A call as Keras 3 writes it."""
    made = [
        {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": at}}
        for at in places
    ]
    return {"args": made, "kwargs": more}


def functional(*layers: dict[str, Any], end: str = "d") -> dict[str, Any]:
    """A functional model of one input called x."""
    start = {
        "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
        "config": {"name": "x", "batch_shape": [None, 4]},
    }  # fmt: skip
    config = {
        "name": "net", "layers": [start, *layers], "input_layers": [["x", 0, 0]],
        "output_layers": [[end, 0, 0]],
    }  # fmt: skip
    return {"class_name": "Functional", "config": config}


def dense(name: str, *nodes: Any) -> dict[str, Any]:
    """A layer of three units with its calls."""
    config = {"name": name, "units": 3, "use_bias": True, "trainable": True}
    return {"class_name": "Dense", "config": config, "name": name, "inbound_nodes": list(nodes)}


def test_a_config_is_read_from_its_text_and_from_a_file(tmp_path: Path) -> None:
    assert int(ac.from_keras(json.dumps(CHAIN)).trace().parameters) == 15
    path = tmp_path / "net.json"
    path.write_text(json.dumps(functional(dense("d", node(("x", 0, 0))))), encoding="utf-8")
    assert int(ac.from_keras(path).trace().parameters) == 15


BROKEN: dict[str, tuple[Any, str]] = {
    "no model": ({"layers": []}, "not-a-keras-model"),
    "a list": ([1, 2], "not-a-keras-model"),
    "a class of one's own": ({"class_name": "Mine", "config": {"a": 1}}, "not-read"),
    "no layers": ({"class_name": "Sequential", "config": {"name": "n", "layers": []}},
                  "broken-config"),
    "no layer": ({"class_name": "Sequential", "config": {"layers": [3]}}, "broken-config"),
    "a shape that is none": (
        {**CHAIN, "config": {**CHAIN["config"], "build_input_shape": "abc"}}, "broken-config"),
    "a huge size": (
        {**CHAIN, "config": {**CHAIN["config"], "build_input_shape": [None, 2**2_000]}},
        "broken-config"),
    "a circle": (functional(dense("a", node(("d", 0, 0))), dense("d", node(("a", 0, 0)))),
                 "broken-graph"),
    "a layer that feeds itself": (functional(dense("d", node(("d", 0, 0)))), "broken-graph"),
    "a tensor that is not there": (functional(dense("d", node(("y", 0, 0)))), "broken-config"),
    "a call that is not there": (functional(dense("d", node(("x", 5, 0)))), "broken-config"),
    "an output that is not there": (functional(dense("d", node(("x", 0, 7)))), "broken-config"),
    "an end that is not there": (functional(dense("d", node(("x", 0, 0))), end="e"),
                                 "broken-config"),
    "a call that is none": (functional(dense("d", 7)), "broken-config"),
    "two of a name": (functional(dense("d", node(("x", 0, 0))), dense("d")), "broken-config"),
    "units that are text": (
        {"class_name": "Sequential", "config": {"build_input_shape": [None, 4], "layers": [
            {"class_name": "Dense", "config": {"units": "__import__('os').getpid()"}}]}},
        "not-read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_config_is_one_error(name: str) -> None:
    config, code = BROKEN[name]
    text = json.dumps(config)
    with pytest.raises(ArchcalcError) as caught:
        ac.from_keras(text if text.startswith("{") and "class_name" in text else _file(text))
    assert caught.value.code == code


def _file(text: str) -> Path:
    import tempfile

    path = Path(tempfile.mkdtemp()) / "model.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_depth_is_bounded() -> None:
    before = '{"class_name": "Sequential", "config": {"name": "n", "layers": ['
    with pytest.raises(ArchcalcError) as caught:
        ac.from_keras(200 * before + json.dumps(CHAIN) + 200 * "]}}")
    assert caught.value.code == "too-deep"
    with pytest.raises(ArchcalcError) as caught:
        ac.from_keras('{"class_name": "Sequential", "config": ' + "[" * 100_000)
    assert caught.value.code in ("too-deep", "not-json")


def _archive(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return path


def _code(path: Path) -> str:
    with pytest.raises(ArchcalcError) as caught:
        ac.from_keras(path)
    return caught.value.code


def test_archives_are_read_and_hostile_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    text = json.dumps(CHAIN).encode()
    assert int(ac.from_keras(_archive(path, config_json=text)).trace().parameters) == 15
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert _code(path) == "broken-archive"  # cut off
    path.write_bytes(whole[: len(whole) // 2] + b"\0" * 8 + whole[len(whole) // 2 + 8 :])
    assert _code(path) in ("broken-archive", "not-json", "not-a-keras-model")
    assert _code(_archive(path, weights_h5=b"0")) == "not-a-keras-model"
    assert _code(_archive(path, config_json=b" " * 40_000_000)) == "too-large"  # a bomb
    assert _code(_archive(path, config_json=b"\xff\xfe")) == "not-a-keras-model"
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(20_100):
            archive.writestr(str(number), b"")
    path.write_bytes(many.getvalue())
    assert _code(path) == "broken-archive"


class _Runs:
    def __reduce__(self) -> Any:
        return (open, (str(Path(__file__).with_name("it-was-run")), "w"))


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(pickle.dumps(_Runs()))
    assert _code(path) == "not-a-keras-model"
    _archive(tmp_path / "model.keras", config_json=pickle.dumps(_Runs()))
    assert _code(tmp_path / "model.keras") in ("not-a-keras-model", "not-json")
    assert not Path(__file__).with_name("it-was-run").exists()


def test_files_that_are_none(tmp_path: Path) -> None:
    assert _code(tmp_path / "missing.keras") == "no-such-file"
    (tmp_path / "folder.keras").mkdir()
    assert _code(tmp_path / "folder.keras") == "not-a-file"
    (tmp_path / "empty.keras").write_bytes(b"")
    assert _code(tmp_path / "empty.keras") == "empty-file"
    (tmp_path / "half.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 60)
    assert _code(tmp_path / "half.h5") == "broken-archive"


def test_without_h5py_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "h5py", None)
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 60)
    with pytest.raises(ArchcalcError, match=r"pip install 'archcalc\[hdf5\]'") as caught:
        ac.from_keras(path)
    assert caught.value.code == "framework-missing"


@given(st.data())
@examples(2)
def test_a_config_that_was_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    """Any value of a config replaced by another gives a network or an error of archcalc."""
    config = json.loads(
        json.dumps(functional(dense("a", node(("x", 0, 0))), dense("d", node(("a", 0, 0)))))
    )
    places = list(_places(config))
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(_VALUES)
    try:
        made = ac.from_keras(json.dumps(config))
    except ArchcalcError:
        return
    assert made.trace().rows is not None


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**9),
    st.floats(allow_nan=False),
    st.text("xa[(", max_size=3),
    st.sampled_from(([], {}, [None, None], ["x", 0, 0], {"class_name": "Dense"})),
)


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, held in items:
        yield value, key
        if isinstance(held, dict | list):
            yield from _places(held)


# Keras 2

_OLD = {
    "class_name": "Functional",
    "config": {
        "name": "old",
        "layers": [
            {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
             "config": {"batch_input_shape": [None, 8, 8, 3], "dtype": "float32", "name": "x"}},
            {"class_name": "Conv2D", "name": "c", "inbound_nodes": [[["x", 0, 0, {}]]],
             "config": {"name": "c", "trainable": False, "dtype": "float32", "filters": 4,
                        "kernel_size": [3, 3], "strides": [1, 1], "padding": "same",
                        "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1,
                        "activation": "relu", "use_bias": True,
                        "kernel_initializer": {"class_name": "GlorotUniform",
                                               "config": {"seed": None}}}},
            {"class_name": "TFOpLambda", "name": "plus",
             "inbound_nodes": [["c", 0, 0, {"y": 3.0, "name": None}]],
             "config": {"name": "plus", "trainable": True, "dtype": "float32",
                        "function": "__operators__.add"}},
            {"class_name": "Functional", "name": "inner",
             "inbound_nodes": [[["plus", 0, 0, {}]], [["c", 0, 0, {}]]],
             "config": {
                 "name": "inner",
                 "layers": [
                     {"class_name": "InputLayer", "name": "i", "inbound_nodes": [],
                      "config": {"batch_input_shape": [None, 8, 8, 4], "name": "i"}},
                     {"class_name": "BatchNormalization", "name": "bn",
                      "inbound_nodes": [[["i", 0, 0, {"training": False}]]],
                      "config": {"name": "bn", "trainable": True, "dtype": "float32",
                                 "axis": [3], "momentum": 0.99, "epsilon": 0.001,
                                 "center": True, "scale": True}}],
                 "input_layers": [["i", 0, 0]], "output_layers": [["bn", 0, 0]]}},
            {"class_name": "Add", "name": "add",
             "inbound_nodes": [[["inner", 1, 0, {}], ["inner", 2, 0, {}]]],
             "config": {"name": "add", "trainable": True, "dtype": "float32"}},
            {"class_name": "GlobalAveragePooling2D", "name": "pool",
             "inbound_nodes": [[["add", 0, 0, {}]]],
             "config": {"name": "pool", "trainable": True, "dtype": "float32",
                        "data_format": "channels_last"}},
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["pool", 0, 0]],
    },
    "keras_version": "2.9.0",
    "backend": "tensorflow",
}  # fmt: skip
"""A model as Keras 2.9 saved it, with a model that is called twice and a function of TensorFlow."""


def test_what_keras_2_saved_is_read() -> None:
    trace = ac.from_keras(json.dumps(_OLD)).trace()
    # 3·3·3·4 + 4 of the convolution, which is frozen; two of each channel learned, two kept
    assert (int(trace.total_params), int(trace.trainable_parameters)) == (112 + 16, 8)
    assert [row.path for row in trace.rows if row.shared] == ["inner/bn"]
    assert tuple(trace.output) == (4,)
    old = {"class_name": "Sequential", "config": [
        {"class_name": "Dense", "config": {"name": "a", "units": 3, "use_bias": True,
                                           "batch_input_shape": [None, 4]}}]}  # fmt: skip
    assert int(ac.from_keras(json.dumps(old)).trace().parameters) == 15
