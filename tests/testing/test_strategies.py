"""What the strategies draw: valid, within its bounds, of every kind, and written as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import archcalc as ac
from archcalc.network.code import held
from archcalc.symbolic.shape import Shape
from archcalc.testing import (
    BoundError,
    Broken,
    broken_specs,
    dims,
    formulas,
    layers,
    networks,
    shapes,
    specs,
)
from archcalc.testing.available import catalogue
from tests.sampling import NIGHTLY, examples, nightly, slow

COUNT = settings().max_examples
MANY = settings(examples(10, nightly=5_000), phases=[Phase.generate], suppress_health_check=())
"""1,000 networks in ``ci``, 5,000 in ``nightly``."""

BLOCKS = (ac.Sequential, ac.Model, ac.Residual, ac.Repeat, ac.Parallel)


def inside(net: ac.Layer) -> Iterator[ac.Layer]:
    """A network and every layer that it holds, each once."""
    seen: set[int] = set()
    pending = [net]
    while pending:
        layer = pending.pop()
        if id(layer) not in seen:
            seen.add(id(layer))
            yield layer
            pending.extend(held(layer))


# Networks


def test_networks_are_valid_and_small_and_no_kind_is_missing() -> None:
    """No health check is turned off; the histogram is of all networks together."""
    found: Counter[str] = Counter()

    @settings(MANY, max_examples=examples(10, nightly=10_000).max_examples)
    @given(networks(max_layers=8))
    def valid(net: ac.Network) -> None:
        trace = net.trace()
        assert not trace.requirements
        assert all(len(row.output) <= 5 for row in trace)
        assert sum(not isinstance(layer, BLOCKS) for layer in inside(net)) <= 8 + transformers(net)
        found.update({type(layer).__name__ for layer in inside(net)})

    valid()
    if COUNT >= 100:
        assert {"Sequential", "Model", "Residual", "Repeat", "Parallel"} <= set(found)
    if NIGHTLY:  # in 10,000 networks
        assert {cls.__name__ for cls in catalogue()} <= set(found)


@slow
@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in catalogue())[::8])
def test_a_kind_that_is_asked_for_is_drawn(name: str) -> None:
    assert find(networks(kinds=[name, "Identity"]), lambda net: has(net, name))


def has(net: ac.Network, name: str) -> bool:
    return any(type(layer).__name__ == name for layer in inside(net))


def transformers(net: ac.Network) -> int:
    """How many layers stand in layers that hold layers; what is held is not counted."""
    wholes = [x for x in inside(net) if not isinstance(x, BLOCKS)]
    return sum(1 for whole in wholes for layer in inside(whole) if layer is not whole)


@given(networks())
def test_the_repr_is_code_that_makes_an_equal_network(net: ac.Network) -> None:
    again = eval(repr(net), {**vars(ac)})
    assert again == net
    assert hash(again) == hash(net)
    assert [row.shared for row in again.trace()] == [row.shared for row in net.trace()]
    assert again.trace().parameters == net.trace().parameters


@given(layers(["Conv2D", "Dot", "EinsumDense", "LSTM", "TransformerEncoder", "StringLookup"]))
def test_the_repr_of_a_layer_is_code(drawn: tuple[ac.Layer, Any]) -> None:
    assert eval(repr(drawn[0]), {**vars(ac)}) == drawn[0]


SAYING_WHERE = networks(
    kinds=["MaxPooling1D", "Dense"], max_layers=4, fields={"return_indices": [True]}
)


def _says_where(net: ac.Network) -> bool:
    return any(len(row.outputs) == 2 for row in net.trace() if row.path.startswith("max_pool"))


@given(SAYING_WHERE)
def test_places_of_maxima_are_not_computed_with(net: ac.Network) -> None:
    """torch has them as integers, which no layer but MaxUnpooling takes."""
    fed = [ref for node in net.graph().nodes for ref in node.inputs if ref.node >= 0]
    assert not [ref for ref in fed if ref.output]


def test_places_of_maxima_are_drawn() -> None:
    assert _says_where(find(SAYING_WHERE, _says_where, settings=settings(max_examples=5_000)))


@pytest.mark.parametrize("most", [0, 7, 100])
def test_parameters_are_bounded(most: int) -> None:
    @given(networks(max_parameters=most))
    def bounded(net: ac.Network) -> None:
        assert int(net.trace().parameters) <= most

    bounded()


def test_parameters_come_near_their_bound() -> None:
    few = networks(2, kinds=["Dense"], max_parameters=20)
    assert int(find(few, lambda net: int(net.trace().parameters) > 15).trace().parameters) <= 20


@given(networks(branches=False))
def test_without_branches_there_are_chains(net: ac.Network) -> None:
    assert isinstance(net, ac.Sequential)
    assert not any(isinstance(x, ac.Model | ac.Residual | ac.Parallel) for x in inside(net))


@given(networks(kinds=[ac.Conv2D, "MaxPooling2D"], fields={"Conv2D.padding": ["valid"]}))
def test_kinds_and_fields_are_kept_to(net: ac.Network) -> None:
    for layer in inside(net):
        assert isinstance(layer, (ac.Conv2D, ac.MaxPooling2D, *BLOCKS))
        assert not isinstance(layer, ac.Conv2D) or layer.padding == "valid"


@given(
    networks(
        kinds=["Conv2D", "MaxPooling2D", "Flatten", "Dense"],
        fields={"kernel_size": [3, (5, 3)], "filters": [8, 16], "units": [10], "strides": [(2, 2)]},
    )
)
def test_sizes_may_be_said_and_inputs_have_room(net: ac.Network) -> None:
    for layer in inside(net):
        if isinstance(layer, ac.Conv2D):
            assert layer.kernel_size in ((3, 3), (5, 3))
            assert layer.filters in (8, 16)
        assert not isinstance(layer, ac.Conv2D | ac.MaxPooling2D) or layer.strides == (2, 2)
        assert not isinstance(layer, ac.Dense) or layer.units == 10


def drawn(kind: str, count: int, **bounds: Any) -> list[tuple[ac.Layer, Any]]:
    """So many layers of a kind, every health check on."""
    found: list[tuple[ac.Layer, Any]] = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=())
    @given(layers([kind], **bounds))
    def draw(pair: tuple[ac.Layer, Any]) -> None:
        found.append(pair)

    draw()
    return found


ENTANGLED = {
    ("TextVectorization", "idf_weights"),
    *(("EinsumDense", name) for name in ("equation", "target_shape", "bias_axes")),
}
"""Fields whose values fit few of the values of others, so that some are not found."""


@slow
@pytest.mark.parametrize("kind", [kind.__name__ for kind in catalogue()])
def test_what_a_layer_has_may_be_asked_for(kind: str) -> None:
    """Whatever value a field of a layer has, there are layers with that value of it."""
    layer, inputs = drawn(kind, 4)[-1]
    fields = sorted(set(type(layer).model_fields) - set(ac.Layer.model_fields))
    for name in fields if NIGHTLY else fields[len(kind) % 5 :: 5]:
        value = getattr(layer, name)
        try:
            assert all(
                getattr(it, name) == value for it, _ in drawn(kind, 5, fields={name: [value]})
            )
        except BoundError:
            assert (kind, name) in ENTANGLED, (layer, inputs)


@given(networks(symbolic=True))
def test_symbolic_networks_are_valid_where_their_names_say(net: ac.Network) -> None:
    trace = net.trace()
    known = set(trace.parameters.known_symbols) | set(trace.macs.known_symbols)
    known |= {s.name for shape in trace.outputs for s in ac.Formula(shape.elements).symbols}
    numbers = {name: int(name.removeprefix("n")) for name in known}
    mine = trace.parameters.known_symbols
    assert int(trace.parameters(**{n: v for n, v in numbers.items() if n in mine}) or 0) >= 0
    for requirement in trace.requirements:
        assert requirement.at({s: int(s.name[1:]) for s in requirement.symbols}).holds()
    assert eval(repr(net), {**vars(ac)}) == net


@slow
def test_symbolic_networks_have_symbols() -> None:
    assert find(networks(symbolic=True), lambda net: bool(net.trace().parameters.symbols))


@slow
def test_what_fails_shrinks_to_little() -> None:
    def fails(net: ac.Network) -> bool:
        convolutions = (x for x in inside(net) if isinstance(x, ac.Conv2D))
        return any(layer.strides[0] != 1 for layer in convolutions)

    quiet = settings(database=None, max_examples=2_000)
    net = find(networks(8, kinds=["Conv2D", "Flatten", "Dense", "ReLU"]), fails, settings=quiet)
    assert sum(not isinstance(layer, BLOCKS) for layer in inside(net)) <= 3
    assert len(repr(net)) < 400


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: networks(0), "max_layers=0: it must be at least 1"),
        (lambda: networks(2.5), "max_layers=2.5: it must be a whole number"),  # type: ignore[arg-type]
        (lambda: networks(max_parameters=-1), "max_parameters=-1: it must be at least 0"),
        (lambda: networks(branches="yes"), "branches='yes': it must be True or False"),  # type: ignore[arg-type]
        (lambda: networks(frameworks="onnx"), "frameworks='onnx' is no framework"),  # type: ignore[arg-type]
        (lambda: networks(kinds=["Dens"]), "kinds: there is no layer called 'Dens'; did you mean"),
        (lambda: networks(kinds=[]), "kinds=[]: there is nothing to draw from"),
        (lambda: networks(kinds="Dense"), "write kinds=[Dense]"),
        (lambda: networks(kinds=[int]), "is no class of layers"),  # type: ignore[list-item]
        (lambda: networks(kinds=["ConvLSTM1D"], frameworks=["keras", "torch"]),
         "none of the kinds ConvLSTM1D is left: keras and torch have no such layer"),
        (lambda: networks(kinds=["Dense"], max_parameters=0),
         "no network of at most 0 parameters begins with any of Dense"),
        (lambda: networks(kinds=["Add"]), "no network begins with any of Add"),
        (lambda: networks(fields={"padding": []}), "padding is left without any value"),
        (lambda: networks(fields={"strides": [[1, 1]]}), "write lists as tuples"),
        (lambda: networks(kinds=["Conv2D"], fields={"filters": ["x"]}),
         "no network begins with any of Conv2D"),
        (lambda: networks(fields={"kernel_sise": [3]}),
         "fields: no layer has a field 'kernel_sise'; did you mean kernel_size?"),
        (lambda: networks(fields={"Dense.filters": [3]}), "fields: Dense has no field 'filters'"),
        (lambda: networks(fields={"Conv2d.filters": [3]}),
         "there is no layer Conv2d with a field 'filters'; did you mean Conv2D?"),
        pytest.param(
            lambda: layers(["Conv2D"], fields={"padding": ["vaild"]}),
            "none of the kinds Conv2D was found to take any input with padding=['vaild']",
            marks=slow),
        pytest.param(
            lambda: networks(kinds=["Dense", "Conv1D"], fields={"units": [0], "filters": [-1]}),
            "none of the kinds Dense, Conv1D was found", marks=nightly),
        (lambda: layers(framework="jax"), "framework='jax' is no framework"),  # type: ignore[arg-type]
        (lambda: layers([]), "there is nothing to draw from"),
        (lambda: shapes(min_axes=3, max_axes=2), "min_axes=3 is more than max_axes=2"),
        (lambda: shapes(min_dim=0), "min_dim=0: it must be at least 1"),
        (lambda: dims(min_value=9, max_value=3), "min_value=9 is more than max_value=3"),
        (lambda: dims(symbolic=1), "symbolic=1: it must be True or False"),  # type: ignore[arg-type]
        (lambda: formulas([]), "there is nothing to build a formula from"),
        (lambda: formulas(["2x"]), "symbols: '2x'"),
        (lambda: formulas(max_leaves=0), "max_leaves=0"),
        (lambda: specs("xml"), "'xml' is no format"),  # type: ignore[arg-type]
        (lambda: broken_specs("json", max_layers=0), "max_layers=0"),
    ],
)  # fmt: skip
def test_bounds_are_checked_when_they_are_given(made: Any, said: str) -> None:
    with pytest.raises(BoundError) as caught:
        made()
    assert said in str(caught.value)
    assert isinstance(caught.value, InvalidArgument)
    assert isinstance(caught.value, ac.ArchcalcError)


# Dimensions, shapes, formulas


@given(st.data())
def test_dims_and_shapes_keep_to_their_bounds(data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40))))
    assert low <= data.draw(dims(min_value=low, max_value=high)) <= high  # type: ignore[operator]
    x = data.draw(shapes(min_axes=2, max_axes=3, min_dim=low, max_dim=high))
    assert isinstance(x, Shape)
    assert 2 <= len(x) <= 3
    assert all(low <= dim <= high for dim in x)  # type: ignore[operator]


def test_dims_and_shapes_may_be_symbolic() -> None:
    assert find(dims(symbolic=True), lambda dim: not isinstance(dim, int))
    x = find(shapes(symbolic=True), lambda x: any(not isinstance(dim, int) for dim in x))
    assert ac.Sequential([ac.ReLU()]).trace(x).output == x


@given(formulas(extremes=True), st.fixed_dictionaries(dict.fromkeys("nchk", st.integers(1, 50))))
def test_formulas_are_whole_and_not_negative(formula: ac.Formula, values: dict[str, int]) -> None:
    value = formula(**{s.name: values[s.name] for s in formula.symbols})
    assert type(value) is int
    assert value >= 0
    assert ac.Formula(formula.to_python()) == formula


def test_formulas_without_floors_are_polynomials() -> None:
    @given(formulas(["a", "b"], floors=False))
    def polynomial(formula: ac.Formula) -> None:
        assert formula.expr.is_polynomial()

    polynomial()


# Files


FORMS = ["dict", "yaml", "toml", "json"]


def read(spec: Any, form: str) -> ac.Network:
    return ac.from_dict(spec) if form == "dict" else ac.loads(spec, form)


@pytest.mark.parametrize("form", FORMS)
def test_specs_are_read(form: Any) -> None:
    @given(specs(form))
    def reads(spec: Any) -> None:
        read(spec, form).trace()

    reads()


@pytest.mark.parametrize("form", FORMS)
def test_broken_specs_are_refused_for_the_reason_they_give(form: Any) -> None:
    reasons: Counter[str] = Counter()

    @settings(
        examples(6.25, nightly=2_500, least=125), phases=[Phase.generate]
    )  # of 17 to 26 kinds
    @given(broken_specs(form))
    def refused(broken: Broken) -> None:
        with pytest.raises(ac.ArchcalcError) as caught:
            read(broken.spec, form)
        assert caught.value.code == broken.code, str(caught.value)
        reasons.update([broken.why])

    refused()
    assert len(reasons) >= 12
