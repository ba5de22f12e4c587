"""Recurrent operators: a sequence, whose first axis is the time, in one direction or both."""

from __future__ import annotations

from typing import Any

from archcalc import layers as ac
from archcalc.frameworks.importing.batch import Batch
from archcalc.frameworks.importing.onnx.bench import OnnxBench
from archcalc.frameworks.importing.onnx.operators.registry import lowers
from archcalc.frameworks.importing.onnx.tensors import Fixed, Node, Stored
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.layers.base import Layer
from archcalc.network.wrappers import Bidirectional


@lowers("LSTM", "GRU", "RNN")
def recurrent(bench: OnnxBench, node: Node) -> Any:
    value = bench.of(node.input(0))
    if node.get("layout", 0):
        value = bench.function("transpose", (value, 0, 1), {})
    if value.at != Batch(1) or not value.is_free:
        raise NotLoweredError("a sequence whose second axis is not the batch")
    direction = node.get("direction", "forward")
    states = _states(bench, node)
    wanted = [bool(name) for name in (*node.outputs, "", "", "")][:3]
    both = direction == "bidirectional"
    if both and (states or wanted[2]):
        raise NotLoweredError("both directions with states")
    ends = not both and any(wanted[1:])
    layer = _layer(bench, node, direction, ends)
    made = bench.several(
        layer, [value, *states], *(bench.kept_ref(given) for given in node.given[1:4])
    )
    return _outputs(bench, node, made, both, wanted)


def _layer(bench: OnnxBench, node: Node, direction: str, ends: bool) -> Layer:
    units, biased = node.get("hidden_size"), node.input(3) is not None
    known: dict[str, Any] = {"use_bias": biased, "return_sequences": True, "return_state": ends}
    if node.op == "LSTM":
        if node.input(7) is not None or node.get("input_forget", 0):
            raise NotLoweredError("gates that see the memory")
        layer: Any = ac.LSTM(units, recurrent_bias=biased, **known)
    elif node.op == "GRU":
        layer = ac.GRU(units, reset_after=bool(node.get("linear_before_reset", 0)), **known)
    else:
        activation = (node.get("activations") or [b"Tanh"])[0].decode().lower()
        layer = ac.SimpleRNN(units, activation, recurrent_bias=biased, **known)
    if direction == "bidirectional":
        return Bidirectional(layer)
    return layer.model_copy(update={"go_backwards": True}) if direction == "reverse" else layer  # type: ignore[no-any-return]


def _states(bench: OnnxBench, node: Node) -> list[Value]:
    """The states that it begins with, where these are computed."""
    begun = [given for given in node.given[5:7] if given is not None]
    computed = [given for given in begun if isinstance(given, Value)]
    if any(isinstance(given, Stored) and _is_learned(given) for given in begun):
        raise NotLoweredError("states that are learned")
    if not computed:
        return []
    if len(computed) < len(begun):
        raise NotLoweredError("one state that is computed and one that is not")
    return [bench.function("squeeze", (given, 0), {}) for given in computed]


def _is_learned(given: Stored) -> bool:
    """Whether the file has other numbers for it than zeros."""
    return given.numbers is not None and bool(given.numbers().any())


def _of_end(state: Value) -> Value:
    """A state that comes out: of one time, so that the batch is before it."""
    return Value(state.tensor, (state.batch, *state.own), Batch(0), state.batch)


def _outputs(
    bench: OnnxBench, node: Node, made: list[Value], both: bool, wanted: list[bool]
) -> list[Any]:
    """As ONNX has them: the directions are the second axis, or the first of states."""
    sequence = made[0]
    made = [sequence, *(_of_end(one) for one in made[1:])]
    time, units = sequence.shape[0], node.get("hidden_size")
    out: list[Any] = [Fixed(()), Fixed(()), Fixed(())]
    apart = None
    if wanted[0] or both:
        if both:
            apart = bench.function("unflatten", (sequence, 2, (2, units)), {})
            out[0] = bench.function("transpose", (apart, 1, 2), {})
        else:
            out[0] = bench.function("unsqueeze", (sequence, 1), {})
    if both and wanted[1]:
        ends = [
            bench.function("__getitem__", (apart, (place, slice(None), way)), {})
            for way, place in ((0, int(time) - 1), (1, 0))
        ]
        out[1] = bench.function("stack", (tuple(ends), 0), {})
    if not both:
        for index in (1, 2):
            if wanted[index]:
                out[index] = bench.function("unsqueeze", (made[index], 0), {})
    if node.get("layout", 0):
        orders = (2, 0, 1, 3), (1, 0, 2), (1, 0, 2)
        out = [
            bench.function("permute", (one, order), {}) if isinstance(one, Value) else one
            for one, order in zip(out, orders, strict=True)
        ]
    return out
