"""Attention: queries, values and keys that fit one another, and heads that fit them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.layers.attention import query_value_key
from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, divisors, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]

_LENGTHS = numbers(1, 7)
_FEATURES = numbers(1, 12)


@st.composite
def _to_attend(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """A query; or with it a value; or with both a key: often of other lengths and features."""
    free, grouped = cls.__name__ == "MultiHeadAttention", cls.__name__ == "GroupQueryAttention"
    positions = draw(numbers(1, 1 if grouped else 2))
    query = Shape(draw(st.tuples(*[_LENGTHS] * positions, _FEATURES)))
    count = draw(numbers(1, 3))
    if count == 1:
        return (query,)
    value = query.replace(-2, draw(_LENGTHS)) if draw(st.booleans()) else query
    if free and positions > 1 and draw(st.booleans()):
        value = value.replace(0, draw(_LENGTHS))
    key = value
    if not grouped and (free or count == 3) and draw(st.booleans()):
        value = value.replace(-1, draw(_FEATURES))
    if count == 3 and (free or grouped) and draw(st.booleans()):
        key = key.replace(-1, draw(_FEATURES))
    return (query, value, key)[:count]


def _multi_head(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    query, value, key = query_value_key(inputs)
    made = _sequence(pick) if len(query) == 2 else _axes(pick, query, value)
    if pick.flag():  # as torch has it: the heads are together as wide as the query
        heads = pick.one_of(divisors(int(query[-1])))
        width = int(query[-1]) // heads
        made |= {"num_heads": heads, "key_dim": width, "value_dim": pick.one_of((None, width))}
        made |= {"target_shape": None, "use_gate": False, "sliding_window": None}
    else:
        made |= {"num_heads": pick.size(4), "key_dim": pick.size(8)}
        made["value_dim"] = pick.one_of((None, None, 1, 2, 3, 5, 7))
        made["target_shape"] = pick.sizes(pick.size(2), 4) if pick.flag() else None
        made["sliding_window"] = _window(pick, query, key) if len(query) == 2 else None
    return made | _flash(pick)


def _sequence(pick: Pick) -> Fields:
    """What goes with one axis of positions."""
    return {
        "attention_axes": pick.one_of((None, 1, -2)),
        "add_bias_kv": pick.field("add_bias_kv", st.booleans()),
        "add_zero_attn": pick.field("add_zero_attn", st.booleans()),
    }


def _window(pick: Pick, query: Shape, key: Shape) -> int | None:
    """A window in which every query sees a key."""
    least = max(1, int(query[0] - key[0]) + 1)
    return pick.one_of((None, None, least, least + 1))


def _axes(pick: Pick, query: Shape, value: Shape) -> Fields:
    """All axes, or some; an axis that differs is attended over."""
    alone = ("add_bias_kv", "add_zero_attn", "use_causal_mask")
    made: Fields = {**dict.fromkeys(alone, False), "attention_axes": None}
    if pick.flag():
        return made
    apart = [i for i in range(len(query) - 1) if query[i] != value[i]]
    free = [i for i in range(len(query) - 1) if i not in apart]
    chosen = apart + [i for i in free if pick.flag()] or free[:1]
    if len(chosen) > 1 and pick.flag():
        chosen.reverse()
    return {**made, "attention_axes": [i + 1 if pick.flag() else i - len(query) for i in chosen]}


def _flash(pick: Pick) -> Fields:
    """Keras' kernel without dropout and scores, or whatever it chooses."""
    if pick.one_of((False, False, False, True)):
        return {"flash_attention": True, "dropout": 0.0, "return_attention_scores": False}
    return {"flash_attention": pick.one_of((None, False))}


def _grouped(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    query, _, key = query_value_key(inputs)
    shared = pick.size(4)
    heads = shared * pick.size(3)
    made = {"head_dim": pick.size(8), "num_query_heads": heads, "num_key_value_heads": shared}
    return {**made, "sliding_window": _window(pick, query, key), **_flash(pick)}


RECIPES: dict[str, Recipe] = {"MultiHeadAttention": _multi_head, "GroupQueryAttention": _grouped}

_KINDS = ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention")

INPUTS: dict[str, Inputs] = dict.fromkeys(_KINDS, _to_attend)

FITS: dict[str, Fits] = dict.fromkeys(_KINDS[:3], lambda x: len(x) > 1)
