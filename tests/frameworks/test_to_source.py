"""Networks as code: the framework makes of it what it makes of the network, and it reads back."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import archcalc as ac
from archcalc.errors import FrameworkError
from archcalc.network.substitution import network_symbols
from tests.frameworks import keras_sources, torch_sources


def network(text: str, name: str, shape: Any = None) -> ac.Network:
    """A network of the snippets, numbers for its symbols."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ac.ArchcalcWarning)
        net = ac.from_source(text, name, shape)
    return ac.substitute(net, {symbol.name: 40 for symbol in network_symbols(net)})


def made(code: str) -> Any:
    names: dict[str, Any] = {"__name__": "pasted"}
    exec(code, names)
    return names["model"]


NOT_KERAS = {
    "VAE encoder", "layers of one's own", "transformer block", "ViT",
    "vision transformer from images", "MLP-Mixer", "variational autoencoder of classes",
}  # fmt: skip
"""They compute with weights, constants and windows that no layer of Keras has."""

IN_KERAS = [name for name in keras_sources.SNIPPETS if name not in NOT_KERAS | {"VGG by a list"}]


@pytest.mark.parametrize("snippet", IN_KERAS)
def test_code_of_keras(snippet: str) -> None:
    pytest.importorskip("keras")
    name, text = keras_sources.SNIPPETS[snippet]
    net = network(text, name)
    code = ac.to_source(net, "keras")
    model, trace, back = made(code), net.trace(), ac.from_source(code).trace()
    assert model.count_params() == trace.total_params == back.total_params
    assert (back.macs, back.output) == (trace.macs, trace.output)


@pytest.mark.parametrize("snippet", sorted(NOT_KERAS))
def test_what_keras_has_not_got_is_refused(snippet: str) -> None:
    name, text = keras_sources.SNIPPETS[snippet]
    with pytest.raises(FrameworkError, match=r"Keras has no (Parameter|Constant|Unfold)"):
        ac.to_source(network(text, name), "keras")


OTHERWISE_IN_TORCH = {
    "functional guide: tickets", "transformer block", "bidirectional LSTM", "seq2seq", "ViT",
    "vision transformer from images", "MLP-Mixer",
}  # fmt: skip
"""Keras' LSTM has one bias and torch's two; heads of Keras have sizes of their own."""

KERAS_IN_TORCH = [n for n in keras_sources.SNIPPETS if n not in OTHERWISE_IN_TORCH]
NO_CODE = {
    "squeeze and excitation", "several heads", "seq2seq", "weights taken by name",
    "a head that is a table turned",
}  # fmt: skip
"""Rows of weights that are not used, states that are handed on, and weights that are turned."""

TORCH = [n for n in torch_sources.SNIPPETS if n not in NO_CODE]


@pytest.mark.parametrize("snippet", KERAS_IN_TORCH)
def test_code_of_torch_for_layers_of_keras(snippet: str) -> None:
    name, text = keras_sources.SNIPPETS[snippet]
    agrees_in_torch(network(text, name))


@pytest.mark.parametrize("snippet", TORCH)
def test_code_of_torch(snippet: str) -> None:
    name, shape, text = torch_sources.SNIPPETS[snippet]
    agrees_in_torch(network(text, name, shape))


def agrees_in_torch(net: ac.Network) -> None:
    """The code's module has as many parameters, gives the same shapes, and reads back."""
    torch = pytest.importorskip("torch")
    code = ac.to_source(net, "torch")
    shapes = [tuple(map(int, shape)) for shape in net.own_inputs() or ()]
    with torch.device("meta"):
        module = made(code).eval()
        words = "Embedding" in code and all(len(shape) == 1 for shape in shapes)
        kind = torch.long if words else torch.float32
        out = module(*(torch.zeros((2, *shape), dtype=kind) for shape in shapes))
    trace = net.trace()
    back = ac.from_source(code, "model", list(shapes)).trace()
    assert sum(p.numel() for p in module.parameters()) == trace.parameters == back.parameters
    outs = out if isinstance(out, tuple) else (out,)
    assert tuple(outs[0].shape[1:]) == trace.output == back.output
    assert back.macs == trace.macs


@pytest.mark.parametrize("snippet", sorted(OTHERWISE_IN_TORCH))
def test_what_no_class_of_torch_says_is_refused(snippet: str) -> None:
    name, text = keras_sources.SNIPPETS[snippet]
    with pytest.raises(FrameworkError) as caught:
        ac.to_source(network(text, name), "torch")
    assert caught.value.code == "not-in-code"


def test_code_of_archcalc_makes_an_equal_network() -> None:
    net = ac.load("docs/examples/resnet18.yaml")
    assert made(ac.to_source(net, "python")) == net


def test_symbols_need_numbers() -> None:
    net = ac.Sequential([ac.Dense("n")], input_shape=3)
    with pytest.raises(FrameworkError, match="n has no number"):
        ac.to_source(net, "torch")


def test_a_language_that_is_none() -> None:
    with pytest.raises(FrameworkError, match="no language"):
        ac.to_source(ac.Dense(3), "fortran", 4)  # type: ignore[arg-type]
