"""Mappings and networks: every form, every way back, and what is refused where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.errors import (
    DimensionError,
    EvaluationError,
    ExpressionError,
    InvalidLayerError,
    ShapeError,
    SpecificationError,
    UnknownLayerError,
    UnknownSymbolError,
)
from archcalc.layers.facts import Weight
from archcalc.network.spec.scope import Scope
from archcalc.testing import layers, networks
from tests.sampling import slow


def facts(net: ac.Network) -> list[tuple[Any, ...]]:
    """Everything a trace says of a network, row by row."""
    rows = net.trace().rows
    return [(r.path, r.layer, r.inputs, r.output, r.sources, r.loops, r.shared) for r in rows]


def returned(net: ac.Network) -> ac.Network:
    """`net` there and back, through the text that a file would hold."""
    written = net.to_dict()
    read = ac.from_dict(json.loads(json.dumps(written)))
    assert read.to_dict() == written
    return read


def built(*entries: Any, **keys: Any) -> Any:
    return ac.from_dict({"layers": list(entries), **keys})


def layer(entry: Any) -> ac.Layer:
    return built(entry).layers[0]


@given(networks())
def test_there_and_back(net: ac.Network) -> None:
    assert facts(returned(net)) == facts(net)


@given(networks(4), st.sampled_from(["yaml", "toml", "json"]))
def test_there_and_back_through_every_format(net: ac.Network, how: str) -> None:
    assert facts(ac.loads(ac.dumps(net, how), how)) == facts(net)


@given(layers())
def test_every_layer_there_and_back(drawn: tuple[ac.Layer, Any]) -> None:
    one, _ = drawn
    net = ac.Sequential([one])
    if isinstance(one, ac.Lambda):  # drawn with a function of Python
        with pytest.raises(SpecificationError, match="no file can hold one"):
            net.to_dict()
    else:
        assert returned(net) == net


@given(networks(frameworks="torch"))
def test_a_network_in_a_network_there_and_back(net: ac.Network) -> None:
    shape = net.own_inputs()
    if shape is not None and len(shape) == 1:
        outer = ac.Sequential([ac.Identity(), net], input_shape=shape[0])
        assert facts(returned(outer)) == facts(outer)


# --- Forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ("Flatten", ac.Flatten()),
        ({"Flatten": None}, ac.Flatten()),
        ({"Flatten": {}}, ac.Flatten()),
        ({"Flatten": []}, ac.Flatten()),
        ({"Dense": 100}, ac.Dense(100)),
        ({"Dense": "4*d"}, ac.Dense("4*d")),
        ({"Dense": [100, "relu", False]}, ac.Dense(100, "relu", False)),
        ({"Conv2D": [32, 3]}, ac.Conv2D(32, 3)),
        ({"Conv2D": [32, [3, 5]]}, ac.Conv2D(32, (3, 5))),
        ({"Conv2D": {"filters": 32, "kernel_size": 3}}, ac.Conv2D(32, 3)),
        ({"Conv2D": {"filters": 1, "kernel_size": 1, "name": "a"}}, ac.Conv2D(1, 1, name="a")),
        ({"Conv2D": {"filters": 8, "kernel_size": 3, "padding": [[1, 2], 3]}},
         ac.Conv2D(8, 3, padding=((1, 2), (3, 3)))),
        ({"Dropout": 0.5}, ac.Dropout(0.5)),
        ({"Activation": "relu"}, ac.Activation("relu")),
        ({"Embedding": ["V", "d"]}, ac.Embedding("V", "d")),
    ],
)  # fmt: skip
def test_forms_of_an_entry(entry: Any, meant: ac.Layer) -> None:
    assert layer(entry) == meant


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ({"MaxPooling2D": [2, 3]}, ac.MaxPooling2D((2, 3))),
        ({"MaxPooling2D": 2}, ac.MaxPooling2D(2)),
        ({"Reshape": [7, -1]}, ac.Reshape((7, -1))),
        ({"Permute": [2, 1]}, ac.Permute((2, 1))),
        ({"PReLU": [1, 2]}, ac.PReLU([1, 2])),
        ({"PReLU": []}, ac.PReLU([])),
        ({"ZeroPadding2D": [1, 2]}, ac.ZeroPadding2D((1, 2))),
        ({"ZeroPadding2D": [[1, 2], [3, 4]]}, ac.ZeroPadding2D(((1, 2), (3, 4)))),
        ({"DepthwiseConv2D": [3, 5]}, ac.DepthwiseConv2D((3, 5))),
        ({"AdaptiveAveragePooling2D": [6, 5]}, ac.AdaptiveAveragePooling2D((6, 5))),
        ({"UpSampling2D": [2, 3]}, ac.UpSampling2D((2, 3))),
        ({"Dot": [1, 2]}, ac.Dot((1, 2))),
        ({"Concatenate": -1}, ac.Concatenate(-1)),
    ],
)
def test_a_list_is_one_argument_where_the_first_may_be_a_list(entry: Any, meant: ac.Layer) -> None:
    assert layer(entry) == meant


def test_equal_axes_are_kept_apart() -> None:
    net = ac.Sequential([ac.Dot((1, 1))])
    assert returned(net) == net
    assert net.to_dict()["layers"] == [{"Dot": [1, 1]}]


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        ({"Sequential": ["Flatten", {"Dense": 10}]}, ac.Sequential([ac.Flatten(), ac.Dense(10)])),
        ({"Sequential": {"layers": ["Flatten"], "name": "s", "input": [4, 4]}},
         ac.Sequential([ac.Flatten()], name="s", input_shape=(4, 4))),
        ({"Residual": [{"Dense": 4}]}, ac.Residual([ac.Dense(4)])),
        ({"Residual": {"body": {"Dense": 4}}}, ac.Residual(ac.Dense(4))),
        ({"Residual": {"body": [{"Dense": 4}], "shortcut": ["Identity"]}},
         ac.Residual([ac.Dense(4)], [ac.Identity()])),
        ({"Residual": {"body": ["Flatten"], "shortcut": None}}, ac.Residual([ac.Flatten()])),
        (["Flatten", ["Flatten", {"Dense": 4}], []],
         ac.Sequential(
             [ac.Flatten(), ac.Sequential([ac.Flatten(), ac.Dense(4)]), ac.Sequential([])]
         )),
        ({"Parallel": [[], {"Dense": 4}, ["Flatten", {"Dense": 2}]]},
         ac.Parallel([[], ac.Dense(4), [ac.Flatten(), ac.Dense(2)]])),
        ({"Parallel": {"branches": [["Flatten"], "Flatten"], "merge": "Add"}},
         ac.Parallel([[ac.Flatten()], ac.Flatten()], ac.Add())),
        ({"Repeat": {"block": [{"Dense": "d"}], "times": "L"}}, ac.Repeat([ac.Dense("d")], "L")),
        ({"Repeat": {"block": {"Dense": "d"}, "times": 3}}, ac.Repeat(ac.Dense("d"), 3)),
    ],
)  # fmt: skip
def test_networks_within(entry: Any, meant: ac.Layer) -> None:
    assert layer(entry) == meant


def test_a_file_is_a_sequential_unless_it_says_what_feeds_what() -> None:
    assert type(built("Flatten")) is ac.Sequential
    assert type(built("Flatten", input=[4, 4])) is ac.Sequential
    assert type(built({"Flatten": {"inputs": "input"}}, input=[4, 4])) is ac.Model
    assert type(built("Flatten", inputs={"x": [4, 4]})) is ac.Model
    assert type(built("Flatten", input={"x": [4, 4]})) is ac.Model
    assert type(built("Flatten", input=[4, 4], outputs="flatten")) is ac.Model


def test_a_network_of_another_class_stands_alone() -> None:
    net = ac.Residual([ac.Dense(4)])
    assert net.to_dict() == {"archcalc": 1, "network": {"Residual": [{"Dense": 4}]}}
    assert returned(net) == net
    assert returned(ac.Repeat([ac.Dense("d")], "L")) == ac.Repeat([ac.Dense("d")], "L")


def test_inputs_names_layers_by_given_and_by_made_up_names() -> None:
    net = built(
        {"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "same", "name": "stem"}},
        {"Conv2D": {"filters": 3, "kernel_size": 1}},
        {"Conv2D": {"filters": 3, "kernel_size": 1, "inputs": "stem"}},
        {"Add": {"inputs": ["conv2d", "conv2d_1", "input"]}},
        input=[8, 8, 3],
    )
    rows = {row.path: row.sources for row in net.trace().rows}
    assert rows == {"stem": (-1,), "conv2d": (0,), "conv2d_1": (0,), "add": (1, 2, -1)}


def test_several_inputs_and_outputs() -> None:
    net = built(
        {"Dense": {"units": 4, "inputs": "a"}},
        {"Add": {"inputs": ["dense", "b"]}},
        inputs={"a": [8], "b": [4]},
        outputs=["add", "dense", "a"],
    )
    assert net.trace().outputs == ((4,), (4,), (8,))
    assert facts(returned(net)) == facts(net)


def test_a_network_of_two_outputs_feeds_by_number() -> None:
    two = {"Model": {"input": {"x": [4], "y": [4]}, "inputs": ["p", "q"], "name": "two",
                     "layers": [{"Add": {"inputs": ["x", "y"]}},
                                {"Concatenate": {"inputs": ["x", "y"]}}],
                     "outputs": ["add", "concatenate"]}}  # fmt: skip
    net = built(
        two,
        {"Dense": {"units": 3, "inputs": "two"}},
        {"Dense": {"units": 3, "inputs": "two:1"}},
        inputs={"p": [4], "q": [4]},
        outputs=["dense", "dense_1"],
    )
    assert [row.inputs for row in net.trace().rows[2:]] == [((4,),), ((8,),)]
    assert facts(returned(net)) == facts(net)


# --- Sharing --------------------------------------------------------------------------------------


def test_a_shared_layer_is_counted_once() -> None:
    net = built({"Dense": {"units": 4, "name": "d"}}, {"Shared": "d"}, input=[4])
    assert net.layers[0] is net.layers[1]
    assert net.trace().parameters == 20


def test_a_shared_layer_says_what_feeds_it_and_what_it_is_called() -> None:
    net = built(
        {"Dense": {"units": 4, "inputs": "a"}},
        {"Shared": {"layer": "dense", "inputs": "b", "name": "again"}},
        {"Add": {"inputs": ["dense", "again"]}},
        inputs={"a": [4], "b": [4]},
    )
    assert [row.shared for row in net.trace().rows] == [False, True, False]
    assert net.trace().parameters == 20
    assert facts(returned(net)) == facts(net)


def test_sharing_reaches_into_blocks_and_out_of_them() -> None:
    d, e = ac.Dense(4), ac.Dense(4, name="e")
    block = ac.Sequential([d, e, ac.Dense(4)])
    net = ac.Sequential(
        [block, d, ac.Residual([e, ac.Dense(4)], d), ac.Residual(ac.Dense(4), [e]), block],
        input_shape=4,
    )
    assert facts(returned(net)) == facts(net)
    written = net.to_dict()["layers"]
    assert written[1] == {"Shared": "/sequential/dense"}
    assert written[4] == {"Shared": "sequential"}


def test_a_shared_layer_of_another_list_takes_up_a_name() -> None:
    d = ac.Dense(4)
    x = ac.Input((4,))
    y = d(ac.Sequential([d])(x))
    net = ac.Model(x, ac.Add()([ac.Dense(4)(x), y, ac.Dense(4)(y)]))
    assert facts(returned(net)) == facts(net)


def test_a_reference_looks_here_then_outwards() -> None:
    outer = built(
        {"Dense": {"units": 4, "name": "a"}},
        {"Sequential": [{"Shared": "a"}, {"Dense": {"units": 4, "name": "a"}}, {"Shared": "a"}]},
        {"Shared": "sequential/a"},
    )
    first, inner, last = outer.layers
    assert inner.layers[0] is first
    assert inner.layers[1] is not first
    assert inner.layers[2] is inner.layers[1] is last


def test_names_with_slashes_are_names() -> None:
    net = built({"Dense": {"units": 4, "name": "b/c"}}, {"Shared": "b/c"}, {"Shared": "/b/c"})
    assert net.layers[0] is net.layers[1] is net.layers[2]


def test_an_unknown_scope_has_no_layer() -> None:
    assert Scope().find("/a/b") is None


# --- Layers of one's own --------------------------------------------------------------------------


class OwnScale(ac.Layer):
    """One factor for every channel, and a list that comes first."""

    axes: tuple[int, ...] = (-1,)
    factor: float = 1.0

    def output_shape(self, *inputs: Any, **_: Any) -> Any:
        return inputs[0]

    def weights(self, *inputs: Any, **_: Any) -> tuple[Weight, ...]:
        return (Weight("scale", inputs[0][-1:]),)


class OwnTwice(ac.Network):
    """A layer, and several more after it."""

    first: ac.Layer
    others: tuple[ac.Layer, ...] = ()

    def graph(self) -> Any:
        return ac.Sequential([self.first, *self.others]).graph()


def test_a_layer_of_ones_own() -> None:
    assert layer({"OwnScale": [1, 2]}) == OwnScale((1, 2))
    net = ac.Sequential([OwnScale((1, 2), 0.5), OwnScale((3,)), OwnScale()], input_shape=(2, 3))
    assert returned(net) == net


def test_a_network_of_ones_own() -> None:
    first = {"first": {"Dense": 4}, "others": ["ReLU", {"Dense": 3}]}
    net = built({"OwnTwice": first}, input=[4])
    assert net.layers[0] == OwnTwice(first=ac.Dense(4), others=(ac.ReLU(), ac.Dense(3)))
    assert net.trace().parameters == 35
    assert returned(net) == net
    assert built({"OwnTwice": {**first, "others": "ReLU"}}).layers[0].others == (ac.ReLU(),)


def test_what_is_not_registered_cannot_be_written() -> None:
    class Hidden(ac.Dense, abstract=True):
        """Known to nobody."""

    with pytest.raises(SpecificationError, match="the class Hidden is not registered"):
        ac.Sequential([Hidden(4)]).to_dict()


# --- What is refused ------------------------------------------------------------------------------

CONV = {"filters": 8, "kernel_size": 3}


@pytest.mark.parametrize(
    ("mapping", "kind", "said"),
    [
        ([], SpecificationError, "this is a list, not a mapping"),
        (None, SpecificationError, "this is empty, not a mapping"),
        ({}, SpecificationError, "layers is missing"),
        ({"layers": 3}, SpecificationError, "layers: this is 3, not a list of layers"),
        ({"layer": []}, SpecificationError, "layer: this key is not known; did you mean lay"),
        ({"layers": [], 3: 4}, SpecificationError, "the key 3 is not text"),
        ({"$schema": 3, "layers": []}, SpecificationError, "$schema: this is 3, not where a"),
        ({"network": "Flatten"}, SpecificationError, "Flatten is a layer and no network"),
        ({"network": {"Residual": []}, "name": "x"}, SpecificationError, "name cannot stand"),
        ({"layers": [3]}, SpecificationError, "layers[0]: this is 3, not a layer"),
        ({"layers": [{}]}, SpecificationError, "layers[0]: an entry is one layer"),
        ({"layers": [{"Conv2D": None, **CONV}]}, SpecificationError, "indent the arguments"),
        ({"layers": [{3: 4}]}, SpecificationError, "layers[0]: the key 3 is not text"),
        ({"layers": ["Dens"]}, UnknownLayerError, "layers[0]: there is no layer called 'Dens'"),
        ({"layers": [{"Dens": 3}]}, UnknownLayerError, "did you mean Dense"),
        ({"layers": ["Dense"]}, InvalidLayerError, "layers[0]: units is missing"),
        ({"layers": [{"Conv2D": {**CONV, "kernel": 3}}]}, InvalidLayerError,
         "layers[0].Conv2D.kernel: kernel is not an argument of Conv2D; did you mean kernel_size?"),
        ({"layers": ["Flatten", {"Conv2D": {**CONV, "filters": -1}}]}, InvalidLayerError,
         "layers[1].Conv2D.filters: -1 is not a dimension; it must be at least 1"),
        ({"layers": [{"Conv2D": [-1, 3]}]}, InvalidLayerError, "layers[0].Conv2D.filters: -1"),
        ({"layers": [{"Dense": 2.5}]}, InvalidLayerError, "layers[0].Dense.units: 2.5"),
        ({"layers": [{"Dense": True}]}, InvalidLayerError, "True is not an integer"),
        ({"layers": [{"Dense": {"units": {}}}]}, InvalidLayerError, "layers[0].Dense.units"),
        ({"layers": [{"Dense": [3, "rellu"]}]}, InvalidLayerError, "layers[0].Dense.activation"),
        ({"layers": [{"Dense": {"units": 3, "name": 5}}]}, InvalidLayerError, "Dense.name"),
        ({"layers": [{"Dense": [3, None, True, 4]}]}, SpecificationError,
         "Dense takes 3 arguments by position, units, activation, use_bias; here are 4"),
        ({"layers": [{"Add": ["a", "b"]}]}, SpecificationError, "Add: {inputs: [...]}"),
        ({"layers": [{"Dense": 10**700}]}, SpecificationError, "2,326 bits is too large"),
        ({"layers": [{"Dense": {"units": 3, "inputs": "x"}}]}, SpecificationError,
         "input is missing; write input:"),
        ({"layers": [], "inputs": [4]}, SpecificationError, "inputs is a list, not a mapping"),
        ({"layers": [], "inputs": {}}, SpecificationError, "inputs is a mapping, not a mapping"),
        ({"layers": [], "input": 4, "inputs": {"a": 4}}, SpecificationError, "both given"),
        ({"layers": [], "input": [0]}, InvalidLayerError, "input: 0 is not a dimension"),
        ({"layers": [], "inputs": {"a": [None, 4]}}, DimensionError, "has an axis of no size"),
        ({"layers": [], "input": [4], "outputs": "x"}, SpecificationError, "or input 'x'"),
        ({"layers": [], "input": [4], "outputs": 3}, SpecificationError, "outputs is 3, not"),
        ({"layers": ["Flatten"], "inputs": {"a": [4], "b": [4]}}, SpecificationError,
         "layers[0]: there are several inputs"),
        ({"layers": [{"Dense": {"units": 3, "inputs": 4}}], "input": [4]}, SpecificationError,
         "layers[0].Dense.inputs: inputs is 4, not the names"),
        ({"layers": [{"Flatten": {"inputs": ["inptu"]}}], "input": [4]}, SpecificationError,
         "there is no layer or input 'inptu' above this; did you mean input?"),
        ({"layers": [{"Flatten": {"inputs": "input:1"}}], "input": [4]}, SpecificationError,
         "input has 1 outputs"),
        ({"layers": [{"Flatten": {"name": "x"}}], "inputs": {"x": [4]}}, SpecificationError,
         "two things are called 'x'"),
        ({"layers": [{"Dense": {"units": 3, "name": "x"}}] * 2}, SpecificationError,
         "layers[1].Dense.name: two layers are called 'x'"),
        ({"layers": [{"Dense": 3}, {"Dense": {"units": 4, "inputs": "input"}}], "input": [4]},
         SpecificationError, "layers[0].Dense: Dense leads to no output"),
        ({"layers": [{"Conv2D": {**CONV, "inputs": "input"}}], "input": [2, 2, 3]}, ShapeError,
         "layers[0].Conv2D: kernel 3 does not fit"),
        ({"layers": [{"Residual": [{"Flatten": {"inputs": "x"}}]}]}, SpecificationError,
         "layers[0].Residual[0].Flatten.inputs: inputs says what feeds a layer"),
        ({"layers": [{"Residual": {"body": {"Flatten": {"inputs": "x"}}}}]}, SpecificationError,
         "an argument is fed by nothing"),
        ({"layers": [{"Sequential": {"layers": [], "outputs": "x"}}]}, SpecificationError,
         "Sequential.outputs: this key is not known"),
        ({"layers": [{"Sequential": 3}]}, SpecificationError, "Sequential is 3"),
        ({"layers": ["Model"]}, SpecificationError, "Model is empty; write Model: {layers"),
        ({"layers": [{"Model": {"layers": []}}]}, SpecificationError, "input is missing"),
        ({"layers": [{"Shared": "x"}]}, SpecificationError, "no layer above this is called 'x'"),
        ({"layers": ["Flatten", {"Shared": "flaten"}]}, SpecificationError, "mean flatten?"),
        ({"layers": [{"Shared": 3}]}, SpecificationError, "Shared takes the name of a layer"),
        ({"layers": ["Flatten", {"Shared": {"layer": "flatten", "as": 3}}]}, SpecificationError,
         "layers[1].Shared.as: this key is not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(mapping: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as caught:
        ac.from_dict(mapping)
    assert isinstance(caught.value, ac.ArchcalcError)
    assert said in str(caught.value)


def test_a_path_is_put_before_the_place() -> None:
    with pytest.raises(UnknownLayerError, match=r"^net\.yaml: layers\[0\]: there is no layer"):
        ac.from_dict({"layers": ["Dens"]}, "net.yaml")


def test_a_made_up_name_that_the_network_does_not_use_is_refused() -> None:
    """The network numbers layers as they lead to its outputs, not as they stand in the file."""
    with pytest.raises(SpecificationError, match="give it a name to refer to it"):
        built(
            {"Dense": {"units": 4, "inputs": "input"}},
            {"Dense": {"units": 4, "inputs": "input"}},
            {"Add": {"inputs": ["dense_1", "dense"]}},
            input=[4],
        )


def nested(depth: int) -> dict[str, Any]:
    inside: list[Any] = []
    for _ in range(depth):
        inside = [{"Sequential": inside}]
    return {"layers": inside}


def test_nesting_is_bounded() -> None:
    assert returned(ac.from_dict(nested(60))) == ac.from_dict(nested(60))
    with pytest.raises(SpecificationError, match="nested deeper than 64"):
        ac.from_dict(nested(70))
    loop: list[Any] = []
    loop.append({"Reshape": loop})
    with pytest.raises(SpecificationError, match="nested deeper than 64"):
        ac.from_dict({"layers": loop})


@slow
def test_the_number_of_layers_is_bounded() -> None:
    assert len(ac.from_dict({"layers": ["Flatten"] * 2_000}).layers) == 2_000  # type: ignore[attr-defined]
    with pytest.raises(SpecificationError, match="more than 100,000 layers"):
        ac.from_dict({"layers": ["Flatten"] * 100_001})
    halves = [{"Sequential": ["Flatten"] * 60_000}] * 2
    with pytest.raises(SpecificationError, match="more than 100,000 layers"):
        ac.from_dict({"layers": halves})


# --- Values for symbols ---------------------------------------------------------------------------


def test_values_are_put_in_everywhere() -> None:
    x = ac.Input(("h", "h", "c"))
    y = ac.Conv2D("2*f", "k", padding="same")(x)
    net = ac.Model(x, ac.Repeat([ac.Residual([ac.Conv2D("2*f", 1)])], "L")(y))
    numbers = {"h": 8, "c": 3, "f": 4, "k": 3, "L": 5}
    put_in = ac.substitute(net, numbers)
    assert put_in.trace().macs == net.trace().macs(**numbers)
    assert put_in.trace().output == (8, 8, 8)


def test_values_may_be_symbols_and_texts() -> None:
    net = ac.Sequential([ac.Dense("n"), ac.Dense("m")], input_shape="d")
    assert ac.substitute(net, {"n": "m", "m": "n", "d": "4*n"}).trace().output == (ac.symbol("n"),)


def test_what_is_shared_stays_shared() -> None:
    d = ac.Dense("n")
    net = ac.substitute(ac.Sequential([d, ac.ReLU(), d], input_shape="n"), {"n": 4})
    assert net.layers[0] is net.layers[2]  # type: ignore[attr-defined]
    assert net.trace().parameters == 20


def test_no_values_change_nothing() -> None:
    net = ac.Sequential([ac.Dense(4)], input_shape=4)
    assert ac.substitute(net, {}) is net


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ({"q": 3}, UnknownSymbolError, "the symbols are f, k"),
        ({"f": 0}, EvaluationError, "f = 0 is not a positive integer"),
        ({"f": "1.5"}, ExpressionError, "1.5"),
        ({"k": 2.5}, EvaluationError, "k = 2.5"),
    ],
)
def test_values_that_do_not_fit(values: Any, kind: type[Exception], said: str) -> None:
    net = ac.Sequential([ac.Conv2D("f", "k")], input_shape=(8, 8, 1))
    with pytest.raises(kind) as caught:
        ac.substitute(net, values)
    assert said in str(caught.value)


def test_a_network_of_numbers_has_no_symbols_to_set() -> None:
    with pytest.raises(UnknownSymbolError, match="this network is all numbers"):
        ac.substitute(ac.Sequential([ac.Dense(4)]), {"f": 1})


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({"input": 3, "layers": [{"Dense": 2}]}, "from_dict"),
        (ac.Sequential([ac.Dense(2)], input_shape=3), "is used as it is"),
        (ac.Sequential([ac.Dense(2)], input_shape=3).trace(), "is used as it is"),
        (ac.Dense(2), "Sequential([layer]"),
        (None, "from_torch(module, input_shape=…)"),
        (b"net.yaml", "given by its path"),
        (3, "loads"),
    ],
)
def test_what_is_no_path_is_said_with_what_reads_it(given: Any, way: str) -> None:
    with pytest.raises(SpecificationError) as raised:
        ac.load(given)
    assert raised.value.code == "not-a-path"
    assert way in raised.value.hint


@pytest.mark.parametrize("verb", [ac.summarize, ac.derive, ac.account, ac.report, ac.deploy])
def test_verbs_take_a_path_a_network_or_a_trace(verb: Any) -> None:
    with pytest.raises(SpecificationError) as raised:
        verb({"input": 3, "layers": [{"Dense": 2}]})
    assert raised.value.code == "not-a-path"


def test_what_is_no_text_or_no_file_to_write_is_refused() -> None:
    net = ac.Sequential([ac.Dense(2)], input_shape=3)
    for call in (lambda: ac.loads(b"input: 3"), lambda: ac.loads(net), lambda: ac.loads(None)):  # type: ignore[arg-type]
        with pytest.raises(SpecificationError, match="not-a-text"):
            call()
    for save in (lambda: ac.save(net, None), lambda: ac.report(net).save(None)):  # type: ignore[arg-type,func-returns-value]
        with pytest.raises(SpecificationError, match="not-a-path"):
            save()
