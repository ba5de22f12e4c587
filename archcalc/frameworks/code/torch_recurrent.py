"""Recurrent layers as code of torch, whose classes give every step and the last states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archcalc.frameworks.code.names import arguments
from archcalc.frameworks.code.torch_layers import Step, not_in_code
from archcalc.symbolic.shape import Shape

__all__ = ["RECURRENT", "recurrent_steps"]

RECURRENT = frozenset(("LSTM", "GRU", "SimpleRNN", "Bidirectional"))
"""The layers of ours that are written here."""


def recurrent_steps(layer: Any, inputs: Sequence[Shape]) -> list[Step]:
    """A recurrent layer, in one direction or in both.

    Raises:
        FrameworkError: torch's class says it otherwise.
    """
    both = type(layer).__name__ == "Bidirectional"
    inner = layer.layer if both else layer
    kind = type(inner).__name__
    if kind not in RECURRENT or kind == "Bidirectional":
        raise not_in_code(layer, f"torch has no {kind} in both directions")
    _check(layer, inner, kind, inputs)
    if both and (layer.merge_mode != "concat" or getattr(layer, "backward_layer", None)):
        raise not_in_code(layer, "torch puts both directions one behind the other")
    given: dict[str, Any] = {"input_size": inputs[0][-1], "hidden_size": inner.units}
    if not inner.use_bias:
        given["bias"] = False
    if getattr(inner, "proj_size", None):
        given["proj_size"] = inner.proj_size
    given["batch_first"] = True
    if both:
        given["bidirectional"] = True
    cls = {"SimpleRNN": "RNN"}.get(kind, kind)
    if cls == "RNN" and inner.activation != "tanh":
        given["nonlinearity"] = inner.activation
    made = f"nn.{cls}({arguments(given, ['input_size', 'hidden_size'])})"
    steps = [Step("{m}({0})[0]", made)]
    if inner.return_sequences:
        return steps
    if not both:
        return [*steps, Step("{0}[:, -1]")]
    units = getattr(inner, "proj_size", None) or inner.units
    ends = f"torch.cat([{{0}}[:, -1, :{units}], {{0}}[:, 0, {units}:]], dim=-1)"
    return [*steps, Step(ends)]


def _check(layer: Any, inner: Any, kind: str, inputs: Sequence[Shape]) -> None:
    if len(inputs) > 1:
        raise not_in_code(layer, "it is given its first state")
    if inner.return_state or inner.go_backwards:
        raise not_in_code(layer, "its states come out, or it goes backwards")
    two = inner.recurrent_bias if kind != "GRU" else inner.reset_after
    if inner.use_bias and not two:
        raise not_in_code(layer, "torch's class has a second bias, for the product with the state")
    if kind == "GRU" and not inner.reset_after:
        raise not_in_code(layer, "torch resets after the product")
    plain = {"LSTM": ("tanh", "sigmoid"), "GRU": ("tanh", "sigmoid")}.get(kind)
    if plain and (inner.activation, inner.recurrent_activation) != plain:
        raise not_in_code(layer, "torch's class has activations of its own")
    if kind == "SimpleRNN" and inner.activation not in ("tanh", "relu"):
        raise not_in_code(layer, "torch's class takes tanh and relu alone")
