"""What a call of Keras' says: its inputs in our order, and the fields that are said in it."""

from __future__ import annotations

from typing import Any

from archcalc.frameworks.converters import query_and_value, with_states
from archcalc.frameworks.importing.keras.plan import At, Call, tensors
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.reading import keras_entry

__all__ = ["inputs_of", "said_in_call"]

_ATTENTION = ("query", "value", "key")
_NO_INPUT = ("mask", "training", "attention_mask", "query_mask", "value_mask", "key_mask")
"""Arguments by name that are no input here: what is masked is computed all the same."""


def inputs_of(kind: str, call: Call) -> list[At]:
    """The tensors that go into a layer of ours, from the arguments of Keras' call.

    >>> x, y = At("x", 0, 0), At("y", 0, 0)
    >>> [at.layer for at in inputs_of("MultiHeadAttention", Call((), {"value": y, "query": x}))]
    ['x', 'y']
    >>> [at.layer for at in inputs_of("MultiHeadAttention", Call((x, x), {}))]
    ['x']
    """
    entry = keras_entry(kind)
    if entry is not None and entry.call_args is query_and_value:
        return _attended(call)
    given = list(tensors(call.args[: 1 if entry is None or entry.call_args is None else None]))
    if entry is not None and entry.call_args is with_states:
        given = [*tensors(call.args[:1]), *_states(call)]
    elif len(call.args) > 1 and list(tensors(call.args[1:])):
        raise NotLoweredError("it is called on more than its inputs")
    named = [at for name, one in call.kwargs.items() if name not in _USED for at in tensors(one)]
    return given + named


_USED = (*_NO_INPUT, "initial_state")


def _states(call: Call) -> list[At]:
    """The states that a recurrent layer starts from: by name, or after the mask."""
    return [*tensors(call.args[1:]), *tensors(call.kwargs.get("initial_state"))]


def _attended(call: Call) -> list[At]:
    named = dict(zip(_ATTENTION, call.args, strict=False)) | {
        name: call.kwargs[name] for name in _ATTENTION if name in call.kwargs
    }
    query, value, key = (next(tensors(named.get(name)), None) for name in _ATTENTION)
    if query is None:
        raise NotLoweredError("it is called without a query")
    alike = value is None or _place(value) == _place(query)
    if alike and (key is None or _place(key) == _place(query)):
        return [query]
    found = [query, query if value is None else value]
    return found if key is None or _place(key) == _place(found[1]) else [*found, key]


def _place(at: At) -> tuple[str, int, int]:
    return at.layer, at.call, at.output


def said_in_call(kind: str, call: Call) -> dict[str, Any]:
    """The fields of ours that Keras says when it calls a layer.

    >>> said_in_call("MultiHeadAttention", Call((), {"use_causal_mask": True}))
    {'use_causal_mask': True}
    """
    entry = keras_entry(kind)
    return {
        a.field: bool(call.kwargs[a.name])
        for a in (entry.called if entry is not None else ())
        if isinstance(call.kwargs.get(a.name), bool)
    }
